"""The beat and the body: cues at their own time between frames, frames at 60 Hz, one act to end everything."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import numpy as np
import pytest
from players import Witness, new_mixer
from stories import MAP, performed
from virtual_time import VirtualClock, run

from avatar_bridge.audio.silent import SilentSpeaker
from avatar_bridge.core.timeline.timeline import Timeline
from avatar_bridge.core.vocabulary import Samples
from avatar_bridge.stage.body import Body
from avatar_bridge.stage.stage import FRAME, Stage

RATE = 1000
SCRIPT = "one two three [hat] four five [nod] six seven, [smile]eight nine[/smile] ten"


class Halting(SilentSpeaker):
    """A speaker whose playhead can stand still."""

    def __init__(self) -> None:
        super().__init__(now=self._elapsed)
        self.lost = 0.0
        self.stands: float | None = None

    def _elapsed(self) -> float:
        now = VirtualClock().time() if self.stands is None else self.stands
        return now - self.lost

    def halt(self) -> None:
        self.stands = VirtualClock().time()

    def go_on(self) -> None:
        assert self.stands is not None
        self.lost += VirtualClock().time() - self.stands
        self.stands = None


def silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * RATE), np.float32)


def stage_of(*drivers: Witness) -> tuple[Stage, Halting]:
    speaker = Halting()
    return Stage([Body(driver, new_mixer()) for driver in drivers], speaker, VirtualClock()), speaker


async def start(stage: Stage, speaker: SilentSpeaker, timeline: Timeline) -> asyncio.Task[None]:
    stage.begin(timeline)
    speaker.write(silence(timeline.duration), RATE)
    speaker.finish()
    return asyncio.create_task(stage.run())


@pytest.mark.parametrize("lead", [0.0, 0.037, 0.2])
def test_each_cue_is_dispatched_to_the_moment_and_frames_keep_their_beat(lead: float) -> None:
    async def scene() -> None:
        driver = Witness(native=frozenset({"hat", "smile"}), lead=lead)
        stage, speaker = stage_of(driver)
        timeline = performed(SCRIPT)
        beat = await start(stage, speaker, timeline)
        await stage.until(stage.spoken_out)
        hat, _, smile = timeline.cues
        times = [at for at, command in driver.commands if command.kind == "act"]
        assert times == pytest.approx([hat.start - lead, smile.start - lead], abs=1e-6)
        released = {command.action: at for at, command in driver.commands if command.kind == "release"}
        assert smile.released is not None
        assert released["smile"] == pytest.approx(smile.released - lead, abs=1e-6)
        assert [fired.late_ms for fired in stage.bodies[0].fired] == pytest.approx([0.0] * 3, abs=1e-3)
        gaps = [after - before for before, after in pairwise(at for at, _ in driver.frames)]
        assert gaps == pytest.approx([FRAME] * len(gaps), abs=1e-6)
        beat.cancel()

    run(scene())


def test_a_playhead_that_stands_still_holds_the_cues_and_not_the_frames() -> None:
    async def scene() -> None:
        driver = Witness(native=frozenset({"hat"}))
        stage, speaker = stage_of(driver)
        timeline = performed(SCRIPT)
        beat = await start(stage, speaker, timeline)
        await stage.until(lambda: (stage.heard() or 0.0) > 0.9)
        speaker.halt()
        before = len(driver.frames)
        await stage.frames(120)
        assert len(driver.frames) == before + 120
        assert driver.commands == []
        speaker.go_on()
        await stage.until(stage.spoken_out)
        at, command = driver.commands[0]
        assert command.action == "hat"
        assert at == pytest.approx(timeline.cues[0].start + speaker.lost, abs=FRAME)
        beat.cancel()

    run(scene())


def test_a_late_beat_skips_frames_and_doubles_none() -> None:
    async def scene() -> None:
        driver = Witness()
        stage, speaker = stage_of(driver)
        beat = await start(stage, speaker, performed(SCRIPT))
        await stage.frames(3)
        loop = asyncio.get_running_loop()
        loop._virtual.now += 0.25  # type: ignore[attr-defined]
        await stage.frames(3)
        times = [at for at, _ in driver.frames]
        gaps = [after - before for before, after in pairwise(times)]
        assert max(gaps) > 0.2
        assert min(gaps) > FRAME / 2
        assert all(abs(at / FRAME - round(at / FRAME)) < 0.01 for at in times[-2:]), "back on the old beat"
        beat.cancel()

    run(scene())


def test_an_interrupt_gives_one_reset_and_one_closed_frame_to_each_body_at_once() -> None:
    async def scene() -> None:
        drivers = Witness(name="one", native=frozenset({"hat"})), Witness(name="two")
        stage, speaker = stage_of(*drivers)
        timeline = performed("[hat] " + SCRIPT)
        beat = await start(stage, speaker, timeline)
        await stage.until(lambda: (stage.heard() or 0.0) > 1.0)
        counts = [(len(driver.frames), len(driver.commands)) for driver in drivers]
        heard = stage.interrupt()
        assert heard == pytest.approx(1.0, abs=0.02)
        for driver, (frames, commands) in zip(drivers, counts, strict=True):
            assert [command.kind for _, command in driver.commands[commands:]] == ["reset"]
            assert len(driver.frames) == frames + 1
            assert driver.frames[-1][1].values["mouth_open"] == 0.0
        assert stage.spoken_out()
        assert stage.heard() is None
        await stage.frames(60)
        for driver in drivers:
            assert driver.commands[-1][1].kind == "reset"
            assert all(frame.values["mouth_open"] == 0.0 for _, frame in driver.frames[-60:])
        beat.cancel()

    run(scene())


def test_waiting_ends_within_a_frame_and_may_be_given_up() -> None:
    async def scene() -> None:
        stage, speaker = stage_of(Witness())
        beat = await start(stage, speaker, performed(SCRIPT))
        given_up = asyncio.ensure_future(stage.until(lambda: False))
        await stage.frames(1)
        given_up.cancel()
        opened = False
        waiting = asyncio.ensure_future(stage.until(lambda: opened))
        await stage.frames(2)
        assert not waiting.done()
        opened = True
        before = VirtualClock().time()
        await waiting
        assert VirtualClock().time() - before <= FRAME + 1e-6
        await stage.until(lambda: True)
        beat.cancel()

    run(scene())


def test_actions_outside_a_script_end_by_themselves_and_with_an_interrupt() -> None:
    async def scene() -> None:
        driver = Witness(native=frozenset({"hat"}))
        stage, _ = stage_of(driver)
        beat = asyncio.create_task(stage.run())
        (body,) = stage.bodies
        body.act(MAP.actions["hat"], VirtualClock().time(), duration=0.5)
        await stage.frames(20)
        assert [command.kind for _, command in driver.commands] == ["act"]
        await stage.frames(20)
        assert [command.kind for _, command in driver.commands] == ["act", "release"]
        body.act(MAP.actions["smile"], VirtualClock().time())
        await stage.frames(60)
        assert driver.frames[-1][1].values["mouth_smile"] > 0.3
        stage.interrupt()
        await stage.frames(60)
        assert driver.frames[-1][1].values["mouth_smile"] == pytest.approx(0.0, abs=0.05)
        beat.cancel()

    run(scene())
