"""The documents do what they say: their commands parse, their TOML is valid, their programs run."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import click
import pytest
from pydantic import BaseModel

from avatar_bridge import registry
from avatar_bridge.assembly import Bridge
from avatar_bridge.cli import cli
from avatar_bridge.core.motion.motion_map import load_motion_map
from avatar_bridge.errors import SettingsError, UsageError, VoiceError
from avatar_bridge.settings import DriverSettings, PriceSettings, Settings, override, parse_settings, read_settings

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
PAGES += sorted((ROOT / "examples").rglob("*.md"))
QUIET = '[voice]\nengine = "tone"\n[sound]\nspeaker = "none"\n[drivers]\n'

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_COMMAND = re.compile(r"(?:^|[\s|&(`])avatar-bridge((?:\s+[^\s`|&;)]+)+)")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path, language: str) -> list[str]:
    found = _BLOCK.findall(page.read_text(encoding="utf-8"))
    return [text for kind, text in found if kind == language]


def commands(page: Path) -> Iterator[str]:
    """Yield the arguments of each `avatar-bridge …` that stands in code: fenced, indented or in backquotes."""
    text = page.read_text(encoding="utf-8")
    code = [body for kind, body in _BLOCK.findall(text) if kind in ("", "sh", "bash", "console", "powershell")]
    outside = _BLOCK.sub("", text)
    code += re.findall(r"^ {4,}(\S.*)$", outside, re.MULTILINE)
    code += re.findall(r"`([^`\n]+)`", outside)
    for line in "\n".join(code).splitlines():
        for match in _COMMAND.finditer(line.partition(" #")[0]):
            yield match[1].strip()


def parse_command(written: str) -> None:
    """Parse a command line down to its options without running it; raises what click raises."""
    command: click.Command = cli
    arguments = shlex.split(written.replace("…", "").replace("|-", ""))
    arguments = arguments[: arguments.index(">")] if ">" in arguments else arguments
    while isinstance(command, click.Group) and arguments and not arguments[0].startswith("-"):
        name = arguments.pop(0)
        assert name in command.commands, f"there is no command {name!r}"
        command = command.commands[name]
    if not isinstance(command, click.Group):
        # a page may name a command without its arguments, but no option that does not exist
        with command.make_context(command.name, arguments, resilient_parsing=not arguments):
            pass


ALL_COMMANDS = [(name_of(page), written) for page in PAGES for written in commands(page)]


def test_there_are_commands_to_check() -> None:
    assert len(ALL_COMMANDS) > 10


@pytest.mark.parametrize(("page", "written"), sorted(set(ALL_COMMANDS)))
def test_a_command_that_a_page_shows_exists(page: str, written: str) -> None:
    del page
    parse_command(written)


@pytest.mark.parametrize("written", ["preform hello.txt", "perform x --drivers vts=ws://localhost", "maps chek x"])
def test_a_command_that_does_not_exist_would_be_found(written: str) -> None:
    with pytest.raises((AssertionError, click.UsageError)):
        parse_command(written)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_somewhere(page: Path) -> None:
    prose = re.sub(r"`[^`\n]*`", "", _BLOCK.sub("", page.read_text(encoding="utf-8")))
    for target in _LINK.findall(prose):
        if "://" not in target and not target.startswith(("#", "mailto:")):
            assert (page.parent / target.partition("#")[0]).exists(), target


def test_the_index_leads_to_every_page() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    linked = {target.partition("#")[0] for target in _LINK.findall(index)}
    assert {page.name for page in (ROOT / "docs").glob("*.md")} - {"README.md"} <= linked


@pytest.mark.parametrize("kind", get_args(registry.Kind))
def test_the_readme_names_every_backend_and_an_extra_that_there_is(kind: registry.Kind) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    rows = re.findall(r"^\| [\w ]+ \| ([^|]*) \|", text, re.MULTILINE)
    named = set(re.findall(r"`(\w+)`", " ".join(rows)))
    # a WAV file is asked for by --record
    assert set(registry.names(kind)) - {"wav"} <= named
    assert set(re.findall(r"avatar-bridge\[(\w+)\]", text)) <= set(extras)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_toml_is_what_it_shows(page: Path) -> None:
    for text in blocks(page, "toml"):
        keys = set(tomllib.loads(text))
        if keys <= set(Settings.model_fields):
            parse_settings(text, source=name_of(page))
        elif "extends" in keys and "actions" in keys:
            load_motion_map(
                text,
                source=name_of(page),
                load=lambda name: registry.read_map_text(registry.find_map(name)),
                targets=("lines",),
            )


def setting_keys(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        if name == "drivers" and not prefix:
            yield from ("drivers.NAME", *setting_keys(DriverSettings, "drivers.NAME."))
        elif name == "characters" and not prefix:
            yield "characters.NAME"
        elif name == "prices":
            yield from ("prices.NAME", *setting_keys(PriceSettings, "prices.NAME."))
        elif isinstance(field.default, BaseModel):
            yield from setting_keys(type(field.default), f"{name}.")
        else:
            yield prefix + name


def setting_rows() -> dict[str, list[str]]:
    """Return the page's table: each key with the flags beside it."""
    text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([\w.]+)` \|([^|]*)\|", text, re.MULTILINE)
    return {key: re.findall(r"--[\w-]+", flags) for key, flags in rows}


def flag_options() -> dict[str, click.Parameter]:
    """Return the options of the commands that take every setting, by flag."""
    options = [each for name in ("perform", "serve") for each in cli.commands[name].params]
    found = (each for each in options if isinstance(each, click.Option))
    return {flag: option for option in found for flag in (*option.opts, *option.secondary_opts)}


def test_the_settings_page_has_every_key_and_every_flag() -> None:
    rows = setting_rows()
    assert list(rows) == list(setting_keys(Settings))
    flags = set(flag_options())
    listed = {flag for found in rows.values() for flag in found}
    assert listed == flags - {"--settings", "--json", "--open", "--help", "--character", "--acted"}


def test_each_flag_of_the_page_is_the_key_beside_it() -> None:
    options = flag_options()
    for key, flags in setting_rows().items():
        for flag in flags:
            if not key.startswith("drivers."):
                assert (options[flag].name or "").replace("__", ".") == key


def test_the_example_settings_are_the_defaults_and_name_every_key() -> None:
    path = ROOT / "examples" / "bridge.toml"
    read = read_settings(path)
    defaults = override(Settings(), {"drivers.vts.driver": "vts"})
    assert read == defaults
    text = re.sub(r"^# (?=\w+ = |\[characters|\[prices)", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    every = tomllib.loads(text)
    assert Settings.model_validate({"characters": every.pop("characters")}).characters
    prices = every.pop("prices")
    assert Settings.model_validate({"prices": prices}).prices
    flat = {f"{table}.{key}" for table, inner in every.items() if isinstance(inner, dict) for key in inner}
    flat |= {key for key, value in every.items() if not isinstance(value, dict)}
    flat |= {f"drivers.NAME.{key}" for key in every["drivers"]["vts"]} | {"drivers.NAME", "characters.NAME"}
    flat |= {f"prices.NAME.{key}" for key in prices["openai"]} | {"prices.NAME"}
    assert flat - {"drivers.vts"} == set(setting_keys(Settings))


def install(page: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the page's program and its entry points into `folder`, as an installer would, and the folder on the path."""
    path = ROOT / "docs" / page
    project: dict[str, Any] = next(text for text in map(tomllib.loads, blocks(path, "toml")) if "project" in text)
    (source,) = blocks(path, "python")
    (module,) = project["tool"]["hatch"]["build"]["targets"]["wheel"]["include"]
    (folder / module).write_text(source, encoding="utf-8")
    about = project["project"]
    info = folder / f"{about['name'].replace('-', '_')}-{about['version']}.dist-info"
    info.mkdir()
    head = f"Metadata-Version: 2.1\nName: {about['name']}\nVersion: {about['version']}\n"
    (info / "METADATA").write_text(head, encoding="utf-8")
    lines = [
        line
        for group, points in about["entry-points"].items()
        for line in (f"[{group}]", *(f"{name} = {value}" for name, value in points.items()))
    ]
    (info / "entry_points.txt").write_text("\n".join(lines), encoding="utf-8")
    monkeypatch.syspath_prepend(folder)


@pytest.fixture
def third_parties(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for page in ("writing-a-voice.md", "writing-a-driver.md"):
        install(page, tmp_path, monkeypatch)
    (map_text,) = [text for text in blocks(ROOT / "docs" / "writing-a-driver.md", "toml") if "extends" in text]
    (tmp_path / "confetti.toml").write_text(map_text, encoding="utf-8")
    return tmp_path


def settings_for(folder: Path, **changes: Any) -> Settings:
    given = {
        "voice.engine": "beeps",
        "sound.speaker": "none",
        "motion.map": str(folder / "confetti.toml"),
        "drivers": {"lines": {"url": str(folder / "out.jsonl"), "options": {"decimals": 2}}},
    }
    return override(Settings(), given | {key.replace("__", "."): value for key, value in changes.items()})


async def test_the_voice_and_the_driver_of_the_pages_perform(third_parties: Path) -> None:
    assert registry.third_parties("voices") == (["beeps"], [])
    assert registry.third_parties("drivers") == (["lines"], [])
    async with Bridge.from_settings(settings_for(third_parties)) as bridge:
        await bridge.ready()
        (driver,) = bridge.drivers
        assert driver.state.status == "ready"
        outcome = await bridge.perform("One [confetti] two [nod] three. 😀", keep_audio=True)
    assert outcome.heard.complete
    assert outcome.timeline.timing == "words"
    assert abs(outcome.samples).max() > 0.2
    written = [json.loads(line) for line in (third_parties / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    frames = [line["values"] for line in written if line["kind"] == "frame"]
    done = [line for line in written if line["kind"] != "frame"]
    (act,) = [line for line in done if line["kind"] == "act"]
    assert (act["action"], act["effect"]) == ("confetti", "confetti")
    (at,) = [cue.start for cue in outcome.timeline.cues if cue.name == "confetti"]
    assert act["due"] == pytest.approx(at)
    assert done[-1]["kind"] == "reset"
    assert len(frames) > 30
    assert max(frame["mouth_open"] for frame in frames) > 0.2
    assert min(frame["head_pitch"] for frame in frames) < -2
    assert all(round(value, 2) == value for frame in frames for value in frame.values())


async def test_the_voice_of_the_page_refuses_what_it_cannot_do(third_parties: Path) -> None:
    with pytest.raises(VoiceError, match="expected hertz from 50 to 4000, got 10"):
        async with Bridge.from_settings(settings_for(third_parties, voice__options={"hertz": 10})):
            pass
    with pytest.raises(UsageError, match=r"'pitch'.*it knows: hertz, speed"):
        async with Bridge.from_settings(settings_for(third_parties, voice__pitch=3.0)):
            pass


def test_an_option_that_the_driver_does_not_have_is_named(third_parties: Path) -> None:
    with pytest.raises(SettingsError, match=r"drivers\.lines\.options: expected one of decimals, got 'digits'"):
        Bridge.from_settings(settings_for(third_parties, drivers={"lines": {"options": {"digits": 2}}}))


async def test_the_driver_of_the_page_reports_what_it_cannot_write_and_comes_back(third_parties: Path) -> None:
    folder = third_parties / "later"
    url = str(folder / "out.jsonl")
    async with Bridge.from_settings(settings_for(third_parties, drivers={"lines": {"url": url}})) as bridge:
        await bridge.ready()
        (driver,) = bridge.drivers
        assert driver.state.status == "unreachable"
        assert "cannot be written" in driver.state.detail
        outcome = await bridge.perform("One two.")
        assert outcome.heard.complete
        folder.mkdir()
        async with asyncio.timeout(10):
            await bridge.stage.until(lambda: driver.state.sent_frames > 0)


def output(*arguments: str, cwd: Path) -> str:
    """Return what a Python program prints, run where `bridge.toml` asks for no voice, sound or target to be there."""
    (cwd / "bridge.toml").write_text(QUIET, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, *arguments], cwd=cwd, capture_output=True, encoding="utf-8", timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_python_of_the_readme_runs(tmp_path: Path) -> None:
    (program,) = blocks(ROOT / "README.md", "python")
    assert output("-c", program, cwd=tmp_path) == "Hi! I'm so happy you came.\n"


def test_ci_runs_the_commands_of_the_readme() -> None:
    (first, *_) = blocks(ROOT / "README.md", "sh")
    demo, check = (line.partition("  #")[0].strip() for line in first.splitlines() if line.strip())
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert check in script.splitlines()
    assert demo == 'pip install ".[demo]" && avatar-bridge demo'
    assert 'pip" install ".[demo]"' in script
    assert 'avatar-bridge" demo ' in script


def test_the_python_example_runs(tmp_path: Path) -> None:
    lines = output(str(ROOT / "examples" / "python_api" / "speak.py"), "bridge.toml", cwd=tmp_path).splitlines()
    assert lines[0] == "says: Hi! Nice to see you. | does: wave"
    assert "heard: Hi there! I am so happy you came. Let's play!" in lines
    assert lines[-1].startswith("interrupted after: Now I will")
    assert "eight" not in lines[-1]
