"""The overlay's driver: frames and clips for whoever looks, nothing where nobody does."""

from __future__ import annotations

import struct
from dataclasses import replace

import pytest
from pages import Gathering, Visitor
from virtual_time import VirtualClock, run

from avatar_bridge.core.motion.motion_map import MotionMap, load_motion_map
from avatar_bridge.core.vocabulary import Frame
from avatar_bridge.drivers.overlay import OverlayDriver
from avatar_bridge.ports import Adopter, Command, Driver

MAP: MotionMap = load_motion_map(
    """
name = "clips"
[actions.wave]
meaning = "hello"
kind = "gesture"
duration = 1.0
keyframes.head_roll = [[0.0, 0], [0.5, 5], [1.0, 0]]
overlay.clip = "wave.vrma"
[actions.bow]
meaning = "thanks"
kind = "gesture"
duration = 1.0
keyframes.body_pitch = [[0.0, 0], [0.5, -5], [1.0, 0]]
overlay.clip = "bowing"
[actions.nod]
meaning = "yes"
kind = "gesture"
duration = 1.0
keyframes.head_pitch = [[0.0, 0], [0.5, -5], [1.0, 0]]
""",
    source="clips.toml",
)
CLIPS = {"wave": "/v1/clips/wave.vrma", "bowingg": "/v1/clips/bowingg.vrma"}


def driver_of(gathering: Gathering, **how: object) -> OverlayDriver:
    return OverlayDriver(motion_map=MAP, audience=gathering, clips=CLIPS, now=lambda: 100.0, **how)  # type: ignore[arg-type]


def come(gathering: Gathering, number: int = 1, *streams: str) -> Visitor:
    page = Visitor(number, frozenset(streams or ("motion",)))  # type: ignore[arg-type]
    gathering.join(page)
    return page


def test_it_is_a_driver_and_knows_what_pages_can_play() -> None:
    driver = driver_of(Gathering())
    assert isinstance(driver, Driver)
    assert driver.abilities.actions == {"wave"}
    (missing,) = driver.abilities.diagnostics
    assert "'bow'" in missing.message
    assert missing.suggestion == "did you mean 'bowingg'?"


def test_frames_go_to_whoever_looks_and_are_stamped_with_when_they_are_seen() -> None:
    gathering = Gathering()
    driver = driver_of(gathering)
    frame = Frame(50.0, {"head_yaw": 5.0, "left_hand_z": 12.5})
    driver.send_frame(frame)
    looker, reader = come(gathering, 1), come(gathering, 2, "speech")
    driver.send_frame(frame)
    driver.send_frame(frame)
    assert reader.told == []
    heads = [struct.unpack_from("<BBHId", told) for told in looker.told if isinstance(told, bytes)]
    assert heads == [(1, 0, 1, 1, pytest.approx(50.04)), (1, 0, 1, 2, pytest.approx(50.04))]
    assert driver.state.sent_frames == 2


def test_clips_are_played_at_their_time_and_everything_else_goes_as_channels() -> None:
    gathering = Gathering()
    driver = driver_of(gathering, lead=0.1)
    page = come(gathering)
    driver.send_command(Command("act", 1.0, "wave", 3, 0.5, 2.0))
    driver.send_command(Command("act", 1.0, "nod"))
    driver.send_command(Command("release", 2.0, "wave"))
    driver.send_command(Command("release", 2.0, "nod"))
    driver.send_command(Command("reset", 0.0))
    assert page.texts() == [
        {
            "type": "act",
            "action": "wave",
            "url": "/v1/clips/wave.vrma",
            "at": 100.1,
            "strength": 0.5,
            "duration": 2.0,
        },
        {"type": "release", "action": "wave", "at": 100.1},
        {"type": "reset"},
    ]


def test_another_map_is_gone_over_to_while_it_runs() -> None:
    gathering = Gathering()
    driver = driver_of(gathering)
    page = come(gathering)
    bow = MAP.actions["bow"].model_copy(update={"targets": {"overlay": {"clip": "bowingg"}}})
    driver.adopt(replace(MAP, actions={"bow": bow}))
    assert isinstance(driver, Adopter)
    assert driver.abilities.actions == {"bow"}
    assert driver.abilities.diagnostics == ()
    assert page.texts() == [{"type": "release", "action": "wave", "at": 100.04}], "what plays it ends"
    driver.send_command(Command("act", 1.0, "bow"))
    assert page.texts()[-1]["url"] == "/v1/clips/bowingg.vrma"


def test_its_state_tells_of_pages_and_their_problems() -> None:
    gathering = Gathering()
    driver = driver_of(gathering)
    assert driver.state.status == "waiting"
    assert "open its address" in driver.state.detail
    page, other = come(gathering, 1), come(gathering, 2)
    come(gathering, 3, "speech")
    gathering.say(page, type="report", ready=False, problems=[{"message": "no mouth", "suggestion": "another model"}])
    gathering.say(other, type="report", ready=True, problems=[{"message": "no mouth", "suggestion": "another model"}])
    gathering.say(other, type="report", ready="perhaps")
    assert (driver.state.status, driver.state.detail) == ("ready", "2 pages are open, 1 of them still loading.")
    assert [note.message for note in driver.state.diagnostics][1:] == ["no mouth"]
    gathering.leave(page)
    assert driver.state.detail == "1 page is open."
    gathering.leave(other)
    assert driver.state.status == "waiting"
    assert len(driver.state.diagnostics) == 1


def test_it_does_not_hold_up_a_show() -> None:
    async def scene() -> None:
        gathering = Gathering()
        driver = driver_of(gathering)
        began = VirtualClock().time()
        assert not await driver.ready()
        assert VirtualClock().time() - began <= 0.5
        page = come(gathering)
        began = VirtualClock().time()
        assert await driver.ready()
        assert VirtualClock().time() == began
        await driver.close()
        await driver.close()
        assert page.texts() == [{"type": "reset"}]
        assert driver.state.status == "closed"

    run(scene())
