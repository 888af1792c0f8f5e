"""VRChat's OSC (docs.vrchat.com/docs/osc-overview): the rig as avatar parameters, and what an avatar has.

Two namings: `AB/…`, every channel of the rig under its own name, and VRCFaceTracking's unified expressions `v2/…`
(docs.vrcft.io), which many avatars have already. Values are floats of -1..1 or 0..1, in VRChat's own steps of 1/127.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from avatar_bridge.core.motion.rig import EXPRESSIONS, FACE_CHANNELS
from avatar_bridge.errors import ProtocolError
from avatar_bridge.wire.blendshapes import arkit
from avatar_bridge.wire.osc import LARGEST, bundle, encode

__all__ = [
    "AB",
    "AVATAR_ID",
    "CHATBOX_MOST",
    "Avatar",
    "Kind",
    "Parameter",
    "Value",
    "address_of",
    "chatbox",
    "eye_messages",
    "parameters",
    "read_avatar",
    "shown",
    "write",
]

AB: Final = "AB/"
AVATAR_ID: Final = re.compile(r"^avtr_[0-9A-Fa-f-]{1,64}$")
CHATBOX_MOST: Final = 144
"""Characters that a chatbox shows."""
_PREFIX: Final = "/avatar/parameters/"
_LINES: Final = 9
_ADDRESS: Final = re.compile(r"^/[^\s\0]+$")
_LID: Final = 0.75
"""VRCFaceTracking's eyelid at rest; above it the eye is wide."""
_EYE_DEGREES: Final = 15.0
_SPEAKING: Final = 0.03

Kind: TypeAlias = Literal["Float", "Int", "Bool"]
Value: TypeAlias = float | int | bool

_NAMES: Final = {
    channel.name: AB + "".join(part.capitalize() for part in channel.name.split("_")) for channel in FACE_CHANNELS
}
_SPANS: Final = {channel.name: channel.high for channel in FACE_CHANNELS}


def _step(value: float) -> float:
    return round(min(max(value, -1.0), 1.0) * 127) / 127


def parameters(values: Mapping[str, float]) -> dict[str, Value]:
    """Return every parameter of both namings; angles as shares of the channel's greatest."""
    found: dict[str, Value] = {
        name: _step(values.get(channel, 0.0) / _SPANS[channel]) for channel, name in _NAMES.items()
    }
    found[f"{AB}Speaking"] = values.get("mouth_open", 0.0) > _SPEAKING
    strongest = max(EXPRESSIONS, key=lambda name: values.get(name, 0.0))
    found[f"{AB}Expression"] = EXPRESSIONS.index(strongest) + 1 if values.get(strongest, 0.0) > 0.1 else 0
    found |= {f"v2/{name}": _step(value) for name, value in _unified(values).items()}
    return found


def _unified(values: Mapping[str, float]) -> dict[str, float]:
    """Return unified expressions; VRCFaceTracking's X is positive to the character's right."""
    face = arkit(values)
    x, y = -values.get("gaze_x", 0.0), values.get("gaze_y", 0.0)
    found = {
        "JawOpen": face["jawOpen"],
        "MouthOpen": 0.5 * (face["mouthLowerDownLeft"] + face["mouthUpperUpLeft"]),
        "MouthLowerDown": face["mouthLowerDownLeft"],
        "MouthUpperUp": face["mouthUpperUpLeft"],
        "LipPucker": face["mouthPucker"],
        "LipFunnel": face["mouthFunnel"],
        "MouthX": face["mouthRight"] - face["mouthLeft"],
        "CheekPuffSuck": face["cheekPuff"],
        "TongueOut": face["tongueOut"],
        "EyeX": x,
        "EyeY": y,
    }
    for side in ("Left", "Right"):
        smile, frown = face[f"mouthSmile{side}"], face[f"mouthFrown{side}"]
        up, down = face[f"browOuterUp{side}"], face[f"browDown{side}"]
        wide = face[f"eyeWide{side}"]
        found |= {
            f"SmileFrown{side}": smile - frown,
            f"SmileSad{side}": smile - frown,
            f"MouthStretch{side}": face[f"mouthStretch{side}"],
            f"CheekPuffSuck{side}": face["cheekPuff"],
            f"BrowExpression{side}": up - down,
            f"BrowUp{side}": up,
            f"BrowDown{side}": down,
            f"Eye{side}X": x,
            f"Eye{side}Y": y,
            f"EyeSquint{side}": face[f"eyeSquint{side}"],
            f"EyeLid{side}": (_LID + (1.0 - _LID) * wide) * (1.0 - face[f"eyeBlink{side}"]),
        }
    for name in ("SmileFrown", "SmileSad", "BrowExpression", "EyeLid", "EyeSquint"):
        found[name] = 0.5 * (found[f"{name}Left"] + found[f"{name}Right"])
    return found


def eye_messages(values: Mapping[str, float]) -> dict[str, tuple[float, ...]]:
    """Return VRChat's own eye tracking by address: lids, and pitch (+ down) and yaw (+ to the avatar's right)."""
    closed = min(values.get("blink_left", 0.0), values.get("blink_right", 0.0))
    pitch, yaw = -_EYE_DEGREES * values.get("gaze_y", 0.0), -_EYE_DEGREES * values.get("gaze_x", 0.0)
    return {
        "/tracking/eye/EyesClosedAmount": (_step(closed),),
        "/tracking/eye/CenterPitchYaw": (round(pitch, 1), round(yaw, 1)),
    }


@dataclass(frozen=True, slots=True)
class Parameter:
    """What an avatar takes under a name."""

    address: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Avatar:
    """What VRChat's own file says of an avatar: the parameters that take something, by name."""

    id: str
    name: str
    inputs: Mapping[str, Parameter]


def read_avatar(text: str) -> Avatar:
    """Return what `…/OSC/{user}/Avatars/{avatar}.json` says; raises ProtocolError where it is something else.

    A parameter whose address no OSC message can have is left out.
    """
    try:
        document = json.loads(text)
        inputs = {
            str(entry["name"]): Parameter(str(entry["input"]["address"]), _kind(entry["input"]["type"]))
            for entry in document["parameters"]
            if "input" in entry and _ADDRESS.match(str(entry["input"]["address"]))
        }
        return Avatar(str(document["id"]), str(document.get("name", "")), inputs)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ProtocolError(f"expected VRChat's OSC file of an avatar, got something else ({error!r})") from error


def _kind(written: object) -> Kind:
    match str(written).casefold():
        case "float":
            return "Float"
        case "int":
            return "Int"
        case "bool":
            return "Bool"
    raise ValueError(f"a parameter of type {written!r}")


def shown(values: Mapping[str, Value], avatar: Avatar | None) -> dict[str, Value]:
    """Return what to send by address, typed as the avatar wants it; of an unknown avatar, everything.

    A name is found behind any prefix (`FT/v2/JawOpen`); a float that the avatar keeps in bits (`v2/JawOpen1`, `2`, `4`,
    `…Negative`) is sent in those.
    """
    if avatar is None:
        return {address_of(name): value for name, value in values.items()}
    found: dict[str, Value] = {}
    for name, parameter in avatar.inputs.items():
        key = _key(name)
        if key in values:
            found[parameter.address] = _typed(values[key], parameter.kind)
            continue
        bit = re.fullmatch(r"(.+?)(Negative|1|2|4|8|16)", key)
        if bit and bit[1] in values and parameter.kind == "Bool":
            value = float(values[bit[1]])
            if bit[2] == "Negative":
                found[parameter.address] = value < 0.0
            else:
                whole = name.removesuffix(bit[2])
                bits = [number for number in (1, 2, 4, 8, 16) if f"{whole}{number}" in avatar.inputs]
                level = math.floor(abs(value) * (2 ** len(bits) - 1) + 0.5)
                found[parameter.address] = bool(level & int(bit[2]))
    return found


def _key(name: str) -> str:
    """Return a parameter's name from its `v2/` or `AB/` on."""
    for mark in ("v2/", AB):
        before, found, after = name.rpartition(mark)
        if found and (not before or before.endswith("/")):
            return mark + after
    return name


def _typed(value: Value, kind: Kind) -> Value:
    match kind:
        case "Bool":
            return bool(value) if isinstance(value, (bool, int)) else value > 0.5
        case "Int":
            return int(value) if isinstance(value, (bool, int)) else min(max(round(value * 255), 0), 255)
        case "Float":
            return float(value)


def address_of(name: str) -> str:
    """Return the address of a parameter; what an OSC address cannot hold becomes `_`, as in VRChat's own files."""
    return _PREFIX + re.sub(r"[\s\0#*,?\[\]{}]", "_", name)


def write(values: Iterable[tuple[str, tuple[Value, ...]]], most: int = LARGEST) -> list[bytes]:
    """Return bundles of at most `most` bytes with a message for each address, its values typed as they are."""
    bundles: list[bytes] = []
    waiting: list[bytes] = []
    size = 16
    for address, arguments in values:
        message = encode(address, *arguments)
        if waiting and size + 4 + len(message) > most:
            bundles.append(bundle(waiting))
            waiting, size = [], 16
        waiting.append(message)
        size += 4 + len(message)
    return [*bundles, bundle(waiting)] if waiting else bundles


def chatbox(text: str, *, sound: bool = False) -> bytes:
    """Return the message that shows a text over the avatar's head, cut to VRChat's 144 characters and 9 lines."""
    lines = "\n".join(text.replace("\0", " ").split("\n")[:_LINES])
    cut = lines if len(lines) <= CHATBOX_MOST else lines[: CHATBOX_MOST - 1].rstrip() + "…"
    return encode("/chatbox/input", cut, True, sound)
