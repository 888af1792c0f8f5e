"""The layers of the body in one frame: rest, life, expression, gesture, mouth, later over earlier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Protocol

from avatar_bridge.core.motion.action import Action
from avatar_bridge.core.motion.expression import Expression
from avatar_bridge.core.motion.gesture import CROSS_FADE, Gesture, safe_fade
from avatar_bridge.core.motion.rig import BONE_CHANNELS, BONES, CHANNELS, FACE_CHANNELS
from avatar_bridge.core.vocabulary import Frame, MouthShape, State, Stimulus, name_key

__all__ = ["BONE_SPEEDS", "SPEEDS", "Held", "Life", "Mixer"]

SPEEDS: Mapping[str, float] = {
    **dict.fromkeys(("head_yaw", "head_pitch", "head_roll"), 145.0),
    **dict.fromkeys(("body_yaw", "body_pitch", "body_roll"), 85.0),
    **dict.fromkeys(("brow_left", "brow_right", "mouth_smile"), 11.5),
}
"""The greatest speed of a channel in units a second (facts/life.md section 8, gate 3): what is left to a snap."""

_LIMBS: Mapping[str, float] = {
    "hips": 200.0,
    "spine": 200.0,
    "chest": 200.0,
    "upper_chest": 200.0,
    "neck": 200.0,
    "shoulder": 250.0,
    "upper_arm": 600.0,
    "lower_arm": 800.0,
    "hand": 800.0,
    "upper_leg": 450.0,
    "lower_leg": 700.0,
    "foot": 450.0,
}
_FINGER_SPEED = 900.0

BONE_SPEEDS: Mapping[str, float] = {
    f"{bone}_{axis}": _LIMBS.get(bone.removeprefix("left_").removeprefix("right_"), _FINGER_SPEED)
    for bone in BONES
    for axis in ("x", "y", "z")
}
"""The same for the channels of bones: an arm of 0.3 m at 600 degrees a second moves its hand by 3 m/s."""

_REST = {channel.name: channel.rest for channel in FACE_CHANNELS}
_RANGES = tuple((channel.name, channel.low, channel.high) for channel in FACE_CHANNELS)
_LIDS = ("blink_left", "blink_right")
_GAZE = ("gaze_x", "gaze_y")
_SPEAKING_HEAD = 0.7
_HUSH = 0.4
_RELAX = 0.25
_HEAD_RAMP = 1.0
_MOUTH_CLOSING = 1 / 0.06
_MOUTH_OPENING = 1 / 0.15
_LONGEST_STEP = 1 / 30
_KNEES = (("head_yaw", 18.0, 26.0), ("head_pitch", 16.0, 22.0), ("head_roll", 20.0, 28.0))
"""Channel, the angle from which it is bent, and the angle that it never passes (gate 12: no hitting the wall)."""


class Life(Protocol):
    """What moves by itself; `avatar_bridge.core.motion.life` has one."""

    def enter(self, state: State, at: float) -> None:
        """Take up a state."""
        ...

    def notice(self, stimulus: Stimulus) -> None:
        """Learn of something in the speech."""
        ...

    def hush(self, amount: float) -> None:
        """Glide to showing `amount`, 0 to 1, of the noise of head and body."""
        ...

    def advance(self, now: float) -> Mapping[str, float]:
        """Return offsets from rest by channel."""
        ...


@dataclass(frozen=True, slots=True)
class Held:
    """A pose that is held now."""

    action: str
    cue: int | None
    since: float
    """Stage time at which it began."""


class Mixer:
    """Mixes one target's frames: what was asked of it by `play` and `release` over what life does by itself.

    Pure: time comes in with each call and may not run backwards; the same calls with the same seed give the same
    frames. Nothing snaps: head, body, brows and smile keep to `SPEEDS`, bones to `BONE_SPEEDS`, whatever is asked.
    """

    def __init__(self, *, seed: int = 0, life: Life | None = None, derived: frozenset[str] = frozenset()) -> None:
        """Take the life to mix over, and the channels that the target derives by itself: those stay at rest."""
        self.derived = derived
        self._seed = seed
        self._life = life
        self._plays = 0
        self._gestures: list[Gesture] = []
        self._expressions: list[Expression] = []
        self._state: State = "idle"
        self._now: float | None = None
        self._head = 1.0
        self._hush = 1.0
        self._mouth = 1.0
        self._last: dict[str, float] = {}
        self._bones: dict[str, float] = {}

    def enter(self, state: State, at: float) -> None:
        """Take up a state at stage time `at`."""
        self._state = state
        if self._life is not None:
            self._life.enter(state, at)

    def notice(self, stimulus: Stimulus) -> None:
        """Pass on something in the speech that life reacts to."""
        if self._life is not None:
            self._life.notice(stimulus)

    def play(
        self,
        action: Action,
        *,
        stroke_at: float,
        now: float,
        strength: float = 1.0,
        duration: float | None = None,
        cue: int | None = None,
    ) -> None:
        """Begin `action` so that its stroke is shown at stage time `stroke_at`, as well as the time left allows.

        `strength` 0..1 scales it. `duration`: seconds that a pose is held or a loop goes on; a motion without a loop
        is drawn out to it. An action that has neither keyframes nor channels moves nothing here.
        """
        self._plays += 1
        strength = min(max(strength, 0.0), 1.0)
        random = Random(f"{self._seed}/{action.name}/{cue if cue is not None else -self._plays}")
        begin = max(now, stroke_at - action.stroke)
        if action.keyframes:
            gesture = Gesture(
                action,
                stroke_at=stroke_at,
                now=now,
                strength=strength,
                duration=None if action.channels else duration,
                cue=cue,
                random=random,
            )
            begin = gesture.begins
            self._clear(action, begin, now)
            self._gestures.append(gesture)
        else:
            self._clear(action, begin, now)
        if action.channels:
            lasts = duration if duration is not None else action.duration
            self._expressions.append(
                Expression(action, begin=begin, random=random, strength=strength, duration=lasts, cue=cue)
            )

    def _clear(self, action: Action, begin: float, now: float) -> None:
        """Let go of what `action` takes the place of."""
        ends = {action.exclusive, *action.replaces}
        limbless = BONE_CHANNELS.isdisjoint(action.keyframes)
        for gesture in self._gestures:
            if gesture.action.exclusive in ends:
                bones_stay = limbless and gesture.moves_bones and gesture.action.exclusive not in action.replaces
                fade = safe_fade(gesture.reach(max(now, begin)), CROSS_FADE)
                gesture.leave(begin, fade, bones_stay=bones_stay)
        for expression in self._expressions:
            if expression.action.exclusive in ends:
                expression.leave(begin, max(action.fade_in, CROSS_FADE))

    def release(self, cue: int | None, action: str, now: float) -> None:
        """End what cue `cue` began (or, with None, everything named `action`): poses fade, motions go to rest."""
        key = name_key(action)
        for expression in self._expressions:
            if expression.cue == cue if cue is not None else name_key(expression.action.name) == key:
                expression.release(now)
        for gesture in self._gestures:
            if gesture.cue == cue if cue is not None else name_key(gesture.action.name) == key:
                at = max(now, gesture.stroke_at)
                gesture.leave(at, safe_fade(gesture.reach(at), max(gesture.action.fade_out, CROSS_FADE)))

    def relax(self, now: float) -> None:
        """Stop: within a quarter of a second everything but life is back at rest, the mouth at once.

        A raised arm takes up to half a second: it goes no faster than it safely can.
        """
        for gesture in self._gestures:
            gesture.leave(now, _RELAX)
            gesture.mute = True
        for expression in self._expressions:
            expression.leave(now, _RELAX)
            expression.mute = True
        self._gestures = [gesture for gesture in self._gestures if gesture.begins < now]
        self._expressions = [expression for expression in self._expressions if expression.begins < now]

    @property
    def held(self) -> tuple[Held, ...]:
        """The poses that are held and not yet released, in the order in which they began."""
        return tuple(
            Held(expression.action.name, expression.cue, expression.begins)
            for expression in self._expressions
            if expression.released > (self._now if self._now is not None else expression.begins)
        )

    def busy(self, now: float) -> bool:
        """Tell whether a motion is under way or about to begin at `now`."""
        return any(gesture.ends > now for gesture in self._gestures)

    def advance(self, now: float, mouth: MouthShape | None) -> Frame:
        """Return the frame at stage time `now`; `mouth` is None while nothing is said.

        Every face channel is present, within its range; bones only while an action uses them.
        """
        step = 0.0 if self._now is None else max(0.0, now - self._now)
        self._now = now
        self._gestures = [gesture for gesture in self._gestures if gesture.ends > now]
        self._expressions = [expression for expression in self._expressions if expression.ends > now]
        self._ramp(step, now, speaking=mouth is not None)
        values = dict(_REST)
        gaze_x, gaze_y = self._live(values, now)
        for expression in self._expressions:
            expression.add_to(values, now, self._mouth)
        for gesture in self._gestures:
            gesture.add_to(values, now, self._head, self._mouth)
        aimed = max(0.0, 1.0 - 4.0 * (abs(values["gaze_x"]) + abs(values["gaze_y"])))
        values["gaze_x"] += gaze_x * aimed
        values["gaze_y"] += gaze_y * aimed
        if mouth is not None:
            self._speak(values, mouth)
        for name in self.derived:
            if name in values:
                values[name] = _REST.get(name, 0.0)
        self._bound(values, step)
        return Frame(now, values)

    def _ramp(self, step: float, now: float, *, speaking: bool) -> None:
        calm = self._state == "speaking"
        self._head = _toward(self._head, _SPEAKING_HEAD if calm else 1.0, step * _HEAD_RAMP)
        ramp = step * (_MOUTH_CLOSING if speaking else _MOUTH_OPENING)
        self._mouth = _toward(self._mouth, 0.0 if speaking else 1.0, ramp)
        if self._life is not None:
            moving = any(gesture.moves_head and gesture.begins <= now for gesture in self._gestures)
            hush = _HUSH if moving else 1.0
            if hush != self._hush:
                self._hush = hush
                self._life.hush(hush)

    def _live(self, values: dict[str, float], now: float) -> tuple[float, float]:
        """Add life's offsets but those of the gaze, which are returned."""
        gaze_x = gaze_y = 0.0
        if self._life is not None:
            for name, value in self._life.advance(now).items():
                if name == "gaze_x":
                    gaze_x = value
                elif name == "gaze_y":
                    gaze_y = value
                else:
                    values[name] += value
        return gaze_x, gaze_y

    @staticmethod
    def _speak(values: dict[str, float], mouth: MouthShape) -> None:
        values["mouth_open"] = max(mouth.open, values["mouth_open"])
        values["aa"] = mouth.aa
        values["ih"] = mouth.ih
        values["ou"] = mouth.ou
        values["ee"] = mouth.ee
        values["oh"] = mouth.oh

    def _bound(self, values: dict[str, float], step: float) -> None:
        """Hold every channel within its range, the head off its walls, and the speeds within `SPEEDS`."""
        for name, knee, wall in _KNEES:
            value = values[name]
            if value > knee or value < -knee:
                room = wall - knee
                beyond = abs(value) - knee
                bent = knee + room * beyond / (room + beyond)
                values[name] = bent if value > 0 else -bent
        for name, low, high in _RANGES:
            value = values[name]
            if value < low:
                values[name] = low
            elif value > high:
                values[name] = high
        if self._bones or len(values) > len(_RANGES):
            self._turn(values, step)
        if self._last:
            step = min(step, _LONGEST_STEP)
            last = self._last
            for name, speed in SPEEDS.items():
                values[name] = _toward(last[name], values[name], speed * step)
        self._last = values

    def _turn(self, values: dict[str, float], step: float) -> None:
        """Hold the bones within their range and `BONE_SPEEDS`; what nobody moves any more goes on to rest."""
        step = min(step, _LONGEST_STEP) if self._last else 1e9
        last = self._bones
        self._bones = bones = {name: value for name, value in values.items() if name not in _REST}
        for name, wanted in bones.items():
            before = last.get(name, 0.0)
            reach = BONE_SPEEDS[name] * step
            if before - reach <= wanted <= before + reach and -180.0 <= wanted <= 180.0:
                continue
            channel = CHANNELS[name]
            values[name] = bones[name] = _toward(before, min(max(wanted, channel.low), channel.high), reach)
        for name, value in last.items():
            left = 0.0 if name in bones else _toward(value, 0.0, BONE_SPEEDS[name] * step)
            if left:
                values[name] = bones[name] = left


def _toward(value: float, target: float, step: float) -> float:
    """Return `target`, or the point `step` nearer to it from `value` where it lies further away."""
    if target > value + step:
        return value + step
    if target < value - step:
        return value - step
    return target
