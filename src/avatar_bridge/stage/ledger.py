"""The record of what utterances cost: one JSON line each, kept over the sessions; no text is in it."""

from __future__ import annotations

import json
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import platformdirs

from avatar_bridge.core.mind.cost import Price, Spent, money
from avatar_bridge.core.mind.dialogue import Usage
from avatar_bridge.core.timeline.timeline import Timeline

__all__ = ["Entry", "Ledger", "Meter", "default_ledger", "entries"]

_LARGEST = 16 << 20
"""Bytes beyond which the record is put aside, under `.old`, in the place of what lay there."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Entry:
    """One utterance in the record."""

    at: float
    """Unix seconds."""
    session: str
    voice: str
    model: str
    """Backend and name; empty where nobody thought."""
    character: str
    spent: Spent


class Meter:
    """What was spent from its making on: seconds of computing, this process's and a voice's, and by which voices."""

    def __init__(self, voice: object) -> None:
        """`voice` may tell by `cpu` how many seconds it has computed so far, and by `spoken` who spoke how much."""
        self._voice = voice
        self._began = self._now()
        self._spoken = self._characters()

    def read(self) -> float:
        """Return the seconds so far."""
        return self._now() - self._began

    def voices(self) -> dict[str, int]:
        """Return the characters that each voice of a chain has spoken since; empty for a voice that is alone."""
        return dict(self._characters() - self._spoken)

    def _characters(self) -> Counter[str]:
        return Counter(getattr(self._voice, "spoken", {}))

    def _now(self) -> float:
        return time.process_time() + float(getattr(self._voice, "cpu", 0.0))


class Ledger:
    """Adds up what one session spends, and writes each utterance into a file where it is given one."""

    def __init__(
        self,
        path: Path | None = None,
        *,
        voice: str = "",
        character: str = "",
        prices: Mapping[str, Price] | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`prices`: as `[prices.NAME]` has them."""
        self.session = Spent()
        """Everything since the start."""
        self.last = Spent()
        """The latest utterance."""
        self._path, self._voice, self._character = path, voice, character
        self._prices = prices or {}
        self._now = now
        self._number = f"{now():.3f}"

    def spoke(self, timeline: Timeline, cpu: float, voices: Mapping[str, int] | None = None) -> None:
        """Take up an utterance that is over, and the seconds that were computed for it.

        `voices`: how many characters each spoke, where others than the one of the settings may have.
        """
        characters = sum(len(segment.text) for segment in timeline.segments if segment.duration)
        audio = sum(segment.duration for segment in timeline.segments)
        parts = voices or {self._voice: 1}
        for number, (name, part) in enumerate(parts.items()):
            share = part / sum(parts.values())
            spent = Spent(int(not number), characters=round(characters * share), audio=audio * share, cpu=cpu * share)
            self._add(spent, voice=name)

    def thought(self, model: str, usage: Usage, *, cpu: float = 0.0) -> None:
        """Take up an answer of the model, named by its backend and its own name as `ollama/llama3`."""
        spent = Spent(
            prompt_tokens=usage.prompt_tokens or 0, completion_tokens=usage.completion_tokens or 0, cpu=max(cpu, 0.0)
        )
        self._add(spent, voice=self._voice, model=model)

    def _add(self, spent: Spent, *, voice: str, model: str = "") -> None:
        spent = replace(spent, money=money(spent, self._prices, voice=voice, model=model))
        self.session += spent
        self.last = spent if spent.utterances else self.last + spent
        self._write(Entry(self._now(), self._number, voice, model, self._character, spent))

    def _write(self, entry: Entry) -> None:
        if self._path is None:
            return
        line = json.dumps(asdict(entry), ensure_ascii=False, separators=(",", ":"))
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            if self._path.exists() and self._path.stat().st_size > _LARGEST:
                self._path.replace(self._path.with_suffix(".old"))
            with self._path.open("a", encoding="utf-8", newline="\n") as file:
                file.write(line + "\n")
        except OSError as error:
            _log.warning("what was spent is not recorded: %s", error)
            self._path = None


def default_ledger() -> Path:
    """Return where the record is kept."""
    return Path(platformdirs.user_data_dir("avatar-bridge", appauthor=False)) / "stats.jsonl"


def entries(path: Path) -> Iterator[Entry]:
    """Yield what stands in a record, the oldest first; lines that cannot be read are left out."""
    for part in (path.with_suffix(".old"), path):
        if not part.is_file():
            continue
        with part.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                entry = _entry(line)
                if entry is not None:
                    yield entry


def _entry(line: str) -> Entry | None:
    try:
        data: dict[str, Any] = json.loads(line)
        entry = Entry(**{**data, "spent": Spent(**data["spent"])})
        numbers = [entry.at, float(entry.session), *asdict(entry.spent).values()]
        # a time beyond the year 5000 is none
        good = all(isinstance(each, int | float) and 0 <= each < 1e11 for each in numbers)
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    named = all(isinstance(each, str) for each in (entry.session, entry.voice, entry.model, entry.character))
    return entry if good and named else None
