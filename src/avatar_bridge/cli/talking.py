"""Commands that let people talk with a character."""

from __future__ import annotations

import sys
from typing import Any

import click

from avatar_bridge.cli.options import MIND_OPTIONS, SETTING_OPTIONS, STAGE_OPTIONS, WEB_OPTIONS, having, settings_of
from avatar_bridge.cli.root import cli
from avatar_bridge.commands import shell

__all__ = ["chat"]


@cli.command()
@having(*MIND_OPTIONS, *SETTING_OPTIONS, *STAGE_OPTIONS, *WEB_OPTIONS)
@click.option("--character", default="", help="Who is talked to, of [characters] in the settings.")
@click.option("--forget", is_flag=True, help="Forget the conversation with the character, and end.")
@click.option("--export", metavar="FILE", help="Write the conversation into a file (.jsonl for programs), and end.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a turn.")
def chat(character: str, forget: bool, export: str | None, as_json: bool, **arguments: Any) -> None:
    """Talk with a character by typing; it answers aloud, acts on its words and remembers.

    Example: avatar-bridge chat --mind ollama --model llama3.2
    """
    from avatar_bridge.commands import chat as command

    settings = settings_of(arguments)
    if forget and export:
        raise click.UsageError("--forget and --export cannot be used together: export first, then forget")
    if export:
        turns = shell.run(command.export(settings, export, character))
        click.echo(f"{turns} turns are written to {export if export != '-' else 'standard output'}.", err=True)
    elif forget:
        click.echo(f"{shell.run(command.forget(settings, character))} turns are forgotten.", err=True)
    elif not shell.run(command.chat(settings, as_json=as_json, character=character)):
        sys.exit(shell.FAILED)
