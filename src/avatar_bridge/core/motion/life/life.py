"""Life: everything the body does by itself, as offsets from rest, mixed under what cues ask for.

Every part draws its events in continuous time from its own random stream and says when its next one is due; they are
worked off in the order of time. What is continuous is evaluated at the time asked for, and springs take exact steps.
So the same seed and the same calls give the same motion, at any frame rate.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, exp, isfinite
from operator import attrgetter
from random import Random
from typing import Protocol

from avatar_bridge.core.motion.life.beats import Beats
from avatar_bridge.core.motion.life.blink import Blink
from avatar_bridge.core.motion.life.breath import Breath
from avatar_bridge.core.motion.life.brows import Brows
from avatar_bridge.core.motion.life.curves import smoothstep
from avatar_bridge.core.motion.life.gaze import SPAN, Gaze
from avatar_bridge.core.motion.life.happening import Happening
from avatar_bridge.core.motion.life.head import Head
from avatar_bridge.core.motion.life.inertia import Inertia, soften
from avatar_bridge.core.motion.life.pastime import Pastime
from avatar_bridge.core.motion.life.posture import Posture
from avatar_bridge.core.motion.life.stance import Stance
from avatar_bridge.core.motion.life.talk import Reaction, Talk
from avatar_bridge.core.motion.life.temper import HABITS, TEMPERS, Temper, calm_habits, calm_tempers
from avatar_bridge.core.motion.rig import clamp
from avatar_bridge.core.vocabulary import State, Stimulus
from avatar_bridge.errors import UsageError

__all__ = ["Life"]

_DUE = attrgetter("due")
_STEP = 1.0 / 45.0
"""Longest step of the springs in seconds: one a frame at 60 Hz, also where a frame comes some milliseconds late."""
_STALL = 0.1
_STALL_RATIO = 4.0
"""A gap of more than 0.1 s and four times the last is a stall: what moved meanwhile is blended in."""
_CATCH_UP = 4.0
"""Seconds that are stepped through after a stall; what lies before is leapt over."""
_SLEEP = 60.0
"""After a longer stall life begins anew."""
_MEND = 0.4
"""Seconds in which a stall's leap is blended away."""
_HUSH_TAU = 0.12
_YAW_LIMIT = 24.0
_PITCH_LIMIT = 20.0
_BREATH_BODY = 0.6
_BREATH_HEAD = -0.3
_BREATH_LIFT = 0.03
_BLINK_DIP = 0.03
_EYE_SMILE = 0.6
_LEAPING = frozenset({"gaze_x", "gaze_y", "blink_left", "blink_right"})
"""Channels that are quick by nature and need no mending."""


def _check(at: float) -> None:
    if not isfinite(at):
        raise UsageError(f"life needs a finite time in seconds, got {at}")


class _Part(Protocol):
    due: float

    def fire(self) -> Sequence[Happening]: ...


class Life:
    """The body's own motion for one character.

    `liveliness` (0..1.5) scales it, `calm` makes it fit for a desk. Channels in `derived` are left out of the frames,
    because the target moves them by itself. Raises UsageError for a liveliness out of range.
    """

    def __init__(
        self, *, seed: int, liveliness: float = 1.0, calm: bool = False, derived: frozenset[str] = frozenset()
    ) -> None:
        if not 0.0 <= liveliness <= 1.5:
            raise UsageError(f"liveliness must lie between 0 and 1.5, got {liveliness}; 1 is the ordinary character")
        self._seed = seed
        self._life = liveliness
        self._derived = derived
        self._tempers = calm_tempers() if calm else TEMPERS
        self._habits = calm_habits() if calm else HABITS
        self._stance = Stance()
        self._talk = Talk()
        self._clock: float | None = None
        self._awakenings = 0
        self._hush = 1.0
        self._hush_goal = 1.0
        self._last: dict[str, float] = {}
        self._leap: dict[str, float] = {}
        self._leap_at = 0.0
        self._frame_at = 0.0
        self._gap = 0.0

    @property
    def state(self) -> State:
        """The state that holds now, talk's hysteresis applied."""
        return self._stance.state

    def enter(self, state: State, at: float) -> None:
        """Ask for `state` from `at` on; a time in the past means now.

        Leaving speech drops the accents and phrase ends known so far that lie after `at`: they will not be spoken.
        """
        _check(at)
        if self._clock is not None:
            at = max(at, self._clock)
        self._stance.request(state, at)
        if state != "speaking":
            self._talk.drop_speech(at)
            if self._clock is not None:
                self._beats.stop(at)
                self._brows.stop(at)

    def notice(self, stimulus: Stimulus) -> None:
        """Take note of a stimulus; its time may lie ahead, and one that comes too late to react to is let go."""
        _check(stimulus.at)
        self._talk.notice(stimulus, self._clock)

    def hush(self, amount: float) -> None:
        """Scale the wandering of head and trunk by `amount` (0..1) from now on, while a gesture has them.

        Raises UsageError for an amount out of range.
        """
        if not 0.0 <= amount <= 1.0:
            raise UsageError(f"life is hushed by an amount from 0 (still) to 1 (free), got {amount}")
        self._hush_goal = amount

    def advance(self, now: float) -> dict[str, float]:
        """Return the offsets from rest at `now`, in the units of the rig's channels.

        `now` is seconds on any monotonic scale, the one of `enter` and `notice`; one that goes back repeats the last
        frame. After a stall the motion is taken up without a leap.
        """
        _check(now)
        if self._clock is None:
            self._awaken(now)
        elif now <= self._clock:
            return dict(self._last)
        elif now - self._clock > _SLEEP:
            self._awaken(now)
        else:
            self._catch_up(self._clock, now)
        values = self._frame(now)
        gap = now - self._frame_at
        if self._last and gap > max(_STALL, _STALL_RATIO * self._gap):
            self._leap = {name: self._last[name] - value for name, value in values.items() if name not in _LEAPING}
            self._leap_at = now
        if self._leap:
            self._mend(now, values)
        self._gap = gap if self._last else 0.0
        self._frame_at = now
        self._last = values
        return dict(values)

    def _mend(self, now: float, values: dict[str, float]) -> None:
        share = 1.0 - smoothstep((now - self._leap_at) / _MEND)
        if share <= 0.0:
            self._leap = {}
        for name, gap in self._leap.items():
            values[name] = clamp(name, values[name] + share * gap)

    def _awaken(self, now: float) -> None:
        self._clock = now
        self._awakenings += 1
        self._stance.begin(now)
        self._talk.begin(now)
        habits, temper = self._habits, self._temper()
        idle = self._stance.state == "idle"
        self._blink = Blink(self._stream("blink"), habits, temper, now)
        self._gaze = Gaze(self._stream("gaze"), habits, temper, now, min(self._life, 1.0))
        axes = (self._stream("yaw"), self._stream("pitch"), self._stream("roll"), self._stream("head"))
        self._head = Head(axes, habits, temper, now)
        self._breath = Breath(self._stream("breath"), temper, now, min(self._life, 1.0))
        self._posture = Posture(self._stream("posture"), habits, temper, now)
        self._brows = Brows(self._stream("brows"), habits, temper, now)
        self._pastime = Pastime(self._stream("pastime"), habits, now, idle=idle)
        self._beats = Beats(self._stream("beats"), habits, now)
        self._whims = self._stream("whims")
        self._inertia = Inertia(habits, temper)
        self._parts: tuple[_Part, ...] = (
            self._stance,
            self._talk,
            self._gaze,
            self._blink,
            self._head,
            self._breath,
            self._posture,
            self._brows,
            self._pastime,
        )
        if not idle:
            self._take_state(now)
        self._step(now, 1e-3)

    def _stream(self, name: str) -> Random:
        return Random(f"{self._seed}/{self._awakenings}/{name}")

    def _temper(self) -> Temper:
        return self._tempers[self._stance.state]

    def _catch_up(self, before: float, now: float) -> None:
        if now - before > _CATCH_UP:
            self._step(now - _CATCH_UP, now - _CATCH_UP - before)
            before = now - _CATCH_UP
        count = ceil((now - before) / _STEP)
        seconds = (now - before) / count
        for index in range(1, count):
            self._step(before + index * seconds, seconds)
        self._step(now, seconds)

    def _step(self, at: float, seconds: float) -> None:
        while True:
            part = min(self._parts, key=_DUE)
            if part.due > at:
                break
            for happening in part.fire():
                self._join(happening)
            if part is self._talk:
                for reaction in self._talk.taken():
                    self._react(reaction)
        self._clock = at
        self._hush += (self._hush_goal - self._hush) * (1.0 - exp(-seconds / _HUSH_TAU))
        life, ahead = self._life, at + self._inertia.lag
        gain = life * self._hush
        trunk = self._posture.value(at)
        chest = self._breath.value(at)
        self._inertia.step(
            at,
            seconds,
            self._head.value(at, self._hush, life),
            (gain * self._beats.pitch.value(ahead), gain * self._beats.roll.value(ahead)),
            (gain * trunk[0], gain * trunk[1] + _BREATH_BODY * (2.0 * chest - life), gain * trunk[2]),
        )

    def _join(self, happening: Happening) -> None:
        at = happening.at
        match happening.kind:
            case "state":
                self._take_state(at)
            case "blink":
                self._gaze.blinked(at)
            case "shift":
                self._turn_with(happening)
            case "turn":
                if happening.size >= self._habits.turn_size:
                    self._blink.provoke(at, self._habits.blink_turn)
            case "posture":
                self._head.shift_pose(at)
            case _:
                self._pass_time(happening)

    def _pass_time(self, happening: Happening) -> None:
        at = happening.at
        match happening.kind:
            case "quiet":
                self._head.settle(at, self._habits.pastime_noise)
            case "tilt":
                self._beats.tilt(at)
            case "glance":
                size, seconds = self._whims.uniform(0.5, 0.62), self._whims.uniform(0.8, 1.6)
                self._gaze.look(at, away=True, seconds=seconds, size=size)
            case "smile_warm":
                self._brows.smile(at, 0.25)
            case "slow_blink":
                self._blink.slow(at)
            case "sway":
                self._posture.sway(at)

    def _take_state(self, at: float) -> None:
        temper = self._temper()
        state = self._stance.state
        self._blink.enter(temper)
        self._gaze.enter(temper, at)
        self._head.enter(temper, at, speaking=state == "speaking")
        self._breath.enter(temper)
        self._posture.enter(temper, at)
        self._brows.enter(temper, at)
        self._inertia.enter(temper)
        self._pastime.disturb(at, idle=state == "idle")
        if state == "thinking":
            self._gaze.look(at, away=True, seconds=self._whims.uniform(2.0, 3.5))
        elif state == "listening":
            self._gaze.look(at, away=False, seconds=self._whims.uniform(2.0, 4.0))

    def _turn_with(self, shift: Happening) -> None:
        temper, habits = self._temper(), self._habits
        degrees = temper.head_share * SPAN
        self._head.follow(shift.at, degrees * shift.x, degrees * shift.y, away=shift.away)
        if self._stance.state == "thinking":
            self._brows.ponder(shift.at, 1.0 if shift.away else temper.pose_viewer)
            chance = habits.blink_thought
        else:
            chance = habits.blink_turn * min(shift.size / habits.turn_size, 1.0) ** 2
        self._blink.provoke(shift.at + 0.01, chance)

    def _react(self, reaction: Reaction) -> None:
        stimulus, at = reaction.stimulus, reaction.at
        if reaction.kind == "blink":
            self._blink.provoke(at, reaction.chance)
            return
        if self._stance.state == "idle":
            self._pastime.disturb(max(at, stimulus.at), idle=True)
            self._head.settle(at, 1.0)
        match stimulus.kind:
            case "accent":
                apex = self._beats.accent(stimulus.at, stimulus.strength, at)
                if apex is not None:
                    self._brows.accent(stimulus.at, stimulus.strength, at)
            case "phrase_end":
                self._beats.phrase_end(stimulus.at, stimulus.strength, at)
                self._breath.gasp(max(at, stimulus.at + 0.05))
                self._plan_blink(stimulus, self._whims.uniform(0.0, 0.15), self._habits.blink_phrase)
            case "turn_start":
                self._start_turn(stimulus.at, at)
            case "turn_end":
                start = max(stimulus.at - self._whims.uniform(1.0, 2.0), at)
                self._gaze.look(start, away=False, seconds=stimulus.at + 0.6 - start)
            case "speaker_pause":
                self._answer(stimulus, at)
            case "topic":
                self._posture.topic(at)

    def _plan_blink(self, stimulus: Stimulus, late: float, chance: float) -> None:
        now = self._clock if self._clock is not None else stimulus.at
        self._talk.plan(Reaction("blink", max(stimulus.at + late, now), stimulus, chance))

    def _start_turn(self, start: float, now: float) -> None:
        early, back = self._whims.uniform(0.5, 1.0), self._whims.uniform(0.6, 1.2)
        self._breath.gasp(max(start - 0.4, now))
        if start - now >= 0.5:
            begin = max(start - early, now)
            self._gaze.look(begin, away=True, seconds=start + back - begin)
        else:
            self._gaze.look(max(start, now), away=False, seconds=1.0 + back)

    def _answer(self, stimulus: Stimulus, now: float) -> None:
        if self._stance.state != "listening":
            return
        self._plan_blink(stimulus, self._whims.uniform(0.25, 0.5), self._habits.blink_pause)
        nod = self._beats.pause(now)
        if nod is None:
            return
        begin, face = nod
        self._talk.plan(Reaction("blink", begin + 0.08, stimulus, 0.4))
        if face:
            self._brows.answer(begin)

    def _frame(self, at: float) -> dict[str, float]:
        life = self._life
        self._beats.prune(at)
        self._brows.prune(at)
        gain = life * self._hush
        chest = self._breath.value(at)
        yaw, pitch, roll = self._inertia.head()
        yaw = soften(yaw, _YAW_LIMIT)
        pitch += gain * self._beats.pitch.value(at) + _BREATH_HEAD * (2.0 * chest - life)
        pitch = soften(pitch, _PITCH_LIMIT)
        roll += gain * self._beats.roll.value(at)
        body_yaw, body_pitch, body_roll = self._inertia.body()
        trunk = self._posture.value(at)
        values = {
            "head_yaw": yaw,
            "head_pitch": pitch,
            "head_roll": soften(roll, _YAW_LIMIT),
            "body_yaw": body_yaw,
            "body_pitch": body_pitch,
            "body_roll": body_roll,
            "position_x": gain * trunk[3],
            "position_y": _BREATH_LIFT * (2.0 * chest - life),
            "position_z": gain * trunk[4],
            "breath": chest,
        }
        self._add_face(values, at)
        for name in self._derived:
            values.pop(name, None)
        return values

    def _add_face(self, values: dict[str, float], at: float) -> None:
        """Add eyes, brows and smile; the eyes take the head's turn back to stay where they look."""
        left, right = self._blink.value(at)
        gaze_x, gaze_y = self._gaze.value(at)
        counter = self._habits.counter / SPAN
        gaze_x -= counter * values["head_yaw"]
        gaze_y -= counter * values["head_pitch"] + _BLINK_DIP * max(left, right)
        brow_left, brow_right, smile = self._brows.value(at)
        values["gaze_x"] = min(max(gaze_x, -1.0), 1.0)
        values["gaze_y"] = min(max(gaze_y, -1.0), 1.0)
        values["blink_left"] = left
        values["blink_right"] = right
        values["brow_left"] = self._life * brow_left
        values["brow_right"] = self._life * brow_right
        values["mouth_smile"] = self._life * smile
        values["eye_smile"] = self._life * _EYE_SMILE * max(smile, 0.0)
