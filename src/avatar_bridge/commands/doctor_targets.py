"""The doctor's look at the programs beside VTube Studio: which of them run, and what they lack."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal
from urllib.parse import urlsplit

from avatar_bridge import registry
from avatar_bridge.commands.finding import Finding, in_words
from avatar_bridge.commands.maps_target import look
from avatar_bridge.errors import AvatarBridgeError
from avatar_bridge.settings import DriverSettings, Settings

__all__ = ["PROGRAMS", "Program", "answers", "look_at_targets"]

_ANSWER = 0.5
_EMPTY_BUNDLE = b"#bundle\0" + bytes(7) + b"\x01"
"""OSC that says nothing, at once: what a listener of OSC takes without doing anything."""


@dataclass(frozen=True, slots=True)
class Program:
    """Where a program listens unless it was told otherwise."""

    title: str
    kind: Literal["tcp", "udp"]
    port: int
    remedy: str


PROGRAMS: Mapping[str, Program] = MappingProxyType(
    {
        "obs": Program("OBS Studio", "tcp", 4455, "start OBS and tick Tools > WebSocket Server Settings > Enable"),
        "vmc": Program("a VMC program", "udp", 39539, "start it and switch on its VMC (OSC) receiver"),
        "nizima": Program("nizima LIVE", "tcp", 22022, "start nizima LIVE and switch on its plugin API"),
        "warudo": Program("Warudo", "tcp", 19190, "start Warudo, with the blueprint of docs/warudo.md"),
        "vnyan": Program("VNyan", "tcp", 8000, "start VNyan and switch on its WebSocket receiver"),
        "vrchat": Program("VRChat", "udp", 9000, "start VRChat and switch on OSC in its action menu"),
    }
)
"""The programs by the name of their driver."""


async def look_at_targets(settings: Settings) -> AsyncIterator[Finding]:
    """Yield a finding for each target that the settings name, then one for all other programs that run here."""
    named = {
        name: table for name, table in settings.drivers.items() if table.enabled and (table.driver or name) in PROGRAMS
    }
    for name, table in named.items():
        kind = table.driver or name
        yield await (_driven(name, settings) if kind == "obs" else _heard_of(name, kind, table))
    others = {kind: program for kind, program in PROGRAMS.items() if kind not in _kinds(named)}
    running = [
        f"{program.title} ({program.kind} {program.port}): [drivers.{kind}] in your settings drives it"
        for kind, program in others.items()
        if await answers(program.kind, "127.0.0.1", program.port)
    ]
    if others:
        silent = ", ".join(program.title for program in others.values())
        yield Finding(
            "other programs", "ok", "; ".join(running) or f"none of {silent} runs here, and none is asked for"
        )


async def answers(kind: Literal["tcp", "udp"], host: str, port: int) -> bool:
    """Return whether something listens there; of UDP, whether nothing says that nobody does."""
    if kind == "tcp":
        try:
            async with asyncio.timeout(_ANSWER):
                _, writer = await asyncio.open_connection(host, port)
        except (OSError, TimeoutError):
            return False
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        return True
    return await asyncio.to_thread(_takes_datagrams, host, port)


def _takes_datagrams(host: str, port: int) -> bool:
    """Send OSC that says nothing; where nobody listens, this machine's own network says so by the next call."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.settimeout(_ANSWER / 2)
            probe.connect((host, port))
            probe.send(_EMPTY_BUNDLE)
            with contextlib.suppress(TimeoutError):
                probe.recv(1)
            probe.send(_EMPTY_BUNDLE)
    except OSError:
        return False
    return True


async def _heard_of(name: str, kind: str, table: DriverSettings) -> Finding:
    program = PROGRAMS[kind]
    places = [_place(url, program) for url in (table.url or "").split(",")]
    if None in places:
        return Finding(name, "broken", f"{table.url!r} is no address", f"use {program.kind}://127.0.0.1:{program.port}")
    found = {f"{host}:{port}": await answers(program.kind, host, port) for host, port in filter(None, places)}
    silent = ", ".join(place for place, there in found.items() if not there)
    if silent:
        return Finding(name, "missing", f"{program.title} does not listen at {silent}", program.remedy)
    return Finding(name, "ok", f"{program.title} listens at {', '.join(found)}")


def _place(url: str, program: Program) -> tuple[str, int] | None:
    """Return host and port of an address, as settings have it; None for what is none."""
    url = url.strip()
    if url.isascii() and url.isdigit():
        url = f"127.0.0.1:{url}"
    place = urlsplit(url if "://" in url else f"//{url}")
    try:
        return place.hostname or "127.0.0.1", place.port or program.port
    except ValueError:
        return None


async def _driven(name: str, settings: Settings) -> Finding:
    """Let the driver itself have a look: it knows passwords, and what the map asks for."""
    try:
        motion_map = registry.read_map(settings.settled().motion.map)
        state = await look(name, settings, motion_map)
    except AvatarBridgeError as error:
        return Finding(name, "broken", str(error), "mend it in your settings")
    if state.status != "ready":
        # who is refused has OBS running: what to do stands in the detail
        return Finding(name, "missing", state.detail, "" if state.status == "refused" else PROGRAMS["obs"].remedy)
    lacking = list(map(in_words, state.diagnostics))
    if lacking:
        return Finding(name, "missing", f"{state.detail} {'; '.join(lacking)}", "mend the map, or make what it names")
    return Finding(name, "ok", state.detail)


def _kinds(tables: Mapping[str, DriverSettings]) -> set[str]:
    return {table.driver or name for name, table in tables.items()}
