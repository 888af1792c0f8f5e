"""Commands about the installation: what is there, what it costs, how good it is."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from avatar_bridge.cli.options import FILE, MIND_OPTIONS, SETTING_OPTIONS, dump, having, print_lines, settings_of
from avatar_bridge.cli.root import cli
from avatar_bridge.commands import shell

SERVICES = ("openai", "ollama", "llama_server", "vllm", "lmstudio", "openrouter", "anthropic")

__all__ = ["SERVICES", "bench", "doctor", "init", "simulate", "stats"]


@cli.command()
@having(*SETTING_OPTIONS, *MIND_OPTIONS)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def doctor(as_json: bool, **arguments: Any) -> None:
    """Say what is installed, running and reachable, and how to mend what is not.

    Example: avatar-bridge doctor
    """
    from avatar_bridge.commands import doctor as command

    file = arguments["settings_file"]
    findings = shell.run(command.examine(settings_of(arguments), file))
    dump(command.as_data(findings)) if as_json else print_lines(command.lines(findings))
    if command.broken(findings):
        sys.exit(1)


@cli.command()
@click.argument("target", type=click.Choice(["vts", "obs", "vmc", "nizima", "warudo", "vnyan", "vrchat", "llm"]))
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), help="The target's own where absent; 0 takes a free one.")
@click.option("--record", type=FILE, help="One JSON line a request or frame received.")
@click.option("--orders", is_flag=True, help="Read orders from standard input: stall 2, drop, ... (not vmc, vrchat)")
@click.option("--model", help="vts: sample model, .vtube.json file, or none. nizima: natori, vowels, bare or none.")
@click.option(
    "--popup", type=click.Choice(["auto_allow", "auto_deny", "wait"]), help="vts, nizima: what the user does."
)
@click.option("--password", help="obs, llm: the password, or key, that it asks for.")
@click.option("--service", type=click.Choice(SERVICES), help="llm: whose protocol it speaks (ollama).")
@click.option("--fps", type=click.IntRange(1, 240), help="vts: frames a second (60).")
@click.option("--broadcast/--no-broadcast", default=True, help="vts: announce it by UDP as the app does.")
@click.option("--tokens", type=FILE, help="vts: keep the allowed plugins in this file.")
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
        print_lines(command.available())
        return
    for name in names or command.available():
        if not as_json:
            click.echo(f"== {name}")
        print_lines(command.table(command.measure(name, quick=quick), as_json=as_json))


@cli.command()
@click.option("--out", type=FILE, default=Path("bridge.toml"), show_default=True, help="File to write.")
@click.option("--target", "targets", multiple=True, help="Where the character is shown; may be given again.")
@click.option("--voice", default="", help="Which voice.")
@click.option("--voice-key", default="", help="Where its key is kept: env:NAME, file:PATH, keyring:SERVICE/NAME.")
@click.option("--mind", default="", help="Which language model.")
@click.option("--model", default="", help="What its server calls the model.")
@click.option("--url", default="", help="Address of its server.")
@click.option("--key", default="", help="Where the model's key is kept.")
@click.option("--persona", default="", help="A persona.toml or character card.")
@click.option("--user", default="", help="What the character calls you.")
@click.option("--yes", is_flag=True, help="Ask nothing: what is not given is as it is by default.")
@click.option("--force", is_flag=True, help="Write it anew where it is there already; the old one is kept.")
def init(out: Path, targets: tuple[str, ...], yes: bool, force: bool, **given: str) -> None:
    """Ask a few questions and write a commented bridge.toml.

    Example: avatar-bridge init --target vts --mind ollama --yes
    """
    from avatar_bridge.commands import init as command

    answers = command.Answers(targets=",".join(targets), **given)
    if not yes and sys.stdin.isatty():
        answers = command.ask(
            answers,
            lambda words, default: click.prompt(words, default=default, err=True),
            lambda told: click.echo(told, err=True),
        )
    print_lines(command.write(out, answers, force=force))


@cli.command()
@having(*SETTING_OPTIONS[:1])
@click.option(
    "--by",
    type=click.Choice(["day", "session", "voice", "model", "character"]),
    default="day",
    show_default=True,
    help="What is added up together.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def stats(by: Any, as_json: bool, **arguments: Any) -> None:
    """Add up what utterances have cost: tokens, characters, seconds, money.

    Example: avatar-bridge stats --by voice
    """
    from avatar_bridge.commands import stats as command

    settings = settings_of(arguments)
    if as_json:
        dump(command.data(settings, by))
    else:
        print_lines(command.lines(settings, by))
