"""`doctor`: what is installed, running and reachable, and how to mend what is not."""

from __future__ import annotations

import asyncio
import platform
import sys
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Any, get_args

from avatar_bridge import __version__, registry
from avatar_bridge.assembly import build_voice
from avatar_bridge.commands.doctor_minds import look_at_minds
from avatar_bridge.commands.doctor_pages import look_at_pages
from avatar_bridge.commands.doctor_targets import look_at_targets
from avatar_bridge.commands.doctor_voices import look_at_sounds, look_at_voices
from avatar_bridge.commands.finding import Finding
from avatar_bridge.commands.shell import remedy_for_sound
from avatar_bridge.drivers.vts_client import open_client
from avatar_bridge.drivers.vts_discovery import DEFAULT_PORT, DISCOVERY_PORT, Discovery, Instance
from avatar_bridge.drivers.vts_token import default_token_path
from avatar_bridge.errors import AvatarBridgeError, MotionMapError
from avatar_bridge.settings import DriverSettings, Settings, VoiceSettings, default_path

__all__ = ["Finding", "as_data", "broken", "examine", "lines", "listening", "look_for_vts"]

_BROADCAST = 2.3
"""Seconds to wait for a broadcast, which comes every two."""

_VOICE = 60.0
_START = "start VTube Studio, load a model, and switch on Settings > Allow Plugin API access"


async def examine(settings: Settings, file: Path | None = None) -> list[Finding]:
    """Look at everything that a performance needs and return what was found, in the order of the flow.

    `file` is where the settings were read, None where they were looked for.
    """
    return [finding async for finding in _findings(settings, file)]


def broken(findings: Iterable[Finding]) -> bool:
    """Return True when something must be mended before anything can be performed."""
    return any(finding.status == "broken" for finding in findings)


def as_data(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Return findings for programs."""
    return [asdict(finding) for finding in findings]


def lines(findings: Iterable[Finding]) -> Iterator[str]:
    """Yield findings for people: a line each, and below it what to do."""
    marks = {"ok": "ok     ", "missing": "missing", "broken": "BROKEN "}
    for finding in findings:
        yield f"{marks[finding.status]}  {finding.name}: {finding.detail}"
        if finding.remedy:
            yield f"         -> {finding.remedy}"


async def listening(port: int = DEFAULT_PORT) -> bool:
    """Return whether something accepts connections on a port of this machine."""
    try:
        async with asyncio.timeout(0.5):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


async def look_for_vts(within: float = _BROADCAST) -> list[Instance]:
    """Return the VTube Studio instances that announce themselves within so many seconds."""
    discovery = Discovery(DISCOVERY_PORT)
    await discovery.open()
    try:
        async with asyncio.timeout(within):
            await discovery.heard.wait()
    except TimeoutError:
        return []
    finally:
        found = discovery.instances()
        discovery.close()
    return found


async def _findings(settings: Settings, file: Path | None) -> AsyncIterator[Finding]:
    yield _program()
    yield _settings_file(file)
    for name in _maps(settings):
        yield _map(name)
    for name in registry.VOICE_PREFERENCE:
        yield await _voice(settings.voice, name)
    async for finding in look_at_voices(settings):
        yield finding
    for finding in look_at_sounds(settings):
        yield finding
    async for finding in look_at_minds(settings):
        yield finding
    for finding in _third_parties():
        yield finding
    yield await asyncio.to_thread(_sound)
    for finding in await asyncio.to_thread(lambda: list(look_at_pages(settings))):
        yield finding
    for finding in [await _vts_at(url) for url in _vts_urls(settings)] or [await _vts()]:
        yield finding
    yield _token()
    async for finding in look_at_targets(settings):
        yield finding


def _program() -> Finding:
    system = f"{platform.system()} {platform.release()}"
    return Finding("program", "ok", f"avatar-bridge {__version__}, Python {platform.python_version()}, {system}")


def _settings_file(file: Path | None) -> Finding:
    path = file or default_path()
    if path.exists():
        return Finding("settings", "ok", str(path))
    return Finding("settings", "ok", f"none at {path}: the defaults hold")


def _maps(settings: Settings) -> list[str]:
    """Return the map that `perform` plays by and, where it is another, the one that the overlay gets."""
    plain = settings.settled().motion.map
    shown = settings.model_copy(update={"drivers": {"overlay": DriverSettings()} | settings.drivers})
    return list(dict.fromkeys((plain, shown.settled().motion.map)))


def _map(name: str) -> Finding:
    try:
        motion_map = registry.read_map(name)
    except MotionMapError as error:
        return Finding("motion map", "broken", str(error), "mend the lines named, or use --map any_vts_model")
    return Finding("motion map", "ok", f"{name}: {len(motion_map.actions)} actions")


async def _voice(settings: VoiceSettings, name: str) -> Finding:
    missing = registry.missing_packages(name)
    if missing:
        return Finding(f"voice {name}", "missing", f"{', '.join(missing)} not installed", registry.remedy(name))
    chosen = settings.model_copy(update={"fallback": ()}) if settings.engine == name else VoiceSettings(engine=name)
    voice, _ = build_voice(chosen)
    try:
        async with asyncio.timeout(_VOICE):
            await voice.open()
            async with aclosing(voice.speak("Hello.")) as speech:
                seconds = sum([piece.duration async for piece in speech])
    except (AvatarBridgeError, TimeoutError) as error:
        return Finding(f"voice {name}", "missing", str(error) or "did not answer", registry.remedy(name))
    finally:
        await voice.close()
    return Finding(f"voice {name}", "ok", f"said “Hello.” in {seconds:.1f} s of sound")


def _third_parties() -> Iterator[Finding]:
    for kind in get_args(registry.Kind):
        good, bad = registry.third_parties(kind)
        title = f"third-party {kind[:-1].replace('_', ' ')}"
        for name in good:
            yield Finding(title, "ok", name)
        for note in bad:
            yield Finding(title, "missing", note.message, "update or remove that package")


def _sound() -> Finding:
    if find_spec("sounddevice") is None:
        return Finding("sound card", "missing", "sounddevice not installed", 'pip install "avatar-bridge[sound]"')
    try:
        import sounddevice
    except OSError as error:
        return Finding("sound card", "missing", str(error), remedy_for_sound(sys.platform))
    try:
        device = sounddevice.query_devices(kind="output")
    except (sounddevice.PortAudioError, ValueError) as error:
        return Finding("sound card", "missing", f"no output device: {error}", remedy_for_sound(""))
    outputs = ", ".join(
        f"{each['index']} {each['name']!r}"
        for each in sounddevice.query_devices()
        if each["max_output_channels"] > 0 and each["hostapi"] == device["hostapi"]
    )
    detail = f"{device['name']}, {device['default_samplerate']:.0f} Hz; --device takes a name or number of: {outputs}"
    return Finding("sound card", "ok", detail)


def _vts_urls(settings: Settings) -> list[str]:
    """Return the addresses that the settings give for VTube Studio."""
    tables = settings.drivers.items()
    return [table.url for name, table in tables if table.enabled and table.url and (table.driver or name) == "vts"]


async def _vts_at(url: str) -> Finding:
    try:
        async with open_client(url) as client:
            state = await client.request("APIState")
    except AvatarBridgeError as error:
        return Finding(
            "VTube Studio", "missing", str(error), f"{_START}, or leave the address {url} out of your settings"
        )
    if not state.get("active"):
        return Finding("VTube Studio", "missing", "it runs, but its API is off", "switch on Allow Plugin API access")
    return Finding("VTube Studio", "ok", f"answers at {url}, as your settings say")


async def _vts() -> Finding:
    instances, answers = await asyncio.gather(look_for_vts(), listening())
    active = [instance for instance in instances if instance.active]
    if active:
        return Finding("VTube Studio", "ok", ", ".join(f"{item.title} on port {item.port}" for item in active))
    if instances:
        return Finding("VTube Studio", "missing", "it runs, but its API is off", "switch on Allow Plugin API access")
    if answers:
        return Finding("VTube Studio", "ok", f"something answers on port {DEFAULT_PORT}, without announcing itself")
    return Finding("VTube Studio", "missing", "not running here; the demo uses the simulator", _START)


def _token() -> Finding:
    path: Path = default_token_path()
    if path.exists():
        return Finding("permission", "ok", f"VTube Studio's token is in {path}")
    return Finding("permission", "ok", "not asked for yet: VTube Studio will show a pop-up once")
