"""One utterance: read, cut, spoken ahead within a bound, placed, played."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from players import Parser, Segmenter, ToneVoice, Witness, new_mixer, prepare_here
from stories import MAP
from virtual_time import VirtualClock, run

from avatar_bridge.audio.silent import SilentSpeaker
from avatar_bridge.core.timeline.timeline import Timeline
from avatar_bridge.core.vocabulary import Phoneme, Samples, ScriptEvent, SpokenSegment, Text, WordMark
from avatar_bridge.errors import ScriptError, UsageError
from avatar_bridge.stage.body import Body
from avatar_bridge.stage.performance import AHEAD, Outcome, Performance, Script, join
from avatar_bridge.stage.stage import Stage
from avatar_bridge.stage.trace import Trace

LONG = "This is one sentence of the story. " * 40


class Speaker(SilentSpeaker):
    """Remembers what was written and how much was ever queued."""

    def __init__(self) -> None:
        super().__init__(now=VirtualClock().time)
        self.written: list[Samples] = []
        self.most = 0.0

    def write(self, samples: Samples, rate: int) -> None:
        super().write(samples, rate)
        self.written.append(samples)
        self.most = max(self.most, self.queued())


async def perform(
    script: Script, voice: ToneVoice, *, keep: bool = False, driver: Witness | None = None
) -> tuple[Outcome, Speaker]:
    speaker = Speaker()
    stage = Stage([Body(driver or Witness(), new_mixer())], speaker, VirtualClock())
    beat = asyncio.create_task(stage.run())
    timeline = Timeline(MAP)
    performance = Performance(
        script,
        stage=stage,
        voice=voice,
        timeline=timeline,
        parser=Parser(names=MAP.names()),
        segmenter=Segmenter(),
        preparing=prepare_here,
        keep_audio=keep,
    )
    try:
        await performance.run()
    finally:
        beat.cancel()
    return performance.outcome(timeline.heard(timeline.duration)), speaker


def test_the_voice_works_ahead_and_not_too_far() -> None:
    async def scene() -> None:
        voice = ToneVoice(cost=0.05)
        outcome, speaker = await perform(LONG, voice)
        assert "".join("".join(voice.asked).split()) == "".join(LONG.split())
        assert outcome.timeline.duration > 3 * AHEAD
        longest = max(segment.silence + segment.duration for segment in outcome.timeline.segments)
        assert AHEAD < speaker.most <= AHEAD + longest + 0.1

    run(scene())


def test_a_text_without_end_is_read_no_faster_than_it_is_spoken() -> None:
    async def scene() -> None:
        given = 0

        async def endless() -> AsyncIterator[str]:
            nonlocal given
            while given < 400:
                given += 1
                yield "Here is another sentence of it. "

        voice = ToneVoice(cost=0.05)
        speaking = asyncio.ensure_future(perform(endless(), voice))
        await asyncio.sleep(5.0)
        assert len(voice.asked) >= 2
        assert given < 100
        speaking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await speaking

    run(scene())


@pytest.mark.parametrize("make", [list, iter], ids=["whole", "piece by piece"])
def test_a_text_that_comes_at_once_is_queued_within_the_bound(make: Callable[[list[str]], Iterable[str]]) -> None:
    """Also what never lets others run holds up no frame."""
    text = "This is one sentence of the story. " * 400

    async def at_once() -> AsyncIterator[str]:
        for piece in make([text] if make is list else list(text)):
            yield piece

    async def scene() -> None:
        witness = Witness()
        ahead: list[int] = []

        class Watched(Segmenter):
            def feed(self, event: ScriptEvent) -> None:
                super().feed(event)
                ahead.append(event.at if isinstance(event, Text) else 0)

        stage = Stage([Body(witness, new_mixer())], Speaker(), VirtualClock())
        beat = asyncio.create_task(stage.run())
        performance = Performance(
            at_once(),
            stage=stage,
            voice=ToneVoice(),
            timeline=Timeline(MAP),
            parser=Parser(names=MAP.names()),
            segmenter=Watched(),
            preparing=prepare_here,
        )
        running = asyncio.create_task(performance.run())
        async with asyncio.timeout(60):
            await stage.until(lambda: (stage.heard() or -1.0) > 0.5)
        assert max(ahead) < len(text) / 4
        for task in (running, beat):
            task.cancel()
        await asyncio.gather(running, beat, return_exceptions=True)

    run(scene())


def test_a_text_whose_source_is_cancelled_is_an_error_and_no_hang() -> None:
    async def source() -> AsyncIterator[str]:
        yield "One two three. "
        raise asyncio.CancelledError

    async def scene() -> None:
        voice = ToneVoice()
        with pytest.raises(ScriptError, match="what it comes from was cancelled"):
            async with asyncio.timeout(60):
                await perform(source(), voice)
        assert "".join(voice.asked).split() == ["One", "two", "three."]

    run(scene())


def test_silences_of_the_script_are_played_and_kept() -> None:
    async def scene() -> None:
        outcome, speaker = await perform("[nod] One two three. [pause 1.5] Four five.", ToneVoice(), keep=True)
        assert np.array_equal(np.concatenate(speaker.written), outcome.samples)
        assert len(outcome.samples) / outcome.rate == pytest.approx(outcome.timeline.duration, abs=1e-3)
        four = next(word for word in outcome.timeline.words if word.text == "Four")
        before = outcome.samples[round((four.at - 1.4) * outcome.rate) : round((four.at - 0.05) * outcome.rate)]
        assert not before.any()
        assert outcome.first_audio is not None

    run(scene())


def test_audio_is_not_kept_unless_asked_for() -> None:
    async def scene() -> None:
        outcome, _ = await perform("One two.", ToneVoice())
        assert len(outcome.samples) == 0

    run(scene())


def test_first_audio_counts_from_the_request() -> None:
    async def slow() -> AsyncIterator[str]:
        await asyncio.sleep(0.5)
        yield "One two three four five six seven. "

    async def scene() -> None:
        outcome, _ = await perform(slow(), ToneVoice(cost=0.3))
        assert outcome.first_audio == pytest.approx(0.8, abs=0.06)
        nothing, _ = await perform("🙂", ToneVoice())
        assert nothing.first_audio is None

    run(scene())


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 9), max_size=12))
def test_the_pieces_in_which_it_comes_change_no_word_and_no_cue(sizes: list[int]) -> None:
    text = "One [nod]two three. Four [smile]five six[/smile] seven! Eight [hat]nine ten."

    def pieces() -> Iterator[str]:
        at = 0
        for size in sizes:
            yield text[at : at + size]
            at += size
        yield text[at:]

    async def scene() -> None:
        outcome, _ = await perform(pieces(), ToneVoice())
        assert outcome.timeline.speech == "One two three. Four five six seven! Eight nine ten."
        assert [cue.name for cue in outcome.timeline.cues] == ["nod", "smile", "hat"]
        assert len(outcome.timeline.words) == 10
        for cue, word in zip(outcome.timeline.cues, ("two", "five", "nine"), strict=True):
            assert cue.at == next(each.at for each in outcome.timeline.words if each.text == word)

    run(scene())


def test_pieces_of_a_segment_join_with_their_times() -> None:
    first = SpokenSegment(np.ones(100, np.float32), 1000, (Phoneme("a", 0.0, 0.1),), (WordMark(0, 1, 0.0, 0.1),), 0.01)
    second = SpokenSegment(
        np.zeros(50, np.float32), 1000, (Phoneme("b", 0.01, 0.04),), (WordMark(2, 1, 0.01, 0.04),), 0.02
    )
    whole = join([first, second])
    assert (len(whole.samples), whole.rate, whole.hop) == (150, 1000, 0.02)
    assert [sound.at for sound in whole.phonemes] == pytest.approx([0.0, 0.11])
    assert [(mark.char, mark.at) for mark in whole.marks] == [(0, 0.0), (2, pytest.approx(0.11))]


def test_the_trace_tells_each_command_and_frame(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    with Trace(path) as trace:
        trace.write(due=1.0, playhead=1.0125, driver="vts", kind="act", body={"action": "nöd"})
    assert json.loads(path.read_text(encoding="utf-8")) == {
        "due_s": 1.0, "playhead_s": 1.0125, "late_ms": 12.5, "driver": "vts", "kind": "act", "body": {"action": "nöd"},
    }  # fmt: skip
    assert trace.trouble is None
    with pytest.raises(UsageError, match="the trace cannot be written to"):
        Trace(tmp_path)


def test_nothing_is_loaded_any_more_once_it_is_warm() -> None:
    code = (
        "import asyncio, sys\n"
        "from avatar_bridge.core.timeline.timeline import prepare\n"
        "from avatar_bridge.stage.performance import warm_up\n"
        "from avatar_bridge.tts.tone import ToneEngine\n"
        "asyncio.run(warm_up())\n"
        "pieces = list(ToneEngine().speak('One two three.'))\n"
        "before = set(sys.modules)\n"
        "for piece in pieces: prepare('One two three.', piece)\n"
        "print(sorted(set(sys.modules) - before))\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, encoding="utf-8")
    assert ran.stdout.strip() == "[]"
