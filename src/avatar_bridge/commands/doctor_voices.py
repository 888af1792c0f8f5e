"""The doctor's look at who speaks: the voices that the settings name, files of other formats, the aligner."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

from avatar_bridge import registry
from avatar_bridge.assembly import build_voice, choose_voice
from avatar_bridge.commands.doctor_minds import key_lacking
from avatar_bridge.commands.finding import Finding, in_words
from avatar_bridge.errors import AvatarBridgeError, UsageError
from avatar_bridge.settings import OneVoiceSettings, Settings, VoiceSettings

__all__ = ["look_at_sounds", "look_at_voices"]

_ANSWER = 10.0
"""Seconds that a program or a service has to answer."""
_START = 60.0
"""Seconds that a voice on this machine has to start."""
_HEAVY = frozenset({"kokoro", "coqui"})
"""Voices whose models are not loaded for a look."""
_FILES = ("model", "config", "voices", "speaker_wav")
_PAGES = "docs/voices.md has what to start for each voice, and what its messages mean"
_TOLD = {"phonemes": "tells every sound", "words": "tells every word", "estimated": "tells no times"}


async def look_at_voices(settings: Settings) -> AsyncIterator[Finding]:
    """Yield a finding for each voice that the settings name, beyond those that `auto` chooses among."""
    seen: set[str] = set()
    for title, table, alone in _named(settings):
        key = repr(table.model_dump(exclude={"fallback", "align", "loudness"}))
        if key not in seen:
            seen.add(key)
            finding = await _voice(title, table)
            yield replace(finding, status="broken") if alone and finding.status == "missing" else finding


def look_at_sounds(settings: Settings) -> Iterator[Finding]:
    """Yield whether words can be looked for in the sound, and files of other formats be read."""
    missing = registry.missing_packages("align")
    if not settings.voice.align:
        yield Finding("aligner", "ok", "switched off: words of voices that tell no times are estimated")
    elif missing:
        detail = f"{', '.join(missing)} not installed: words of voices that tell no times are estimated"
        yield Finding("aligner", "missing", detail, registry.remedy("align"))
    else:
        helped = "" if registry.missing_packages("espeak") else ", other languages by espeak's help"
        yield Finding("aligner", "ok", f"looks for words in the sound of voices that tell no times: English{helped}")
    programs = [each for each in ("ffmpeg", "ffprobe") if shutil.which(each) is None]
    lacking = [*registry.missing_packages("formats"), *programs]
    if lacking:
        remedy = 'pip install "avatar-bridge[formats]", and ffmpeg from your system or https://ffmpeg.org'
        detail = f"{', '.join(lacking)} not installed: M4A, AAC, WMA and video files cannot be read"
        yield Finding("other sound files", "missing", detail, remedy)
    else:
        yield Finding("other sound files", "ok", "M4A, AAC, WMA and the sound of videos are read by ffmpeg")


def _named(settings: Settings) -> Iterator[tuple[str, OneVoiceSettings, bool]]:
    """Yield each voice of the settings that the looks at `auto`'s voices leave out, and whether none stands behind."""
    tables = {"": settings.voice} | {
        f" of {name}": own.voice for name, own in settings.characters.items() if own.voice is not None
    }
    for whose, table in tables.items():
        for place, voice in enumerate((table, *table.fallback)):
            plain = not voice.options and voice.url is None and not voice.key
            usual = voice.engine in (*registry.VOICE_PREFERENCE, "auto")
            if not (usual and (plain or (not whose and place == 0))):
                yield f"{'fallback ' if place else ''}voice {voice.engine}{whose}", voice, not table.fallback


async def _voice(title: str, table: OneVoiceSettings) -> Finding:
    try:
        name, _ = choose_voice(table)
    except UsageError as error:
        return Finding(title, "broken", str(error), "mend voice.engine in your settings")
    if missing := registry.missing_packages(name):
        return Finding(title, "missing", f"{', '.join(missing)} not installed", registry.remedy(name))
    service = name in registry.names("voice_services")
    if service and (name != "openai" or table.key) and (lacking := key_lacking(name, table.key, table.url)):
        return Finding(title, "broken", lacking, "or name another place as key in [voice]")
    for option in _FILES if name in _HEAVY else ():
        if gone := _gone(table.options.get(option), downloaded=bool(table.options.get("download"))):
            return Finding(title, "broken", f"there is no {gone}", f"mend voice.options.{option} in your settings")
    return await _opened(title, name, table, _ANSWER if service else _START)


def _gone(given: object, *, downloaded: bool) -> str:
    """Return the first of the files that an option names and that is not there."""
    names = given if isinstance(given, list) else [given]
    paths = [str(each) for each in names if each]
    return next((each for each in paths if not downloaded and not Path(each).expanduser().exists()), "")


async def _opened(title: str, name: str, table: OneVoiceSettings, within: float) -> Finding:
    """Let the voice itself look whether it can speak; nothing is said, for a service may cost money."""
    alone = table.model_copy(update={"fallback": ()}) if isinstance(table, VoiceSettings) else table
    try:
        voice, _ = build_voice(alone)
    except UsageError as error:
        return Finding(title, "broken", str(error), "mend [voice] in your settings")
    if name in _HEAVY:
        return Finding(title, "ok", "installed, with its files; it is loaded when it speaks")
    try:
        async with asyncio.timeout(within):
            await voice.open()
    except TimeoutError:
        return Finding(title, "missing", f"no answer for {within:g} s", _PAGES)
    except AvatarBridgeError as error:
        return Finding(title, "missing", str(error), _PAGES)
    finally:
        await voice.close()
    return Finding(
        title, "ok", "; ".join(["ready", _TOLD[voice.abilities.timing], *map(in_words, voice.diagnostics())])
    )
