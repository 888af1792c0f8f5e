"""Settings read from a file and laid over each other, with the nearest right name where one is wrong."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from avatar_bridge.errors import SettingsError
from avatar_bridge.files import read_text
from avatar_bridge.settings.minds import PriceSettings
from avatar_bridge.settings.tables import DriverSettings
from avatar_bridge.settings.whole import CharacterSettings, Settings, default_path

__all__ = ["override", "parse_settings", "read_settings"]

_FILES = ("motion.map", "mind.persona", "web.avatar", "web.clips", "web.live2d_core")
_FOLDERS = ("web.avatar", "web.clips")
"""Keys that name files and folders of the user's, which are read."""
_WORDS = ("", "auto", "mascot", "svg")
"""What such a key may say that is no file, whatever lies there."""


def parse_settings(text: str, *, source: str, path: Path | None = None) -> Settings:
    """Return the settings in `text`; raises SettingsError naming the source, the key and what was expected.

    `path`: the file that the text stands in, which the settings remember.
    """
    try:
        return Settings.model_validate(tomllib.loads(text), context=path)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{source}: this is not valid TOML: {error}") from None
    except ValidationError as error:
        raise SettingsError(_problems(source, error)) from None


def read_settings(path: Path | None = None) -> Settings:
    """Return the settings in the file at `path`, or the defaults where none is named and none is found.

    A map, an avatar, clips and a Core that lie beside the file are found there, wherever the program was started.
    """
    chosen = path or default_path()
    if not chosen.exists():
        if path is None:
            return Settings()
        raise SettingsError(f"there is no settings file at {path}; name an existing one or leave the option out")
    settings = parse_settings(read_text(chosen, SettingsError), source=str(chosen), path=chosen.absolute())
    return override(settings, dict(_found_beside(settings)))


def override(settings: Settings, changes: dict[str, Any]) -> Settings:
    """Return settings with `changes` (dotted keys to values; None changes nothing) laid over them.

    Raises SettingsError as `parse_settings` does.
    """
    data = settings.model_dump()
    for key, value in changes.items():
        if value is None:
            continue
        table = data
        *path, last = key.split(".")
        for part in path:
            table = table.setdefault(part, {})
        table[last] = value
    try:
        return Settings.model_validate(data, context=settings.path)
    except ValidationError as error:
        raise SettingsError(_problems("option", error)) from None


def _found_beside(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield each file that the settings name and that lies in their folder, or in the user's own by `~`, as it is."""
    maps = [f"characters.{name}.motion.map" for name, each in settings.characters.items() if each.motion]
    for key in (*_FILES, *maps):
        given: Any = settings
        for part in key.split("."):
            given = given[part] if isinstance(given, dict) else getattr(given, part)
        if given is None or str(given) in _WORDS or Path(given).is_absolute():
            continue
        parts = Path(given).parts
        found = Path.home().joinpath(*parts[1:]) if parts[:1] == ("~",) else settings.folder / given
        if found.is_file() or (key in _FOLDERS and found.is_dir()):
            yield key, str(found)


def _problems(source: str, error: ValidationError) -> str:
    return "\n".join(_problem(source, problem["loc"], problem) for problem in error.errors())


def _problem(source: str, place: tuple[int | str, ...], problem: ErrorDetails) -> str:
    key = ".".join(str(part) for part in place)
    if problem["type"] != "extra_forbidden":
        expected = problem["msg"].replace("Input should be", "expected", 1)
        if problem["type"] == "value_error":
            return f"{source}: {key}: {expected.removeprefix('Value error, ')}"
        return f"{source}: {key}: {expected}, got {problem['input']!r}"
    known = _keys(place[:-1])
    nearest = get_close_matches(str(place[-1]), known, 1)
    hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
    return f"{source}: {key}: this key is not known; expected one of {', '.join(known)}{hint}"


def _keys(place: tuple[int | str, ...]) -> list[str]:
    """Return the keys of the table at `place`."""
    table: type[BaseModel] = Settings
    rest = [str(part) for part in place]
    while rest:
        part = rest.pop(0)
        annotation = table.model_fields[part].annotation if part in table.model_fields else DriverSettings
        if part in _NAMED and rest:
            # tables that the user names
            rest.pop(0)
            table = _NAMED[part]
            continue
        kinds = [each for each in (annotation, *get_args(annotation)) if isinstance(each, type)]
        table = next((kind for kind in kinds if issubclass(kind, BaseModel)), DriverSettings)
    return sorted(table.model_fields)


_NAMED: Mapping[str, type[BaseModel]] = {
    "drivers": DriverSettings,
    "characters": CharacterSettings,
    "prices": PriceSettings,
}
