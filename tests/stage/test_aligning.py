"""Words that are looked for while the show goes on: waited for only where nobody hears it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from game_hall import Hall, HallGame
from players import ToneVoice, Witness, prepare_here
from stories import MAP
from virtual_time import VirtualClock, run

from avatar_bridge.assembly import Bridge
from avatar_bridge.assembly.aligners import SharedAligner, SoughtWords
from avatar_bridge.audio.silent import SilentSpeaker
from avatar_bridge.core.speech.words import split_words
from avatar_bridge.core.vocabulary import Diagnostic, SpokenSegment, WordMark
from avatar_bridge.drivers.game import GameDriver
from avatar_bridge.errors import UsageError
from avatar_bridge.ports import Aligner, Corrected, Driver, GameAbilities, VoiceAbilities
from avatar_bridge.settings import VoiceSettings
from avatar_bridge.stage.aligning import WorkerAligner, patient
from avatar_bridge.stage.performance import Outcome

TEXT = "One two three four five six seven [nod] eight nine ten eleven twelve thirteen fourteen fifteen"
"""Cut behind nine: what is found of the second segment comes while the first is heard."""


class MuteVoice(ToneVoice):
    """The tone voice without its times."""

    def __init__(self, *, cost: float = 0.1) -> None:
        super().__init__(cost=cost)
        self.abilities = VoiceAbilities("estimated")

    async def speak(self, text: str) -> AsyncGenerator[SpokenSegment, None]:
        async for piece in super().speak(text):
            yield replace(piece, phonemes=(), marks=(), hop=0.0)


class LateAligner:
    """Finds every word `shift` seconds after its even share of the audio, `delay` seconds after it was asked."""

    def __init__(self, delay: float, *, shift: float = 0.0, finds: bool = True) -> None:
        self.delay, self.shift, self.finds = delay, shift, finds
        self.asked: list[str] = []
        self.opened = self.closed = 0

    async def open(self) -> None:
        self.opened += 1

    async def align(self, text: str, spoken: SpokenSegment) -> SpokenSegment | None:
        self.asked.append(text)
        await asyncio.sleep(self.delay)
        if not self.finds:
            return None
        words = split_words(text)
        share = (spoken.duration - 0.8) / len(words)
        marks = tuple(
            WordMark(word.char, len(word.text), share * number + (self.shift if number else 0.0), share)
            for number, word in enumerate(words)
        )
        return replace(spoken, marks=marks, hop=0.01, aligned=True)

    def diagnostics(self) -> list[Diagnostic]:
        return []

    async def close(self) -> None:
        self.closed += 1


def bridge_of(aligner: Aligner | None, *drivers: Driver, voice: ToneVoice | None = None) -> Bridge:
    clock = VirtualClock()
    return Bridge(
        voice=voice or MuteVoice(),
        speaker=SilentSpeaker(now=clock.time),
        drivers=list(drivers),
        motion_map=MAP,
        clock=clock,
        preparing=prepare_here,
        aligner=aligner,
    )


async def performed(aligner: Aligner | None, text: str = TEXT) -> tuple[Outcome, float, Witness]:
    """Return what became of a text, when the nod of it was begun in seconds heard, and who saw it."""
    witness = Witness(native=frozenset({"nod"}))
    async with bridge_of(aligner, witness) as bridge:
        await asyncio.sleep(0.01)
        began = VirtualClock().time()
        outcome = await bridge.perform(text)
        assert outcome.first_audio is not None
        (at,) = [at for at, command in witness.commands if command.kind == "act"]
        return outcome, at - began - outcome.first_audio, witness


def test_words_that_are_found_in_time_are_there_at_once() -> None:
    async def scene() -> None:
        aligner = LateAligner(0.04)
        outcome, _, _ = await performed(aligner)
        assert outcome.timeline.timing == "aligned"
        assert outcome.timeline.revision == 0
        assert outcome.first_audio == pytest.approx(0.1 + 0.04, abs=0.05)
        assert (aligner.opened, aligner.closed) == (1, 1)

    run(scene())


def test_sound_does_not_wait_and_a_cue_moves_with_its_word_when_the_words_come_late() -> None:
    async def scene() -> None:
        plain, at_first, _ = await performed(None)
        outcome, at_last, _ = await performed(LateAligner(1.0, shift=0.5))
        timeline = outcome.timeline
        assert plain.timeline.timing == "estimated"
        assert timeline.timing == "aligned"
        assert (timeline.revision, len(timeline.segments)) == (1, 2)
        assert plain.first_audio is not None
        assert outcome.first_audio == pytest.approx(plain.first_audio + 0.06, abs=0.02)
        (before,), (after,) = plain.timeline.cues, timeline.cues
        eight = next(word for word in timeline.words if word.text == "eight")
        assert after.at == eight.at
        assert abs(after.at - before.at) > 0.1
        assert at_last - at_first == pytest.approx(after.start - before.start, abs=0.08)

    run(scene())


def test_what_has_begun_is_not_begun_again() -> None:
    async def scene() -> None:
        early = "One [nod] two three four five six seven eight nine ten eleven twelve"
        plain, _, _ = await performed(None, early)
        outcome, _, witness = await performed(LateAligner(1.5, shift=0.6), early)
        assert outcome.timeline.cues[0].at == plain.timeline.cues[0].at
        assert outcome.timeline.timing == "aligned"
        assert [command.action for _, command in witness.commands if command.kind == "act"] == ["nod"]

    run(scene())


@pytest.mark.parametrize(
    ("delay", "finds"), [(0.0, False), (1.0, False), (1e6, True)], ids=["at once", "late", "never"]
)
def test_where_nothing_is_found_the_estimate_stays(delay: float, finds: bool) -> None:
    async def scene() -> None:
        aligner = LateAligner(delay, finds=finds)
        outcome, _, _ = await performed(aligner)
        assert outcome.timeline.timing == "estimated"
        assert "".join("".join(aligner.asked).split()) == "".join(outcome.timeline.speech.split())
        assert not outcome.interrupted

    run(scene())


def test_a_voice_that_tells_its_times_is_not_asked_about() -> None:
    async def scene() -> None:
        aligner = LateAligner(0.0)
        async with bridge_of(aligner, voice=ToneVoice()) as bridge:
            outcome = await bridge.perform("One two three.")
        assert outcome.timeline.timing in ("phonemes", "words")
        assert (aligner.asked, aligner.opened, aligner.closed) == ([], 0, 0)

    run(scene())


def test_an_interrupt_gives_up_the_search_and_the_next_utterance_is_not_corrected_by_it() -> None:
    async def scene() -> None:
        aligner = LateAligner(0.8, shift=0.5)
        async with bridge_of(aligner, Witness()) as bridge:
            speaking = asyncio.ensure_future(bridge.perform(TEXT))
            await bridge.stage.until(lambda: (bridge.stage.heard() or -1.0) > 0.4)
            bridge.interrupt()
            assert (await speaking).interrupted
            aligner.delay = 1e6
            outcome = await bridge.perform("One two three.")
            assert outcome.timeline.revision == 0
            assert outcome.timeline.timing == "estimated"

    run(scene())


def test_an_aligner_that_cannot_be_loaded_is_told_of_and_the_show_goes_on() -> None:
    class Missing(LateAligner):
        async def open(self) -> None:
            raise UsageError('install it with: pip install "avatar-bridge[align]"')

    async def scene() -> None:
        async with bridge_of(Missing(0.0)) as bridge:
            await asyncio.sleep(0.1)
            outcome = await bridge.perform("One two three.")
            assert outcome.timeline.timing == "estimated"
            assert any("avatar-bridge[align]" in trouble.message for trouble in bridge.troubles)

    run(scene())


def test_games_are_told_the_better_times_and_who_comes_later_those_alone() -> None:
    async def scene() -> None:
        hall = Hall()
        clock = VirtualClock()
        driver = GameDriver(motion_map=MAP, games=hall, holder=lambda: None, now=clock.time)
        assert isinstance(driver, Corrected)
        async with bridge_of(LateAligner(1.0, shift=0.5), driver) as bridge:
            game = hall.join(HallGame(hall, shows={0: GameAbilities()}))
            speaking = asyncio.ensure_future(bridge.perform(TEXT))
            await bridge.stage.until(lambda: (bridge.stage.heard() or -1.0) > 2.0)
            late = hall.join(HallGame(hall, shows={0: GameAbilities()}))
            outcome = await speaking
            for each in list(hall.games.values()):
                hall.leave(each)
        (corrected,) = game.told("corrected")
        words, _ = outcome.timeline.within(0)
        assert [word["at"] for word in corrected["words"]] == pytest.approx([word.at for word in words], abs=1e-4)
        assert game.shown[0].segments[0] == corrected
        assert game.told("cues")[-1]["cues"][0]["at"] == pytest.approx(outcome.timeline.cues[0].at, abs=1e-4)
        first = late.told("segment")[0]
        assert first["words"] == corrected["words"]
        assert first["mouth"] == corrected["mouth"]

    run(scene())


def test_whoever_has_time_waits_for_the_words() -> None:
    async def scene() -> None:
        voice = MuteVoice()
        (piece,) = [piece async for piece in voice.speak("One two three.")]
        found = await patient(LateAligner(90.0), prepare_here)("One two three.", piece)
        assert found.alignment.timing == "aligned"
        (told,) = [piece async for piece in ToneVoice().speak("One two three.")]
        assert (await patient(LateAligner(90.0), prepare_here)("One two three.", told)).alignment.timing != "aligned"

    run(scene())


def test_an_aligner_that_is_shared_is_loaded_once_and_given_back_last() -> None:
    async def scene() -> None:
        aligner = LateAligner(0.0)
        shared = SharedAligner(aligner)
        for _ in range(2):
            await shared.open()
        await shared.close()
        assert (aligner.opened, aligner.closed) == (1, 0)
        await shared.close()
        assert aligner.closed == 1
        unused = SoughtWords(shared)
        assert unused.aligner is None
        await unused.close()
        assert aligner.closed == 1

    run(scene())


def test_settings_can_switch_it_off() -> None:
    from avatar_bridge.assembly.aligners import build_aligner, needs_aligner

    assert build_aligner(VoiceSettings(align=False)) is None
    assert needs_aligner(MuteVoice(), VoiceSettings())
    assert not needs_aligner(ToneVoice(), VoiceSettings())
    assert needs_aligner(ToneVoice(), VoiceSettings.model_validate({"fallback": ["tone"]}))


HERE = Path(__file__).parent


def piece(seconds: float = 1.0) -> SpokenSegment:
    return SpokenSegment(np.ones(round(8000 * seconds), np.float32), 8000)


async def test_an_engine_in_a_child_finds_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(HERE))
    aligner = WorkerAligner("aligning_engines:Wordwise", {})
    await aligner.open()
    try:
        given = piece()
        found = await aligner.align("one two", given)
        assert found is not None
        assert found.aligned
        assert found.samples is given.samples
        assert [(mark.char, mark.at) for mark in found.marks] == [(0, 0.0), (4, pytest.approx(0.1))]
        assert await aligner.align("none", piece()) is None
        assert aligner.diagnostics() == []
        assert await aligner.align("die", piece()) is None
        assert await aligner.align("one", piece()) is not None
        assert any("estimated" in note.message for note in aligner.diagnostics())
        for _ in range(3):
            assert await aligner.align("fail", piece()) is None
        assert "no more words are looked for" in aligner.diagnostics()[-1].message
        assert await aligner.align("one", piece()) is None
    finally:
        await aligner.close()


async def test_an_engine_that_lacks_its_package_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(HERE))
    aligner = WorkerAligner("aligning_engines:Wordwise", {"missing": True})
    with pytest.raises(UsageError, match=r"avatar-bridge\[align\]"):
        await aligner.open()
    await aligner.close()
