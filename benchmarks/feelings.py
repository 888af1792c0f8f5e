"""Feelings without tags: how often a sentence is told right, and what it costs.

`tune` and `held` are by the hand that wrote the rules and say little; `check` are sentences of another corpus,
labelled before the first run (40 of 57 right then) and tuned on since; `blind` were labelled after the last change.
VADER tells good from bad in English alone: happy and relaxed count as good, sad and angry as bad, surprised not at all.
"""

from __future__ import annotations

import importlib
import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from avatar_bridge.commands.bench import Figure
from avatar_bridge.core.script.feelings import FEELINGS, feeling

_CORPUS = Path(__file__).parent / "corpora" / "feelings.jsonl"
_VALENCE = {"happy": "good", "relaxed": "good", "sad": "bad", "angry": "bad", "neutral": "neither"}


@dataclass(frozen=True, slots=True)
class Row:
    """A labelled sentence."""

    language: str
    text: str
    label: str
    split: str


def measure(quick: bool) -> Iterator[Figure]:
    """Yield accuracy and macro F1 of each split, English valence beside VADER, and the cost of a sentence."""
    rows = [Row(**json.loads(line)) for line in _CORPUS.read_text(encoding="utf-8").splitlines()]
    for split in ("tune", "held", "check", "blind"):
        part = [row for row in rows if row.split == split]
        usual, count = Counter(row.label for row in part).most_common(1)[0]
        told = [(row.label, feeling(row.text)) for row in part]
        yield Figure(
            f"{split}: right of {len(part)} sentences",
            _accuracy(told) * 100,
            "%",
            reference=count / len(part) * 100,
            reference_name=f"always {usual}",
        )
        always = [(row.label, usual) for row in part]
        yield Figure(f"{split}: macro F1", _f1(told), "", reference=_f1(always), reference_name=f"always {usual}")
    unseen = [row for row in rows if row.split in ("held", "blind")]
    for language in sorted({row.language for row in unseen}):
        part = [row for row in unseen if row.language == language]
        told = [(row.label, feeling(row.text)) for row in part]
        yield Figure(f"held and blind, {language}: right of {len(part)}", _accuracy(told) * 100, "%")
    yield from _beside_vader([row for row in unseen if row.language == "en" and row.label != "surprised"])
    yield _cost([row.text for row in rows], 3 if quick else 20)


def _accuracy(told: Sequence[tuple[str, str]]) -> float:
    return sum(label == found for label, found in told) / len(told)


def _f1(told: Sequence[tuple[str, str]]) -> float:
    """Return the mean F1 over the labels that there are."""
    labels = {label for label, _ in told} & {*FEELINGS, "neutral"}
    scores = []
    for label in labels:
        right = sum(pair == (label, label) for pair in told)
        wrong = sum(label in pair for pair in told) - right
        scores.append(2 * right / (2 * right + wrong))
    return sum(scores) / len(scores)


def _beside_vader(rows: list[Row]) -> Iterable[Figure]:
    vader = _vader()
    ours = [(_VALENCE[row.label], _VALENCE.get(feeling(row.text), "neither")) for row in rows]
    theirs = None if vader is None else _accuracy([(_VALENCE[row.label], vader(row.text)) for row in rows]) * 100
    yield Figure(
        f"held and blind, English: good, bad or neither of {len(rows)}",
        _accuracy(ours) * 100,
        "%",
        reference=theirs,
        reference_name="VADER",
        note="" if vader else "VADER is not installed: pip install vaderSentiment",
    )


def _vader() -> Callable[[str], str] | None:
    try:
        module: Any = importlib.import_module("vaderSentiment.vaderSentiment")
    except ModuleNotFoundError:
        return None
    analyzer = module.SentimentIntensityAnalyzer()

    def told(text: str) -> str:
        compound = analyzer.polarity_scores(text)["compound"]
        # the thresholds of VADER's own documentation
        return "good" if compound >= 0.05 else "bad" if compound <= -0.05 else "neither"

    return told


def _cost(texts: list[str], rounds: int) -> Figure:
    best = min(_seconds(feeling, texts) for _ in range(rounds)) / len(texts) * 1e6
    vader = _vader()
    reference = None if vader is None else min(_seconds(vader, texts) for _ in range(3)) / len(texts) * 1e6
    return Figure("cost of a sentence", best, "us", reference=reference, reference_name="VADER")


def _seconds(tell: Callable[[str], object], texts: list[str]) -> float:
    began = time.perf_counter()
    for text in texts:
        tell(text)
    return time.perf_counter() - began
