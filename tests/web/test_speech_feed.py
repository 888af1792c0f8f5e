"""A whole bridge with pages, on virtual time: what they are told of an utterance, and when."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import Self

import pytest
from pages import Gathering, Jukebox, Visitor, joined_sound
from players import ToneVoice, Witness, prepare_here
from stories import MAP
from virtual_time import VirtualClock, run

from avatar_bridge.assembly import Bridge
from avatar_bridge.audio.overlay import OverlaySpeaker
from avatar_bridge.drivers.overlay import OverlayDriver
from avatar_bridge.web.speech_feed import SpeechFeed

SCRIPT = "Hello there, my friend. [nod] I am glad that you came. [smile]This is fine[/smile], and it goes on and on."


class Show:
    """A bridge that plays in pages, with a witness beside it."""

    def __init__(self) -> None:
        clock = VirtualClock()
        self.gathering = Gathering()
        self.witness = Witness()
        self.bridge = Bridge(
            voice=ToneVoice(),
            speaker=OverlaySpeaker(self.gathering, now=clock.time),
            drivers=[self.witness, OverlayDriver(motion_map=MAP, audience=self.gathering, now=clock.time)],
            motion_map=MAP,
            clock=clock,
            preparing=prepare_here,
        )
        self.feed = SpeechFeed(self.bridge, self.gathering)
        self.bridge.follow(self.feed)
        self.gathering.attend(self.feed)

    async def __aenter__(self) -> Self:
        await self.bridge.__aenter__()
        self._telling = asyncio.create_task(self.feed.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._telling.cancel()
        await self.bridge.__aexit__(None, None, None)

    def come(self, number: int = 1) -> Jukebox:
        page = Jukebox(number, self.gathering)
        self.gathering.join(page)
        page.sound("running")
        return page


def kinds(page: Visitor) -> list[str]:
    return [each["type"] for each in page.texts() if each["type"] not in ("clock", "turn", "sound_end")]


def test_a_page_is_told_everything_ahead_of_its_sound() -> None:
    async def scene() -> None:
        async with Show() as show:
            page = show.come()
            outcome = await show.bridge.perform(SCRIPT)
            timeline = outcome.timeline
            told = kinds(page)
            assert told[0] == "utterance"
            assert told[-2:] == ["closed", "ended"] or told[-1] == "ended"
            first_sound = next(
                index for index, each in enumerate(page.told) if isinstance(each, bytes) and each[0] == 2
            )
            before = [each for each in page.told[:first_sound] if isinstance(each, str) and '"segment"' in each]
            assert len(before) >= 1
            segments = page.texts("segment")
            assert [each["text"] for each in segments] == [placed.text for placed in timeline.segments]
            words = [word["text"] for each in segments for word in each["words"]]
            assert words == [word.text for word in timeline.words]
            (cues,) = page.texts("cues")[-1:]
            assert [cue["name"] for cue in cues["cues"]] == ["nod", "smile"]
            assert cues["cues"][1]["released"] == pytest.approx(timeline.cues[1].released, abs=1e-3)
            ended = page.texts("ended")[0]
            assert (ended["complete"], ended["shown"]) == (True, timeline.shown)
            assert {each["utterance"] for each in page.texts() if "utterance" in each} == {1}
            assert joined_sound(page)[0] == 0

    run(scene())


def test_the_time_is_told_twenty_times_a_second_and_is_that_of_the_page_with_the_sound() -> None:
    async def scene() -> None:
        async with Show() as show:
            player = show.come(1)
            watcher = Visitor(2, frozenset({"speech"}))
            show.gathering.join(watcher)
            speaking = asyncio.create_task(show.bridge.perform(SCRIPT))
            await show.bridge.stage.until(lambda: (player.heard() or 0.0) > 2.0)
            clock = watcher.texts("clock")[-1]
            assert clock["running"]
            now = VirtualClock().time()
            assert clock["heard"] + now - clock["now"] == pytest.approx(player.heard(), abs=0.003)
            show.bridge.interrupt()
            await speaking
            clocks = watcher.texts("clock")
            assert not clocks[0]["running"]
            assert [each["now"] for each in clocks] == pytest.approx(
                [clocks[0]["now"] + 0.05 * index for index in range(len(clocks))], abs=0.005
            )
            assert all(after["heard"] >= before["heard"] for before, after in pairwise(clocks))
            told = len(watcher.told)
            await show.bridge.stage.frames(60)
            assert len(watcher.told) == told

    run(scene())


def test_a_page_that_joins_in_the_middle_learns_where_it_is() -> None:
    async def scene() -> None:
        async with Show() as show:
            player = show.come(1)
            speaking = asyncio.create_task(show.bridge.perform(SCRIPT))
            await show.bridge.stage.until(lambda: (player.heard() or 0.0) > 2.5)
            late = show.come(2)
            told = kinds(late)
            assert told[0] == "utterance"
            assert {"segment", "cues", "captions"} <= set(told)
            assert kinds(player).count("segment") == told.count("segment")
            (clock,) = late.texts("clock")
            assert clock["running"]
            assert clock["heard"] == pytest.approx(player.heard(), abs=0.003)
            await speaking
            assert late.texts("segment") == player.texts("segment")
            assert late.texts("ended") == player.texts("ended")
            after = Visitor(3, frozenset({"speech", "motion"}))
            show.gathering.join(after)
            assert after.texts() == []

    run(scene())


def test_an_interrupt_silences_first_and_ends_the_captions_at_the_last_word_heard() -> None:
    async def scene() -> None:
        async with Show() as show:
            page = show.come()
            speaking = asyncio.create_task(show.bridge.perform(SCRIPT))
            await show.bridge.stage.until(lambda: (page.heard() or 0.0) > 1.6)
            heard = show.bridge.interrupt()
            told = [each["type"] for each in page.texts()]
            assert [kind for kind in told if kind in ("stop", "reset", "ended")] == ["stop", "reset", "ended"]
            assert page.texts("ended")[0]["shown"] == heard.shown
            assert not page.texts("ended")[0]["complete"]
            captions: list[dict[str, object]] = []
            for message in page.texts("captions"):
                captions[message["from"] :] = message["captions"]
            words = [word for caption in captions for line in caption["lines"] for word in line]  # type: ignore[attr-defined]
            assert all(word["end"] <= heard.at + 1e-3 for word in words)
            assert "".join("".join(word["text"] for word in words).split()) == "".join(heard.shown.split())
            await speaking
            await show.bridge.perform("Again.")
            assert page.texts("utterance")[-1]["utterance"] == 2
            assert page.utterance == 2

    run(scene())


def test_the_latency_is_told_in_parts() -> None:
    async def scene() -> None:
        async with Show() as show:
            show.come()
            studio = Visitor(2, frozenset({"state"}), "studio")
            show.gathering.join(studio)
            await show.bridge.perform("Hello there.")
            (latency,) = studio.texts("latency")
            assert latency["voice"] == pytest.approx(100.0, abs=20.0)
            parts = sum(latency[name] for name in ("script", "voice", "prepare", "hand_over", "sound"))
            assert latency["total"] == pytest.approx(parts, abs=0.1)
            # the page begins 10 ms after the audio came and is heard 30 ms later
            assert latency["sound"] == pytest.approx(42.0, abs=5.0)

    run(scene())


def test_other_targets_follow_what_the_page_lets_hear() -> None:
    async def scene() -> None:
        async with Show() as show:
            page = show.come()
            lags: list[float] = []

            async def watch() -> None:
                while True:
                    await show.bridge.stage.frames(1)
                    position = page.heard()
                    if position is not None and 0.5 < position < 4.0:
                        mouth = show.bridge.stage.timeline and show.bridge.stage.timeline.mouth_at(position)
                        if mouth:
                            lags.append(abs(mouth.open - show.witness.frames[-1][1].values["mouth_open"]))

            watching = asyncio.create_task(watch())
            await show.bridge.perform(SCRIPT)
            watching.cancel()
            assert len(lags) > 100
            assert sorted(lags)[len(lags) * 9 // 10] < 0.1

    run(scene())
