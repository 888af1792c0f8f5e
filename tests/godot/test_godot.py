"""The Godot client in a real engine: the protocol's vectors, and shows of the real server."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from godot_client import GODOT, PROJECT, GodotClient, godot
from players import ToneVoice, prepare_here
from stories import MAP, WORD

from avatar_bridge.assembly import Bridge
from avatar_bridge.audio.game import GameSpeaker
from avatar_bridge.audio.silent import SilentSpeaker
from avatar_bridge.core.vocabulary import GameEvent
from avatar_bridge.drivers.game import GameDriver
from avatar_bridge.ports import Speaker
from avatar_bridge.settings import WebSettings
from avatar_bridge.web import Server, WebAudience
from avatar_bridge.web.games import WebGames

HERE = Path(__file__).resolve().parent
VECTORS = HERE.parent / "vectors" / "game"

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(GODOT is None, reason="no Godot here: apt-get install godot3-server"),
]

LENIENT = {
    '{"type":"pong","sent":1,"now":2}}',
    '{"type":"pong","sent":01,"now":2}',
    '{"type":"no\nte"}',
    '{"type":"note","message":"\\x"}',
}
"""What Godot 3's own JSON reader takes for JSON. The bridge sends nothing of the kind."""


def test_the_vectors() -> None:
    assert GODOT is not None
    done = subprocess.run(
        [GODOT, "--no-window", "--path", PROJECT, "-s", HERE / "vectors.gd", f"--vectors={VECTORS}"],
        env={**os.environ, "LANG": "en_US.UTF-8"},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert lines, done.stdout + done.stderr
    assert lines.pop() == {"done": True}, done.stdout[-2000:] + done.stderr[-2000:]
    assert "SCRIPT ERROR" not in done.stdout + done.stderr, done.stdout + done.stderr
    told = {(line["file"], line["part"]): 0 for line in lines}
    for line in lines:
        told[line["file"], line["part"]] += 1
    for path in VECTORS.glob("*.json"):
        for part, cases in json.loads(path.read_text(encoding="utf-8")).items():
            if isinstance(cases, list) and part in ("cases", "reads", "bad", "writes"):
                assert told.get((path.stem, part)) == len(cases), (path.stem, part)
    bad = json.loads((VECTORS / "messages.json").read_text(encoding="utf-8"))["bad"]
    wrong = [line for line in lines if line["wrong"]]
    lenient = [
        line
        for line in wrong
        if line["part"] == "bad" and line["file"] == "messages" and bad[int(line["case"].split(":")[0])] in LENIENT
    ]
    assert [line for line in wrong if line not in lenient] == []


class House:
    """A bridge whose one character games show."""

    def __init__(self, bridge: Bridge, server: Server, games: WebGames) -> None:
        self.bridge = bridge
        self.server = server
        self.games = games


@asynccontextmanager
async def house(*, plays: bool = False, port: int = 0, token: str = "a" * 24) -> AsyncIterator[House]:
    games = WebGames()
    speaker: Speaker = GameSpeaker(games) if plays else SilentSpeaker()
    driver = GameDriver(motion_map=MAP, games=games)
    bridge = Bridge(
        voice=ToneVoice(cost=0.0), speaker=speaker, drivers=[driver], motion_map=MAP, preparing=prepare_here
    )
    server = Server(bridge, WebAudience(), WebSettings(port=port, avatar="svg", token=token), games=games)
    async with bridge, server:
        yield House(bridge, server, games)


@asynccontextmanager
async def probe(house: House, *options: str) -> AsyncIterator[GodotClient]:
    async with godot(house.server.game_address, house.server.token, *options) as client:
        await client.wait("connected")
        yield client


async def test_a_show_is_heard_word_by_word() -> None:
    async with house() as show, probe(show, '--natives={"expression":["happy"]}') as client:
        await show.bridge.perform("one two [nod]three four [smile]five")
        ended = await client.wait("ended")
    assert ended["complete"] is True
    assert ended["shown"] == "one two three four five"
    assert [each["text"] for each in client.all("word")] == ["one", "two", "three", "four", "five"]
    assert [each["name"] for each in client.all("cue")] == ["nod", "smile"]
    for each in client.all("word") + client.all("cue"):
        assert each["heard"] >= each["due"], "nothing happens before its time"
    assert client.all("frame") == []  # --brief
    assert client.all("captions")[0]["captions"]


async def test_what_it_did_comes_back_on_the_bridges_clock() -> None:
    async with house() as show, probe(show) as client:
        performing = asyncio.create_task(show.bridge.perform("one two [nod]three four"))
        cue = await client.wait("cue")
        assert abs(cue["at"] - time.perf_counter()) < 60, "it knows the bridge's clock"
        await performing
        (seen,) = show.bridge.stage.bodies[0].seen
    assert seen.action == "nod"
    assert seen.at == pytest.approx(cue["heard"], abs=0.25)


async def test_an_interrupt_ends_it_at_once() -> None:
    async with house() as show, probe(show) as client:
        speaking = asyncio.create_task(show.bridge.perform("one two three four five [nod]six seven eight"))
        await client.wait("word", 2)
        show.bridge.interrupt()
        await speaking
        await client.wait("cancelled")
        ended = await client.wait("ended")
    assert ended["complete"] is False
    assert client.all("cue") == []
    assert len(client.all("word")) < 8
    assert client.all("captions")[-1]["captions"] == []


async def test_it_plays_the_voice_and_owns_the_clock() -> None:
    async with house(plays=True) as show, probe(show, "--sound") as client:
        turn = await client.wait("turn")
        assert turn["has"] is True
        await show.bridge.perform("one two [nod]three four")
        ended = await client.wait("ended")
    assert client.all("playing")
    assert abs(ended["taken_at"] - ended["start"]) <= 0.25, "where it said that the voice begins, the output took it"
    assert [each["name"] for each in client.all("cue")] == ["nod"]
    third = client.all("word")[2]
    # its own sound has reached the third word, though not yet the fourth
    assert third["due"] <= third["heard"] < third["due"] + WORD


async def test_the_next_game_takes_the_voice_over_in_mid_utterance() -> None:
    async with house(plays=True) as show, probe(show, "--sound", "--game=second") as second:
        await second.wait("turn")
        async with probe(show, "--sound", "--game=first") as first:
            await first.wait("turn")
            speaking = asyncio.create_task(show.bridge.perform("one two three four five. Six seven eight nine ten."))
            await first.wait("word", 2)
            assert second.all("playing")
            second.stop()
            await first.wait("turn", 2)
            await first.wait("playing")
            await speaking
            ended = await first.wait("ended")
    assert first.all("turn")[0]["has"] is False
    assert first.all("turn")[0]["holder"] == "second"
    assert ended["complete"] is True
    assert next(each["text"] for each in reversed(first.all("word"))) == "ten"


async def test_an_interrupted_voice_is_silent_at_once_and_the_next_one_is_heard() -> None:
    async with house(plays=True) as show, probe(show, "--sound") as client:
        await client.wait("turn")
        speaking = asyncio.create_task(show.bridge.perform("one two three four five six seven eight"))
        await client.wait("word", 2)
        show.bridge.interrupt()
        await speaking
        cancelled = await client.wait("cancelled")
        await client.wait("ended")
        await show.bridge.perform("nine ten")
        ended = await client.wait("ended", 2)
    assert cancelled["queued"] == 0, "the engine holds nothing more of the voice"
    assert ended["complete"] is True
    assert [each["text"] for each in client.all("word")][-2:] == ["nine", "ten"]
    assert abs(ended["taken_at"] - ended["start"]) <= 0.25


@pytest.mark.parametrize(("options", "code"), [((), "token"), (("--protocol=7",), "version")])
async def test_a_refusal_is_told_in_words(options: tuple[str, ...], code: str) -> None:
    async with house() as show:
        token = "wrong" if code == "token" else show.server.token
        async with godot(show.server.game_address, token, "--for=2", *options) as client:
            refused = await client.wait("refused")
            await client.wait("bye")
    assert refused["code"] == code
    assert len(refused["message"]) > 20
    assert len(client.all("refused")) == 1, "it does not try again by itself"
    assert client.all("lost") == [], "a refusal is told once"
    assert any("Avatar Bridge refused the connection: " in line for line in client.noise), client.noise


async def test_it_comes_back_when_the_server_does() -> None:
    async with house() as first:
        port = int(first.server.address.rpartition(":")[2])
        async with probe(first) as client:
            stop = asyncio.create_task(first.server.__aexit__(None, None, None))
            await client.wait("lost")
            await stop
            async with house(port=port) as second:
                await client.wait("connected", 2)
                await second.bridge.perform("back again")
                await client.wait("ended")
    assert [each["text"] for each in client.all("word")] == ["back", "again"]


async def test_a_game_tells_what_happened_in_it() -> None:
    async with house() as show:
        happened: asyncio.Queue[GameEvent] = asyncio.Queue()
        show.games.on_event = happened.put_nowait
        async with probe(show, "--event=player_near"):
            async with asyncio.timeout(10):
                event = await happened.get()
    assert event.name == "player_near"
    assert dict(event.data) == {"from": "godot"}


async def test_a_character_that_nobody_knows_is_told_with_the_nearest() -> None:
    async with house() as show:
        show.games.enter("anna")
        async with probe(show, "--characters=,ana") as client:
            unknown = await client.wait("character_unknown")
    assert unknown["name"] == "ana"
    assert unknown["nearest"] == "anna"
