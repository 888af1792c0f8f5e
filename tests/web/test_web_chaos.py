"""Minutes of everything at once, on virtual time: utterances, interrupts, pages that come, go, lie and fall silent."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import logging
import random
from collections import Counter
from typing import Any

import pytest
from babble import script
from pages import Gathering, Jukebox, Visitor
from players import ToneVoice, prepare_here
from stories import MAP
from virtual_time import VirtualClock, run

from avatar_bridge.assembly import Bridge
from avatar_bridge.audio.overlay import OverlaySpeaker
from avatar_bridge.audio.silent import SilentSpeaker
from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.drivers.overlay import OverlayDriver
from avatar_bridge.web.speech_feed import SpeechFeed


class Guest(Jukebox):
    """A page that remembers little, and whose sound is as it says."""

    def __init__(self, number: int, gathering: Gathering, rng: random.Random) -> None:
        super().__init__(
            number,
            gathering,
            latency=rng.choice([0.01, 0.03, 0.2]),
            rate=rng.choice([0.999, 1.0, 1.001]),
            mute=rng.random() < 0.2,
            streams=frozenset({"speech", "sound"}),
        )
        self.state = "unknown"
        self.turn = self.away = False

    def tell(self, message: str | bytes) -> None:
        super().tell(message)
        self.told.clear()
        if isinstance(message, str) and '"turn"' in message:
            self.turn = json.loads(message)["has"]

    def sound(self, state: str) -> None:
        self.state = state
        super().sound(state)

    def gone(self) -> None:
        self.away = True
        super().gone()

    def _take(self, message: str | bytes) -> None:
        if not self.away:
            super()._take(message)


class Storm:
    """A bridge on virtual time, beset by chance."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        clock = VirtualClock()
        self.gathering = Gathering()
        self.speaker = OverlaySpeaker(self.gathering, now=clock.time)
        self.bridge = Bridge(
            voice=ToneVoice(cost=0.03),
            speaker=self.speaker,
            drivers=[OverlayDriver(motion_map=MAP, audience=self.gathering, now=clock.time)],
            motion_map=MAP,
            clock=clock,
            preparing=prepare_here,
        )
        self.feed = SpeechFeed(self.bridge, self.gathering)
        self.bridge.follow(self.feed)
        self.gathering.attend(self.feed)
        self.witness = Visitor(0, frozenset({"speech"}), "program")
        self.gathering.join(self.witness)
        self.guests: list[Guest] = []
        self.asked: list[asyncio.Task[Any]] = []
        self.came = 0
        self.done: set[str] = set()

    def one_thing(self) -> None:
        """Let one thing happen."""
        rng = self.rng
        what = rng.choice([*"ppppiijjjlssttta"])
        guest = rng.choice(self.guests) if self.guests else None
        if what == "p":
            self.asked.append(asyncio.create_task(self.bridge.perform(script(rng, 12))))
        elif what == "i":
            self.bridge.interrupt()
        elif what == "a":
            self.bridge.act(rng.choice(["nod", "bow", "smile", "hat"]), strength=rng.random())
        elif what == "j" and len(self.guests) < 10:
            self.came += 1
            self.guests.append(Guest(self.came, self.gathering, rng))
            self.gathering.join(self.guests[-1])
            self.guests[-1].sound("running")
        elif guest is None:
            return
        elif what == "l":
            self.guests.remove(guest)
            guest.gone()
        elif what == "s":
            guest.sound(rng.choice(["running", "running", "blocked", "off", "failed"]))
        elif what == "t":
            self._lie(guest)
        self.done.add(what)

    def _lie(self, guest: Guest) -> None:
        now = asyncio.get_running_loop().time()
        start = self.rng.choice([now - 1e9, now + 1e9, now - 5, now + 5, now - 0.1, float("nan"), "soon", None])
        number = self.rng.choice([self.bridge.utterance, 0, -1, 2**40])
        self.gathering.say(guest, type="playing", utterance=number, start=start, late_ms=self.rng.random() * 1e6)

    async def watch(self) -> None:
        """Look all the time whether the sound has its one page and the playhead never goes back."""
        number, heard = 0, 0.0
        while True:
            ready = {guest.id for guest in self.guests if guest.state == "running"}
            assert (self.speaker.page_id in ready) if ready else self.speaker.page_id is None
            turns = [guest.id for guest in self.guests if guest.turn]
            assert turns == ([self.speaker.page_id] if ready else []), "another page believes that it has the sound"
            now = self.bridge.stage.heard()
            if now is not None:
                assert self.bridge.utterance > number or now >= heard - 1e-9, "the playhead went back"
                number, heard = self.bridge.utterance, now
            await asyncio.sleep(0.005)

    async def blow(self, seconds: float) -> Counter[str]:
        """Let things happen for a while, then let everybody go; return how many of what are left."""
        watching = asyncio.create_task(self.watch())
        ends = asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < ends:
            self.one_thing()
            await asyncio.sleep(self.rng.choice([0.0, 0.01, 0.05, 0.2, 0.8]))
            if watching.done():
                break
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching
        while self.guests:
            self.guests.pop().gone()
        await self.all_over()
        self.check_told()
        await self.bridge.perform("Rest.")
        await asyncio.sleep(2)
        self.witness.told.clear()
        gc.collect()
        left = (type(each) for each in gc.get_objects())
        return Counter(
            kind.__qualname__ for kind in left if str(kind.__module__).startswith(("avatar_bridge", "asyncio"))
        )

    async def all_over(self) -> None:
        """Every utterance that was asked for has its outcome."""
        async with asyncio.timeout(60):  # of virtual time
            outcomes = await asyncio.gather(*self.asked)
        assert all(outcome.interrupted or outcome.heard.complete for outcome in outcomes)
        self.asked.clear()

    def check_told(self) -> None:
        """Every utterance that was told begins, moves on and ends, one after another."""
        open_, heard = 0, 0.0
        for message in self.witness.texts():
            if message["type"] == "utterance":
                assert not open_, f"{message['utterance']} began before {open_} had ended"
                open_, heard = message["utterance"], -1e9
            elif message["type"] == "clock":
                assert message["utterance"] == open_
                assert message["heard"] >= heard
                heard = message["heard"]
            elif message["type"] == "ended":
                assert message["utterance"] == open_
                assert message["heard"] >= 0
                open_ = 0
            else:
                assert message["utterance"] == open_, "something of an utterance that is not under way"
        assert not open_


@pytest.mark.parametrize("seed", [1, 2])
def test_minutes_of_anything_leave_nothing_behind(seed: int, caplog: pytest.LogCaptureFixture) -> None:
    async def scene() -> None:
        storm = Storm(seed)
        async with storm.bridge:
            telling = asyncio.create_task(storm.feed.run())
            await storm.blow(60)
            rests = [await storm.blow(20) for _ in range(3)]
            telling.cancel()
        assert storm.done == {*"pijlsta"}
        assert storm.bridge.utterance > 80
        grown = rests[-1] - rests[0]
        grown.pop("Diagnostic", None)  # the latest of them are kept
        assert max(grown.values(), default=0) <= 3, grown  # an expression may just be held
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    with caplog.at_level(logging.WARNING):
        run(scene())
    assert caplog.messages == []


def test_of_what_goes_wrong_for_days_the_latest_is_kept() -> None:
    voice = ToneVoice()
    count = iter(range(10_000))
    voice.diagnostics = lambda: [Diagnostic(f"trouble {next(count)}") for _ in range(100)]  # type: ignore[method-assign]
    bridge = Bridge(voice=voice, speaker=SilentSpeaker(), drivers=[], motion_map=MAP)
    for _ in range(20):
        kept = bridge.troubles
    assert len(kept) == 500
    assert kept[-1].message == "trouble 1999"
