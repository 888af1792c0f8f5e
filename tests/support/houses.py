"""A bridge with its server and its pages in a real Chromium, for tests that are not asynchronous themselves."""

from __future__ import annotations

import asyncio
import json
import threading
import urllib.request
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, TypeVar

import numpy as np
from chromium import artefact, until
from pictures import pixels

from avatar_bridge.assembly import Bridge
from avatar_bridge.commands.on_air import on_air
from avatar_bridge.settings import DriverSettings, MotionSettings, Settings, VoiceSettings, WebSettings
from avatar_bridge.web import Server

__all__ = ["QUIET", "READY", "SPEAKING", "TOKEN", "House", "Premises", "enter", "held", "state"]

T = TypeVar("T")

TOKEN = "a-token-for-the-overlay-tests-only-0123456789"
READY = "!!window.avatarBridge && avatarBridge.state().ready"
SPEAKING = "avatarBridge.heard() > 0.5"
QUIET = "avatarBridge.state().utterance === null"


class Premises(ABC):
    """A server in a thread of its own, which a test can close and open again at the same port."""

    def __init__(self) -> None:
        self.port = 0
        self._thread: threading.Thread | None = None

    @abstractmethod
    def running(self) -> AbstractAsyncContextManager[Server]:
        """Return what starts the server, and ends it."""

    def open(self) -> None:
        opened: Future[None] = Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(opened)), daemon=True)
        self._thread.start()
        opened.result(20)

    def close(self) -> None:
        if self._thread is not None:
            self._loop.call_soon_threadsafe(self._leave.set)
            self._thread.join(20)
            self._thread = None

    def inside(self, act: Callable[[], T]) -> T:
        """Call something in the server's own thread."""

        async def call() -> T:
            return act()

        return asyncio.run_coroutine_threadsafe(call(), self._loop).result(20)

    async def _serve(self, opened: Future[None]) -> None:
        self._loop, self._leave = asyncio.get_running_loop(), asyncio.Event()
        try:
            async with self.running() as server:
                self.port = int(server.address.rpartition(":")[2])
                opened.set_result(None)
                await self._leave.wait()
        except BaseException as error:
            if opened.done():
                raise
            opened.set_exception(error)


class House(Premises):
    """A bridge that speaks tones, with its overlay."""

    def __init__(self, avatar: str = "svg", motion_map: str = "any_vts_model") -> None:
        super().__init__()
        self._avatar = avatar
        self._map = motion_map

    def address(self, **options: object) -> str:
        more = "".join(f"&{name}={value}" for name, value in options.items())
        return f"http://127.0.0.1:{self.port}/overlay?token={TOKEN}{more}"

    def perform(self, text: str) -> None:
        """Begin to speak, and do not wait for the end."""
        self._loop.call_soon_threadsafe(lambda: self._shows.append(self._loop.create_task(self._bridge.perform(text))))

    def interrupt(self) -> None:
        self.inside(self._bridge.interrupt)

    def heard(self) -> float:
        """Return the seconds that the bridge counts as heard."""
        return float(self.inside(self._bridge.stage.speaker.heard))

    def state(self) -> dict[str, Any]:
        """Return what `GET /v1/state` answers."""
        return self._ask("state")

    def act(self, name: str) -> None:
        """Perform an action by `POST /v1/act`."""
        self._ask("act", {"name": name})

    def _ask(self, path: str, body: Mapping[str, object] | None = None) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/v1/{path}", data)
        request.add_header("Authorization", f"Bearer {TOKEN}")
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=20) as answer:
            return dict(json.load(answer))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Server]:
        settings = Settings(
            voice=VoiceSettings(engine="tone"),
            motion=MotionSettings(map=self._map),
            drivers={"overlay": DriverSettings()},
            web=WebSettings(port=self.port, avatar=self._avatar, token=TOKEN, name="Mika"),
        )
        self._shows: list[asyncio.Task[Any]] = []
        self._bridge: Bridge
        async with on_air(settings) as (self._bridge, server, _):
            yield server
            self._bridge.interrupt()
        await asyncio.gather(*self._shows, return_exceptions=True)


def enter(context: Any, house: House, **options: object) -> Any:
    """Open the overlay and wait until it stands."""
    tab = context.new_page()
    tab.goto(house.address(**options))
    until(tab, READY)
    return tab


def state(tab: Any) -> Mapping[str, Any]:
    return dict(tab.evaluate("avatarBridge.state()"))


def held(tab: Any, pose: Mapping[str, float], seconds: float = 2.0, *, name: str = "") -> np.ndarray:
    """Return the picture of a pose that has been held for `seconds`, which do not pass; `name` keeps it."""
    tab.evaluate("([pose, seconds]) => avatarBridge.hold(pose, seconds)", [dict(pose), seconds])
    png = tab.screenshot(omit_background=True, animations="disabled")
    if name:
        artefact(f"{name}.png", png)
    return pixels(png)
