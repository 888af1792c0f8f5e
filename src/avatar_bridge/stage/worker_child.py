"""One child process of the bridge: its pipes, its frames, and why it ended."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections import deque
from collections.abc import Mapping
from typing import Any

from avatar_bridge.errors import ProtocolError, WorkerError
from avatar_bridge.stage.worker_frames import PREFIX, lengths, pack, unpack
from avatar_bridge.stage.worker_main import OUT_OF_MEMORY

__all__ = ["WorkerChild"]

_AHEAD = 8
"""Frames read before anybody asks for them; a child that is further ahead waits in its pipe."""
_PIPE_BYTES = 1 << 20
_TAIL_BYTES = 4096
_FAREWELL = 2.0
"""Seconds that a child has to end by itself once its input is closed."""


def _apart() -> dict[str, Any]:
    """Return what keeps a child apart from its parent's terminal: Ctrl-C is the parent's to answer."""
    if sys.platform == "win32":
        group, below_normal, no_window = 0x200, 0x4000, 0x8000000
        return {"creationflags": group | below_normal | no_window}
    return {"process_group": 0}


class WorkerChild:
    """A running child process; made by `start`, not ready before its first frame."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._frames: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue(_AHEAD)
        self._tail: deque[bytes] = deque()
        self._number = 0
        self._verdict = ""
        self._unanswered = {0}
        self._sign = asyncio.get_running_loop().time()
        """When it last gave a sign of life, or was first asked after it had answered everything."""
        self._tasks = (asyncio.create_task(self._read()), asyncio.create_task(self._listen()))
        self.ended = asyncio.create_task(process.wait())
        """Done when the process is no more."""

    @classmethod
    async def start(cls, spec: str, settings: Mapping[str, Any]) -> WorkerChild:
        """Start a child that constructs the engine `spec` with `settings`; raises WorkerError where none starts."""
        first = pack({"spec": spec, "settings": settings, "paths": sys.path})
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "avatar_bridge.stage.worker_main"),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                limit=_PIPE_BYTES,
                **_apart(),
            )
        except OSError as error:
            raise WorkerError(f"no process could be started for {spec}: {error}") from error
        child = cls(process)
        child._write(first)
        return child

    @property
    def pid(self) -> int:
        """Id of the process."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """True while the process runs and nobody gave it up."""
        return self._process.returncode is None and not self._verdict

    def send(self, number: int, call: str, arguments: Mapping[str, Any]) -> None:
        """Ask for `call`; from now on only frames with this number come out of `frame`."""
        self._number = number
        if not self._unanswered:
            self._sign = asyncio.get_running_loop().time()
        self._unanswered.add(number)
        self._write(pack({"id": number, "call": call, "arguments": arguments}))

    def cancel(self, number: int) -> None:
        """Let go of the call in work; what still comes of it is dropped."""
        self._let_go()
        self._write(pack({"id": number, "call": "cancel"}))

    async def frame(self, patience: float) -> dict[str, Any]:
        """Return the next frame; raises WorkerError when the child is dead or silent for `patience` seconds.

        The silence counts from its last sign of life: calls that were let go meanwhile do not prolong it.
        """
        frame = await self._next(patience)
        while frame is not None and frame["id"] != self._number:
            frame = await self._next(patience)
        if frame is None:
            self._frames.put_nowait(None)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_FAREWELL):
                    await asyncio.shield(self.ended)
            self.kill(self.obituary())
            raise WorkerError(self._verdict)
        return frame

    async def _next(self, patience: float) -> dict[str, Any] | None:
        clock = asyncio.get_running_loop().time
        while True:
            try:
                async with asyncio.timeout_at(self._sign + patience):
                    frame = await self._frames.get()
            except TimeoutError:
                if clock() < self._sign + patience:
                    continue
                self.kill(f"made no progress for {patience:g} s and was stopped")
                raise WorkerError(self._verdict) from None
            # while nobody read, it had to wait
            self._sign = clock()
            return frame

    def kill(self, verdict: str) -> None:
        """End the process now, for the reason given."""
        self._verdict = self._verdict or verdict
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    def obituary(self) -> str:
        """Return in words how the process ended, with the last lines of its standard error."""
        if self._verdict:
            return self._verdict
        code = self._process.returncode
        if code == OUT_OF_MEMORY:
            cause = "ran out of memory"
        elif code is not None and code < 0:
            cause = f"was killed by signal {-code}" + (" (out of memory?)" if code == -9 else "")
        else:
            cause = f"ended with exit code {code}"
        lines = b"".join(self._tail).decode("utf-8", "replace").strip().splitlines()[-3:]
        return f"{cause}; its last words: {' | '.join(line.strip() for line in lines)}" if lines else cause

    async def close(self) -> None:
        """Close the child's input, wait for its end, kill it where it does not come."""
        self._let_go()
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            async with asyncio.timeout(_FAREWELL):
                await asyncio.shield(self.ended)
        except TimeoutError:
            self.kill("did not end when it was asked to")
        await self.ended
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _let_go(self) -> None:
        """Forget the frames that wait; nobody is told of the end of a process while its pipe is not read empty."""
        self._number = -1
        over = False
        while not self._frames.empty():
            over = self._frames.get_nowait() is None
        if over:
            self._frames.put_nowait(None)

    def _write(self, frame: bytes) -> None:
        # a dead child's pipe is no error here: its end is found where frames are read
        if self._process.stdin is not None and not self._process.stdin.is_closing():
            self._process.stdin.write(frame)

    async def _read(self) -> None:
        stream = self._process.stdout
        if stream is None:
            raise WorkerError("the child was started without a pipe to read from")
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                header, body = lengths(await stream.readexactly(PREFIX))
                raw_header, raw_body = await stream.readexactly(header), await stream.readexactly(body)
                try:
                    frame = unpack(raw_header, raw_body)
                except ProtocolError as error:
                    self.kill(str(error))
                    break
                self._sign = asyncio.get_running_loop().time()
                if frame["kind"] != "piece":
                    self._unanswered.discard(frame["id"])
                if frame["id"] == self._number:
                    await self._frames.put(frame)
        await self._frames.put(None)

    async def _listen(self) -> None:
        stream = self._process.stderr
        if stream is None:
            raise WorkerError("the child was started without a pipe for its standard error")
        while chunk := await stream.read(_TAIL_BYTES):
            self._tail.append(chunk)
            while len(self._tail) > 1 and sum(map(len, self._tail)) > _TAIL_BYTES:
                self._tail.popleft()
