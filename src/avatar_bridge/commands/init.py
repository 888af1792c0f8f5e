"""`avatar-bridge init`: a commented `bridge.toml` from a few answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

from avatar_bridge import registry
from avatar_bridge.credentials import check_reference
from avatar_bridge.errors import SettingsError, UsageError
from avatar_bridge.files import write_atomically
from avatar_bridge.settings import Settings, parse_settings

__all__ = ["Answers", "Question", "ask", "compose", "questions", "write"]

_SERVED = ("overlay", "game")
"""Targets of the bridge's own server."""
_PROGRAMS: Mapping[str, str] = {
    "game": "Unity, Godot",
    "obs": "OBS's scenes",
    "overlay": "a page for OBS",
    "vmc": "VSeeFace and the like",
    "vts": "VTube Studio",
}
_LINE = re.compile(r"^(?P<off># )?(?P<key>\w+) = (?P<value>.*?)(?P<comment>\s+#(?: .*)?)?$")


@dataclass(frozen=True, slots=True)
class Answers:
    """What the user wants; empty: as it is by default."""

    targets: str = ""
    """Names with commas between them: vts, overlay."""
    voice: str = ""
    mind: str = ""
    model: str = ""
    url: str = ""
    """Address of the model's server."""
    key: str = ""
    """Where the model's key is kept."""
    voice_key: str = ""
    persona: str = ""
    user: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """One thing that is asked."""

    name: str
    """The field of `Answers` that takes the answer."""
    words: str
    default: str
    check: Callable[[str], object]
    """Raises SettingsError, UsageError or ValueError for an answer that cannot be."""


def questions(answers: Answers) -> Iterator[Question]:
    """Yield what is left to ask, given the answers so far; each is asked where its own answer is empty."""
    drivers = registry.names("drivers")
    yield Question(
        "targets",
        f"Where is the character shown? ({', '.join(map(_plainly, drivers))}; commas between)",
        "vts",
        _targets,
    )
    yield Question("voice", f"Which voice? (auto, {', '.join(_voices())})", "auto", _voice)
    if usual := registry.usual_key(answers.voice):
        yield Question("voice_key", f"Where is the key of {answers.voice} kept?", usual, _key)
    minds = [*registry.names("models"), *registry.names("model_engines")]
    yield Question("mind", f"Which language model? (auto: the bundled one, {', '.join(sorted(minds))})", "auto", _mind)
    if answers.mind not in ("", "auto", "xllamacpp"):
        yield Question("model", "What is the model called? (empty: the server's first)", "", str)
        if answers.mind not in ("transformers", "script"):
            yield Question("url", "The server's address? (empty: its usual place)", "", _address)
    if usual := registry.usual_key(answers.mind):
        # another server's key is another one, if it wants any
        whose, default = ("that server", "") if answers.url else (answers.mind, usual)
        yield Question(
            "key", f"Where is the key of {whose} kept?{' (empty: it wants none)' * (not default)}", default, _key
        )
    yield Question("persona", "A persona.toml or character card? (empty: none)", "", _file)
    yield Question("user", "What does the character call you?", "you", str)


def ask(answers: Answers, prompt: Callable[[str, str], str], tell: Callable[[str], None]) -> Answers:
    """Return the answers completed: each question is put to `prompt(words, default)` until its answer can be."""
    asked: set[str] = set()
    while True:
        question = next((each for each in questions(answers) if each.name not in asked), None)
        if question is None:
            return answers
        asked.add(question.name)
        if getattr(answers, question.name):
            continue
        while True:
            given = prompt(question.words, question.default).strip()
            try:
                if given:
                    question.check(given)
            except (SettingsError, UsageError, ValueError) as error:
                tell(str(error))
                continue
            answers = replace(answers, **{question.name: given})
            break


def compose(answers: Answers) -> str:
    """Return the text of a `bridge.toml`: every key with its default and what it says, the answers filled in.

    Raises UsageError or SettingsError for an answer that cannot be.
    """
    for question in questions(answers):
        if given := getattr(answers, question.name):
            try:
                question.check(given)
            except ValueError as error:
                raise SettingsError(str(error)) from None
    text = registry.example_settings().read_text(encoding="utf-8")
    text = text.replace(
        text.partition("\n")[0], "# What each key says: docs/settings.md. Lines with # before a key are off.", 1
    )
    chosen = {
        "voice.engine": answers.voice,
        "voice.key": answers.voice_key,
        "mind.engine": answers.mind,
        "mind.model": answers.model,
        "mind.url": answers.url,
        "mind.key": answers.key,
        "mind.persona": answers.persona,
        "mind.user": answers.user,
    }
    for key, value in chosen.items():
        if value:
            text = _set(text, key, value)
    text = _drivers(text, _targets(answers.targets or "vts"))
    parse_settings(text, source="bridge.toml")
    return text


def write(path: Path, answers: Answers, *, force: bool = False) -> Iterator[str]:
    """Write the file and yield what to do next; an older one is kept beside it with `force`, else refused."""
    text = compose(answers)
    if path.exists():
        if not force:
            raise UsageError(
                f"{path} is there already; give --force to write it anew (the old one is kept), or --out FILE"
            )
        kept = next(each for number in count(1) if not (each := path.with_name(f"{path.name}.old{number}")).exists())
        path.replace(kept)
        yield f"the old file is kept as {kept}"
    write_atomically(path, text)
    yield f"wrote {path}"
    settings = parse_settings(text, source=str(path), path=path)
    yield from _advice(settings)


def _advice(settings: Settings) -> Iterator[str]:
    bundled = settings.mind.engine == "auto" and settings.mind.url is None
    names = [settings.voice.engine, "xllamacpp" if bundled else settings.mind.engine]
    names += ["web"] if any(map(settings.driven, _SERVED)) else []
    for name in names:
        if registry.missing_packages(name):
            yield f"{name} is not installed yet: {registry.remedy(name)}"
    yield "next: avatar-bridge doctor (is everything there?), then avatar-bridge chat"


def _set(text: str, key: str, value: Any) -> str:
    """Return the text with one key set, its comment kept, a line that was off switched on."""
    table, _, name = key.partition(".")
    lines, here = text.split("\n"), ""
    for number, line in enumerate(lines):
        if line.startswith("["):
            here = line.strip("[]")
        found = _LINE.match(line)
        if here == table and found and found["key"] == name:
            comment = (found["comment"] or "").strip()
            written = f"{name} = {_toml(value)}"
            lines[number] = f"{written.ljust(27)} {comment}" if comment else written
            return "\n".join(lines)
    raise UsageError(f"the settings have no key {key}")


def _drivers(text: str, names: list[str]) -> str:
    """Return the text with a table for each target in the place of the example's one."""
    start = text.index("[drivers.vts]")
    end = text.index("\n\n", start)
    block = text[start:end] if "vts" in names else ""
    others = [f"[drivers.{name}]{_note(name)}" for name in names if name != "vts"]
    tables = "\n\n".join(filter(None, (block, *others))) or "[drivers]   # no target"
    return text[:start] + tables + text[end:]


def _note(name: str) -> str:
    return "   # shown by the bridge's own server: avatar-bridge serve" if name in _SERVED else f"   # docs/{name}.md"


def _toml(value: Any) -> str:
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return str(value).lower()


def _plainly(driver: str) -> str:
    return f"{driver}: {_PROGRAMS[driver]}" if driver in _PROGRAMS else driver


def _targets(given: str) -> list[str]:
    names = [name.strip() for name in given.split(",") if name.strip()]
    if names == ["none"]:
        return []
    for name in names:
        registry.location("drivers", name)
    return list(dict.fromkeys(names))


def _voices() -> list[str]:
    return sorted({*registry.names("voices"), *registry.names("voice_services")})


def _voice(given: str) -> None:
    if given != "auto":
        registry.choose("voice", given, _voices())


def _mind(given: str) -> None:
    if given != "auto":
        registry.choose("language model", given, [*registry.names("models"), *registry.names("model_engines")])


def _key(given: str) -> None:
    check_reference(given)


def _address(given: str) -> None:
    if not re.match(r"(https?)://[^/\s]+", given):
        raise UsageError(f"expected an address as http://127.0.0.1:11434/v1, got {given!r}")


def _file(given: str) -> None:
    if not Path(given).expanduser().is_file():
        raise UsageError(f"there is no file {given}")
