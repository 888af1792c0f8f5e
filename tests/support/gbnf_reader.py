"""A small reader of GBNF grammars, written from llama.cpp's description of the format: tells which texts they take."""

from __future__ import annotations

import re
from collections.abc import Callable

Matcher = Callable[[str, int], set[int]]

_TOKEN = re.compile(
    r'\s*(?:(?P<name>[a-zA-Z][a-zA-Z0-9-]*)|"(?P<literal>(?:[^"\\\n]|\\.)*)"|\[(?P<set>(?:[^\]\\\n]|\\.)+)\]'
    r"|(?P<mark>[()|*+?]))"
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "[": "[", "]": "]"}


def _plain(text: str) -> list[tuple[str, bool]]:
    """Return the characters of a literal or a class, and whether each was escaped."""
    found: list[tuple[str, bool]] = []
    at = 0
    while at < len(text):
        if text[at] != "\\":
            found.append((text[at], False))
            at += 1
        elif text[at + 1] in "xuU":
            digits = {"x": 2, "u": 4, "U": 8}[text[at + 1]]
            found.append((chr(int(text[at + 2 : at + 2 + digits], 16)), True))
            at += 2 + digits
        else:
            found.append((_ESCAPES[text[at + 1]], True))
            at += 2
    return found


class Grammar:
    """A grammar, whose `takes` tells whether a whole text belongs to it; raises ValueError where it is not GBNF."""

    def __init__(self, text: str) -> None:
        self._rules: dict[str, Matcher] = {}
        self._used: set[str] = set()
        for line in text.splitlines():
            if not line.strip():
                continue
            head, found, body = line.partition("::=")
            if not found or not re.fullmatch(r"[a-zA-Z][a-zA-Z0-9-]*", head.strip()):
                raise ValueError(f"no rule: {line!r}")
            self._tokens = self._split(body)
            self._rules[head.strip()] = self._alternatives()
            if self._tokens:
                raise ValueError(f"left over in {line!r}: {self._tokens}")
        missing = {"root", *self._used} - set(self._rules)
        if missing:
            raise ValueError(f"rules that are not there: {missing}")

    def takes(self, text: str) -> bool:
        return len(text) in self._rules["root"](text, 0)

    @staticmethod
    def _split(body: str) -> list[tuple[str, str]]:
        tokens: list[tuple[str, str]] = []
        at = 0
        while body[at:].strip():
            token = _TOKEN.match(body, at)
            if token is None or token.lastgroup is None:
                raise ValueError(f"cannot be read: {body[at:]!r}")
            tokens.append((token.lastgroup, token[token.lastgroup]))
            at = token.end()
        return tokens

    def _alternatives(self) -> Matcher:
        options = [self._sequence()]
        while self._tokens and self._tokens[0] == ("mark", "|"):
            self._tokens.pop(0)
            options.append(self._sequence())
        return lambda text, at: set().union(*(option(text, at) for option in options))

    def _sequence(self) -> Matcher:
        parts: list[Matcher] = []
        while self._tokens and self._tokens[0] not in (("mark", "|"), ("mark", ")")):
            parts.append(self._repeated(self._one()))

        def match(text: str, at: int) -> set[int]:
            places = {at}
            for part in parts:
                places = set().union(*(part(text, place) for place in places)) if places else places
            return places

        return match

    def _repeated(self, part: Matcher) -> Matcher:
        if not self._tokens or self._tokens[0][0] != "mark" or self._tokens[0][1] not in "*+?":
            return part
        mark = self._tokens.pop(0)[1]

        def match(text: str, at: int) -> set[int]:
            first = part(text, at)
            if mark == "?":
                return {at} | first
            found = {at} | first if mark == "*" else set(first)
            fresh = set(first)
            while fresh:
                fresh = set().union(*(part(text, place) for place in fresh)) - found
                found |= fresh
            return found

        return match

    def _one(self) -> Matcher:
        kind, value = self._tokens.pop(0)
        if kind == "name":
            self._used.add(value)
            # the rule may stand further down
            return lambda text, at: self._rules[value](text, at)  # noqa: PLW0108
        if kind == "literal":
            literal = "".join(char for char, _ in _plain(value))
            return lambda text, at: {at + len(literal)} if text.startswith(literal, at) else set()
        if kind == "set":
            return _set(value)
        if value != "(":
            raise ValueError(f"{value!r} where something should begin")
        inner = self._alternatives()
        if not self._tokens or self._tokens.pop(0) != ("mark", ")"):
            raise ValueError("a bracket is not closed")
        return inner


def _set(value: str) -> Matcher:
    denied = value.startswith("^")
    chars = _plain(value.removeprefix("^"))
    members: set[str] = set()
    at = 0
    while at < len(chars):
        if at + 2 < len(chars) and chars[at + 1] == ("-", False):
            members |= {chr(code) for code in range(ord(chars[at][0]), ord(chars[at + 2][0]) + 1)}
            at += 3
        else:
            members.add(chars[at][0])
            at += 1
    return lambda text, at: {at + 1} if at < len(text) and (text[at] in members) != denied else set()
