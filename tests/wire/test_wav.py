from __future__ import annotations

import hashlib
import io
import wave

import numpy as np
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from avatar_bridge.wire.wav import encode_wav


def test_two_other_readers_understand_it() -> None:
    samples = np.linspace(-1, 1, 4001, dtype=np.float32)
    data = encode_wav(samples, 22050)
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate(), file.getnframes()) == (1, 2, 22050, 4001)
    read, rate = soundfile.read(io.BytesIO(data), dtype="float32")
    assert rate == 22050
    assert np.max(np.abs(read - samples)) <= 1.6 / 32767


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-4, 4, width=32), max_size=200), st.sampled_from([8000, 16000, 44100, 48000]))
def test_any_samples_give_a_whole_file_and_what_is_too_loud_is_clipped(values: list[float], rate: int) -> None:
    samples = np.array(values, np.float32)
    before = samples.copy()
    data = encode_wav(samples, rate)
    assert data == encode_wav(samples, rate)
    assert np.array_equal(samples, before)
    assert int.from_bytes(data[4:8], "little") == len(data) - 8
    pcm = np.frombuffer(data[44:], "<i2")
    assert len(pcm) == len(values)
    assert np.all(np.abs(pcm - np.clip(samples * 32767.0, -32768, 32767)) <= 0.51)


def test_the_file_is_the_same_to_the_byte_on_every_machine() -> None:
    raw = encode_wav(np.float32([0.0, 0.5, -0.5, 1.0, -1.0, 2.0, -2.0, 1e-6]), 16000)
    assert np.frombuffer(raw[44:], "<i2").tolist() == [0, 16384, -16384, 32767, -32767, 32767, -32768, 0]
    assert hashlib.sha256(raw).hexdigest().startswith("a60ed9936d769710")
    assert soundfile.info(io.BytesIO(raw)).subtype == "PCM_16"


def test_no_sound_is_a_file_too() -> None:
    with wave.open(io.BytesIO(encode_wav(np.zeros(0, np.float32), 16000))) as file:
        assert file.getnframes() == 0
