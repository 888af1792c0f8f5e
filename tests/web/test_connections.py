"""Connections beneath pages and requests: ours where they fit uvicorn, else plain ASGI; and who may take a place."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
import pytest_asyncio
import uvicorn
from served import Served, hear, served
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from avatar_bridge.errors import SettingsError
from avatar_bridge.settings import WebSettings
from avatar_bridge.web import door, line, outlet, server

SETTINGS = WebSettings(port=0, avatar="svg")


async def nothing(scope: Any, receive: Any, send: Any) -> None:
    """An application that does nothing."""


async def test_this_uvicorn_has_all_that_our_line_uses() -> None:
    lacking = line.missing(uvicorn.Config(nothing, ws=line.Line, lifespan="off"))
    assert lacking == [], "uvicorn has changed: mend avatar_bridge/web/line.py, pages are written to by plain ASGI"


async def test_what_a_uvicorn_lacks_is_named(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(line, "_USED", ("conn", "writable", "thought_of"))
    async with served(settings=SETTINGS):
        assert "lacks thought_of" in caplog.text


@pytest_asyncio.fixture
async def plain(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Served]:
    """A server whose uvicorn does not fit our line."""
    monkeypatch.setattr(server, "missing", lambda _: ["writable"])
    async with served(settings=SETTINGS) as running:
        yield running


async def until(condition: Any) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event of its own
            await asyncio.sleep(0.005)


async def test_without_our_line_pages_get_everything_in_order(plain: Served) -> None:
    async with plain.page("speech", "motion") as page:
        texts = [
            json.dumps({"type": "segment", "number": number, "text": "é" * number}) for number in range(0, 40_000, 199)
        ]
        for text in texts:
            plain.audience.tell("speech", text)
            await asyncio.sleep(0)
        plain.audience.tell("motion", bytes([1]) + b"frame")
        assert [await page.recv() for _ in texts] == texts
        assert await page.recv() == bytes([1]) + b"frame"
        await page.send('{"type":"ping","sent":1}')
        assert (await hear(page, "pong"))["sent"] == 1
    await until(lambda: not plain.audience.pages)


async def test_without_our_line_a_bad_hello_is_told(plain: Served) -> None:
    async with connect(f"{plain.socket_address}?token={plain.server.token}", proxy=None) as page:
        await page.send("{}")
        with pytest.raises(ConnectionClosed):
            await page.recv()
        assert page.close_code == 4400
    await until(lambda: not plain.audience.pages)


async def test_without_our_line_a_page_that_never_reads_is_dropped(
    plain: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outlet, "PARTING", 0.2)
    address = f"{plain.socket_address}?token={plain.server.token}"
    async with connect(address, proxy=None, max_queue=1, ping_interval=None) as deaf, plain.page("speech") as page:
        await deaf.send(json.dumps({"type": "hello", "kind": "overlay", "streams": ["speech"], "name": "deaf"}))
        await until(lambda: len(plain.audience.pages) == 2)
        count, text = 600, json.dumps({"type": "segment", "text": "x" * 50_000})
        for _ in range(count):
            plain.audience.tell("speech", text)
            assert await page.recv() == text
        assert [seat.name for seat in plain.audience.pages] == [""]
        assert "overlay 2 (deaf) left" in plain.audience.notes[0].message
        deaf.transport.abort()


async def test_without_our_line_the_end_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "missing", lambda _: ["writable"])
    async with served(settings=SETTINGS) as running:
        page = await connect(f"{running.socket_address}?token={running.server.token}", proxy=None)
        await page.send('{"type":"hello","kind":"program","streams":[]}')
        await hear(page, "welcome")
    with pytest.raises(ConnectionClosed):
        await page.recv()
    assert page.close_code == 1001


@pytest_asyncio.fixture
async def stage() -> AsyncIterator[Served]:
    async with served(settings=SETTINGS) as running:
        yield running


async def gone(reader: asyncio.StreamReader) -> bytes:
    """Return what a connection said until it was hung up on."""
    said = b""
    async with asyncio.timeout(10):
        with suppress(ConnectionResetError):
            while piece := await reader.read(65536):
                said += piece
    return said


WHOLE = "GET /static/overlay.css HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n"


@pytest.mark.parametrize("begun", ["", "GET /overlay HTTP/1.1\r\nHost: 127", WHOLE + "GET /v1/st"])
async def test_half_a_request_that_does_not_go_on_is_hung_up_on(
    stage: Served, begun: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "HEAD_WITHIN", 0.1)
    reader, writer = await asyncio.open_connection("127.0.0.1", stage.port)
    writer.write(begun.format(port=stage.port).encode())
    said = await gone(reader)
    assert said.count(b"HTTP/1.1 200") == begun.count("static")
    writer.close()


async def test_a_slow_body_and_a_quiet_page_keep_their_place(stage: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "HEAD_WITHIN", 0.05)
    async with stage.page("speech") as page:
        reader, writer = await asyncio.open_connection("127.0.0.1", stage.port)
        head = (
            f"POST /v1/perform?token={stage.server.token} HTTP/1.1\r\nHost: 127.0.0.1:{stage.port}\r\n"
            "Content-Type: text/plain\r\nContent-Length: 10\r\n\r\nOne "
        )
        writer.write(head.encode())
        await stage.bridge.stage.frames(12)
        writer.write(b"two. ")
        await stage.bridge.stage.frames(12)
        writer.write(b"\n")
        async with asyncio.timeout(10):
            assert b" 202 " in await reader.readline()
        writer.close()
        await page.send('{"type":"ping","sent":1}')
        await hear(page, "pong")


async def test_more_callers_than_there_are_places_are_hung_up_on(
    stage: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "MOST_CALLERS", 20)
    calls = [await asyncio.open_connection("127.0.0.1", stage.port) for _ in range(40)]
    for reader, _ in calls[20:]:
        assert await gone(reader) == b""
    for reader, writer in calls[:20]:
        assert not reader.at_eof()
        writer.close()
    answer = b""
    async with asyncio.timeout(10):
        while not answer:  # who left makes room as soon as the server has noticed
            calls.append(await asyncio.open_connection("127.0.0.1", stage.port))
            calls[-1][1].write(WHOLE.format(port=stage.port).encode())
            with suppress(ConnectionResetError):
                answer = await calls[-1][0].readline()
    assert b" 200 " in answer
    for _, writer in calls:
        writer.close()


@pytest.mark.parametrize("path", ["perform", "act", "parse", "interrupt"])
async def test_who_goes_away_in_the_midst_of_a_request_leaves_no_trace(
    stage: Served, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", stage.port)
    head = (
        f"POST /v1/{path}?token={stage.server.token} HTTP/1.1\r\nHost: 127.0.0.1:{stage.port}\r\n"
        'Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"text": "One'
    )
    writer.write(head.encode())
    await stage.bridge.stage.frames(6)
    writer.transport.abort()
    await stage.bridge.stage.frames(6)
    assert (await stage.ask("GET", "/v1/state")).json["utterance"] is None
    assert not caplog.records


@pytest.mark.parametrize(
    "asked",
    [
        "GET /static/../v1/state HTTP/1.1",
        "GET /static/%2e%2e/%2e%2e/settings.py HTTP/1.1",
        "GET /static/..%2f..%2fsettings.py HTTP/1.1",
        "GET /static/..%5c..%5csettings.py HTTP/1.1",
        "GET /static//etc/passwd HTTP/1.1",
        "GET /static/%00 HTTP/1.1",
        "GET //v1/state?token={token} HTTP/1.1",
        "GET //evil.example/%2e%2e?token={token} HTTP/1.1",
        "GET /v1/avatar/..%2f..%2fsettings.py?token={token} HTTP/1.1",
    ],
)
async def test_no_path_leads_out(stage: Served, asked: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", stage.port)
    ends = f"\r\nHost: 127.0.0.1:{stage.port}\r\nConnection: close\r\n\r\n"
    writer.write((asked.format(token=stage.server.token) + ends).encode())
    said = await gone(reader)
    assert said.startswith(b"HTTP/1.1 404 "), said
    assert b"location" not in said.lower()
    writer.close()


@pytest.mark.parametrize(("host", "address"), [("::1", "[::1]"), ("::", "127.0.0.1"), ("localhost", "localhost")])
async def test_the_address_that_is_handed_out_answers(host: str, address: str) -> None:
    try:
        listening, _ = server.bind(host, 0)
    except SettingsError:
        pytest.skip(f"this machine has no {host}")
    listening.close()
    async with served(settings=WebSettings(port=0, avatar="svg", host=host)) as running:
        assert running.server.address == f"http://{address}:{running.port}"
        url = f"{running.server.address.replace('http', 'ws')}/v1/events?token={running.server.token}"
        async with connect(url, proxy=None) as page:
            await page.send('{"type":"hello","kind":"program","streams":[]}')
            await hear(page, "welcome")
