"""Options that several commands share, and what is made of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import click

from avatar_bridge.commands import shell
from avatar_bridge.settings import Settings, override, read_settings

__all__ = [
    "FILE",
    "MIND_OPTIONS",
    "SETTING_OPTIONS",
    "STAGE_OPTIONS",
    "WEB_OPTIONS",
    "dump",
    "having",
    "print_lines",
    "settings_of",
]

_Function = TypeVar("_Function", bound=Callable[..., Any])

FILE = click.Path(path_type=Path)
SETTING_OPTIONS = (
    click.option("--settings", "settings_file", type=FILE, help="Settings file (default: ./bridge.toml)."),
    click.option(
        "--voice", "voice__engine", help="Voice: auto, piper, espeak, kokoro, voicevox, ... (docs/voices.md)."
    ),
    click.option("--speed", "voice__speed", type=float, help="Speaking rate, 1 as it is."),
    click.option("--pitch", "voice__pitch", type=float, help="Pitch in semitones."),
    click.option("--map", "motion__map", help="Motion map: a packaged name or a file."),
    click.option("--seed", "motion__seed", type=int, help="Seed of everything random."),
    click.option("--liveliness", "motion__liveliness", type=float, help="How much the body moves, 0 to 1.5."),
    click.option("--calm/--lively", "motion__calm", default=None, help="The calm preset."),
    click.option("--dialect", "script__dialect", help="Script dialect (default: auto)."),
    click.option("--log", "log", type=click.Choice(["debug", "info", "warning", "error"]), help="What is logged."),
)
STAGE_OPTIONS = (
    click.option(
        "--speaker", "sound__speaker", help="local (the sound card), overlay (the page) or none (wall clock)."
    ),
    click.option("--device", "sound__device", help="Output device, by name or number."),
    click.option("--record", "sound__record", type=FILE, help="Write what would be heard into a WAV file instead."),
    click.option("--driver", "driver", multiple=True, help="Target as NAME=ADDRESS, e.g. vts=ws://127.0.0.1:8001."),
    click.option("--lead", "lead", multiple=True, help="Lead of a target as NAME=SECONDS."),
    click.option("--trace", "trace", type=FILE, help="One JSON line a command or frame sent."),
)

WEB_OPTIONS = (
    click.option("--host", "web__host", help="Address to listen on (default: 127.0.0.1, this machine alone)."),
    click.option("--port", "web__port", type=click.IntRange(0, 65535), help="Port (default: 8787); 0 takes any."),
    click.option("--remember", "web__remember", is_flag=True, default=None, help="Keep the token, and so the address."),
    click.option("--avatar", "web__avatar", help="mascot, svg, a .vrm or .model3.json file, or a folder of pictures."),
    click.option("--clips", "web__clips", type=FILE, help="Folder with .vrma clips for actions."),
    click.option("--name", "web__name", help="The speaker's name, shown over the subtitles."),
)


MIND_OPTIONS = (
    click.option("--mind", "mind__engine", help="Language model: auto, openai, ollama, anthropic, xllamacpp, ..."),
    click.option("--model", "mind__model", help="What its server calls the model, or the path of a local one."),
    click.option("--mind-url", "mind__url", help="Address of its server, with its /v1."),
    click.option("--persona", "mind__persona", type=FILE, help="A persona.toml or a character card."),
)


def having(*options: Callable[[_Function], _Function]) -> Callable[[_Function], _Function]:
    """Return a decorator that gives a command all these options."""

    def apply(function: _Function) -> _Function:
        for option in reversed(options):
            function = option(function)
        return function

    return apply


def settings_of(arguments: dict[str, Any]) -> Settings:
    """Return the settings file with the command line laid over it; takes the options it knows out of `arguments`."""
    base = read_settings(arguments.pop("settings_file", None))
    targets = shell.targets(arguments.pop("driver", ()), arguments.pop("lead", ()))
    changes = {
        key.replace("__", "."): arguments.pop(key) for key in list(arguments) if "__" in key or key in {"trace", "log"}
    }
    settings = override(base, changes | targets)
    shell.speak_up(settings.log)
    return settings


def print_lines(lines: Iterable[str]) -> None:
    """Print lines on standard output."""
    for line in lines:
        click.echo(line)


def dump(value: Any) -> None:
    """Print a value as JSON."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))
