"""The head's wandering: each axis glides to new targets at its own log-normal intervals and trembles slightly."""

from __future__ import annotations

from math import inf, sqrt
from random import Random

from avatar_bridge.core.motion.life.chance import Drift, between, sign
from avatar_bridge.core.motion.life.curves import Glide
from avatar_bridge.core.motion.life.happening import Happening
from avatar_bridge.core.motion.life.temper import Habits, Temper

__all__ = ["Head"]

_SPREAD = 1.2
"""Standard deviation of a target: easing and waiting take the rest down to a root mean square of about 1."""
_LIMIT = 2.1 * _SPREAD
_ROLL_WITH_YAW = -0.25
_PITCH_WITH_YAW = -0.1


class _Axis:
    """One axis: where it wanders, in units of the state's root mean square, and by how many degrees."""

    def __init__(self, random: Random, habits: Habits, temper: Temper, degrees: float, at: float) -> None:
        self.random = random
        self.glide = Glide()
        self.gain = Glide(degrees)
        self.drift = Drift(Random(random.random()), habits.micro_sigma, habits.micro_tau, at)
        self.due = at + between(random, temper.retarget) * random.random()

    def retarget(self, temper: Temper, swing: float) -> float:
        """Go to a new target at `due`; return how many degrees that takes."""
        at = self.due
        fresh = self.random.gauss(0.0, _SPREAD) * sqrt(1.0 - swing * swing)
        goal = min(max(fresh - swing * self.glide.goal, -_LIMIT), _LIMIT)
        step = abs(goal - self.glide.value(at)) * self.gain.goal
        seconds = self.random.uniform(*temper.travel)
        self.glide.move(at, goal, seconds)
        self.due = at + max(between(self.random, temper.retarget), seconds)
        return step

    def value(self, at: float, loudness: float) -> float:
        """Return the wandering in degrees."""
        return (self.glide.value(at) * self.gain.value(at)) * loudness + self.drift.value(at)


class Head:
    """Where the head wants to be, before its own inertia: yaw, pitch and roll in degrees from rest."""

    def __init__(self, seeds: tuple[Random, Random, Random, Random], habits: Habits, temper: Temper, at: float) -> None:
        self._habits = habits
        self._temper = temper
        self._random = seeds[3]
        self._axes = tuple(
            _Axis(seed, habits, temper, degrees, at) for seed, degrees in zip(seeds[:3], temper.noise, strict=True)
        )
        self._swing = habits.swing
        self._loudness = Glide(1.0)
        self._pose = (Glide(), Glide(), Glide())
        self._follow = (Glide(), Glide())
        self._side = sign(self._random)
        self._pose_due = inf
        self._schedule()

    def _schedule(self) -> None:
        self.due = min(self._pose_due, *(axis.due for axis in self._axes))

    def enter(self, temper: Temper, at: float, *, speaking: bool) -> None:
        """Take up another state within its blend: the size of the wandering, and the pose."""
        self._temper = temper
        self._swing = self._habits.swing_speaking if speaking else self._habits.swing
        self._loudness.move(at, 1.0, temper.blend)
        for axis, degrees in zip(self._axes, temper.noise, strict=True):
            axis.gain.move(at, degrees, temper.blend)
            axis.due = min(axis.due, at + between(axis.random, temper.retarget))
        self._side = sign(self._random)
        self._take_pose(at, max(temper.blend, 0.5))
        self._schedule()

    def _take_pose(self, at: float, seconds: float, share: float = 1.0) -> None:
        yaw, pitch, roll = (share * degrees for degrees in self._temper.pose)
        for glide, goal in zip(self._pose, (self._side * yaw, pitch, self._side * roll), strict=True):
            glide.move(at, goal * self._random.uniform(0.8, 1.15), seconds)
        self._pose_due = at + between(self._random, self._habits.pose_gap) if roll else inf

    def shift_pose(self, at: float) -> None:
        """Take the state's pose anew, to either side."""
        self._side = -self._side if self._random.random() < 0.7 else self._side
        self._take_pose(at, self._random.uniform(0.8, 1.4))
        self._schedule()

    def follow(self, at: float, yaw: float, pitch: float, *, away: bool) -> None:
        """Follow a gaze shift by these degrees, a little after the eyes; a pose to a side goes along."""
        seconds = self._random.uniform(0.45, 0.8)
        self._follow[0].move(at, yaw, seconds, wait=0.08)
        self._follow[1].move(at, pitch, seconds, wait=0.08)
        if self._temper.pose_viewer == 1.0:
            return
        if yaw:
            self._side = 1.0 if yaw > 0.0 else -1.0
        self._take_pose(at, seconds, 1.0 if away else self._temper.pose_viewer)
        self._schedule()

    def settle(self, at: float, loudness: float) -> None:
        """Scale the wandering in the course of two seconds."""
        self._loudness.move(at, loudness, 2.0)

    def fire(self) -> list[Happening]:
        """Send the axis that is due to a new target, or lean to another side."""
        if self._pose_due <= self.due:
            self.shift_pose(self._pose_due)
            return []
        axis = min(self._axes, key=lambda each: each.due)
        at = axis.due
        step = axis.retarget(self._temper, self._swing)
        self._schedule()
        return [Happening("turn", at, size=step)] if axis is self._axes[0] else []

    def value(self, at: float, gain: float, life: float) -> tuple[float, float, float]:
        """Return yaw, pitch and roll; `gain` scales the wandering, `life` all of it."""
        loudness = self._loudness.value(at) * gain
        yaw_axis, pitch_axis, roll_axis = self._axes
        wander = yaw_axis.value(at, loudness)
        yaw = wander + self._pose[0].value(at) + self._follow[0].value(at)
        pitch = pitch_axis.value(at, loudness) + self._pose[1].value(at) + self._follow[1].value(at)
        roll = roll_axis.value(at, loudness) + self._pose[2].value(at)
        return (
            life * yaw,
            life * (pitch + _PITCH_WITH_YAW * abs(wander)),
            life * (roll + _ROLL_WITH_YAW * wander),
        )
