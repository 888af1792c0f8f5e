"""Beats on accents, nods at the ends of phrases and nods of a listener: short strokes of the head."""

from __future__ import annotations

from random import Random

from avatar_bridge.core.motion.life.chance import Deck, sign
from avatar_bridge.core.motion.life.curves import Track
from avatar_bridge.core.motion.life.temper import Habits

__all__ = ["Beats"]

_FASTEST = 0.16
"""Seconds that a stroke takes when it comes late."""
_LATEST = 0.2
"""A beat whose apex would come later than this after its vowel is left out."""
_BRAKE = 0.12
"""Part of a stroke by which the head goes past its rest on the way back."""


class Beats:
    """Strokes of the head in degrees from where it would be."""

    def __init__(self, random: Random, habits: Habits, at: float) -> None:
        self._random = random
        self._habits = habits
        self._accents = Deck(random)
        self._nods = Deck(random)
        self._replies = Deck(random)
        self._apex = at - 10.0
        self._reply = at - habits.backchannel_gap
        self.pitch = Track()
        self.roll = Track()

    def accent(self, at: float, strength: float, now: float) -> float | None:
        """Mark an accent or not; return the time of the beat's apex if it is marked."""
        habits = self._habits
        random = self._random
        size = random.uniform(*habits.beat_size)
        tilt = sign(random) * random.uniform(0.15, 0.45) * size
        back = random.uniform(0.38, 0.52)
        apex = max(at + habits.beat_late + random.uniform(-0.03, 0.03), now + _FASTEST)
        late = apex > at + _LATEST
        if not self._accents.draw(habits.beat_share * (0.6 + 0.4 * strength)) or late:
            return None
        if apex - self._apex < habits.beat_gap:
            return None
        self._stroke(max(apex - habits.beat_down, now), apex, back, -size * (0.6 + 0.4 * strength), tilt)
        return apex

    def _stroke(self, start: float, apex: float, back: float, size: float, tilt: float) -> None:
        self._apex = apex
        rest = apex + back
        self.pitch.add((start, 0.0), (apex, size), (rest, -_BRAKE * size), (rest + 0.3, 0.0))
        if tilt:
            self.roll.add((start, 0.0), (apex + 0.03, tilt), (rest + 0.15, 0.0))

    def phrase_end(self, at: float, strength: float, now: float) -> None:
        """Nod on the last syllable of a phrase, or not."""
        habits = self._habits
        random = self._random
        size = habits.nod_size * random.uniform(0.75, 1.1)
        seconds = habits.nod_duration * random.uniform(0.9, 1.1)
        apex = max(at, now + 0.25)
        if not self._nods.draw(habits.nod_share * min(strength, 1.0)) or apex > at + 0.3:
            return
        if apex - self._apex < 0.5:
            return
        self._stroke(max(apex - 0.45 * seconds, now), apex, 0.55 * seconds, -size, 0.0)

    def pause(self, at: float) -> tuple[float, bool] | None:
        """Answer a speaker's pause with a nod, or not; return when it begins and whether the face joins in."""
        habits = self._habits
        random = self._random
        start = at + random.uniform(0.2, 0.7)
        small = random.random() < 0.6
        double = random.random() < 0.25
        face = random.random() < 0.15
        size = random.uniform(3.5, 6.0) if small else random.uniform(6.5, 10.0)
        if start - self._reply < habits.backchannel_gap or not self._replies.draw(habits.backchannel_share):
            return None
        self._reply = start
        down = random.uniform(0.34, 0.42) if small else random.uniform(0.4, 0.48)
        self._stroke(start, start + down, down * 1.15, -size, 0.0)
        if double:
            again = start + 2.0 * down
            self._stroke(again, again + 0.85 * down, down, -0.55 * size, 0.0)
        return start, face

    def tilt(self, at: float) -> None:
        """Lay the head on one side for a while."""
        size = sign(self._random) * self._random.uniform(5.0, 8.0)
        hold = at + self._random.uniform(1.6, 3.2)
        self.roll.add((at, 0.0), (at + 0.8, size), (hold, size * 0.95), (hold + 0.9, -0.1 * size), (hold + 1.4, 0.0))

    def stop(self, at: float) -> None:
        """Forget strokes that have not begun."""
        self.pitch.clear_after(at)
        self.roll.clear_after(at)

    def prune(self, at: float) -> None:
        """Forget what has ended."""
        self.pitch.prune(at)
        self.roll.prune(at)
