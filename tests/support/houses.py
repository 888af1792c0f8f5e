"""A bridge with its server and its pages in a real Chromium, for tests that are not asynchronous themselves."""

from __future__ import annotations

import asyncio
import json
import threading
import urllib.request
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any

import numpy as np
from chromium import artefact, until
from pictures import pixels

from avatar_bridge.assembly import Bridge
from avatar_bridge.commands.on_air import on_air
from avatar_bridge.settings import DriverSettings, MotionSettings, Settings, VoiceSettings, WebSettings

__all__ = ["QUIET", "READY", "SPEAKING", "TOKEN", "House", "enter", "held", "state"]

TOKEN = "a-token-for-the-overlay-tests-only-0123456789"
READY = "!!window.avatarBridge && avatarBridge.state().ready"
SPEAKING = "avatarBridge.heard() > 0.5"
QUIET = "avatarBridge.state().utterance === null"


class House:
    """A bridge that speaks tones, with its server, in a thread of its own; it can be closed and opened again."""

    def __init__(self, avatar: str = "svg", motion_map: str = "any_vts_model") -> None:
        self.port = 0
        self._avatar = avatar
        self._map = motion_map
        self._thread: threading.Thread | None = None

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

    def address(self, **options: object) -> str:
        more = "".join(f"&{name}={value}" for name, value in options.items())
        return f"http://127.0.0.1:{self.port}/overlay?token={TOKEN}{more}"

    def perform(self, text: str) -> None:
        """Begin to speak, and do not wait for the end."""
        self._loop.call_soon_threadsafe(lambda: self._shows.append(self._loop.create_task(self._bridge.perform(text))))

    def interrupt(self) -> None:
        self._inside(self._bridge.interrupt)

    def heard(self) -> float:
        """Return the seconds that the bridge counts as heard."""
        return float(self._inside(self._bridge.stage.speaker.heard))

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

    def _inside(self, call: Any) -> Any:
        done: Future[Any] = Future()
        self._loop.call_soon_threadsafe(lambda: done.set_result(call()))
        return done.result(20)

    async def _serve(self, opened: Future[None]) -> None:
        try:
            settings = Settings(
                voice=VoiceSettings(engine="tone"),
                motion=MotionSettings(map=self._map),
                drivers={"overlay": DriverSettings()},
                web=WebSettings(port=self.port, avatar=self._avatar, token=TOKEN, name="Mika"),
            )
            self._loop, self._leave = asyncio.get_running_loop(), asyncio.Event()
            self._shows: list[asyncio.Task[Any]] = []
            self._bridge: Bridge
            async with on_air(settings) as (self._bridge, server, _):
                self.port = int(server.address.rpartition(":")[2])
                opened.set_result(None)
                await self._leave.wait()
                self._bridge.interrupt()
            await asyncio.gather(*self._shows, return_exceptions=True)
        except BaseException as error:
            if opened.done():
                raise
            opened.set_exception(error)


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
