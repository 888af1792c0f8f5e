"""From the rig's channels to VTube Studio's tracking inputs: one frame in, one list of values out."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from avatar_bridge.wire.vts import finite
from avatar_bridge.wire.vts_calibration import DEFAULT, Calibration, Span

__all__ = ["INPUTS", "RANGES", "Rendering"]

RANGES: Mapping[str, tuple[float, float]] = {
    "FacePositionX": (-15.0, 15.0),
    "FacePositionY": (-15.0, 15.0),
    "FacePositionZ": (-10.0, 10.0),
    "FaceAngleX": (-30.0, 30.0),
    "FaceAngleY": (-30.0, 30.0),
    "FaceAngleZ": (-90.0, 90.0),
    "MouthSmile": (0.0, 1.0),
    "MouthOpen": (0.0, 1.0),
    "Brows": (0.0, 1.0),
    "TongueOut": (0.0, 1.0),
    "CheekPuff": (0.0, 1.0),
    "FaceAngry": (0.0, 1.0),
    "BrowLeftY": (0.0, 1.0),
    "BrowRightY": (0.0, 1.0),
    "EyeOpenLeft": (0.0, 1.0),
    "EyeOpenRight": (0.0, 1.0),
    "EyeLeftX": (-1.0, 1.0),
    "EyeLeftY": (-1.0, 1.0),
    "EyeRightX": (-1.0, 1.0),
    "EyeRightY": (-1.0, 1.0),
    "MouthX": (-1.0, 1.0),
    "VoiceVolumePlusMouthOpen": (0.0, 1.0),
    "VoiceFrequencyPlusMouthSmile": (0.0, 1.0),
    "VoiceA": (0.0, 1.0),
    "VoiceI": (0.0, 1.0),
    "VoiceU": (0.0, 1.0),
    "VoiceE": (0.0, 1.0),
    "VoiceO": (0.0, 1.0),
    "VoiceSilence": (0.0, 1.0),
}
"""The inputs that frames drive, with the range that VTube Studio gives them."""

INPUTS = tuple(RANGES)
"""Their names, in the order in which they are sent."""

_SMILE = {"happy": 0.75, "relaxed": 0.35, "sad": -0.6, "angry": -0.45}
_BROW = {"happy": 0.3, "surprised": 0.8, "sad": -0.4, "angry": -0.8}
_NARROW = {"happy": 0.2, "relaxed": 0.25, "sad": 0.15, "eye_smile": 0.45}
_WIDE = {"eye_wide": 1.0, "surprised": 0.7}
_YAW, _PITCH, _ROLL = 30.0, 20.0, 30.0  # degrees of the rig at an input's full size


class Rendering:
    """Renders frames for one model: `names` is what is sent, `values` what it is at a frame."""

    __slots__ = ("_limits", "_spans", "names")

    def __init__(self, listed: Collection[str] | None = None, calibration: Calibration = DEFAULT) -> None:
        """`listed` are the inputs that the app knows; None takes all but the newer Voice vowels."""
        known = {name for name in INPUTS if len(name) != len("VoiceA") and name != "VoiceSilence"}
        self.names = tuple(name for name in INPUTS if name in (known if listed is None else listed))
        self._spans = calibration.spans
        self._limits = [RANGES[name] for name in self.names]

    def values(self, channels: Mapping[str, float]) -> list[float]:
        """Return one finite value within its input's range for each of `names`."""
        table = self._mouth(channels) | self._face(channels)
        result = []
        for name, (low, high) in zip(self.names, self._limits, strict=True):
            value = finite(table[name], 0.0)
            result.append(low if value < low else min(value, high))
        return result

    def rest(self) -> list[float]:
        """Return the pose of a model at rest with its mouth closed."""
        return self.values({})

    def _mouth(self, channels: Mapping[str, float]) -> dict[str, float]:
        """MouthSmile is 0.5 + 0.5 (i + 0.6 e - u - 0.7 o) open, blended with the smile of the mood."""
        get = channels.get
        opened = get("mouth_open", 0.0)
        aa, ih, ou, ee, oh = get("aa", 0.0), get("ih", 0.0), get("ou", 0.0), get("ee", 0.0), get("oh", 0.0)
        mood = get("mouth_smile", 0.0) + _weigh(_SMILE, channels)
        form = (ih + 0.6 * ee - ou - 0.7 * oh) * opened
        smile = _unit(form + _unit(mood) * (1.0 - 0.4 * min(opened, 1.0)))
        spans = self._spans
        return {
            "MouthOpen": spans["MouthOpen"].at(opened),
            "VoiceVolumePlusMouthOpen": spans["VoiceVolumePlusMouthOpen"].at(opened),
            "MouthSmile": spans["MouthSmile"].at(smile),
            "VoiceFrequencyPlusMouthSmile": spans["VoiceFrequencyPlusMouthSmile"].at(smile),
            "VoiceA": aa,
            "VoiceI": ih,
            "VoiceU": ou,
            "VoiceE": ee,
            "VoiceO": oh,
            "VoiceSilence": 1.0 - (aa + ih + ou + ee + oh),
            "MouthX": get("mouth_x", 0.0),
            "TongueOut": get("tongue_out", 0.0),
            "CheekPuff": get("cheek_puff", 0.0),
        }

    def _face(self, channels: Mapping[str, float]) -> dict[str, float]:
        get = channels.get
        spans = self._spans
        mood = _weigh(_BROW, channels)
        left, right = _unit(get("brow_left", 0.0) + mood), _unit(get("brow_right", 0.0) + mood)
        narrow, wide = min(_weigh(_NARROW, channels), 0.6), min(_weigh(_WIDE, channels), 1.0)
        gaze_x, gaze_y = get("gaze_x", 0.0), get("gaze_y", 0.0)
        return {
            "FaceAngleX": spans["FaceAngleX"].at(get("head_yaw", 0.0) / _YAW),
            "FaceAngleY": spans["FaceAngleY"].at(get("head_pitch", 0.0) / _PITCH),
            "FaceAngleZ": spans["FaceAngleZ"].at(get("head_roll", 0.0) / _ROLL),
            "FacePositionX": spans["FacePositionX"].at(get("position_x", 0.0)),
            "FacePositionY": spans["FacePositionY"].at(get("position_y", 0.0)),
            "FacePositionZ": spans["FacePositionZ"].at(get("position_z", 0.0)),
            "EyeOpenLeft": _lid(spans["EyeOpenLeft"], get("blink_left", 0.0), narrow, wide),
            "EyeOpenRight": _lid(spans["EyeOpenRight"], get("blink_right", 0.0), narrow, wide),
            "EyeLeftX": spans["EyeLeftX"].at(gaze_x),
            "EyeRightX": spans["EyeRightX"].at(gaze_x),
            "EyeLeftY": spans["EyeLeftY"].at(gaze_y),
            "EyeRightY": spans["EyeRightY"].at(gaze_y),
            "Brows": spans["Brows"].at((left + right) / 2),
            "BrowLeftY": spans["BrowLeftY"].at(left),
            "BrowRightY": spans["BrowRightY"].at(right),
            "FaceAngry": get("angry", 0.0),
        }


def _lid(span: Span, blink: float, narrow: float, wide: float) -> float:
    opened = span.at(wide * (1.0 - narrow)) + (span.low - span.rest) * narrow
    return opened + (span.low - opened) * blink


def _weigh(weights: Mapping[str, float], channels: Mapping[str, float]) -> float:
    get = channels.get
    total = 0.0
    for name, weight in weights.items():
        total += weight * get(name, 0.0)
    return total


def _unit(value: float) -> float:
    return -1.0 if value < -1.0 else min(value, 1.0)
