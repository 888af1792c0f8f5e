from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from avatar_bridge.audio import wav
from avatar_bridge.audio.silent import SilentSpeaker
from avatar_bridge.audio.wav import WavSpeaker
from avatar_bridge.errors import SpeakerError

RATE = 1000


class Time:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def level(value: float, seconds: float, rate: int = RATE) -> np.ndarray:
    return np.full(round(seconds * rate), value, np.float32)


async def test_the_silent_speaker_keeps_the_time_of_the_sound() -> None:
    time = Time()
    speaker = SilentSpeaker(now=time)
    await speaker.open()
    speaker.begin()
    speaker.write(level(0.5, 2.0), RATE)
    time.now += 0.5
    assert speaker.heard() == 0.5
    assert speaker.queued() == 1.5
    assert speaker.stop() == 0.5
    speaker.write(level(0.5, 2.0), RATE)
    time.now += 0.5
    assert speaker.heard() == 0.5
    assert speaker.queued() == 0.0
    assert speaker.diagnostics() == []
    await speaker.close()


async def test_the_recording_holds_gaps_and_the_interrupt(tmp_path: Path) -> None:
    time, path = Time(), tmp_path / "out.wav"
    speaker = WavSpeaker(path, now=time)
    await speaker.open()
    speaker.begin()
    speaker.write(level(0.5, 1.0), RATE)
    time.now += 0.3
    speaker.write(level(0.25, 0.5), RATE)
    time.now += 2.2
    speaker.write(level(0.75, 3.0), RATE)
    time.now += 1.0
    assert speaker.stop() == pytest.approx(2.5)
    time.now += 0.5
    speaker.begin()
    speaker.write(level(0.1, 0.5, 2 * RATE), 2 * RATE)
    speaker.finish()
    time.now += 1.0
    assert speaker.heard() == pytest.approx(1.0)
    assert not path.exists()
    await speaker.close()
    heard, rate = soundfile.read(path, dtype="float32")
    assert rate == RATE
    assert [round(float(x), 2) for x in heard[[0, 990, 1010, 1490, 1510, 2490, 2510, 3490, 3520]]] == [
        *(0.5, 0.5, 0.25, 0.25, 0.0, 0.0, 0.75, 0.75, 0.0)
    ]
    assert heard[4250] == pytest.approx(0.1, abs=0.01)
    assert len(heard) == pytest.approx(4500, abs=2)
    assert names(tmp_path) == ["out.wav"]


async def test_an_interrupt_before_any_sound_leaves_no_file(tmp_path: Path) -> None:
    speaker = WavSpeaker(tmp_path / "out.wav", now=Time())
    await speaker.open()
    speaker.begin()
    assert speaker.stop() == 0.0
    await speaker.close()
    assert names(tmp_path) == []


async def test_a_missing_folder_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(SpeakerError, match="there is no folder"):
        await WavSpeaker(tmp_path / "missing" / "out.wav").open()


class _FullDisk:
    def __init__(self, *_: object) -> None:
        pass

    def append(self, _: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    def finish(self) -> None:
        raise AssertionError("a broken file must not be put in its place")

    def discard(self) -> None:
        pass


async def test_a_full_disk_ends_the_recording_and_not_the_show(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(wav, "_Partial", _FullDisk)
    time, path = Time(), tmp_path / "out.wav"
    speaker = WavSpeaker(path, now=time)
    await speaker.open()
    speaker.begin()
    for _ in range(3):
        speaker.write(level(0.5, 1.0), RATE)
        time.now += 1.5
    assert speaker.heard() == pytest.approx(3.0)
    (diagnostic,) = speaker.diagnostics()
    assert "No space left" in diagnostic.message
    with pytest.raises(SpeakerError, match="No space left on device; make room"):
        await speaker.close()
    assert names(tmp_path) == []
