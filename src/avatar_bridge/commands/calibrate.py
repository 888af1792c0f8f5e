"""`calibrate`: set a target's lead by eye: a clap and a flash, until both come together."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import aclosing
from pathlib import Path
from typing import ClassVar, TextIO

import click
import tomlkit
from tomlkit.exceptions import TOMLKitError

from avatar_bridge.assembly import Bridge, build_drivers, build_speaker
from avatar_bridge.commands.clap import ClapVoice, clap_map, claps
from avatar_bridge.commands.reading import stream_script
from avatar_bridge.core.motion.mixer import Mixer
from avatar_bridge.core.motion.motion_map import MotionMap
from avatar_bridge.core.vocabulary import Frame
from avatar_bridge.errors import SettingsError, UsageError
from avatar_bridge.files import read_text, write_atomically
from avatar_bridge.ports import Abilities, Command, Driver, TargetState
from avatar_bridge.settings import DriverSettings, Settings, default_path

__all__ = ["Calibration", "Led", "calibrate", "hold_still", "keep_lead"]

_SELF_TIMED = ("overlay", "game", "obs")
"""Targets whose lead is measured, or that keep time by themselves."""
_FIRST_STEP, _LAST_STEP = 0.08, 0.01
_LONGEST = 2.0
_REACHED = 8.0
"""Seconds that the target has to answer."""
_HELP = """You hear a clap and {target} shuts its eyes, again and again. Watch the eyes and press, with Enter:
  l  the picture comes later than the clap       e  it comes earlier
  a number: the lead in milliseconds             ok  they come together: keep it       q  leave it as it was"""


class Calibration:
    """The search for a lead: steps that halve each time the direction turns. Pure."""

    def __init__(self, lead: float) -> None:
        """Start at `lead` seconds."""
        self.lead = lead
        self._step = _FIRST_STEP
        self._direction = 0

    def answer(self, word: str) -> bool:
        """Take what the user says of the picture; return True where it was understood.

        `l` (later than the sound) makes the lead longer, `e` shorter; a number sets it in milliseconds.
        """
        word = word.strip().casefold().removesuffix("ms").strip()
        direction = {"l": 1, "late": 1, "later": 1, "+": 1, "e": -1, "early": -1, "earlier": -1, "-": -1}.get(word, 0)
        if direction:
            if self._direction and direction != self._direction:
                self._step = max(self._step / 2, _LAST_STEP)
            self._direction = direction
            self.lead = min(max(self.lead + direction * self._step, 0.0), _LONGEST)
            return True
        try:
            wanted = float(word) / 1000
        except ValueError:
            return False
        if not 0.0 <= wanted <= _LONGEST:
            return False
        self.lead = wanted
        return True


class Led:
    """A driver whose lead is set from outside while it runs; all else is the driver's own."""

    target: ClassVar[str] = "calibrate"

    def __init__(self, driver: Driver, lead: float) -> None:
        self.lead = lead
        self.name = driver.name
        self._driver = driver

    @property
    def abilities(self) -> Abilities:
        """Nothing by itself: the flash is movement of the face."""
        return Abilities(derived=self._driver.abilities.derived)

    @property
    def state(self) -> TargetState:
        """How the target is."""
        return self._driver.state

    async def run(self) -> None:
        """Own the connection."""
        await self._driver.run()

    async def ready(self) -> bool:
        """Wait for the first attempt."""
        return await self._driver.ready()

    def send_frame(self, frame: Frame) -> None:
        """Hand over a frame."""
        self._driver.send_frame(frame)

    def send_command(self, command: Command) -> None:
        """Hand over a command."""
        self._driver.send_command(command)

    async def close(self) -> None:
        """Put the target back."""
        await self._driver.close()


async def calibrate(
    name: str, settings: Settings, *, answers: AsyncIterable[str] | None = None, out: TextIO | None = None
) -> float | None:
    """Clap and flash until the user is content; write the lead into the settings file and return it in seconds.

    `answers` gives what the user types (standard input). None where the user left it as it was. Raises UsageError for a
    target that needs no calibration or cannot be reached.
    """
    motion_map = clap_map()
    driver = _driver(name, settings, motion_map)
    if settings.sound.speaker == "none" and not settings.sound.record:
        raise UsageError("calibrate needs a sound that you can hear; leave --speaker none out")
    silent = settings.model_copy(update={"sound": settings.sound.model_copy(update={"speaker": _speaker(settings)})})
    led = Led(driver, driver.lead)
    bridge = Bridge(
        voice=ClapVoice(), speaker=build_speaker(silent), drivers=[led], motion_map=motion_map, settings=silent
    )
    async with bridge:
        hold_still(bridge)
        await bridge.ready(within=_REACHED)
        if driver.state.status not in ("ready", "connecting"):
            raise UsageError(f"{name} cannot be calibrated now: {driver.state.detail}")
        led.lead = driver.lead
        for note in bridge.notes:
            click.echo(f"note: {note.message}", err=True)
        click.echo(_HELP.format(target=name), file=out)
        chosen = await _listen(bridge, led, stream_script("-") if answers is None else answers, out)
    if chosen is None:
        click.echo("The lead stays as it was.", file=out)
        return None
    path = keep_lead(settings, name, chosen)
    click.echo(f"{name} leads by {1000 * chosen:.0f} ms from now on: written to {path}", file=out)
    return chosen


def hold_still(bridge: Bridge) -> None:
    """Let nothing but the flash move: a blink of its own would pass for one."""
    for body in bridge.stage.bodies:
        body.mixer = Mixer()


def keep_lead(settings: Settings, name: str, lead: float) -> Path:
    """Write a target's lead into the settings file, whose comments stay, and return the file.

    Raises SettingsError where the file cannot be edited.
    """
    path = settings.path or default_path()
    text = read_text(path, SettingsError) if path.exists() else ""
    try:
        document = tomlkit.parse(text)
        if "drivers" not in document:
            # a file that names no target has the default ones; one that names a target has that one alone
            document["drivers"] = tomlkit.table(is_super_table=True)
            for each in settings.drivers:
                document["drivers"][each] = _table(settings.drivers[each])
        table = document["drivers"].setdefault(name, tomlkit.table())
        table["lead"] = round(lead, 3)
        written = tomlkit.dumps(document)
    except (TOMLKitError, TypeError, AttributeError) as error:
        raise SettingsError(
            f"{path}: the lead cannot be written ({error}); put this there yourself: "
            f"[drivers.{name}] lead = {round(lead, 3)}"
        ) from None
    write_atomically(path, written)
    return path


def _table(settings: DriverSettings) -> tomlkit.items.Table:
    """Return what a target's table says beyond the defaults."""
    table = tomlkit.table()
    for key, value in settings.model_dump(exclude_defaults=True, exclude={"lead", "options"}).items():
        table[key] = value
    return table


def _speaker(settings: Settings) -> str:
    return "local" if settings.sound.speaker == "auto" else settings.sound.speaker


def _driver(name: str, settings: Settings, motion_map: MotionMap) -> Driver:
    table = settings.drivers.get(name, DriverSettings())
    kind = table.driver or name
    if kind in _SELF_TIMED:
        raise UsageError(
            f"{name} needs no calibration: it keeps time by itself, or its delay is measured; "
            "calibrate is for vts, vmc, warudo, vnyan, nizima and vrchat"
        )
    alone = settings.model_copy(update={"drivers": {name: table.model_copy(update={"enabled": True})}})
    return build_drivers(alone, motion_map)[0]


async def _listen(bridge: Bridge, led: Led, answers: AsyncIterable[str], out: TextIO | None) -> float | None:
    """Clap while the user answers; return the lead that was agreed on."""
    calibration = Calibration(led.lead)
    clapping = asyncio.create_task(bridge.perform(claps()))
    try:
        async with aclosing(_lines(answers)) as lines:
            async for line in lines:
                word = line.strip().casefold()
                if word in ("ok", "o", "k", "together", "="):
                    return calibration.lead
                if word in ("q", "quit"):
                    return None
                if word and not calibration.answer(word):
                    expected = f"l, e, a number of milliseconds up to {1000 * _LONGEST:g}, ok or q"
                    click.echo(f"expected {expected}; got {json.dumps(word[:40])}", file=out)
                led.lead = calibration.lead
                click.echo(f"lead {1000 * led.lead:.0f} ms", file=out)
        return None
    finally:
        bridge.interrupt()
        await asyncio.wait({clapping})


async def _lines(pieces: AsyncIterable[str]) -> AsyncGenerator[str, None]:
    """Yield whole lines of what is typed."""
    rest = ""
    async for piece in pieces:
        *lines, rest = (rest + piece).split("\n")
        for line in lines:
            yield line
    if rest:
        yield rest
