"""What goes wrong does not end the show: minutes of speech, hundreds of faults, and very long texts.

The shows run in processes of their own, with Python's development mode on and warnings as errors (`_soak_show.py`).
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from avatar_bridge.commands.bench import Figure
from avatar_bridge.core.motion.motion_map import load_motion_map
from avatar_bridge.core.script.parser import Parser
from avatar_bridge.core.timeline.player import Player
from avatar_bridge.core.timeline.timeline import Timeline, prepare
from avatar_bridge.core.vocabulary import Segment
from avatar_bridge.errors import WorkerError
from avatar_bridge.tts.tone import ToneEngine

SENTENCE = "Banana, [nod]banana and banana, or whatever there may be. "
MAP = """
[actions.nod]
meaning = "nods"
kind = "gesture"
keyframes.head_pitch = [[0, 0], [0.2, -10], [0.4, 0]]
"""
GROWN_MB = 8.0
"""Megabytes by which a process may breathe between two looks."""
_COMPLAINTS = ("Warning", "never retrieved", "never awaited", "unclosed", "Traceback", "Exception ignored")


def measure(quick: bool) -> Iterable[Figure]:
    """Soak, break, and speak for hours; shows run one after another, two of chaos at a time."""
    yield from _soak(20.0 if quick else 120.0)
    yield from _chaos(8 if quick else 104)
    yield from _long(2.0 if quick else 5.0)
    yield from _hours(3_000 if quick else 12_000)


def _start(*arguments: object) -> subprocess.Popen[str]:
    show = str(Path(__file__).with_name("_soak_show.py"))
    return subprocess.Popen(
        [sys.executable, "-X", "dev", "-W", "error", show, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def _end(show: subprocess.Popen[str]) -> tuple[dict[str, Any], list[str]]:
    """Return what a show told, and what Python complained of."""
    out, err = show.communicate()
    if show.returncode:
        raise WorkerError(f"the show ended with exit code {show.returncode}: {err[-1500:]}")
    return json.loads(out), [line for line in err.splitlines() if any(word in line for word in _COMPLAINTS)]


def _none(name: str, found: list[str]) -> Figure:
    note = "; ".join(found[:3])[:400]
    return Figure(name, len(found), "", target="= 0", reached=not found, note=note)


def _at_most(name: str, value: float, unit: str, limit: float, note: str = "") -> Figure:
    return Figure(name, value, unit, target=f"<= {limit:g}", reached=value <= limit, note=note)


def _soak(seconds: float) -> Iterator[Figure]:
    told, complaints = _end(_start("soak", seconds))
    counts = told["counts"]
    first, last = counts[0], counts[-1]
    yield Figure("soak: performances, with interrupts, replacements, actions and states", told["performed"], "")
    yield _none("soak: what went wrong", told["wrong"])
    yield _none("soak: warnings and errors nobody took", complaints)
    for key in ("tasks", "threads", "files", "children"):
        yield _at_most(f"soak: {key} at the end, over those at a quarter", last[key] - first[key], "", 0)
    later = counts[len(counts) // 2]
    yield _at_most(
        "soak: memory in the second half of the time",
        last["memory_mb"] - later["memory_mb"],
        "MB",
        GROWN_MB / 4,
        f"{first['memory_mb']:.0f} to {last['memory_mb']:.0f} MB in all, with Python's memory traced",
    )
    note = "; ".join(line.rpartition("/")[2] for line in told["top"][:3])
    yield _at_most("soak: the same, Python objects", last["traced_mb"] - later["traced_mb"], "MB", 0.5, note)
    yield _interrupts("soak", told["calls_ms"])


def _interrupts(where: str, calls: list[float]) -> Figure:
    worst = max(calls, default=0.0)
    return _at_most(f"{where}: the slowest of {len(calls)} interrupts", worst, "ms", 10.0)


def _chaos(count: int) -> Iterator[Figure]:
    shows = [_start("chaos", count, seed) for seed in (1, 2)]
    ended = [_end(show) for show in shows]
    faults: dict[str, int] = {}
    for told, _ in ended:
        for kind, number in told["faults"].items():
            faults[kind] = faults.get(kind, 0) + number
    returns = [took for told, _ in ended for took in told["returns"]]
    counted = ", ".join(f"{number} {kind}" for kind, number in sorted(faults.items()))
    yield Figure("chaos: faults during speech", sum(faults.values()), "", note=counted)
    yield _none("chaos: what went wrong", [text for told, _ in ended for text in told["wrong"]])
    yield _none("chaos: warnings and errors nobody took", [line for _, lines in ended for line in lines])
    yield _at_most(
        f"chaos: the target is driven again after its return, slowest of {len(returns)}",
        max(returns, default=0.0),
        "s",
        2.0,
        f"median {np.median(returns):.2f} s" if returns else "",
    )
    yield _interrupts("chaos", [call for told, _ in ended for call in told["calls_ms"]])


def _long(seconds: float) -> Iterator[Figure]:
    told, complaints = _end(_start("long", seconds))
    for kind, seen in told["long"].items():
        yield _at_most(f"{kind}: the interrupt", seen["call_ms"], "ms", 10.0)
        yield _at_most(f"{kind}: from the interrupt to the end of perform", seen["ended_ms"], "ms", 10.0)
        yield _at_most(f"{kind}: memory", seen["mb"], "MB", 200.0)
        yield Figure(f"{kind}: longest time between two frames, {seconds:g} s", seen["beat_ms"], "ms")
    yield _none("long texts: warnings and errors nobody took", complaints)


def _hours(sentences: int) -> Iterator[Figure]:
    """Time the pure part over one utterance, and over one four times as long."""
    short, long = _utterance(sentences // 4), _utterance(sentences)
    words = sentences * len(SENTENCE.split())
    for name, value in long.items():
        ratio = value / max(short[name], 1e-9)
        yield Figure(
            f"{words} words in one utterance: {name}",
            value,
            "ms",
            target="<= 6 times that of a quarter" if value > 1.0 else "<= 1",
            reached=value <= 1.0 or ratio <= 6.0,
            reference=short[name],
            reference_name="a quarter of the words",
        )


def _utterance(sentences: int) -> dict[str, float]:
    motion_map = load_motion_map(MAP, source="soak.toml")
    spoken = next(iter(ToneEngine(speed=4.0).speak(SENTENCE.replace("[nod]", ""))))
    text = SENTENCE.replace("[nod]", "")
    prepared = prepare(text, spoken)
    parser, timeline = Parser(names=motion_map.names()), Timeline(motion_map)
    player = Player(timeline)
    taken: dict[str, float] = {}

    def timed(name: str, began: float) -> None:
        taken[name] = taken.get(name, 0.0) + 1000 * (time.perf_counter() - began)

    for index in range(sentences):
        began = time.perf_counter()
        parser.feed(SENTENCE)
        for event in parser.events():
            timeline.feed(event)
        timeline.place(Segment(index, text, index * len(text), 0.0, final=False), prepared)
        timed("placing it", began)
        began = time.perf_counter()
        player.advance(timeline.duration - 1.0)
        player.next_due()
        timed("playing it, a look a sentence", began)
    began = time.perf_counter()
    timeline.close()
    player.advance(timeline.duration)
    timed("placing it", began)
    for name, ask in (
        ("what was heard", lambda: timeline.heard(timeline.duration - 2.0)),
        ("the mouth at a moment", lambda: timeline.mouth_at(timeline.duration - 2.0)),
        ("the speech so far, asked again", lambda: timeline.speech),
        ("a subtitle offset", lambda: timeline.shown_offset(len(text) * sentences // 2)),
    ):
        began = time.perf_counter()
        ask()
        timed(name, began)
    return taken
