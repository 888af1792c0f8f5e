"""What the plugins share: scripts that stream, utterances that wait for the floor, the host's clock."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from players import ToneVoice, Witness, prepare_here
from stories import MAP
from virtual_time import VirtualClock, run

from avatar_bridge.assembly import Bridge
from avatar_bridge.audio.silent import SilentSpeaker
from avatar_bridge.core.script.parser import parse
from avatar_bridge.errors import UsageError
from avatar_bridge.plugins.hosted import HostedScript, HostedSpeech, HostedUtterance, mono
from avatar_bridge.settings import Settings, override

RATE = 16000
PIECES = st.sampled_from(
    ("Hello", " ", "[nod]", "[smile 0.8]so[/smile]", "arr[0]", "*waves*", "😀", ". ", "<think>x</think>")
)


def bridge_of(speaker: str = "none") -> Bridge:
    clock = VirtualClock()
    return Bridge(
        voice=ToneVoice(),
        speaker=SilentSpeaker(now=clock.time),
        drivers=[Witness()],
        motion_map=MAP,
        settings=override(Settings(), {"sound.speaker": speaker}),
        clock=clock,
        preparing=prepare_here,
    )


def hum(seconds: float, rate: int = RATE) -> np.ndarray:
    return (0.3 * np.sin(2 * np.pi * 220 * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


class Stage:
    """A bridge, its host's speech, and what became of each utterance."""

    def __init__(self, bridge: Bridge, *, plays: bool) -> None:
        self.bridge = bridge
        self.began: list[HostedUtterance] = []
        self.over: list[HostedUtterance] = []
        self.speech = HostedSpeech(bridge, plays=plays, began=self.began.append, over=self.over.append)

    def script(self, text: str) -> HostedScript:
        script = HostedScript(self.bridge)
        script.feed(text)
        script.close()
        return script

    async def passes(self, seconds: float) -> None:
        await self.bridge.stage.frames(round(seconds * 60))


@asynccontextmanager
async def staged(*, plays: bool = True) -> AsyncIterator[Stage]:
    async with bridge_of() as bridge:
        stage = Stage(bridge, plays=plays)
        running = asyncio.create_task(stage.speech.run())
        yield stage
        running.cancel()
        await asyncio.wait({running})


@given(st.lists(PIECES, max_size=12).map("".join), st.lists(st.integers(0, 60), max_size=6))
def test_however_it_is_cut_the_same_is_said(source: str, cuts: list[int]) -> None:
    script = HostedScript(bridge_of())
    places = sorted({0, len(source), *(cut % (len(source) + 1) for cut in cuts)})
    said = "".join(script.feed(source[a:b]) for a, b in itertools.pairwise(places)) + script.close()
    assert said == script.speech == parse(source, names=MAP.names()).speech
    assert script.source == source
    assert "[nod" not in said


def test_who_comes_late_is_told_the_script_from_where_it_was_spoken() -> None:
    script, first, later = HostedScript(bridge_of()), list[str](), list[str]()
    script.feed("Hello there. [nod] How are ")
    script.follow(first.append)
    assert script.come_to("Hello") == 5
    assert script.come_to("there.") == 12
    script.follow(later.append, since=script.speech[:12])
    script.feed("you?")
    assert "".join(first) == "Hello there. [nod] How are you?"
    assert "".join(later).strip() == "[nod] How are you?"


@given(st.integers(1, 3), st.binary(max_size=40))
def test_sound_of_any_channels_becomes_one(channels: int, data: bytes) -> None:
    samples = mono(data, channels)
    assert len(samples) == len(data) // (2 * channels)
    assert samples.dtype == np.float32
    assert not len(samples) or abs(samples).max() <= 1.0


def test_stereo_is_the_mean_of_both() -> None:
    assert mono(np.array([16384, 0, -16384, -16384], "<i2").tobytes(), 2).tolist() == [0.25, -0.5]
    with pytest.raises(UsageError, match="one channel"):
        mono(b"", 0)


def test_what_is_told_ahead_waits_for_its_turn() -> None:
    async def scene() -> None:
        async with staged() as stage:
            for text, rate in (("One [nod] two.", RATE), ("Three four.", 24000)):
                utterance = stage.speech.begin(stage.script(text))
                for _ in range(5):
                    utterance.sound(hum(0.1, rate), rate)
                utterance.finish()
            stage.speech.act(stage.script("[nod]"))
            await stage.speech.left(0.0)
        heard = [each.outcome.heard.speech for each in stage.over if each.outcome]
        assert [text.strip() for text in heard] == ["One two.", "Three four.", ""]
        assert [each.heard() for each in stage.over] == [pytest.approx(0.5), pytest.approx(0.5), 0.0]
        assert stage.began == stage.over[:2]
        cues = [[cue.name for cue in each.outcome.timeline.cues] for each in stage.over if each.outcome]
        assert cues == [["nod"], [], ["nod"]]

    run(scene())


def test_an_interrupt_drops_what_waits_and_the_next_starts_clean() -> None:
    async def scene() -> None:
        async with staged() as stage:
            first, second = (stage.speech.begin(stage.script("One two three four.")) for _ in range(2))
            for each in (first, second):
                each.sound(hum(2.0), RATE)
                each.finish()
            await stage.passes(0.8)
            stage.speech.interrupt()
            assert stage.bridge.stage.heard() is None
            third = stage.speech.begin(stage.script("Five."))
            third.sound(hum(0.4), RATE)
            third.finish()
            first.sound(hum(1.0), RATE)
            await stage.speech.left(0.0)
        assert sorted(map(id, stage.over)) == sorted(map(id, (first, second, third)))
        assert first.outcome is not None
        assert first.outcome.interrupted
        assert 0.5 < first.heard() < 1.0
        assert second.outcome is None
        assert third.outcome is not None
        assert third.outcome.heard.complete

    run(scene())


def test_the_host_owns_the_clock_and_nothing_delays_its_sound() -> None:
    async def scene() -> None:
        async with staged(plays=False) as stage:
            utterance = stage.speech.begin(stage.script("[nod] One two three four."))
            utterance.sound(hum(0.1), RATE)
            await stage.passes(0.5)
            assert stage.bridge.stage.heard() is None
            stage.speech.begun()
            at = stage.bridge.stage.heard()
            for _ in range(9):
                utterance.sound(hum(0.1), RATE)
            await stage.passes(0.5)
            assert stage.bridge.stage.heard() == pytest.approx(0.5, abs=0.04)
            assert at == pytest.approx(0.0, abs=0.02)
            utterance.finish()
            await stage.speech.left(0.0)
        assert utterance.outcome is not None
        assert utterance.outcome.timeline.duration == pytest.approx(1.0)
        assert sum(segment.silence for segment in utterance.outcome.timeline.segments) == 0.0

    run(scene())


def test_when_the_host_plays_the_next_the_one_before_was_heard() -> None:
    async def scene() -> None:
        async with staged(plays=False) as stage:
            for text in ("One two.", "Three four."):
                utterance = stage.speech.begin(stage.script(text))
                utterance.sound(hum(1.0), RATE)
                utterance.finish()
            stage.speech.begun()
            await stage.passes(0.9)
            stage.speech.begun()
            await stage.passes(0.3)
            assert stage.bridge.stage.heard() == pytest.approx(0.3, abs=0.04)
            stage.speech.ended()
            stage.speech.begun()
            await stage.speech.left(0.0)
        assert [each.outcome.heard.speech.strip() for each in stage.over if each.outcome] == ["One two.", "Three four."]
        assert all(each.outcome and each.outcome.heard.complete and not each.outcome.interrupted for each in stage.over)

    run(scene())


def test_what_only_acts_is_not_what_the_host_plays() -> None:
    async def scene() -> None:
        async with staged(plays=False) as stage:
            stage.speech.act(stage.script("[nod]"))
            utterance = stage.speech.begin(stage.script("One two."))
            utterance.sound(hum(0.5), RATE)
            utterance.finish()
            stage.speech.begun()
            await stage.speech.left(0.0)
        assert [bool(each.outcome and each.outcome.heard.complete) for each in stage.over] == [True, True]

    run(scene())


def test_words_last_until_the_next_and_are_used_as_told() -> None:
    async def scene() -> None:
        async with staged() as stage:
            utterance = stage.speech.begin(stage.script("One two [nod]three."))
            utterance.sound(hum(0.9), RATE)
            for index, word in enumerate(("One", "two", "three.")):
                utterance.word(word, 0.3 * index)
            utterance.finish()
            await stage.speech.left(0.0)
        outcome = stage.over[0].outcome
        assert outcome is not None
        base = outcome.timeline.segments[0].at
        assert [round(word.at - base, 3) for word in outcome.timeline.words] == [0.0, 0.3, 0.6]
        assert outcome.timeline.cues[0].at - base == pytest.approx(0.6)

    run(scene())


def test_sound_that_changes_its_rate_keeps_its_time() -> None:
    async def scene() -> None:
        async with staged() as stage:
            utterance = stage.speech.begin(stage.script("One two."))
            for rate in (RATE, 48000, 8000):
                utterance.sound(hum(0.2, rate), rate)
            utterance.finish()
            await stage.speech.left(0.0)
        outcome = stage.over[0].outcome
        assert outcome is not None
        assert sum(segment.duration for segment in outcome.timeline.segments) == pytest.approx(0.6, abs=0.001)

    run(scene())


def test_two_speakers_at_once_are_refused() -> None:
    with pytest.raises(UsageError, match='speaker = "none"'):
        HostedSpeech(bridge_of("local"), plays=False)
