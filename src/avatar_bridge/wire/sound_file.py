"""Sound as programs hand it over: WAV, raw PCM, and what libsndfile decodes.

Tolerant of headers that were written before the sound was known, which is how servers stream.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import soundfile
from numpy.typing import NDArray

from avatar_bridge.core.vocabulary import Samples

__all__ = ["SoundData", "decode_sound", "media_type", "mixed"]

_UNKNOWN = 0x7FFF_0000
"""A length from here on was written by one who did not know it yet; so was 0."""
_COMPRESSED = (b"OggS", b"fLaC", b"ID3", b"RF64", b"FORM", b"caff", b".snd")
_NAMELESS = "application/octet-stream"
_RAW = frozenset({"audio/pcm", "audio/raw", "audio/x-raw", "audio/l16", _NAMELESS})
_EXTENSIBLE, _PCM, _FLOAT = 0xFFFE, 1, 3
_FORMATS: Mapping[tuple[int, int], str] = MappingProxyType(
    {(_PCM, 8): "u1", (_PCM, 16): "<i2", (_PCM, 32): "<i4", (_FLOAT, 32): "<f4", (_FLOAT, 64): "<f8"}
)
_FULL_SCALE = MappingProxyType({"u1": 128.0, "<i2": 32768.0, "<i4": 2147483648.0, "<f4": 1.0, "<f8": 1.0})


class _UnknownWavError(ValueError):
    """A WAV whose samples are not plain numbers: libsndfile may know it (mu-law, ADPCM)."""


@dataclass(frozen=True, slots=True, eq=False)
class SoundData:
    """Mono sound that was decoded."""

    samples: Samples
    rate: int
    """Samples a second."""
    missing: float = 0.0
    """Seconds that the header promises beyond what came."""


def media_type(header: str) -> tuple[str, dict[str, str]]:
    """Return a Content-Type as its lower-case type and its parameters: `audio/pcm;rate=24000`."""
    kind, *rest = (part.strip() for part in header.split(";"))
    pairs = (part.partition("=") for part in rest)
    return kind.lower(), {name.strip().lower(): value.strip().strip('"') for name, _, value in pairs}


def decode_sound(data: bytes, header: str = "", rate: int | None = None) -> SoundData:
    """Return the sound in `data`, mixed to mono; raises ValueError that says what is wrong with it.

    header: the Content-Type it came with. rate: samples a second of raw 16-bit PCM whose header names none.
    """
    kind, parameters = media_type(header)
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        try:
            return _wav(data)
        except _UnknownWavError as error:
            return _decoded(data, str(error))
    if data.startswith(_COMPRESSED) or kind not in _RAW:
        return _decoded(data)
    if kind == _NAMELESS and data[:1] == b"\xff" and data[1:2] >= b"\xe0":
        try:
            return _decoded(data)
        except ValueError:
            return _raw(data, parameters, rate)
    return _raw(data, parameters, rate)


def mixed(frames: NDArray[np.float32]) -> Samples:
    """Return frames, shape (n, channels), as mono; channels that cancel each other give way to the loudest."""
    frames = np.nan_to_num(frames, nan=0.0, posinf=0.0, neginf=0.0)
    mono = frames.mean(axis=1)
    if frames.shape[1] > 1 and len(frames) and np.mean(mono**2) < 1e-3 * np.mean(frames**2):
        mono = frames[:, int(np.argmax((frames**2).sum(axis=0)))]
    return np.ascontiguousarray(mono, dtype=np.float32)


def _wav(data: bytes) -> SoundData:
    """Return a WAV's sound; whole files in a row, one a sentence, are one sound."""
    found: tuple[str, int, int] | None = None
    place = 12
    while place + 8 <= len(data):
        name, size = data[place : place + 4], int.from_bytes(data[place + 4 : place + 8], "little")
        place += 8
        if name == b"fmt ":
            found = _format(data[place : place + size])
        elif name == b"data":
            if found is None:
                raise ValueError("a WAV whose sound comes before its format")
            return _wav_sound(data[place:], size, found)
        place += size + size % 2
    raise ValueError("a WAV that ends before its sound")


def _format(chunk: bytes) -> tuple[str, int, int]:
    """Return numpy's type, channels and rate of a `fmt ` chunk."""
    if len(chunk) < 16:
        raise ValueError("a WAV whose format is cut short")
    code, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", chunk)
    if code == _EXTENSIBLE and len(chunk) >= 26:
        code = int.from_bytes(chunk[24:26], "little")
    kind = "<i3" if (code, bits) == (_PCM, 24) else _FORMATS.get((code, bits), "")
    if not kind or not 1 <= channels <= 32 or not 1000 <= rate <= 768_000:
        raise _UnknownWavError(
            f"a WAV of a kind that is not understood (code {code}, {bits} bits, {channels} x {rate} Hz)"
        )
    return kind, channels, rate


def _wav_sound(rest: bytes, size: int, found: tuple[str, int, int]) -> SoundData:
    kind, channels, rate = found
    known = 0 < size < _UNKNOWN
    sound = _samples(rest[:size] if known else rest, kind, channels)
    width = int(kind[-1]) * channels
    missing = max(0, size - len(rest)) / width / rate if known else 0.0
    behind = rest[size + size % 2 :] if known else b""
    if behind[:4] == b"RIFF" and behind[8:12] == b"WAVE":
        more = _wav(behind)
        if more.rate != rate:
            raise ValueError(f"several WAVs in a row of different rates ({rate} and {more.rate} Hz)")
        return SoundData(np.concatenate([sound, more.samples]), rate, missing + more.missing)
    return SoundData(sound, rate, missing)


def _samples(data: bytes, kind: str, channels: int) -> Samples:
    """Return whole frames; what is left of a broken one is dropped."""
    width = int(kind[-1])
    data = data[: len(data) // (width * channels) * width * channels]
    if kind == "<i3":
        bytes_of = np.frombuffer(data, np.uint8).reshape(-1, 3)
        padded = np.zeros((len(bytes_of), 4), np.uint8)
        padded[:, 1:] = bytes_of
        values = padded.view("<i4")[:, 0] / 2147483648.0
    else:
        values = np.frombuffer(data, kind).astype(np.float64) / _FULL_SCALE[kind] - (1.0 if kind == "u1" else 0.0)
    return mixed(values.astype(np.float32).reshape(-1, channels))


def _raw(data: bytes, parameters: Mapping[str, str], rate: int | None) -> SoundData:
    told, channels = parameters.get("rate", ""), parameters.get("channels", "1")
    own = int(told) if told.isdecimal() else rate
    if own is None:
        raise ValueError("raw PCM whose rate nobody tells")
    if not 1000 <= own <= 768_000 or not (channels.isdecimal() and 1 <= int(channels) <= 32):
        raise ValueError(f"raw PCM of {own} Hz and {channels} channels")
    return SoundData(_samples(data, "<i2", int(channels)), own)


def _decoded(data: bytes, otherwise: str = "") -> SoundData:
    """Return what libsndfile makes of it; `otherwise`: what is wrong with it where that can neither."""
    try:
        frames, rate = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, TypeError, RuntimeError) as error:
        words = getattr(error, "error_string", "") or type(error).__name__
        raise ValueError(otherwise or f"something that cannot be decoded ({str(words).strip(' .')})") from None
    return SoundData(mixed(frames), int(rate))
