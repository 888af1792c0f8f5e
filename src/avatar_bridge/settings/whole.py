"""`bridge.toml` as a whole: every command-line flag has its key here, every key its default."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal
from zlib import crc32

import platformdirs
from pydantic import AfterValidator, Field, PrivateAttr

from avatar_bridge.core.vocabulary import name_key
from avatar_bridge.errors import SettingsError
from avatar_bridge.settings.minds import (
    FeelingsSettings,
    MemorySettings,
    MindSettings,
    PriceSettings,
    ProxySettings,
    StatsSettings,
)
from avatar_bridge.settings.tables import (
    DriverSettings,
    MotionSettings,
    ScriptSettings,
    SoundSettings,
    Table,
    VoiceSettings,
    WebSettings,
)

__all__ = ["CharacterSettings", "Settings", "default_path"]

_LONGEST_NAME = 64
_WITH_BODIES = ("overlay", "game", "vmc", "warudo", "vnyan")
"""Drivers whose targets have arms and fingers."""


def _default_drivers() -> dict[str, DriverSettings]:
    return {"vts": DriverSettings()}


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


def _game_driver() -> dict[str, DriverSettings]:
    return {"game": DriverSettings()}


class CharacterSettings(Table):
    """One character more, who shares the stage with the main one; what is not said here is as for that one."""

    voice: VoiceSettings | None = None
    sound: SoundSettings = SoundSettings(speaker="game")
    """By default a game plays it; the wall clock keeps the time while none does."""
    script: ScriptSettings | None = None
    motion: MotionSettings | None = None
    mind: MindSettings | None = None
    drivers: dict[str, DriverSettings] = Field(default_factory=_game_driver)


class Settings(Table):
    """Everything `bridge.toml` can say."""

    voice: VoiceSettings = VoiceSettings()
    sound: SoundSettings = SoundSettings()
    script: ScriptSettings = ScriptSettings()
    motion: MotionSettings = MotionSettings()
    drivers: dict[str, DriverSettings] = Field(default_factory=_default_drivers)
    characters: Annotated[dict[str, CharacterSettings], AfterValidator(_named)] = Field(default_factory=dict)
    """Further characters by their name, which games and requests say."""
    web: WebSettings = WebSettings()
    mind: MindSettings = MindSettings()
    memory: MemorySettings = MemorySettings()
    feelings: FeelingsSettings = FeelingsSettings()
    proxy: ProxySettings = ProxySettings()
    prices: dict[str, PriceSettings] = Field(default_factory=dict)
    """What models, voices and this machine cost: `[prices.openai]`, `[prices."ollama/llama3"]`, `[prices.machine]`."""
    stats: StatsSettings = StatsSettings()
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
            name: getattr(own, name) for name in ("voice", "script", "motion", "mind") if getattr(own, name) is not None
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
