"""The command line: arguments to calls, no logic."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import click

from avatar_bridge import __version__
from avatar_bridge.commands import shell
from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.settings import Settings, override, read_settings

__all__ = ["cli", "main"]

_Function = TypeVar("_Function", bound=Callable[..., Any])

_FILE = click.Path(path_type=Path)
_SETTING_OPTIONS = (
    click.option("--settings", "settings_file", type=_FILE, help="Settings file (default: ./bridge.toml)."),
    click.option("--voice", "voice__engine", help="Voice: auto, piper, espeak, tone."),
    click.option("--speed", "voice__speed", type=float, help="Speaking rate, 1 as it is."),
    click.option("--pitch", "voice__pitch", type=float, help="Pitch in semitones."),
    click.option("--map", "motion__map", help="Motion map: a packaged name or a file."),
    click.option("--seed", "motion__seed", type=int, help="Seed of everything random."),
    click.option("--liveliness", "motion__liveliness", type=float, help="How much the body moves, 0 to 1.5."),
    click.option("--calm/--lively", "motion__calm", default=None, help="The calm preset."),
    click.option("--dialect", "script__dialect", help="Script dialect (default: auto)."),
    click.option("--log", "log", type=click.Choice(["debug", "info", "warning", "error"]), help="What is logged."),
)
_STAGE_OPTIONS = (
    click.option(
        "--speaker", "sound__speaker", help="local (the sound card), overlay (the page) or none (wall clock)."
    ),
    click.option("--device", "sound__device", help="Output device, by name or number."),
    click.option("--record", "sound__record", type=_FILE, help="Write what would be heard into a WAV file instead."),
    click.option("--driver", "driver", multiple=True, help="Target as NAME=ADDRESS, e.g. vts=ws://127.0.0.1:8001."),
    click.option("--lead", "lead", multiple=True, help="Lead of a target as NAME=SECONDS."),
    click.option("--trace", "trace", type=_FILE, help="One JSON line a command or frame sent."),
)

_WEB_OPTIONS = (
    click.option("--host", "web__host", help="Address to listen on (default: 127.0.0.1, this machine alone)."),
    click.option("--port", "web__port", type=click.IntRange(0, 65535), help="Port (default: 8787); 0 takes any."),
    click.option("--remember", "web__remember", is_flag=True, default=None, help="Keep the token, and so the address."),
    click.option("--avatar", "web__avatar", help="mascot, svg, a .vrm or .model3.json file, or a folder of pictures."),
    click.option("--clips", "web__clips", type=_FILE, help="Folder with .vrma clips for actions."),
    click.option("--name", "web__name", help="The speaker's name, shown over the subtitles."),
)


def _with(*options: Callable[[_Function], _Function]) -> Callable[[_Function], _Function]:
    def apply(function: _Function) -> _Function:
        for option in reversed(options):
            function = option(function)
        return function

    return apply


def _settings(arguments: dict[str, Any]) -> Settings:
    """Return the settings file with the command line laid over it; takes the options it knows out of `arguments`."""
    base = read_settings(arguments.pop("settings_file", None))
    targets = shell.targets(arguments.pop("driver", ()), arguments.pop("lead", ()))
    changes = {
        key.replace("__", "."): arguments.pop(key) for key in list(arguments) if "__" in key or key in {"trace", "log"}
    }
    settings = override(base, changes | targets)
    shell.speak_up(settings.log)
    return settings


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)


def _dump(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="avatar-bridge")
def cli() -> None:
    """Speak tagged text with a neural voice and fire every action on its word.

    Start with: avatar-bridge demo
    """


@cli.command()
@_with(*_SETTING_OPTIONS, *_STAGE_OPTIONS)
@click.option("--report", type=_FILE, default=Path("report.html"), show_default=True, help="Where the report goes.")
@click.option("--open/--no-open", "open_page", default=None, help="Open the overlay (default: from a terminal).")
@click.option("--json", "as_json", is_flag=True, help="Print what happened as JSON.")
def demo(report: Path, as_json: bool, open_page: bool | None, **arguments: Any) -> None:
    """Show the whole thing on a bare machine.

    Example: avatar-bridge demo --voice espeak
    """
    from avatar_bridge.commands import demo as command

    opens = open_page if open_page is not None else not as_json and sys.stderr.isatty()
    shell.run(command.demo(_settings(arguments), report=report, as_json=as_json, open_page=opens))


@cli.command()
@click.argument("source", metavar="FILE|-")
@_with(*_SETTING_OPTIONS, *_STAGE_OPTIONS)
@click.option("--character", default="", help="Who performs, of [characters] in the settings (default: the main one).")
@click.option("--acted", is_flag=True, help="Print when each target acted on each cue.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON.")
def perform(source: str, as_json: bool, character: str, acted: bool, **arguments: Any) -> None:
    """Speak tagged text to the configured targets, as it arrives.

    Example: echo "Hi! [wave] Nice to see you." | avatar-bridge perform -
    """
    from avatar_bridge.commands import perform as command

    settings = _settings(arguments)
    shell.run(command.perform(source, settings, as_json=as_json, character=character, acted=acted))


@cli.command()
@_with(*_SETTING_OPTIONS, *_STAGE_OPTIONS, *_WEB_OPTIONS)
@click.option("--open", "open_page", is_flag=True, help="Open the studio in your browser.")
@click.option("--json", "as_json", is_flag=True, help="Print the addresses as one line of JSON.")
def serve(open_page: bool, as_json: bool, **arguments: Any) -> None:
    """Serve the overlay for OBS, the studio and the HTTP API until stopped.

    Example: avatar-bridge serve --speaker overlay
    """
    from avatar_bridge.commands import serve as command

    shell.run_until_stopped(command.serve(_settings(arguments), as_json=as_json, open_page=open_page))


@cli.command()
@click.argument("source", metavar="FILE|-")
@click.option("--out", type=_FILE, required=True, help="Folder for the files.")
@_with(*_SETTING_OPTIONS)
def render(source: str, out: Path, **arguments: Any) -> None:
    """Write speech.wav, timeline.json, subtitles and report.html without any target.

    Example: avatar-bridge render hello.txt --out rendered
    """
    from avatar_bridge.commands import reading
    from avatar_bridge.commands import render as command

    paths = shell.run(command.render(reading.read_script(source), out, _settings(arguments)))
    _print(str(path) for path in paths)


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
        _dump(command.report(text, dialect=dialect, names=names, chunk=chunk))
    else:
        click.echo(command.text_report(text, dialect=dialect, names=names, chunk=chunk))


@cli.command()
@click.argument("wavs", nargs=-1, required=True, type=_FILE, metavar="WAV...")
@click.option("--out", type=_FILE, required=True, help="Folder for the CSV files.")
@click.option("--text", type=_FILE, help="The words that are spoken, in a text file.")
def lipsync(wavs: tuple[Path, ...], out: Path, text: Path | None) -> None:
    """Write mouth curves of any WAV, FLAC, OGG or MP3 as CSV.

    Example: avatar-bridge lipsync speech.wav --out curves
    """
    from avatar_bridge.commands import lipsync as command

    _print(command.curves(wavs, out, text=text))


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

    _print(command.listing(name, as_json=as_json))


@maps.command("check")
@click.argument("name", metavar="MAP")
@click.option("--target", type=click.Choice(["vts", "obs", "nizima"]), help="Hold the map against this program, too.")
@click.option("--url", help="Where the target listens (default: as in the settings; VTube Studio is searched for).")
@click.option("--settings", "path", type=_FILE, help="Settings file, for the target's address and password.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def maps_check(name: str, target: str | None, url: str | None, path: Path | None, as_json: bool) -> None:
    """Validate a map, and hold it against the running program; ends with 1 where that lacks something.

    Example: avatar-bridge maps check my_map.toml --target vts
    """
    from avatar_bridge.commands import maps as command
    from avatar_bridge.commands import maps_init, maps_target

    found = command.check(name)
    if not as_json:
        _print(command.check_lines(found))
    missing: list[Diagnostic] = []
    if target in maps_target.TARGETS:
        missing = shell.run(maps_target.missing(name, read_settings(path), target=target, url=url))
    elif target:
        missing = shell.run(maps_init.missing(name, url=url, target=target))
    if as_json:
        rows = [{"message": item.message, "suggestion": item.suggestion} for item in missing]
        _dump(found | ({"target": target, "missing": rows} if target else {}))
    elif target:
        _print(maps_init.missing_lines(missing, target))
    if missing:
        sys.exit(1)


@maps.command("init")
@click.option("--target", type=click.Choice(["vts"]), default="vts", show_default=True)
@click.option("--url", help="Where the target listens (default: found by discovery).")
@click.option("--out", type=_FILE, help="File to write (default: print it).")
@click.option("--force", is_flag=True, help="Replace an existing file.")
def maps_init_command(target: str, url: str | None, out: Path | None, force: bool) -> None:
    """Draft a map from the running model's own hotkeys and expressions.

    Example: avatar-bridge maps init --target vts --out my_model.toml
    """
    from avatar_bridge.commands import maps_init

    _print(shell.run(maps_init.write(target=target, url=url, out=out, force=force)))


@maps.command("prompt")
@click.argument("name", metavar="MAP", default="any_vts_model")
@click.option("--persona", default="", help="A sentence about the character, put in front.")
def maps_prompt(name: str, persona: str) -> None:
    """Print the instructions that tell a language model which tags there are.

    Example: avatar-bridge maps prompt any_vts_model
    """
    from avatar_bridge.commands import maps as command

    click.echo(command.prompt(name, persona=persona))


@maps.command("schema")
def maps_schema() -> None:
    """Print the JSON Schema of motion maps, for editors.

    Example: avatar-bridge maps schema > motion-map.schema.json
    """
    from avatar_bridge.commands import maps as command

    click.echo(command.schema_json())


@cli.command()
@click.argument("target")
@_with(*_SETTING_OPTIONS, *_STAGE_OPTIONS)
def calibrate(target: str, **arguments: Any) -> None:
    """Set by eye how far ahead a target is told: a clap and a flash, until both come together.

    Example: avatar-bridge calibrate vmc
    """
    from avatar_bridge.commands import calibrate as command

    shell.run(command.calibrate(target, _settings(arguments)))


@cli.command()
@_with(*_SETTING_OPTIONS)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def doctor(as_json: bool, **arguments: Any) -> None:
    """Say what is installed, running and reachable, and how to mend what is not.

    Example: avatar-bridge doctor
    """
    from avatar_bridge.commands import doctor as command

    file = arguments["settings_file"]
    findings = shell.run(command.examine(_settings(arguments), file))
    _dump(command.as_data(findings)) if as_json else _print(command.lines(findings))
    if command.broken(findings):
        sys.exit(1)


@cli.command()
@click.argument("target", type=click.Choice(["vts", "obs", "vmc", "nizima", "warudo", "vnyan", "vrchat"]))
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), help="The target's own where absent; 0 takes a free one.")
@click.option("--record", type=_FILE, help="One JSON line a request or frame received.")
@click.option("--orders", is_flag=True, help="Read orders from standard input: stall 2, drop, ... (not vmc, vrchat)")
@click.option("--model", help="vts: sample model, .vtube.json file, or none. nizima: natori, vowels, bare or none.")
@click.option(
    "--popup", type=click.Choice(["auto_allow", "auto_deny", "wait"]), help="vts, nizima: what the user does."
)
@click.option("--password", help="obs: the password that it asks for.")
@click.option("--fps", type=click.IntRange(1, 240), help="vts: frames a second (60).")
@click.option("--broadcast/--no-broadcast", default=True, help="vts: announce it by UDP as the app does.")
@click.option("--tokens", type=_FILE, help="vts: keep the allowed plugins in this file.")
@click.option("--set", "switches", multiple=True, metavar="NAME=VALUE", help="vts: a switch of the simulated app.")
@click.option("--view/--no-view", default=True, help="vts: draw the model in the terminal.")
@click.pass_context
def simulate(context: click.Context, /, target: str, **arguments: Any) -> None:
    """Stand in for a target, strictly by its documents.

    Example: avatar-bridge simulate vts --port 8001 --record frames.jsonl
    """
    from avatar_bridge.commands import simulate as command

    source = click.core.ParameterSource.DEFAULT
    given = {name: value for name, value in arguments.items() if context.get_parameter_source(name) is not source}
    shell.run_until_stopped(command.simulate(target, given))


@cli.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--quick", is_flag=True, help="Shorter runs, rougher figures.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON lines.")
@click.option("--list", "listing", is_flag=True, help="List the benchmarks.")
def bench(names: tuple[str, ...], quick: bool, as_json: bool, listing: bool) -> None:
    """Measure speed, lateness and accuracy, each beside a reference in the same run.

    Example: avatar-bridge bench script segments
    """
    from avatar_bridge.commands import bench as command

    if listing:
        _print(command.available())
        return
    for name in names or command.available():
        if not as_json:
            click.echo(f"== {name}")
        _print(command.table(command.measure(name, quick=quick), as_json=as_json))


def main() -> None:
    """Run the command line and leave with 0 done, 1 failed or 2 wrong usage."""
    sys.exit(shell.guarded(cli))
