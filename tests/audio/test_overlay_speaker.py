"""The page as the owner of time, in virtual time: what is heard there is the playhead here."""

from __future__ import annotations

import asyncio
import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pages import RATE, Gathering, Jukebox, joined_sound
from virtual_time import VirtualClock, run

from avatar_bridge.audio.overlay import OverlaySpeaker
from avatar_bridge.audio.page_playhead import PagePlayhead

VOICE = 24_000


def tone(duration: float, rate: int = VOICE) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * 220 * np.arange(round(duration * rate)) / rate)).astype(np.float32)


async def new_speaker(gathering: Gathering) -> OverlaySpeaker:
    speaker = OverlaySpeaker(gathering, now=VirtualClock().time)
    await speaker.open()
    return speaker


def come(gathering: Gathering, number: int = 1, **how: object) -> Jukebox:
    page = Jukebox(number, gathering, **how)  # type: ignore[arg-type]
    gathering.join(page)
    page.sound("running")
    return page


async def watch(speaker: OverlaySpeaker, until: Callable[[], bool], every: float = 0.005) -> list[float]:
    """Return what was heard from now on, looking often, and see that it never goes back."""
    heard = [speaker.heard()]
    while not until():
        await asyncio.sleep(every)
        heard.append(speaker.heard())
    assert all(after >= before for before, after in itertools.pairwise(heard))
    return heard


def notes(speaker: OverlaySpeaker) -> list[str]:
    return [note.message for note in speaker.diagnostics()]


@pytest.mark.parametrize("rate", [16_000, 22_050, 24_000, 44_100, 48_000])
def test_a_page_gets_the_sound_whole_in_small_pieces_without_a_seam(rate: int) -> None:
    async def scene() -> None:
        gathering = Gathering()
        speaker = await new_speaker(gathering)
        page = come(gathering)
        speaker.begin()
        sound = tone(2.0, rate)
        for part in np.array_split(sound, 7):
            speaker.write(part, rate)
        speaker.finish()
        await asyncio.sleep(0.1)
        first, played = joined_sound(page)
        assert first == 0
        assert page.ended_at == len(played) == pytest.approx(2.0 * RATE, abs=2)
        assert max(len(pcm) for _, pcm in page.played) <= RATE // 2
        steepest = 0.5 * 32767 * 2 * np.pi * 220 / RATE
        assert np.abs(np.diff(played.astype(float)[200:-200])).max() < 1.05 * steepest

    run(scene())


@pytest.mark.parametrize("latency", [0.01, 0.04, 0.35])
def test_what_is_heard_is_what_the_page_lets_hear(latency: float) -> None:
    async def scene() -> None:
        gathering = Gathering()
        speaker = await new_speaker(gathering)
        page = come(gathering, latency=latency)
        await asyncio.sleep(1.0)
        speaker.begin()
        assert -1.0 <= speaker.heard() < 0.0
        speaker.write(tone(3.0), VOICE)
        speaker.finish()
        assert speaker.heard() < 0.0
        await watch(speaker, lambda: page.heard() is not None)
        while (page.heard() or 0.0) < 2.99:
            assert speaker.heard() == pytest.approx(page.heard(), abs=0.002)
            assert speaker.queued() == pytest.approx(3.0 - speaker.heard(), abs=0.002)
            await asyncio.sleep(0.017)
        await watch(speaker, lambda: speaker.heard() >= 3.4)
        assert notes(speaker) == []

    run(scene())


def test_the_second_utterance_expects_what_the_first_one_took() -> None:
    async def scene() -> None:
        gathering = Gathering()
        speaker = await new_speaker(gathering)
        page = come(gathering, latency=0.2)
        for _ in range(2):
            speaker.begin()
            expected = speaker.heard()
            speaker.write(tone(0.5), VOICE)
            speaker.finish()
            await watch(speaker, lambda: speaker.heard() > 0.6)
        assert expected == pytest.approx(-(0.2 + 0.01 + 0.002), abs=0.003)
        assert page.utterance == 2

    run(scene())


@pytest.mark.parametrize("rate", [1.0001, 0.9999, 1.0008])
def test_a_drifting_page_is_followed(rate: float) -> None:
    async def scene() -> None:
        gathering = Gathering()
        speaker = await new_speaker(gathering)
        page = come(gathering, rate=rate)
        speaker.begin()
        speaker.write(tone(1.0), VOICE)
        written = 1.0
        worst = 0.0
        while written < 120.0:
            if speaker.queued() < 5.0:
                speaker.write(tone(2.0), VOICE)
                written += 2.0
            await asyncio.sleep(0.05)
            heard = page.heard()
            if heard is not None:
                worst = max(worst, abs(speaker.heard() - heard))
        assert worst < 0.002
        assert notes(speaker) == []

    run(scene())


@pytest.mark.parametrize("gap", [0.004, 0.05, 2.0])
def test_it_stands_still_while_the_queue_is_dry_and_until_the_page_plays_on(gap: float) -> None:
    async def scene() -> None:
        gathering = Gathering()
        speaker = await new_speaker(gathering)
        page = come(gathering)
        speaker.begin()
        speaker.write(tone(1.0, RATE), RATE)
        await watch(speaker, lambda: speaker.heard() >= 1.0 - 1e-9)
        await asyncio.sleep(gap)
        assert speaker.heard() == pytest.approx(1.0)
        assert speaker.queued() == 0.0
        speaker.write(tone(1.0, RATE), RATE)
        speaker.finish()
        while (page.heard() or 0.0) < 1.95:
            await asyncio.sleep(0.003)
            assert speaker.heard() == pytest.approx(max(1.0, page.heard() or 0.0), abs=0.012)
        await watch(speaker, lambda: speaker.heard() >= 2.0)
        assert [note for note in notes(speaker) if "late to the page" in note]

    run(scene())


def test_a_late_piece_shifts_the_rest_and_is_told_once() -> None:
    async def scene() -> None:
        gathering = Gathering()
        speaker = await new_speaker(gathering)
        page = come(gathering, latency=0.1)
        speaker.begin()
        for _ in range(3):
            speaker.write(tone(0.5, RATE), RATE)
            await asyncio.sleep(0.56)
        speaker.finish()
        await watch(speaker, lambda: speaker.heard() > 1.6)
        assert page.late_ms > 20.0
        (note,) = notes(speaker)
        assert "late to the page" in note

    run(scene())


def test_without_any_page_the_wall_clock_goes_on_and_it_is_said_once() -> None:
    async def scene() -> None:
        speaker = await new_speaker(Gathering())
        for _ in range(2):
            speaker.begin()
            speaker.write(tone(0.5, RATE), RATE)
            began = VirtualClock().time()
            assert speaker.heard() == pytest.approx(0.0)
            await asyncio.sleep(0.2)
            assert speaker.heard() == pytest.approx(0.2)
            await asyncio.sleep(1.0)
            assert speaker.heard() == pytest.approx(0.5)
            speaker.write(tone(0.5, RATE), RATE)
            speaker.finish()
            await asyncio.sleep(0.6)
            assert speaker.heard() == pytest.approx(1.1)
            assert VirtualClock().time() - began == pytest.approx(1.8)
        (note,) = notes(speaker)
        assert "no page plays the sound" in note

    run(scene())


def test_a_page_that_leaves_hands_over_to_the_next_from_the_playhead_on() -> None:
    async def scene() -> None:
        gathering = Gathering()
        speaker = await new_speaker(gathering)
        one, two = come(gathering, 1), come(gathering, 2, latency=0.06)
        assert speaker.page_id == 1
        speaker.begin()
        speaker.write(tone(6.0, RATE), RATE)
        speaker.finish()
        await watch(speaker, lambda: speaker.heard() > 2.0)
        assert not two.played
        at = speaker.heard()
        one.gone()
        assert speaker.page_id == 2
        await watch(speaker, lambda: two.ended_at is not None and (two.heard() or 0.0) > at + 0.1)
        assert joined_sound(two)[0] == pytest.approx(at * RATE, abs=1)
        assert two.ended_at == 6 * RATE
        while (two.heard() or 0.0) < 5.9:
            await asyncio.sleep(0.05)
            assert speaker.heard() == pytest.approx(two.heard(), abs=0.002)
        await watch(speaker, lambda: speaker.heard() > 6.0)

    run(scene())


def test_the_last_page_leaves_and_one_comes_back() -> None:
    async def scene() -> None:
        gathering = Gathering()
        speaker = await new_speaker(gathering)
        page = come(gathering, 1)
        speaker.begin()
        speaker.write(tone(8.0, RATE), RATE)
        await watch(speaker, lambda: speaker.heard() > 1.0)
        page.gone()
        at, heard = VirtualClock().time(), speaker.heard()
        assert speaker.page_id is None
        await watch(speaker, lambda: VirtualClock().time() > at + 1.0)
        assert speaker.heard() - heard == pytest.approx(VirtualClock().time() - at, abs=1e-6)
        again = come(gathering, 2)
        back = speaker.heard()
        await watch(speaker, lambda: (again.heard() or 0.0) > back + 0.1)
        assert speaker.heard() == pytest.approx(again.heard(), abs=0.002)
        assert joined_sound(again)[0] == pytest.approx(back * RATE, abs=1)
        assert ["no page plays" in note for note in notes(speaker)] == [True]

    run(scene())


def test_a_page_that_never_answers_does_not_stop_the_show() -> None:
    async def scene() -> None:
        gathering = Gathering()
        speaker = await new_speaker(gathering)
        page = come(gathering, mute=True)
        speaker.begin()
        speaker.write(tone(3.0, RATE), RATE)
        began = VirtualClock().time()
        await watch(speaker, lambda: speaker.heard() > 1.0)
        assert VirtualClock().time() - began == pytest.approx(1.3, abs=0.02)
        page.mute = False
        await watch(speaker, lambda: VirtualClock().time() > began + 2.5)
        assert speaker.heard() == pytest.approx(page.heard(), abs=0.002)

    run(scene())


def test_a_page_whose_sound_is_blocked_does_not_play() -> None:
    async def scene() -> None:
        gathering = Gathering()
        speaker = await new_speaker(gathering)
        page = Jukebox(1, gathering)
        gathering.join(page)
        page.sound("blocked")
        assert speaker.page_id is None
        speaker.begin()
        speaker.write(tone(3.0, RATE), RATE)
        await watch(speaker, lambda: speaker.heard() > 1.0)
        assert "blocks" in notes(speaker)[0]
        page.sound("running")
        assert speaker.page_id == 1
        await watch(speaker, lambda: (page.heard() or 0.0) > 1.5)
        assert speaker.heard() == pytest.approx(page.heard(), abs=0.002)
        page.sound("failed")
        await asyncio.sleep(0.01)
        assert speaker.page_id is None
        assert not page.has_turn

    run(scene())


def test_a_stop_silences_the_page_and_the_next_utterance_starts_clean() -> None:
    async def scene() -> None:
        gathering = Gathering()
        speaker = await new_speaker(gathering)
        page = come(gathering)
        speaker.begin()
        speaker.write(tone(5.0, RATE), RATE)
        await watch(speaker, lambda: speaker.heard() > 1.0)
        heard = speaker.stop()
        assert heard == pytest.approx(page.heard(), abs=0.002)
        assert page.texts()[-1] == {"type": "stop", "utterance": 1}
        await asyncio.sleep(0.5)
        assert page.heard() is None
        assert speaker.heard() == heard
        assert speaker.queued() == 0.0
        told = len(page.told)
        speaker.write(tone(1.0, RATE), RATE)
        speaker.finish()
        assert len(page.told) == told
        speaker.begin()
        speaker.write(tone(1.0, RATE), RATE)
        speaker.finish()
        await watch(speaker, lambda: speaker.heard() > 1.1)
        assert page.utterance == 2
        assert joined_sound(page)[0] == 0

    run(scene())


def test_a_long_silence_is_not_sent_all_at_once_and_comes_whole() -> None:
    async def scene() -> None:
        gathering = Gathering()
        speaker = await new_speaker(gathering)
        one, two = come(gathering, 1), come(gathering, 2)
        speaker.begin()
        speaker.write(np.zeros(90 * RATE, np.float32), RATE)
        speaker.finish()
        await asyncio.sleep(0.1)
        assert sum(len(pcm) for _, pcm in one.played) <= 17 * RATE
        await watch(speaker, lambda: speaker.heard() > 40.0, every=1 / 60)
        one.gone()
        await watch(speaker, lambda: speaker.heard() > 90.1, every=1 / 60)
        first, sound = joined_sound(two)
        assert first == pytest.approx(40 * RATE, rel=0.01)
        assert two.ended_at == first + len(sound) == 90 * RATE
        assert notes(speaker) == []
        assert two.late_ms == 0.0

    run(scene())


LIES = [
    {"start": math.nan},
    {"start": math.inf},
    {"start": "soon"},
    {"start": True},
    {"start": None},
    {"start": -1e9},
    {"start": 1e9},
    {"utterance": -1},
    {"utterance": 99},
    {"utterance": "one"},
    {"late_ms": math.nan},
]


@pytest.mark.parametrize("lie", LIES, ids=str)
def test_a_page_that_lies_is_not_believed(lie: dict[str, object]) -> None:
    async def scene() -> None:
        gathering = Gathering()
        speaker = await new_speaker(gathering)
        page = come(gathering)
        speaker.begin()
        speaker.write(tone(3.0, RATE), RATE)
        await watch(speaker, lambda: speaker.heard() > 1.0)
        truth = {"type": "playing", "utterance": 1, "start": VirtualClock().time() - 1.0, "late_ms": 0.0}
        for _ in range(3):
            gathering.say(page, **(truth | lie))
        assert len(notes(speaker)) == (0 if lie.get("utterance") == 99 else 1)
        await watch(speaker, lambda: speaker.heard() > 2.0)
        assert speaker.heard() == pytest.approx(page.heard(), abs=0.002)

    run(scene())


def test_another_page_cannot_tell_the_time() -> None:
    async def scene() -> None:
        gathering = Gathering()
        speaker = await new_speaker(gathering)
        page, other = come(gathering, 1), come(gathering, 2)
        speaker.begin()
        speaker.write(tone(3.0, RATE), RATE)
        await watch(speaker, lambda: speaker.heard() > 1.0)
        gathering.say(other, type="playing", utterance=1, start=VirtualClock().time() - 0.5)
        await asyncio.sleep(0.1)
        assert speaker.heard() == pytest.approx(page.heard(), abs=0.002)

    run(scene())


def test_an_utterance_without_sound_is_over_by_the_wall_clock() -> None:
    async def scene() -> None:
        gathering = Gathering()
        speaker = await new_speaker(gathering)
        come(gathering)
        speaker.begin()
        speaker.finish()
        assert speaker.heard() >= 0.0
        await asyncio.sleep(0.5)
        assert speaker.heard() == pytest.approx(0.5)

    run(scene())


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["write", "report", "old report", "give", "take", "finish", "nothing"]),
        st.floats(0.0, 0.6),
        st.floats(-0.2, 0.2),
    ),
    max_size=30,
)


@settings(max_examples=150, deadline=None)
@given(STEPS, st.booleans())
def test_the_playhead_never_goes_back_and_never_beyond_what_was_written(
    steps: list[tuple[str, float, float]], paged: bool
) -> None:
    playhead = PagePlayhead(paged=paged)
    now, before = 100.0, -math.inf
    for what, wait, amount in steps:
        match what:
            case "write" if not playhead.finished:
                playhead.write(now, 0.3)
            case "report":
                playhead.report(now, now - max(playhead.heard(now), 0.0) + amount)
            case "old report":
                playhead.report(now, now - 50.0)
            case "give":
                playhead.give(now)
            case "take":
                playhead.take(now)
            case "finish":
                playhead.finish(now)
            case _:
                pass
        for _ in range(3):
            heard = playhead.heard(now)
            assert heard >= before
            assert playhead.finished or heard <= playhead.written
            before = heard
            now += wait / 3
    playhead.finish(now)
    playhead.heard(now + 1.0)
    assert playhead.heard(now + playhead.written + 2.0) >= playhead.written
    assert playhead.stop(now + 10.0) == playhead.heard(now + 11.0)
