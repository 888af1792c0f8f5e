"""Any audio file as mono samples: WAV, FLAC, OGG, MP3 and what else libsndfile reads, at any rate and channel count."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from avatar_bridge.core.vocabulary import Samples
from avatar_bridge.errors import UsageError, WorldError

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

    Raises UsageError where the file is missing, empty or no audio, WorldError where it cannot be read.
    """
    _check(path)
    try:
        with soundfile.SoundFile(str(path)) as file:
            blocks = _mono(file)
            own = int(file.samplerate)
            pieces = list(blocks if rate is None or rate == own else _resampled(blocks, own, rate))
    except (soundfile.LibsndfileError, TypeError) as error:
        raise UsageError(
            f"{path}: expected audio ({_FORMATS}), got something that cannot be decoded: {error}"
        ) from None
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


def _mono(file: soundfile.SoundFile) -> Iterator[Samples]:
    """Yield the file as mono; channels that cancel each other (one of them inverted) give way to the first."""
    for block in file.blocks(_BLOCK, dtype="float32", always_2d=True):
        channels: NDArray[np.float32] = np.nan_to_num(block, nan=0.0, posinf=0.0, neginf=0.0)
        mixed = channels.mean(axis=1)
        if channels.shape[1] > 1 and np.mean(mixed**2) < 1e-3 * np.mean(channels**2):
            mixed = channels[:, int(np.argmax((channels**2).sum(axis=0)))]
        yield np.ascontiguousarray(mixed, dtype=np.float32)


def _resampled(blocks: Iterator[Samples], rate: int, wanted: int) -> Iterator[Samples]:
    stream = soxr.ResampleStream(rate, wanted, 1, dtype="float32")
    for block in blocks:
        yield stream.resample_chunk(block)
    yield stream.resample_chunk(np.zeros(0, np.float32), last=True)
