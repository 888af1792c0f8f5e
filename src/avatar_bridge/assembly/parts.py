"""Settings to the concrete parts of a bridge: voice, speaker, drivers, mixer."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

from avatar_bridge import registry
from avatar_bridge.core.motion.life.life import Life
from avatar_bridge.core.motion.mixer import Mixer
from avatar_bridge.core.motion.motion_map import MotionMap
from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.credentials import find_key
from avatar_bridge.errors import SettingsError, UsageError
from avatar_bridge.ports import Audience, Driver, Games, Speaker, Voice
from avatar_bridge.settings import (
    DriverSettings,
    MotionSettings,
    OneVoiceSettings,
    Settings,
    VoiceSettings,
    WebSettings,
)
from avatar_bridge.stage.ledger import Ledger, default_ledger
from avatar_bridge.stage.levelled_voice import LevelledVoice
from avatar_bridge.stage.voice_chain import VoiceChain
from avatar_bridge.stage.worker import WorkerVoice

if TYPE_CHECKING:
    from avatar_bridge.audio.fallback import Audible

__all__ = [
    "Served",
    "build_backend",
    "build_drivers",
    "build_ledger",
    "build_mixer",
    "build_speaker",
    "build_voice",
    "choose_voice",
]


def choose_voice(settings: OneVoiceSettings) -> tuple[str, tuple[Diagnostic, ...]]:
    """Return the name of the voice to use, and what to tell about the choice."""
    if settings.engine != "auto":
        known = {*registry.names("voices"), *registry.names("voice_services")}
        return registry.choose("voice", settings.engine, known), ()
    missing: list[str] = []
    for name in registry.VOICE_PREFERENCE:
        lacking = registry.missing_packages(name)
        if not lacking:
            notes = (
                Diagnostic(f"the voice {best!r} is not installed, so {name!r} speaks", None, registry.remedy(best))
                for best in missing[:1]
            )
            return name, tuple(notes)
        missing.append(name)
    raise UsageError("no voice is installed; install one with: pip install 'avatar-bridge[piper]'")


def build_voice(settings: OneVoiceSettings) -> tuple[Voice, tuple[Diagnostic, ...]]:
    """Return the configured voice, which starts with `open`, and notes about the choice.

    An engine stands in a child process; what asks a program or a service does so from here. Voices are evened out each
    by itself; those of `fallback` stand behind it. Raises UsageError for an unknown voice or option, SettingsError for
    a key that is not there.
    """
    if not isinstance(settings, VoiceSettings):
        return _one_voice(settings)
    built = [_one_voice(each) for each in (settings, *settings.fallback)]
    voices = [voice if settings.loudness is None else LevelledVoice(voice, settings.loudness) for voice, _ in built]
    notes = tuple(note for _, noted in built for note in noted)
    if len(voices) == 1:
        return voices[0], notes
    names = [choose_voice(each)[0] for each in (settings, *settings.fallback)]
    return VoiceChain(list(zip(names, voices, strict=True))), notes


def _one_voice(settings: OneVoiceSettings) -> tuple[Voice, tuple[Diagnostic, ...]]:
    name, notes = choose_voice(settings)
    options: dict[str, Any] = dict(settings.options)
    adjustments = {"speed": (settings.speed, 1.0), "pitch": (settings.pitch, 0.0)}
    options |= {key: value for key, (value, neutral) in adjustments.items() if value != neutral}
    if name in registry.names("voice_services"):
        kind = registry.load("voice_services", name)
        given = {"name": name, "url": settings.url, "key": find_key(settings.key) if settings.key else None}
        return build_backend(kind, given, options, f"voice {name!r}", "voice.options"), notes
    if settings.url is not None or settings.key:
        raise SettingsError(f"voice.url, voice.key: the voice {name!r} runs on this machine and takes neither")
    return WorkerVoice(registry.location("voices", name), options), notes


def build_backend(kind: Any, given: Mapping[str, object], options: Mapping[str, Any], what: str, table: str) -> Any:
    """Return a backend made of what is `given` (where it takes it) and of the user's options; names a wrong one."""
    taken = inspect.signature(kind).parameters
    for option in options:
        if option in given or option not in taken:
            known = [each for each in taken if each not in given]
            hint = f"; did you mean {nearest[0]!r}?" if (nearest := get_close_matches(option, known, 1)) else ""
            raise SettingsError(f"{table}: the {what} takes {', '.join(known) or 'no options'}, got {option!r}{hint}")
    return kind(**{key: value for key, value in given.items() if key in taken}, **options)


@dataclass(frozen=True, slots=True)
class Served:
    """What the server gives to backends that show or play in pages and games, and whose they are."""

    audience: Audience | None = None
    """The pages, where their server runs."""
    games: Games | None = None
    """The games, where their server runs."""
    character: str = ""
    """As games name it; empty for the main one."""

    def given(self, kind: Any, what: str) -> dict[str, Any]:
        """Return what a backend takes of it; raises UsageError where that needs a server and there is none."""
        taken = inspect.signature(kind).parameters
        given: dict[str, Any] = {}
        for name, those, whose in (("audience", self.audience, "pages"), ("games", self.games, "games")):
            if name not in taken:
                continue
            if those is None:
                raise UsageError(
                    f"{what} needs the server of the {whose}; start it with `avatar-bridge serve`, "
                    "or in a program with avatar_bridge.web.Server"
                )
            given[name] = those
        return given | ({"character": self.character} if "character" in taken else {})


def build_speaker(settings: Settings, served: Served = Served()) -> Speaker:
    """Return the configured speaker, not yet open; raises UsageError for an unknown one.

    Where it is `auto`, each utterance sounds in a game that claims it, else in a page, else at the sound card.
    """
    if settings.sound.record:
        recorder: Speaker = registry.load("speakers", "wav")(settings.sound.record)
        return recorder
    if settings.sound.speaker != "auto":
        return _speaker(settings.sound.speaker, settings, served)
    remote = ["game"] if served.games is not None and settings.driven("game") else []
    remote += ["overlay"] if served.audience is not None else []
    local = _speaker("local", settings, served)
    if not remote:
        return local
    from avatar_bridge.audio.fallback import FallbackSpeaker

    first, *behind = (_speaker(name, settings, served) for name in remote)
    return FallbackSpeaker(cast("Audible", first), *behind, local)


def _speaker(name: str, settings: Settings, served: Served) -> Speaker:
    kind = registry.load("speakers", name)
    options = {"device": settings.sound.device} if "device" in inspect.signature(kind).parameters else {}
    speaker: Speaker = kind(**options, **served.given(kind, f"the speaker {name!r}"))
    return speaker


def build_drivers(
    settings: Settings, motion_map: MotionMap, served: Served = Served(), *, speaker: Speaker | None = None
) -> list[Driver]:
    """Return the configured drivers, not yet connected; raises UsageError for an unknown one or unknown options.

    A game that plays the sound is a target as well. `speaker`: who may have the sound in a game.
    """
    tables = {name: table for name, table in settings.drivers.items() if table.enabled}
    if settings.sound.speaker == "game" and not settings.driven("game"):
        tables["game"] = DriverSettings()

    def holder() -> int | None:
        found: int | None = getattr(speaker, "game_id", None)
        return found

    elsewhere = "" if speaker is None or hasattr(speaker, "game_id") else settings.sound.speaker
    own = {"holder": holder, "elsewhere": elsewhere if not settings.sound.record else "wav"}
    return [_driver(name, table, settings, motion_map, served, own) for name, table in tables.items()]


def _clips(settings: WebSettings) -> dict[str, str]:
    """Return the address of each clip that pages can play, by its name; only a VRM plays clips."""
    shown = settings.avatar == "mascot" or settings.avatar.lower().endswith(".vrm")
    found = sorted(settings.clips.glob("*.vrma")) if settings.clips and shown else []
    return {path.stem: f"/v1/clips/{quote(path.name)}" for path in found}


def _driver(
    name: str,
    table: DriverSettings,
    settings: Settings,
    motion_map: MotionMap,
    served: Served,
    of_games: Mapping[str, object],
) -> Driver:
    kind = registry.load("drivers", table.driver or name)
    taken = inspect.signature(kind).parameters
    given = {"name": name, "motion_map": motion_map, "url": table.url, "lead": table.lead}
    given |= served.given(kind, f"the driver {name!r}")
    if "clips" in taken:
        given |= {"clips": _clips(settings.web)}
    if "holder" in taken:
        given |= of_games
    for option in table.options:
        if option in given or option not in taken:
            known = ", ".join(each for each in taken if each not in given)
            raise SettingsError(f"drivers.{name}.options: expected one of {known}, got {option!r}")
    driver: Driver = kind(**given, **table.options)
    return driver


def build_ledger(settings: Settings, character: str = "") -> Ledger:
    """Return the record of what a character's utterances cost, kept in a file where the settings want it."""
    path = (settings.stats.file or default_ledger()) if settings.stats.enabled else None
    voice = choose_voice(settings.voice)[0]
    return Ledger(path, voice=voice, character=character, prices=settings.prices)


def build_mixer(settings: MotionSettings, derived: frozenset[str] = frozenset()) -> Mixer:
    """Return a mixer with life in it, as the settings ask."""
    life = Life(seed=settings.seed, liveliness=settings.liveliness, calm=settings.calm, derived=derived)
    return Mixer(seed=settings.seed, life=life, derived=derived)
