"""Settings to the concrete parts of a bridge: voice, speaker, drivers, mixer."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

from avatar_bridge import registry
from avatar_bridge.core.motion.life.life import Life
from avatar_bridge.core.motion.mixer import Mixer
from avatar_bridge.core.motion.motion_map import MotionMap
from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.errors import SettingsError, UsageError
from avatar_bridge.ports import Audience, Driver, Speaker, Voice
from avatar_bridge.settings import MotionSettings, Settings, VoiceSettings, WebSettings
from avatar_bridge.stage.worker import WorkerVoice

if TYPE_CHECKING:
    from avatar_bridge.audio.fallback import Audible

__all__ = ["build_drivers", "build_mixer", "build_speaker", "build_voice", "choose_voice"]


def choose_voice(settings: VoiceSettings) -> tuple[str, tuple[Diagnostic, ...]]:
    """Return the name of the voice to use, and what to tell about the choice."""
    if settings.engine != "auto":
        return settings.engine, ()
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


def build_voice(settings: VoiceSettings) -> tuple[Voice, tuple[Diagnostic, ...]]:
    """Return the configured voice, in a child process that starts with `open`, and notes about the choice."""
    name, notes = choose_voice(settings)
    options: dict[str, Any] = dict(settings.options)
    adjustments = {"speed": (settings.speed, 1.0), "pitch": (settings.pitch, 0.0)}
    options |= {key: value for key, (value, neutral) in adjustments.items() if value != neutral}
    return WorkerVoice(registry.location("voices", name), options), notes


def build_speaker(settings: Settings, audience: Audience | None = None) -> Speaker:
    """Return the configured speaker, not yet open; raises UsageError for an unknown one.

    Where it is `auto` and the pages' server runs, the sound card plays while no page does.
    """
    if settings.sound.record:
        recorder: Speaker = registry.load("speakers", "wav")(settings.sound.record)
        return recorder
    name = settings.settled(pages=audience is not None).sound.speaker
    played = _speaker(name, settings, audience)
    if settings.sound.speaker != "auto" or audience is None:
        return played
    from avatar_bridge.audio.fallback import FallbackSpeaker

    return FallbackSpeaker(cast("Audible", played), _speaker("local", settings, audience))


def _speaker(name: str, settings: Settings, audience: Audience | None) -> Speaker:
    kind = registry.load("speakers", name)
    options = {"device": settings.sound.device} if "device" in inspect.signature(kind).parameters else {}
    speaker: Speaker = kind(**options, **_pages(kind, f"the speaker {name!r}", audience))
    return speaker


def build_drivers(settings: Settings, motion_map: MotionMap, audience: Audience | None = None) -> list[Driver]:
    """Return the configured drivers, not yet connected; raises UsageError for an unknown one or unknown options."""
    return [_driver(name, settings, motion_map, audience) for name, table in settings.drivers.items() if table.enabled]


def _pages(kind: Any, what: str, audience: Audience | None) -> dict[str, Audience]:
    """Return the pages for a backend that takes them; raises UsageError where there is no server for it."""
    if "audience" not in inspect.signature(kind).parameters:
        return {}
    if audience is None:
        raise UsageError(
            f"{what} needs the server of the pages; start it with `avatar-bridge serve`, "
            "or in a program with avatar_bridge.web.Server"
        )
    return {"audience": audience}


def _clips(settings: WebSettings) -> dict[str, str]:
    """Return the address of each clip that pages can play, by its name; only a VRM plays clips."""
    shown = settings.avatar == "mascot" or settings.avatar.lower().endswith(".vrm")
    found = sorted(settings.clips.glob("*.vrma")) if settings.clips and shown else []
    return {path.stem: f"/v1/clips/{quote(path.name)}" for path in found}


def _driver(name: str, settings: Settings, motion_map: MotionMap, audience: Audience | None) -> Driver:
    table = settings.drivers[name]
    kind = registry.load("drivers", table.driver or name)
    given = {"name": name, "motion_map": motion_map, "url": table.url, "lead": table.lead}
    given |= _pages(kind, f"the driver {name!r}", audience)
    if "clips" in inspect.signature(kind).parameters:
        given |= {"clips": _clips(settings.web)}
    taken = inspect.signature(kind).parameters
    for option in table.options:
        if option in given or option not in taken:
            known = ", ".join(each for each in taken if each not in given)
            raise SettingsError(f"drivers.{name}.options: expected one of {known}, got {option!r}")
    driver: Driver = kind(**given, **table.options)
    return driver


def build_mixer(settings: MotionSettings, derived: frozenset[str] = frozenset()) -> Mixer:
    """Return a mixer with life in it, as the settings ask."""
    life = Life(seed=settings.seed, liveliness=settings.liveliness, calm=settings.calm, derived=derived)
    return Mixer(seed=settings.seed, life=life, derived=derived)
