"""Motion maps: from the text of a TOML file to actions by name, with every fault of the file told at once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, cast

from pydantic import ValidationError

from avatar_bridge.core.motion.action import KINDS, TARGETS, Action, Problem, nearest_name
from avatar_bridge.core.motion.map_schema import schema
from avatar_bridge.core.motion.rig import CHANNELS
from avatar_bridge.core.motion.toml_lines import KeyLines
from avatar_bridge.core.vocabulary import name_key
from avatar_bridge.errors import MotionMapError

__all__ = ["Action", "Loader", "MotionMap", "load_motion_map", "schema"]

Loader: TypeAlias = Callable[[str], str]
"""Gives the text of the map that another one extends, by the name written there."""

_TOP = ("name", "description", "extends", "without", "groups", "actions")
_GROUP = ("replaces",)
_LINE = re.compile(r"\(at line (\d+), column \d+\)")


@dataclass(frozen=True, slots=True)
class MotionMap:
    """Actions by name, as one file or a file and what it extends gave them."""

    name: str
    description: str
    actions: Mapping[str, Action]
    """By the name that the map gave, in the map's order."""
    source: str = ""
    """What the map was read from, for messages."""
    _index: dict[str, Action] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        index: dict[str, Action] = {}
        for action in self.actions.values():
            for name in (action.name, *action.aliases):
                index.setdefault(name_key(name), action)
        object.__setattr__(self, "_index", index)

    def find(self, name: str) -> Action | None:
        """Return the action that `name` or an alias means, letter case, `_`, `-` and space aside."""
        return self._index.get(name_key(name))

    def names(self) -> frozenset[str]:
        """Return every name and alias, as the map writes them."""
        return frozenset(name for action in self.actions.values() for name in (action.name, *action.aliases))

    def nearest(self, name: str) -> str | None:
        """Return the name or alias that is spelt most like `name`; None when none is near."""
        return nearest_name(name, self.names())


def load_motion_map(text: str, *, source: str, load: Loader | None = None, targets: Collection[str] = ()) -> MotionMap:
    """Return the motion map in `text`, which came from `source`.

    `load` fetches the map that an `extends` names; `targets` are targets known beside the house's own.
    Raises MotionMapError with one line for each fault: source, line, key, what was expected, the nearest right name.
    """
    tables = _resolve(text, source, load, (), targets)
    return MotionMap(tables.name or source, tables.description, tables.actions, source)


@dataclass(frozen=True, slots=True)
class _Tables:
    """A file after its checks, with the raw tables that a map extending it builds upon."""

    name: str
    description: str
    raw: Mapping[str, Mapping[str, Any]]
    groups: Mapping[str, tuple[str, ...]]
    actions: Mapping[str, Action]


def _resolve(text: str, source: str, load: Loader | None, chain: tuple[str, ...], targets: Collection[str]) -> _Tables:
    report = _Report(source, text)
    document = report.parse()
    base = _base(document, report, load, chain, targets)
    for key in document:
        if key not in _TOP:
            near = nearest_name(key, (*_TOP, *(base.raw if base else ())))
            report.add((key,), f'unknown key "{key}"; {_expected(_TOP, near)}')
    named = {key: report.text(document, key) for key in ("name", "description")}
    raw = _merge(document, report, base)
    groups = {**(base.groups if base else {}), **_groups(document, report)}
    actions = _actions(raw, groups, report, targets)
    _cross_checks(actions, raw, groups, report)
    report.raise_if_any()
    return _Tables(named["name"], named["description"], raw, groups, actions)


class _Report:
    """The faults found in one file so far."""

    def __init__(self, source: str, text: str) -> None:
        self._source = source
        self._text = text
        self._lines = KeyLines(text)
        self._found: list[tuple[int, str]] = []

    def parse(self) -> dict[str, Any]:
        try:
            return tomllib.loads(self._text)
        except tomllib.TOMLDecodeError as error:
            found = _LINE.search(str(error))
            line = int(found[1]) if found else max(1, len(self._text.splitlines()))
            what = _LINE.sub("", str(error)).removesuffix(" (at end of document)").strip()
            message = f"{self._source}, line {line}: not valid TOML: {what}"
            raise MotionMapError(message) from error

    def add(self, path: tuple[str | int, ...], message: str) -> None:
        line = self._lines.find(path)
        key = ".".join(str(part) for part in path)
        place = f", line {line}" if line is not None else ""
        self._found.append((line or 0, f"{self._source}{place}: {key + ': ' if key else ''}{message}"))

    def text(self, document: Mapping[str, Any], key: str) -> str:
        value = document.get(key, "")
        if isinstance(value, str):
            return value
        self.add((key,), f"expected a text in quotes, got {value!r}")
        return ""

    def texts(self, table: Mapping[str, Any], path: tuple[str, ...]) -> tuple[str, ...]:
        value = table.get(path[-1], [])
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        self.add(path, f'expected a list of texts such as ["one", "two"], got {value!r}')
        return ()

    def tables(self, document: Mapping[str, Any], key: str, example: str) -> dict[str, dict[str, Any]]:
        value = document.get(key, {})
        if not isinstance(value, dict):
            self.add((key,), f"expected tables such as {example}, got {value!r}")
            return {}
        for name, table in value.items():
            if not isinstance(table, dict):
                self.add((key, name), f"expected a table such as {example}, got {table!r}")
        return {name: table for name, table in value.items() if isinstance(table, dict)}

    def raise_if_any(self) -> None:
        if self._found:
            ordered = [message for _, message in sorted(self._found, key=lambda item: item[0])]
            raise MotionMapError("\n".join(dict.fromkeys(ordered)))


def _expected(known: Collection[str], near: str | None) -> str:
    return f'did you mean "{near}"?' if near else f"expected one of: {', '.join(known)}"


def _base(
    document: Mapping[str, Any],
    report: _Report,
    load: Loader | None,
    chain: tuple[str, ...],
    targets: Collection[str],
) -> _Tables | None:
    wanted = report.text(document, "extends")
    if not wanted:
        return None
    if load is None:
        report.add(("extends",), f'"{wanted}" cannot be read from here; expected a map without "extends"')
        return None
    if wanted in chain:
        circle = (*chain[chain.index(wanted) :], wanted)
        report.add(("extends",), f"a circle of maps: {' extends '.join(circle)}; take one of them away")
        return None
    try:
        text = load(wanted)
    except MotionMapError as error:
        report.add(("extends",), str(error))
        return None
    return _resolve(text, wanted, load, (*chain, wanted), targets)


def _merge(document: Mapping[str, Any], report: _Report, base: _Tables | None) -> dict[str, dict[str, Any]]:
    """Lay the document's actions over those of the map it extends, key by key."""
    tables = report.tables(document, "actions", "[actions.nod]")
    merged: dict[str, dict[str, Any]] = {name: dict(table) for name, table in (base.raw if base else {}).items()}
    for unwanted in report.texts(document, ("without",)):
        name = next((name for name in merged if name_key(name) == name_key(unwanted)), None)
        if name is None:
            near = nearest_name(unwanted, merged)
            report.add(("without",), f'no action "{unwanted}" to leave out; {_expected(list(merged), near)}')
        else:
            del merged[name]
    inherited = {name_key(name): name for name in merged}
    for name, table in tables.items():
        old = merged.get(inherited.get(name_key(name), ""), {})
        fresh = dict(old)
        for key, value in table.items():
            joins = key in TARGETS and isinstance(value, dict) and isinstance(old.get(key), dict)
            fresh[key] = {**old[key], **value} if joins else value
        merged[inherited.get(name_key(name), name)] = fresh
    if not merged:
        report.add(("actions",), "the map has no actions; expected at least one table such as [actions.nod]")
    return merged


def _groups(document: Mapping[str, Any], report: _Report) -> dict[str, tuple[str, ...]]:
    groups: dict[str, tuple[str, ...]] = {}
    for name, table in report.tables(document, "groups", "[groups.arms]").items():
        for key in table:
            if key not in _GROUP:
                report.add(
                    ("groups", name, key), f'unknown key "{key}"; {_expected(_GROUP, nearest_name(key, _GROUP))}'
                )
        groups[name] = report.texts(table, ("groups", name, "replaces"))
    return groups


def _actions(
    raw: Mapping[str, Mapping[str, Any]],
    groups: Mapping[str, tuple[str, ...]],
    report: _Report,
    targets: Collection[str],
) -> dict[str, Action]:
    actions: dict[str, Action] = {}
    for name, table in raw.items():
        path = ("actions", name)
        if "name" in table:
            report.add((*path, "name"), f"an action is named by its table, [actions.{name}]; leave this key out")
        values = {key: value for key, value in table.items() if key != "name"}
        try:
            action = Action.model_validate({**values, "name": name}, context={"targets": tuple(targets)})
        except ValidationError as error:
            for place, message in _problems(error, targets):
                report.add((*path, *place), message)
            continue
        further = groups.get(action.exclusive, ())
        replaces = tuple(dict.fromkeys((*action.replaces, *further)))
        actions[name] = action if replaces == action.replaces else action.model_copy(update={"replaces": replaces})
    return actions


def _problems(error: ValidationError, targets: Collection[str]) -> Iterator[Problem]:
    """Say pydantic's errors in the house's words."""
    for fault in error.errors(include_url=False):
        path = tuple(part for part in fault["loc"] if part not in ("[key]", "targets", "name"))
        given = fault["input"]
        kind = fault["type"]
        context: Mapping[str, Any] = fault.get("ctx", {})
        if kind == "motion_map":
            yield from cast("list[Problem]", context["problems"])
        elif kind == "extra_forbidden":
            known = (*(key for key in Action.model_fields if key not in ("name", "targets")), *TARGETS, *targets)
            channel = nearest_name(str(path[-1]), CHANNELS) if path[-1] in CHANNELS else None
            near = f"keyframes.{channel}" if channel else nearest_name(str(path[-1]), known)
            yield path, f'unknown key "{path[-1]}"; {_expected(known, near)}'
        elif kind == "missing" and len(path) == 1:
            yield (), f'"{path[-1]}" is missing'
        elif kind in ("missing", "too_long", "too_short", "tuple_type"):
            pair = "[from, to]" if path[0] == "loop" else "[[seconds, value], ...]"
            what = pair if path[0] in ("loop", "keyframes") else "a list"
            yield tuple(part for part in path if isinstance(part, str)), f"expected {what}, got {_listed(given)}"
        elif kind == "literal_error":
            yield path, f"expected one of {', '.join(KINDS)}, got {given!r}" + _suggestion(str(given), KINDS)
        elif kind in ("channel", "name", "empty"):
            yield path, fault["msg"]
        elif fault["loc"][0] in ("keyframes", "channels") and len(path) < 2:
            yield path, f"expected a table by channel, such as {path[0]}.head_pitch = ..., got {given!r}"
        else:
            message = fault["msg"].removeprefix("Input ").removeprefix("should be ")
            yield tuple(part for part in path if not _is_branch(part)), f"expected {message}, got {given!r}"


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else repr(value)


def _is_branch(part: str | int) -> bool:
    """Tell pydantic's names for the branches of a union from keys."""
    return isinstance(part, str) and (part in ("bool", "int", "float", "str") or "[" in part)


def _suggestion(name: str, known: Collection[str]) -> str:
    near = nearest_name(name, known)
    return f'; did you mean "{near}"?' if near else ""


def _cross_checks(
    actions: Mapping[str, Action],
    raw: Mapping[str, Mapping[str, Any]],
    groups: Mapping[str, tuple[str, ...]],
    report: _Report,
) -> None:
    """Check what takes more than one action to see: names given twice, unknown groups, cycles of groups."""
    for path, message in (*_name_clashes(actions, raw), *_group_faults(actions, groups)):
        report.add(path, message)


def _name_clashes(actions: Mapping[str, Action], raw: Collection[str]) -> Iterator[Problem]:
    owners: dict[str, str] = {}
    for name in raw:
        owner = owners.setdefault(name_key(name), name)
        if owner != name:
            yield ("actions", name), f'"{name}" and "{owner}" are one name to a tag; take one away'
    for name, action in actions.items():
        for alias in action.aliases:
            owner = owners.setdefault(name_key(alias), name)
            if owner != name:
                yield ("actions", name, "aliases"), f'"{alias}" already names the action "{owner}"; take one away'


def _group_faults(actions: Mapping[str, Action], groups: Mapping[str, tuple[str, ...]]) -> Iterator[Problem]:
    used = {*groups, *(action.exclusive for action in actions.values())}
    edges: dict[str, set[str]] = {name: set(replaced) for name, replaced in groups.items()}
    written = [(("groups", name, "replaces"), group) for name, replaced in groups.items() for group in replaced]
    for name, action in actions.items():
        own = [group for group in action.replaces if group not in groups.get(action.exclusive, ())]
        written += [(("actions", name, "replaces"), group) for group in own]
        edges.setdefault(action.exclusive, set()).update(own)
    for path, group in written:
        if group not in used:
            yield path, f'no group "{group}"; {_expected(sorted(used), nearest_name(group, used))}'
    circle = _circle(edges)
    if circle:
        path = next(path for path, group in written if group == circle[1])
        yield path, f"a cycle of exclusive groups: {' replaces '.join(circle)}; take one of them away"


def _circle(edges: Mapping[str, set[str]]) -> tuple[str, ...] | None:
    """Return a path through `edges` that ends where it begins; None where there is none."""
    done: set[str] = set()
    for first in edges:
        stack: list[tuple[str, Iterator[str]]] = [(first, iter(sorted(edges[first])))]
        on_path = [first]
        while stack:
            node, following = stack[-1]
            after = next(following, None)
            if after is None:
                stack.pop()
                on_path.pop()
                done.add(node)
            elif after in on_path:
                return (*on_path[on_path.index(after) :], after)
            elif after not in done:
                on_path.append(after)
                stack.append((after, iter(sorted(edges.get(after, ())))))
    return None
