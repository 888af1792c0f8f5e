"""The OBS driver while OBS is killed, hangs and comes back, two hundred times in mid-show."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable

from avatar_bridge.core.motion.motion_map import load_motion_map
from avatar_bridge.core.vocabulary import Frame
from avatar_bridge.drivers.obs import ObsDriver
from avatar_bridge.ports import Command
from avatar_bridge.simulators.obs import ObsSimulator

ACTIONS = ("confetti", "glow", "hop", "brb", "quiet", "jingle", "key")
TABLES = {
    "confetti": 'obs.source = "Confetti"',
    "glow": 'obs.source = "Avatar"\nobs.filter = "Glow"',
    "hop": 'obs.source = "Avatar"\nobs.by_x = 40\nobs.over = 0.02',
    "brb": 'obs.scene = "BRB"\nobs.back = true\nobs.transition = "Cut"',
    "quiet": 'obs.mute = "Mic"',
    "jingle": 'obs.media = "Jingle"',
    "key": 'obs.hotkey = "OBSBasic.Screenshot"',
}
MAP = "\n".join(f'[actions.{name}]\nmeaning = "{name}"\nkind = "prop"\n{TABLES[name]}' for name in ACTIONS)
ROUNDS = 200


def at_rest(obs: ObsSimulator) -> bool:
    studio = obs.studio
    avatar, confetti = studio.item("Main", "Avatar"), studio.item("Main", "Confetti")
    placed = avatar.transform["positionX"] == 0 and not confetti.enabled
    sounds = studio.inputs["Mic"].muted is False and studio.inputs["Jingle"].media != "OBS_MEDIA_STATE_PLAYING"
    return placed and sounds and not studio.filters["Avatar"][0].enabled and studio.program == "Main"


async def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    ends = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > ends:
            raise TimeoutError("it did not come to pass")
        await asyncio.sleep(0.002)


async def trouble(obs: ObsSimulator, dice: random.Random) -> None:
    kind = dice.choice(["drop", "drop", "stall", "restart"])
    if kind == "drop":
        obs.drop()
    elif kind == "stall":
        obs.stall(dice.uniform(0.001, 0.02))
    else:
        await obs.stop()
        await asyncio.sleep(dice.uniform(0, 0.01))
        await obs.start()


async def test_two_hundred_faults_in_mid_show() -> None:
    dice = random.Random(4)
    async with ObsSimulator(password="geheim") as obs:
        driver = ObsDriver(
            motion_map=load_motion_map(MAP, source="test.toml"),
            url=obs.url,
            password="geheim",
            jitter=lambda: 4.9,  # waits of 5 to 30 ms, so that two hundred faults fit into a test
        )
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(driver.run())
            await driver.ready()
            pressed = cue = 0
            for number in range(ROUNDS):
                await until(lambda: driver.state.status == "ready")
                held = dice.sample(ACTIONS, 3)
                for name in held:
                    cue += 1
                    pressed += name == "key"
                    driver.send_command(Command("act", 0.0, name, cue))
                    driver.send_frame(Frame(0.0, {}))
                if dice.random() < 0.5:
                    await asyncio.sleep(dice.uniform(0, 0.003))
                await trouble(obs, dice)
                if dice.random() < 0.5:
                    driver.send_command(Command("reset", 0.0))
                else:
                    for back, name in enumerate(reversed(held)):
                        driver.send_command(Command("release", 0.0, name, cue - back))
                    driver.send_command(Command("act", 0.0, "key", 0))
                    pressed += 1
                if number % 40 == 39:
                    driver.send_command(Command("reset", 0.0))
                    await until(lambda: driver.state.status == "ready" and at_rest(obs))
            driver.send_command(Command("act", 0.0, "confetti", 0))
            await until(lambda: obs.studio.item("Main", "Confetti").enabled)
            assert not obs.faults
            assert 0 < len(obs.studio.pressed) <= pressed * 2
            await driver.close()
        assert at_rest(obs)
        assert obs.studio.transition == "Fade"
        refused = {each.type: each.code for each in obs.requests if each.code != 100}
        assert refused in ({}, {"SendStreamCaption": 501})


async def test_what_was_handed_over_while_ready_arrives() -> None:
    """Each key is pressed at least once though the connection breaks right after it was asked for."""
    dice = random.Random(5)
    async with ObsSimulator() as obs:
        obs.studio.hotkeys += [f"key {number}" for number in range(50)]
        text = "\n".join(
            f'[actions.k{number}]\nmeaning = "k"\nkind = "prop"\nobs.hotkey = "key {number}"' for number in range(50)
        )
        driver = ObsDriver(motion_map=load_motion_map(text, source="test.toml"), url=obs.url, jitter=lambda: 4.9)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(driver.run())
            await driver.ready()
            for number in range(50):
                await until(lambda: driver.state.status == "ready")
                driver.send_command(Command("act", 0.0, f"k{number}", number))
                await trouble(obs, dice)
            await until(lambda: f"key {49}" in obs.studio.pressed)
            await driver.close()
        firsts = list(dict.fromkeys(obs.studio.pressed))
        assert firsts == [f"key {number}" for number in range(50)]


async def test_a_hanging_obs_is_given_up_and_found_again() -> None:
    """Nothing is answered: after three seconds the connection is made anew, and close does not wait for it."""
    async with ObsSimulator() as obs:
        driver = ObsDriver(motion_map=load_motion_map(MAP, source="test.toml"), url=obs.url, jitter=lambda: 4.9)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(driver.run())
            await driver.ready()
            obs.stall()
            driver.send_command(Command("act", 0.0, "confetti", 1))
            await until(lambda: driver.state.status == "unreachable")
            assert "not answered for 3 s" in driver.state.detail
            obs.resume()
            await until(lambda: obs.studio.item("Main", "Confetti").enabled)
            obs.stall()
            await driver.close()
        assert driver.state.status == "closed"
