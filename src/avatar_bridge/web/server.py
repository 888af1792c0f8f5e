"""The local server: overlay, studio, HTTP API and event socket of one bridge."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import socket
from collections.abc import Callable, Generator
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, Final, Literal, Self

import uvicorn

from avatar_bridge.assembly import Bridge, Cast
from avatar_bridge.assembly.talk import Talk
from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.errors import MotionMapError, SettingsError, WorldError
from avatar_bridge.settings import WebSettings
from avatar_bridge.web.application import application
from avatar_bridge.web.audience import Seat, WebAudience
from avatar_bridge.web.avatar_files import AvatarFiles
from avatar_bridge.web.door import Door
from avatar_bridge.web.events import LARGEST_MESSAGE, EventSocket
from avatar_bridge.web.game_requests import GameRequests
from avatar_bridge.web.game_socket import GameSocket
from avatar_bridge.web.games import WebGames
from avatar_bridge.web.line import Line, missing
from avatar_bridge.web.listening import Listening
from avatar_bridge.web.map_form import MapForm
from avatar_bridge.web.proxy import Proxy
from avatar_bridge.web.security import Place, choose_token
from avatar_bridge.web.show import Show
from avatar_bridge.web.speech_feed import SpeechFeed
from avatar_bridge.web.state import VERSION, ShowState
from avatar_bridge.web.upstream import Upstream
from avatar_bridge.wire import page

__all__ = ["Server", "bind"]

_TRIED: Final = 20
"""Ports that are tried from the wished one on."""

_CLOSING: Final = 1.0
"""Seconds that connections have to end by themselves when the server does."""

_GIVING_UP: Final = 2
"""Seconds after which uvicorn cancels a request that outlives its connection, with an error in the log."""

_log = logging.getLogger(__name__)

_FOREIGN_PORT = {errno.EADDRINUSE, errno.EACCES}


class Server:
    """Serves a bridge's pages and API. Use it inside the bridge's own `async with`.

        audience = WebAudience()
        bridge = Bridge.from_settings(settings, audience=audience)
        server = Server(bridge, audience, settings.web)
        async with bridge, server:
            print(server.overlay_address)

    Raises SettingsError where the settings name files that cannot be used, or a host or token that cannot be;
    WorldError where no port is free.
    """

    def __init__(
        self,
        bridge: Bridge,
        audience: WebAudience,
        settings: WebSettings | None = None,
        *,
        games: WebGames | None = None,
        cast: Cast | None = None,
        told: Callable[[Diagnostic], None] | None = None,
    ) -> None:
        """`told` is called with everything that the studio shows as a note, once each, as it arises.

        Without `games` a game that connects is told that there is no character for it. `cast`: all characters, where
        `bridge` is the main one of several.
        """
        self._bridge = bridge
        self._cast = cast or Cast(bridge)
        self.talk = Talk(self._cast)
        """The conversations with its characters, which end with the server."""
        self._audience = audience
        self._games = games or WebGames()
        self._settings = settings or bridge.settings.web
        self._told = told
        self._files = AvatarFiles(self._settings)
        self.token = choose_token(self._settings)
        """What every page and program must show."""
        self.notes: list[Diagnostic] = [*self._files.notes]
        """What is otherwise than asked, in plain words."""
        self._place: Place | None = None
        self._undo: AsyncExitStack | None = None

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as undo:
            listening, note = bind(self._settings.host, self._settings.port)
            undo.callback(listening.close)
            undo.callback(setattr, listening, "kept", False)
            self._place = place = Place(self._settings.host, listening.getsockname()[1])
            self.notes += [each for each in (note, _exposure(self._settings.host)) if each is not None]
            state = ShowState(self._bridge, self._audience, tuple(self.notes))
            state.told = self._told
            state.cast, state.games = self._cast, self._games
            show = Show(self._bridge, state, self._files, self._map_form(), self._cast, self.talk)
            requests = GameRequests(show, self._games)
            self._games.on_event, self._games.on_request = self._cast.happened, requests.take
            undo.callback(requests.close)
            feed = SpeechFeed(self._bridge, self._audience)
            for follower in (state, feed):
                self._bridge.follow(follower)
                undo.callback(self._bridge.unfollow, follower)
                self._audience.attend(follower)
                undo.callback(self._audience.unattend, follower)
            events = EventSocket(self._audience, self._bridge.stage.clock, self._welcome)
            games = GameSocket(self._games, self._bridge.stage.clock, token=self.token, version=VERSION)
            upstream = Upstream(self._bridge.settings.mind)
            undo.push_async_callback(upstream.close)
            proxy = Proxy(self._bridge.settings.proxy, upstream)
            routes = application(show, events, games, token=self.token, place=place, proxy=proxy)
            web = _Uvicorn(_config(routes), listening)
            tasks = await undo.enter_async_context(asyncio.TaskGroup())
            telling = [tasks.create_task(each.run()) for each in (state, feed)]
            serving = tasks.create_task(web.serve(sockets=[listening]))
            undo.push_async_callback(self._close, show, web, serving, telling)
            await web.accepting.wait()
            state.publish()
            self._undo = undo.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._undo is not None:
            await self._undo.__aexit__(None, None, None)

    @property
    def address(self) -> str:
        """Where it is: `http://127.0.0.1:8787`; only inside `async with`."""
        if self._place is None:
            raise WorldError("the server is not open; use it as: async with bridge, server")
        return f"http://{self._place.authority}"

    @property
    def overlay_address(self) -> str:
        """The page for OBS, with its token."""
        return f"{self.address}/overlay?token={self.token}"

    @property
    def studio_address(self) -> str:
        """The control room, with its token."""
        return f"{self.address}/studio?token={self.token}"

    @property
    def game_address(self) -> str:
        """Where games connect; they say the token in their hello."""
        return f"{self.address.replace('http', 'ws', 1)}/v1/game"

    def _welcome(self, seat: Seat) -> str:
        return page.welcome(
            page=seat.id,
            now=self._bridge.stage.clock.time(),
            version=VERSION,
            avatar=self._files.avatar,
            speaker=self._settings.name,
            clips=self._files.clips,
        )

    def _map_form(self) -> MapForm | None:
        try:
            return MapForm(self._bridge.settings.motion.map, self._bridge.settings.folder)
        except MotionMapError:
            return None  # the bridge was given a map that is no file

    async def _close(
        self, show: Show, web: _Uvicorn, serving: asyncio.Task[None], telling: list[asyncio.Task[None]]
    ) -> None:
        """Close the mouth first, then the pages, then the port."""
        await show.close()
        for task in telling:
            task.cancel()
        self._audience.dismiss()
        self._games.dismiss()
        web.leaving.set()
        await asyncio.wait({serving}, timeout=_CLOSING)
        web.cut_off()
        await asyncio.wait({serving})


class _Uvicorn(uvicorn.Server):
    """uvicorn as a guest in a running loop: the program's own signals stay as they are."""

    def __init__(self, config: uvicorn.Config, listening: Listening) -> None:
        super().__init__(config)
        self._listening = listening
        self.accepting = asyncio.Event()
        self.leaving = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to accept connections."""
        await super().startup(sockets)
        self._listening.kept = True
        self.accepting.set()

    async def main_loop(self) -> None:
        """Wait for the end; the date that answers carry is renewed meanwhile."""
        while not self.leaving.is_set():
            await self.on_tick(0)
            if self._listening.dropped.is_set():
                self._listening.dropped.clear()
                await self.startup([self._listening])
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await self.leaving.wait()
        self._listening.kept = False

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Capture none."""
        yield

    def cut_off(self) -> None:
        """Drop the connections that did not close by themselves."""
        for connection in list(self.server_state.connections):
            connection.transport.abort()


def bind(host: str, port: int) -> tuple[Listening, Diagnostic | None]:
    """Return a listening socket at `host`, at the first free port from `port` on, and a note where that is another one.

    Raises SettingsError for a host that is none of this machine's, WorldError where no port is free.
    """
    try:
        family, _, _, _, place = min(
            socket.getaddrinfo(host, port, type=socket.SOCK_STREAM), key=lambda found: found[0] != socket.AF_INET
        )
    except OSError as error:
        raise SettingsError(f"web.host: expected an address of this machine, got {host!r}: {error.strerror}") from None
    tried = [port] if port == 0 else range(port, min(port + _TRIED, 65536))
    for each in tried:
        opened = Listening(family, socket.SOCK_STREAM)
        try:
            if family == socket.AF_INET6 and place[0] == "::":
                opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)  # Windows keeps 127.0.0.1 out otherwise
            _exclusively(opened)
            opened.bind((place[0], each, *place[2:]))
            opened.listen(128)
        except OSError as error:
            opened.close()
            if error.errno in _FOREIGN_PORT:
                continue
            raise SettingsError(
                f"web.host: expected an address of this machine, got {host!r}: {error.strerror}"
            ) from None
        opened.setblocking(False)
        return opened, None if each == port else _elsewhere(port, each)
    raise WorldError(f"the ports {tried[0]} to {tried[-1]} are all in use; choose another with --port or web.port")


def _exclusively(opened: socket.socket) -> None:
    """Let nobody else listen at the same port; after a restart, take it again at once."""
    exclusive = getattr(socket, "SO_EXCLUSIVEADDRUSE", None)
    if os.name == "nt" and exclusive is not None:
        opened.setsockopt(socket.SOL_SOCKET, exclusive, 1)
    else:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)


def _elsewhere(wished: int, taken: int) -> Diagnostic:
    return Diagnostic(
        f"the port {wished} is in use, so the pages are at {taken}: change it in OBS as well",
        suggestion="close what uses it (another avatar-bridge?), or choose a port with --port or web.port",
    )


def _exposure(host: str) -> Diagnostic | None:
    if host in ("127.0.0.1", "localhost", "::1") or host.startswith("127."):
        return None
    return Diagnostic(
        f"the server listens at {host}: other machines of your network can reach it, unencrypted, with the token",
        suggestion="keep to 127.0.0.1 unless OBS runs on another machine",
    )


def _config(app: Any) -> uvicorn.Config:
    """Return uvicorn's settings, with our own connections where they fit it."""
    config = _config_with(app, ws=Line)
    lacking = missing(config)
    if not lacking:
        return config
    _log.warning("this uvicorn lacks %s, so pages are written to by plain ASGI", ", ".join(lacking))
    return _config_with(app, ws="websockets-sansio")


def _config_with(app: Any, *, ws: type[asyncio.Protocol] | Literal["websockets-sansio"]) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        ws=ws,
        ws_max_size=LARGEST_MESSAGE,
        ws_per_message_deflate=False,
        http=Door,
        lifespan="off",
        access_log=False,
        log_config=None,
        log_level="warning",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_GIVING_UP,
    )
