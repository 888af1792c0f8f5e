"""A real show to the reference client: all that either side really sends holds against the published schema."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from game_client import GameClient
from game_schemas import judged
from players import ToneVoice, prepare_here
from stories import MAP

from avatar_bridge.assembly import Bridge
from avatar_bridge.audio.game import GameSpeaker
from avatar_bridge.drivers.game import GameDriver
from avatar_bridge.settings import WebSettings
from avatar_bridge.web import Server, WebAudience, WebGames

SCRIPT = "Hi [nod]there! [smile]Bye[/smile] now."


@asynccontextmanager
async def staged() -> AsyncIterator[tuple[Bridge, Server]]:
    games = WebGames()
    speaker = GameSpeaker(games)
    driver = GameDriver(motion_map=MAP, games=games, holder=lambda: speaker.game_id)
    bridge = Bridge(
        voice=ToneVoice(cost=0.0), speaker=speaker, drivers=[driver], motion_map=MAP, preparing=prepare_here
    )
    server = Server(bridge, WebAudience(), WebSettings(port=0, avatar="svg"), games=games)
    async with bridge, server:
        yield bridge, server


@pytest.mark.parametrize("owner", [True, False])
async def test_all_that_is_sent_in_a_show_holds_against_the_schema(owner: bool) -> None:
    async with staged() as (bridge, server):
        named = [{"name": "", "sound": owner, "actions": ["nod"]}]
        async with GameClient(server.game_address, server.token, characters=named) as game:
            if owner:
                assert (await game.hear("turn"))["has"] is True
            await game.send("event", name="player_near", character=0, data={"distance": 1.5})
            await game.send("act", character=0, action="nod", strength=0.5, id="a1")
            assert (await game.hear("result"))["ok"] is True
            speaking = asyncio.create_task(bridge.perform(SCRIPT))
            await game.hear("ended")
            await speaking
            speaking = asyncio.create_task(bridge.perform("This one [smile]is broken off. It never comes to its end."))
            await game.hear("cues", utterance=2)
            await game.hear("segment" if owner else "clock", utterance=2)
            bridge.interrupt()
            assert (await game.hear("ended", utterance=2))["complete"] is False
            await speaking
            for _, message in game.log:
                judged("from_bridge", message)
            for message in game.said:
                judged("from_game", message)
            kinds = {message["type"] for _, message in game.log}
            expected = "welcome pong state utterance segment cues captions closed cancel ended act result"
            assert kinds >= {*expected.split(), "sound_end" if owner else "clock"}
            cues = {cue["id"]: cue for cue in game.told("cues", utterance=1)[-1]["cues"]}
            begun = [cue for _, _, cue, _, _ in game.acted if cue is not None]
            assert begun[: len(cues)] == sorted(cues, key=lambda each: (cues[each]["start"], each))
            assert game.shown[0].motion.newest is not None
            assert abs(game.shown[0].motion.newest - time.perf_counter() - game.offset) < 60


async def test_a_game_that_owns_the_sound_plays_every_sample_and_is_the_clock() -> None:
    async with (
        staged() as (bridge, server),
        GameClient(server.game_address, server.token, characters=[{"sound": True}]) as game,
    ):
        await game.hear("turn", has=True)
        await bridge.perform(SCRIPT)
        end = await game.hear("sound_end")
        await game.hear("ended", complete=True)
        shown = game.shown[0]
        assert len(shown.played) == end["samples"]
        assert any(shown.played)
        middle = shown.segments[0]["at"] + shown.segments[0]["duration"] / 2
        assert any(shown.mouth.sample(middle + step / 100)[0] > 0.1 for step in range(-30, 30))
        assert game.told("clock") == []


async def test_who_comes_in_mid_utterance_is_brought_to_the_present() -> None:
    async with (
        staged() as (bridge, server),
        GameClient(server.game_address, server.token) as first,
    ):
        speaking = asyncio.create_task(bridge.perform(SCRIPT))
        await first.hear("clock", running=True)
        async with GameClient(server.game_address, server.token) as second:
            await second.hear("utterance")
            assert (await second.hear("segment"))["text"] == first.told("segment")[0]["text"]
            assert (await second.hear("ended"))["shown"] == (await first.hear("ended"))["shown"]
            for _, message in second.log:
                judged("from_bridge", message)
        await speaking
