"""The sound that a foreign program left behind: any format that libsndfile reads, and words for what is none."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import soundfile
import soxr

from avatar_bridge.core.vocabulary import Samples
from avatar_bridge.errors import VoiceError

__all__ = ["mended_wav", "read_output"]

_UNKNOWN = (0, 0xFFFFFFFF, 0xFFFFFFFE, 0x7FFFFFFF)
"""Data lengths that a program writes which cannot go back to the header."""


def read_output(path: Path, rate: int, who: str) -> tuple[Samples, tuple[str, ...]]:
    """Return a file's audio as mono at `rate`, and notes on what is wrong with it; raises VoiceError for no sound."""
    raw = path.read_bytes()
    if not raw:
        raise VoiceError(
            f"{who} ended well but wrote nothing: it should write a sound file to standard output or {{wav}}"
        )
    raw, missing = mended_wav(raw)
    try:
        heard, own = soundfile.read(io.BytesIO(raw), dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, TypeError) as error:
        raise VoiceError(
            f"{who} wrote {_kind(raw)} where a sound file was expected (WAV, FLAC, OGG, MP3): {error}"
        ) from None
    samples: Samples = heard.mean(axis=1, dtype=np.float32)
    if not len(samples):
        raise VoiceError(f"{who} wrote a sound file without a single sample")
    if not np.isfinite(samples).all():
        raise VoiceError(f"{who} wrote a sound file with numbers that are none (NaN or infinite)")
    if own != rate:
        samples = soxr.resample(samples, own, rate).astype(np.float32)
    notes = (f"the sound broke off: {missing} bytes that its header promises are missing",) if missing else ()
    return np.clip(samples, -1.0, 1.0), notes


def mended_wav(raw: bytes) -> tuple[bytes, int]:
    """Return a WAV whose data length is true, and how many promised bytes are missing; other formats as they are."""
    if raw[:4] != b"RIFF" or raw[8:12] != b"WAVE":
        return raw, 0
    at = 12
    while at + 8 <= len(raw):
        size = int.from_bytes(raw[at + 4 : at + 8], "little")
        if raw[at : at + 4] == b"data":
            here = len(raw) - at - 8
            if size <= here and size != 0:
                return raw, 0
            missing = 0 if size in _UNKNOWN else size - here
            total = (at + here).to_bytes(4, "little")
            return raw[:4] + total + raw[8 : at + 4] + here.to_bytes(4, "little") + raw[at + 8 :], missing
        at += 8 + size + (size & 1)
    return raw, 0


def _kind(raw: bytes) -> str:
    start = raw[:200].lstrip().lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml")):
        return "a web page"
    told = raw[:120].decode("utf-8", "replace").strip()
    if told and all(character.isprintable() or character.isspace() for character in told) and "\ufffd" not in told:
        return f"the text {told[:80]!r}"
    return f"{len(raw)} bytes that are no sound"
