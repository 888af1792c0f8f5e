"""What a tag says, in each dialect: from the inside of a tag to instructions."""

from __future__ import annotations

import difflib
import json
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Literal

from avatar_bridge.core.vocabulary import name_key

__all__ = ["DIALECTS", "Instruction", "Names", "Reader", "seconds"]

DIALECTS = ("auto", "bridge", "chatdollkit", "airi", "xml", "asterisk", "emoji")
"""The names that a `dialect` option takes; `ssml` is another name of `xml`."""

DEFAULT_PAUSE = 0.5
LONGEST_PAUSE = 30.0
LONGEST_NAME = 40
MOST_WORDS = 4

_NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)"
_AMOUNT = re.compile(rf"({_NUMBER})(%?)\Z")
_TIME = re.compile(rf"({_NUMBER})[ ]?(s|sec|secs|seconds?|ms)\Z", re.IGNORECASE)
_TOKEN = re.compile(r'[^\s="]+=(?:"[^"]*"|[^\s"]*)|[^\s"]+')
_OPTION = re.compile(r'([^\W\d][\w.-]*)=(?:"([^"]*)"|(\S+))\Z')
_STRAY = re.compile(r"\s*[:=(]\s*(?=[\d.])|(?<=\d)\)")
_PARTS = re.compile(r"\s*[,;、]\s*")
_KEYED = re.compile(r"\s*([A-Za-z]{3,12})\s*:\s*(.+)\Z", re.DOTALL)
_TOKEN_WORD = re.compile(r"(?:EMOTE|EMOTION|MOTION|ACT|ACTION|EXPRESSION|FACE|ANIM)[_: -]+(.+)\Z", re.IGNORECASE)
_STRENGTH_KEYS = frozenset({"strength", "intensity", "weight", "level"})
_DURATION_KEYS = frozenset({"for", "duration", "time", "seconds"})
_FACE_KEYS = frozenset(
    {"face", "anim", "animation", "motion", "emotion", "expression", "gesture", "action", "pose", "emote"}
)
_PAUSE_KEYS = frozenset({"pause", "wait", "delay", "break"})
_BREAKS = {"none": 0.0, "x-weak": 0.1, "weak": 0.25, "medium": 0.5, "strong": 0.75, "x-strong": 1.0}


@dataclass(frozen=True, slots=True)
class Instruction:
    """What one tag, or one part of a tag, asks for."""

    kind: Literal["cue", "pause", "close", "nothing"]
    name: str = ""
    """Empty on a close: whatever is innermost."""
    strength: float = 1.0
    duration: float | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    suggestion: str | None = None


def _keys(names: Iterable[str]) -> dict[str, str]:
    return {name_key(name): name for name in names}


_known = lru_cache(maxsize=16)(_keys)
"""A map's names are the same from utterance to utterance, and there are hundreds."""


class Names:
    """The names that tags may have; with None every well-formed name is one."""

    __slots__ = ("_by_key", "_near")

    def __init__(self, names: Collection[str] | None) -> None:
        self._by_key = None if names is None else _known(names) if isinstance(names, frozenset) else _keys(names)
        self._near: dict[str, str | None] = {}

    @property
    def open(self) -> bool:
        """True when no list of names was given."""
        return self._by_key is None

    def knows(self, name: str) -> bool:
        """Return True when the list holds `name`; never without a list."""
        return self._by_key is not None and name_key(name) in self._by_key

    def takes(self, name: str) -> bool:
        """Return True when `name` may be a cue."""
        return self._by_key is None or name_key(name) in self._by_key

    def nearest(self, name: str) -> str | None:
        """Return the known name that looks most like `name`, if one does."""
        if self._by_key is None:
            return None
        key = name_key(name)[:LONGEST_NAME]
        if key not in self._near:
            if len(self._near) > 1024:
                self._near.clear()
            found = difflib.get_close_matches(key, [*self._by_key, "pause"], n=1, cutoff=0.6)
            self._near[key] = self._by_key.get(found[0], "pause") if found else None
        return self._near[key]


def seconds(text: str) -> float | None:
    """Return the seconds that `0.4`, `2s` or `400ms` stand for, or None."""
    text = text.strip()
    if (amount := _AMOUNT.match(text)) and not amount[2]:
        return float(amount[1])
    if time := _TIME.match(text):
        return float(time[1]) / (1000 if time[2].lower() == "ms" else 1)
    return None


def _strength(text: str) -> float | None:
    amount = _AMOUNT.match(text.strip())
    return None if amount is None else float(amount[1]) / (100 if amount[2] else 1)


def _is_name_word(word: str) -> bool:
    return word[0].isalpha() and all(
        char.isalnum() or char in "_-\u200c\u200d" or unicodedata.category(char)[0] == "M" for char in word
    )


class _Arguments:
    """Strength, duration and options as they are read; what cannot be is a problem."""

    def __init__(self) -> None:
        self.strength: float | None = None
        self.duration: float | None = None
        self.options: dict[str, str] = {}
        self.problems: list[str] = []

    def take(self, token: str) -> bool:
        """Read one token; False when it is no argument at all."""
        if option := _OPTION.match(token):
            self.set(option[1], option[2] if option[2] is not None else option[3])
        elif (amount := _strength(token)) is not None:
            if self.strength is None:
                self.set_strength(amount)
            else:
                self.set_duration(amount)
        elif (time := seconds(token)) is not None:
            self.set_duration(time)
        else:
            return False
        return True

    def set(self, key: str, value: str) -> None:
        """Read one `key=value`."""
        folded = key.casefold()
        if folded in _STRENGTH_KEYS:
            self.set_strength(_strength(value), value)
        elif folded in _DURATION_KEYS:
            self.set_duration(seconds(value), value)
        else:
            self.options[key] = value

    def set_strength(self, value: float | None, written: str = "") -> None:
        """Hold the strength within 0..1."""
        if value is None:
            self.problems.append(f"a strength is a number from 0 to 1, not {written!r}; 1 is used")
            return
        self.strength = min(max(value, 0.0), 1.0)
        if self.strength != value:
            self.problems.append(f"a strength goes from 0 to 1, not {value:g}; {self.strength:g} is used")

    def set_duration(self, value: float | None, written: str = "") -> None:
        """Hold the duration above 0."""
        if value is None:
            self.problems.append(f"a duration looks like 2s or 400ms, not {written!r}; it is left out")
        elif value <= 0 or value == float("inf"):
            self.problems.append(f"a duration is longer than 0 s, not {value:g}; it is left out")
        else:
            self.duration = value

    def cue(self, name: str, extra: tuple[str, ...] = ()) -> Instruction:
        """Return the cue that was read."""
        strength = 1.0 if self.strength is None else self.strength
        return Instruction("cue", name, strength, self.duration, self.options, (*self.problems, *extra))

    def pause(self, extra: tuple[str, ...] = ()) -> Instruction:
        """Return the pause that was read: its length is the duration."""
        value, problems = self.duration, (*(each for each in self.problems if "strength" not in each), *extra)
        if value is None:
            value = DEFAULT_PAUSE
        if value > LONGEST_PAUSE:
            problems += (f"a pause lasts at most {LONGEST_PAUSE:g} s, not {value:g}; {LONGEST_PAUSE:g} s are used",)
            value = LONGEST_PAUSE
        return Instruction("pause", "pause", 1.0, value, {}, problems)


def _pause(text: str) -> Instruction:
    """Return the pause that a written length asks for."""
    arguments = _Arguments()
    text = text.strip()
    extra: tuple[str, ...] = ()
    if text:
        key, equals, value = text.partition("=")
        length = seconds(value if equals and key.strip().casefold() in _DURATION_KEYS else text)
        if length is None:
            extra = (f"a pause is a number of seconds like 0.4 or 400ms, not {text!r}; {DEFAULT_PAUSE:g} s are used",)
        elif length < 0:
            extra = (f"a pause cannot last {length:g} s; none is made",)
            return Instruction("nothing", "pause", problems=extra)
        elif length == 0:
            return Instruction("nothing", "pause")
        else:
            arguments.duration = length
    return arguments.pause(extra)


class Reader:
    """Reads the inside of tags for one dialect and one set of names; remembers what it read."""

    __slots__ = ("_read", "angle", "asterisk", "colon", "emoji", "names", "native", "token")

    def __init__(self, dialect: str, names: Names) -> None:
        self.names = names
        self.native = dialect in ("auto", "bridge")
        self.colon = dialect in ("auto", "chatdollkit")
        self.token = dialect in ("auto", "airi")
        self.angle = dialect in ("auto", "xml", "ssml")
        self.emoji = dialect in ("auto", "emoji")
        self.asterisk: Literal["always", "known", "never"] = (
            "always" if dialect == "asterisk" else "known" if dialect == "auto" and not names.open else "never"
        )
        self._read: dict[tuple[str, bool], tuple[Instruction, ...] | None] = {}

    def checked(self, instruction: Instruction) -> Instruction:
        """Return the instruction, or what to report where its name is unknown."""
        if instruction.kind != "cue" or self.names.takes(instruction.name):
            return instruction
        name = instruction.name
        return Instruction(
            "nothing",
            name,
            problems=(f"there is no action named {name!r}: the tag is left out",),
            suggestion=self.names.nearest(name),
        )

    def bracket(self, inside: str, *, in_word: bool) -> tuple[Instruction, ...] | None:
        """Return what `[inside]` asks for, or None where it is prose; `in_word`: it follows a word directly."""
        found = self._read.get((inside, in_word), ())
        if found != ():
            return found
        found = self._bracket(inside, in_word=in_word)
        if len(self._read) > 512:
            self._read.clear()
        self._read[inside, in_word] = found
        return found

    def knows(self, inside: str) -> bool:
        """Return True where `[inside]` asks for an action of the known names."""
        asked = self.bracket(inside, in_word=False) or ()
        return any(each.kind == "pause" or (each.kind == "cue" and self.names.knows(each.name)) for each in asked)

    def _bracket(self, inside: str, *, in_word: bool) -> tuple[Instruction, ...] | None:
        text = unicodedata.normalize("NFKC", inside).strip()
        if not text:
            return None
        if text[0] == "/":
            return self._closing(text[1:].strip())
        single = self._single(text, in_word=in_word)
        if single is not None:
            return (self.checked(single),)
        parts = _PARTS.split(text)
        return self._mended(text) if len(parts) == 1 else self._several(parts, in_word=in_word)

    def _mended(self, text: str) -> tuple[Instruction, ...] | None:
        """Read a known name with broken punctuation, `[smile:0.8]` or `[smile!]`, and say how to write it."""
        mended = _STRAY.sub(" ", text).strip(" !.?~")
        single = self._single(mended, in_word=False)
        if mended == text or single is None or single.kind != "cue" or not self.names.knows(single.name):
            return None
        problem = f"[{text}] is read as [{mended}]"
        return (replace(single, problems=(*single.problems, problem), suggestion=f"[{mended}]"),)

    def _closing(self, name: str) -> tuple[Instruction, ...] | None:
        if not self.native:
            return None
        if name and (len(name) > LONGEST_NAME or not all(_is_name_word(word) for word in name.split())):
            return None
        return (Instruction("close", name),)

    def _several(self, parts: list[str], *, in_word: bool) -> tuple[Instruction, ...] | None:
        """Read `[smile, wave]`; without a known name among the parts of a known list it is prose."""
        read = [self._single(part, in_word=in_word) if part else None for part in parts]
        if read[0] is None:
            return None
        broken = [part for part, each in zip(parts, read, strict=True) if each is None]
        if any(_AMOUNT.match(part) is None and _TIME.match(part) is None for part in broken):
            return None
        good = [each for each in read if each is not None]
        if not self.names.open and not any(each.kind == "cue" and self.names.knows(each.name) for each in good):
            return None
        found = [self.checked(each) for each in good]
        if broken:
            problem = f"{', '.join(broken)!r} cannot be read: numbers have a decimal point and spaces between them"
            found.append(Instruction("nothing", problems=(problem,)))
        return tuple(found)

    def _single(self, text: str, *, in_word: bool) -> Instruction | None:
        if self.colon and (keyed := _KEYED.match(text)):
            key = keyed[1].casefold()
            if key in _FACE_KEYS:
                return self._named(keyed[2], in_word=False, prose=False)
            if key in _PAUSE_KEYS:
                return _pause(keyed[2])
        return self._named(text, in_word=in_word, prose=True) if self.native else None

    def _named(self, text: str, *, in_word: bool, prose: bool) -> Instruction | None:
        tokens = _TOKEN.findall(text)
        if not tokens or not _is_name_word(tokens[0]):
            return None
        if prose and tokens[0].casefold() == "pause" and not self.names.knows(text):
            rest = text[len(tokens[0]) :]
            return _pause(rest) if len(tokens) <= 3 else None
        count = 1
        while count < len(tokens) and _is_name_word(tokens[count]):
            count += 1
        known = next((n for n in range(count, 0, -1) if self.names.knows(" ".join(tokens[:n]))), None)
        name = " ".join(tokens[: known or count])
        if len(name) > LONGEST_NAME or count > MOST_WORDS:
            return None
        if in_word and len(text) == 1 and not self.names.knows(name):
            return None
        arguments = _Arguments()
        strange = [token for token in tokens[known or count :] if not arguments.take(token)]
        if strange and (known is None or len(strange) > MOST_WORDS - 1):
            return None
        return arguments.cue(name, tuple(f"{token!r} is no strength, duration or key=value" for token in strange))

    def special(self, inside: str) -> tuple[Instruction, ...]:
        """Return what `<|inside|>` asks for; a token of a model's template asks for nothing, and is reported."""
        text = inside.strip()
        word, _, rest = text.partition(" ")
        if word.upper() == "DELAY":
            return (_pause(rest),)
        if word.upper() == "ACT":
            return self._act(rest)
        if named := _TOKEN_WORD.match(text):
            read = self._named(named[1].replace("_", " ").lower(), in_word=False, prose=False)
            if read is not None:
                return (self.checked(read),)
        return (Instruction("nothing", problems=(f"the token <|{text}|> means nothing here and is left out",)),)

    def _act(self, body: str) -> tuple[Instruction, ...]:
        try:
            read = json.loads(body)
        except (ValueError, RecursionError):
            read = None
        if not isinstance(read, dict):
            problem = f'<|ACT …|> takes a JSON object like {{"emotion": "happy"}}, not {body.strip()!r}; it is left out'
            return (Instruction("nothing", problems=(problem,)),)
        found = [
            self.checked(cue) for key, value in read.items() if key.casefold() in _FACE_KEYS for cue in _act_cues(value)
        ]
        if not found:
            return (Instruction("nothing", problems=("<|ACT …|> names neither an emotion nor a motion",)),)
        return tuple(found)

    def element(self, name: str, attributes: Mapping[str, str]) -> tuple[Instruction, ...] | None:
        """Return what `<name attributes>` asks for, or None where it is no tag of ours."""
        local = name.casefold().rpartition(":")[2]
        if local in ("break", "pause", "delay"):
            written = attributes.get("time") or attributes.get("duration") or attributes.get("seconds") or ""
            if not written and (strength := _BREAKS.get(attributes.get("strength", ""))) is not None:
                written = str(strength)
            return (_pause(written),)
        if local in _FACE_KEYS or local in ("mark", "express-as"):
            keys = ("name", "type", "value", "style", *sorted(_FACE_KEYS))
            key = next((key for key in keys if attributes.get(key)), None)
            if key is None:
                return (Instruction("nothing", problems=(f'<{name}> needs a name, as in <{name} name="wave"/>',)),)
            return (self.checked(self._attributed(attributes[key], attributes, key)),)
        if self.names.knows(local):
            return (self._attributed(local, attributes, ""),)
        return None

    def _attributed(self, name: str, attributes: Mapping[str, str], used: str) -> Instruction:
        arguments = _Arguments()
        for key, value in attributes.items():
            if key != used:
                arguments.set(key, value)
        return arguments.cue(name.strip())


def _act_cues(value: Any) -> list[Instruction]:
    """Return the cues in one value of an ACT object: a name, an object with a name, or a list of either."""
    if isinstance(value, str):
        return [Instruction("cue", value.strip())] if value.strip() else []
    if isinstance(value, list):
        return [cue for each in value[:8] for cue in _act_cues(each)]
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        return []
    arguments = _Arguments()
    for key, each in value.items():
        if key != "name" and isinstance(each, str | int | float) and not isinstance(each, bool):
            arguments.set(key, str(each))
    return [arguments.cue(value["name"].strip())]
