"""The simulator's socket: connections, render frames, faults, and the life cycle of it all."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import sys
import time
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from avatar_bridge.errors import ProtocolError, SettingsError, UsageError, WorldError
from avatar_bridge.simulators.vts.authentication import TokenStore
from avatar_bridge.simulators.vts.controls import Controls
from avatar_bridge.simulators.vts.discovery import DISCOVERY_PORT, Broadcast
from avatar_bridge.simulators.vts.log import InjectedFrame, LoggedRequest
from avatar_bridge.simulators.vts.model import ModelDescription
from avatar_bridge.simulators.vts.options import Options
from avatar_bridge.simulators.vts.recording import Recording
from avatar_bridge.simulators.vts.samples import SAMPLES
from avatar_bridge.simulators.vts.session import Session
from avatar_bridge.simulators.vts.studio import Studio

__all__ = ["VTubeStudioSimulator"]

_LOGGER = logging.getLogger("avatar_bridge.simulators.vts")
_LOGGER.addHandler(logging.NullHandler())


class VTubeStudioSimulator(Controls):
    """A VTube Studio that lives in this process: `async with VTubeStudioSimulator() as vts: ...  # vts.url`.

    The first of `models` is on the stage when it starts (`models=[]` for none). `fps` is the rate of render frames;
    answers leave once a frame. `broadcast` sends the UDP announcement to the loopback, True for port 47779, a number
    for another. `record` is a JSON Lines file for every request and frame. `token_store` outlives the simulator.
    Raises SettingsError on impossible arguments and WorldError when the port or the file cannot be opened.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        models: Sequence[ModelDescription] | None = None,
        fps: float = 60.0,
        options: Options | None = None,
        record: Path | None = None,
        token_store: TokenStore | None = None,
        broadcast: bool | int = False,
        broadcast_host: str | None = None,
    ) -> None:
        if not 1.0 <= fps <= 1000.0:
            raise SettingsError(f"fps must be between 1 and 1000, got {fps}")
        self.host = host
        self.port = port
        self.fps = fps
        self.options = Options() if options is None else options
        self.connections = 0
        """How many connections were accepted since the start."""
        self._models = list(SAMPLES.values()) if models is None else list(models)
        self._store = TokenStore() if token_store is None else token_store
        self._record_path = record
        self._broadcast_port = DISCOVERY_PORT if broadcast is True else int(broadcast)
        self._broadcast_host = broadcast_host
        self._requests: deque[LoggedRequest] = deque(maxlen=self.options.log_limit)
        self._open: dict[Session, ServerConnection] = {}
        self._servers: list[Server] = []
        self._opening = asyncio.Lock()
        self._listening: Server | None = None
        self._refusing = False
        self._stalled_until = -math.inf
        self._resumed = asyncio.Event()
        self._frame_made = asyncio.Event()
        self._ready = asyncio.Event()
        self._stop = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._group: asyncio.TaskGroup | None = None
        self._recording: Recording | None = None
        self.studio = self._new_studio()

    def _new_studio(self) -> Studio:
        now = time.perf_counter()
        studio = Studio(self._models, self.options, self._store, self.fps, now, self._log)
        studio.parameters.injection.listener = self._log_frame
        return studio

    async def __aenter__(self) -> Self:
        """Start; on return the simulator listens at `url`."""
        if self._task is not None:
            raise UsageError("a VTubeStudioSimulator starts once: make a new one with the same token_store instead")
        self._task = asyncio.create_task(self._run(), name="vts-simulator")
        ready = asyncio.create_task(self._ready.wait())
        try:
            await asyncio.wait({self._task, ready}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            self._task.cancel()
            raise
        finally:
            ready.cancel()
        if self._task.done():
            await self._task
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop: every connection closes with code 1001."""
        self._stop.set()
        if self._task is not None:
            await self._task

    @property
    def url(self) -> str:
        """The address for clients."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"ws://{host}:{self.port}"

    @property
    def listening(self) -> bool:
        """Whether new connections are accepted."""
        return self._listening is not None

    @property
    def running(self) -> bool:
        """Whether it runs; when it stopped by itself, leaving `async with` raises the reason."""
        return self._task is not None and not self._task.done()

    @property
    def requests(self) -> deque[LoggedRequest]:
        """Every request that was answered, in the order of the answers."""
        return self._requests

    def check(self) -> None:
        """Raise ProtocolError when a client did what the app only puts up with, and types are strict."""
        if self.options.types == "strict" and self.studio.violations:
            raise ProtocolError("the client broke the protocol: " + "; ".join(self.studio.violations))

    async def until(self, condition: Callable[[], object], seconds: float = 10.0) -> None:
        """Wait until `condition()` holds, looked at after every frame; raises TimeoutError after `seconds`."""
        async with asyncio.timeout(seconds):
            while not condition():
                await self._frame_made.wait()

    def stall(self, seconds: float = math.inf) -> None:
        """Hang: no frame is made and nothing answered for that long; connections stay open."""
        self._resumed.clear()
        self._stalled_until = time.perf_counter() + seconds

    def resume(self) -> None:
        """End a stall."""
        self._stalled_until = -math.inf
        self._resumed.set()

    def drop_connections(self, clean: bool = False) -> None:
        """Drop every connection: without a close frame, or with code 1001."""
        for connection in tuple(self._open.values()):
            if clean:
                self._spawn(connection.close(1001))
            else:
                connection.transport.abort()

    def refuse_connections(self, refuse: bool = True) -> None:
        """Close the port, connections stay; `False` opens it again (see `listening`)."""
        self._refusing = refuse
        self._update_listening()

    def set_api_active(self, active: bool) -> None:
        """Switch "Allow Plugin API access": off closes everything, or answers error 1 (`Options.api_off`)."""
        self.studio.api_active = active
        if not active and self.options.api_off == "closes":
            self.drop_connections(clean=True)
        self._update_listening()

    def _update_listening(self) -> None:
        wanted = not self._refusing and (self.studio.api_active or self.options.api_off == "refuses")
        if not wanted and self._listening is not None:
            self._listening.close(close_connections=False)
            self._listening = None
        elif wanted and self._listening is None:
            self._spawn(self._listen())

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        if self._group is None or self._stop.is_set():
            work.close()
            raise UsageError("the simulator is not running: use it inside `async with`")
        self._group.create_task(work)

    async def _run(self) -> None:
        with contextlib.ExitStack() as stack:
            if self._record_path is not None:
                self._recording = stack.enter_context(Recording(self._record_path))
            self.studio = self._new_studio()
            await self._listen()
            async with asyncio.TaskGroup() as self._group:
                loops = [self._group.create_task(self._render())]
                if self._broadcast_port:
                    loops.append(self._group.create_task(self._announce()))
                self._ready.set()
                await self._stop.wait()
                await self._shut()
                for loop in loops:
                    loop.cancel()

    async def _listen(self) -> None:
        async with self._opening:
            if self._listening is None:
                await self._open_port()
        self._update_listening()

    async def _open_port(self) -> None:
        try:
            server = await serve(
                self._serve,
                self.host,
                self.port,
                compression=None,
                max_size=self.options.max_message_bytes,
                ping_interval=None,
                open_timeout=2.0,
                close_timeout=1.0,
                server_header="websocket-sharp/1.0",
                logger=_LOGGER,
            )
        except OSError as error:
            raise WorldError(
                f"port {self.port} on {self.host} cannot be opened ({error.strerror or error}): VTube Studio or "
                "another simulator may be running there; stop it or choose another port"
            ) from error
        self._listening = server
        self._servers.append(server)
        self.port = next(iter(server.sockets)).getsockname()[1]

    async def _shut(self) -> None:
        if self._listening is not None:
            self._listening.close(close_connections=False)
            self._listening = None
        closing = [asyncio.ensure_future(connection.close(1001)) for connection in tuple(self._open.values())]
        if closing:
            await asyncio.wait(closing)
        for server in self._servers:
            await server.wait_closed()

    async def _announce(self) -> None:
        with Broadcast(self._broadcast_port, self._broadcast_host, self.options) as announcement:
            while True:
                announcement.send(self.studio.api_active, self.port, self.studio.new_uuid().replace("-", ""))
                await asyncio.sleep(self.options.broadcast_seconds)

    async def _render(self) -> None:
        period, due = 1.0 / self.fps, time.perf_counter()
        while True:
            due = max(due + period, time.perf_counter())
            await _pause(due - time.perf_counter())
            while (rest := self._stalled_until - time.perf_counter()) > 0:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._resumed.wait(), None if math.isinf(rest) else rest)
            self.studio.advance(time.perf_counter())
            self._drop_deaf()
            if self._recording is not None:
                self._recording.flush()
            self._frame_made.set()
            self._frame_made = asyncio.Event()

    def _drop_deaf(self) -> None:
        """Drop sessions that never read: their answers and events would pile up without end."""
        for session, connection in tuple(self._open.items()):
            if len(session.outbox) > 4 * self.options.waiting_messages:
                connection.transport.abort()

    async def _serve(self, connection: ServerConnection) -> None:
        wake = asyncio.Event()
        session = self.studio.connect(wake.set)
        self.connections += 1
        self._open[session] = connection
        self._note("connect", session)
        work = {
            asyncio.create_task(self._read(connection, session)),
            asyncio.create_task(self._write(connection, session, wake)),
        }
        try:
            await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in work:
                task.cancel()
            await asyncio.wait(work)
            del self._open[session]
            self._note("disconnect", session)
            self.studio.disconnect(session)
        for task in work:
            if not task.cancelled():
                task.result()

    async def _read(self, connection: ServerConnection, session: Session) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                message = await connection.recv()
                session.inbox.append((time.perf_counter(), message))
                while len(session.inbox) >= self.options.waiting_messages:
                    await self._frame_made.wait()

    async def _write(self, connection: ServerConnection, session: Session, wake: asyncio.Event) -> None:
        size = self.options.fragment_bytes
        with contextlib.suppress(ConnectionClosed):
            while True:
                await wake.wait()
                wake.clear()
                while session.outbox:
                    frame = session.outbox[0]
                    if size is None or len(frame) <= size:
                        await connection.send(frame, text=True)
                    else:
                        parts = [frame[at : at + size] for at in range(0, len(frame), size)]
                        await connection.send(parts, text=True)
                    session.outbox.popleft()

    def _log(self, request: LoggedRequest) -> None:
        self._requests.append(request)
        accepted = request.message_type == "InjectParameterDataRequest" and request.error_id is None
        if self._recording is not None and not accepted:
            self._recording.request(request)

    def _log_frame(self, frame: InjectedFrame) -> None:
        if self._recording is not None:
            self._recording.frame(frame)

    def _note(self, kind: str, session: Session) -> None:
        if self._recording is not None:
            self._recording.note(kind, time.perf_counter(), session.number, session.claimed)


async def _pause(seconds: float) -> None:
    """Sleep; on Windows in a thread, where a sleep is finer than the event loop's 15.6 ms."""
    if sys.platform == "win32" and seconds > 0:
        await asyncio.to_thread(time.sleep, seconds)
    else:
        await asyncio.sleep(max(seconds, 0.0))
