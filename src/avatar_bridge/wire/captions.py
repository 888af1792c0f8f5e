"""Captions whose words carry their own times, for pages: stable while an utterance grows."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from avatar_bridge.core.timeline.timeline import Timeline
from avatar_bridge.wire.line_breaking import LINE_WIDTH, LONGEST, PAUSE, columns, ends_sentence, joined, may_break

__all__ = ["Caption", "CaptionFlow", "CaptionWord", "cut_short"]

_LINGER = 0.8
"""Seconds that a caption stays after its last word where no other follows."""
_BEGINNING = 0.15
"""Seconds before its first word from which on a caption counts as begun: a page may be showing it already."""
_SCRAP = 0.35
"""Share of the caption before it below which the rest of a sentence is too short to stand alone."""
_WIDE = LINE_WIDTH // 2
"""Columns of one word's text from which on it may be divided."""
_LEAST_PART = 6
"""Columns of a part of such a text at least."""
_AFTER_PUNCTUATION = 8
"""Columns of imbalance that a break after a comma is worth."""
_PUNCTUATION = frozenset(",;:，、；：—–)）")
_ROUNDING = 1e-6
_OPENING = frozenset({"Ps", "Pi"})
"""Unicode's categories of brackets and quotes that open."""
_PICTURES = re.compile(r"[\s\ufe0e\ufe0f\u200d\u20e3\u2190-\u2bff\U0001f000-\U0001ffff]+\Z")
"""White space and pictures at the end of a text."""
_LINE_OPENING = re.compile(r"(?<=\n)[^\w\n]*[^\w\s][^\w\n]*\Z")
_WORD_OPENING = re.compile(r"(?<=\s)[^\w\s]+\Z")


@dataclass(frozen=True, slots=True)
class CaptionWord:
    """A word as it is shown, with the space or punctuation behind it, from `at` to `end` seconds of the utterance."""

    text: str
    at: float
    end: float


@dataclass(frozen=True, slots=True)
class Caption:
    """At most two lines of words, shown from `at` to `end` seconds of the utterance."""

    at: float
    end: float
    lines: tuple[tuple[CaptionWord, ...], ...]

    @property
    def text(self) -> str:
        """Its lines as text."""
        return "\n".join("".join(word.text for word in line).rstrip() for line in self.lines)


@dataclass(slots=True)
class _Group:
    """The words of one caption in the making."""

    words: list[CaptionWord]
    line_end: int | None = None
    """How many words stand on the first line; None while that may still change."""
    over: bool = False
    """True once its sentence has ended: what follows belongs to the next one."""

    def caption(self) -> Caption:
        end = self.line_end if self.line_end is not None else _line_end(self.words)
        words = self.words
        lines = (words,) if end is None else (words[:end], words[end:])
        return Caption(words[0].at, words[-1].end + _LINGER, tuple(tuple(line) for line in lines if line))

    def take(self, unit: Sequence[CaptionWord]) -> bool:
        """Append words that belong together, where they belong here and fit."""
        last = self.words[-1]
        if self.over or unit[0].at - last.end > PAUSE or unit[-1].end - self.words[0].at > LONGEST:
            return False
        if self.line_end is None:
            fits = _line_end([*self.words, *unit]) is not None
        else:
            line = self.words[self.line_end :] or self.words
            fits = _width([*line, *unit]) <= LINE_WIDTH
            if self.line_end == len(self.words):
                if fits:
                    self.line_end += len(unit)
                fits = fits or _width(unit) <= LINE_WIDTH
        if fits:
            self.words += unit
        return fits


class CaptionFlow:
    """The captions of one growing utterance. A caption that has begun keeps its words where they are."""

    def __init__(self) -> None:
        self._groups: list[_Group] = []
        self._told: list[Caption] = []
        self._words = 0
        self._shown = 0

    @property
    def captions(self) -> list[Caption]:
        """All captions as they were last given."""
        return list(self._told)

    def grow(self, timeline: Timeline, heard: float) -> tuple[int, list[Caption]]:
        """Return from which index on captions are new or have changed, and these; `heard` seconds were heard so far."""
        last = self._groups[-1] if self._groups else None
        if last is not None and last.line_end is None and last.words[0].at <= heard + _BEGINNING:
            last.line_end = _line_end(last.words) or len(last.words)
        first = max(0, len(self._groups) - 1)
        for sentence, over in _sentences(self._news(timeline)):
            self._take(sentence, over=over)
        changed = [group.caption() for group in self._groups[first:]]
        for index in range(len(changed) - 1):
            end = min(changed[index].end, changed[index + 1].at)
            changed[index] = replace(changed[index], end=max(end, changed[index].at))
        if first < len(self._told) and changed[0] == self._told[first]:
            first, changed = first + 1, changed[1:]
        self._told[first:] = changed
        return first, changed

    def _news(self, timeline: Timeline) -> list[tuple[CaptionWord, bool]]:
        """Return the words that were placed since the last call, each with whether a line of the text ends after it."""
        shown, words = timeline.shown, timeline.words
        known = len(shown)
        if not timeline.closed:
            last = timeline.segments[-1] if timeline.segments else None
            known = timeline.shown_offset(last.char + len(last.text)) if last else 0
        news: list[tuple[CaptionWord, bool]] = []
        began: float | None = None
        for index in range(self._words, len(words)):
            word = words[index]
            began = word.at if began is None else began
            end = known
            if index + 1 < len(words):
                end = _parting(shown, self._shown, min(known, timeline.shown_offset(words[index + 1].char)))
                if end <= self._shown:
                    continue
            self._show(shown[self._shown : end], began, word.at + word.duration, news)
            self._shown = max(self._shown, end)
            began = None
        self._words = len(words)
        if timeline.closed and words and known > self._shown:
            end_of_all = words[-1].at + words[-1].duration
            self._show(shown[self._shown : known], end_of_all, end_of_all, news)
            self._shown = known
        return news

    def _show(self, text: str, at: float, end: float, news: list[tuple[CaptionWord, bool]]) -> None:
        """Append the text that is shown while a word is said."""
        if text[:1].isspace():
            self._space(news, parted="\n" in text[: len(text) - len(text.lstrip())])
        if news:
            at = max(at, news[-1][0].end)
        lines = text.strip().split("\n")
        for number, line in enumerate(lines):
            even = " ".join(line.split())
            final = number + 1 == len(lines)
            rest = text[len(text.rstrip()) :] if final else "\n"
            if even:
                parts = _parts(even + (" " if rest else ""), at, max(at, end))
                news += [(part, False) for part in parts[:-1]] + [(parts[-1], "\n" in rest)]
            at = max(at, end)

    def _space(self, news: list[tuple[CaptionWord, bool]], *, parted: bool) -> None:
        """Put a space behind the word before; only there has it a place."""
        if news:
            word, before = news[-1]
            news[-1] = (_spaced(word), before or parted)
        elif self._groups:
            group = self._groups[-1]
            group.words[-1] = _spaced(group.words[-1])
            group.over = group.over or parted

    def _take(self, sentence: Sequence[CaptionWord], *, over: bool) -> None:
        """Append what is known of a sentence: to the last caption as far as it belongs there, else in new ones."""
        fresh: list[_Group] = []
        for unit in _units(sentence):
            group = fresh[-1] if fresh else self._groups[-1] if self._groups else None
            if group is None or not group.take(unit):
                fresh.append(_Group(list(unit)))
        if len(fresh) > 1:
            _even_out(fresh[-2], fresh[-1])
        self._groups += fresh
        self._groups[-1].over = over


def cut_short(captions: Sequence[Caption], heard: float) -> tuple[int, list[Caption]]:
    """Return from which index on captions change when the speech ends after `heard` seconds, and what remains there.

    Words that had not ended by then are left out.
    """
    for index, caption in enumerate(captions):
        kept = tuple(tuple(word for word in line if word.end <= heard + _ROUNDING) for line in caption.lines)
        if kept == caption.lines:
            continue
        lines = tuple(line for line in kept if line)
        end = max(caption.at, min(caption.end, heard))
        return index, [replace(caption, end=end, lines=lines)] if lines else []
    return len(captions), []


def _parting(shown: str, begin: int, end: int) -> int:
    """Return where the text of a word from `begin` on really ends: before what opens the next; `begin` for nowhere."""
    if begin < end < len(shown) and (shown[end - 1] + shown[end]).isascii() and shown[end - 1 : end + 1].isalnum():
        # the voice said it in other words: one word here
        return begin
    while end > begin + 1 and unicodedata.category(shown[end - 1]) in _OPENING:
        end -= 1
    text = shown[begin:end]
    for opened in (_LINE_OPENING.search(text), _WORD_OPENING.search(text)):
        if opened is not None and opened.start() > 0:
            return begin + opened.start()
    return end


def _sentences(news: Sequence[tuple[CaptionWord, bool]]) -> Iterator[tuple[list[CaptionWord], bool]]:
    """Yield the words sentence by sentence, each with whether it has ended."""
    sentence: list[CaptionWord] = []
    for index, (word, parted) in enumerate(news):
        sentence.append(word)
        apart = index + 1 == len(news) or _parts_here(word, news[index + 1][0])
        if parted or (apart and ends_sentence(_PICTURES.sub("", "".join(each.text for each in sentence[-4:])))):
            yield sentence, True
            sentence = []
    if sentence:
        yield sentence, False


def _units(words: Iterable[CaptionWord]) -> Iterator[list[CaptionWord]]:
    """Yield words that no line may part."""
    unit: list[CaptionWord] = []
    for word in words:
        if unit and (_parts_here(unit[-1], word) or _width([*unit, word]) > LINE_WIDTH):
            yield unit
            unit = []
        unit.append(word)
    if unit:
        yield unit


def _line_end(words: Sequence[CaptionWord]) -> int | None:
    """Return how many words stand on the first of at most two lines that balance; None where they do not fit."""
    if _width(words) <= LINE_WIDTH:
        return len(words)
    places = [at for at in range(1, len(words)) if _parts_here(words[at - 1], words[at])]
    for some in (places, range(1, len(words))):
        found = _balanced(words, [at for at in some if max(_width(words[:at]), _width(words[at:])) <= LINE_WIDTH])
        if found is not None:
            return found
    return None


def _balanced(words: Sequence[CaptionWord], places: Iterable[int]) -> int | None:
    """Return the place that parts the words most evenly, a little rather behind a comma."""

    def cost(at: int) -> int:
        uneven = abs(_width(words[:at]) - _width(words[at:]))
        return uneven - (_AFTER_PUNCTUATION if words[at - 1].text.rstrip()[-1:] in _PUNCTUATION else 0)

    return min(places, key=cost, default=None)


def _even_out(before: _Group, last: _Group) -> None:
    """Share the words of two captions evenly where the last one would be a scrap."""
    if _width(last.words) >= _SCRAP * _width(before.words) or before.over or before.line_end is not None:
        return
    words = [*before.words, *last.words]
    if words[len(before.words)].at - before.words[-1].end > PAUSE:
        return
    places = [
        at
        for at in range(1, len(words))
        if _parts_here(words[at - 1], words[at])
        and _line_end(words[:at]) is not None
        and _line_end(words[at:]) is not None
    ]
    at = _balanced(words, places)
    if at is not None:
        before.words, last.words = words[:at], words[at:]


def _parts_here(left: CaptionWord, right: CaptionWord) -> bool:
    return left.text[-1:].isspace() or may_break(left.text[-1:] or " ", right.text[:1] or " ")


def _width(words: Sequence[CaptionWord]) -> int:
    return columns("".join(word.text for word in words).rstrip())


def _spaced(word: CaptionWord) -> CaptionWord:
    return word if word.text.endswith(" ") else replace(word, text=word.text + " ")


def _parts(text: str, at: float, end: float) -> list[CaptionWord]:
    """Return a word's text as one, or as several with a share of its time each where it is too wide for that."""
    pieces = [text] if columns(text) <= _WIDE else list(_divided(text))
    total = sum(map(columns, pieces)) or 1
    parts: list[CaptionWord] = []
    start, done = at, 0
    for piece in pieces:
        done += columns(piece)
        until = at + (end - at) * done / total
        parts.append(CaptionWord(piece, start, until))
        start = until
    return parts


def _divided(text: str) -> Iterator[str]:
    begin = width = 0
    for index in range(1, len(text)):
        left, right = text[index - 1], text[index]
        width += columns(left)
        spaced = left == " " and right != " "
        full = width >= LINE_WIDTH - 2 and not joined(left, right)
        if full or (width >= _LEAST_PART and (spaced or may_break(left, right))):
            yield text[begin:index]
            begin, width = index, 0
    yield text[begin:]
