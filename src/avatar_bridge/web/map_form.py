"""The motion map as a form: what can be written in it, what stands there, and saving it with its comments kept."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any, Final

from avatar_bridge import registry
from avatar_bridge.core.motion.action import KINDS, PAIRS, TARGETS, Action
from avatar_bridge.core.motion.fingers import CURLS
from avatar_bridge.core.motion.motion_map import Loader, MotionMap, load_motion_map
from avatar_bridge.core.motion.rig import CHANNELS, FACE_CHANNELS
from avatar_bridge.errors import MotionMapError
from avatar_bridge.files import write_atomically
from avatar_bridge.web.map_edit import Change, edited, parsed, plain

__all__ = ["MapForm", "MapProblem", "Saved", "StaleMapError"]

_EDITORS: Final[Mapping[str, str]] = {
    "meaning": "text",
    "kind": "choice",
    "stroke": "seconds",
    "duration": "seconds",
    "cooldown": "seconds",
    "group": "text",
    "replaces": "texts",
    "minimum_hold": "seconds",
    "fade_in": "seconds",
    "fade_out": "seconds",
    "weight": "share",
    "linger": "share",
    "mirror": "switch",
    "loop": "span",
    "aliases": "texts",
    "keyframes": "keyframes",
    "channels": "channels",
}
_PLACE = re.compile(r"(?:, line (?P<line>\d+))?: (?:(?P<key>(?:actions|groups|without|extends|name)[^:]*): )?")
_NEAREST = re.compile(r'did you mean "([^"]+)"')


class StaleMapError(MotionMapError):
    """The file was changed by somebody else since it was read."""


@dataclass(frozen=True, slots=True)
class MapProblem:
    """One fault of a map: which action and key, what was expected and what came."""

    message: str
    action: str = ""
    key: str = ""
    line: int | None = None
    nearest: str | None = None


@dataclass(frozen=True, slots=True)
class Saved:
    """What saving did: which file holds the map now, and what to tell about it."""

    path: Path
    copied: bool
    """True where the map that was read is the package's, so that a copy was written."""
    note: str
    etag: str
    motion_map: MotionMap


class MapForm:
    """Reads, checks and saves the motion map that a bridge plays.

    A map that comes with the package is never written: saving makes a copy in `folder`, which is the map from then
    on. Its calls may come from several threads.
    """

    def __init__(self, source: str | Path, folder: Path) -> None:
        self._path = registry.find_map(source).absolute()
        self._folder = folder.absolute()
        self._saving = Lock()
        self._packaged = self._is_packaged(source)

    @property
    def path(self) -> Path:
        """The file that holds the map now."""
        return self._path

    def etag(self) -> str:
        """Return what changes whenever the file's content does, in quotes as HTTP has it."""
        return _etag(self._read())

    def read(self) -> dict[str, Any]:
        """Return the map as GET /v1/map answers it; a map that does not validate is shown with its problems."""
        text = self._read()
        own = self._raw(text)
        inherited = self._inherited(own)
        names = [*dict.fromkeys([*inherited, *own.get("actions", {})])]
        return {
            "name": own.get("name", self._path.stem),
            "description": own.get("description", ""),
            "path": str(self._path),
            "packaged": self._packaged,
            "saves_to": str(self._target()),
            "extends": own.get("extends"),
            "etag": _etag(text),
            "toml": text,
            "actions": [_entry(name, own.get("actions", {}), inherited) for name in names],
            "fields": [*_fields()],
            "defaults": {kind: _defaults(kind) for kind in KINDS},
            "targets": [*TARGETS],
            "channels": [asdict(channel) | {"bone": False} for channel in FACE_CHANNELS],
            "bones": _more_channels(),
            "problems": [asdict(problem) for problem in self._faults(text)],
        }

    def check(self, changes: Sequence[Change]) -> list[MapProblem]:
        """Return what would be wrong with the map after `changes`, without writing anything."""
        try:
            text = self._edited(self._read(), changes)
        except MotionMapError as error:
            return [MapProblem(str(error))]
        return self._faults(text)

    def save(self, changes: Sequence[Change], etag: str) -> Saved:
        """Write the map with `changes` made to it, whole or not at all.

        Raises StaleMapError where the file is no longer the one that `etag` names, MotionMapError where it would not
        validate, and WorldError where it cannot be written.
        """
        with self._saving:
            text = self._read()
            if etag != _etag(text):
                raise StaleMapError(
                    f"{self._path.name} was changed since this form was opened, by another studio or an editor; "
                    "nothing was saved: load it again and repeat the change"
                )
            changed = self._edited(text, changes)
            if found := self._faults(changed):
                raise MotionMapError("\n".join(problem.message for problem in found))
            return self._write(changed)

    def _write(self, text: str) -> Saved:
        path, copied = self._target(), self._packaged
        returns = b"\r\n" in self._path.read_bytes()
        write_atomically(path, text.replace("\n", "\r\n") if returns else text)
        self._path, self._packaged = path, False
        return Saved(path, copied, _note(path, copied=copied), _etag(text), registry.read_map(path))

    def _read(self) -> str:
        return registry.read_map_text(self._path)

    @staticmethod
    def _is_packaged(source: str | Path) -> bool:
        return str(source) in registry.map_names() and not str(source).endswith(".toml")

    def _target(self) -> Path:
        """Return where saving writes to: the file itself, or for a packaged map a name that is free yet."""
        if not self._packaged:
            return self._path
        path, number = self._folder / self._path.name, 2
        while path.exists():
            path, number = self._folder / f"{self._path.stem}-{number}.toml", number + 1
        return path

    def _raw(self, text: str) -> dict[str, Any]:
        """Return the file's own tables; empty where it is not TOML or has something else in their place."""
        try:
            document = dict(parsed(text))
        except MotionMapError:
            return {}
        actions = document.get("actions")
        tables = actions.items() if isinstance(actions, dict) else ()
        return document | {"actions": {name: table for name, table in tables if isinstance(table, dict)}}

    def _inherited(self, own: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """Return what each action has from the map that this one extends, without those it leaves out."""
        name = own.get("extends")
        if not isinstance(name, str) or not name:
            return {}
        beside = self._path.parent / name
        try:
            path = registry.find_map(beside if beside.suffix == ".toml" and beside.is_file() else name)
            actions = _actions_of(path, path.stat().st_mtime_ns)
        except (MotionMapError, OSError):
            return {}
        without = own.get("without", [])
        return {key: values for key, values in actions.items() if key not in without}

    def _loader(self) -> Loader:
        """Return what fetches the maps that this one extends: beside it first, then by name."""
        folder = self._path.parent

        def load(name: str) -> str:
            nonlocal folder
            beside = folder / name
            found = beside if beside.suffix == ".toml" and beside.is_file() else registry.find_map(name)
            folder = found.parent
            return registry.read_map_text(found)

        return load

    def _edited(self, text: str, changes: Sequence[Change]) -> str:
        return edited(text, changes, inherited=[*self._inherited(self._raw(text))])

    def _faults(self, text: str) -> list[MapProblem]:
        try:
            load_motion_map(text, source=str(self._path), load=self._loader(), targets=registry.names("drivers"))
        except MotionMapError as error:
            names = [*self._raw(text).get("actions", {}), *self._inherited(self._raw(text))]
            return [_problem(line, str(self._path), names) for line in str(error).splitlines()]
        return []


@lru_cache(maxsize=2)
def _actions_of(path: Path, changed_ns: int) -> Mapping[str, dict[str, Any]]:
    """Return what the actions of another map say; read again when its file has `changed_ns`."""
    del changed_ns
    return {each.name: _written(each) for each in registry.read_map(path).actions.values()}


def _etag(text: str) -> str:
    return f'"{hashlib.sha256(text.encode("utf-8")).hexdigest()[:32]}"'


def _note(path: Path, *, copied: bool) -> str:
    if not copied:
        return f"Saved to {path.name}; the next utterance plays by it, a target's own hotkeys included."
    return (
        f"The map that comes with the program stays as it is; your copy is {path}. To keep using it after a restart, "
        f'write in bridge.toml under [motion]: map = "{path.as_posix()}"'
    )


def _problem(line: str, source: str, names: Sequence[str]) -> MapProblem:
    """Take a line of a MotionMapError apart: which action and key it is about, and the nearest right name."""
    rest = line.removeprefix(source)
    place = _PLACE.match(rest) if rest != line else None
    nearest = _NEAREST.search(line)
    near = nearest[1] if nearest else None
    if place is None:
        return MapProblem(line, nearest=near)
    written, number = place["key"] or "", int(place["line"]) if place["line"] else None
    below = written.removeprefix("actions.")
    action = max((name for name in names if f"{below}.".startswith(f"{name}.")), key=len, default="")
    key = below[len(action) + 1 :] if action and below != written else written
    return MapProblem(rest[place.end() :], action if below != written else "", key, number, near)


def _entry(name: str, own: Mapping[str, Any], inherited: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    values = {**inherited.get(name, {}), **own.get(name, {})}
    return {"name": name, "own": name in own, "inherited": name in inherited, "values": values}


def _fields() -> Iterator[dict[str, Any]]:
    for key, editor in _EDITORS.items():
        yield {"key": key, "editor": editor, "help": Action.model_fields[key].description}


def _more_channels() -> list[str]:
    """Return what may be named beside the face's channels: pairs, curls of fingers, and bones."""
    faces = {face.name for face in FACE_CHANNELS}
    return [*PAIRS, *CURLS, *(name for name in CHANNELS if name not in faces)]


def _plainest(kind: str) -> Action:
    """Return an action with nothing in it but what every action of its kind has."""
    return Action.model_validate({"name": "plain", "meaning": "plain", "kind": kind, "vts": {"hotkey": "plain"}})


def _defaults(kind: str) -> dict[str, Any]:
    values = _plainest(kind).model_dump(mode="json")
    return {key: value for key, value in values.items() if key not in ("name", "meaning", "kind", "targets")}


def _written(action: Action) -> dict[str, Any]:
    """Return the keys that an action's author has to write to get it: all that differ from its kind's own."""
    usual = _plainest(action.kind).model_dump(mode="json")
    values = action.model_dump(mode="json")
    tables = values.pop("targets")
    kept = {key: value for key, value in values.items() if key in ("meaning", "kind") or value != usual[key]}
    return {**{key: plain(value) for key, value in kept.items() if key != "name"}, **tables}
