"""The rig's face as blendshapes: the presets of VRM 0 and VRM 1, and the 52 names of ARKit (PerfectSync)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from avatar_bridge.core.motion.rig import EXPRESSIONS
from avatar_bridge.core.vocabulary import VISEMES

__all__ = ["ARKIT", "VRM0_NAMES", "arkit", "vrm"]

VRM0_NAMES: Final[Mapping[str, str]] = {
    "neutral": "Neutral",
    "happy": "Joy",
    "angry": "Angry",
    "sad": "Sorrow",
    "relaxed": "Fun",
    "surprised": "Surprised",
    "aa": "A",
    "ih": "I",
    "ou": "U",
    "ee": "E",
    "oh": "O",
    "blink": "Blink",
    "blinkLeft": "Blink_L",
    "blinkRight": "Blink_R",
    "lookUp": "LookUp",
    "lookDown": "LookDown",
    "lookLeft": "LookLeft",
    "lookRight": "LookRight",
}
"""VRM 0's name by VRM 1's (VMC protocol V3.1). VRM 0 has no preset for surprise; models call their own clip so."""

_SIDES: Final = ("Left", "Right")


def _sided(*names: str) -> tuple[str, ...]:
    return tuple(f"{name}{side}" for name in names for side in _SIDES)


ARKIT: Final[tuple[str, ...]] = (
    *_sided("eyeBlink", "eyeLookDown", "eyeLookIn", "eyeLookOut", "eyeLookUp", "eyeSquint", "eyeWide"),
    *("jawForward", "jawLeft", "jawRight", "jawOpen", "mouthClose", "mouthFunnel", "mouthPucker"),
    *("mouthLeft", "mouthRight", *_sided("mouthSmile", "mouthFrown", "mouthDimple", "mouthStretch")),
    *("mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper"),
    *_sided("mouthPress", "mouthLowerDown", "mouthUpperUp", "browDown"),
    "browInnerUp",
    *_sided("browOuterUp"),
    "cheekPuff",
    *_sided("cheekSquint", "noseSneer"),
    "tongueOut",
)
"""ARKit's 52 blendshapes (ARFaceAnchor.BlendShapeLocation)."""

_OLD_LIDS: Final = {"happy": 0.9, "relaxed": 0.4, "sad": 0.2}
_OLD_MOUTH: Final = 0.5
"""VRM 0 cannot say that an emotion closes the eyes or opens the mouth; as a rule these do, so blink and mouth yield."""
_SMILING_LID: Final = 0.5


def _unit(value: float) -> float:
    return min(max(value, 0.0), 1.0)


def _gaze(values: Mapping[str, float], *, eyes: bool) -> tuple[float, float]:
    return (values.get("gaze_x", 0.0), values.get("gaze_y", 0.0)) if eyes else (0.0, 0.0)


def vrm(
    values: Mapping[str, float], *, eyes: bool = False, face: bool = True, version: Literal[0, 1] = 0
) -> dict[str, float]:
    """Return VRM 1's presets by name, each 0..1, in a fixed order; `VRM0_NAMES` has their other names.

    `eyes`: gaze goes into the look presets (else eye bones have it). `face` False leaves mouth and lids at 0, for
    receivers that are given ARKit's. `version`: whether emotions keep the lids and mouth to themselves (0) or not (1).
    """
    get = values.get
    whole = max(sum(get(name, 0.0) for name in EXPRESSIONS), 1.0)
    emotions = {name: _unit(get(name, 0.0) / whole) for name in EXPRESSIONS}
    lids = mouth = float(face)
    if version == 0:
        mouth *= 1.0 - _OLD_MOUTH * min(sum(emotions.values()), 1.0)
        for name, share in _OLD_LIDS.items():
            lids *= 1.0 - share * emotions[name]
    shapes = {name: get(name, 0.0) for name in VISEMES}
    # what the mouth opens beyond its visemes (a yawn, a laugh) is an aa
    shapes["aa"] += max(get("mouth_open", 0.0) - sum(shapes.values()), 0.0)
    smile = _SMILING_LID * get("eye_smile", 0.0)
    left, right = (_unit(max(get(f"blink_{side}", 0.0), smile) * lids) for side in ("left", "right"))
    x, y = _gaze(values, eyes=eyes)
    both = min(left, right)
    return {
        "neutral": 0.0,
        **emotions,
        **{name: _unit(value * mouth) for name, value in shapes.items()},
        "blink": both,
        "blinkLeft": left - both,
        "blinkRight": right - both,
        "lookUp": _unit(y),
        "lookDown": _unit(-y),
        "lookLeft": _unit(x),
        "lookRight": _unit(-x),
    }


_MOUTHS: Final[Sequence[tuple[str, Mapping[str, float]]]] = (
    ("aa", {"jawOpen": 0.7, "mouthLowerDownLeft": 0.2, "mouthLowerDownRight": 0.2}),
    ("ih", {"jawOpen": 0.2, "mouthStretchLeft": 0.4, "mouthStretchRight": 0.4, "mouthUpperUpLeft": 0.15}),
    ("ou", {"jawOpen": 0.2, "mouthPucker": 0.7, "mouthFunnel": 0.2}),
    ("ee", {"jawOpen": 0.35, "mouthStretchLeft": 0.3, "mouthStretchRight": 0.3, "mouthLowerDownLeft": 0.2}),
    ("oh", {"jawOpen": 0.5, "mouthFunnel": 0.6, "mouthPucker": 0.2}),
)
"""What a viseme at 1 is in ARKit's shapes; a left one stands for both sides where the right is not named."""


def _mouth(values: Mapping[str, float], found: dict[str, float]) -> None:
    spoken = 0.0
    for viseme, shapes in _MOUTHS:
        weight = values.get(viseme, 0.0)
        spoken += weight
        for name, amount in shapes.items():
            found[name] += weight * amount
            twin = name.replace("Left", "Right")
            if twin not in shapes:
                found[twin] += weight * amount
    found["jawOpen"] += 0.7 * max(values.get("mouth_open", 0.0) - spoken, 0.0)


def arkit(values: Mapping[str, float], *, eyes: bool = False) -> dict[str, float]:
    """Return all of `ARKIT`, each 0..1; `eyes`: gaze goes into the eyeLook shapes (else eye bones have it).

    ARKit's left is the character's left; the rig's `gaze_x` and `mouth_x` > 0 are to screen right, the same side.
    """
    get = values.get
    found = dict.fromkeys(ARKIT, 0.0)
    _mouth(values, found)
    smile, mouth_x = get("mouth_smile", 0.0), get("mouth_x", 0.0)
    x, y = _gaze(values, eyes=eyes)
    for side, name in zip(_SIDES, ("left", "right"), strict=True):
        brow = get(f"brow_{name}", 0.0)
        outward = x if side == "Left" else -x
        found[f"eyeBlink{side}"] = get(f"blink_{name}", 0.0)
        found[f"eyeSquint{side}"] = found[f"cheekSquint{side}"] = get("eye_smile", 0.0)
        found[f"eyeWide{side}"] = get("eye_wide", 0.0)
        found[f"eyeLookOut{side}"], found[f"eyeLookIn{side}"] = outward, -outward
        found[f"eyeLookUp{side}"], found[f"eyeLookDown{side}"] = y, -y
        found[f"browOuterUp{side}"], found[f"browDown{side}"] = brow, -brow
        found["browInnerUp"] += 0.5 * max(brow, 0.0)
        found[f"mouthSmile{side}"], found[f"mouthFrown{side}"] = smile, -smile
    found["mouthLeft"], found["mouthRight"] = mouth_x, -mouth_x
    found["cheekPuff"], found["tongueOut"] = get("cheek_puff", 0.0), get("tongue_out", 0.0)
    return {name: _unit(value) for name, value in found.items()}
