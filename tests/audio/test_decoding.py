from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from avatar_bridge.audio.decoding import read_sound
from avatar_bridge.errors import UsageError


def _tone(rate: int, seconds: float = 0.5) -> NDArray[np.float64]:
    return np.asarray(0.5 * np.sin(2 * np.pi * 440 * np.arange(int(rate * seconds)) / rate))


@pytest.mark.parametrize("kind", ["wav", "flac", "ogg", "mp3", "aiff"])
@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (44100, 2), (48000, 1)])
def test_any_format_rate_and_channel_count(tmp_path: Path, kind: str, rate: int, channels: int) -> None:
    path = tmp_path / f"sound.{kind}"
    soundfile.write(path, np.stack([_tone(rate)] * channels, axis=1), rate)
    sound = read_sound(path)
    assert sound.rate == rate
    assert sound.samples.dtype == np.float32
    assert sound.samples.ndim == 1
    assert sound.duration == pytest.approx(0.5, abs=0.06)
    level = np.sqrt(np.mean(sound.samples[rate // 8 : rate // 4] ** 2))
    assert level == pytest.approx(0.5 / np.sqrt(2), rel=0.05)


def test_six_channels_become_one(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    soundfile.write(path, np.stack([_tone(16000)] * 6, axis=1), 16000)
    assert np.allclose(read_sound(path).samples, _tone(16000), atol=1e-3)


@pytest.mark.parametrize("rate", [8000, 44100, 48000])
def test_resampling_keeps_length_and_pitch(tmp_path: Path, rate: int) -> None:
    path = tmp_path / "sound.wav"
    soundfile.write(path, _tone(rate, 3.0), rate)
    sound = read_sound(path, 16000)
    assert sound.rate == 16000
    assert len(sound.samples) == pytest.approx(48000, abs=2)
    assert np.abs(sound.samples[1000:-1000] - _tone(16000, 3.0)[1000 : len(sound.samples) - 1000]).max() < 0.01


def test_channels_that_cancel_each_other_are_heard(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    soundfile.write(path, np.stack([_tone(16000), -_tone(16000)], axis=1), 16000)
    assert np.abs(read_sound(path).samples).max() == pytest.approx(0.5, abs=0.01)


def test_broken_samples_are_silence(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    samples = _tone(16000)
    samples[100:200] = np.nan
    soundfile.write(path, samples, 16000, subtype="FLOAT")
    sound = read_sound(path)
    assert np.isfinite(sound.samples).all()
    assert not sound.samples[100:200].any()


def test_a_name_in_any_language(tmp_path: Path) -> None:
    path = tmp_path / "声 – голос.wav"
    soundfile.write(path, _tone(16000), 16000)
    assert read_sound(path).rate == 16000


def test_what_is_no_audio_is_said_plainly(tmp_path: Path) -> None:
    text, empty, bare, raw = (tmp_path / name for name in ("text.wav", "empty.wav", "bare.wav", "some.raw"))
    text.write_text("not a sound", encoding="utf-8")
    empty.write_bytes(b"")
    soundfile.write(bare, np.zeros(0), 16000)
    raw.write_bytes(b"1234" * 10)
    for path, words in (
        (text, "cannot be decoded"),
        (empty, "empty file"),
        (bare, "without a single sample"),
        (raw, "cannot be decoded"),
        (tmp_path, "got a folder"),
        (tmp_path / "absent.wav", "no such file"),
    ):
        with pytest.raises(UsageError, match=words) as caught:
            read_sound(path)
        assert path.name in str(caught.value)
