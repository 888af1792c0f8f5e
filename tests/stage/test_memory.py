"""What is remembered survives: the end of the process, a crash, a second process, a broken file."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from pathlib import Path

from avatar_bridge.core.mind.dialogue import Image, Message, ToolCall
from avatar_bridge.core.mind.history import Exchange
from avatar_bridge.stage.memory import Memory, Remembered

ASKED = Exchange("What do you see?", name="Ann", images=(Image("https://example.org/a.png"), Image("data:,AA")))
CALLED = (
    Message("assistant", "Let me look.", calls=(ToolCall("1", "look", "{}"),)),
    Message("tool", "cat", (), (), "1"),
)
ANSWERED = Exchange(ASKED.user, "[nod]A cat.", "Ann", (ASKED.images[0],), interrupted=True, between=CALLED)


def test_a_conversation_is_there_again(tmp_path: Path) -> None:
    async def scene() -> Remembered:
        memory = Memory(tmp_path / "deep" / "memory.db", now=lambda: 0.0)
        kept = await memory.begin("aria", ASKED)
        await memory.finish(kept, ANSWERED)
        await memory.begin("bob", Exchange("Hello Bob"))
        await memory.close()
        again = Memory(memory.path)
        found = await again.load("aria")
        assert await again.characters() == ("aria", "bob")
        assert (await again.export("aria"))[0] == {
            "at": "1970-01-01T00:00:00+00:00",
            "name": "Ann",
            "user": "What do you see?",
            "said": "[nod]A cat.",
            "interrupted": True,
            "tools": [{"id": "1", "name": "look", "arguments": "{}"}],
        }
        assert memory.diagnostics() == again.diagnostics() == []
        await again.close()
        return found

    found = asyncio.run(scene())
    assert found.exchanges == (ANSWERED,)


def test_a_column_that_somebody_has_spoilt_costs_no_words(tmp_path: Path) -> None:
    async def scene() -> None:
        memory = Memory(tmp_path / "memory.db")
        await memory.finish(await memory.begin("aria", ASKED), ANSWERED)
        for spoilt in ("", "5", "[5]", '[{"role": "user"}]', '[{"images": 5, "role": "", "text": ""}]', "[" * 9000):
            with sqlite3.connect(memory.path) as file:
                file.execute("UPDATE turns SET tools = ?, images = ?", (spoilt, spoilt))
            file.close()
            (found,) = (await memory.load("aria")).exchanges
            assert (found.user, found.said) == (ANSWERED.user, ANSWERED.said)
            assert (await memory.export("aria"))[0]["tools"] == []
        await memory.close()
        assert memory.diagnostics() == []

    asyncio.run(scene())


def test_what_gave_way_to_a_summary_is_kept_for_export_alone(tmp_path: Path) -> None:
    async def scene() -> None:
        memory = Memory(tmp_path / "memory.db")
        ids = [await memory.begin("aria", Exchange(f"{index}")) for index in range(4)]
        await memory.fold("aria", ids[:3], "They counted.")
        found = await memory.load("aria")
        assert (found.summary, found.ids) == ("They counted.", (ids[3],))
        assert len(await memory.export("aria")) == 4
        assert await memory.forget("aria") == 4
        assert await memory.load("aria") == Remembered()
        assert await memory.export("aria") == []
        await memory.close()

    asyncio.run(scene())


_TALKS = """
import asyncio, sys
from pathlib import Path
from avatar_bridge.core.mind.history import Exchange
from avatar_bridge.stage.memory import Memory

async def main():
    memory = Memory(Path(sys.argv[1]))
    for index in range(int(sys.argv[2])):
        kept = await memory.begin("aria", Exchange(f"{sys.argv[3]} {index}"))
        await memory.finish(kept, Exchange(f"{sys.argv[3]} {index}", "yes"))
    await memory.begin("aria", Exchange("under way"))
    print("said", flush=True)
    if sys.argv[4] == "hang":
        await asyncio.Event().wait()
    assert not memory.diagnostics()

asyncio.run(main())
"""


def talks(path: Path, count: int, who: str, then: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _TALKS, str(path), str(count), who, then]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8")


def test_a_killed_process_loses_the_turn_under_way_at_most(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    with talks(path, 3, "one", "hang") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "said\n"
        process.kill()
    memory = Memory(path)
    found = asyncio.run(loaded(memory))
    assert [exchange.user for exchange in found.exchanges] == ["one 0", "one 1", "one 2", "under way"]
    assert [exchange.said for exchange in found.exchanges] == ["yes", "yes", "yes", ""]
    assert memory.diagnostics() == []


async def loaded(memory: Memory) -> Remembered:
    found = await memory.load("aria")
    await memory.close()
    return found


def test_two_processes_may_share_it(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    both = [talks(path, 40, who, "end") for who in ("one", "two")]
    for process in both:
        with process:
            process.communicate(timeout=60)
            assert process.returncode == 0
    found = asyncio.run(loaded(Memory(path)))
    for who in ("one", "two"):
        assert [each.user for each in found.exchanges if each.user.startswith(who)] == [f"{who} {n}" for n in range(40)]


def test_a_broken_file_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    nonsense = b"this is no database " * 400
    path.write_bytes(nonsense)
    (tmp_path / "memory.db.broken-1").write_bytes(b"an earlier one")

    async def scene() -> None:
        memory = Memory(path)
        assert await memory.begin("aria", Exchange("Hi")) == 1
        (note,) = memory.diagnostics()
        assert "broken-2" in note.message
        assert len((await memory.load("aria")).exchanges) == 1
        await memory.close()

    asyncio.run(scene())
    assert (tmp_path / "memory.db.broken-2").read_bytes() == nonsense


def test_a_file_that_holds_nonsense_inside_is_set_aside_too(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"

    async def scene(count: int) -> list[str]:
        memory = Memory(path)
        for index in range(count):
            await memory.begin("aria", Exchange(f"{index} " * 200))
        await memory.load("aria")
        await memory.close()
        return [note.message for note in memory.diagnostics()]

    assert asyncio.run(scene(60)) == []
    data = bytearray(path.read_bytes())
    data[4096:20000] = b"\xa5" * (20000 - 4096)
    path.write_bytes(data)
    assert any("set aside" in message for message in asyncio.run(scene(0)))


def test_a_newer_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    before = path.read_bytes()

    async def scene() -> None:
        memory = Memory(path)
        assert await memory.begin("aria", Exchange("Hi")) == 0
        await memory.finish(0, Exchange("Hi", "Ho"))
        (note,) = memory.diagnostics()
        assert "newer" in note.message
        await memory.close()

    asyncio.run(scene())
    assert path.read_bytes() == before


def test_where_nothing_can_be_kept_the_show_goes_on(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder", encoding="utf-8")

    async def scene() -> None:
        memory = Memory(tmp_path / "file" / "memory.db")
        assert await memory.load("aria") == Remembered()
        assert await memory.begin("aria", Exchange("Hi\ud800")) == 0
        (note,) = memory.diagnostics()
        assert note.suggestion
        await memory.close()

    asyncio.run(scene())
