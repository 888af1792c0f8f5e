"""What a character remembers, in a file that a crash leaves whole: one conversation a character."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from avatar_bridge.core.mind.dialogue import Image, Message, ToolCall
from avatar_bridge.core.mind.history import Exchange
from avatar_bridge.core.vocabulary import Diagnostic

__all__ = ["Memory", "Remembered"]

_Value = TypeVar("_Value")

_VERSION = 1
_BUSY = 5.0
"""Seconds to wait for another process that writes."""
_MOST_DIAGNOSTICS = 50
_BROKEN = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_SCHEMA = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS turns (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    character TEXT NOT NULL,
    at REAL NOT NULL,
    name TEXT NOT NULL,
    user TEXT NOT NULL,
    images TEXT NOT NULL,
    tools TEXT NOT NULL DEFAULT '[]',
    said TEXT,
    interrupted INTEGER NOT NULL DEFAULT 0,
    folded INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS turns_of ON turns (character, folded, id);
CREATE TABLE IF NOT EXISTS summaries (character TEXT PRIMARY KEY, text TEXT NOT NULL);
PRAGMA user_version = {_VERSION};
COMMIT;
"""


@dataclass(frozen=True, slots=True)
class Remembered:
    """A conversation as it was left."""

    summary: str = ""
    exchanges: tuple[Exchange, ...] = ()
    ids: tuple[int, ...] = ()
    """Where each exchange is kept, for `Memory.fold`."""


class Memory:
    """Conversations in an SQLite file. Nothing raises: what cannot be kept is a diagnostic, and the show goes on.

    Several processes may use one file: each adds its own turns.
    """

    def __init__(self, path: Path, *, now: Callable[[], float] = time.time) -> None:
        """`now` gives the seconds since 1970 that turns are dated with."""
        self.path = path
        self._now = now
        self._thread = ThreadPoolExecutor(1, "memory")
        self._db: sqlite3.Connection | None = None
        self._diagnostics: deque[Diagnostic] = deque(maxlen=_MOST_DIAGNOSTICS)
        self._given_up = False

    async def load(self, character: str) -> Remembered:
        """Return what is remembered of a character's conversation; a turn that a crash cut is interrupted."""
        return await self._do(lambda db: _load(db, character), Remembered())

    async def begin(self, character: str, exchange: Exchange) -> int:
        """Keep what the user said, before it is answered; return where, 0 where it cannot be kept."""
        return await self._do(lambda db: _begin(db, character, self._now(), exchange), 0)

    async def finish(self, kept: int, exchange: Exchange) -> None:
        """Keep what was heard of the answer to a turn that `begin` gave `kept` for."""
        await self._do(lambda db: _finish(db, kept, exchange), None)

    async def fold(self, character: str, gone: Sequence[int], summary: str) -> None:
        """Keep a summary in whose favour turns gave way; they stay in the file, for `export`."""
        await self._do(lambda db: _fold(db, character, gone, summary), None)

    async def forget(self, character: str) -> int:
        """Delete all that is remembered of a character's conversation; return how many turns that was."""
        return await self._do(lambda db: _forget(db, character), 0)

    async def export(self, character: str) -> list[dict[str, Any]]:
        """Return every turn ever kept of a character's conversation, oldest first, as JSON values."""
        return await self._do(lambda db: _export(db, character), [])

    async def characters(self) -> tuple[str, ...]:
        """Return whose conversations are kept."""
        names = "SELECT DISTINCT character FROM turns ORDER BY character"
        return await self._do(lambda db: tuple(str(row[0]) for row in db.execute(names)), ())

    def diagnostics(self) -> list[Diagnostic]:
        """Return and forget what went wrong since the last call."""
        # the file's thread may add to them meanwhile
        return [self._diagnostics.popleft() for _ in range(len(self._diagnostics))]

    async def close(self) -> None:
        """Close the file."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._shut)
        self._thread.shutdown()

    async def _do(self, work: Callable[[sqlite3.Connection], _Value], otherwise: _Value) -> _Value:
        """Do some work on the file in its own thread; it is finished even where the caller is cancelled."""
        return await asyncio.shield(
            asyncio.get_running_loop().run_in_executor(self._thread, self._try, work, otherwise)
        )

    def _try(self, work: Callable[[sqlite3.Connection], _Value], otherwise: _Value) -> _Value:
        try:
            db = self._open()
            if db is None:
                return otherwise
            with db:
                return work(db)
        except (sqlite3.Error, OSError) as error:
            self._tell(f"the memory {self.path} cannot be used now: {error}", _remedy(error))
            return otherwise

    def _open(self) -> sqlite3.Connection | None:
        if self._db is None and not self._given_up:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.touch(mode=0o600)  # what was said is nobody else's business
            try:
                self._db = self._connected()
            except sqlite3.DatabaseError as error:
                if not _is_broken(error):
                    raise
                self._db = self._mended()
        return self._db

    def _mended(self) -> sqlite3.Connection | None:
        """Set a broken file aside and begin a new one, unless another process has done so meanwhile."""
        try:
            return self._connected()
        except sqlite3.DatabaseError as error:
            if not _is_broken(error):
                raise
        aside = _set_aside(self.path)
        self._tell(
            f"the memory {self.path} is broken and was set aside as {aside.name}; a new one begins",
            "restore a copy of it, or let somebody recover it with the program sqlite3 (.recover)",
        )
        return self._connected()

    def _connected(self) -> sqlite3.Connection | None:
        db = sqlite3.connect(self.path, timeout=_BUSY, check_same_thread=False)
        try:
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version > _VERSION:
                self._given_up = True
                self._tell(
                    f"the memory {self.path} is of a newer Avatar Bridge (version {version}, this one knows "
                    f"{_VERSION}); it is left alone and nothing is remembered",
                    "update Avatar Bridge, or name another file as memory.file",
                )
                db.close()
                return None
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")
            found = db.execute("PRAGMA quick_check(1)").fetchone()[0]
            if found != "ok":
                raise _Broken(found)
            if version < _VERSION:
                db.executescript(_SCHEMA)
        except BaseException:
            db.close()
            raise
        return db

    def _shut(self) -> None:
        if self._db is not None:
            with contextlib.suppress(sqlite3.Error):
                self._db.close()
            self._db = None

    def _tell(self, message: str, suggestion: str) -> None:
        note = Diagnostic(message, suggestion=suggestion)
        if note not in tuple(self._diagnostics):
            self._diagnostics.append(note)


class _Broken(sqlite3.DatabaseError):
    """A file that can be opened and holds nonsense."""


def _is_broken(error: sqlite3.DatabaseError) -> bool:
    code = getattr(error, "sqlite_errorcode", 0) or 0
    return isinstance(error, _Broken) or code & 0xFF in _BROKEN


def _set_aside(path: Path) -> Path:
    number = 1
    while (aside := path.with_name(f"{path.name}.broken-{number}")).exists():
        number += 1
    path.rename(aside)
    for ending in ("-wal", "-shm"):
        beside = path.with_name(path.name + ending)
        if beside.exists():
            beside.rename(aside.with_name(aside.name + ending))
    return aside


def _remedy(error: Exception) -> str:
    words = str(error)
    if "locked" in words:
        return "another program holds it; what was said meanwhile is not remembered"
    if "full" in words:
        return "the disk is full; free some space"
    return "see that the file and its folder can be written, or name another as memory.file"


def _load(db: sqlite3.Connection, character: str) -> Remembered:
    found = db.execute("SELECT text FROM summaries WHERE character = ?", (character,)).fetchone()
    rows = db.execute(
        "SELECT id, name, user, images, tools, said, interrupted FROM turns WHERE character = ? AND NOT folded "
        "ORDER BY id",
        (character,),
    ).fetchall()
    exchanges = [
        Exchange(user, said or "", name, _pictures(images), bool(interrupted), _messages(between))
        for _, name, user, images, between, said, interrupted in rows
    ]
    return Remembered(found[0] if found else "", tuple(exchanges), tuple(row[0] for row in rows))


def _begin(db: sqlite3.Connection, character: str, at: float, exchange: Exchange) -> int:
    # pictures in the message itself are not kept: they are large
    images = [image.url for image in exchange.images if not image.url.startswith("data:")]
    cursor = db.execute(
        "INSERT INTO turns (character, at, name, user, images) VALUES (?, ?, ?, ?, ?)",
        (character, at, exchange.name, _writable(exchange.user), json.dumps(images)),
    )
    return cursor.lastrowid or 0


def _finish(db: sqlite3.Connection, kept: int, exchange: Exchange) -> None:
    between = json.dumps([asdict(message) for message in exchange.between])
    db.execute(
        "UPDATE turns SET said = ?, interrupted = ?, tools = ? WHERE id = ?",
        (_writable(exchange.said), exchange.interrupted, between, kept),
    )


def _fold(db: sqlite3.Connection, character: str, gone: Sequence[int], summary: str) -> None:
    db.executemany("UPDATE turns SET folded = 1 WHERE id = ? AND character = ?", [(each, character) for each in gone])
    db.execute("INSERT OR REPLACE INTO summaries (character, text) VALUES (?, ?)", (character, _writable(summary)))


def _forget(db: sqlite3.Connection, character: str) -> int:
    gone = db.execute("DELETE FROM turns WHERE character = ?", (character,)).rowcount
    db.execute("DELETE FROM summaries WHERE character = ?", (character,))
    return gone


def _export(db: sqlite3.Connection, character: str) -> list[dict[str, Any]]:
    rows = db.execute(
        "SELECT at, name, user, said, interrupted, tools FROM turns WHERE character = ? ORDER BY id", (character,)
    )
    return [
        {
            "at": datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds"),
            "name": name,
            "user": user,
            "said": said or "",
            "interrupted": bool(interrupted),
            "tools": [asdict(call) for message in _messages(between) for call in message.calls],
        }
        for at, name, user, said, interrupted, between in rows
    ]


def _pictures(written: str) -> tuple[Image, ...]:
    return tuple(Image(str(url)) for url in _listed(written))


def _messages(written: str) -> tuple[Message, ...]:
    """Return what stands in a turn's column of calls; nothing where that is no such thing: the words count more."""
    try:
        return tuple(
            Message(
                each["role"],
                each["text"],
                tuple(Image(**image) for image in each["images"]),
                tuple(ToolCall(**call) for call in each["calls"]),
                each["call_id"],
                each["name"],
            )
            for each in _listed(written)
        )
    except (TypeError, KeyError):
        return ()


def _listed(written: str) -> list[Any]:
    try:
        found = json.loads(written)
    except (ValueError, TypeError, RecursionError):
        return []
    return found if isinstance(found, list) else []


def _writable(text: str) -> str:
    """Return text that UTF-8 can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")
