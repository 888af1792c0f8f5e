"""Curves in continuous time: eased moves, pulses, springs and a delay; nothing here knows about frames.

All of them are evaluated at a time, so that the result does not depend on how often they are asked.
"""

from __future__ import annotations

import math
from collections import deque

__all__ = ["Delay", "Glide", "Pulse", "Spring", "SpringStep", "Track", "smoothstep"]


def smoothstep(u: float) -> float:
    """Return the ease 3u² - 2u³ for `u` held within 0..1; its peak speed is 1.5, as animators' moves have it."""
    if u <= 0.0:
        return 0.0
    if u >= 1.0:
        return 1.0
    return u * u * (3.0 - 2.0 * u)


class Glide:
    """An eased move from one value to another, holding both ends."""

    __slots__ = ("duration", "goal", "origin", "start")

    def __init__(self, value: float = 0.0) -> None:
        self.start = 0.0
        self.duration = 1.0
        self.origin = value
        self.goal = value

    def move(self, at: float, goal: float, duration: float, wait: float = 0.0) -> None:
        """Go to `goal` in `duration` seconds, starting `wait` after `at` from wherever the glide is at `at`."""
        self.origin = self.value(at)
        self.goal = goal
        self.start = at + wait
        self.duration = max(duration, 1e-3)

    def value(self, at: float) -> float:
        """Return the value at time `at`."""
        u = (at - self.start) / self.duration
        if u >= 1.0:
            return self.goal
        if u <= 0.0:
            return self.origin
        return self.origin + (self.goal - self.origin) * u * u * (3.0 - 2.0 * u)


class Pulse:
    """A keyed excursion from zero back to zero, eased between its keys."""

    __slots__ = ("end", "keys")

    def __init__(self, *keys: tuple[float, float]) -> None:
        self.keys = keys
        """Pairs of absolute time and value, in order, the first and last value being zero."""
        self.end = keys[-1][0]

    def value(self, at: float) -> float:
        """Return the value at time `at`; zero outside the keys."""
        before, held = self.keys[0]
        if at <= before:
            return 0.0
        for time, value in self.keys[1:]:
            if at < time:
                return held + (value - held) * smoothstep((at - before) / (time - before))
            before, held = time, value
        return 0.0


class Track:
    """The sum of pulses on one channel; ended ones are forgotten."""

    __slots__ = ("_pulses",)

    def __init__(self) -> None:
        self._pulses: list[Pulse] = []

    def add(self, *keys: tuple[float, float]) -> None:
        """Add a pulse given by its keys."""
        self._pulses.append(Pulse(*keys))

    def clear_after(self, at: float) -> None:
        """Forget pulses that have not begun at `at`."""
        self._pulses = [pulse for pulse in self._pulses if pulse.keys[0][0] < at]

    def prune(self, at: float) -> None:
        """Forget pulses that ended before `at`."""
        if any(pulse.end < at for pulse in self._pulses):
            self._pulses = [pulse for pulse in self._pulses if pulse.end >= at]

    def value(self, at: float) -> float:
        """Return the sum at time `at`."""
        total = 0.0
        for pulse in self._pulses:
            total += pulse.value(at)
        return total


class SpringStep:
    """The exact transition of an underdamped spring over one time step, for a target that moves in a straight line.

    From x'' = w²(u - x) - 2zw x' with w = 2 pi `frequency` (Hz) and z = `damping` (below 1).
    """

    __slots__ = ("lag", "seconds", "vv", "vx", "xv", "xx")

    def __init__(self, frequency: float, damping: float, seconds: float) -> None:
        omega = 2.0 * math.pi * frequency
        decay = damping * omega
        swing = omega * math.sqrt(1.0 - damping * damping)
        fade = math.exp(-decay * seconds)
        cosine = fade * math.cos(swing * seconds)
        sine = fade * math.sin(swing * seconds) / swing
        self.seconds = seconds
        self.lag = 2.0 * damping / omega
        """Seconds by which the spring trails a target in steady motion."""
        self.xx = cosine + decay * sine
        self.xv = sine
        self.vx = -omega * omega * sine
        self.vv = cosine - decay * sine


class Spring:
    """A damped follower; position and velocity stay continuous whatever the target does."""

    __slots__ = ("target", "velocity", "x")

    def __init__(self, x: float = 0.0) -> None:
        self.x = x
        self.velocity = 0.0
        self.target = x

    def follow(self, target: float, step: SpringStep) -> float:
        """Advance by `step` while the target goes in a straight line to `target`; return the position."""
        slope = (target - self.target) / step.seconds
        trail = step.lag * slope
        gap = self.x - self.target + trail
        speed = self.velocity - slope
        self.x = step.xx * gap + step.xv * speed + target - trail
        self.velocity = step.vx * gap + step.vv * speed + slope
        self.target = target
        return self.x


class Delay:
    """Three values as they were some seconds ago, interpolated between the samples given."""

    __slots__ = ("_samples",)

    def __init__(self) -> None:
        self._samples: deque[tuple[float, float, float, float]] = deque()

    def push(self, at: float, x: float, y: float, z: float) -> None:
        """Remember the values at time `at`; times only go up."""
        self._samples.append((at, x, y, z))

    def at(self, at: float) -> tuple[float, float, float]:
        """Return the values at time `at`, the oldest kept ones if it lies further back; forgets what is older."""
        samples = self._samples
        while len(samples) > 1 and samples[1][0] <= at:
            samples.popleft()
        begin, x, y, z = samples[0]
        if len(samples) == 1 or at <= begin:
            return x, y, z
        end, x1, y1, z1 = samples[1]
        u = (at - begin) / (end - begin)
        return x + (x1 - x) * u, y + (y1 - y) * u, z + (z1 - z) * u
