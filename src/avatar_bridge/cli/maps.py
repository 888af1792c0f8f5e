"""Commands about motion maps."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from avatar_bridge.cli.options import FILE, dump, print_lines
from avatar_bridge.cli.root import cli
from avatar_bridge.commands import shell
from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.settings import read_settings

__all__ = ["maps"]


@cli.group()
def maps() -> None:
    """List, check and draft motion maps.

    Example: avatar-bridge maps list
    """


@maps.command("list")
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def maps_list(name: str | None, as_json: bool) -> None:
    """List the maps that come with the package, or the actions of one.

    Example: avatar-bridge maps list any_vts_model
    """
    from avatar_bridge.commands import maps as command

    print_lines(command.listing(name, as_json=as_json))


@maps.command("check")
@click.argument("name", metavar="MAP")
@click.option("--target", type=click.Choice(["vts", "obs", "nizima"]), help="Hold the map against this program, too.")
@click.option("--url", help="Where the target listens (default: as in the settings; VTube Studio is searched for).")
@click.option("--settings", "path", type=FILE, help="Settings file, for the target's address and password.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def maps_check(name: str, target: str | None, url: str | None, path: Path | None, as_json: bool) -> None:
    """Validate a map, and hold it against the running program; ends with 1 where that lacks something.

    Example: avatar-bridge maps check my_map.toml --target vts
    """
    from avatar_bridge.commands import maps as command
    from avatar_bridge.commands import maps_init, maps_target

    found = command.check(name)
    if not as_json:
        print_lines(command.check_lines(found))
    missing: list[Diagnostic] = []
    if target in maps_target.TARGETS:
        missing = shell.run(maps_target.missing(name, read_settings(path), target=target, url=url))
    elif target:
        missing = shell.run(maps_init.missing(name, url=url, target=target))
    if as_json:
        rows = [{"message": item.message, "suggestion": item.suggestion} for item in missing]
        dump(found | ({"target": target, "missing": rows} if target else {}))
    elif target:
        print_lines(maps_init.missing_lines(missing, target))
    if missing:
        sys.exit(1)


@maps.command("init")
@click.option("--target", type=click.Choice(["vts"]), default="vts", show_default=True)
@click.option("--url", help="Where the target listens (default: found by discovery).")
@click.option("--out", type=FILE, help="File to write (default: print it).")
@click.option("--force", is_flag=True, help="Replace an existing file.")
def maps_init_command(target: str, url: str | None, out: Path | None, force: bool) -> None:
    """Draft a map from the running model's own hotkeys and expressions.

    Example: avatar-bridge maps init --target vts --out my_model.toml
    """
    from avatar_bridge.commands import maps_init

    print_lines(shell.run(maps_init.write(target=target, url=url, out=out, force=force)))


@maps.command("prompt")
@click.argument("name", metavar="MAP", default="any_vts_model")
@click.option("--persona", default="", help="A sentence about the character, put in front.")
@click.option("--dialect", default="auto", show_default=True, help="How the model is to write its tags.")
def maps_prompt(name: str, persona: str, dialect: str) -> None:
    """Print the instructions that tell a language model which tags there are.

    Example: avatar-bridge maps prompt any_vts_model
    """
    from avatar_bridge.commands import maps as command

    click.echo(command.prompt(name, persona=persona, dialect=dialect))


@maps.command("schema")
def maps_schema() -> None:
    """Print the JSON Schema of motion maps, for editors.

    Example: avatar-bridge maps schema > motion-map.schema.json
    """
    from avatar_bridge.commands import maps as command

    click.echo(command.schema_json())
