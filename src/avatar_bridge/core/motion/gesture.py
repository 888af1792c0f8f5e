"""A gesture under way: one play of an action's keyframes, placed by its stroke."""

from __future__ import annotations

import math
from collections.abc import Mapping
from random import Random

from avatar_bridge.core.motion.action import Action
from avatar_bridge.core.motion.keyframes import Clip, Track, late_start, smoothstep
from avatar_bridge.core.motion.rig import BONE_CHANNELS

__all__ = ["AMPLITUDE", "BONE_AMPLITUDE", "CROSS_FADE", "PACE", "Gesture", "mirrored_channel", "safe_fade"]

AMPLITUDE = (0.8, 1.1)
"""The range of a play's size against the map's (facts/life.md section 10)."""

BONE_AMPLITUDE = (0.985, 1.015)
"""The same for bones: a hand that belongs on the chin has to reach it at every play."""

PACE = (0.92, 1.1)
"""The range of a play's length against the map's (facts/life.md section 10)."""

CROSS_FADE = 0.2
"""Seconds in which a gesture leaves for another one of its group."""

_FADE_SPEED = 130.0
_FADE_ACCELERATION = 2300.0
_BONE_FADE_SPEED = 450.0
_ENTRY = 0.13
_PACES = (0.8, 2.5)
_SIGNED = frozenset({"head_yaw", "head_roll", "body_yaw", "body_roll", "gaze_x", "position_x", "mouth_x"})
_HEAD = frozenset({"head_yaw", "head_pitch", "head_roll"})
_MOVING = frozenset({*_HEAD, "body_yaw", "body_pitch", "body_roll"})
_LIDS = frozenset({"blink_left", "blink_right"})


def mirrored_channel(channel: str) -> tuple[str, float]:
    """Return the channel that shows `channel` in a mirror, and the sign that its value takes there."""
    if channel in _SIGNED:
        return channel, -1.0
    sign = 1.0 if channel.endswith("_x") or channel not in BONE_CHANNELS else -1.0
    if channel.startswith("left_"):
        return f"right_{channel[5:]}", sign
    if channel.startswith("right_"):
        return f"left_{channel[6:]}", sign
    if channel.endswith("_left"):
        return f"{channel[:-5]}_right", 1.0
    if channel.endswith("_right"):
        return f"{channel[:-6]}_left", 1.0
    return channel, sign


def safe_fade(amplitude: float, seconds: float) -> float:
    """Return at least `seconds`, and enough that fading `amplitude` degrees keeps to 130 a second and 2300 a second².

    Smoothstep over T seconds reaches 1.5 / T of its amplitude in speed and 6 / T² in acceleration.
    """
    reach = abs(amplitude)
    return max(seconds, 1.5 * reach / _FADE_SPEED, math.sqrt(6.0 * reach / _FADE_ACCELERATION))


def _bone_fade(amplitude: float, seconds: float) -> float:
    """Return at least `seconds`, and enough that a bone fades over `amplitude` degrees at 450 a second at most."""
    return max(seconds, 1.5 * amplitude / _BONE_FADE_SPEED)


def _placed(stroke: float, stroke_at: float, now: float, pace: float) -> tuple[float, float, float, float]:
    """Return when to begin, when the stroke is met, clip seconds a second until then, and clip seconds left out."""
    start = late_start(stroke * pace, stroke_at - now)
    begin = now + start.delay
    meets = max(stroke_at, begin)
    return (begin, meets, 0.0, stroke) if start.skip > 0.0 else (begin, meets, start.rate / pace, 0.0)


class Gesture:
    """One play of a clip; stage time in, values out.

    The stroke falls on `stroke_at` exactly whenever that lies ahead; size, pace and side vary by `random`.
    """

    __slots__ = (
        "_begin",
        "_clip",
        "_entry",
        "_entry_bones",
        "_extra",
        "_fades",
        "_loop",
        "_meets",
        "_pace",
        "_parts",
        "_rate",
        "_skip",
        "_stroke",
        "action",
        "cue",
        "moves_bones",
        "moves_head",
        "mute",
    )

    def __init__(
        self,
        action: Action,
        *,
        stroke_at: float,
        now: float,
        strength: float = 1.0,
        duration: float | None = None,
        cue: int | None = None,
        random: Random | None = None,
    ) -> None:
        """Place the play; one that comes too late for a compressed preparation goes straight into its stroke.

        `strength` 0..1 scales it, bones by s(2 - s): a hand that half of it lifts still comes near to where it belongs.
        `duration` is how long it lasts (its loop, where it has one).
        """
        self.action = action
        self.cue = cue
        self._clip = Clip(action.keyframes)
        size = strength * action.weight * (random.uniform(*AMPLITUDE) if random else 1.0)
        pace = random.uniform(*PACE) if random else 1.0
        mirrored = action.mirror and random is not None and random.random() < 0.5
        limbs = strength * (2.0 - strength) * action.weight * (random.uniform(*BONE_AMPLITUDE) if random else 1.0)
        self._parts = _parts(self._clip.tracks, size, limbs, mirrored=mirrored)
        self._stroke = action.stroke
        self._begin, self._meets, self._rate, self._skip = _placed(action.stroke, stroke_at, now, pace)
        self._pace = pace
        self._loop: tuple[float, float] | None = None
        self._extra = 0.0
        if duration is not None and duration != action.duration:
            self._stretch(duration)
        self._fades: tuple[tuple[float, float, float], ...] = ()
        self.mute = False
        self._entry = self._entry_fade()
        self._entry_bones = _bone_fade(self._bone_reach(self._begin), self._entry) if self._entry else 0.0
        if self._skip:
            self._meets = max(self._meets, self._begin + self._entry)
        self._fade_at_end()
        self.moves_head = not _MOVING.isdisjoint(self._clip.tracks)
        self.moves_bones = not BONE_CHANNELS.isdisjoint(self._clip.tracks)

    def _fade_at_end(self) -> None:
        if any(track.at(self._clip.duration) != 0.0 for track in self._clip.tracks.values()):
            room = max(self._clip.duration - self._stroke, _ENTRY)
            fade = min(safe_fade(self.reach(self._end() - 1e-6), self.action.fade_out), room)
            self.leave(self._end() - fade, fade)

    def _entry_fade(self) -> float:
        """Seconds to fade in: none where the clip begins at rest, else to the pose of the stroke, all in one move."""
        if self._skip == 0.0 and all(track.at(0.0) == 0.0 for track in self._clip.tracks.values()):
            return 0.0
        available = self._meets - self._begin if self._skip else self.action.fade_in
        return safe_fade(self.reach(self._begin), max(available, _ENTRY))

    def _stretch(self, duration: float) -> None:
        rest = self._clip.duration - self._stroke
        if self.action.loop is None:
            if rest > 0:
                wanted = (duration - self._stroke * self._pace) / rest
                self._pace = min(max(wanted, _PACES[0] * self._pace), _PACES[1])
            return
        begin, end = self.action.loop
        wanted = max(0.0, duration - (end - self._stroke) * self._pace) / self._pace
        cycle = end - begin
        self._loop = (begin, end)
        self._extra = cycle * math.ceil(wanted / cycle - 1e-9) if cycle > 0 and wanted < math.inf else wanted

    @property
    def begins(self) -> float:
        """Stage time at which it starts to move."""
        return self._begin

    def _end(self) -> float:
        return self._meets + (self._clip.duration - self._stroke + self._extra) * self._pace

    @property
    def ends(self) -> float:
        """Stage time from which it gives nothing; infinite for a loop without an end."""
        return min([self._end(), *(at + max(fade) for at, *fade in self._fades)])

    @property
    def stroke_at(self) -> float:
        """Stage time at which its stroke is shown."""
        return self._meets

    def leave(self, at: float, seconds: float, *, bones_stay: bool = False) -> None:
        """Fade out from `at` on within `seconds`, bones as fast as they safely can; an earlier end stands.

        With `bones_stay` only head, body and face fade: a waving arm goes on waving under a nod.
        """
        bones = math.inf if bones_stay else _bone_fade(self._bone_reach(at), seconds)
        if at + seconds < self.ends:
            self._fades = (*self._fades, (at, seconds, bones))

    def reach(self, now: float) -> float:
        """Return the greatest head or body angle shown at `now`, in degrees: what a fade has to carry."""
        time = self._time(now)
        return max(
            (abs(track.at(time) * scale) for name, track, scale, _ in self._parts if name in _MOVING), default=0.0
        )

    def _bone_reach(self, now: float) -> float:
        time = self._time(now)
        return max(
            (abs(track.at(time) * scale) for _, track, scale, part in self._parts if part == "bone"), default=0.0
        )

    def _time(self, now: float) -> float:
        if now < self._meets:
            return self._skip + max(0.0, now - self._begin) * self._rate
        time = self._stroke + (now - self._meets) / self._pace
        if self._loop is None or time <= self._loop[0]:
            return time
        begin, end = self._loop
        if time >= end + self._extra:
            return time - self._extra
        return begin + (time - begin) % (end - begin) if end > begin else begin

    def _envelopes(self, now: float) -> tuple[float, float]:
        """Return the shares that are shown of face and bones."""
        share = bones = 1.0
        if self._entry and now < self._begin + self._entry_bones:
            share = smoothstep((now - self._begin) / self._entry)
            bones = smoothstep((now - self._begin) / self._entry_bones)
        for at, seconds, bone_seconds in self._fades:
            if now > at:
                share *= 1.0 - smoothstep((now - at) / max(seconds, 1e-3))
                bones *= 1.0 - smoothstep((now - at) / max(bone_seconds, 1e-3))
        return share, bones

    def add_to(self, values: dict[str, float], now: float, head: float, mouth: float) -> None:
        """Add its offsets at `now` to `values`; head angles are scaled by `head`, mouth_open by `mouth`."""
        if now < self._begin:
            return
        time = self._time(now)
        share, bones = self._envelopes(now)
        if share == 0.0 and bones == 0.0:
            return
        read: Track | None = None
        raw = 0.0
        for name, track, scale, part in self._parts:
            if track is not read:
                read, raw = track, track.at(time)
            if part == "bone":
                values[name] = values.get(name, 0.0) + raw * scale * bones
                continue
            value = raw * scale * share
            if part == "lid":
                if value > values[name]:
                    values[name] = value
                continue
            if part == "head":
                value *= head
            elif part == "mouth":
                value *= 0.0 if self.mute else mouth
            values[name] = values.get(name, 0.0) + value


def _parts(
    tracks: Mapping[str, Track], size: float, limbs: float, *, mirrored: bool
) -> tuple[tuple[str, Track, float, str], ...]:
    """Return (channel, track, scale, part of the face) by channel; eyelids keep their size: a wink must close."""
    parts: list[tuple[str, Track, float, str]] = []
    for name, track in tracks.items():
        shown, sign = mirrored_channel(name) if mirrored else (name, 1.0)
        if shown in _LIDS:
            parts.append((shown, track, 1.0 if size > 0 else 0.0, "lid"))
        elif shown == "mouth_open":
            parts.append((shown, track, size, "mouth"))
        elif shown in BONE_CHANNELS:
            parts.append((shown, track, limbs * sign, "bone"))
        else:
            parts.append((shown, track, size * sign, "head" if shown in _HEAD else "other"))
    return tuple(parts)
