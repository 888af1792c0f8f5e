"""Whatever speaks plugs in: one script, every voice, cues on their words, lips with the sound, one loudness."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest
from any_voice import VOICES, Overheard, Setting, Who
from numpy.typing import NDArray
from players import Witness, prepare_here
from stories import MAP

from avatar_bridge.assembly import Bridge
from avatar_bridge.assembly.parts import build_voice
from avatar_bridge.audio.silent import SilentSpeaker
from avatar_bridge.core.speech.ebu_r128 import integrated_loudness
from avatar_bridge.core.vocabulary import SpokenSegment
from avatar_bridge.errors import AvatarBridgeError
from avatar_bridge.settings import FeelingsSettings, Settings, VoiceSettings
from avatar_bridge.stage.performance import Outcome

STEP = 0.2
"""Seconds of sound that are heard between two frames: the clock of these tests goes by frames, not by the machine."""


def bridge_of(voice: Any, witness: Witness) -> Bridge:
    return Bridge(
        voice=voice,
        speaker=SilentSpeaker(now=lambda: STEP * len(witness.frames)),
        drivers=[witness],
        motion_map=MAP,
        preparing=prepare_here,
        settings=Settings(feelings=FeelingsSettings(enabled=False)),
    )


def check_cues(outcome: Outcome, voice: Overheard, script: str) -> None:
    """Hold every cue against the truth about its word."""
    timeline = outcome.timeline
    assert [cue.name for cue in timeline.cues] == ["nod", "bow", "smile"]
    assert [text for text, _ in voice.said] == [segment.text for segment in timeline.segments]
    for cue in timeline.cues:
        index = max(at for at, segment in enumerate(timeline.segments) if segment.char <= cue.char)
        segment, truth = timeline.segments[index], voice.said[index][1]
        word = max((word for word in truth if word[0] <= cue.char - segment.char), key=lambda word: word[0])
        off = segment.expected_error + 0.002
        assert word[1] - off <= cue.at - segment.at <= word[2] + off, (cue.name, segment, truth)
    assert timeline.speech.split() == script_without_tags(script).split()


def script_without_tags(script: str) -> str:
    for name in ("nod", "bow", "smile"):
        script = script.replace(f"[{name}]", "")
    return script


def check_mouth(outcome: Outcome) -> None:
    """Hold the mouth against the sound: open somewhere, and nowhere that is silent all around."""
    envelope = np.abs(outcome.samples)
    margin = round(0.12 * outcome.rate)
    opened = 0
    for at in np.arange(0.0, outcome.timeline.duration, 0.02):
        middle = round(at * outcome.rate)
        openness = outcome.timeline.mouth_at(float(at)).open
        opened += openness > 0.2
        if envelope[max(0, middle - margin) : middle + margin].max(initial=0.0) < 1e-3:
            assert openness < 0.05, at
    assert opened > 10


@pytest.fixture(params=VOICES, ids=lambda who: who.name)
def who(request: pytest.FixtureRequest) -> Who:
    chosen: Who = request.param
    if chosen.needs and find_spec(chosen.needs) is None:
        pytest.skip(f'{chosen.needs} is not installed: pip install "avatar-bridge[{chosen.name}]"')
    return chosen


async def test_a_script_is_performed_on_its_words(who: Who, monkeypatch: pytest.MonkeyPatch) -> None:
    witness = Witness(native=frozenset(MAP.actions))
    async with who.make(monkeypatch, "") as setting:
        built, _ = build_voice(setting.settings())
        voice = Overheard(built, setting)
        async with bridge_of(voice, witness) as bridge:
            outcome = await bridge.perform(who.script, keep_audio=True)
            assert bridge.troubles == []
            assert voice.abilities.timing == who.timing
    assert outcome.timeline.timing == who.timing
    assert outcome.heard.complete
    assert not [note for note in outcome.timeline.diagnostics if "not spoken" in note.message]
    check_cues(outcome, voice, who.script)
    check_mouth(outcome)
    assert integrated_loudness(outcome.samples, outcome.rate) == pytest.approx(-18.0, abs=1.5)
    assert len(outcome.samples) / outcome.rate == pytest.approx(outcome.timeline.duration, abs=0.01)
    acted = [command.action for _, command in witness.commands if command.kind == "act"]
    assert acted == ["nod", "bow", "smile"]
    assert max(frame.values["mouth_open"] for _, frame in witness.frames) > 0.2
    assert witness.frames[-1][1].values["mouth_open"] == 0.0


async def said(setting: Setting, text: str, **changes: Any) -> SpokenSegment:
    voice, _ = build_voice(setting.settings(loudness=None, **changes))
    await voice.open()
    try:
        pieces = [piece async for piece in voice.speak(text)]
    finally:
        await voice.close()
    samples = np.concatenate([piece.samples for piece in pieces])
    return SpokenSegment(samples, pieces[0].rate)


def tone_of(spoken: SpokenSegment) -> float:
    """Return the pitch of a sound in Hz, where it has one."""
    size = round(0.04 * spoken.rate)
    found = []
    for start in range(0, len(spoken.samples) - 2 * size, size):
        part = spoken.samples[start : start + 2 * size].astype(np.float64)
        if np.abs(part).max() > 0.05 and (pitch := _period(part, spoken.rate)):
            found.append(pitch)
    return float(np.median(found))


def _period(part: NDArray[np.float64], rate: int) -> float:
    part = part - part.mean()
    likeness = np.fft.irfft(np.abs(np.fft.rfft(part, 2 * len(part))) ** 2)[: len(part)]
    likeness /= likeness[0] * (1.0 - np.arange(len(part)) / len(part))
    low, high = round(rate / 450), round(rate / 70)
    peak = likeness[low:high].max()
    if peak < 0.6:
        return 0.0
    lags = np.flatnonzero(likeness[low:high] > 0.9 * peak) + low
    first = lags[0]
    while likeness[first + 1] > likeness[first]:
        first += 1
    return rate / float(first)


@pytest.mark.parametrize(("setting_of", "value"), [("speed", 1.25), ("pitch", 3.0)])
async def test_speed_and_pitch_reach_it_or_are_refused(
    who: Who, setting_of: str, value: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "こんにちは、私はアバターです。" if who.script != VOICES[0].script else "Hello there, my good old friends."
    change = who.speed if setting_of == "speed" else who.pitch
    async with who.make(monkeypatch, "") as setting:
        if change == "refused":
            with pytest.raises(AvatarBridgeError, match=setting_of):
                await said(setting, text, **{setting_of: value})
            return
        plain = await said(setting, text)
        before = setting.asked()
        changed = await said(setting, text, **{setting_of: value})
        if change == "asked":
            assert setting.asked() != before
            return
    if setting_of == "speed":
        assert plain.duration / changed.duration == pytest.approx(value, rel=0.1)
    else:
        assert plain.duration / changed.duration == pytest.approx(1.0, rel=0.1)
        assert tone_of(changed) / tone_of(plain) == pytest.approx(2 ** (value / 12), rel=0.04)


@pytest.mark.parametrize("served", [each for each in VOICES if each.remote], ids=lambda each: each.name)
async def test_an_interrupt_hangs_up_and_closes_the_mouth(served: Who, monkeypatch: pytest.MonkeyPatch) -> None:
    if served.needs and find_spec(served.needs) is None:
        pytest.skip(f'{served.needs} is not installed: pip install "avatar-bridge[{served.name}]"')
    witness = Witness()
    async with served.make(monkeypatch, "stall") as setting:
        built, _ = build_voice(setting.settings())
        async with bridge_of(built, witness) as bridge:
            performing = asyncio.create_task(bridge.perform(served.script))
            async with asyncio.timeout(20):
                await setting.waiting()
                bridge.interrupt()
                outcome = await performing
                await setting.left()
            assert outcome.interrupted
            assert bridge.stage.timeline is None
    assert witness.frames[-1][1].values["mouth_open"] == 0.0


LASTING = "import socket, sys; socket.create_connection(('127.0.0.1', int(sys.argv[1]))).recv(1)"


async def test_an_interrupt_ends_a_program_that_speaks() -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        begun.set()
        with contextlib.suppress(ConnectionError):
            await reader.read()
        ended.set()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = str(server.sockets[0].getsockname()[1])
    options = {"command": [sys.executable, "-c", LASTING, port], "timeout": 300.0}
    built, _ = build_voice(VoiceSettings(engine="command", options=options))
    async with server, bridge_of(built, Witness()) as bridge, asyncio.timeout(30):
        performing = asyncio.create_task(bridge.perform("Hello."))
        await begun.wait()
        bridge.interrupt()
        assert (await performing).interrupted
        await ended.wait()
