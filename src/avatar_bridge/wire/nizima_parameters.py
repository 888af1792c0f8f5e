"""From the rig's channels to a model's standard Live2D parameters, within the ranges that the model gives them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.wire.nizima import Parameter

__all__ = ["Pose", "Rendering"]

Pose = list[tuple[str, float]]
"""Parameter ids and values, in the model's order."""

_DIRECT: Final[Mapping[str, tuple[str, float]]] = {
    "ParamAngleX": ("head_yaw", 30),
    "ParamAngleY": ("head_pitch", 20),
    "ParamAngleZ": ("head_roll", 30),
    "ParamBodyAngleX": ("body_yaw", 30),
    "ParamBodyAngleY": ("body_pitch", 30),
    "ParamBodyAngleZ": ("body_roll", 30),
    "ParamEyeBallX": ("gaze_x", 1),
    "ParamEyeBallY": ("gaze_y", 1),
    "ParamBrowLY": ("brow_left", 1),
    "ParamBrowRY": ("brow_right", 1),
    "ParamEyeLSmile": ("eye_smile", 1),
    "ParamEyeRSmile": ("eye_smile", 1),
    "ParamMouthForm": ("mouth_smile", 1),
    "ParamMouthOpenY": ("mouth_open", 1),
    "ParamMouthX": ("mouth_x", 1),
    "ParamCheek": ("cheek", 1),
    "ParamTere": ("cheek", 1),
    "ParamCheekPuff": ("cheek_puff", 1),
    "ParamTongueOut": ("tongue_out", 1),
    "ParamBreath": ("breath", 1),
    "ParamA": ("aa", 1),
    "ParamI": ("ih", 1),
    "ParamU": ("ou", 1),
    "ParamE": ("ee", 1),
    "ParamO": ("oh", 1),
}
"""Parameter, channel, and the channel's value at which the parameter is at its end."""

_LIKENESS: Final[Mapping[str, Mapping[str, float]]] = {
    "happy": {"ParamEyeLSmile": 0.8, "ParamEyeRSmile": 0.8, "ParamMouthForm": 0.8, "ParamCheek": 0.3},
    "angry": {
        "ParamBrowLAngle": -0.8,
        "ParamBrowRAngle": -0.8,
        "ParamBrowLForm": -0.7,
        "ParamBrowRForm": -0.7,
        "ParamBrowLY": -0.5,
        "ParamBrowRY": -0.5,
        "ParamMouthForm": -0.45,
    },
    "sad": {
        "ParamBrowLAngle": 0.6,
        "ParamBrowRAngle": 0.6,
        "ParamBrowLForm": -0.6,
        "ParamBrowRForm": -0.6,
        "ParamMouthForm": -0.6,
    },
    "relaxed": {"ParamEyeLSmile": 0.35, "ParamEyeRSmile": 0.35, "ParamMouthForm": 0.35},
    "surprised": {"ParamBrowLY": 0.8, "ParamBrowRY": 0.8, "ParamMouthForm": -0.2},
}
"""What an emotion adds to each parameter, as shares of the way from its default to its end."""

_SPREAD: Final = {"ih": 0.4, "ee": 0.6, "ou": -0.7, "oh": -0.4}
"""How far each mouth shape spreads (+) or rounds (-) a mouth that has only a form."""
_VOWELS: Final = frozenset({"ParamA", "ParamI", "ParamU", "ParamE", "ParamO"})
_LIDS: Final = {"ParamEyeLOpen": "blink_left", "ParamEyeROpen": "blink_right"}
_NARROW: Final = {"relaxed": 0.15, "sad": 0.2}


class Rendering:
    """Renders frames for one model; what the model lacks is left out."""

    __slots__ = ("_known", "_spread")

    def __init__(self, parameters: Iterable[Parameter]) -> None:
        emotional = {name for likeness in _LIKENESS.values() for name in likeness}
        self._known = [each for each in parameters if each.id in _DIRECT or each.id in _LIDS or each.id in emotional]
        self._spread = not _VOWELS & {each.id for each in self._known}

    def values(self, channels: Mapping[str, float]) -> Pose:
        """Return a finite value within the model's range for each parameter that is driven."""
        shares = self._shares(channels)
        return [(each.id, self._value(each, shares, channels)) for each in self._known]

    def rest(self) -> Pose:
        """Return the model's own rest, eyes open and mouth closed."""
        return self.values({})

    def diagnostics(self) -> Sequence[Diagnostic]:
        """Return what the model lacks to speak and to live."""
        ids = {each.id for each in self._known}
        found = []
        if "ParamMouthOpenY" not in ids and not ids >= _VOWELS:
            found.append(Diagnostic("The model has no ParamMouthOpenY: its mouth does not move."))
        if not ids & _LIDS.keys():
            found.append(Diagnostic("The model has no ParamEyeLOpen or ParamEyeROpen: it does not blink."))
        if not ids & {"ParamAngleX", "ParamAngleY", "ParamAngleZ"}:
            found.append(Diagnostic("The model has no ParamAngleX, Y or Z: its head does not turn."))
        return found

    def _shares(self, channels: Mapping[str, float]) -> dict[str, float]:
        """Return each parameter's share of the way from its default to one of its ends, -1..1 before clamping."""
        get = channels.get
        shares = {name: get(channel, 0.0) / end for name, (channel, end) in _DIRECT.items()}
        for emotion, likeness in _LIKENESS.items():
            if weight := get(emotion, 0.0):
                for name, share in likeness.items():
                    shares[name] = shares.get(name, 0.0) + share * weight
        if self._spread:
            form = sum(amount * get(viseme, 0.0) for viseme, amount in _SPREAD.items())
            shares["ParamMouthForm"] += form
        return shares

    def _value(self, parameter: Parameter, shares: Mapping[str, float], channels: Mapping[str, float]) -> float:
        if parameter.id in _LIDS:
            return _lid(parameter, channels.get(_LIDS[parameter.id], 0.0), channels)
        share = shares.get(parameter.id, 0.0)
        if not math.isfinite(share):
            share = 0.0
        return _between(parameter, min(max(share, -1.0), 1.0))


def _between(parameter: Parameter, share: float) -> float:
    """Return the value at a share of the way from the default to the end on that side."""
    end = parameter.high if share > 0 else parameter.low
    rest = min(max(parameter.default, parameter.low), parameter.high)
    return rest + abs(share) * (end - rest)


def _lid(parameter: Parameter, blink: float, channels: Mapping[str, float]) -> float:
    """The eye opens to the model's default, wider towards its maximum, and shuts at its minimum."""
    wide = channels.get("eye_wide", 0.0) + 0.7 * channels.get("surprised", 0.0)
    narrow = sum(weight * channels.get(name, 0.0) for name, weight in _NARROW.items())
    opened = _between(parameter, _unit(wide) if wide > narrow else -_unit(narrow))
    return opened + (parameter.low - opened) * _unit(blink)


def _unit(value: float) -> float:
    return min(max(value, 0.0), 1.0) if math.isfinite(value) else 0.0
