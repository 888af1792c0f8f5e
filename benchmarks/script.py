"""Reading tagged text: speed beside a plain scanner that knows nothing but `[tags]`, and whether cuts show.

The corpus is 1 MB of replies in several languages with about one tag in 100 characters, every dialect among them.
"""

from __future__ import annotations

import importlib
import random
import re
import time
from collections.abc import Callable, Iterable, Iterator

from avatar_bridge.commands.bench import Figure
from avatar_bridge.core.script.parser import Parser
from avatar_bridge.core.vocabulary import ScriptEvent, Text

_NAMES = ("wave", "nod", "smile", "happy", "sad", "think", "look left", "bow", "giggle", "joy")
_SENTENCES = (
    "I'm so happy that you came to see the show today.",
    "Let me think about that for a moment, because it is not as easy as it looks.",
    "The meeting starts at 10:30 on 4 May, and Dr. Smith brings the 2.5 kg of apples.",
    "Honestly, I never expected to win the match against such a strong team!",
    "Would you rather go to the beach, or shall we stay at home and play games?",
    "There's a small café near the station where they make wonderful pancakes.",
    "今日は来てくれて本当にありがとう。",
    "ちょっと考えさせてくださいね、すぐに答えますから。",
    "我今天非常高兴能够见到大家。",
    "오늘 와 주셔서 정말 고마워요.",
    "¿Qué te parece si empezamos con una canción?",
    "Das ist wirklich eine schöne Überraschung für uns alle.",
)
_TAGS = (
    *(
        "[wave] ",
        "[nod for=1s] ",
        "[smile 0.8] ",
        "[look left 0.5 2s] ",
        "[pause 0.4] ",
        "[bow] ",
        "[think] ",
        "[happy] ",
    )
    * 4,
    *("【wave】", "[face:joy] ", "*waves happily* ", '<face name="sad"/>', '<break time="500ms"/> ', "🎉 ", "👍🏽 "),
    *(
        '<|ACT {"emotion":"happy"}|>',
        "<|DELAY 1|> ",
        "<think>what to say [wave]</think>",
        "[waev] ",
        "array[0] is **so** nice. ",
    ),
    *(
        "See https://www.example.org/a?b=1. ",
        "\n- one thing\n",
        "\n\n# Title\n",
        "`x = a[i]` ",
        "[docs](https://example.org) ",
    ),
)
_PLAIN_TAG = re.compile(r"\[([a-z ]+)[^\]]*\]")


def _corpus(length: int) -> str:
    chance = random.Random(7)
    parts: list[str] = []
    size = 0
    while size < length:
        part = chance.choice(_TAGS) if chance.random() < 0.45 else chance.choice(_SENTENCES) + " "
        parts.append(part)
        size += len(part)
    return "".join(parts)[:length]


class _PlainScanner:
    """The reference: finds `[name …]` incrementally, and nothing else."""

    def __init__(self) -> None:
        self._held = ""
        self.found: list[tuple[str, str]] = []

    def feed(self, text: str) -> None:
        held = self._held + text
        start = 0
        for tag in _PLAIN_TAG.finditer(held):
            self.found.append(("text", held[start : tag.start()]))
            self.found.append(("tag", tag[1]))
            start = tag.end()
        opened = held.find("[", start)
        end = len(held) if opened < 0 or len(held) - opened > 200 else opened
        if end > start:
            self.found.append(("text", held[start:end]))
        self._held = held[end:]


def _pieces(text: str, size: int) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]


def _best(action: Callable[[], object], times: int) -> float:
    best = float("inf")
    for _ in range(times):
        start = time.perf_counter()
        action()
        best = min(best, time.perf_counter() - start)
    return best


def _parse(pieces: Iterable[str], *, drain: bool = False, names: tuple[str, ...] | None = _NAMES) -> list[ScriptEvent]:
    parser = Parser(names=names)
    feed, events = parser.feed, parser.events
    found: list[ScriptEvent] = []
    if drain:
        for piece in pieces:
            feed(piece)
            found += events()
    else:
        for piece in pieces:
            feed(piece)
    parser.close()
    return found + events()


def _scan(pieces: Iterable[str]) -> None:
    scanner = _PlainScanner()
    for piece in pieces:
        scanner.feed(piece)


def _merged(events: Iterable[ScriptEvent]) -> list[ScriptEvent]:
    """Return the events with what is said and shown between two others as one text."""
    merged: list[ScriptEvent] = []
    run: list[Text] = []
    for event in events:
        if isinstance(event, Text):
            run.append(event)
            continue
        _close(run, merged)
        merged.append(event)
    _close(run, merged)
    return merged


def _close(run: list[Text], merged: list[ScriptEvent]) -> None:
    if run:
        spoken, shown = "".join(each.spoken for each in run), "".join(each.shown for each in run)
        merged.append(Text(run[0].at, spoken, run[0].shown_at, shown))
        run.clear()


def _perform(pieces: Iterable[str]) -> int:
    """Read token by token, cut into segments after each token; return the number of segments."""
    segmenter = importlib.import_module("avatar_bridge.core.script.segmenter").Segmenter()
    parser = Parser(names=_NAMES)
    count = 0
    for piece in pieces:
        parser.feed(piece)
        for event in parser.events():
            segmenter.feed(event)
        count += len(segmenter.segments())
    parser.close()
    for event in parser.events():
        segmenter.feed(event)
    segmenter.close()
    return count + len(segmenter.segments())


def _speed(text: str, times: int) -> Iterator[Figure]:
    pieces = _pieces(text, 4)
    millions = len(text) / 1e6
    plain = millions / _best(lambda: _scan(pieces), times)
    fed = millions / _best(lambda: _parse(pieces), times)
    drained = millions / _best(lambda: _parse(pieces, drain=True), times)
    unit, name = "M chars/s", "plain [tag] scanner"
    yield Figure("parser, 4-character chunks", fed, unit, ">= 2", fed >= 2, plain, name)
    yield Figure("parser, drained after every chunk", drained, unit, "", None, plain, name)
    whole = millions / _best(lambda: _parse([text]), times)
    yield Figure(
        "parser, the whole text at once", whole, unit, "", None, millions / _best(lambda: _scan([text]), 1), name
    )
    scanned = 1 / plain
    each = 1 / (millions / _best(lambda: _perform(pieces), times))
    yield Figure("parser and segmenter, token by token", each, "us/char", "<= 2", each <= 2, scanned, name)


def _cuts(text: str, short: str, samples: int) -> Iterator[Figure]:
    chance = random.Random(11)
    whole = _merged(_parse([text]))
    cuts = sorted(chance.sample(range(1, len(text)), samples))
    wrong = sum(_merged(_parse([text[:cut], text[cut:]], drain=True)) != whole for cut in cuts)
    strides = (1, 2, 3, 4, 7, 64)[: max(2, samples // 4)]
    wrong += sum(_merged(_parse(_pieces(text, size), drain=True)) != whole for size in strides)
    note = f"{samples} cuts and strides {strides} of {len(text)} characters"
    yield Figure("results that differ by the cut, long text", wrong, "", "0", wrong == 0, note=note)
    whole = _merged(_parse([short]))
    every = range(1, len(short))
    wrong = sum(_merged(_parse([short[:cut], short[cut:]], drain=True)) != whole for cut in every)
    note = f"every cut of {len(short)} characters"
    yield Figure("results that differ by the cut, short text", wrong, "", "0", wrong == 0, note=note)


def _hostile(length: int) -> Iterator[Figure]:
    for mark in ("[", "<think>", "*", "【", "[a"):
        text = mark * (length // len(mark))
        quarter = _best(lambda text=text: _parse([text[: len(text) // 4]]), 1)  # type: ignore[misc]
        taken = _best(lambda text=text: _parse([text]), 1)  # type: ignore[misc]
        note = f"{4 * quarter:.3g} s is four times a quarter of it"
        yield Figure(f"{length / 1e6:g} MB of {mark!r} at once", taken, "s", note=note)
    text = "[" * (length // 10)
    taken = _best(lambda: _parse(text, drain=True), 1)
    yield Figure(f"{length / 1e7:g} MB of '[' by the character", taken, "s")


def measure(quick: bool) -> Iterable[Figure]:
    """Yield speed, cut-independence and behaviour on hostile text."""
    text = _corpus(200_000 if quick else 1_000_000)
    yield from _speed(text, 2 if quick else 5)
    yield from _cuts(text, _corpus(800 if quick else 4000), 4 if quick else 24)
    yield from _hostile(1_000_000 if quick else 10_000_000)
