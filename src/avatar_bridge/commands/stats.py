"""`avatar-bridge stats`: what utterances cost, by day, session, voice, model or character."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Literal

from avatar_bridge.core.mind.cost import Spent
from avatar_bridge.settings import Settings
from avatar_bridge.stage.ledger import Entry, default_ledger, entries

__all__ = ["By", "data", "lines", "sums"]

By = Literal["day", "session", "voice", "model", "character"]
_HEAD = ("", "utterances", "tokens in", "tokens out", "characters", "sound s", "CPU s", "money", "money/1000 ch")


def data(settings: Settings, by: By) -> dict[str, Any]:
    """Return the sums as JSON values: `by`, `rows` (what each stands for and what it took), `total`."""
    rows = sums(_recorded(settings), by)
    whole = sum(rows.values(), Spent())
    return {"by": by, "rows": [{by: key, **_told(spent)} for key, spent in rows.items()], "total": _told(whole)}


def lines(settings: Settings, by: By) -> Iterator[str]:
    """Yield a table for people."""
    rows = sums(_recorded(settings), by)
    if not rows:
        yield f"nothing was spent yet; it is recorded in {settings.stats.file or default_ledger()}"
        return
    table = [(by, *_HEAD[1:]), *(_row(key, spent) for key, spent in rows.items())]
    table.append(_row("all", sum(rows.values(), Spent())))
    widths = [max(len(row[column]) for row in table) for column in range(len(_HEAD))]
    for row in table:
        first, *rest = (cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join((row[0].ljust(len(first)), *rest))
    if not settings.prices:
        yield "money: no prices are set; see [prices] in the settings"


def sums(record: Iterable[Entry], by: By) -> dict[str, Spent]:
    """Return what was spent for each day, session, voice, model or character, in the order of the record."""
    found: dict[str, Spent] = {}
    for entry in record:
        key = _key(entry, by)
        found[key] = found.get(key, Spent()) + entry.spent
    return found


def _recorded(settings: Settings) -> Iterator[Entry]:
    return entries(settings.stats.file or default_ledger())


def _key(entry: Entry, by: By) -> str:
    match by:
        case "day":
            return datetime.fromtimestamp(entry.at, UTC).astimezone().strftime("%Y-%m-%d")
        case "session":
            began = datetime.fromtimestamp(float(entry.session), UTC).astimezone()
            return began.strftime("%Y-%m-%d %H:%M:%S")
        case "voice":
            return entry.voice if entry.spent.utterances else "(thinking)"
        case "model":
            return entry.model or "(speaking)"
        case "character":
            return entry.character or "(main)"


def _told(spent: Spent) -> dict[str, Any]:
    return {key: round(value, 6) for key, value in asdict(spent).items()}


def _row(key: str, spent: Spent) -> tuple[str, ...]:
    thousand = spent.money / spent.characters * 1e3 if spent.characters else 0.0
    return (
        key,
        str(spent.utterances),
        str(spent.prompt_tokens),
        str(spent.completion_tokens),
        str(spent.characters),
        f"{spent.audio:.1f}",
        f"{spent.cpu:.2f}",
        f"{spent.money:.6f}",
        f"{thousand:.6f}" if spent.characters else "-",
    )
