"""Cutting a token stream for the voice: how early, how well, and whether the audio ever runs dry.

A reply arrives 0.2 s after the request at 50 tokens/s (4 letters a token, or 1 and 2 ideographs or syllables in turn);
each piece takes 0.3 s to synthesise, one after another; it is played at 15 letters or 7.5 ideographs a second. A bad
cut is a cut at a place that the corpus does not mark. A gap is playback that runs dry between two pieces.
"""

from __future__ import annotations

import importlib
import json
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from avatar_bridge.commands.bench import Figure
from avatar_bridge.core.script.segmenter import Segmenter
from avatar_bridge.core.vocabulary import Text

_CORPORA = Path(__file__).parent / "corpora"
CORPORA = ("a", "a_long", "b", "c")
_FIRST_TOKEN = 0.2
_INTERVAL = 1 / 50
_SYNTHESIS = 0.3
_WIDE = re.compile("[\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff00-\uffef]")
_SCRAP = 0.4

Token = tuple[float, str]
Piece = tuple[float, str]
Cutter = Callable[[list[Token]], list[Piece]]


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply, its language, and the counts of visible characters before each place where it may be cut."""

    language: str
    text: str
    places: frozenset[int]


def _replies(name: str) -> list[Reply]:
    replies = []
    for line in (_CORPORA / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        seen, places = 0, {0}
        for char in row["marked"]:
            if char == "|":
                places.add(seen)
            elif not char.isspace():
                seen += 1
        replies.append(Reply(row["language"], row["marked"].replace("|", ""), frozenset(places)))
    return replies


def _tokens(reply: Reply, interval: float = _INTERVAL) -> list[Token]:
    wide = reply.language in {"ja", "zh", "ko"}
    tokens: list[Token] = []
    at = 0
    while at < len(reply.text):
        size = 1 + len(tokens) % 2 if wide else 4
        tokens.append((_FIRST_TOKEN + len(tokens) * interval, reply.text[at : at + size]))
        at += size
    return tokens


def _spoken_seconds(text: str, rate: float = 15.0) -> float:
    return (len(text) + len(_WIDE.findall(text))) / rate


class _Playback:
    """Audio on its way: pieces are synthesised one after another and played in order."""

    def __init__(self, rate: float = 15.0) -> None:
        self._rate = rate
        self.done = self.end = 0.0
        self.start: float | None = None
        self.gaps = 0
        self._spans: list[tuple[float, float]] = []

    def add(self, at: float, text: str) -> None:
        self.done = max(self.done, at) + _SYNTHESIS
        begin = max(self.done, self.end)
        if self.start is None:
            self.start = begin
        elif begin > self.end + 1e-9:
            self.gaps += 1
        self.end = begin + _spoken_seconds(text, self._rate)
        self._spans.append((begin, self.end))

    def unheard(self, now: float) -> float:
        return sum(end - max(begin, now) for begin, end in self._spans if end > now)


def _segmenter(tokens: list[Token], rate: float = 15.0) -> list[Piece]:
    segmenter, playback, pieces = Segmenter(), _Playback(rate), []

    def drain(now: float) -> None:
        for segment in segmenter.segments():
            if segment.text:
                pieces.append((now, segment.text))
                playback.add(now, segment.text)

    at = 0
    for now, token in tokens:
        segmenter.hear(playback.unheard(now))
        drain(now)
        segmenter.feed(Text(at, token, at, token))
        at += len(token)
        drain(now)
    segmenter.close()
    drain(tokens[-1][0] + _INTERVAL)
    return pieces


_SENTENCE = re.compile(r"(?<=[.!?。！？…])\s+|(?<=[。！？])|\n+")


def _regex(tokens: list[Token]) -> list[Piece]:
    pieces, held = [], ""
    for now, token in tokens:
        held += token
        *whole, held = _SENTENCE.split(held)
        pieces += [(now, piece) for piece in whole if piece.strip()]
    return [*pieces, (tokens[-1][0] + _INTERVAL, held)] if held.strip() else pieces


def _stream2sentence() -> Cutter | None:
    try:
        package: Any = importlib.import_module("stream2sentence")
    except ImportError:
        return None

    def cut(tokens: list[Token]) -> list[Piece]:
        now = 0.0

        def words() -> Iterator[str]:
            nonlocal now
            for at, token in tokens:
                now = at
                yield token
            now += _INTERVAL

        made = package.generate_sentences(words(), quick_yield_single_sentence_fragment=True)
        return [(now, piece) for piece in made]

    return cut


def _gaps(replies: list[Reply], rate: float, interval: float) -> float:
    """Count the gaps with a voice and a stream that the segmenter's defaults do not know."""
    gaps = 0
    for reply in replies:
        playback = _Playback(rate)
        for at, text in _segmenter(_tokens(reply, interval), rate):
            playback.add(at, text)
        gaps += playback.gaps
    return float(gaps)


@dataclass(frozen=True, slots=True)
class Score:
    """What a cutter did to a corpus."""

    firsts: list[float]
    audio: list[float]
    bad: int
    gaps: int
    shortest: float
    scraps: int
    pieces: int


def _score(cutter: Cutter, replies: list[Reply]) -> Score:
    firsts, audio, later = [], [], []
    bad = gaps = pieces = 0
    for reply in replies:
        playback, seen = _Playback(), 0
        made = cutter(_tokens(reply))
        for index, (at, text) in enumerate(made):
            bad += seen not in reply.places
            seen += sum(not char.isspace() for char in text)
            playback.add(at, text)
            if index:
                later.append(_spoken_seconds(text))
        pieces += len(made)
        gaps += playback.gaps
        firsts.append(made[0][0] - _FIRST_TOKEN)
        audio.append(playback.start or 0.0)
    scraps = sum(seconds < _SCRAP for seconds in later)
    return Score(firsts, audio, bad, gaps, min(later, default=0.0), scraps, pieces)


def _cost(cutter: Callable[[list[Token]], object], streams: list[list[Token]], rounds: int) -> float:
    best = float("inf")
    for _ in range(rounds):
        begin = time.process_time()
        for tokens in streams:
            cutter(tokens)
        best = min(best, time.process_time() - begin)
    return best / sum(len(token) for tokens in streams for _, token in tokens) * 1e6


def _feed_alone(streams: list[list[Token]]) -> Callable[[list[Token]], object]:
    events = {id(tokens): [Text(0, token, 0, token) for _, token in tokens] for tokens in streams}

    def run(tokens: list[Token]) -> None:
        segmenter = Segmenter()
        for event in events[id(tokens)]:
            segmenter.feed(event)
            segmenter.segments()
        segmenter.close()

    return run


def _figures(name: str, ours: Score, peer: Score | None, plain: Score) -> Iterator[Figure]:
    other = peer or plain
    beside = "stream2sentence" if peer else "regex (stream2sentence is not installed)"

    def figure(what: str, unit: str, value: Callable[[Score], float], target: float | None, note: str = "") -> Figure:
        mine = value(ours)
        remark = f"regex {value(plain):.3g}" + (f"; {note}" if note else "")
        asked = "" if target is None else f"<= {target:g}"
        reached = None if target is None else mine <= target + 1e-9
        return Figure(f"{name}: {what}", mine, unit, asked, reached, value(other), beside, remark)

    yield figure("first piece p50 after the first token", "s", lambda s: median(s.firsts), 0.15)
    yield figure("first piece p90", "s", lambda s: quantiles(s.firsts, n=10)[8], None)
    yield figure("first piece max", "s", lambda s: max(s.firsts), 0.25)
    yield figure("first audio p50 after the request", "s", lambda s: median(s.audio), 0.62)
    yield figure("bad cuts", "cuts", lambda s: float(s.bad), 0, f"of {ours.pieces} pieces")
    yield figure("gaps", "gaps", lambda s: float(s.gaps), 0)
    yield figure("shortest later piece", "s", lambda s: s.shortest, None, f"{ours.scraps} under {_SCRAP} s")


def measure(quick: bool, corpora: Sequence[str] = CORPORA) -> Iterable[Figure]:
    """Yield the figures of the corpora, then the cost a character token by token.

    Whoever tunes gives `corpora=("a", "a_long")`, so that `b` and `c` stay unseen.
    """
    peer = _stream2sentence()
    everything: list[Reply] = []
    for name in corpora:
        replies = _replies(name)
        everything += replies
        scores = [_score(cutter, replies) if cutter else None for cutter in (_segmenter, peer, _regex)]
        ours, theirs, plain = scores
        if ours is not None and plain is not None:
            yield from _figures(f"corpus {name}", ours, theirs, plain)
    yield Figure("gaps with a voice a third faster than assumed", _gaps(everything, 20.0, _INTERVAL), "gaps")
    yield Figure("gaps at 25 tokens/s", _gaps(everything, 15.0, 1 / 25), "gaps")
    streams = [_tokens(reply) for reply in everything]
    rounds = 3 if quick else 15
    mine = _cost(_feed_alone(streams), streams, rounds)
    regex = _cost(_regex, streams, rounds)
    other = _cost(peer, streams, 1) if peer else None
    note = f"regex {regex:.2f}; together with the parser at most 2: see the benchmark `script`"
    yield Figure("segmenter, token by token", mine, "us/char", "", None, other, "stream2sentence", note)
