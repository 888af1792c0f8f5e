"""A kept connection: whatever the program does, the loop goes on, the state says it, and it is found again."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosedOK
from websockets.frames import Frame, Opcode
from websockets.protocol import Event

from avatar_bridge.drivers import link as module
from avatar_bridge.drivers.link import Link, incoming
from avatar_bridge.errors import ProtocolError, RefusedError, UnreachableError

Session = Callable[[Link, ClientConnection], Awaitable[None]]


class Program:
    """A WebSocket server on a port of its own that comes and goes."""

    def __init__(self) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            self.port = int(taken.getsockname()[1])
        self.url = f"ws://127.0.0.1:{self.port}"
        self.messages: list[str | bytes] = []
        self.met = asyncio.Event()
        self.server: Server | None = None

    async def start(self) -> None:
        self.server = await serve(self._meet, "127.0.0.1", self.port, compression=None, close_timeout=0.2)

    async def stop(self) -> None:
        if self.server is not None:
            self.server.close()
            await self.server.wait_closed()
            self.server = None

    async def _meet(self, connection: ServerConnection) -> None:
        self.met.set()
        async for message in connection:
            self.messages.append(message)


@pytest.fixture
async def program() -> AsyncIterator[Program]:
    made = Program()
    yield made
    await made.stop()


async def stay(link: Link, connection: ClientConnection) -> None:
    link.tell("ready", "Here.")
    await connection.wait_closed()


@contextlib.asynccontextmanager
async def kept(url: str, session: Session = stay) -> AsyncIterator[Link]:
    made = Link(url, lambda connection: session(made, connection), app="the app", remedy="start it", jitter=lambda: 0.0)
    running = asyncio.create_task(made.run())
    try:
        yield made
    finally:
        await made.close()
        async with asyncio.timeout(10):
            await running


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def test_nobody_there_and_then_somebody(program: Program) -> None:
    async with kept(program.url) as link:
        assert not await link.ready()
        assert link.status == "unreachable"
        assert link.detail == f"the app does not answer at {program.url}: start it."
        with pytest.raises(UnreachableError, match="start it"):
            await link.send("nothing to send it on")
        await program.start()
        await until(lambda: link.status == "ready")
        await link.send("hello")
        await until(lambda: program.messages == ["hello"])
        await program.stop()
        await until(lambda: link.status == "unreachable")
        assert link.connection is None
        await program.start()
        await until(lambda: link.status == "ready")
    assert link.status == "closed"
    assert not await link.ready()


async def test_between_two_attempts_are_never_more_than_one_and_a_half_seconds() -> None:
    link = Link("ws://127.0.0.1:9", lambda _: asyncio.sleep(0), app="a", remedy="b", jitter=lambda: 0.0)
    waits = [link._backoff.next() for _ in range(300)]
    assert waits[:4] == [0.25, 0.5, 1.0, 1.5]
    assert max(waits) == 1.5
    link.tell("ready", "")
    assert link._backoff.next() == 0.25


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "127.0.0.1:80", "ws://[::", "ws://127.0.0.1:many", ""])
async def test_what_is_no_address_is_said(url: str) -> None:
    async with kept(url) as link:
        assert not await link.ready()
        assert link.status == "refused"
        assert "expected one like ws://" in link.detail


async def test_another_program_on_the_port(program: Program) -> None:
    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", program.port)
    async with server, kept(program.url) as link:
        assert not await link.ready()
        assert "is not the app" in link.detail


async def test_a_program_that_accepts_and_never_answers_holds_nobody_up(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_OPENING", 0.2)
    came = asyncio.Event()

    async def stall(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.set()
        await done.wait()
        writer.close()

    done = asyncio.Event()
    server = await asyncio.start_server(stall, "127.0.0.1", program.port)
    async with server:
        async with kept(program.url) as link:
            assert not await link.ready()
            assert link.status == "unreachable"
            assert came.is_set()
        done.set()


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (RefusedError("The password is wrong."), "refused", "The password is wrong."),
        (ProtocolError("It said nonsense."), "unreachable", "It said nonsense."),
        (ConnectionClosedOK(None, None), "unreachable", "the app closed the connection: start it."),
        (ConnectionResetError(), "unreachable", "the app closed the connection: start it."),
        (
            BaseExceptionGroup("", [ConnectionClosedOK(None, None), ExceptionGroup("", [RefusedError("No.")])]),
            "refused",
            "No.",
        ),
        (ExceptionGroup("", [OSError(), UnreachableError("Away.")]), "unreachable", "Away."),
        (ExceptionGroup("", [OSError()]), "unreachable", "the app closed the connection: start it."),
    ],
)
async def test_what_ends_a_session_becomes_the_state(
    program: Program, error: BaseException, status: str, words: str
) -> None:
    async def fail(_link: Link, _connection: ClientConnection) -> None:
        raise error

    await program.start()
    async with kept(program.url, fail) as link:
        await until(lambda: link.status != "connecting")
        assert (link.status, link.detail) == (status, words)


@pytest.mark.parametrize("error", [RuntimeError("a fault of ours"), ExceptionGroup("", [OSError(), KeyError("x")])])
async def test_a_fault_of_the_driver_itself_is_not_hidden(program: Program, error: Exception) -> None:
    async def fail(_connection: ClientConnection) -> None:
        raise error

    await program.start()
    link = Link(program.url, fail, app="a", remedy="b")
    with pytest.raises(BaseExceptionGroup):
        await link.run()
    assert not await link.ready()
    assert link.status == "closed"


async def test_who_does_not_read_is_left_after_a_while(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop runs on meanwhile, and closing takes no longer than the farewell."""
    monkeypatch.setattr(module, "_PATIENCE", 0.1)
    holding = asyncio.Event()

    async def deaf(connection: ServerConnection) -> None:
        connection.transport.pause_reading()
        await holding.wait()

    async def pour(link: Link, _connection: ClientConnection) -> None:
        link.tell("ready", "Pouring.")
        while True:
            await link.send("x" * 200_000)

    async with serve(deaf, "127.0.0.1", program.port, compression=None, close_timeout=0.1):
        async with kept(program.url, pour) as link:
            assert await link.ready()
            await until(lambda: link.status == "unreachable")
            assert "has taken nothing" in link.detail
        holding.set()


async def test_a_session_that_will_not_end_is_cut_off(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PARTING", 0.1)
    said = asyncio.Event()

    async def stubborn(link: Link, connection: ClientConnection) -> None:
        link.tell("ready", "Here.")
        try:
            await connection.wait_closed()
        except asyncio.CancelledError:
            said.set()
            await connection.wait_closed()
            raise

    await program.start()
    async with kept(program.url, stubborn) as link:
        assert await link.ready()
        await link.close()
        assert said.is_set()
        assert link.status == "closed"


async def test_a_program_that_comes_and_goes_fifteen_times(program: Program) -> None:
    async with kept(program.url) as link:
        for _ in range(15):
            link._backoff.reset()
            program.met.clear()
            await program.start()
            async with asyncio.timeout(10):
                await program.met.wait()
            await until(lambda: link.status == "ready")
            await program.stop()
            await until(lambda: link.status == "unreachable")


async def test_closed_before_it_ran(program: Program) -> None:
    link = Link(program.url, lambda _: asyncio.sleep(0), app="a", remedy="b")
    await link.close()
    await link.run()
    assert not await link.ready()


async def test_each_message_is_acknowledged_with_a_pong_and_none_is_lost_at_the_end() -> None:
    pongs: list[bytes] = []
    heard: list[str | bytes] = []

    class Counting(ServerConnection):
        def process_event(self, event: Event) -> None:
            if isinstance(event, Frame) and event.opcode is Opcode.PONG:
                pongs.append(bytes(event.data))
            super().process_event(event)

    async def speak(connection: ServerConnection) -> None:
        for number in range(3):
            await connection.send(str(number))
        await connection.recv()
        for number in range(3, 9):
            await connection.send(str(number))

    async def listen(_: Link, connection: ClientConnection) -> None:
        async for message in incoming(connection):
            heard.append(message)
            if message == "2":
                await connection.send("all of them")
                await connection.wait_closed()

    async with serve(speak, "127.0.0.1", 0, create_connection=Counting) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        async with kept(f"ws://127.0.0.1:{port}", listen):
            await until(lambda: len(heard) >= 9)
    assert pongs[:3] == [b"", b"", b""]
    assert heard[:9] == [str(number) for number in range(9)]


async def test_a_name_is_looked_up_and_its_addresses_are_tried_beside_each_other(program: Program) -> None:
    async with kept(f"ws://localhost:{program.port}") as link:
        assert not await link.ready()
        assert link.status == "unreachable"
        await program.start()
        await until(lambda: link.status == "ready")


async def test_a_cancellation_ends_it_even_as_the_session_fails_in_the_same_moment(program: Program) -> None:
    await program.start()
    failing = asyncio.Event()

    async def fail() -> None:
        await failing.wait()
        raise UnreachableError("it is gone")

    async def session(connection: ClientConnection) -> None:
        del connection
        link.tell("ready", "Here.")
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(fail())
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from None

    link = Link(program.url, session, app="The program", remedy="start it")
    running = asyncio.create_task(link.run())
    await link.ready()
    failing.set()
    await asyncio.sleep(0)  # the member has failed, the group has not been told
    running.cancel()
    done, _ = await asyncio.wait({running}, timeout=5)
    await link.close()
    assert done
    assert running.cancelled()
