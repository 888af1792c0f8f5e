from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from avatar_bridge.core.vocabulary import SpokenSegment
from avatar_bridge.errors import UsageError, VoiceError, WorkerError
from avatar_bridge.stage.worker import Worker, WorkerVoice
from avatar_bridge.stage.worker_frames import PREFIX, lengths, pack, unpack

HERE = Path(__file__).parent
OBEDIENT = "worker_engines:Obedient"


@pytest.fixture(autouse=True)
def _engines_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(HERE))


@asynccontextmanager
async def voice(reply_timeout: float = 20.0, **settings: Any) -> AsyncIterator[WorkerVoice]:
    made = WorkerVoice(OBEDIENT, settings, reply_timeout=reply_timeout)
    await made.open()
    try:
        yield made
    finally:
        await made.close()


async def said(made: WorkerVoice, text: str) -> list[str]:
    return [piece.phonemes[0].symbol async for piece in made.speak(text)]


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(2000):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise TimeoutError("it did not come true within 20 s")


def test_a_frame_comes_back_as_it_was() -> None:
    piece = SpokenSegment(np.arange(5, dtype=np.float32), 100)
    frame = pack({"id": 1, "value": piece, "more": [np.ones((2, 3), np.int16), "\ud800é", None]})
    header, body = lengths(frame[:PREFIX])
    back = unpack(frame[PREFIX : PREFIX + header], frame[PREFIX + header :])
    assert len(frame) == PREFIX + header + body
    assert back["value"].samples.tolist() == [0, 1, 2, 3, 4]
    assert back["value"].rate == 100
    assert back["more"][0].tolist() == [[1, 1, 1], [1, 1, 1]]
    assert back["more"][1:] == ("\ud800é", None)


async def test_pieces_cross_whole_and_in_order() -> None:
    async with voice() as made:
        pieces = [piece async for piece in made.speak("one two shout three")]
        assert [piece.phonemes[0].symbol for piece in pieces] == ["one", "two", "shout", "three"]
        assert [piece.samples[0] for piece in pieces] == [0, 1, 2, 3]
        assert pieces[2].marks[0].char == 2
        assert pieces[0].hop == 0.5
        assert made.rate == 8000
        assert await said(made, "") == []


async def test_a_voice_speaks_with_its_real_engine() -> None:
    made = WorkerVoice("avatar_bridge.tts.tone:ToneEngine", {"speed": 1.5})
    await made.open()
    pieces = [piece async for piece in made.speak("Hello there. Good bye.")]
    await made.close()
    assert [len(piece.marks) for piece in pieces] == [2, 2]


async def test_requests_wait_for_their_turn() -> None:
    async with voice() as made:
        answers = await asyncio.gather(*(said(made, f"a{i} b{i}") for i in range(5)))
    assert answers == [[f"a{i}", f"b{i}"] for i in range(5)]


async def test_an_abandoned_answer_stops_and_the_next_one_is_in_step() -> None:
    worker = Worker(OBEDIENT, {})
    await worker.open()
    try:
        for _ in range(3):
            async with aclosing(worker.stream("endless")) as numbers:
                async for number in numbers:
                    if number == 20:
                        break
            assert await worker.request("twice", samples=np.float32([1, 2])) == pytest.approx([2, 4])
        async with aclosing(worker.stream("endless")) as numbers:
            assert await anext(numbers) == 0
            assert worker._child is not None
            await until(worker._child._frames.full)
        answer = [value async for value in worker.stream("twice", samples=np.float32([3]))]
        assert [value.tolist() for value in answer] == [[6.0]]
        task = asyncio.create_task(worker.request("endless"))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await worker.request("process"))["pid"] == worker.pid
    finally:
        await worker.close()


async def test_a_child_that_is_far_ahead_is_closed_without_being_read_empty() -> None:
    worker = Worker(OBEDIENT, {})
    await worker.open()
    async with aclosing(worker.stream("flood")) as pieces:
        await anext(pieces)
        child = worker._child
        assert child is not None
        assert child._process.stdout is not None
        await until(lambda: child._frames.full() and len(child._process.stdout._buffer) > 1 << 21)
        async with asyncio.timeout(20):
            await worker.close()


@pytest.mark.parametrize("fault", ["die", "hang", "crash", "starve"])
async def test_a_worker_that_fails_once_loses_and_doubles_nothing(fault: str, tmp_path: Path) -> None:
    async with voice(once=str(tmp_path / "once"), reply_timeout=1.5 if fault == "hang" else 20) as made:
        first = made.pid
        assert await said(made, f"one {fault} three") == ["one", fault, "three"]
        assert made.pid not in (None, first)
        (diagnostic,) = made.diagnostics()
        assert "another takes its place" in diagnostic.message
        assert made.diagnostics() == []


async def test_a_text_that_kills_twice_is_given_up_and_the_next_is_spoken() -> None:
    async with voice() as made:
        with pytest.raises(VoiceError, match=r"failed twice at 'one crash': .*ZeroDivisionError: a fault"):
            await said(made, "one crash")
        assert await said(made, "two") == ["two"]


async def test_killed_from_outside_in_mid_answer_and_while_idle() -> None:
    async with voice() as made:
        words = made.speak("one two three")
        heard = [(await anext(words)).phonemes[0].symbol]
        first = made.pid
        assert first is not None
        psutil.Process(first).kill()
        heard += [piece.phonemes[0].symbol async for piece in words]
        assert heard == ["one", "two", "three"]
        assert await said(made, "still here") == ["still", "here"]
        second = made.pid
        assert second not in (None, first)
        psutil.Process(second).kill()
        await until(lambda: made.pid not in (None, second))
        assert await said(made, "back") == ["back"]


async def test_interrupts_do_not_prolong_the_patience_with_a_child_that_hangs(tmp_path: Path) -> None:
    async with voice(reply_timeout=1.0, once=str(tmp_path / "once")) as made:
        first = made.pid
        for _ in range(20):
            asking = asyncio.ensure_future(said(made, "hang on"))
            done, _ = await asyncio.wait({asking}, timeout=0.6)
            asking.cancel()
            await asyncio.wait({asking})
            if done:
                break
        assert asking.result() == ["hang", "on"]
        assert made.pid != first
        assert "made no progress for 1 s" in str(made.diagnostics())


async def test_the_engines_own_error_is_neither_retried_nor_fatal() -> None:
    async with voice() as made:
        pid = made.pid
        with pytest.raises(VoiceError, match="it cannot say that"):
            await said(made, "one refuse")
        assert await said(made, "two") == ["two"]
        assert made.pid == pid


@pytest.mark.parametrize(
    ("spec", "settings", "kind", "message"),
    [
        (OBEDIENT, {"load": "fail"}, VoiceError, r'pip install "avatar-bridge\[piper\]"'),
        (OBEDIENT, {"load": "die"}, WorkerError, "ended with exit code 3 while it was loading"),
        (OBEDIENT, {"load": "hang"}, WorkerError, "no progress for 2 s"),
        (OBEDIENT, {"lod": 1}, UsageError, "it knows: once, load"),
        ("no_such_module:Engine", {}, UsageError, "No module named"),
        ("worker_engines:Missing", {}, UsageError, "has no 'Missing'"),
    ],
)
async def test_what_cannot_load_says_why(spec: str, settings: dict[str, Any], kind: type, message: str) -> None:
    made = WorkerVoice(spec, settings, start_timeout=2 if settings.get("load") == "hang" else 30)
    with pytest.raises(kind, match=message):
        await made.open()
    await made.close()


async def test_a_closed_worker_says_so() -> None:
    made = WorkerVoice(OBEDIENT, {})
    with pytest.raises(VoiceError, match="is closed; open it"):
        await said(made, "one")


async def test_the_child_is_apart_and_stands_back() -> None:
    worker = Worker(OBEDIENT, {})
    await worker.open()
    process = await worker.request("process")
    assert process["sigint"]
    if sys.platform != "win32":
        assert process["nice"] > os.nice(0)
        os.kill(process["pid"], signal.SIGINT)
        assert os.getpgid(process["pid"]) != os.getpgid(0)
    assert (await worker.request("process"))["pid"] == process["pid"]
    await worker.close()
    assert not psutil.pid_exists(process["pid"])


def test_no_orphan_is_left_when_the_parent_is_killed() -> None:
    program = """
        import asyncio
        from avatar_bridge.stage.worker import WorkerVoice

        async def main():
            made = WorkerVoice("worker_engines:Obedient", {})
            await made.open()
            print(made.pid, flush=True)
            async for piece in made.speak("hang"):
                pass

        asyncio.run(main())
    """
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])])},
        text=True,
    )
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.wait(10)
    parent.stdout.close()
    child.wait(20)
