"""From the names that riggers give to what they mean: 脸红, `F5 Blush [3]` and `namida.exp3.json` to concepts.

A name is tried as it stands, then without the keys and indexes that are glued to names, then in its parts; what is left
is looked at by content (`naming_content`). Single characters only count when they are the whole name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from avatar_bridge.core.vocabulary import name_key

__all__ = ["Concept", "Lexicon", "Match", "bare_name"]

_PREFIX = re.compile(
    r"^(?:(?:left|right)?(?:shift|ctrl|control|alt)\s*\+\s*\w+\s+|f\d{1,2}[\s:._-]+|n\d[\s:._-]+|\d+[\s.、_-]*|手动)",
    re.IGNORECASE,
)
_SUFFIX = re.compile(
    r"(?:\s*\[[^\]]*\]|\s*\([^)]*\)|切换|按键\d*|按鍵\d*|动画|動畫|toggle|\.hd|[\s_.-]*\d+|[←→↑↓]+|(?<=[^\x00-\x7f])[LR])$",
    re.IGNORECASE,
)
_ARROWS = re.compile(r"^[←→↑↓∑★☆●・\s]+")
_BRACKETED = re.compile(r"【([^】]*)】|\[([^\]]*)\]")
_PARTS = re.compile(r"[-_/:：、,，·\s]+")
_CAMEL = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")
_WORDY = re.compile(r"[a-z]")
_WIDE = re.compile(r"[^\x00-\x7f]")
_FILE = re.compile(r"\.(?:exp3|exp|motion3|mtn)?\.?json$|\.mtn$", re.IGNORECASE)

_OFF_FRONT = (
    "脱",
    "去除",
    "去掉",
    "去",
    "移除",
    "取消",
    "放下",
    "关闭",
    "remove ",
    "no ",
    "hide ",
    "without ",
    "take off ",
)
_OFF_BACK = ("去掉", "移除", "取消", "無し", "なし", "オフ", "脱ぎ", "벗기", " off", "off", " removed", " remove")
_REVERSIBLE = ("prop", "scene")
_GESTURES = ("gesture",)
_ALWAYS = ("talk", "idle")
_CATEGORIES = {
    "眼",
    "手势",
    "手勢",
    "发型",
    "表情",
    "动作",
    "手",
    "嘴",
    "脸",
    "eye",
    "eyes",
    "mouth",
    "pose",
    "hand",
    "sign",
}
_STATES = ("state", "expression", "exp", "general", "face", "anim", "motion", "mood")


@dataclass(frozen=True, slots=True)
class Concept:
    """One thing that a model may be able to show, with the names that people give it in several languages."""

    name: str
    kind: str
    """expression, face_overlay, gesture, prop or scene."""
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """What a name most likely means."""

    concept: str
    kind: str
    confidence: float
    """0..1; below 0.5 it is a guess that a person should look at."""
    reason: str
    inverse: bool = False
    """True where the switch takes the thing away (脱外套 takes the jacket off): no cue should be bound to it."""


def bare_name(label: str) -> str:
    """Return a name or file name without folder, file suffix, glued keys, indexes, brackets and toggle words."""
    stem = _FILE.sub("", label.replace("\\", "/").rsplit("/", 1)[-1])
    text = unicodedata.normalize("NFKC", stem).strip()
    rest = _BRACKETED.sub(" ", text).strip()
    if not rest:
        inside = next((part for pair in _BRACKETED.findall(text) for part in pair if part), "")
        text = inside.strip() or text
    else:
        text = rest
    while True:
        shorter = _ARROWS.sub("", _SUFFIX.sub("", _PREFIX.sub("", text))).strip()
        if not shorter or shorter == text:
            return text
        text = shorter


class Lexicon:
    """Knows the names of concepts; made from a table such as the package's `synonyms.json`."""

    def __init__(self, concepts: Sequence[Concept]) -> None:
        self._kinds = {concept.name: concept.kind for concept in concepts}
        self._exact: dict[str, str] = {}
        self._wide: list[tuple[str, str]] = []
        self._words: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        for concept in concepts:
            for name in (concept.name, *concept.names):
                self._learn(name, concept.name)
        self._wide.sort(key=lambda pair: -len(pair[0]))

    def _learn(self, name: str, concept: str) -> None:
        key = _key(name)
        self._exact.setdefault(key, concept)
        if _WIDE.search(key):
            if len(key) >= 2:
                self._wide.append((key, concept))
            return
        words = tuple(_tokens(name))
        if words:
            self._words.setdefault(words[0], []).append((words, concept))

    @property
    def kinds(self) -> Mapping[str, str]:
        """The kind of every concept."""
        return self._kinds

    def feature(self, name: str, file: str) -> Match | None:
        """Return what a hotkey or expression means: by its name, where that says nothing by its file."""
        by_name = self.match(name) if name else None
        by_file = self.match(file) if file else None
        if by_name is None:
            return None if by_file is None else replace(by_file, reason=f"file {by_file.reason}")
        by_name = replace(by_name, reason=f"name {by_name.reason}")
        if by_file is None or by_file.concept == by_name.concept or by_file.confidence < by_name.confidence + 0.25:
            return by_name
        return replace(by_file, reason=f"file {by_file.reason}")

    def match(self, label: str) -> Match | None:
        """Return what one label most likely means, or None where it says nothing."""
        stem = _FILE.sub("", label.replace("\\", "/").rsplit("/", 1)[-1])
        bare = bare_name(label)
        found = self._whole(stem, 0.97, f"{stem!r}")
        if found is None and bare != stem:
            found = self._whole(bare, 0.93, f"{bare!r} in {stem!r}")
        taken = self._inverse(bare)
        if taken is not None and (found is None or found.kind in _REVERSIBLE):
            return taken
        return found or self._by_parts(bare, stem) or self._inside(bare, stem)

    def _whole(self, text: str, confidence: float, shown: str) -> Match | None:
        concept = self._exact.get(_key(text))
        return self._found(concept, confidence, f"{shown} means {concept}") if concept else None

    def _inverse(self, bare: str) -> Match | None:
        lowered = " ".join(_tokens(bare)) if not _WIDE.search(bare) else bare
        for rest in _without_polarity(lowered):
            found = self._whole(rest, 0.9, f"{rest!r} in {bare!r}") or self._inside(rest, bare)
            if found is not None and (found.kind in _REVERSIBLE or (found.kind in _GESTURES and _WIDE.search(bare))):
                return replace(found, inverse=True, reason=f"{bare!r} takes away: {found.concept}")
        return None

    def _by_parts(self, bare: str, stem: str) -> Match | None:
        """Look at the parts of `微笑-点头`, `眼-星星眼`, `照れ/shame`: an action among them wins over a mood."""
        parts = [part for part in _PARTS.split(bare) if part and part.casefold() not in _CATEGORIES]
        if len(parts) < 2 and bare in parts:
            return None
        found = [
            match
            for part in parts
            if (match := self._whole(part, 0.85, f"{part!r} in {stem!r}") or self._wide_inside(part, stem)) is not None
        ]
        gestures = [match for match in found if match.kind in _GESTURES and match.concept not in _ALWAYS]
        return next(iter(gestures or found), None)

    def _wide_inside(self, part: str, stem: str) -> Match | None:
        return self._inside(part, stem) if _WIDE.search(part) else None

    def _inside(self, bare: str, stem: str) -> Match | None:
        """Look for the longest known name within the label; the more of it is explained, the surer."""
        key = _key(bare)
        best: tuple[float, str, str] | None = None
        for known, concept in self._wide:
            if known in key:
                best = (0.5 + 0.4 * len(known) / len(key), known, concept)
                break
        for share, words, concept in self._phrases(bare):
            confidence = 0.5 + 0.4 * share
            if best is None or confidence > best[0]:
                best = (confidence, words, concept)
        if best is None:
            return None
        return self._found(best[2], round(best[0], 2), f"{best[1]!r} within {stem!r} means {best[2]}")

    def _phrases(self, bare: str) -> Iterator[tuple[float, str, str]]:
        tokens = [token for token in _tokens(bare) if token not in _STATES]
        letters = sum(map(len, tokens)) or 1
        for index, token in enumerate(tokens):
            for words, concept in self._words.get(token, ()):
                if tuple(tokens[index : index + len(words)]) == words and len("".join(words)) >= 2:
                    yield len("".join(words)) / letters, " ".join(words), concept
            for size in range(len(token) - 1, 3, -1):
                glued = self._exact.get(token[:size])
                if glued is not None:
                    yield 0.6 * size / letters, token[:size], glued
                    break

    def _found(self, concept: str, confidence: float, reason: str) -> Match:
        return Match(concept, self._kinds[concept], confidence, reason)


def _key(name: str) -> str:
    """Return the form under which whole names compare; a name of separators alone (`- -`) keeps them."""
    text = unicodedata.normalize("NFKC", name).casefold().strip()
    return name_key(text) or text


def _tokens(text: str) -> list[str]:
    """Return the Latin words of a label, split at capitals and digits."""
    plain = unicodedata.normalize("NFKC", text)
    words = [word.casefold() for word in _CAMEL.findall(plain)]
    return [word for word in words if _WORDY.search(word)]


def _without_polarity(text: str) -> Iterator[str]:
    for word in _OFF_FRONT:
        if text.startswith(word) and len(text) > len(word):
            yield text[len(word) :].strip()
    for word in _OFF_BACK:
        if text.endswith(word) and len(text) > len(word):
            yield text[: -len(word)].strip()
