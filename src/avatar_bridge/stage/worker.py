"""A backend in a child process: what it computes, how it crashes and what it costs stay out of the bridge's own."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Mapping
from typing import Any

from avatar_bridge import errors
from avatar_bridge.core.vocabulary import Diagnostic, SpokenSegment
from avatar_bridge.errors import AvatarBridgeError, ProtocolError, VoiceError, WorkerError
from avatar_bridge.ports import VoiceAbilities
from avatar_bridge.stage.worker_child import WorkerChild

__all__ = ["Worker", "WorkerVoice"]


class Worker:
    """An engine `module:Class` in a child process, constructed there with `settings`; for one event loop.

    Calls are answered one after another in the order in which they came: a stream that is not drained or closed holds
    those behind it. A child that dies is replaced, at once while nothing is asked of it, else by the next call; the
    call in work gets WorkerError. The child ends with the bridge, however the bridge ends.
    """

    def __init__(
        self, spec: str, settings: Mapping[str, Any], *, start_timeout: float = 60.0, reply_timeout: float = 30.0
    ) -> None:
        """Seconds: `start_timeout` to load, `reply_timeout` for each piece of an answer (not for the whole)."""
        self._spec = spec
        self._settings = dict(settings)
        self._start_timeout = start_timeout
        self.reply_timeout = reply_timeout
        """Seconds that each piece of an answer may take from now on."""
        self._turn = asyncio.Lock()
        self._child: WorkerChild | None = None
        self._number = 0
        self._watches: set[asyncio.Task[None]] = set()
        self._open = False
        self._diagnostics: list[Diagnostic] = []
        self.rate: int | None = None
        """Samples a second of what the engine speaks, known once it is open."""
        self.cpu = 0.0
        """Seconds that all calls have computed in the child so far; those that were let go count not."""
        self.abilities: Any = None
        """What the engine says that it can do, known once it is open; None where it says nothing."""

    @property
    def pid(self) -> int | None:
        """Process id of the child, None where none runs."""
        return self._child.pid if self._child is not None and self._child.alive else None

    async def open(self) -> None:
        """Start the child and load the engine.

        Raises WorkerError where it dies or takes longer than `start_timeout`, and the engine's own error
        (VoiceError, UsageError) with its remedy.
        """
        self._open = True
        async with self._turn:
            await self._living()

    async def request(self, call: str, **arguments: Any) -> Any:
        """Return the one value of the engine's method `call`; None where it gave none. Raises as `stream` does."""
        value = None
        async with contextlib.aclosing(self.stream(call, **arguments)) as pieces:
            async for piece in pieces:
                value = piece
        return value

    async def stream(self, call: str, **arguments: Any) -> AsyncGenerator[Any, None]:
        """Yield what the engine's method `call` yields; closing the iterator stops the work at its next piece.

        Raises the engine's own error, or WorkerError when the child died or made no progress.
        """
        async with self._turn:
            child = await self._living()
            self._number += 1
            number, ended = self._number, False
            child.send(number, call, arguments)
            try:
                while not ended:
                    frame = await child.frame(self.reply_timeout)
                    if frame["kind"] == "piece":
                        yield frame["value"]
                        continue
                    ended = True
                    self.cpu += float(frame.get("cpu", 0.0))
                    if frame["kind"] == "error":
                        raise _error(frame)
            except WorkerError as error:
                if not child.alive:
                    self._diagnostics.append(Diagnostic(f"the worker of {self._spec} {error}; another takes its place"))
                raise
            finally:
                if not ended:
                    child.cancel(number)

    def diagnostics(self) -> list[Diagnostic]:
        """Return and forget what happened to the child since the last call."""
        news, self._diagnostics = self._diagnostics, []
        return news

    async def close(self) -> None:
        """End the child; a call in work gets WorkerError."""
        self._open = False
        for watch in self._watches:
            watch.cancel()
        await asyncio.gather(*self._watches, return_exceptions=True)
        child, self._child = self._child, None
        if child is not None:
            await child.close()

    async def _living(self) -> WorkerChild:
        """Return the child, started anew where there is none; only while holding the turn."""
        self._check_open()
        if self._child is not None and self._child.alive:
            return self._child
        if self._child is not None:
            await self._child.close()
            self._child = None
        child = await WorkerChild.start(self._spec, self._settings)
        try:
            ready = await child.frame(self._start_timeout)
        except WorkerError as error:
            await child.close()
            raise WorkerError(f"the worker of {self._spec} {error} while it was loading") from error
        except BaseException:
            child.kill("was given up while it was loading")
            await child.close()
            raise
        if ready["kind"] == "error":
            await child.close()
            raise _error(ready)
        if not self._open:
            await child.close()
        self._check_open()
        self.rate = ready["rate"]
        self.abilities = ready.get("abilities")
        self._child = child
        watch = asyncio.create_task(self._replace_when_idle(child, self._number))
        self._watches.add(watch)
        watch.add_done_callback(self._watches.discard)
        return child

    def _check_open(self) -> None:
        if not self._open:
            raise WorkerError(f"the worker of {self._spec} is closed; open it before asking something of it")

    async def _replace_when_idle(self, child: WorkerChild, number: int) -> None:
        """Replace a child that dies while nothing is asked of it; not one that never did anything (a crash loop)."""
        await asyncio.shield(child.ended)
        if self._turn.locked() or self._number == number or child is not self._child:
            return
        self._diagnostics.append(Diagnostic(f"the worker of {self._spec} {child.obituary()}; another takes its place"))
        async with self._turn:
            try:
                await self._living()
            except AvatarBridgeError as error:
                self._diagnostics.append(Diagnostic(f"the worker of {self._spec} could not be replaced: {error}"))


def _error(frame: Mapping[str, Any]) -> AvatarBridgeError:
    """Return the engine's error as it was raised in the child."""
    kind = getattr(errors, str(frame["error"]), None)
    if isinstance(kind, type) and issubclass(kind, AvatarBridgeError):
        return kind(frame["message"])
    return ProtocolError(f"the worker reported an unknown error {frame['error']}: {frame['message']}")


class WorkerVoice:
    """A VoiceEngine in a child process, as the stage's Voice."""

    def __init__(
        self, spec: str, settings: Mapping[str, Any], *, start_timeout: float = 60.0, reply_timeout: float = 30.0
    ) -> None:
        """Take a VoiceEngine as `module:Class` with its settings; the time-outs are Worker's, in seconds."""
        self._spec = spec
        self._worker = Worker(spec, settings, start_timeout=start_timeout, reply_timeout=reply_timeout)

    @property
    def rate(self) -> int | None:
        """Samples a second, None before `open`."""
        return self._worker.rate

    @property
    def abilities(self) -> VoiceAbilities:
        """What it can do, known once it is open."""
        found = self._worker.abilities
        return found if isinstance(found, VoiceAbilities) else VoiceAbilities()

    @property
    def pid(self) -> int | None:
        """Process id of the child, None where none runs."""
        return self._worker.pid

    @property
    def cpu(self) -> float:
        """Seconds that the voice has computed so far."""
        return self._worker.cpu

    async def open(self) -> None:
        """Load the voice; raises VoiceError, UsageError or WorkerError with a remedy."""
        await self._worker.open()

    async def speak(self, text: str) -> AsyncGenerator[SpokenSegment, None]:
        """Yield the audio of `text` piece by piece; closing the iterator cancels the work.

        When the child dies or hangs, a new one speaks the text once more and what was yielded already is not yielded
        twice. Raises VoiceError when that fails too, or where the voice cannot speak the text.
        """
        given = 0
        for last in (False, True):
            skip = given
            try:
                async with contextlib.aclosing(self._worker.stream("speak", text=text)) as pieces:
                    async for piece in pieces:
                        if skip:
                            skip -= 1
                            continue
                        given += 1
                        yield piece
                return
            except WorkerError as error:
                if last:
                    raise VoiceError(f"the voice {self._spec} failed twice at {_cut(text)}: {error}") from error

    def diagnostics(self) -> list[Diagnostic]:
        """Return and forget what happened to the child since the last call (killed, hung, replaced)."""
        return self._worker.diagnostics()

    async def close(self) -> None:
        """End the child."""
        await self._worker.close()


def _cut(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:39] + "…")
