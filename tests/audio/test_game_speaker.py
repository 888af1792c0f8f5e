"""A game as the owner of time, in virtual time: what is heard there is the playhead here."""

from __future__ import annotations

import asyncio
import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest
from game_hall import Hall, HallGame
from virtual_time import VirtualClock, run

from avatar_bridge.audio.fallback import FallbackSpeaker
from avatar_bridge.audio.game import GameSpeaker
from avatar_bridge.audio.silent import SilentSpeaker
from avatar_bridge.core.vocabulary import Samples

RATE = 48_000


def tone(duration: float) -> Samples:
    return (0.5 * np.sin(2 * np.pi * 220 * np.arange(round(duration * RATE)) / RATE)).astype(np.float32)


async def new_speaker(hall: Hall) -> GameSpeaker:
    speaker = GameSpeaker(hall, now=VirtualClock().time)
    await speaker.open()
    return speaker


def come(hall: Hall, name: str, *, claims: bool = True, **how: float) -> HallGame:
    return hall.join(HallGame(hall, name=name, **how), claims=[0] if claims else [])  # type: ignore[arg-type]


def heard_there(game: HallGame) -> float:
    return game.shown[0].heard(VirtualClock().time(), 0.0) or 0.0


def turns(game: HallGame) -> list[tuple[bool, str]]:
    return [(message["has"], message["holder"]) for message in game.told("turn")]


async def watch(speaker: GameSpeaker | FallbackSpeaker, until: Callable[[], bool]) -> None:
    """Look often until something is so, and see that what was heard never goes back."""
    heard = [speaker.heard()]
    while not until():
        await asyncio.sleep(0.005)
        heard.append(speaker.heard())
    assert all(after >= before for before, after in itertools.pairwise(heard))


def leave_all(hall: Hall) -> None:
    for game in list(hall.games.values()):
        hall.leave(game)


def test_the_first_that_claims_the_sound_has_it_and_the_second_is_told_by_name() -> None:
    async def scene() -> None:
        hall = Hall()
        speaker = await new_speaker(hall)
        one, two = come(hall, "One"), come(hall, "Two")
        await asyncio.sleep(0.01)
        assert speaker.game_id == one.id
        assert turns(one) == [(True, "One")]
        assert set(turns(two)) == {(False, "One")}
        assert "'One' plays the voice" in two.told("turn")[-1]["message"]
        assert ["'One' and 'Two' both claim the voice" in note.message for note in speaker.diagnostics()] == [True]
        speaker.begin()
        speaker.write(tone(6.0), RATE)
        speaker.finish()
        await watch(speaker, lambda: speaker.heard() > 2.0)
        assert speaker.heard() == pytest.approx(heard_there(one), abs=0.03)
        assert not two.shown[0].played
        at = speaker.heard()
        hall.leave(one)
        assert speaker.game_id == two.id
        await watch(speaker, lambda: speaker.heard() > 5.5)
        assert turns(two)[-1] == (True, "Two")
        assert speaker.heard() == pytest.approx(heard_there(two), abs=0.03)
        assert two.shown[0].ring._first == pytest.approx(at * RATE, abs=2)
        await watch(speaker, lambda: speaker.heard() > 6.2)
        leave_all(hall)

    run(scene())


def test_the_owner_dies_in_mid_word_and_the_wall_clock_goes_on() -> None:
    async def scene() -> None:
        hall = Hall()
        speaker = await new_speaker(hall)
        game = come(hall, "One")
        await asyncio.sleep(0.01)
        speaker.begin()
        speaker.write(tone(5.0), RATE)
        speaker.finish()
        await watch(speaker, lambda: speaker.heard() > 1.0)
        hall.leave(game)
        at, heard = VirtualClock().time(), speaker.heard()
        await watch(speaker, lambda: VirtualClock().time() > at + 1.0)
        assert speaker.heard() - heard == pytest.approx(VirtualClock().time() - at, abs=1e-6)
        assert ["no game plays the voice" in note.message for note in speaker.diagnostics()] == [True]

    run(scene())


def test_who_takes_over_in_mid_utterance_is_not_handed_all_of_it_at_once() -> None:
    async def scene() -> None:
        hall = Hall()
        speaker = await new_speaker(hall)
        speaker.begin()
        speaker.write(tone(12.0), RATE)
        speaker.finish()
        await watch(speaker, lambda: speaker.heard() > 1.0)
        game = HallGame(hall, name="One")
        sent: list[int] = []
        tell = game.tell

        def counting(message: str | bytes) -> None:
            if isinstance(message, bytes):
                sent.append(len(message))
            tell(message)

        game.tell = counting  # type: ignore[method-assign]
        hall.join(game, claims=[0])
        assert sum(sent) < 2 * RATE * 1.01
        await watch(speaker, lambda: speaker.heard() > 2.5)
        assert 4 * RATE < sum(sent) < 2 * RATE * 8, "it has some seconds in hand by now"
        await watch(speaker, lambda: speaker.heard() > 12.1)
        assert game.shown[0].ring.underruns == 0
        leave_all(hall)

    run(scene())


def test_a_game_that_gives_the_sound_up_hands_it_on() -> None:
    async def scene() -> None:
        hall = Hall()
        speaker = await new_speaker(hall)
        one, two = come(hall, "One"), come(hall, "Two")
        await one.send("sound", character=0, claim=False)
        await asyncio.sleep(0.01)
        assert speaker.game_id == two.id
        assert turns(one)[-1] == (False, "Two")
        await two.send("sound", character=0, claim=False)
        await asyncio.sleep(0.01)
        assert not speaker.audible
        assert turns(two)[-1] == (False, "")
        leave_all(hall)

    run(scene())


@pytest.mark.parametrize("offset", [1e9, -1e9, 60.0, -60.0, math.inf])
def test_a_game_whose_clock_jumps_is_not_believed(offset: float) -> None:
    async def scene() -> None:
        hall = Hall()
        speaker = await new_speaker(hall)
        game = come(hall, "One")
        await asyncio.sleep(0.01)
        speaker.begin()
        speaker.write(tone(4.0), RATE)
        speaker.finish()
        await watch(speaker, lambda: speaker.heard() > 1.0)
        before = VirtualClock().time() - speaker.heard()
        game.mute = True
        for _ in range(3):
            start = before + offset
            speaker.received(game, {"type": "playing", "character": 0, "utterance": 1, "start": start, "late_ms": 0.0})
            await asyncio.sleep(0.1)
        await watch(speaker, lambda: speaker.heard() > 2.5)
        late = VirtualClock().time() - speaker.heard() - before
        assert abs(late) < 0.01
        assert ["tells a time that cannot be" in note.message for note in speaker.diagnostics()] == [True]
        leave_all(hall)

    run(scene())


def test_a_game_that_says_nothing_does_not_stop_the_show() -> None:
    async def scene() -> None:
        hall = Hall()
        speaker = await new_speaker(hall)
        game = come(hall, "Stalled")
        game.mute = True
        speaker.begin()
        speaker.write(tone(3.0), RATE)
        began = VirtualClock().time()
        await watch(speaker, lambda: speaker.heard() > 1.0)
        assert VirtualClock().time() - began < 1.5
        leave_all(hall)

    run(scene())


def test_a_claim_while_the_card_plays_counts_from_the_next_utterance_on() -> None:
    async def scene() -> None:
        hall = Hall()
        game_speaker = GameSpeaker(hall, now=VirtualClock().time)
        speaker = FallbackSpeaker(game_speaker, SilentSpeaker(now=VirtualClock().time))
        await speaker.open()
        speaker.begin()
        speaker.write(tone(2.0), RATE)
        speaker.finish()
        await asyncio.sleep(0.5)
        game = come(hall, "One")
        await asyncio.sleep(0.01)
        assert not game.shown[0].has_sound
        assert "the next one is yours" in game.told("turn")[-1]["message"]
        assert [speaker.game_id] == [None]
        await watch(speaker, lambda: speaker.heard() > 2.1)
        speaker.begin()
        speaker.write(tone(2.0), RATE)
        speaker.finish()
        await watch(speaker, lambda: speaker.heard() > 1.0)
        assert [message["has"] for message in game.told("turn")] == [False, True]
        assert speaker.game_id == game.id
        assert game.shown[0].utterance == 2
        assert speaker.heard() == pytest.approx(heard_there(game), abs=0.03)
        await speaker.close()
        leave_all(hall)

    run(scene())
