"""Changes to the text of a motion map that leave its comments, its order and its line ends as they were."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any, cast

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Comment, Null, Table, Whitespace

from avatar_bridge.core.motion.toml_lines import KeyLines
from avatar_bridge.errors import MotionMapError

__all__ = ["Change", "edited", "parsed", "plain"]

_ODD = "this map is laid out in a way that cannot be edited here: edit the file in a text editor"
_BARE = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one action of a map."""

    action: str
    values: Mapping[str, Any] = field(default_factory=dict)
    """Keys with their new values as TOML has them; None takes a key away. What is not named stays."""
    remove: bool = False
    """Take the whole action away."""


def edited(text: str, changes: Sequence[Change], *, inherited: Sequence[str] = ()) -> str:
    """Return the text of a map with `changes` made to it; comments and the order of what stays are kept.

    An action that is not in the text yet gets a table at its end. Removing one of the `inherited` names, which the map
    has from the one it extends, puts it into `without`. Raises MotionMapError where the text is not TOML.
    """
    wanted = dict(parsed(text))
    if isinstance(wanted.get("actions"), dict):
        wanted["actions"] = {name: _own(table) for name, table in wanted["actions"].items()}
    for change in changes:
        paths = [(top, name) for top, table in wanted.items() for name in _names(table)]
        _expect(wanted, change, inherited)
        text = _meaning(wanted, text, change, inherited, paths)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise MotionMapError("expected text that can be written as UTF-8, got half of a character") from error
    return text


def _own(table: Any) -> Any:
    return dict(table) if isinstance(table, dict) else table


def plain(value: Any) -> Any:
    """Return a JSON value as TOML can hold it: without None, whole floats as written."""
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items() if part is not None}
    return [plain(part) for part in value] if isinstance(value, list | tuple) else value


@lru_cache(maxsize=4)
def parsed(text: str) -> Mapping[str, Any]:
    """Return the text's tables, which are shared: not to be changed. Raises MotionMapError where it is not TOML."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise MotionMapError(f"the file is not valid TOML: {error}; mend it in a text editor first") from None


def _expect(document: dict[str, Any], change: Change, inherited: Sequence[str]) -> None:
    """Make the change to plain values: what the edited text has to mean."""
    actions = document.setdefault("actions", {})
    if change.remove:
        actions.pop(change.action, None)
        if change.action in inherited:
            document["without"] = [*document.get("without", []), change.action]
        if not actions:
            document.pop("actions")
        return
    table = actions.setdefault(change.action, {})
    for key, value in change.values.items():
        if _is_empty(value):
            table.pop(key, None)
        else:
            table[key] = plain(value)


def _meaning(
    wanted: Mapping[str, Any], text: str, change: Change, inherited: Sequence[str], paths: Sequence[tuple[str, str]]
) -> str:
    """Return the changed text: by its action's own lines alone, or where that fails by the whole document."""
    for way in (partial(_in_place, paths=paths), _changed):
        with suppress(TOMLKitError, MotionMapError, LookupError, AttributeError, ValueError):
            changed = way(text, change, inherited)
            if parsed(changed) == wanted:
                return changed
    raise MotionMapError(_ODD)


def _in_place(text: str, change: Change, inherited: Sequence[str], *, paths: Sequence[tuple[str, str]]) -> str:
    """Change the lines of one action, read as a document of their own: the library is slow with long ones."""
    lines = text.splitlines(keepends=True)
    headers = _headers(text, lines, paths)
    starts = [line for line, path in headers if path == ("actions", change.action)]
    if starts:
        after = [line for line, path in headers if line > starts[0] and path != ("actions", change.action)]
        first, last = starts[0] - 1, after[0] - 1 if after else len(lines)
        part = _without_table(lines[first:last]) if change.remove else _changed("".join(lines[first:last]), change, ())
        text = "".join(lines[:first]) + part + "".join(lines[last:])
    elif not change.remove:
        text = _appended(text, change, inline=False)
    if change.remove and change.action in inherited:
        head = headers[0][0] - 1 if headers else len(lines)
        top = _document("".join(lines[:head]))
        _leave_out(top, change.action)
        text = tomlkit.dumps(top) + "".join(text.splitlines(keepends=True)[head:])
    return text


def _headers(text: str, lines: Sequence[str], paths: Sequence[tuple[str, str]]) -> list[tuple[int, tuple[str, str]]]:
    """Return the lines, from 1, on which the tables at `paths` begin, with their paths, in order."""
    written = KeyLines(text)
    found = [(written.find(path), path) for path in paths]
    return sorted((line, path) for line, path in found if line and lines[line - 1].lstrip().startswith("["))


def _names(table: object) -> list[str]:
    return [*table] if isinstance(table, dict) else []


def _without_table(lines: Sequence[str]) -> str:
    """Return what stays of an action's lines when it goes: the comments behind it, which lead to the next one."""
    keep = len(lines)
    while keep and (not lines[keep - 1].strip() or lines[keep - 1].lstrip().startswith("#")):
        keep -= 1
    return "".join(lines[keep:])


def _changed(text: str, change: Change, inherited: Sequence[str]) -> str:
    document = _document(text)
    actions = document.get("actions")
    if change.remove:
        if change.action in inherited:
            _leave_out(document, change.action)
        if isinstance(actions, Mapping) and change.action in actions:
            remaining = len(actions) > 1
            del (cast("Any", actions) if remaining else document)[change.action if remaining else "actions"]
        return tomlkit.dumps(document)
    if actions is None or change.action not in actions:
        return _appended(text, change, inline=isinstance(actions, Mapping) and not _is_open(actions))
    table = cast("Any", actions)[change.action]
    obsolete = [*_obsolete(table, change.values)]
    for key, value in change.values.items():
        if not _is_empty(value):
            _set(table, key, value)
    for key, part in obsolete:
        _drop(table, key, part)
    return tomlkit.dumps(document)


def _document(text: str) -> tomlkit.TOMLDocument:
    try:
        return tomlkit.parse(text)
    except TOMLKitError as error:
        raise MotionMapError(f"the file is not valid TOML: {error}; mend it in a text editor first") from None


def _is_open(actions: object) -> bool:
    """Tell a table that headers add to from an inline one."""
    return not type(actions).__name__.startswith("Inline")


def _leave_out(document: tomlkit.TOMLDocument, name: str) -> None:
    without = document.get("without")
    if without is None:
        document.add("without", tomlkit.item([name]))
    else:
        without.append(name)


def _set(table: Any, key: str, value: Any) -> None:
    """Give one key of an action a value; what stands in a nested table already and stays equal is not touched."""
    value = plain(value)
    if isinstance(value, dict) and isinstance(table.get(key), Mapping):
        nested = table[key]
        for part, content in value.items():
            if part not in nested or _unwrapped(nested[part]) != content:
                nested[part] = content
    elif key in table:
        if _unwrapped(table[key]) != value:
            table[key] = value
    else:
        _add(table, key, value)


def _obsolete(table: Any, values: Mapping[str, Any]) -> Iterator[tuple[str, str | None]]:
    """Yield what `values` takes away from an action: a key, or a key and a part of its table."""
    for key, value in values.items():
        if _is_empty(value):
            yield from [(key, None)] if key in table else []
        elif isinstance(value, Mapping) and isinstance(table.get(key), Mapping):
            yield from ((key, part) for part in table[key] if value.get(part) is None)


def _drop(table: Any, key: str, part: str | None) -> None:
    """Take a key away; of a table written as dotted keys the one line, which the library cannot."""
    if not isinstance(table, Table):
        holder = table if part is None else table[key]
        del holder[key if part is None else part]
        return
    body: list[Any] = table.value.body
    for index, (found, item) in enumerate(body):
        if found is None or found.key != key:
            continue
        if part is not None and not isinstance(item, Table):
            item.pop(part, None)
        elif part is not None:
            _drop(item, part, None)
        if part is None or not any(inner for inner, _ in item.value.body):
            body[index] = (None, Null())


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, Mapping) and not value)


def _unwrapped(value: Any) -> Any:
    return value.unwrap() if hasattr(value, "unwrap") else value


def _add(table: Any, key: str, value: Any) -> None:
    """Add a key behind the last one, before the blank lines and comments that lead to the next table."""
    trailing: list[Any] = []
    body: list[Any] = table.value.body if isinstance(table, Table) else []
    while body and body[-1][0] is None and isinstance(body[-1][1], Whitespace | Comment):
        trailing.append(body.pop())
    if isinstance(value, dict):
        for part, content in value.items():
            table.append(tomlkit.key([key, part]), content)
    else:
        table.append(key, value)
    body.extend(reversed(trailing))


def _appended(text: str, change: Change, *, inline: bool) -> str:
    if inline:
        document = _document(text)
        cast("Any", document["actions"])[change.action] = {
            key: plain(value) for key, value in change.values.items() if not _is_empty(value)
        }
        return tomlkit.dumps(document)
    lines = [f"[actions.{_key(change.action)}]"]
    for key, value in change.values.items():
        if isinstance(value, Mapping):
            lines += [f"{_key(key)}.{_key(part)} = {_value(content)}" for part, content in plain(value).items()]
        elif not _is_empty(value):
            lines.append(f"{_key(key)} = {_value(plain(value))}")
    return text.rstrip("\n") + "\n\n" + "\n".join(lines) + "\n"


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else tomlkit.item(name).as_string()


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(key)} = {_value(part)}" for key, part in value.items()) + " }"
    return str(tomlkit.item(value).as_string())
