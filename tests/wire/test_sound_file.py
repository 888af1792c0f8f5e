"""Sound as programs hand it over: every width, every wrong length, nothing that raises anything but ValueError."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from avatar_bridge.wire.sound_file import decode_sound, media_type, mixed

SOUND = (0.5 * np.sin(np.arange(480) / 7.0)).astype(np.float32)


def wav(
    body: bytes, *, code: int = 1, channels: int = 1, bits: int = 16, size: int | None = None, extra: bytes = b""
) -> bytes:
    width = channels * bits // 8
    form = struct.pack("<HHIIHH", code, channels, 48000, 48000 * width, width, bits) + extra
    chunks = b"LIST" + struct.pack("<I", 3) + b"abc\0" + b"fmt " + struct.pack("<I", len(form)) + form
    length = len(body) if size is None else size
    return b"RIFF" + struct.pack("<I", 0xFFFFFFFF) + b"WAVE" + chunks + b"data" + struct.pack("<I", length) + body


def pcm(samples: np.ndarray = SOUND) -> bytes:
    return np.rint(samples * 32767).astype("<i2").tobytes()


@pytest.mark.parametrize(
    ("subtype", "within"),
    [("PCM_U8", 8e-3), ("PCM_16", 1e-4), ("PCM_24", 1e-6), ("PCM_32", 1e-6), ("FLOAT", 0), ("DOUBLE", 1e-7)],
)
@pytest.mark.parametrize("form", ["WAV", "WAVEX"])
def test_every_width_is_read_as_it_was_written(subtype: str, within: float, form: str) -> None:
    file = io.BytesIO()
    soundfile.write(file, SOUND, 48000, format=form, subtype=subtype)
    found = decode_sound(file.getvalue(), "audio/wav")
    assert found.rate == 48000
    assert found.missing == 0
    np.testing.assert_allclose(found.samples, SOUND, atol=within)


@pytest.mark.parametrize("form", ["FLAC", "OGG", "AIFF"])
def test_what_libsndfile_knows_is_read_whatever_it_is_called(form: str) -> None:
    file = io.BytesIO()
    soundfile.write(file, SOUND, 48000, format=form)
    assert len(decode_sound(file.getvalue(), "audio/pcm").samples) == len(SOUND)


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF, 0x7FFFFFFF, 0xFFFFFFFF - 36])
@pytest.mark.parametrize("broken", [0, 1])
def test_a_length_that_was_not_known_takes_all_that_came_but_half_a_sample(size: int, broken: int) -> None:
    found = decode_sound(wav(pcm() + b"\x01" * broken, size=size))
    np.testing.assert_allclose(found.samples, SOUND, atol=1e-4)
    assert found.missing == 0


def test_what_the_header_promises_beyond_what_came_is_told() -> None:
    found = decode_sound(wav(pcm(), size=2 * (480 + 4800)))
    assert found.missing == pytest.approx(0.1)


def test_what_stands_behind_the_sound_is_no_sound() -> None:
    assert len(decode_sound(wav(pcm()) + b"LIST" + bytes(40)).samples) == 480


def test_files_in_a_row_are_one_sound() -> None:
    found = decode_sound(wav(pcm()) * 3)
    np.testing.assert_allclose(found.samples, np.tile(SOUND, 3), atol=1e-4)


def test_channels_are_mixed_and_those_that_cancel_give_way_to_the_loudest() -> None:
    assert mixed(np.stack([SOUND, SOUND * 0.5], 1)) == pytest.approx(SOUND * 0.75)
    assert mixed(np.stack([SOUND, -SOUND], 1)) == pytest.approx(SOUND)
    both = np.stack([SOUND, SOUND], 1)
    assert decode_sound(wav(pcm(both), channels=2)).samples == pytest.approx(SOUND, abs=1e-4)


def test_what_is_no_number_is_silence() -> None:
    body = np.array([0.5, np.nan, np.inf, -0.5], "<f4").tobytes()
    assert decode_sound(wav(body, code=3, bits=32)).samples.tolist() == [0.5, 0.0, 0.0, -0.5]


@pytest.mark.parametrize(
    ("header", "rate", "expected"),
    [
        ("audio/pcm", 24000, 24000),
        ("audio/pcm;rate=16000", 24000, 16000),
        ('audio/L16; Channels=1; RATE="8000"', None, 8000),
        ("application/octet-stream", 44100, 44100),
    ],
)
def test_raw_sound_has_its_rate_from_the_header_first(header: str, rate: int | None, expected: int) -> None:
    found = decode_sound(pcm() + b"\0", header, rate)
    assert found.rate == expected
    assert found.samples == pytest.approx(SOUND, abs=1e-4)


@pytest.mark.parametrize(
    ("data", "header", "words"),
    [
        (b"RIFF\0\0\0\0WAVE", "", "ends before its sound"),
        (wav(pcm(), code=2), "", "not understood"),
        (wav(pcm(), channels=0), "", "not understood"),
        (b"RIFF\0\0\0\0WAVEdata\x04\0\0\0abcd", "", "before its format"),
        (b"not a sound", "audio/mpeg", "cannot be decoded"),
        (pcm(), "audio/pcm", "nobody tells"),
        (pcm(), "audio/pcm;rate=1", "1 Hz"),
        (pcm(), "audio/pcm;rate=24000;channels=0", "0 channels"),
    ],
)
def test_what_cannot_be_read_is_told_in_words(data: bytes, header: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        decode_sound(data, header)


@given(
    st.binary(max_size=200),
    st.sampled_from(["", "audio/wav", "audio/mpeg", "audio/pcm;rate=24000", "application/octet-stream"]),
    st.booleans(),
)
def test_rubbish_is_sound_or_a_value_error(data: bytes, header: str, headed: bool) -> None:
    try:
        found = decode_sound((b"RIFF\0\0\0\0WAVE" if headed else b"") + data, header, 24000)
    except ValueError:
        return
    assert np.isfinite(found.samples).all()
    assert found.samples.ndim == 1


@given(st.integers(0, 2000))
def test_a_wav_cut_anywhere_is_its_beginning_or_a_value_error(cut: int) -> None:
    whole = wav(pcm())
    try:
        found = decode_sound(whole[:cut])
    except ValueError:
        assert cut < len(whole) - len(pcm())
        return
    assert found.samples == pytest.approx(SOUND[: len(found.samples)], abs=1e-4)
    assert len(found.samples) / 48000 + found.missing == pytest.approx(0.01, abs=1e-4)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", ("", {})),
        ("Audio/WAV", ("audio/wav", {})),
        ("audio/pcm; rate=24000 ;channels = 1", ("audio/pcm", {"rate": "24000", "channels": "1"})),
        ("text/html; charset", ("text/html", {"charset": ""})),
    ],
)
def test_a_content_type_is_read(header: str, expected: tuple[str, dict[str, str]]) -> None:
    assert media_type(header) == expected
