"""Commands that look at a text or a sound, without a stage."""

from __future__ import annotations

from pathlib import Path

import click

from avatar_bridge.cli.options import FILE, dump, print_lines
from avatar_bridge.cli.root import cli

__all__ = ["lipsync", "parse"]


@cli.command()
@click.argument("source", metavar="FILE|-")
@click.option("--dialect", default="auto", show_default=True, help="Script dialect.")
@click.option("--map", "map_name", help="Motion map whose names are known tags.")
@click.option("--chunk", type=click.IntRange(min=1), help="Feed the parser this many characters at a time.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def parse(source: str, dialect: str, map_name: str | None, chunk: int | None, as_json: bool) -> None:
    """Show what would be spoken and what would be done.

    Example: echo "Hi! [wave] Bye." | avatar-bridge parse - --json
    """
    from avatar_bridge import registry
    from avatar_bridge.commands import parse as command
    from avatar_bridge.commands import reading

    text = reading.read_script(source)
    names = registry.read_map(map_name).names() if map_name else None
    if as_json:
        dump(command.report(text, dialect=dialect, names=names, chunk=chunk))
    else:
        click.echo(command.text_report(text, dialect=dialect, names=names, chunk=chunk))


@cli.command()
@click.argument("wavs", nargs=-1, required=True, type=FILE, metavar="WAV...")
@click.option("--out", type=FILE, required=True, help="Folder for the CSV files.")
@click.option("--text", type=FILE, help="The words that are spoken, in a text file.")
def lipsync(wavs: tuple[Path, ...], out: Path, text: Path | None) -> None:
    """Write mouth curves of any WAV, FLAC, OGG or MP3 as CSV.

    Example: avatar-bridge lipsync speech.wav --out curves
    """
    from avatar_bridge.commands import lipsync as command

    print_lines(command.curves(wavs, out, text=text))
