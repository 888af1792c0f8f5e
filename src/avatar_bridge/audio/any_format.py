"""What libsndfile cannot decode (M4A, AAC, WMA, WebM, the sound of a video), by pydub and the program ffmpeg."""

from __future__ import annotations

import shutil
import warnings
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from avatar_bridge.errors import UsageError

__all__ = ["looks_like_text", "read_by_ffmpeg"]

_LOOKED_AT = 512
_FULL_SCALE = {1: 128.0, 2: 32768.0, 4: 2147483648.0}


def looks_like_text(path: Path) -> bool:
    """Return whether a file begins like a text (a web page, a playlist, an error message), not like sound."""
    with path.open("rb") as file:
        start = file.read(_LOOKED_AT)
    return bool(start) and b"\0" not in start and all(byte >= 0x20 or byte in b"\t\n\r\f\x1b" for byte in start)


def read_by_ffmpeg(path: Path) -> tuple[NDArray[np.float32], int]:
    """Return a file's audio, shape (n, channels), and its rate.

    Raises UsageError where pydub or ffmpeg is missing, with what to install, or where the file cannot be decoded.
    """
    if find_spec("pydub") is None:
        raise UsageError(
            f"{path}: this kind of sound needs pydub and the program ffmpeg; install them with: "
            'pip install "avatar-bridge[formats]", and ffmpeg from your system or https://ffmpeg.org'
        )
    missing = [program for program in ("ffmpeg", "ffprobe") if shutil.which(program) is None]
    if missing:
        raise UsageError(
            f"{path}: this kind of sound needs the program {missing[0]}, which is not on the PATH; install ffmpeg "
            "(Windows: winget install ffmpeg; macOS: brew install ffmpeg; Linux: the package ffmpeg), or convert to WAV"
        )
    segment = _decoded(path)
    scale = _FULL_SCALE[segment.sample_width]
    samples = np.asarray(segment.get_array_of_samples(), dtype=np.float64) / scale
    return samples.astype(np.float32).reshape(-1, segment.channels), int(segment.frame_rate)


def _decoded(path: Path) -> Any:
    with warnings.catch_warnings():
        # pydub is old: newer Pythons warn of how it is written
        warnings.simplefilter("ignore")
        try:
            pydub = import_module("pydub")
        except ImportError as error:
            raise UsageError(
                f"{path}: pydub cannot be loaded ({error}); on Python 3.13 and later it needs: pip install audioop-lts"
            ) from None
        refused = import_module("pydub.exceptions").CouldntDecodeError
        try:
            return pydub.AudioSegment.from_file(str(path))
        except (refused, IndexError, KeyError, ValueError) as error:
            words = str(error).strip().splitlines()
        # out of the except: the error holds the file that pydub leaves open, which ends with it here
        raise UsageError(
            f"{path}: expected audio, got something that neither libsndfile nor ffmpeg can decode"
            f"{': ' + words[-1].strip() if words else ''}"
        )
