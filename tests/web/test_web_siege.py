"""A real server besieged: utterances, interrupts, fuzz, pages that lie, sleep, break off and are killed; a restart."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import logging
import mimetypes
import random
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from babble import script
from players import ToneVoice, prepare_here
from pydantic import SecretStr
from served import Served
from stories import MAP
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from avatar_bridge.assembly import Bridge
from avatar_bridge.audio.overlay import OverlaySpeaker
from avatar_bridge.drivers.overlay import OverlayDriver
from avatar_bridge.settings import WebSettings
from avatar_bridge.web import Server, WebAudience
from avatar_bridge.web.listening import Listening

TOKEN = "a-token-for-the-chaos-test"
CLIENTS = Path(__file__).parents[2] / "benchmarks" / "_overlay_clients.py"


class Troupe:
    """Programs that visit a real server over its sockets; each comes again when it is closed out."""

    def __init__(self, rng: random.Random, address: str) -> None:
        self.rng = rng
        self.address = address
        self.welcomes: dict[str, list[str]] = {}
        self.told: list[dict[str, Any]] = []
        self.open: dict[str, ClientConnection] = {}

    async def visit(self, name: str, live: Callable[[str, ClientConnection], Awaitable[None]], **hello: Any) -> None:
        """Come, live, and come again until cancelled."""
        while True:
            with contextlib.suppress(ConnectionClosed, InvalidHandshake, OSError, TimeoutError):
                async with connect(
                    self.address, proxy=None, ping_interval=None, max_queue=4, close_timeout=0.1
                ) as page:
                    await page.send(json.dumps({"type": "hello", "kind": "overlay", "name": name, **hello}))
                    self.welcomes.setdefault(name, []).append(json.loads(await page.recv())["type"])
                    self.open[name] = page
                    try:
                        await live(name, page)
                    finally:
                        page.transport.abort()  # one that does not read would not even notice that it is closed
            self.open.pop(name, None)
            await asyncio.sleep(0.02)

    async def watch(self, name: str, page: ClientConnection) -> None:
        """Remember all that is said."""
        del name
        async for message in page:
            self.told.append(json.loads(message))

    async def play(self, name: str, page: ClientConnection) -> None:
        """Play the sound, and say so as soon as it comes."""
        del name
        await page.send('{"type":"sound","state":"running"}')
        playing = 0
        async for message in page:
            if isinstance(message, bytes) and message[0] == 2:
                utterance = int.from_bytes(message[4:8], "little")
                if utterance != playing:
                    playing = utterance
                    start = time.perf_counter() + 0.005
                    await page.send(json.dumps({"type": "playing", "utterance": utterance, "start": start}))

    async def lie(self, name: str, page: ClientConnection) -> None:
        """Say what cannot be, then go."""
        del name
        for _ in range(self.rng.randint(1, 20)):
            said: list[Any] = [
                {"type": "playing", "utterance": self.rng.randint(-2, 300), "start": self.rng.uniform(-1e9, 1e9)},
                {"type": "sound", "state": self.rng.choice(["running", "off", "loud", 7])},
                {"type": "report", "fps": "many", "problems": [{"message": "x" * 3000}]},
                {"type": "report", "ready": True, "fps": 60.0, "problems": [{"message": "<img src=x>"}]},
                {"type": "ping", "sent": 1.0},
                {"type": ["sound"]},
                "nothing of this kind",
            ]
            await page.send(json.dumps(self.rng.choice(said)))
            await asyncio.sleep(0.01)

    async def sleep(self, name: str, page: ClientConnection) -> None:
        """Never read: the queue of four fills, then nothing is taken from the socket."""
        del name
        await page.wait_closed()


async def fuzz(rng: random.Random, port: int) -> bytes:
    """Send something like a request; return what came back."""
    method = rng.choice(["GET", "POST", "PUT", "DELETE", "BREW", "get"])
    path = rng.choice(
        ["perform", "act", "parse", "interrupt", "state", "actions", "events", "map", "targets/x/reconnect"]
    )
    body = rng.choice(
        [b"", b"{", b"null", b'{"text":7}', b'{"name":"nod"}', b'{"text":"[[[[\\ud800"}', rng.randbytes(90)]
    )
    length = rng.choice([len(body), len(body), len(body), 0, 10**9, "x"])
    kind = rng.choice(["application/json", "application/json", "text/plain", "image/png", ""])
    lines = [
        f"{method} /v1/{path}?{rng.choice(['', 'wait=1', '%ff', 'wait=perhaps'])} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        f"Content-Type: {kind}",
        f"Content-Length: {length}",
        "Connection: close",
        *([f"Authorization: Bearer {TOKEN}"] if rng.random() < 0.9 else []),
        *(["Origin: http://evil.example"] if rng.random() < 0.1 else []),
    ]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        if rng.random() < 0.2:
            return b""
        if length not in (0, len(body)):
            writer.write_eof()
        async with asyncio.timeout(20):
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


@asynccontextmanager
async def on_air(port: int) -> AsyncIterator[Served]:
    audience = WebAudience()
    bridge = Bridge(
        voice=ToneVoice(cost=0.0),
        speaker=OverlaySpeaker(audience),
        drivers=[OverlayDriver(motion_map=MAP, audience=audience)],
        motion_map=MAP,
        preparing=prepare_here,
    )
    server = Server(bridge, audience, WebSettings(port=port, avatar="svg", token=SecretStr(TOKEN)))
    async with bridge, server:
        yield Served(bridge, server, audience)


async def besiege(stage: Served, rng: random.Random, troupe: Troupe, count: int) -> None:
    """Ask for `count` utterances, some by the API, with interrupts, fuzz, and pages that break off, between them."""
    asked = []
    for number in range(count):
        if number % 10 == 0:
            asked.append(asyncio.create_task(stage.ask("POST", "/v1/perform", {"text": script(rng, 5), "wait": True})))
        else:
            asked.append(asyncio.create_task(stage.bridge.perform(script(rng, 5))))
        await asyncio.sleep(rng.choice([0.0, 0.01, 0.03]))
        match rng.choice("iffcn"):
            case "i":
                stage.bridge.interrupt()
            case "f":
                answer = await fuzz(rng, stage.port)
                assert not answer or answer.startswith(b"HTTP/1.1 "), answer[:80]
                assert not answer.startswith(b"HTTP/1.1 5"), answer
            case "c" if troupe.open:
                troupe.open[rng.choice(sorted(troupe.open))].transport.abort()
            case _:
                pass
        page, here = stage.bridge.stage.speaker.page_id, {seat.id for seat in stage.audience.pages}
        assert page is None or page in here, "a page that is gone has the sound"
    stage.bridge.interrupt()
    async with asyncio.timeout(30):
        for outcome in await asyncio.gather(*asked):
            assert getattr(outcome, "status", 200) in (200, 409)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event of its own
            await asyncio.sleep(0.01)


@asynccontextmanager
async def killed_mid_word(stage: Served, address: str) -> AsyncIterator[None]:
    """A page in a process of its own takes the sound and is killed while it plays; inside, others come."""
    pipe = asyncio.subprocess.PIPE
    page = await asyncio.create_subprocess_exec(sys.executable, str(CLIENTS), address, "1", stdin=pipe, stdout=pipe)
    try:
        speaker = stage.bridge.stage.speaker
        await until(lambda: speaker.page_id is not None)
        first = speaker.page_id
        speaking = asyncio.create_task(stage.bridge.perform("One two three four five six seven, [nod] and on."))
        await until(lambda: (stage.bridge.stage.heard() or 0.0) > 0.2)
        page.kill()
        await until(lambda: speaker.page_id != first)
        yield
        await until(lambda: speaker.page_id not in (None, first))
        outcome = await speaking
        assert outcome.heard.complete, "the word that was under way was lost with its page"
    finally:
        with contextlib.suppress(ProcessLookupError):
            page.kill()
        await page.communicate()


async def test_a_real_server_is_besieged_and_started_again(caplog: pytest.LogCaptureFixture) -> None:
    rng = random.Random(3)
    before = asyncio.all_tasks()
    async with asyncio.TaskGroup() as visits:
        async with on_air(0) as stage:
            port = stage.port
            address = f"{stage.socket_address}?token={TOKEN}"
            troupe = Troupe(rng, address)
            async with killed_mid_word(stage, address):
                parts = {"watch": ["speech"], "play": ["speech", "sound"], "lie": ["sound", "motion"]}
                parts |= {"sleep": ["speech", "motion", "state", "sound"]}
                cast = [*["play"] * 4, *["lie"] * 3, *["sleep"] * 3, "watch"]
                tasks = [
                    visits.create_task(troupe.visit(f"{part} {number}", getattr(troupe, part), streams=parts[part]))
                    for number, part in enumerate(cast)
                ]
                await until(lambda: len(troupe.welcomes) == len(cast))
            await besiege(stage, rng, troupe, 100)
        troupe.told.clear()
        seen = {name: len(times) for name, times in troupe.welcomes.items() if not name.startswith("sleep")}
        async with on_air(port) as stage:
            assert stage.port == port
            await until(lambda: all(len(troupe.welcomes[name]) > seen[name] for name in seen))
            await besiege(stage, rng, troupe, 50)
            state = (await stage.ask("GET", "/v1/state")).json
            assert sum(page["has_sound"] for page in state["pages"]) == 1
            assert state["utterance"] is None
            for task in tasks:
                task.cancel()
            await until(lambda: not stage.audience.pages)
    assert all(kind == "welcome" for times in troupe.welcomes.values() for kind in times)
    assert asyncio.all_tasks() == before
    complaints = [each.getMessage() for each in caplog.records if each.levelno >= logging.ERROR]
    assert complaints == []


async def test_a_listening_socket_that_the_loop_gives_up_is_taken_up_again() -> None:
    """Windows' event loop closes it when a program is killed while it connects."""
    async with on_air(0) as stage:
        found = [each for each in gc.get_objects() if type(each) is Listening and each.fileno() >= 0]
        (listening,) = [each for each in found if each.getsockname()[1] == stage.port]
        asyncio.get_running_loop().remove_reader(listening.fileno())
        listening.close()
        for _ in range(2):
            assert (await stage.ask("GET", "/v1/state")).status == 200
        assert not listening.dropped.is_set()
    assert listening.fileno() == -1


@pytest.mark.parametrize(("name", "kind"), [("overlay.js", "text/javascript"), ("overlay.css", "text/css")])
async def test_the_systems_own_idea_of_a_file_does_not_count(name: str, kind: str) -> None:
    """Windows' registry often calls a script plain text, and no browser runs that."""
    mimetypes.add_type("text/plain", Path(name).suffix)
    async with on_air(0) as stage:
        answer = await stage.ask("GET", f"/static/{name}")
    assert answer.headers["content-type"].partition(";")[0] == kind
