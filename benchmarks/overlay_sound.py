"""Sound against picture: what a sound card really played beside what the overlay really showed meanwhile.

The card is a private PulseAudio null sink. Its monitor is recorded with the sound server's account of time; the page's
trace has each frame's mouth, words and pose on the bridge's clock. Neither knows of the other: each stretch of the
utterance is looked for in both. The avatar is the drawn face, because WebGL in software shows too few frames to judge.
"""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from avatar_bridge.commands.bench import Figure

__all__ = ["Stage", "Take", "measure", "missing", "rehearse", "staged"]

RATE = 48000
TEXT = (
    "Please remember, we have to [nod]begin before the others come, and it may be a problem for them. "
    "My [nod]brother put the paper bag upon the table, while Bob [nod]mopped up the purple paint. "
    "The members of the [nod]big museum bought a pump for about a million pounds. "
    "Maybe it [nod]became possible because many people hoped and helped, in spite of a [nod]bumpy map. "
)
STILL = '[motion]\nmap = "any_vts_model"\nliveliness = 0.0\n'
"""Without life of its own only gestures and the mouth move."""
SETTLED = 4.0
"""Seconds until the sound server's account of time can be trusted."""
_GAP = 0.005
"""Seconds of silence within speech from which on the sound card ran dry."""
_LOUD = 0.004
"""Sample value from which on something is heard."""
_SMALLEST = {"width": 240, "height": 320}
"""A page that costs little to draw: the browser shall have time for the sound."""
NAIVE = """
window.__naive = { context: null, starts: [], rows: [], silent: 0 };
{
  const naive = window.__naive, { start, stop } = AudioBufferSourceNode.prototype;
  AudioBufferSourceNode.prototype.start = function (when, ...more) {
    naive.context = this.context;
    naive.starts.push(when);
    return start.call(this, when, ...more);
  };
  AudioBufferSourceNode.prototype.stop = function (when, ...more) {
    naive.silent = performance.timeOrigin + performance.now() + 1000 * Math.max(0, when - this.context.currentTime);
    return stop.call(this, when, ...more);
  };
  const look = () => {
    if (naive.context) naive.rows.push([performance.now(), naive.context.currentTime, naive.context.outputLatency]);
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}
"""
"""Watches what a page without our clock would go by: `currentTime`, which runs ahead of what is heard.

And when the page lets go of the sound, its fade included: what is heard later, the sound card had already."""


def _part(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"overlay_{name}", Path(__file__).with_name(f"{name}.py"))
    if spec is None or spec.loader is None:
        raise ImportError(name)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


_browser, _sink, _ear = _part("_chromium"), _part("_null_sink"), _part("_pulse_ear")
_show, _lag = _part("_overlay_show"), _part("_overlay_lag")


@dataclass(frozen=True, slots=True)
class Take:
    """One utterance, recorded and traced. Times are `perf_counter` seconds; arrays have one entry a stretch."""

    starts: np.ndarray
    """Where each stretch begins in the utterance, seconds."""
    heard: np.ndarray
    """When its sound was heard; NaN where it was not found."""
    shown: np.ndarray
    """When its mouth was shown; NaN where the mouth hardly moves."""
    naive: np.ndarray
    """When a page that goes by `currentTime` would have shown it."""
    words: np.ndarray
    """By how many seconds each word was marked later than it was heard."""
    strokes: np.ndarray
    """By how many seconds each nod was lowest later than its word was heard."""
    steady: np.ndarray
    """Whether the sound had no gap there; a busy machine's sound card runs dry, and little can be said then."""
    held_ms: float
    """What the sound card holds, as the browser tells."""

    @property
    def lag_ms(self) -> np.ndarray:
        """By how many milliseconds the mouth was later than its sound."""
        lag = (self.shown - self.heard) * 1000
        return lag[np.isfinite(lag) & self.steady]

    @property
    def naive_ms(self) -> np.ndarray:
        """The same without the page's clock."""
        lag = (self.naive - self.heard) * 1000
        return lag[np.isfinite(lag) & self.steady]


def missing() -> str:
    """Return why this cannot be measured here, "" where it can."""
    return _browser.missing() or _sink.missing()


@dataclass(frozen=True, slots=True)
class Stage:
    """A served bridge, a page that plays, and a listener at its sound card."""

    served: Any
    tab: Any
    visit: Any
    ear: Any
    notes: list[dict[str, Any]]
    """What the bridge tells of its own state."""

    @property
    def held_ms(self) -> float:
        """What the sound card holds now, as the browser tells."""
        return 1000 * float(self.tab.evaluate("__naive.rows.at(-1)[2]"))

    def until(self, expression: str, seconds: float = 60) -> Any:
        """Wait for something in the page."""
        return _browser.until(self.tab, expression, seconds)

    def over(self, utterance: int) -> None:
        """Wait until an utterance has ended, and take over what the page was told."""
        self.until(f"__visit.ended >= {utterance}", 180)
        self.tab.wait_for_timeout(300)
        self.visit.fetch(self.tab)


@contextmanager
def staged(voice: str = "piper", more: str = STILL) -> Iterator[Stage]:
    """Yield a stage that is ready and whose listener knows the time."""
    with (
        _sink.NullSink(),
        _ear.PulseEar() as ear,
        _show.served(voice, more) as served,
        served.overheard("state") as notes,
        _browser.chromium() as browser,
    ):
        visit = _show.Visit()
        tab = browser.new_page(viewport=_SMALLEST)
        tab.add_init_script(NAIVE)
        visit.watch(tab)
        tab.goto(served.overlay(avatar="svg"))
        stage = Stage(served, tab, visit, ear, notes)
        stage.until("avatarBridge.state().ready && avatarBridge.state().hasSound")
        tab.wait_for_timeout(SETTLED * 1000)
        ear.forget()
        yield stage


def rehearse(stage: Stage, text: str = TEXT) -> Take:
    """Perform a text and return when each part of it was heard and shown."""
    tab, visit = stage.tab, stage.visit
    tab.evaluate("avatarBridge.trace(true); __naive.starts.length = 0; __naive.rows.length = 0; 0")
    utterance = stage.served.call("POST", "/v1/perform", {"text": text})["utterance"]
    stage.over(utterance)
    rows = [row for row in tab.evaluate("avatarBridge.trace()") if row["utterance"] == utterance]
    tab.evaluate("avatarBridge.trace(false); 0")
    at = np.array([row["bridge"] for row in rows])
    said = visit.said(utterance)
    sound, times = stage.ear.recording()
    starts = np.arange(0.0, len(said) / RATE - _lag.WINDOW, 0.25)
    near = _reached(rows, starts)
    heard = _lag.heard_times(sound, times, said, starts, near)
    if not np.isfinite(heard).any():
        raise ValueError("nothing of the utterance is in the recording")
    mouth = np.array([row["mouth_open"] for row in rows])
    shown = _lag.shown_times(at, mouth, visit.mouth(utterance), starts, heard)
    steady = _steady(heard - starts)
    late = _Lateness(starts, heard, steady)
    return Take(
        starts=starts,
        heard=heard,
        shown=shown,
        naive=_naive(tab.evaluate("[__naive.starts, __naive.rows]"), rows, starts),
        words=late.of(_marked(rows, visit.words(utterance))),
        strokes=late.of(_nods(rows, visit, utterance)),
        steady=steady,
        held_ms=stage.held_ms,
    )


@dataclass(frozen=True, slots=True)
class _Lateness:
    """How late moments of an utterance were shown, by when its stretches were heard."""

    starts: np.ndarray
    heard: np.ndarray
    steady: np.ndarray

    def of(self, shown: Iterable[tuple[float, float]]) -> np.ndarray:
        """Return seconds of lateness of (when shown, where in the utterance), but where the sound had a gap."""
        found = np.isfinite(self.heard)
        zeros = (self.heard - self.starts)[found]
        return np.array(
            [
                when - moment - float(np.interp(moment, self.starts[found], zeros))
                for when, moment in shown
                if self.steady[np.abs(self.starts - moment).argmin()]
            ]
        )


def _steady(zeros: np.ndarray) -> np.ndarray:
    """Return which stretches, and those beside them, say alike when the utterance began."""
    alike = np.abs(np.diff(zeros)) < _GAP
    return np.concatenate([[True], alike]) & np.concatenate([alike, [True]]) & np.isfinite(zeros)


def _reached(rows: list[dict[str, Any]], moments: np.ndarray) -> np.ndarray:
    """Return when the page's playhead first reached moments of the utterance."""
    at, playhead = np.array([(row["bridge"], row["playhead"] or -1.0) for row in rows]).T
    ran = np.maximum.accumulate(playhead)
    return at[np.clip(np.searchsorted(ran, moments), 0, len(at) - 1)]


def _naive(watched: Any, rows: list[dict[str, Any]], starts: np.ndarray) -> np.ndarray:
    """Return when `currentTime` reached each stretch."""
    begins, looks = watched
    page, context = np.array(looks)[:, :2].T
    bridge = page / 1000 + float(np.median([row["bridge"] - row["t"] / 1000 for row in rows]))
    return np.interp(begins[0] + starts, context, bridge)


def _marked(rows: list[dict[str, Any]], words: list[dict[str, Any]]) -> Iterator[tuple[float, float]]:
    """Yield for each word when the subtitles marked it first, and where in the utterance it is."""
    seen = [(row["bridge"], _plain(row["current"])) for row in rows]
    turns = [now for before, now in zip([(0.0, ""), *seen], seen, strict=False) if now[1] and now[1] != before[1]]
    spoken = [_plain(word["text"]) for word in words]
    blocks = SequenceMatcher(None, [text for _, text in turns], spoken, autojunk=False).get_matching_blocks()
    for block in blocks:
        for k in range(block.size):
            yield turns[block.a + k][0], words[block.b + k]["at"]


def _plain(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def _nods(rows: list[dict[str, Any]], visit: Any, utterance: int) -> Iterator[tuple[float, float]]:
    """Yield for each nod when the head was lowest, and where in the utterance its word is."""
    at, pitch = np.array([(row["bridge"], row["head_pitch"]) for row in rows]).T
    for cue in visit.of("cues", utterance)[-1]["cues"]:
        reached = float(_reached(rows, np.array([cue["at"]]))[0])
        inside = np.flatnonzero(np.abs(at - reached) < 0.3)
        if cue["start"] < 0 or len(inside) < 3:
            continue
        low = int(np.clip(inside[np.argmin(pitch[inside])], 1, len(at) - 2))
        bend = np.polyfit(at[low - 1 : low + 2] - at[low], pitch[low - 1 : low + 2], 2)
        yield at[low] - (bend[1] / (2 * bend[0]) if bend[0] > 1e-9 else 0.0), cue["at"]


@dataclass(frozen=True, slots=True)
class _Hush:
    """One interrupt: milliseconds from its call."""

    page: float
    """Until the page gives out silence, its fade included."""
    heard: float
    """Until the last sound is heard."""
    held: float
    """What the sound card held then, as the browser tells."""


def _interrupts(stage: Stage, count: int) -> list[_Hush]:
    """Interrupt speech at random moments."""
    rng = np.random.default_rng(1)
    found = []
    for _ in range(count):
        stage.ear.forget()
        stage.served.call("POST", "/v1/perform", {"text": TEXT})
        stage.until("avatarBridge.heard() > 0.6")
        stage.tab.wait_for_timeout(300 + 700 * rng.random())
        held = stage.held_ms
        wall, asked = time.time(), time.perf_counter()
        stage.served.call("POST", "/v1/interrupt")
        stage.tab.wait_for_timeout(700)
        sound, times = stage.ear.recording()
        last = max(times[np.abs(sound) > _LOUD].max(initial=asked), asked)
        found.append(_Hush(stage.tab.evaluate("__naive.silent") - 1000 * wall, 1000 * (last - asked), held))
    return found


def measure(quick: bool) -> Iterable[Figure]:
    """Yield the figures, each beside what a page without our clock would reach, or what the card itself holds."""
    if reason := missing():
        yield Figure("overlay: sound against picture", 0.0, "", note=reason)
        return
    with staged() as stage:
        takes = [rehearse(stage) for _ in range(1 if quick else 5)]
        yield from _lags(takes)
        hushes = _interrupts(stage, 5 if quick else 30)
        yield from _first(stage.notes, [*(take.held_ms for take in takes), *(each.held for each in hushes)])
        yield from _silences(hushes)


def _silences(hushes: list[_Hush]) -> Iterator[Figure]:
    held = np.array([each.held for each in hushes])
    ways = {
        "interrupt to silence in the page": np.array([each.page for each in hushes]),
        "interrupt to silence in the recording": np.array([each.heard for each in hushes]),
    }
    beside = "what the sound card already holds, which nobody can take back"
    note = _show.busy()
    for name, late in ways.items():
        for percent in (50, 95):
            value, card = (float(np.percentile(each, percent)) for each in (late, held))
            yield Figure(f"{name}, p{percent} of {len(late)}", value, "ms", "<= 80", value <= 80, card, beside, note)


def _lags(takes: list[Take]) -> Iterator[Figure]:
    lag, naive = (np.concatenate(parts) for parts in ([t.lag_ms for t in takes], [t.naive_ms for t in takes]))
    words, strokes = (np.concatenate(p) * 1000 for p in ([t.words for t in takes], [t.strokes for t in takes]))
    if not (len(lag) and len(words) and len(strokes)):
        yield Figure(
            "mouth against recorded sound", 0.0, "ms", note="the sound card ran dry throughout: a busy machine"
        )
        return
    dry = 100 - 100 * float(np.mean(np.concatenate([take.steady for take in takes])))
    for percent in (50, 95):
        value = float(np.percentile(np.abs(lag), percent))
        yield Figure(
            f"mouth against recorded sound, |lag| p{percent} of {len(lag)} stretches",
            value,
            "ms",
            "<= 20" if percent == 95 else "",
            value <= 20 if percent == 95 else None,
            float(np.percentile(np.abs(naive), percent)),
            "a page that goes by currentTime",
            f"median {np.median(lag):+.1f} ms, late is +; the sound card ran dry in {dry:.0f} % of the stretches",
        )
    for name, values, most in (("word marked", words, 50.0), ("nod lowest", strokes, 1000 / 60 + 10)):
        value = float(np.percentile(np.abs(values), 95))
        yield Figure(
            f"{name} against its recorded word, |lag| p95 of {len(values)}",
            value,
            "ms",
            f"<= {most:.0f}",
            value <= most,
            float(np.percentile(np.abs(naive), 95)),
            "a page that goes by currentTime",
            f"median {np.median(values):+.1f} ms",
        )


def _first(notes: list[dict[str, Any]], held_ms: list[float]) -> Iterator[Figure]:
    """Yield from the voice's first audio to the first sound, with and without what the sound card holds back."""
    told = [each for each in notes if each["type"] == "latency" and "first_voice" in each]
    if not told:
        return
    heard = np.array([each["total"] - each["script"] - each["first_voice"] for each in told])
    card = float(np.median(held_ms))
    for percent in (50, 95):
        value = float(np.percentile(heard, percent)) - card
        yield Figure(
            f"voice's first audio to the first sound that leaves the page, p{percent} of {len(told)}",
            value,
            "ms",
            "<= 30" if percent == 50 else "",
            value <= 30 if percent == 50 else None,
            value + card,
            "until it is heard",
            "the sound card's own latency, as the browser tells it, is the difference",
        )
