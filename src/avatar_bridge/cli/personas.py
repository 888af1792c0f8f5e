"""Commands about who a character is."""

from __future__ import annotations

from pathlib import Path

import click

from avatar_bridge.cli.options import FILE, dump, print_lines
from avatar_bridge.cli.root import cli

__all__ = ["persona"]


@cli.group()
def persona() -> None:
    """Import, look at and export who a character is.

    Example: avatar-bridge persona show aria.toml
    """


@persona.command("import")
@click.argument("card", type=FILE)
@click.option("--out", type=FILE, default=Path("persona.toml"), show_default=True, help="File to write.")
@click.option("--force", is_flag=True, help="Replace an existing file.")
def persona_import(card: Path, out: Path, force: bool) -> None:
    """Make a persona.toml of a character card (.json, .png, .apng, .charx).

    Example: avatar-bridge persona import aria.png --out aria.toml
    """
    from avatar_bridge.commands import persona as command

    print_lines(command.import_card(card, out, force=force))


@persona.command("show")
@click.argument("file", type=FILE)
@click.option("--user", default="", help="What the character calls you.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def persona_show(file: Path, user: str, as_json: bool) -> None:
    """Say what a persona or a card holds, how many tokens each part takes, and what in it is not understood.

    Example: avatar-bridge persona show aria.toml
    """
    from avatar_bridge.commands import persona as command

    found = command.show(file, user=user)
    dump(found) if as_json else print_lines(command.show_lines(found))


@persona.command("export")
@click.argument("file", type=FILE)
@click.option("--out", type=FILE, default=Path("card.json"), show_default=True, help="File to write.")
@click.option("--force", is_flag=True, help="Replace an existing file.")
def persona_export(file: Path, out: Path, force: bool) -> None:
    """Make a character card of a persona.toml, for other programs.

    Example: avatar-bridge persona export aria.toml --out aria.json
    """
    from avatar_bridge.commands import persona as command

    print_lines(command.export_card(file, out, force=force))
