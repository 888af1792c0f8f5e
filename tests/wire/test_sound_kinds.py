from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile

from avatar_bridge.wire.sound_file import decode_sound

TONE = 0.5 * np.sin(np.arange(8000) * 0.2)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW"])
@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (192000, 6)])
def test_every_kind_of_wav_in_memory(subtype: str, rate: int, channels: int) -> None:
    file = io.BytesIO()
    soundfile.write(file, np.stack([TONE] * channels, axis=1), rate, format="WAV", subtype=subtype)
    sound = decode_sound(file.getvalue(), "audio/wav")
    assert sound.rate == rate
    assert sound.missing == 0.0
    assert sound.samples.dtype == np.float32
    assert np.abs(sound.samples - TONE).max() < 0.02


def test_a_kind_that_nobody_knows_is_named() -> None:
    file = io.BytesIO()
    soundfile.write(file, TONE, 8000, format="WAV")
    data = bytearray(file.getvalue())
    data[20:22] = b"\x77\x77"
    with pytest.raises(ValueError, match=r"of a kind that is not understood \(code 30583"):
        decode_sound(bytes(data))
