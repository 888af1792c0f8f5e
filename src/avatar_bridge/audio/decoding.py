"""Any audio file as mono samples, at any rate and channel count: libsndfile reads it, else ffmpeg."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from avatar_bridge.audio.any_format import looks_like_text, read_by_ffmpeg
from avatar_bridge.core.vocabulary import Samples
from avatar_bridge.errors import UsageError, WorldError
from avatar_bridge.wire.sound_file import mixed

__all__ = ["Sound", "read_sound"]

_BLOCK = 1 << 16
_FORMATS = "WAV, FLAC, OGG or MP3"


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """Mono audio."""

    samples: Samples
    rate: int
    """Samples a second."""

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.rate


def read_sound(path: Path, rate: int | None = None) -> Sound:
    """Return a file's audio mixed to mono, resampled to `rate` where one is given.

    Raises UsageError where the file is missing, empty or no audio, or needs a program that is missing; WorldError where
    it cannot be read.
    """
    _check(path)
    try:
        with soundfile.SoundFile(str(path)) as file:
            own = int(file.samplerate)
            pieces = _read(_mono(file), own, rate)
    except (soundfile.LibsndfileError, TypeError) as error:
        if looks_like_text(path):
            raise UsageError(
                f"{path}: expected audio ({_FORMATS}), got a text, which cannot be decoded; was it downloaded whole?"
            ) from None
        frames, own = _by_ffmpeg(path, error)
        pieces = _read(iter([mixed(frames)]), own, rate)
    samples = np.concatenate(pieces) if pieces else np.zeros(0, np.float32)
    if not len(samples):
        raise UsageError(f"{path}: expected audio ({_FORMATS}), got a file without a single sample; record it again")
    return Sound(samples, own if rate is None else rate)


def _check(path: Path) -> None:
    try:
        if path.is_dir():
            raise UsageError(f"{path}: expected an audio file ({_FORMATS}), got a folder; name the files in it")
        if not path.exists():
            raise UsageError(f"{path}: there is no such file; check the name and the folder")
        if path.is_file() and path.stat().st_size == 0:
            raise UsageError(f"{path}: expected audio ({_FORMATS}), got an empty file; record or export it again")
        with path.open("rb"):
            pass
    except OSError as error:
        raise WorldError(f"{path} cannot be read: {error.strerror or error}") from None


def _by_ffmpeg(path: Path, why: Exception) -> tuple[NDArray[np.float32], int]:
    """Return what ffmpeg makes of a file that libsndfile gave up for a reason, which the message keeps."""
    try:
        return read_by_ffmpeg(path)
    except UsageError as error:
        raise UsageError(f"{error} (it cannot be decoded without: {why})") from None


def _mono(file: soundfile.SoundFile) -> Iterator[Samples]:
    """Yield the file as mono."""
    for block in file.blocks(_BLOCK, dtype="float32", always_2d=True):
        yield mixed(block)


def _read(blocks: Iterator[Samples], own: int, rate: int | None) -> list[Samples]:
    return list(blocks if rate is None or rate == own else _resampled(blocks, own, rate))


def _resampled(blocks: Iterator[Samples], rate: int, wanted: int) -> Iterator[Samples]:
    stream = soxr.ResampleStream(rate, wanted, 1, dtype="float32")
    for block in blocks:
        yield stream.resample_chunk(block)
    yield stream.resample_chunk(np.zeros(0, np.float32), last=True)
