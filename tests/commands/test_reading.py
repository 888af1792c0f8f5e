"""Reading scripts: whole or as they come, in the encodings that people save."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from avatar_bridge.commands.reading import read_script, stream_script
from avatar_bridge.errors import ScriptError

TEXT = "Hi [wave] Jürgen, 今日は 🙂\r\nBye."


async def streamed(source: str) -> list[str]:
    return [piece async for piece in stream_script(source)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
async def test_every_encoding_with_its_mark_is_read(encoding: str, tmp_path: Path) -> None:
    marks = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}
    path = tmp_path / "script.txt"
    path.write_bytes(marks.get(encoding, b"") + TEXT.encode(encoding))
    assert read_script(str(path)) == TEXT
    assert "".join(await streamed(str(path))) == TEXT


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=9000))
def test_streaming_gives_the_same_text_whatever_the_pieces_cut(text: str, tmp_path: Path) -> None:
    path = tmp_path / "script.txt"
    path.write_bytes(text.encode())
    whole = read_script(str(path))
    assert whole == text.removeprefix("\ufeff")
    assert "".join(asyncio.run(streamed(str(path)))) == whole


@pytest.mark.parametrize(
    ("before", "bad"), [("", b"\xff"), ("caf", b"\xe9 is"), ("x" * 5000, b"\xc3("), ("a", b"\xe4\xbb")]
)
async def test_a_broken_byte_is_named_by_its_place(before: str, bad: bytes, tmp_path: Path) -> None:
    path = tmp_path / "script.txt"
    path.write_bytes(before.encode() + bad)
    expected = f"script.txt: expected UTF-8 text, but byte {len(before)} is {bad[:1]!r}; save the file as UTF-8"
    with pytest.raises(ScriptError) as caught:
        read_script(str(path))
    assert expected in str(caught.value)
    with pytest.raises(ScriptError) as caught:
        await streamed(str(path))
    assert expected in str(caught.value)


async def test_what_came_before_a_broken_byte_is_given(tmp_path: Path) -> None:
    path = tmp_path / "script.txt"
    path.write_bytes(b"x" * 5000 + b"\xff")
    pieces = stream_script(str(path))
    assert len(await anext(pieces)) == 4096
    with pytest.raises(ScriptError, match="byte 5000"):
        await anext(pieces)


@pytest.mark.parametrize("name", ["nowhere.txt", "."])
async def test_what_cannot_be_read_is_named_with_a_remedy(name: str, tmp_path: Path) -> None:
    path = str(tmp_path / name)
    for attempt in (lambda: read_script(path), lambda: asyncio.run(streamed(path))):
        with pytest.raises(ScriptError, match=r"cannot be read: .+; name a text file, or - for standard input"):
            await asyncio.to_thread(attempt)


@pytest.fixture
def writing(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Return the other end of a standard input."""
    reading, writing = os.pipe()
    with os.fdopen(reading, encoding="utf-8") as file:
        monkeypatch.setattr("sys.stdin", file)
        yield writing
        with contextlib.suppress(OSError):
            os.close(writing)
        for thread in threading.enumerate():
            if thread.name == "reading":
                thread.join(10)


async def test_standard_input_is_read_as_it_comes(writing: int) -> None:
    pieces = stream_script("-")
    os.write(writing, "Grüß".encode())
    assert await anext(pieces) == "Grüß"
    os.write(writing, "ü".encode()[:1])
    waiting = asyncio.ensure_future(anext(pieces))
    os.write(writing, "ü".encode()[1:])
    assert await waiting == "ü"
    os.close(writing)
    with pytest.raises(StopAsyncIteration):
        await anext(pieces)


def test_a_mistake_on_standard_input_is_called_so(monkeypatch: pytest.MonkeyPatch) -> None:
    class Input:
        buffer = io.BytesIO(b"ok \xff")

    monkeypatch.setattr("sys.stdin", Input())
    with pytest.raises(ScriptError, match="standard input: expected UTF-8 text, but byte 3"):
        read_script("-")


@pytest.mark.usefixtures("writing")
async def test_a_reader_that_is_never_answered_can_be_let_go() -> None:
    async def first() -> Any:
        return await anext(stream_script("-"))

    waiting = asyncio.ensure_future(first())
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
