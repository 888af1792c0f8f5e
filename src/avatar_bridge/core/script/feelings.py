"""Expressions for replies without tags: what a sentence feels like, and the weak cues that show it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from math import inf
from types import MappingProxyType
from typing import Literal, TypeAlias

from avatar_bridge.core.script.emoji import SEQUENCE, meaning
from avatar_bridge.core.script.feeling_words import (
    ALPHABETIC,
    CHINESE,
    EXPRESSIONS,
    JAPANESE,
    NEGATIONS,
    SIGNS,
    STRENGTHENING,
    WEAKENING,
)
from avatar_bridge.core.vocabulary import Cue, Release, ScriptEvent, Segment, Text, name_key

__all__ = ["FEELINGS", "FIRST_ID", "Feeling", "Feelings", "feeling", "weigh"]

Feeling: TypeAlias = Literal["happy", "sad", "angry", "surprised", "relaxed", "neutral"]

FEELINGS: tuple[Feeling, ...] = ("angry", "sad", "surprised", "happy", "relaxed")
"""Where two weigh the same, the earlier is taken."""

FIRST_ID = 1 << 20
"""Ids of inferred cues count from here, above those of the parser."""

_ENOUGH = 0.5
_LETTERS_A_SECOND = 15.0
_BETWEEN = 2.0
"""Seconds of text between two changes of the face."""
_LONGEST_PHRASE = 6
_LONGEST_SENTENCE = 400
_EMOJI_WEIGHT = 1.6
_SIGN_WEIGHT = 0.6
_CALL_WEIGHT = 0.5
_BEFORE = 3
_TOKEN = re.compile(r"[^\W\d_]+(?:['’\-][^\W\d_]+)*|[?？]!?|[!！]\??|[,.;:…，。、；]")
_CALLED = re.compile(r"[!！][\"'”’»」』)\s]*\Z")
_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff]")
_KANA = re.compile(r"[\u3040-\u30ff]")
_EMOJI = re.compile(SEQUENCE)
_STOP = re.compile(r"[.!?…]+[\"'”’»)\]]*(?=\s|\Z)|[。！？!?…]+[」』”]*|\n+")
_JAPANESE_NO = re.compile(r"[^。！？、,.!?]{0,3}?(?:な(?:い|かった|く)|ません|ず(?:に)?)")
_CHINESE_NO = re.compile(r"(?:不|没|没有|沒|沒有|别|別|并非|不太|不是|不怎么)(?:太|很|那么|怎么)?\Z")


def _phrases(table: Mapping[str, str]) -> Iterator[tuple[str, Feeling, float]]:
    for name in FEELINGS:
        for entry in table[name].split("|"):
            yield entry.removeprefix("~"), name, 0.5 if entry.startswith("~") else 1.0


def _alphabetic() -> tuple[dict[tuple[str, ...], tuple[Feeling, float]], dict[str, tuple[Feeling, float]]]:
    words: dict[tuple[str, ...], tuple[Feeling, float]] = {}
    stems: dict[str, tuple[Feeling, float]] = {}
    for entry, name, weight in _phrases(ALPHABETIC):
        if entry.endswith("*"):
            stems[entry[:-1]] = (name, weight)
        elif entry:
            words[tuple(_TOKEN.findall(entry))] = (name, weight)
    return words, stems


def _anywhere(table: Mapping[str, str]) -> MappingProxyType[str, tuple[Feeling, float]]:
    return MappingProxyType({entry: (name, weight) for entry, name, weight in _phrases(table)})


_WORDS, _STEMS = _alphabetic()
_SHORTEST_STEM = min(map(len, _STEMS))
_UNSPACED = {"ja": _anywhere(JAPANESE), "zh": _anywhere(CHINESE)}
_LONGEST = {language: max(map(len, table)) for language, table in _UNSPACED.items()}
_NO, _STRONG, _WEAK = (frozenset(words.split("|")) for words in (NEGATIONS, STRENGTHENING, WEAKENING))
_SIGNS = tuple((sign, name) for name in FEELINGS for sign in SIGNS[name])
_OF_EXPRESSION = MappingProxyType(
    {name_key(each): name for name in reversed(FEELINGS) for each in reversed(EXPRESSIONS[name])}
)


def feeling(text: str) -> Feeling:
    """Return what a sentence feels like; neutral where nothing tells."""
    weights = weigh(text)
    best: Feeling = max(FEELINGS, key=lambda name: weights[name])
    return best if weights[best] >= _ENOUGH else "neutral"


def weigh(text: str) -> dict[Feeling, float]:
    """Return how much in a sentence speaks for each feeling; the cost grows with the text's length alone."""
    text = text[:_LONGEST_SENTENCE]
    weights: dict[Feeling, float] = dict.fromkeys(FEELINGS, 0.0)
    for found in _EMOJI.finditer(text):
        name = next((_OF_EXPRESSION[key] for key in map(name_key, meaning(found[0])) if key in _OF_EXPRESSION), None)
        if name is not None:
            weights[name] += _EMOJI_WEIGHT
    for sign, name in _SIGNS:
        if sign in text:
            weights[name] += _SIGN_WEIGHT
    denied = _weigh_words(text, weights)
    if _WIDE.search(text):
        denied |= _weigh_unspaced(text, weights)
    if not denied and not any(weights.values()) and _CALLED.search(text):
        weights["happy"] = _CALL_WEIGHT
    return weights


def _weigh_words(text: str, weights: dict[Feeling, float]) -> bool:
    """Add what words and phrases tell; return True where something is denied."""
    denied = False
    tokens = _TOKEN.findall(text.casefold().replace("’", "'").replace("？", "?").replace("！", "!"))
    at = 0
    while at < len(tokens):
        found, length = _longest(tokens, at)
        if found is not None:
            name, weight = found
            degree = _degree(tokens, at)
            denied |= degree == 0.0
            weights[name] += weight * degree
        at += length
    return denied


def _longest(tokens: list[str], at: int) -> tuple[tuple[Feeling, float] | None, int]:
    """Return what the longest phrase at a token tells, and its length in tokens."""
    for length in range(min(_LONGEST_PHRASE, len(tokens) - at), 0, -1):
        if found := _WORDS.get(tuple(tokens[at : at + length])):
            return found, length
    token = tokens[at]
    for end in range(min(len(token), 16), _SHORTEST_STEM - 1, -1):
        if found := _STEMS.get(token[:end]):
            return found, 1
    return None, 1


def _degree(tokens: list[str], at: int) -> float:
    """Return 0 for what is denied before the token, else how strongly it is said."""
    degree = 1.0
    for token in reversed(tokens[max(0, at - _BEFORE) : at]):
        if not token[0].isalpha():
            break
        if token in _NO:
            return 0.0
        if token in _STRONG:
            degree = 1.3
        elif token in _WEAK:
            degree = 0.8
    return degree


def _weigh_unspaced(text: str, weights: dict[Feeling, float]) -> bool:
    """Add what is found in text without spaces; return True where something is denied."""
    denied = False
    language = "ja" if _KANA.search(text) else "zh"
    table, longest = _UNSPACED[language], _LONGEST[language]
    at = 0
    while at < len(text):
        for length in range(min(longest, len(text) - at), 0, -1):
            found = table.get(text[at : at + length])
            if found is not None:
                if _denied(text, at, at + length, language):
                    denied = True
                else:
                    weights[found[0]] += found[1]
                at += length
                break
        else:
            at += 1
    return denied


def _denied(text: str, start: int, end: int, language: str) -> bool:
    if language == "ja":
        return text[end - 1] not in "いなずん！？、" and _JAPANESE_NO.match(text, end) is not None
    return _CHINESE_NO.search(text, max(0, start - 4), start) is not None


class _Speech:
    """What is said so far, as much of it as is still looked at, with the time that each place of it has."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._text = ""
        self._origin = 0
        self._at = 0
        self._seconds = 0.0

    def add(self, piece: str) -> None:
        """Take what is said next."""
        self._pieces.append(piece)

    def sentences(self, start: int, end: int) -> Iterator[tuple[int, int, str]]:
        """Yield (start, end, text) of the sentences in start..end, each whole as far as it is known."""
        text = self._whole()
        start, end = start - self._origin, end - self._origin
        floor = max(0, start - _LONGEST_SENTENCE)
        begin = max((stop.end() for stop in _STOP.finditer(text, floor, start)), default=floor)
        while begin < end:
            stop = _STOP.search(text, max(begin, start), end + _LONGEST_SENTENCE)
            close = min(len(text), end + _LONGEST_SENTENCE) if stop is None else stop.end()
            while begin < close and text[begin].isspace():
                begin += 1
            if begin < min(close, end):
                yield self._origin + begin, self._origin + close, text[begin:close]
            begin = start = max(close, begin + 1)

    def time(self, at: int) -> float:
        """Return about how many seconds it takes to come to `at`, which never goes back."""
        if at > self._at:
            passed = self._whole()[max(0, self._at - self._origin) : max(0, at - self._origin)]
            self._seconds += (len(passed) + len(_WIDE.findall(passed))) / _LETTERS_A_SECOND
            self._at = at
        return self._seconds

    def forget(self, before: int) -> None:
        """Let go of what no sentence after `before` can reach back to."""
        cut = before - _LONGEST_SENTENCE - self._origin
        if cut > _LONGEST_SENTENCE:
            self.time(before)
            self._text, self._origin = self._whole()[cut:], self._origin + cut

    def _whole(self) -> str:
        if self._pieces:
            self._text = "".join((self._text, *self._pieces))
            self._pieces.clear()
        return self._text


class Feelings:
    """Fed with the script's events and asked for each segment before it is placed; one for each utterance.

    What the text said by then is what is judged: an emoji that arrives after its segment was asked about comes late.
    """

    def __init__(self, expressions: Collection[str], *, strength: float = 0.4) -> None:
        """`expressions`: names and aliases of the faces that the motion map has; `strength` of inferred ones, 0..1."""
        by_key = {name_key(name): name for name in expressions}
        self._explicit = frozenset(by_key)
        self._names: dict[str, str | None] = {
            each: next((by_key[key] for key in map(name_key, EXPRESSIONS[each]) if key in by_key), None)
            for each in FEELINGS
        }
        self._strength = strength
        self._speech = _Speech()
        self._pictures: list[tuple[int, str]] = []
        self._pictured: list[Cue] = []
        self._tags: list[Cue] = []
        self._releases: dict[int, int] = {}
        self._given = 0
        self._shown: Cue | None = None
        self._changed = -_BETWEEN

    def feed(self, event: ScriptEvent) -> None:
        """Take the next event of the script; pauses and diagnostics are ignored."""
        if isinstance(event, Text):
            if event.shown != event.spoken:
                self._pictures += _pictures(event)
            self._speech.add(event.spoken)
        elif isinstance(event, Cue) and name_key(event.name) in self._explicit:
            (self._pictured if _EMOJI.fullmatch(event.source) else self._tags).append(event)
        elif isinstance(event, Release):
            self._releases[event.cue] = event.at

    def judge(self, segment: Segment, *, felt: str | None = None) -> tuple[Cue | Release, ...]:
        """Return what the face does in a segment, to be fed to the timeline before the segment is placed.

        `felt` is what a classifier says of the segment, in place of the lexicon's word for each sentence.
        A cue stands at the first word of its sentence; a neutral sentence releases what is shown. A segment in which a
        tag's expression is to be seen is left to that tag; an emoji's lasts until the sentences feel otherwise.
        """
        end = segment.at + len(segment.text)
        self._tags = [tag for tag in self._tags if self._until(tag) > segment.at]
        found: list[Cue | Release] = []
        if any(tag.at < end for tag in self._tags):
            self._shown = None
        else:
            for start, close, text in self._speech.sentences(segment.at, end):
                sentence = felt or feeling(text + self._seen(start, close))
                found += self._change(sentence, max(start, segment.at))
        self._take_pictured(end)
        self._pictures = [each for each in self._pictures if each[0] >= segment.at]
        self._speech.forget(segment.at)
        return tuple(found)

    def _until(self, tag: Cue) -> float:
        """Return the place of the speech up to which a tag's expression is held."""
        released = self._releases.get(tag.id, inf)
        return released if tag.duration is None else min(released, tag.at + tag.duration * _LETTERS_A_SECOND)

    def _seen(self, start: int, close: int) -> str:
        """Return the emoji of a sentence, those behind its end with it."""
        return "".join(each for place, each in self._pictures if start < place <= close + 1 or place == start == 0)

    def _change(self, felt: str, at: int) -> Iterator[Cue | Release]:
        """Yield how the face changes for a sentence, if it does."""
        now = self._speech.time(at)
        self._take_pictured(at + 1)
        if now - self._changed < _BETWEEN:
            return
        name = self._names.get(felt)
        before = self._shown
        if (name and name_key(name)) == (before and name_key(before.name)):
            return
        self._shown, self._changed = None, now
        if name is not None:
            self._shown = Cue(FIRST_ID + self._given, name, at, self._strength)
            self._given += 1
            yield self._shown
        elif before is not None:
            yield Release(before.id, before.name, at)

    def _take_pictured(self, end: int) -> None:
        """Take the faces that emoji asked for before `end` for what is shown."""
        while self._pictured and self._pictured[0].at < end:
            self._shown = self._pictured.pop(0)
            self._changed = self._speech.time(self._shown.at)


def _pictures(text: Text) -> Iterator[tuple[int, str]]:
    """Yield each emoji of a text with its place in the speech."""
    said = 0
    before = 0
    for found in _EMOJI.finditer(text.shown):
        for char in text.shown[before : found.start()]:
            said += text.spoken[said : said + 1] == char
        before = found.end()
        yield text.at + said, found[0]
