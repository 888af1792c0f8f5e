"""When a place that is good for a cut is taken: by the length of the piece and by the audio that is still unheard."""

from __future__ import annotations

from avatar_bridge.core.script.joints import Joint

__all__ = ["LONGEST", "Pacing"]

LONGEST = 240
"""Weight (letters) at which a piece is cut at the best place there is; twice that, it is cut at any place."""

_Least = tuple[tuple[Joint, float], ...]
"""The joints that end a piece, best first, each with the least weight of the piece."""

_FIRST: _Least = ((Joint.SENTENCE, 8.0), (Joint.CLAUSE, 8.0), (Joint.CLAUSE_OPENER, 12.0), (Joint.PHRASE, 15.0))
_Caps = tuple[tuple[float, float, Joint], ...]
"""From which length on which place is good enough: (length, least length of the piece, worst place)."""
_ALPHABETIC: _Caps = (
    (18.0, 10.0, Joint.WEAK),
    (24.0, 9.0, Joint.WORD),
    (34.0, 6.0, Joint.WEAK),
    (37.0, 9.0, Joint.PLAIN),
    (40.0, 8.0, Joint.INNER),
    (42.0, 8.0, Joint.BOUND),
    (46.0, 8.0, Joint.LAST),
)
_SYLLABIC: _Caps = (
    (12.0, 8.0, Joint.WEAK),
    (16.0, 7.0, Joint.WORD),
    (20.0, 5.0, Joint.WEAK),
    (24.0, 8.0, Joint.PLAIN),
    (26.0, 8.0, Joint.BOUND),
    (28.0, 8.0, Joint.LAST),
)
_IDEOGRAPHIC: _Caps = (
    (14.0, 8.0, Joint.WEAK),
    (18.0, 8.0, Joint.WORD),
    (26.0, 6.0, Joint.WORD),
    (30.0, 8.0, Joint.PLAIN),
    (33.0, 8.0, Joint.INNER),
    (35.0, 8.0, Joint.BOUND),
    (36.0, 8.0, Joint.LAST),
)
_DENSE = 0.75
"""How much sooner the first piece ends in scripts that come in tokens of one or two characters."""
_BEST_FIRST = tuple(sorted((joint for joint in Joint if joint >= Joint.LAST), reverse=True))
_SCANT: _Least = ((Joint.SENTENCE, 10.0), (Joint.CLAUSE, 10.0), (Joint.CLAUSE_OPENER, 14.0), (Joint.PHRASE, 18.0))
_URGENT: _Least = ((Joint.SENTENCE, 15.0), (Joint.CLAUSE, 18.0), (Joint.CLAUSE_OPENER, 30.0), (Joint.PHRASE, 40.0))
_STEADY: _Least = ((Joint.SENTENCE, 22.0), (Joint.CLAUSE, 100.0))
_SCARCE = 0.45
_DRY = 0.6
_LOW = 0.9
_AMPLE = 2.5
_TAIL = 10.0
"""Weight that must follow a place before a later piece ends there, so that no scrap is left."""
_CLAUSE = Joint.CLAUSE
_SENTENCE = Joint.SENTENCE
_NOWHERE: tuple[tuple[int, float] | None, ...] = (None,) * (max(Joint) + 1)


class Pacing:
    """The places passed since the last cut, the latest of each kind, and the choice among them.

    A place is (offset, cumulative weight). Policy: the first piece ends at the first clause that is no scrap, or at a
    good joint; a later one at a clause when the audio runs low, else at the end of a sentence, with more sentences in
    a piece the more audio is unheard.
    """

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self.reserve = 0.0
        """Seconds of audio that is on its way and unheard."""
        self.start = 0.0
        """Cumulative weight at which the present piece starts."""
        self.alarm = 0.0
        """Cumulative weight before which no choice can change unless a place is offered or the reserve changes."""
        self._first = True
        self._dense = 1.0
        self._caps = _ALPHABETIC
        self._latest = list(_NOWHERE)

    @property
    def is_dry(self) -> bool:
        """Whether the audio is about to run out."""
        return self.reserve < _DRY

    @property
    def is_first(self) -> bool:
        """Whether the piece that is growing is the first."""
        return self._first

    def seconds(self, weight: float) -> float:
        """Return how long a text of `weight` takes to say."""
        return weight / self.rate

    def thicken(self, *, syllabic: bool) -> None:
        """Say that the text is written in ideographs or syllables: the first piece ends sooner."""
        if self._dense == 1.0:
            self._dense = _DENSE
            self._caps = _SYLLABIC if syllabic else _IDEOGRAPHIC
            self.alarm = self.start

    def is_late(self, weight: float) -> bool:
        """Return whether the first piece is overdue at the cumulative `weight`."""
        return self._first and weight - self.start >= self._caps[-3][0]

    def offer(self, joint: Joint, at: int, weight: float) -> bool:
        """Remember a place where a cut would be as good as `joint`; True when it may change the choice."""
        self._latest[joint] = (at, weight)
        return joint >= _CLAUSE or self._first or self.reserve < _LOW

    def cut(self, at: int, weight: float) -> None:
        """Start the next piece at offset `at`; places up to there are forgotten, later ones stay."""
        self.reserve += self.seconds(weight - self.start)
        self._first = False
        self.start = weight
        self._latest = [place if place is not None and place[0] > at else None for place in self._latest]

    def choice(self, weight: float) -> tuple[int, float] | None:
        """Return the place to cut now that the text up to the cumulative `weight` has been read."""
        if self._first:
            return self._first_choice(weight)
        length = weight - self.start
        self.alarm = self.start + LONGEST
        tail = 0.0 if self.is_dry else _TAIL
        for joint, least in self._least():
            place = self._latest[joint]
            if place is None or place[1] - self.start < least:
                continue
            if weight - place[1] >= tail:
                return place
            self.alarm = min(self.alarm, place[1] + tail)
        if length < LONGEST:
            return None
        self.alarm = weight
        return self._best(Joint.PLAIN if length >= LONGEST * 1.1 else Joint.PHRASE, LONGEST * 0.2)

    def _least(self) -> _Least:
        if self.reserve < _SCARCE:
            return _SCANT
        if self.reserve < _LOW:
            return _URGENT
        if self.reserve < _AMPLE:
            return _STEADY
        return ((_SENTENCE, min(1.2 * self.reserve * self.rate, LONGEST * 0.8)),)

    def _first_choice(self, weight: float) -> tuple[int, float] | None:
        for joint, least in _FIRST:
            place = self._latest[joint]
            if place is not None and place[1] - self.start >= least * self._dense:
                return place
        length = weight - self.start
        for cap, least, worst in self._caps:
            if length < cap:
                self.alarm = self.start + cap
                return None
            if place := self._best(worst, least):
                return place
        self.alarm = weight
        return self._latest[_SENTENCE]

    def _best(self, worst: Joint, least: float) -> tuple[int, float] | None:
        """Return the best place that is at least `least` from the start and no worse than `worst`."""
        for joint in _BEST_FIRST:
            if joint < worst:
                break
            place = self._latest[joint]
            if place is not None and place[1] - self.start >= least:
                return place
        return None

    def release(self) -> tuple[int, float] | None:
        """Return the end of the last complete clause, however short: the stream stalls and the audio runs dry."""
        return self._latest[_SENTENCE] or self._latest[_CLAUSE]
