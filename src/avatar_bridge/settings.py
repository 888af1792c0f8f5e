"""`bridge.toml` to values: every command-line flag has its key here, every key its default."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from zlib import crc32

import platformdirs
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    field_validator,
)
from pydantic_core import ErrorDetails

from avatar_bridge.core.vocabulary import name_key
from avatar_bridge.errors import SettingsError
from avatar_bridge.files import read_text

__all__ = [
    "CharacterSettings",
    "DriverSettings",
    "MotionSettings",
    "ScriptSettings",
    "Settings",
    "SoundSettings",
    "VoiceSettings",
    "WebSettings",
    "default_path",
    "override",
    "parse_settings",
    "read_settings",
]


_LONGEST_NAME = 64
_FILES = ("motion.map", "web.avatar", "web.clips", "web.live2d_core")
_FOLDERS = ("web.avatar", "web.clips")
"""Keys that name files and folders of the user's, which are read."""
_WORDS = ("", "auto", "mascot", "svg")
"""What such a key may say that is no file, whatever lies there."""
_WITH_BODIES = ("overlay", "game", "vmc", "warudo", "vnyan")
"""Drivers whose targets have arms and fingers."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class VoiceSettings(_Table):
    """Which voice speaks, and how."""

    engine: str = "auto"
    """auto (the best that is installed), piper, espeak, tone, or a third party's name."""
    speed: float = Field(default=1.0, ge=0.3, le=3.0)
    pitch: float = Field(default=0.0, ge=-12.0, le=12.0)
    """Semitones."""
    options: dict[str, Any] = Field(default_factory=dict)
    """Passed to the engine: `model = "…"` for piper, `voice = "en"` for espeak."""


class SoundSettings(_Table):
    """Where the audio goes."""

    speaker: str = "auto"
    """local (the sound card), overlay (the page plays it), game, none (wall clock), or a third party's name.

    auto: a game that claims it, else the overlay where its server runs, else the sound card."""
    device: str | int | None = None
    """Name or number of the output device; the system's default when absent."""
    record: Path | None = None
    """A WAV file that gets what the audience would hear, in place of the sound card."""

    @field_validator("device")
    @classmethod
    def _number(cls, device: str | int | None) -> str | int | None:
        """Take digits for a number, as a command line gives it; a name is searched for its part."""
        return int(device) if isinstance(device, str) and device.isdecimal() else device


class ScriptSettings(_Table):
    """How tagged text is read."""

    dialect: str = "auto"


class MotionSettings(_Table):
    """What the body does."""

    map: str = "auto"
    """A packaged motion map by name, or a path; auto: mascot where a target has arms and fingers (the overlay, a game,
    vmc, warudo, vnyan), else any_vts_model."""
    seed: int = 0
    liveliness: float = Field(default=1.0, ge=0.0, le=1.5)
    calm: bool = False


class DriverSettings(_Table):
    """One target."""

    driver: str | None = None
    """Which driver; the table's own name when absent."""
    url: str | None = None
    """Where the target listens; found by discovery when absent."""
    lead: float | None = Field(default=None, ge=0.0, le=2.0)
    """Seconds from handing something over until it shows; measured when absent and the target answers."""
    enabled: bool = True
    options: dict[str, Any] = Field(default_factory=dict)


def _named(characters: dict[str, CharacterSettings]) -> dict[str, CharacterSettings]:
    """Check the names of characters, and that each has what it may have."""
    keys: dict[str, str] = {}
    for name, table in characters.items():
        if not 1 <= len(name.strip()) <= _LONGEST_NAME or "." in name:
            raise ValueError(f"expected a name of 1 to {_LONGEST_NAME} letters without a dot, got {name!r}")
        other = keys.setdefault(name_key(name), name)
        if other != name:
            raise ValueError(f"{other!r} and {name!r} are one name: capitals, spaces, - and _ do not count")
        kinds = [table.sound.speaker, *((each.driver or key) for key, each in table.drivers.items() if each.enabled)]
        if "overlay" in kinds:
            raise ValueError(f"the overlay shows and plays the main character alone, not {name!r}")
    return characters


def _default_drivers() -> dict[str, DriverSettings]:
    return {"vts": DriverSettings()}


def _game_driver() -> dict[str, DriverSettings]:
    return {"game": DriverSettings()}


class CharacterSettings(_Table):
    """One character more, who shares the stage with the main one; what is not said here is as for that one."""

    voice: VoiceSettings | None = None
    sound: SoundSettings = SoundSettings(speaker="game")
    """By default a game plays it; the wall clock keeps the time while none does."""
    script: ScriptSettings | None = None
    motion: MotionSettings | None = None
    drivers: dict[str, DriverSettings] = Field(default_factory=_game_driver)


class WebSettings(_Table):
    """The local server with the overlay and the studio."""

    host: str = "127.0.0.1"
    """Address to listen on; anything but loopback lets other machines in, who need the token."""
    port: int = Field(default=8787, ge=0, le=65535)
    """The next free one is taken where it is in use; 0 takes any."""
    token: SecretStr | None = None
    """What every page and program must show; a new one each start when absent."""
    remember: bool = False
    """Keep the token of the first start, so that addresses stay the same."""
    avatar: str = "mascot"
    """mascot, svg, a .vrm file, a .model3.json file, or a folder with a PNG avatar."""
    clips: Path | None = None
    """A folder with .vrma files, which actions name by `overlay.clip`."""
    live2d_core: Path | None = None
    """The Cubism Core file (live2dcubismcore.min.js), for Live2D in the overlay."""
    name: str = ""
    """The speaker's name, shown over the subtitles."""


class Settings(_Table):
    """Everything `bridge.toml` can say."""

    voice: VoiceSettings = VoiceSettings()
    sound: SoundSettings = SoundSettings()
    script: ScriptSettings = ScriptSettings()
    motion: MotionSettings = MotionSettings()
    drivers: dict[str, DriverSettings] = Field(default_factory=_default_drivers)
    characters: Annotated[dict[str, CharacterSettings], AfterValidator(_named)] = Field(default_factory=dict)
    """Further characters by their name, which games and requests say."""
    web: WebSettings = WebSettings()
    trace: Path | None = None
    """A file that gets one JSON line a command or frame sent."""
    log: Literal["debug", "info", "warning", "error"] = "warning"
    """From which level on the program's log goes to standard error."""

    _path: Path | None = PrivateAttr(default=None)

    def model_post_init(self, context: Any, /) -> None:
        """Remember the file of the validation's context."""
        self._path = context

    def __eq__(self, other: object) -> bool:
        """Compare what they say, not where it was read."""
        return isinstance(other, Settings) and self.__dict__ == other.__dict__

    __hash__ = None  # type: ignore[assignment]

    @property
    def path(self) -> Path | None:
        """The file that they were read from; None where there was none."""
        return self._path

    @property
    def folder(self) -> Path:
        """The folder of that file, else of the one that would be: where what is saved belongs."""
        return (self._path or default_path()).parent

    def driven(self, driver: str) -> bool:
        """Return whether a driver of this kind is configured and switched on."""
        return any((table.driver or name) == driver for name, table in self.drivers.items() if table.enabled)

    @property
    def gaming(self) -> bool:
        """Whether a game is a target or the speaker of any character."""
        cast = (self, *(self.of(name) for name in self.characters))
        return any(each.driven("game") or each.sound.speaker == "game" for each in cast)

    def of(self, character: str) -> Settings:
        """Return the settings of one character alone; raises SettingsError for one that is not there."""
        own = self.characters.get(character)
        if own is None:
            nearest = get_close_matches(character, self.characters, 1)
            hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
            known = ", ".join(map(repr, self.characters)) or "none"
            raise SettingsError(f"expected one of the characters ({known}), got {character!r}{hint}")
        given: dict[str, Any] = {
            name: getattr(own, name) for name in ("voice", "script", "motion") if getattr(own, name) is not None
        }
        motion: MotionSettings = given.get("motion", self.motion)
        if motion.seed == self.motion.seed:
            # or all would blink at once
            given["motion"] = motion.model_copy(update={"seed": motion.seed + crc32(name_key(character).encode())})
        alone = {"sound": own.sound, "drivers": own.drivers, "characters": {}, "trace": None}
        return self.model_copy(update={**given, **alone})

    def settled(self, *, pages: bool = False, games: bool = False) -> Settings:
        """Return settings in which nothing is `auto` but the voice; `pages`, `games`: their server runs."""
        served = "game" if games and self.driven("game") else "overlay" if pages else "local"
        speaker = served if self.sound.speaker == "auto" else self.sound.speaker
        fitting = "mascot" if any(map(self.driven, _WITH_BODIES)) else "any_vts_model"
        motion_map = fitting if self.motion.map == "auto" else self.motion.map
        return self.model_copy(
            update={
                "sound": self.sound.model_copy(update={"speaker": speaker}),
                "motion": self.motion.model_copy(update={"map": motion_map}),
            }
        )


def default_path() -> Path:
    """Return where `bridge.toml` is looked for when none is named: here first, then the user's configuration."""
    here = Path("bridge.toml")
    return (
        here if here.exists() else Path(platformdirs.user_config_dir("avatar-bridge", appauthor=False)) / "bridge.toml"
    )


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


_NAMED: Mapping[str, type[BaseModel]] = {"drivers": DriverSettings, "characters": CharacterSettings}
