"""How the show is: the body of GET /v1/state, and the same told to pages as it changes."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import version
from itertools import takewhile
from typing import Any, Final

from avatar_bridge.assembly import Bridge, Cast, choose_voice
from avatar_bridge.core.mind.cost import Spent
from avatar_bridge.core.timeline.timeline import HeardText, PlacedSegment, Timeline
from avatar_bridge.core.vocabulary import Diagnostic, Samples
from avatar_bridge.errors import ProtocolError
from avatar_bridge.ports import Page
from avatar_bridge.stage.body import Body, Fired
from avatar_bridge.web.audience import Seat, WebAudience
from avatar_bridge.web.games import WebGames
from avatar_bridge.wire import page as wire
from avatar_bridge.wire.page_reports import PageReport, SoundState, read

__all__ = ["VERSION", "ShowState"]

VERSION: Final = version("avatar-bridge")
"""Of this package."""

_BEATS: Final = 6
"""Frames between two looks: ten a second."""

_CALM: Final = 10
"""Looks between two messages in which only counters have changed."""

_NOTES: Final = 50
_REMEMBERED: Final = 500

_COUNTERS = frozenset({"heard", "sent_frames", "dropped_frames", "latency_ms", "fps", "draw_ms"})
"""What changes all the time."""


@dataclass(slots=True)
class _Said:
    """What a page said of itself last."""

    sound: str = ""
    ready: bool = False
    fps: float | None = None
    draw_ms: float | None = None
    problems: list[dict[str, str]] = field(default_factory=list)


class ShowState:
    """Watches a bridge and its pages; a follower and an attendant."""

    def __init__(self, bridge: Bridge, audience: WebAudience, notes: tuple[Diagnostic, ...] = ()) -> None:
        self._bridge = bridge
        self._audience = audience
        self._own = list(notes)
        self._said: dict[int, _Said] = {}
        self._notes: deque[Diagnostic] = deque(maxlen=_NOTES)
        self._known: dict[Diagnostic, None] = {}
        self._fired: dict[str, Fired] = {}
        self._voice = choose_voice(bridge.settings.voice)[0]
        self._told: dict[str, Any] = {}
        self._quiet = 0
        self.cast = Cast(bridge)
        """All characters; what is told of the others is what went wrong with them."""
        self.games: WebGames | None = None
        """The games, where there are any."""
        self.told: Callable[[Diagnostic], None] | None = None
        """Called with each note once, as it arises."""

    def note(self, diagnostic: Diagnostic) -> None:
        """Add something that the user should know."""
        self._own = [*self._own[-_NOTES:], diagnostic]

    def snapshot(self) -> dict[str, Any]:
        """Return the state as GET /v1/state gives it."""
        self._gather()
        bridge = self._bridge
        return {
            "version": VERSION,
            "utterance": self._utterance(),
            "doing": bridge.stage.doing,
            "targets": [_target(body) for body in bridge.stage.bodies],
            "pages": [self._page(seat) for seat in self._audience.pages],
            "notes": [{"message": note.message, "suggestion": note.suggestion} for note in self._notes],
            "map": {
                "name": bridge.motion_map.name,
                "path": bridge.motion_map.source,
                "actions": len(bridge.motion_map.actions),
            },
            "voice": self._voice,
            "speaker": bridge.settings.sound.speaker,
            "spent": {"last": _spent(bridge.ledger.last), "session": _spent(bridge.ledger.session)},
        }

    async def run(self) -> None:
        """Tell the pages that ask for the state what has changed, ten times a second at most, until cancelled."""
        stage = self._bridge.stage
        while True:
            await stage.frames(_BEATS)
            self.publish()

    def publish(self) -> None:
        """Tell what is new, where anybody listens."""
        listeners = self._audience.count("state")
        self._tell_fired(quietly=not listeners)
        if not listeners:
            self._gather()
            return
        snapshot = self.snapshot()
        self._quiet += 1
        if snapshot == self._told:
            return
        if self._quiet < _CALM and _without_counters(snapshot) == _without_counters(self._told):
            return
        self._told, self._quiet = snapshot, 0
        self._audience.tell("state", wire.state(snapshot))

    def began(self, number: int, timeline: Timeline) -> None:
        """Nothing is to be done: an action that was told is known by itself."""

    def grew(self, timeline: Timeline, placed: PlacedSegment | None, samples: Samples, rate: int) -> None:
        """Nothing is shown of it here."""

    def ended(self, heard: HeardText) -> None:
        """Tell the last actions before they are forgotten."""
        del heard
        self._tell_fired(quietly=not self._audience.count("state"))

    def joined(self, page: Page) -> None:
        """Show a new page how things are."""
        self._said[page.id] = _Said()
        if "state" in page.streams:
            page.tell(wire.state(self.snapshot()))

    def left(self, page: Page) -> None:
        """Forget a page."""
        self._said.pop(page.id, None)

    def received(self, page: Page, message: Mapping[str, Any]) -> None:
        """Take what a page says of itself."""
        said = self._said.get(page.id)
        if said is None or message["type"] not in ("sound", "report"):
            return
        try:
            told = read(message)
        except ProtocolError as error:
            self.note(Diagnostic(f"page {page.id} reports what cannot be read: {error}"))
            return
        if isinstance(told, SoundState):
            said.sound = told.state
        elif isinstance(told, PageReport):
            said.ready, said.fps, said.draw_ms = told.ready, told.fps, told.draw_ms
            said.problems = [{"message": each.message, "suggestion": each.suggestion or ""} for each in told.problems]

    def _utterance(self) -> dict[str, Any] | None:
        stage = self._bridge.stage
        timeline, heard = stage.timeline, stage.heard()
        if timeline is None or heard is None:
            return None
        return {
            "number": stage.utterance,
            "heard": round(heard, 3),
            "duration": round(timeline.duration, 4),
            "closed": timeline.closed,
            "timing": timeline.timing,
        }

    def _page(self, seat: Seat) -> dict[str, Any]:
        said = self._said.get(seat.id) or _Said()
        return {
            "id": seat.id,
            "kind": seat.kind,
            "name": seat.name,
            "streams": sorted(seat.streams),
            "sound": said.sound,
            "has_sound": getattr(self._bridge.stage.speaker, "page_id", None) == seat.id,
            "ready": said.ready,
            "fps": said.fps,
            "draw_ms": said.draw_ms,
            "problems": said.problems,
        }

    def _gather(self) -> None:
        """Take up every diagnostic that was not seen before, and tell it."""
        for note in self._diagnostics():
            known = note in self._known
            # what is told still is remembered longest, or it would be new again after `_REMEMBERED` others
            self._known.pop(note, None)
            self._known[note] = None
            if known:
                continue
            if len(self._known) > _REMEMBERED:
                del self._known[next(iter(self._known))]
            self._notes.append(note)
            self._audience.tell("state", wire.note(note.message, suggestion=note.suggestion))
            if self.told is not None:
                self.told(note)

    def _diagnostics(self) -> Iterator[Diagnostic]:
        yield from self._own
        yield from self._audience.notes
        if self.games is not None:
            yield from self.games.notes
        for bridge in self.cast:
            for note in _troubles(bridge):
                yield replace(note, message=f"{bridge.character}: {note.message}") if bridge.character else note

    def _tell_fired(self, *, quietly: bool) -> None:
        number = self._bridge.utterance
        for body in self._bridge.stage.bodies:
            if not body.fired:
                continue
            seen = self._fired.get(body.driver.name)
            new = [*takewhile(lambda fired, seen=seen: fired is not seen, reversed(body.fired))]  # type: ignore[misc]
            self._fired[body.driver.name] = body.fired[-1]
            for fired in () if quietly else reversed(new):
                self._audience.tell(
                    "state",
                    wire.fired(
                        number,
                        driver=fired.driver,
                        action=fired.action,
                        written=fired.written,
                        due=fired.due,
                        late_ms=fired.late_ms,
                        native=fired.native,
                    ),
                )


def _troubles(bridge: Bridge) -> Iterator[Diagnostic]:
    """Yield what went otherwise than asked with one character, the latest of each kind."""
    yield from bridge.notes[-_NOTES:]
    yield from bridge.troubles[-_NOTES:]
    if bridge.stage.timeline is not None:
        yield from bridge.stage.timeline.diagnostics[-_NOTES:]
    for body in bridge.stage.bodies:
        yield from body.diagnostics[-_NOTES:]


def _spent(spent: Spent) -> dict[str, float]:
    return {key: round(value, 6) for key, value in asdict(spent).items()}


def _target(body: Body) -> dict[str, Any]:
    told = {"name": body.driver.name, "sent_frames": 0, "dropped_frames": 0, "lead": 0.0, "diagnostics": []}
    told |= {"status": "failed", "detail": "", "latency_ms": None}
    with body.contained():
        state = body.driver.state
        told |= {
            "status": state.status,
            "detail": state.detail,
            "latency_ms": _rounded(state.latency_ms),
            "sent_frames": state.sent_frames,
            "dropped_frames": state.dropped_frames,
            "lead": _rounded(body.driver.lead) or 0.0,
            "diagnostics": [{"message": each.message, "suggestion": each.suggestion} for each in state.diagnostics],
        }
    if body.failure is not None:
        told |= {"status": "failed", "detail": f"{body.failure.message}: {body.failure.suggestion}"}
    return told


def _rounded(value: float | None) -> float | None:
    """Return a number as it is shown; None for one that JSON has no word for."""
    return round(value, 4) if value is not None and math.isfinite(value) else None


def _without_counters(state: Any) -> Any:
    if isinstance(state, dict):
        return {key: _without_counters(value) for key, value in state.items() if key not in _COUNTERS}
    if isinstance(state, list):
        return [_without_counters(each) for each in state]
    return state
