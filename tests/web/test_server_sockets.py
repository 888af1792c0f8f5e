"""The event socket over real loopback connections: hello, streams, slow and hostile pages, and the end."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from typing import Any

import pytest
import pytest_asyncio
from players import Witness
from served import Served, hear, served
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from avatar_bridge.core.motion.rig import FACE_CHANNELS
from avatar_bridge.ports import Page
from avatar_bridge.settings import WebSettings
from avatar_bridge.web import events
from avatar_bridge.web.server import bind


@pytest_asyncio.fixture
async def stage() -> AsyncIterator[Served]:
    settings = WebSettings(port=0, avatar="svg", name="Aki")
    async with served(settings=settings) as running:
        yield running


async def until(condition: Any) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event of its own
            await asyncio.sleep(0.005)


def address(stage: Served) -> str:
    return f"{stage.socket_address}?token={stage.server.token}"


async def test_a_page_is_welcomed_with_what_it_needs(stage: Served) -> None:
    async with connect(address(stage), proxy=None) as page:
        await page.send(json.dumps({"type": "hello", "kind": "overlay", "streams": ["motion"], "name": "main"}))
        welcome = json.loads(await page.recv())
    assert welcome["type"] == "welcome"
    assert welcome["channels"] == [channel.name for channel in FACE_CHANNELS]
    assert welcome["bones"][:4] == ["hips_x", "hips_y", "hips_z", "spine_x"]
    assert welcome["avatar"]["kind"] == "svg"
    assert welcome["speaker"] == "Aki"
    assert abs(welcome["now"] - time.perf_counter()) < 60


@pytest.mark.parametrize(
    "first",
    [
        "{}",
        "[]",
        "nonsense",
        '{"type":"ping","sent":1}',
        '{"type":"hello"}',
        '{"type":"hello","kind":"burglar","streams":[]}',
        '{"type":"hello","kind":"overlay","streams":["motion","secrets"]}',
        "[" * 20_000,
        b"\x01\x02",
    ],
)
async def test_a_bad_hello_is_told_what_is_wrong(stage: Served, first: str | bytes) -> None:
    async with connect(address(stage), proxy=None) as page:
        await page.send(first)
        with pytest.raises(ConnectionClosed):
            await page.recv()
        assert page.close_code == 4400
        assert "expected" in (page.close_reason or "")
    assert stage.audience.pages == ()


async def test_silence_is_no_hello(stage: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "HELLO_WITHIN", 0.05)
    async with connect(address(stage), proxy=None) as page:
        with pytest.raises(ConnectionClosed):
            await page.recv()
        assert page.close_code == 4400


async def test_pings_are_answered_on_the_bridges_clock(stage: Served) -> None:
    async with stage.page() as page:
        before = time.perf_counter()
        await page.send('{"type":"ping","sent":17.25}')
        pong = await hear(page, "pong")
        assert pong["sent"] == 17.25
        assert before <= pong["now"] <= time.perf_counter()


async def test_each_page_gets_the_streams_it_asked_for(stage: Served) -> None:
    async with stage.page("speech") as listener, stage.page("motion", "speech") as watcher, stage.page() as nobody:
        assert (stage.audience.count("speech"), stage.audience.count("motion")) == (2, 1)
        stage.audience.tell("motion", bytes([1]) + b"frame")
        stage.audience.tell("speech", '{"type":"closed"}')
        assert await listener.recv() == '{"type":"closed"}'
        assert await watcher.recv() == bytes([1]) + b"frame"
        assert await watcher.recv() == '{"type":"closed"}'
        await nobody.send('{"type":"ping","sent":1}')
        assert json.loads(await nobody.recv())["type"] == "pong"
    await until(lambda: not stage.audience.pages)


class Attentive:
    """An attendant that remembers, and fails when it is told to."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, int]] = []
        self.heard: list[Mapping[str, Any]] = []
        self.broken = False

    def joined(self, page: Page) -> None:
        self.seen.append(("joined", page.id))
        page.tell('{"type":"greeting"}')

    def left(self, page: Page) -> None:
        self.seen.append(("left", page.id))

    def received(self, page: Page, message: Mapping[str, Any]) -> None:
        del page
        self.heard.append(message)
        if self.broken:
            raise RuntimeError("the attendant has a defect")


async def test_attendants_are_told_who_comes_who_goes_and_what_is_said(stage: Served) -> None:
    attendant = Attentive()
    async with stage.page() as page:
        stage.audience.attend(attendant)
        assert (await hear(page, "greeting"))["type"] == "greeting"
        await page.send('{"type":"sound","state":"running"}')
        await until(lambda: attendant.heard)
    await until(lambda: len(attendant.seen) == 2)
    assert attendant.seen == [("joined", 1), ("left", 1)]
    assert attendant.heard == [{"type": "sound", "state": "running"}]


async def test_an_attendant_that_fails_harms_nobody(stage: Served) -> None:
    broken, sound = Attentive(), Attentive()
    broken.broken = True
    stage.audience.attend(broken)
    stage.audience.attend(sound)
    async with stage.page() as page:
        for _ in range(2):
            await page.send('{"type":"sound","state":"off"}')
        await until(lambda: len(sound.heard) == 2)
        assert len(broken.heard) == 1
        await page.send('{"type":"ping","sent":1}')
        await hear(page, "pong")
    assert "defect" in stage.audience.notes[0].message


@pytest.mark.parametrize(
    "later", ["nonsense", b"\0", '{"type":7}', '{"type":"ping","sent":"x"}', '{"type":"ping","sent":NaN}']
)
async def test_a_page_that_talks_nonsense_later_is_closed(stage: Served, later: str | bytes) -> None:
    async with stage.page() as page:
        await page.send(later)
        with pytest.raises(ConnectionClosed):
            await page.recv()
        assert page.close_code == 4400


async def test_unknown_messages_are_let_pass(stage: Served) -> None:
    async with stage.page() as page:
        await page.send('{"type":"from the future","x":[1,2]}')
        await page.send('{"type":"ping","sent":2,"also":"unknown"}')
        assert (await hear(page, "pong"))["sent"] == 2


async def test_a_message_that_is_too_long_is_refused(stage: Served) -> None:
    async with stage.page() as page:
        await page.send(json.dumps({"type": "report", "x": "y" * events.LARGEST_MESSAGE}))
        with pytest.raises(ConnectionClosed):
            await page.recv()
        assert page.close_code == 1009


async def deaf(stage: Served, *streams: str) -> socket.socket:
    """Return a connection that says hello and then never reads."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(raw, ("127.0.0.1", stage.port))
    lines = (
        f"GET /v1/events?token={stage.server.token} HTTP/1.1",
        f"Host: 127.0.0.1:{stage.port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    )
    await loop.sock_sendall(raw, ("\r\n".join(lines) + "\r\n\r\n").encode())
    assert b" 101 " in await loop.sock_recv(raw, 1000)
    hello = json.dumps({"type": "hello", "kind": "overlay", "streams": streams, "name": "deaf"}).encode()
    assert len(hello) < 126
    await loop.sock_sendall(raw, bytes([0x81, 0x80 | len(hello), 0, 0, 0, 0]) + hello)
    await until(lambda: any(page.name == "deaf" for page in stage.audience.pages))
    return raw


async def test_a_page_that_never_reads_is_dropped_and_nobody_else_is_harmed(stage: Served) -> None:
    raw = await deaf(stage, "speech", "motion")
    got = 0

    async def read(page: ClientConnection) -> None:
        nonlocal got
        async for message in page:
            got += isinstance(message, str)

    count, text = 400, json.dumps({"type": "segment", "text": "x" * 50_000})
    async with stage.page("speech", "motion") as page:
        reading = asyncio.ensure_future(read(page))
        for number in range(count):
            stage.audience.tell("speech", text)
            stage.audience.tell("motion", bytes([1]) + b"frame" * 60)
            await until(lambda number=number: got >= number - 20)
        await until(lambda: got == count)
        assert [seat.id for seat in stage.audience.pages] == [2]
        reading.cancel()
    assert "overlay 1 (deaf) left" in stage.audience.notes[0].message
    await until(lambda: not stage.audience.pages)
    raw.close()


async def test_frames_alone_drop_the_oldest_and_the_page_stays(stage: Served) -> None:
    raw = await deaf(stage, "motion")
    (seat,) = stage.audience.pages
    number = 0
    async with asyncio.timeout(20):
        while seat.dropped_frames < 50:
            number += 1
            stage.audience.tell("motion", bytes([1]) + number.to_bytes(4, "little") * 5000)
            await asyncio.sleep(0)
    assert stage.audience.pages == (seat,)
    loop = asyncio.get_running_loop()
    data = b""
    last = number.to_bytes(4, "little") * 5000
    async with asyncio.timeout(20):
        while not data.endswith(last):
            data = data[-40_000:] + await loop.sock_recv(raw, 1 << 20)
    assert stage.audience.pages == (seat,), "it reads again, and the newest frame came"
    raw.close()


async def test_a_page_that_takes_nothing_for_long_is_given_up(stage: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    from avatar_bridge.web import audience

    monkeypatch.setattr(audience, "_STUCK", 0.2)
    raw = await deaf(stage, "motion")
    async with asyncio.timeout(20):
        while stage.audience.pages:
            stage.audience.tell("motion", bytes([1]) + b"\0" * 20_000)
            await asyncio.sleep(0.001)
    assert "read nothing" in stage.audience.notes[0].message
    raw.close()


async def test_ten_pages_at_once_get_everything_in_order(stage: Served) -> None:
    async with AsyncExitStack() as stack:
        pages = [await stack.enter_async_context(stage.page("speech", name=str(number))) for number in range(10)]
        for number in range(200):
            stage.audience.tell("speech", json.dumps({"type": "clock", "number": number}))
        for page in pages:
            numbers = [json.loads(await page.recv())["number"] for _ in range(200)]
            assert numbers == list(range(200))


async def test_the_end_of_the_server_is_told_to_pages_quickly() -> None:
    async with AsyncExitStack() as pages:
        async with served() as stage:
            connections = [await pages.enter_async_context(stage.page("speech", "motion")) for _ in range(5)]
            raw = await deaf(stage, "speech")
            speaking = asyncio.ensure_future(
                stage.ask("POST", "/v1/perform", {"text": "One two three " * 99, "wait": True})
            )
            await until(lambda: stage.bridge.utterance == 1)
            for _ in range(50):
                stage.audience.tell("speech", "x" * 50_000)
            stuck = socket.create_connection(("127.0.0.1", stage.port))
            stuck.sendall(b"POST /v1/act HTTP/1.1\r\nContent-Length: 10\r\n")
            async with asyncio.timeout(10):
                await stage.server.__aexit__(None, None, None)
            answer = await speaking
            assert answer.status == 200
            assert answer.json["interrupted"]
            raw.close()
            stuck.close()
        for page in connections:
            async for _ in page:
                pass
            assert page.close_code == 1001


async def test_a_busy_port_moves_to_the_next_and_says_so() -> None:
    taken, _ = bind("127.0.0.1", 0)
    port = taken.getsockname()[1]
    try:
        async with served(Witness(now=time.perf_counter), settings=WebSettings(port=port, avatar="svg")) as stage:
            assert port < stage.port <= port + 20
            (note,) = stage.server.notes
            assert str(port) in note.message
            assert str(stage.port) in note.message
            state = (await stage.ask("GET", "/v1/state")).json
            assert note.message in [each["message"] for each in state["notes"]]
    finally:
        taken.close()


async def test_what_is_small_is_sent_at_once() -> None:
    taken, _ = bind("127.0.0.1", 0)
    accepted: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted.set_result(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    async with await asyncio.start_server(greet, sock=taken):
        _, writer = await asyncio.open_connection(*taken.getsockname())
        at_once = await accepted
        writer.close()
        await writer.wait_closed()
    assert at_once, "a frame behind another would wait for the other side's acknowledgement"
