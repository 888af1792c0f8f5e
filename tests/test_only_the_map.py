"""Whoever writes the script, only what the motion map says can happen at a target: a tag's options reach no field."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from players import ToneVoice, Witness, prepare_here
from virtual_time import VirtualClock, run
from websockets.asyncio.client import ClientConnection

from avatar_bridge.assembly import Bridge
from avatar_bridge.audio.silent import SilentSpeaker
from avatar_bridge.core.motion.motion_map import load_motion_map
from avatar_bridge.drivers.nizima import NizimaDriver
from avatar_bridge.drivers.obs import ObsDriver
from avatar_bridge.drivers.osc_socket import OscSocket
from avatar_bridge.drivers.vnyan import VNyanDriver
from avatar_bridge.drivers.vrchat import VRChatDriver
from avatar_bridge.drivers.warudo import WarudoDriver
from avatar_bridge.ports import Command, Driver
from avatar_bridge.simulators.nizima import NizimaSimulator
from avatar_bridge.simulators.obs import ObsSimulator
from avatar_bridge.simulators.vnyan import VNyanSimulator
from avatar_bridge.simulators.vrchat import VRChatSimulator
from avatar_bridge.simulators.warudo import WarudoSimulator
from avatar_bridge.wire.obs_deeds import KEYS

MAP = load_motion_map(
    """
[actions.confetti]
meaning = "confetti"
kind = "prop"
duration = 1
obs.source = "Confetti"
vts.hotkey = "Confetti"
nizima.hotkey = "F1"
warudo.action = "confetti"
vnyan.command = "Confetti"
vrchat.parameter = "Glow"
vmc.blend = "Joy"
game.trigger = "Confetti"
[actions.scene]
meaning = "an action that is called as a field is"
kind = "scene"
obs.scene = "Just Chatting"
vts.hotkey = "Scene"
nizima.hotkey = "F2"
warudo.action = "scene"
vnyan.command = "Scene"
vrchat.parameter = "Wave"
vmc.blend = "Fun"
game.trigger = "Scene"
""",
    source="map.toml",
)
TARGETS = ("obs", "vts", "nizima", "warudo", "vnyan", "vrchat", "vmc", "game")
STAIN = "zqx"
ELSEWHERE = (
    "hotkey motion expression action data release command value parameter blend trigger fields url password token"
)
FIELDS = (*KEYS, *ELSEWHERE.split(), "obs.scene", "requestType", "for", "strength")
VALUES = (
    "BRB",
    f"{STAIN} BRB",
    f"../{STAIN}",
    f"{{{STAIN}}}",
    f"{STAIN}\\n{STAIN}",
    "-1",
    "1e9",
    "nan",
    "true",
    "5s",
    "",
)


def quoted(value: str, mark: str) -> str:
    return f"{mark}{value}{mark}"


options = st.builds(
    lambda key, value, mark: f"{key}={quoted(value, mark)}",
    st.sampled_from(FIELDS),
    st.sampled_from(VALUES),
    st.sampled_from(["", '"', "'"]),
)
names = st.sampled_from(["confetti", "scene", "obs", "SetCurrentProgramScene", f"{STAIN}", "reset", "act", "obs.scene"])


def square(name: str, given: Sequence[str]) -> str:
    return f"[{' '.join([name, *given])}]"


def angled(name: str, given: Sequence[str]) -> str:
    return f"<{name} {' '.join(each.replace(chr(39), chr(34)) for each in given)}/>"


def acted(name: str, given: Sequence[str]) -> str:
    fields = dict(each.split("=", 1) for each in given)
    return f"<|ACT {json.dumps({'emotion': name, 'motion': name, **fields})}|>"


written: st.SearchStrategy[Callable[[str, Sequence[str]], str]] = st.sampled_from([square, angled, acted])
tags = st.builds(lambda form, name, given: form(name, given), written, names, st.lists(options, max_size=3))
scripts = st.lists(tags, min_size=1, max_size=6).map(lambda found: "".join(f"One {tag} two. " for tag in found))


def told(script: str) -> dict[str, Witness]:
    """Return what each kind of target is told of a script."""

    async def scene() -> dict[str, Witness]:
        clock = VirtualClock()
        drivers: dict[str, Witness] = {}
        for target in TARGETS:
            kind: type[Witness] = type("Target", (Witness,), {"target": target})
            drivers[target] = kind(name=target, native=frozenset(MAP.actions), now=clock.time)
        async with Bridge(
            voice=ToneVoice(),
            speaker=SilentSpeaker(now=clock.time),
            drivers=list(drivers.values()),
            motion_map=MAP,
            clock=clock,
            preparing=prepare_here,
        ) as bridge:
            await bridge.perform(script)
        return drivers

    return run(scene())


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(scripts)
def test_a_target_gets_the_maps_own_fields_whatever_the_tags_say(script: str) -> None:
    for target, witness in told(script).items():
        for _, command in witness.commands:
            assert command.kind in ("act", "release", "reset")
            if command.kind == "reset":
                assert not command.action
                continue
            assert command.fields == MAP.actions[command.action].targets[target]
            assert 0.0 <= command.strength <= 1.0
            assert command.duration is None or 0.0 <= command.duration < 1e6
            assert STAIN not in repr(command)


HOSTILE = " ".join(
    form(name, [f'{key}="{STAIN}-{key}"', f'{other}="BRB"'])
    for form in (square, angled)
    for name in ("confetti", "scene", "obs")
    for key, other in (("scene", "source"), ("command", "value"), ("parameter", "data"), ("hotkey", "action"))
)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - what is waited for happens in a stand-in without events
            await asyncio.sleep(0.005)


async def driven(driver: Driver, commands: Sequence[Command], done: Callable[[], bool]) -> None:
    """Hand a running driver the commands, until its target did the map's two actions."""
    running = asyncio.create_task(driver.run())
    await driver.ready()
    await until(lambda: driver.state.status == "ready")
    try:
        for kind in ("act", "release", "reset"):
            for command in commands:
                if command.kind == kind:
                    driver.send_command(command)
            await until(done)
    finally:
        await driver.close()
        running.cancel()
        await asyncio.wait({running}, timeout=5)


@pytest.mark.parametrize("target", ["obs", "nizima", "warudo", "vnyan", "vrchat"])
def test_no_byte_of_a_tags_options_reaches_a_target(
    target: str, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    sent: list[str] = []
    commands = [command for _, command in told(f"One two. {HOSTILE} three.")[target].commands]
    assert {command.action for command in commands if command.kind == "act"} == {"confetti", "scene"}
    send, say = ClientConnection.send, OscSocket.send

    async def hear(self: ClientConnection, message: Any, *more: Any, **options: Any) -> None:
        sent.append(message if isinstance(message, str) else repr(message))
        await send(self, message, *more, **options)

    def overhear(self: OscSocket, *given: Any, **options: Any) -> Any:
        sent.append(repr(given))
        return say(self, *given, **options)

    monkeypatch.setattr(ClientConnection, "send", hear)
    monkeypatch.setattr(OscSocket, "send", overhear)

    def seen(*words: str) -> bool:
        return all(any(word in each for each in sent) for word in words)

    async def scene() -> None:
        if target == "obs":
            async with ObsSimulator() as obs:
                driver: Driver = ObsDriver(motion_map=MAP, url=obs.url)
                await driven(driver, commands, lambda: seen("SetSceneItemEnabled", "Just Chatting"))
                scenes = {each.data.get("sceneName") for each in obs.requests if each.type == "SetCurrentProgramScene"}
                assert scenes <= {"Just Chatting", "Main"}
        elif target == "nizima":
            async with NizimaSimulator() as nizima:
                token = tmp_path_factory.mktemp("nizima") / "token.json"
                driver = NizimaDriver(motion_map=MAP, url=nizima.url, token_path=token)
                await driven(driver, commands, lambda: seen('"F1"', '"F2"'))
        elif target == "warudo":
            async with WarudoSimulator(port=0) as warudo:
                driver = WarudoDriver(motion_map=MAP, url=warudo.url, motion=False)
                await driven(driver, commands, lambda: {each.name for each in warudo.actions} == {"confetti", "scene"})
        elif target == "vnyan":
            async with VNyanSimulator(port=0) as vnyan:
                driver = VNyanDriver(motion_map=MAP, url=vnyan.url, motion=False)
                await driven(driver, commands, lambda: {each.name for each in vnyan.commands} == {"Confetti", "Scene"})
        else:
            async with VRChatSimulator(port=0, tell=0) as vrchat:
                driver = VRChatDriver(motion_map=MAP, url=vrchat.url, listen=0)
                await driven(driver, commands, lambda: seen("Glow", "Wave"))

    asyncio.run(scene())
    assert sent
    assert [each for each in sent if STAIN in each] == []
