"""The game socket over real loopback connections: who comes in, what is told to whom, and every way to misbehave."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
import pytest_asyncio
from game_client import GameClient, RefusedGameError
from game_parts import read_motion
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from players import ToneVoice, Witness, prepare_here
from stories import MAP
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from avatar_bridge.assembly import Bridge
from avatar_bridge.audio.silent import SilentSpeaker
from avatar_bridge.core.vocabulary import GameEvent
from avatar_bridge.ports import Game, GameAbilities
from avatar_bridge.settings import WebSettings
from avatar_bridge.stage.clock import SystemClock
from avatar_bridge.web import Server, WebAudience, WebGames, audience, game_socket, server
from avatar_bridge.web.game_seat import GameSeat
from avatar_bridge.wire.game_reports import Client
from avatar_bridge.wire.page_binary import BONE_ORDER, CHANNEL_ORDER


class Attentive:
    """An attendant that remembers, and fails when it is told to."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []
        self.abilities: list[GameAbilities] = []
        self.heard: list[Mapping[str, Any]] = []
        self.broken = False

    def joined(self, game: Game, abilities: GameAbilities) -> None:
        self.seen.append(("joined", game.name))
        self.abilities.append(abilities)

    def left(self, game: Game) -> None:
        self.seen.append(("left", game.name))

    def received(self, game: Game, message: Mapping[str, Any]) -> None:
        del game
        self.heard.append(message)
        if self.broken:
            raise RuntimeError("dropped the tray")


class Place:
    """A running server with two characters, and what is known of them."""

    def __init__(self, running: Server, games: WebGames) -> None:
        self.server = running
        self.games = games
        self.anna = Attentive()
        self.bert = Attentive()
        for attendant, name in ((self.anna, "anna"), (self.bert, "Bert")):
            games.attend(games.enter(name), attendant)

    @property
    def address(self) -> str:
        return self.server.game_address

    def client(self, *characters: Any, **options: Any) -> GameClient:
        named = [{"name": each} if isinstance(each, str) else each for each in characters]
        return GameClient(self.address, self.server.token, characters=named, **options)

    @asynccontextmanager
    async def plain(self, **changes: Any) -> AsyncIterator[ClientConnection]:
        """Yield a bare connection that was welcomed."""
        async with connect(self.address, proxy=None, max_queue=None, ping_interval=None) as plain:
            await plain.send(self.hello(**changes))
            assert json.loads(await plain.recv())["type"] == "welcome"
            yield plain

    def hello(self, **changes: Any) -> str:
        plain = {"type": "hello", "protocol": 1, "token": self.server.token, "capabilities": ["motion", "speech"]}
        return json.dumps(plain | changes)


@asynccontextmanager
async def opened() -> AsyncIterator[Place]:
    bridge = Bridge(
        voice=ToneVoice(cost=0.0),
        speaker=SilentSpeaker(now=time.perf_counter),
        drivers=[Witness(now=time.perf_counter)],
        motion_map=MAP,
        preparing=prepare_here,
    )
    games = WebGames()
    running = Server(bridge, WebAudience(), WebSettings(port=0, avatar="svg"), games=games)
    async with bridge, running:
        yield Place(running, games)


@pytest_asyncio.fixture
async def place() -> AsyncIterator[Place]:
    async with opened() as running:
        yield running


async def until(condition: Any) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event of its own
            await asyncio.sleep(0.005)


async def answer(plain: ClientConnection, text: str | bytes) -> dict[str, Any]:
    await plain.send(text)
    return dict(json.loads(await asyncio.wait_for(plain.recv(), 10)))


async def drained(plain: ClientConnection) -> None:
    """Read to the bitter end."""
    async with asyncio.timeout(10):
        while True:
            await plain.recv()


async def refusal(place: Place, first: str | bytes) -> tuple[dict[str, Any], int]:
    """Return what is told to whoever begins with `first`, and the closing code."""
    async with asyncio.timeout(10), connect(place.address, proxy=None) as plain:
        await plain.send(first)
        told = json.loads(await plain.recv())
        with pytest.raises(ConnectionClosed):
            await plain.recv()
        assert plain.close_code is not None
        words, reason = told["message"], plain.close_reason or ""
        cut = reason.removesuffix("…")
        assert reason == words or (words.startswith(cut + " ") and reason.endswith("…")), "it ends with a whole word"
        return told, plain.close_code


# --- coming in


async def test_a_game_is_welcomed_with_what_it_needs(place: Place) -> None:
    async with place.client("bert", {"name": "ANNA", "sound": True}, name="Farm", engine="godot") as game:
        welcome = game.welcome
        assert welcome["channels"] == list(CHANNEL_ORDER)
        assert welcome["bones"] == list(BONE_ORDER)
        assert welcome["characters"] == [{"number": 1, "name": "Bert"}, {"number": 0, "name": "anna"}]
        assert (welcome["protocol"], welcome["rate"], welcome["unknown"]) == (1, 48000, [])
        assert abs(welcome["now"] - time.perf_counter()) < 60
        (known,) = place.games.games
        assert (known.name, known.engine, known.id) == ("Farm", "godot", welcome["session"])
        assert place.bert.seen == [("joined", "Farm")]
        assert place.anna.heard == [{"type": "sound", "character": 0, "claim": True}]
        assert place.bert.heard == []
    await until(lambda: place.bert.seen == [("joined", "Farm"), ("left", "Farm")])


@pytest.mark.parametrize("named", [[], [{}], [{"name": ""}]])
async def test_a_game_that_names_nobody_shows_the_main_character(place: Place, named: list[Any]) -> None:
    async with place.plain(characters=named):
        assert (place.games.count(0), place.games.count(1)) == (1, 0)


async def test_a_name_that_nobody_has_is_told_with_the_nearest_and_the_rest_works(place: Place) -> None:
    async with place.client("ana", "bert", "ana") as game:
        told = game.welcome["unknown"]
        assert [(each["name"], each["nearest"]) for each in told] == [("ana", "anna"), ("ana", "anna")]
        assert "'ana'" in told[0]["message"]
        assert "'anna', 'Bert'" in told[0]["message"]
        assert place.games.count(1) == 1


@pytest.mark.parametrize(("token", "came"), [("", "none"), ("x" * 40, "a wrong one"), ("ü\ud83d", "expected")])
async def test_a_wrong_token_is_told_in_words(place: Place, token: str, came: str) -> None:
    told, code = await refusal(place, place.hello(token=token))
    assert came in told["message"]
    if came != "expected":
        assert (told["code"], code) == ("token", 4401)
        assert "avatar-bridge printed" in told["message"]
    assert place.anna.seen == []


@pytest.mark.parametrize(
    ("newest", "oldest", "advice"),
    [(3, 2, "update Avatar Bridge"), (7, None, "the game 7"), (0, 0, "update the game's Avatar Bridge client")],
)
async def test_another_version_is_told_in_words(place: Place, newest: int, oldest: int | None, advice: str) -> None:
    versions = {"protocol": newest} if oldest is None else {"protocol": newest, "oldest": oldest}
    # a game of another version may say all the rest otherwise
    told, code = await refusal(place, place.hello(token="", characters="of another kind", **versions))
    assert (told["code"], told["protocol"], code) == ("version", 1, 4426)
    assert "this bridge speaks version 1" in told["message"]
    assert advice in told["message"]


async def test_a_newer_game_that_still_speaks_our_version_comes_in(place: Place) -> None:
    async with place.client(protocol=(1, 9)) as game:
        assert game.welcome["protocol"] == 1


@pytest.mark.parametrize(
    ("first", "words"),
    [
        ("nonsense", "expected a JSON object"),
        ("[]", "expected a JSON object with a type"),
        ("{}", "expected a JSON object with a type"),
        ('{"type":"ping","sent":1}', "expected a hello first, got 'ping'"),
        ('{"type":"playing","utterance":1,"start":1}', "expected a hello first"),
        ('{"type":"hello"}', "expected protocol in it, got none"),
        ('{"type":"hello","protocol":"1"}', "protocol: expected"),
        ('{"type":"hello","protocol":1,"characters":[{"name":7}]}', "characters.0.name: expected"),
        ('{"type":"hello","protocol":1,"characters":[{"natives":{"tigger":[]}}]}', "natives"),
        ("[" * 20_000, "expected a JSON object"),
        ('{"type":"hello","protocol":' + "1" * 5000 + "}", "expected a JSON object"),
        (b"\x01\x02", "expected a hello as text"),
    ],
)
async def test_a_bad_hello_is_told_what_is_wrong(place: Place, first: str | bytes, words: str) -> None:
    told, code = await refusal(place, first)
    assert (told["type"], told["code"], code) == ("refused", "hello", 4400)
    assert words in told["message"]
    assert place.games.games == ()


async def test_silence_is_no_hello(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(game_socket, "HELLO_WITHIN", 0.05)
    async with connect(place.address, proxy=None) as plain:
        assert json.loads(await plain.recv())["code"] == "hello"
        with pytest.raises(ConnectionClosed):
            await plain.recv()
        assert plain.close_code == 4400


async def test_a_bridge_without_characters_says_so() -> None:
    async with opened() as running:
        running.games._names.clear()
        told, _ = await refusal(running, running.hello())
        assert "--driver game" in told["message"]


async def test_of_forty_strangers_the_first_thirty_two_may_wait(place: Place) -> None:
    async with AsyncExitStack() as all_of_them:
        for _ in range(game_socket.MOST_STRANGERS):
            await all_of_them.enter_async_context(connect(place.address, proxy=None))
        for _ in range(8):
            plain = await all_of_them.enter_async_context(connect(place.address, proxy=None))
            assert json.loads(await asyncio.wait_for(plain.recv(), 10))["code"] == "full"
            with pytest.raises(ConnectionClosed):
                await plain.recv()
            assert plain.close_code == 4503
    async with place.client():  # they are gone: there is room again
        pass


async def test_the_door_is_open_for_games_only(place: Place) -> None:
    foreign = {"Origin": "http://evil.example"}
    with pytest.raises(Exception, match="403"):
        async with connect(place.address, proxy=None, additional_headers=foreign):
            pass
    with pytest.raises(Exception, match="401"):
        async with connect(place.address.replace("/game", "/events"), proxy=None):
            pass


# --- what is told to whom


async def test_each_game_is_told_of_the_characters_that_it_shows(place: Place) -> None:
    async with place.client("anna") as first, place.client("anna", "bert", capabilities=["speech"]) as second:
        place.games.tell(0, '{"type":"state","character":0,"state":"idle"}')
        place.games.tell(0, '{"type":"captions","character":0}', capability="captions")
        place.games.tell(1, '{"type":"reset","character":1}', capability="speech")
        place.games.tell(9, '{"type":"nobody"}')
        await first.hear("captions")
        await second.hear("reset")
        assert [message["type"] for _, message in first.log if message["type"] != "pong"][1:] == ["state", "captions"]
        assert [message["type"] for _, message in second.log if message["type"] != "pong"][1:] == ["state", "reset"]
        assert (place.games.count(0), place.games.count(0, "motion"), place.games.count(1, "speech")) == (2, 1, 1)


def motion_of(data: Any) -> tuple[int, dict[int, tuple[float, float]]]:
    sequence, frames = read_motion(data, len(CHANNEL_ORDER), len(BONE_ORDER))
    return sequence, {frame.character: (frame.at, frame.channels[0]) for frame in frames}


async def test_all_that_move_in_one_tick_go_out_in_one_message(place: Place) -> None:
    games = place.games
    async with (
        place.plain(characters=[{"name": "anna"}, {"name": "bert"}]) as both,
        place.plain(characters=[{"name": "bert"}]) as one,
        place.plain(characters=[{"name": "bert"}], capabilities=["speech"]) as blind,
    ):
        games.move(0, 1.0, {"head_yaw": 1.0})
        games.move(1, 1.0, {"head_yaw": 2.0, "hips_x": 3.0})
        games.move(0, 2.0, {"head_yaw": 4.0})
        await asyncio.sleep(0)
        games.move(0, 3.0, {})
        assert motion_of(await both.recv()) == (1, {0: (2.0, 4.0), 1: (1.0, 2.0)})
        assert motion_of(await one.recv()) == (1, {1: (1.0, 2.0)})
        assert motion_of(await both.recv()) == (2, {0: (3.0, 0.0)})
        games.tell(1, '{"type":"reset"}')
        assert await one.recv() == '{"type":"reset"}'
        assert await blind.recv() == '{"type":"reset"}'


async def test_motion_that_nobody_sees_costs_nothing(place: Place) -> None:
    place.games.move(0, 1.0, {})
    assert place.games._moved == {}


async def test_pings_are_answered_on_the_bridges_clock(place: Place) -> None:
    async with place.plain() as plain:
        before = time.perf_counter()
        pong = await answer(plain, '{"type":"ping","sent":17.25}')
        assert pong["sent"] == 17.25
        assert before - 1e-6 <= pong["now"] <= time.perf_counter() + 1e-6


async def test_what_a_game_says_goes_to_whoever_attends_its_character(place: Place) -> None:
    async with place.client("anna", "bert") as game:
        await game.send("playing", character=1, utterance=4_000_000_000, start=1.5)  # an utterance that is not
        await game.send("sound", claim=False)
        await game.send("report", margin_ms=-3.5, fps=59.0)
        await until(lambda: len(place.anna.heard) == 2)
        assert place.bert.heard[0] == {
            "type": "playing",
            "character": 1,
            "utterance": 4_000_000_000,
            "start": 1.5,
            "late_ms": 0.0,
            "latency_ms": None,
            "underruns": 0,
        }
        assert place.anna.heard[0] == {"type": "sound", "character": 0, "claim": False}
        assert place.anna.heard[1] == place.bert.heard[1]
        assert place.anna.heard[1]["margin_ms"] == -3.5


async def test_abilities_that_change_are_learned(place: Place) -> None:
    async with place.client({"name": "anna", "actions": ["dance"], "natives": {"trigger": ["Nod"]}}) as game:
        await game.send("abilities", character=0, natives={"clip": ["Sit"]})
        await until(lambda: len(place.anna.abilities) == 2)
    first, second = place.anna.abilities
    assert (first.actions, first.natives) == (frozenset({"dance"}), {"trigger": frozenset({"Nod"})})
    assert (second.actions, second.natives) == (frozenset(), {"clip": frozenset({"Sit"})})


async def test_an_attendant_that_fails_is_left_out_and_the_game_stays(place: Place) -> None:
    place.anna.broken = True
    async with place.client("anna") as game:
        await game.send("sound", claim=True)
        await game.send("sound", claim=True)
        await until(lambda: place.games.notes)
        assert "Attentive attends to the games no more" in place.games.notes[0].message
        await game.send("ping", sent=123.0)
        await game.hear("pong", sent=123.0)
    assert len(place.anna.heard) == 1


async def test_events_reach_the_bridge(place: Place) -> None:
    told: list[GameEvent] = []
    place.games.on_event = told.append
    async with place.client("bert", name="Farm") as game:
        await game.send("event", name="player_near", character=1, data={"distance": 1.5, "who": ["é", None]})
        await game.send("event", name="button")
        await until(lambda: len(told) == 2)
    assert told == [
        GameEvent("player_near", "Bert", {"distance": 1.5, "who": ["é", None]}, "Farm"),
        GameEvent("button", "", {}, "Farm"),
    ]


async def test_ten_thousand_events_are_not_too_many_for_the_bridge(place: Place) -> None:
    told: list[GameEvent] = []
    place.games.on_event = told.append
    async with place.plain() as plain:
        began = time.perf_counter()
        for number in range(10_000):
            await plain.send(json.dumps({"type": "event", "name": f"e{number}"}))
        await plain.send('{"type":"ping","sent":1}')
        notes = 0
        while (message := json.loads(await plain.recv()))["type"] != "pong":
            assert "100 events a second" in message["message"]
            notes += 1
        took = time.perf_counter() - began
    assert 100 <= len(told) <= 100 * (took + 1.0) + 1
    assert 1 <= notes <= 20 + 5 * (took + 1.0)


async def test_a_game_that_floods_lets_everybody_have_a_turn() -> None:
    said = [json.dumps({"type": "ping", "sent": number}) for number in range(1000)]
    texts = iter([{"type": "websocket.receive", "text": text} for text in said])
    games, turns = WebGames(), 0

    async def receive() -> Any:
        return next(texts, {"type": "websocket.disconnect"})

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    class Sink:
        on_relief = None
        congested = False
        usable = True
        put = hang_up = staticmethod(lambda *_: None)

    seat = GameSeat(Sink(), number=1, client=Client(), capabilities=frozenset())
    waiting = asyncio.create_task(other())
    await game_socket.GameSocket(games, SystemClock(), token="", version="")._listen(Sink(), seat, receive)
    waiting.cancel()
    assert turns > 50


async def test_a_listener_that_fails_does_not_end_the_connection(place: Place) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("asleep")

    place.games.on_event = place.games.on_request = fail
    async with place.plain() as plain:
        await plain.send('{"type":"event","name":"knock"}')
        await plain.send('{"type":"say","text":"hello"}')
        assert (await answer(plain, '{"type":"ping","sent":2}'))["sent"] == 2


async def test_requests_are_passed_on_and_not_without_end(place: Place) -> None:
    asked: list[tuple[int, Mapping[str, Any]]] = []

    def take(game: Game, character: int, message: Mapping[str, Any]) -> None:
        asked.append((character, message))
        game.tell(f'{{"type":"result","id":"{message["id"]}","ok":true}}')

    place.games.on_request = None
    async with place.plain() as plain:
        refused = await answer(plain, '{"type":"say","text":"Hi! [wave]","id":"a1"}')
        assert (refused["id"], refused["ok"]) == ("a1", False)
        place.games.on_request = take
        assert (await answer(plain, '{"type":"act","action":"wave","strength":0.5,"id":"b"}'))["ok"] is True
        assert asked == [
            (0, {"type": "act", "character": 0, "action": "wave", "strength": 0.5, "duration": None, "id": "b"})
        ]
        answers = [await answer(plain, '{"type":"interrupt","id":"c"}') for _ in range(60)]
        assert any("20 requests a second" in each.get("message", "") for each in answers)


# --- misbehaving


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("not JSON", "expected a JSON object, got 'not JSON'"),
        ("", "expected a JSON object"),
        (b"\x02\x00", "expected text with a JSON object, got binary data"),
        ("[" * 50_000, "expected a JSON object"),
        ('{"type":7}', "expected a JSON object with a type"),
        ('{"type":"ping","sent":NaN}', "expected a JSON object"),
        ('{"type":"ping","sent":1e999}', "ping: sent: expected"),
        ('{"type":"ping","sent":"1"}', "ping: sent: expected"),
        ('{"type":"playing","utterance":-1,"start":1}', "playing: utterance: expected"),
        ('{"type":"playing","utterance":1.5,"start":1}', "playing: utterance: expected"),
        ('{"type":"playing","utterance":1,"start":-1e999}', "playing: start: expected"),
        ('{"type":"playing","utterance":1}', "playing: expected start in it, got none"),
        ('{"type":"playing","character":1,"utterance":1,"start":1}', "a number that the welcome gave this game (0)"),
        ('{"type":"playing","character":70000,"utterance":1,"start":1}', "playing: character: expected"),
        ('{"type":"event","name":""}', "event: name: expected"),
        ('{"type":"event","name":"x","data":[]}', "event: data: expected"),
        ('{"type":"event","name":"x","data":{"a":1e999}}', "event: data: expected"),
        ('{"type":"event","name":"x","data":{"a":"\\ud83d"}}', "event: data: expected"),
        ('{"type":"event","name":"x","data":{"a":' + "[" * 17 + "]" * 17 + "}}", "at most 16 levels"),
        ('{"type":"event","name":"x","data":{"a":"' + "x" * 4096 + '"}}', "at most 4096 bytes of JSON, not 4104"),
        ('{"type":"say","text":""}', "say: text: expected"),
        ('{"type":"act","action":"wave","strength":1.5}', "act: strength: expected"),
        ('{"type":"act","action":"wave","strength":true}', "act: strength: expected"),
        ('{"type":"weather"}', "the type 'weather' is not known here"),
    ],
)
async def test_a_message_that_cannot_be_is_told_in_words_and_left_out(
    place: Place, text: str | bytes, words: str
) -> None:
    place.games.on_event = lambda _: pytest.fail("an event that cannot be")
    async with place.plain() as plain:
        note = await answer(plain, text)
        assert note["type"] == "note"
        assert words in note["message"]
        assert (await answer(plain, '{"type":"ping","sent":5}'))["sent"] == 5
    assert place.anna.heard == []


async def test_a_second_hello_is_left_out(place: Place) -> None:
    async with place.plain() as plain:
        assert "connect anew" in (await answer(plain, place.hello()))["message"]
        assert len(place.games.games) == 1


async def test_an_unknown_type_is_told_once(place: Place) -> None:
    async with place.plain() as plain:
        await plain.send('{"type":"weather"}')
        await plain.send('{"type":"weather","sun":true}')
        await plain.send('{"type":"tide"}')
        told = [json.loads(await plain.recv())["message"] for _ in range(2)]
        assert ["'weather'" in told[0], "'tide'" in told[1]] == [True, True]


async def test_who_keeps_sending_nonsense_is_hung_up_on(place: Place) -> None:
    async with place.plain() as plain:
        for _ in range(300):
            await plain.send("nonsense")
        with pytest.raises(ConnectionClosed):
            await drained(plain)
        assert plain.close_code == 4400
    await until(lambda: place.games.games == ())


async def test_a_message_that_is_too_large_ends_the_connection(place: Place) -> None:
    async with place.plain() as plain:
        await plain.send(json.dumps({"type": "say", "text": "x" * 65_536}))
        with pytest.raises(ConnectionClosed):
            await plain.recv()
        assert plain.close_code == 1009
    await until(lambda: place.anna.seen[-1] == ("left", "game 1"))


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=st.lists(
        st.one_of(
            st.text(max_size=50),
            st.binary(max_size=50),
            st.builds(
                lambda kind, body: json.dumps({**body, "type": kind}),
                st.sampled_from([*game_socket.read.__globals__["KINDS"], "x"]),
                st.dictionaries(
                    st.sampled_from(
                        [
                            "character",
                            "utterance",
                            "start",
                            "claim",
                            "name",
                            "data",
                            "text",
                            "action",
                            "at",
                            "cue",
                            "sent",
                        ]
                    ),
                    st.recursive(
                        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
                        lambda inner: (
                            st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
                        ),
                        max_leaves=5,
                    ),
                ),
            ),
        ),
        max_size=20,
    )
)
def test_no_message_ends_the_socket_or_reaches_anybody_unread(texts: list[str | bytes]) -> None:
    async def siege() -> None:
        async with opened() as running:
            events: list[GameEvent] = []
            running.games.on_event = events.append
            async with running.plain() as plain:
                for text in texts:
                    await plain.send(text.encode("utf-8", "replace").decode() if isinstance(text, str) else text)
                await plain.send('{"type":"ping","sent":77.5}')
                while (message := json.loads(await plain.recv())) != {**message, "type": "pong", "sent": 77.5}:
                    assert message["type"] in ("note", "result", "pong")
            for message in running.anna.heard:
                kind = game_socket.read(message)
                assert not isinstance(kind, str)
                assert kind.model_dump() == message
            assert all(0 < len(event.name) <= 64 and isinstance(event.data, dict) for event in events)

    asyncio.run(siege())


def raw(place: Place) -> socket.socket:
    """Return a connection that was welcomed and whose other side reads nothing from then on."""
    host, port = "127.0.0.1", int(place.address.split(":")[2].split("/")[0])
    opened = socket.socket()
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    opened.connect((host, port))
    opened.sendall(
        f"GET /v1/game HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    while b"\r\n\r\n" not in opened.recv(4096):
        pass
    hello = place.hello().encode()
    opened.sendall(struct.pack(">BBH4x", 0x81, 0x80 | 126, len(hello)) + hello)  # a mask of zeros
    return opened


async def test_a_game_that_does_not_read_loses_old_frames_then_its_place(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = await asyncio.to_thread(raw, place)
    try:
        await until(lambda: place.games.count(0, "motion") == 1)
        (slow,) = place.games._games.values()
        filler = json.dumps({"type": "note", "message": "x" * 60_000})
        async with place.client("bert", capabilities=["motion"]) as healthy:
            while not slow.seat._line.congested:
                slow.tell(filler)
            slow.tell(filler)
            for number in range(10):
                place.games.move(0, float(number), {})
                place.games.move(1, float(number), {})
                await asyncio.sleep(0)
            await until(lambda: slow.seat.dropped_frames == 6)
            assert [struct.unpack_from("<d", wire, 4 + 8 + 4)[0] for wire in slow.seat._frames] == [6.0, 7.0, 8.0, 9.0]
            await until(lambda: healthy.shown[1].motion.newest == 9.0)
            monkeypatch.setattr(audience, "_MOST_MESSAGES", 50)
            for _ in range(60):
                place.games.tell(0, '{"type":"cues","character":0}')
            await until(lambda: place.games.count(0) == 0)
        assert place.games.count(1) in (0, 1)
        assert any("unread and was disconnected" in note.message for note in place.games.notes)
        assert ("left", "game 1") in place.anna.seen
    finally:
        opened.close()


async def test_a_game_that_never_answers_the_close_is_cut_off(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("avatar_bridge.web.line.PARTING", 0.05)
    opened = await asyncio.to_thread(raw, place)
    try:
        await until(lambda: place.games.count(0) == 1)
        (deaf,) = place.games._games.values()
        deaf.seat.dismiss(1001, "over")
        line: Any = deaf.seat._line
        await until(lambda: line.transport.is_closing() and line.disconnected)
    finally:
        opened.close()
    await until(lambda: place.games.games == ())


async def test_the_bridge_says_good_bye() -> None:
    async with AsyncExitStack() as outer:
        async with opened() as running:
            game = await outer.enter_async_context(running.client("anna"))
            attendant = running.anna
        await asyncio.wait_for(game.closed.wait(), 10)
        assert game.close_code == 1001
        assert attendant.seen[-1] == ("left", "reference")


async def test_without_our_line_games_are_served_and_refused_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "missing", lambda _: ["writable"])
    async with opened() as running:
        told, code = await refusal(running, running.hello(token="wrong"))
        assert (told["code"], code) == ("token", 4401)
        async with running.plain() as plain:
            running.games.move(0, 1.0, {"head_yaw": 2.0})
            assert motion_of(await plain.recv()) == (1, {0: (1.0, 2.0)})


async def test_the_reference_client_is_told_why_it_may_not_come_in(place: Place) -> None:
    with pytest.raises(RefusedGameError, match="expected the bridge's token"):
        async with GameClient(place.address, "wrong"):
            pass
