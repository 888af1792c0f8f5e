"""Commands that put a character on stage."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from avatar_bridge.cli.options import (
    FILE,
    MIND_OPTIONS,
    SETTING_OPTIONS,
    STAGE_OPTIONS,
    WEB_OPTIONS,
    having,
    print_lines,
    settings_of,
)
from avatar_bridge.cli.root import cli
from avatar_bridge.commands import shell

__all__ = ["calibrate", "demo", "mcp", "perform", "render", "serve"]


@cli.command()
@having(*SETTING_OPTIONS, *STAGE_OPTIONS)
@click.option("--report", type=FILE, default=Path("report.html"), show_default=True, help="Where the report goes.")
@click.option("--open/--no-open", "open_page", default=None, help="Open the overlay (default: from a terminal).")
@click.option("--json", "as_json", is_flag=True, help="Print what happened as JSON.")
def demo(report: Path, as_json: bool, open_page: bool | None, **arguments: Any) -> None:
    """Show the whole thing on a bare machine.

    Example: avatar-bridge demo --voice espeak
    """
    from avatar_bridge.commands import demo as command

    opens = open_page if open_page is not None else not as_json and sys.stderr.isatty()
    shell.run(command.demo(settings_of(arguments), report=report, as_json=as_json, open_page=opens))


@cli.command()
@click.argument("source", metavar="FILE|-")
@having(*SETTING_OPTIONS, *STAGE_OPTIONS)
@click.option("--character", default="", help="Who performs, of [characters] in the settings (default: the main one).")
@click.option("--acted", is_flag=True, help="Print when each target acted on each cue.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON.")
def perform(source: str, as_json: bool, character: str, acted: bool, **arguments: Any) -> None:
    """Speak tagged text to the configured targets, as it arrives.

    Example: echo "Hi! [wave] Nice to see you." | avatar-bridge perform -
    """
    from avatar_bridge.commands import perform as command

    settings = settings_of(arguments)
    shell.run(command.perform(source, settings, as_json=as_json, character=character, acted=acted))


@cli.command()
@having(*SETTING_OPTIONS, *STAGE_OPTIONS, *WEB_OPTIONS, *MIND_OPTIONS)
@click.option("--open", "open_page", is_flag=True, help="Open the studio in your browser.")
@click.option("--json", "as_json", is_flag=True, help="Print the addresses as one line of JSON.")
def serve(open_page: bool, as_json: bool, **arguments: Any) -> None:
    """Serve the overlay for OBS, the studio and the HTTP API until stopped.

    Example: avatar-bridge serve --speaker overlay
    """
    from avatar_bridge.commands import serve as command

    shell.run_until_stopped(command.serve(settings_of(arguments), as_json=as_json, open_page=open_page))


@cli.command()
@click.argument("source", metavar="FILE|-")
@click.option("--out", type=FILE, required=True, help="Folder for the files.")
@having(*SETTING_OPTIONS)
def render(source: str, out: Path, **arguments: Any) -> None:
    """Write speech.wav, timeline.json, subtitles and report.html without any target.

    Example: avatar-bridge render hello.txt --out rendered
    """
    from avatar_bridge.commands import reading
    from avatar_bridge.commands import render as command

    paths = shell.run(command.render(reading.read_script(source), out, settings_of(arguments)))
    print_lines(str(path) for path in paths)


@cli.command()
@click.argument("target")
@having(*SETTING_OPTIONS, *STAGE_OPTIONS)
def calibrate(target: str, **arguments: Any) -> None:
    """Set by eye how far ahead a target is told: a clap and a flash, until both come together.

    Example: avatar-bridge calibrate vmc
    """
    from avatar_bridge.commands import calibrate as command

    shell.run(command.calibrate(target, settings_of(arguments)))


@cli.command()
@having(*SETTING_OPTIONS, *STAGE_OPTIONS, *WEB_OPTIONS)
@click.option("--url", default="", help="A bridge that runs already (its token in AVATAR_BRIDGE_TOKEN).")
def mcp(url: str, **arguments: Any) -> None:
    """Let a program with a model (an MCP host) make the character speak and act.

    Example: avatar-bridge mcp --driver overlay
    """
    from avatar_bridge.commands import mcp as command

    shell.run(command.mcp(settings_of(arguments), url=url))
