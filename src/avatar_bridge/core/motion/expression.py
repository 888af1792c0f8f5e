"""An expression under way: a pose that comes, is held alive and goes."""

from __future__ import annotations

import math
from random import Random

from avatar_bridge.core.motion.action import Action
from avatar_bridge.core.motion.keyframes import smoothstep

__all__ = ["LINGER", "STAGGER", "WOBBLE", "Expression"]

WOBBLE = (0.05, 0.08)
"""The range of a held pose's slow wandering, as a share of it (facts/life.md section 4: apex must wobble)."""

STAGGER = 0.06
"""The greatest delay in seconds of one part of the face behind another (facts/life.md section 4: 30 to 80 ms)."""

LINGER = (4.0, 8.0)
"""The range of seconds that a released expression stays at its `linger` share."""

_GONE = 1.5
_ASYMMETRY = (0.025, 0.05)
_FIRST = frozenset({"brow_left", "brow_right", "eye_wide", "surprised"})
_LIDS = frozenset({"blink_left", "blink_right"})


class Expression:
    """One hold of an action's pose; stage time in, values out."""

    __slots__ = (
        "_begin",
        "_fades",
        "_full_at",
        "_linger",
        "_parts",
        "_phases",
        "_rates",
        "_released",
        "_wobble",
        "action",
        "cue",
        "mute",
    )

    def __init__(
        self,
        action: Action,
        *,
        begin: float,
        random: Random,
        strength: float = 1.0,
        duration: float | None = None,
        cue: int | None = None,
    ) -> None:
        """Start to show the pose at `begin`, at `strength` 0..1 of it, for `duration` seconds or until released."""
        self.action = action
        self.cue = cue
        self._begin = begin
        self._wobble = random.uniform(*WOBBLE)
        self._rates = (random.uniform(1.1, 1.7), random.uniform(2.3, 3.3))
        self._phases = (random.uniform(0.0, math.tau), random.uniform(0.0, math.tau))
        self._linger = random.uniform(*LINGER)
        lean = random.choice((-1.0, 1.0)) * random.uniform(*_ASYMMETRY)
        share = strength * action.weight
        stagger = min(STAGGER, 0.25 * action.fade_in)
        parts: list[tuple[str, float, float]] = []
        for name, value in action.channels.items():
            side = lean if name.endswith("_left") else -lean if name.endswith("_right") else 0.0
            delay = 0.0 if name in _FIRST else random.uniform(0.3, 1.0) * stagger
            parts.append((name, value * share * (1.0 + side), delay))
        self._parts = tuple(parts)
        self._full_at = begin + action.fade_in + stagger
        self._released = math.inf
        self._fades: tuple[tuple[float, float], ...] = ()
        self.mute = False
        if duration is not None:
            self.release(begin + max(duration, action.fade_in))

    @property
    def begins(self) -> float:
        """Stage time at which it starts to show."""
        return self._begin

    @property
    def released(self) -> float:
        """Stage time at which the hold ends; infinite while nobody has asked."""
        return min([self._released, *(at for at, _ in self._fades)])

    @property
    def ends(self) -> float:
        """Stage time from which nothing of it is left."""
        lingering = self._linger + _GONE if self.action.linger > 0 else 0.0
        end = self._released + self.action.fade_out + lingering
        return min([end, *(at + seconds for at, seconds in self._fades)])

    def release(self, at: float) -> None:
        """Let go at `at`, but not before it was held for its minimum; an earlier release stands."""
        self._released = min(self._released, max(at, self._begin + self.action.minimum_hold))

    def leave(self, at: float, seconds: float) -> None:
        """Go altogether from `at` on within `seconds`: for a successor, or because everything stops."""
        if at + seconds < self.ends:
            self._fades = (*self._fades, (at, seconds))

    def _hold(self, now: float) -> float:
        share = 1.0
        if now > self._full_at:
            since = now - self._full_at
            first, second = self._rates
            wave = math.sin(first * since + self._phases[0]) + 0.5 * math.sin(second * since + self._phases[1])
            share += self._wobble * wave * smoothstep(since) / 1.5
        if now > self._released:
            since = now - self._released
            left = self.action.linger
            share *= 1.0 - (1.0 - left) * smoothstep(since / max(self.action.fade_out, 1e-3))
            if left > 0:
                share *= 1.0 - smoothstep((since - self.action.fade_out - self._linger) / _GONE)
        for at, seconds in self._fades:
            if now > at:
                share *= 1.0 - smoothstep((now - at) / max(seconds, 1e-3))
        return share

    def add_to(self, values: dict[str, float], now: float, mouth: float) -> None:
        """Add its offsets at `now` to `values`; mouth_open is scaled by `mouth`."""
        if now < self._begin:
            return
        share = self._hold(now)
        coming = now < self._full_at
        fade = max(self.action.fade_in, 1e-3)
        for name, value, delay in self._parts:
            shown = value * share
            if coming:
                shown *= smoothstep((now - self._begin - delay) / fade)
            if name in _LIDS:
                if shown > values[name]:
                    values[name] = shown
                continue
            if name == "mouth_open":
                shown *= 0.0 if self.mute else mouth
            values[name] = values.get(name, 0.0) + shown
