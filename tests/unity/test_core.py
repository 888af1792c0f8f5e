"""The Unity package's core under Mono: its own tests, and shows of the real server."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from players import ToneVoice, prepare_here
from stories import MAP, WORD
from unity_core import MISSING, Core, Probe, build, named_tests, nunit, probe, rotations

from avatar_bridge.assembly import Bridge
from avatar_bridge.audio.game import GameSpeaker
from avatar_bridge.audio.silent import SilentSpeaker
from avatar_bridge.core.vocabulary import GameEvent
from avatar_bridge.drivers.game import GameDriver
from avatar_bridge.ports import Speaker
from avatar_bridge.settings import WebSettings
from avatar_bridge.web import Server, WebAudience
from avatar_bridge.web.games import WebGames

VECTORS = Path(__file__).resolve().parents[1] / "vectors" / "game"
SLACK = 0.1
"""Seconds by which a shared machine may be late."""

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(bool(MISSING), reason=f"not here: {', '.join(MISSING)}; apt-get install mono-mcs nunit-console"),
]


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Core:
    return build(tmp_path_factory.mktemp("core"))


@pytest.fixture(scope="module")
def outcomes(core: Core) -> dict[str, list[tuple[str, str, str]]]:
    (core.folder / "rotations.json").write_text(json.dumps(rotations()), encoding="utf-8")
    return nunit(core, [VECTORS, core.folder])


@pytest.mark.parametrize("name", named_tests())
def test_nunit(name: str, outcomes: dict[str, list[tuple[str, str, str]]]) -> None:
    cases = outcomes[name]
    assert [words for _, result, words in cases if result != "Success"] == []


def test_every_nunit_test_is_named_here(outcomes: dict[str, list[tuple[str, str, str]]]) -> None:
    assert sorted(outcomes) == sorted(named_tests())
    assert len(outcomes) > 30


class House:
    """A bridge whose one character games show."""

    def __init__(self, bridge: Bridge, server: Server, games: WebGames) -> None:
        self.bridge = bridge
        self.server = server
        self.games = games


@asynccontextmanager
async def house(*, plays: bool = False, port: int = 0) -> AsyncIterator[House]:
    games = WebGames()
    speaker: Speaker = GameSpeaker(games) if plays else SilentSpeaker()
    bridge = Bridge(
        voice=ToneVoice(cost=0.0),
        speaker=speaker,
        drivers=[GameDriver(motion_map=MAP, games=games)],
        motion_map=MAP,
        preparing=prepare_here,
    )
    server = Server(bridge, WebAudience(), WebSettings(port=port, avatar="svg", token="a" * 24), games=games)
    async with bridge, server:
        yield House(bridge, server, games)


@asynccontextmanager
async def client(core: Core, show: House, *options: str) -> AsyncIterator[Probe]:
    async with probe(core, show.server.game_address, show.server.token, *options) as game:
        await game.wait("connected")
        await game.wait("clock")
        yield game


async def test_a_show_is_heard_word_by_word(core: Core) -> None:
    async with house() as show, client(core, show, "--natives", "expression=happy") as game:
        await show.bridge.perform("one two [nod]three four [smile]five")
        ended = await game.wait("ended")
    assert ended["complete"] is True
    assert ended["shown"] == "one two three four five"
    assert [each["text"] for each in game.all("word")] == ["one", "two", "three", "four", "five"]
    assert [each["action"] for each in game.all("cue")] == ["nod", "smile"]
    for word in game.all("word"):
        assert word["due"] <= word["heard"] < word["due"] + SLACK
    for cue in game.all("cue"):
        assert cue["start"] <= cue["heard"] < cue["start"] + SLACK
    assert max(each["mouth_open"] for each in game.all("frame")) > 0.3
    assert max(abs(each["head_pitch"]) for each in game.all("frame")) > 2, "the nod came as motion"


async def test_the_clock_is_known_to_two_milliseconds(core: Core) -> None:
    async with house() as show, client(core, show, "--brief") as game:
        last = await game.wait("clock", 2)
    # both sides read the machine's one monotonic clock
    assert abs(last["offset"] - _same_clock(last)) < last["round_trip"] / 2 + 1e-4
    assert last["bridge"] == pytest.approx(time.perf_counter(), abs=30)


def _same_clock(line: dict[str, float]) -> float:
    """Return the true offset: 0 where the epochs of Mono's clock and of this one are the same, as on Linux."""
    return 0.0 if abs(line["offset"]) < 1 else line["offset"]


async def test_what_it_did_comes_back_on_the_bridges_clock(core: Core) -> None:
    async with house() as show, client(core, show, "--brief") as game:
        performing = asyncio.create_task(show.bridge.perform("one two [nod]three four"))
        cue = await game.wait("cue")
        await performing
        (seen,) = show.bridge.stage.bodies[0].seen
    assert seen.action == "nod"
    assert seen.at == pytest.approx(cue["heard"], abs=0.05)


async def test_an_interrupt_ends_it_at_once(core: Core) -> None:
    async with house() as show, client(core, show) as game:
        speaking = asyncio.create_task(show.bridge.perform("one two three four five [nod]six seven eight"))
        await game.wait("word", 2)
        show.bridge.interrupt()
        await speaking
        await game.wait("cancelled")
        ended = await game.wait("ended")
        count = len(game.all("frame"))
        await game.wait("frame", count + 20)
    assert ended["complete"] is False
    assert game.all("cue") == []
    assert len(game.all("word")) < 8
    cut = game.all("cancelled")[0]["now"]
    closing = [each["mouth_open"] for each in game.all("frame") if each["now"] > cut + 0.25]
    assert closing
    assert max(closing) < 0.05


@pytest.mark.parametrize("rate", [48000, 44100])
async def test_it_plays_the_voice_and_owns_the_clock(core: Core, rate: int) -> None:
    async with house(plays=True) as show, client(core, show, "--sound", "--brief", "--rate", str(rate)) as game:
        turn = await game.wait("turn")
        assert turn["flag"] is True
        await show.bridge.perform("one two [nod]three four")
        ended = await game.wait("ended")
    assert ended["underruns"] == 0
    assert ended["taken"] / rate == pytest.approx(4 * WORD, abs=0.5)
    first = game.all("word")[0]
    # where the playhead says that utterance time 0 was, the card took the first sample
    assert first["bridge"] - first["heard"] == pytest.approx(ended["taken_at"], abs=1024 / rate)
    assert [each["action"] for each in game.all("cue")] == ["nod"]
    third = game.all("word")[2]
    assert third["due"] <= third["heard"] < third["due"] + SLACK


async def test_a_held_action_of_its_own_is_released(core: Core) -> None:
    natives = "expression=smile,happy;action=smile"
    async with house() as show, client(core, show, "--brief", "--natives", natives) as game:
        await show.bridge.perform("one [smile]two three[/smile] four five")
        await game.wait("ended")
        await game.wait("released")
    (cue,), (released,) = game.all("cue"), game.all("released")
    assert cue["native"] == "action=smile"
    assert released["action"] == "smile"
    assert released["now"] > cue["now"]


@pytest.mark.parametrize(("option", "code"), [("wrong", "token"), ("7", "version")])
async def test_a_refusal_is_told_in_words_and_not_tried_again(core: Core, option: str, code: str) -> None:
    async with house() as show:
        token = option if code == "token" else show.server.token
        protocol = option if code == "version" else "1"
        async with probe(core, show.server.game_address, token, "--protocol", protocol, "--duration", "1.5") as game:
            refused = await game.wait("refused")
            await asyncio.wait_for(game.ended.wait(), 20)
    assert len(refused["text"]) > 20
    assert len(refused["suggestion"]) > 20
    assert len(game.all("refused")) == 1
    assert game.all("connected") == []


async def test_it_comes_back_when_the_server_does(core: Core) -> None:
    async with house() as first:
        port = int(first.server.address.rpartition(":")[2])
        async with client(core, first, "--brief") as game:
            stop = asyncio.create_task(first.server.__aexit__(None, None, None))
            await game.wait("lost")
            await stop
            async with house(port=port) as second:
                await game.wait("connected", 2)
                await second.bridge.perform("back again")
                await game.wait("ended")
    assert [each["text"] for each in game.all("word")] == ["back", "again"]


async def test_a_game_tells_what_happened_in_it(core: Core) -> None:
    async with house() as show:
        happened: asyncio.Queue[GameEvent] = asyncio.Queue()
        show.games.on_event = happened.put_nowait
        async with client(core, show, "--brief", "--event", "player_near"):
            event = await asyncio.wait_for(happened.get(), 10)
    assert event.name == "player_near"
    assert dict(event.data) == {"from": "unity"}
    assert event.game == "GameProbe"


async def test_a_character_that_nobody_knows_is_told_with_the_nearest(core: Core) -> None:
    async with house() as show:
        show.games.enter("anna")
        async with client(core, show, "--brief", "--characters", ",ana") as game:
            unknown = await game.wait("unknown")
    assert unknown["suggestion"] == "anna"


async def test_it_answers_the_bridges_goodbye(core: Core, caplog: pytest.LogCaptureFixture) -> None:
    async with house() as show, client(core, show, "--brief") as game:
        await show.server.__aexit__(None, None, None)
        lost = await game.wait("lost")
    assert "ended" in lost["text"]
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
