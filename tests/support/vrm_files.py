"""Small VRM files made for tests: a body of plain coloured boxes, so that a pixel's colour tells what it belongs to."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["COLOURS", "VISEMES", "VrmRecipe", "animation", "glb"]

Vector = tuple[float, float, float]
Json = dict[str, Any]

VISEMES = ("aa", "ih", "ou", "ee", "oh")
COLOURS: Mapping[str, Vector] = {
    "body": (0.5, 0.5, 0.5),
    "head": (0.0, 0.0, 1.0),
    "mouth": (1.0, 0.0, 1.0),
    "left_eye": (0.0, 1.0, 1.0),
    "right_eye": (1.0, 1.0, 0.0),
    "left_hand": (1.0, 0.0, 0.0),
    "right_hand": (0.0, 1.0, 0.0),
    "feet": (1.0, 1.0, 1.0),
}
"""Red, green and blue by part; all are pure, so that neither light nor blending is needed to tell them apart."""

_SIDE: Mapping[str, float] = {"left": 1.0, "right": -1.0}
_V0_PRESETS: Mapping[str, str] = {
    "aa": "a", "ih": "i", "ou": "u", "ee": "e", "oh": "o", "happy": "joy", "relaxed": "fun", "sad": "sorrow",
    "angry": "angry", "blink": "blink", "blinkLeft": "blink_l", "blinkRight": "blink_r",
}  # fmt: skip


def _bones(*, arms: bool) -> list[tuple[str, str, Vector]]:
    """Each bone, its parent and its place against it, in metres: facing +Z, left at +X."""
    bones: list[tuple[str, str, Vector]] = [
        ("hips", "", (0, 0.8, 0)),
        ("spine", "hips", (0, 0.1, 0)),
        ("chest", "spine", (0, 0.15, 0)),
        ("neck", "chest", (0, 0.2, 0)),
        ("head", "neck", (0, 0.07, 0)),
    ]
    for side, sign in _SIDE.items():
        bones += [
            (f"{side}UpperLeg", "hips", (0.1 * sign, -0.05, 0)),
            (f"{side}LowerLeg", f"{side}UpperLeg", (0, -0.35, 0)),
            (f"{side}Foot", f"{side}LowerLeg", (0, -0.35, 0)),
        ]
        if arms:
            bones += [
                (f"{side}UpperArm", "chest", (0.16 * sign, 0.16, 0)),
                (f"{side}LowerArm", f"{side}UpperArm", (0.24 * sign, 0, 0)),
                (f"{side}Hand", f"{side}LowerArm", (0.22 * sign, 0, 0)),
            ]
    return bones


# Where a box hangs on its bone, and how large it is.
_BOXES: Mapping[str, tuple[str, Vector, Vector]] = {
    "hips": ("body", (0, 0, 0), (0.28, 0.16, 0.16)),
    "chest": ("body", (0, 0.03, 0), (0.3, 0.3, 0.18)),
    "head": ("head", (0, 0.13, 0), (0.26, 0.28, 0.24)),
    **{f"{side}UpperArm": ("body", (0.12 * sign, 0, 0), (0.24, 0.07, 0.07)) for side, sign in _SIDE.items()},
    **{f"{side}LowerArm": ("body", (0.11 * sign, 0, 0), (0.22, 0.06, 0.06)) for side, sign in _SIDE.items()},
    **{f"{side}Hand": (f"{side}_hand", (0.05 * sign, 0, 0), (0.12, 0.12, 0.12)) for side, sign in _SIDE.items()},
    **{f"{side}UpperLeg": ("body", (0, -0.17, 0), (0.12, 0.35, 0.12)) for side in _SIDE},
    **{f"{side}LowerLeg": ("body", (0, -0.17, 0), (0.1, 0.33, 0.1)) for side in _SIDE},
    **{f"{side}Foot": ("feet", (0, -0.02, 0.05), (0.11, 0.06, 0.22)) for side in _SIDE},
}
# Parts of the face on the head: place, size, and by shape key how much wider and higher the part gets, and moves.
_Key = tuple[float, float, float, float]
_MOUTH_KEYS: Mapping[str, _Key] = {
    "aa": (1.2, 6.0, 0, 0), "ih": (2.0, 2.0, 0, 0), "ou": (0.5, 3.0, 0, 0), "ee": (2.6, 3.0, 0, 0),
    "oh": (0.8, 5.0, 0, 0), "happy": (2.0, 1.5, 0, 0.01), "smile": (1.6, 1.0, 0, 0.015),
}  # fmt: skip
_EYE_KEYS: Mapping[str, _Key] = {
    "blink": (1.0, 0.1, 0, 0), "lookLeft": (1.0, 1.0, 0.03, 0), "lookRight": (1.0, 1.0, -0.03, 0),
    "lookUp": (1.0, 1.0, 0, 0.03), "lookDown": (1.0, 1.0, 0, -0.03),
}  # fmt: skip


def glb(description: Json, binary: bytes = b"", *, claimed_length: int | None = None) -> bytes:
    """Pack a glTF's JSON and its binary part; `claimed_length` lies about the file's length."""
    text = json.dumps(description).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<II", len(text), 0x4E4F534A) + text
    if binary:
        binary += bytes(-len(binary) % 4)
        chunks += struct.pack("<II", len(binary), 0x004E4942) + binary
    length = 12 + len(chunks) if claimed_length is None else claimed_length
    return struct.pack("<4sII", b"glTF", 2, length) + chunks


class _Buffer:
    """Collects numbers and the accessors that point at them."""

    def __init__(self) -> None:
        self.data = b""
        self.views: list[Json] = []
        self.accessors: list[Json] = []

    def add(self, rows: Sequence[Sequence[float]], kind: str, *, indices: bool = False) -> int:
        flat = [value for row in rows for value in row]
        packed = struct.pack(f"<{len(flat)}{'H' if indices else 'f'}", *flat)
        self.views.append({"buffer": 0, "byteOffset": len(self.data), "byteLength": len(packed)})
        self.data += packed + bytes(-len(packed) % 4)
        accessor: Json = {"bufferView": len(self.views) - 1, "componentType": 5123 if indices else 5126}
        accessor |= {"count": len(rows), "type": kind}
        accessor["min"] = [min(column) for column in zip(*rows, strict=True)]
        accessor["max"] = [max(column) for column in zip(*rows, strict=True)]
        self.accessors.append(accessor)
        return len(self.accessors) - 1

    def parts(self) -> Json:
        return {
            "buffers": [{"byteLength": len(self.data)}],
            "bufferViews": self.views,
            "accessors": self.accessors,
        }


def _corners(size: Vector, moved: Vector = (0, 0, 0)) -> list[Vector]:
    half = [0.5 * edge for edge in size]
    return [
        (x * half[0] + moved[0], y * half[1] + moved[1], z * half[2] + moved[2])
        for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)
    ]  # fmt: skip


_FACES = [
    (0, 1, 3), (0, 3, 2), (4, 6, 7), (4, 7, 5), (0, 4, 5), (0, 5, 1),
    (2, 3, 7), (2, 7, 6), (0, 2, 6), (0, 6, 4), (1, 5, 7), (1, 7, 3),
]  # fmt: skip


@dataclass(slots=True)
class VrmRecipe:
    """What the model has; `build` bakes it."""

    version: str = "1"
    visemes: Sequence[str] = VISEMES
    arms: bool = True
    blink: Sequence[str] = ("blink", "blinkLeft", "blinkRight")
    look_at: bool = True
    custom: Sequence[str] = ()
    """Names for an expression that moves the shape key `smile`."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """Other names for shape keys, which are `key_<shape>`: what a bare one is found by."""
    overrides: Mapping[str, str] = field(default_factory=dict)
    """What `happy` overrides: `overrideMouth` to `block`, say."""
    _buffer: _Buffer = field(default_factory=_Buffer, init=False)
    _nodes: list[Json] = field(default_factory=list, init=False)
    _meshes: list[Json] = field(default_factory=list, init=False)
    _binds: dict[str, list[tuple[int, int, int]]] = field(default_factory=dict, init=False)

    def build(self) -> bytes:
        """Return the file's bytes."""
        bones = self._skeleton()
        self._face(bones["head"])
        description: Json = {
            "asset": {"version": "2.0"},
            "scene": 0,
            "scenes": [{"nodes": [bones["hips"]]}],
            "nodes": self._nodes,
            "meshes": self._meshes,
            "materials": [self._material(name, colour) for name, colour in COLOURS.items()],
            "extensionsUsed": ["KHR_materials_unlit", "VRM" if self.version == "0" else "VRMC_vrm"],
            **self._buffer.parts(),
        }
        description["extensions"] = self._vrm0(bones) if self.version == "0" else self._vrm1(bones)
        return glb(description, self._buffer.data)

    def _turned(self, vector: Vector) -> list[float]:
        """VRM 0.x faces -Z."""
        sign = -1 if self.version == "0" else 1
        return [sign * vector[0], vector[1], sign * vector[2]]

    def _material(self, name: str, colour: Vector) -> Json:
        return {
            "name": name,
            "pbrMetallicRoughness": {"baseColorFactor": [*colour, 1]},
            "doubleSided": True,
            "extensions": {"KHR_materials_unlit": {}},
        }

    def _skeleton(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for bone, parent, place in _bones(arms=self.arms):
            self._nodes.append({"name": bone, "translation": self._turned(place), "children": []})
            found[bone] = len(self._nodes) - 1
            if parent:
                self._nodes[found[parent]]["children"].append(found[bone])
        for bone, (material, place, size) in _BOXES.items():
            if bone in found:
                self._box(found[bone], material, place, size, {})
        return found

    def _face(self, head: int) -> None:
        mouth = self._box(head, "mouth", (0, 0.06, 0.13), (0.06, 0.015, 0.02), _MOUTH_KEYS)
        for index, name in enumerate(_MOUTH_KEYS):
            if name in self.visemes or name == "happy":
                self._bind(name, mouth, index)
            elif name == "smile":
                for custom in self.custom:
                    self._bind(custom, mouth, index)
        for side, sign in _SIDE.items():
            eye = self._box(head, f"{side}_eye", (0.06 * sign, 0.16, 0.13), (0.05, 0.06, 0.02), _EYE_KEYS)
            for index, name in enumerate(_EYE_KEYS):
                if name == "blink":
                    for blink in ("blink", f"blink{side.capitalize()}"):
                        if blink in self.blink:
                            self._bind(blink, eye, index)
                elif self.look_at:
                    self._bind(name, eye, index)

    def _bind(self, expression: str, node: int, index: int) -> None:
        self._binds.setdefault(expression, []).append((node, self._nodes[node]["mesh"], index))

    def _box(self, bone: int, material: str, place: Vector, size: Vector, keys: Mapping[str, _Key]) -> int:
        """Hang a box on a bone and return its node; a shape key is what it adds to each corner."""
        corners = _corners(size)
        position = self._buffer.add([self._turned(corner) for corner in corners], "VEC3")
        targets = []
        for wide, high, right, up in keys.values():
            goal = _corners((size[0] * wide, size[1] * high, size[2]), (right, up, 0))
            moves = [self._turned((b[0] - a[0], b[1] - a[1], b[2] - a[2])) for a, b in zip(corners, goal, strict=True)]
            targets.append({"POSITION": self._buffer.add(moves, "VEC3")})
        indices = self._buffer.add([(corner,) for face in _FACES for corner in face], "SCALAR", indices=True)
        primitive: Json = {"attributes": {"POSITION": position}, "indices": indices}
        primitive["material"] = list(COLOURS).index(material)
        mesh: Json = {"primitives": [primitive]}
        if targets:
            primitive["targets"] = targets
            mesh["extras"] = {"targetNames": [self.keys.get(name, f"key_{name}") for name in keys]}
        self._meshes.append(mesh)
        self._nodes.append({"mesh": len(self._meshes) - 1, "translation": self._turned(place)})
        self._nodes[bone]["children"].append(len(self._nodes) - 1)
        return len(self._nodes) - 1

    def _vrm1(self, bones: Mapping[str, int]) -> Json:
        presets: Json = {}
        custom: Json = {}
        for name, binds in self._binds.items():
            entry: Json = {
                "morphTargetBinds": [{"node": node, "index": index, "weight": 1.0} for node, _, index in binds]
            }
            if name == "happy":
                entry |= self.overrides
            (custom if name in self.custom else presets)[name] = entry
        look = {"inputMaxValue": 90, "outputScale": 1}
        sides = ("rangeMapHorizontalInner", "rangeMapHorizontalOuter", "rangeMapVerticalDown", "rangeMapVerticalUp")
        vrm: Json = {
            "specVersion": "1.0",
            "meta": {"name": "Boxes", "authors": ["tests"], "licenseUrl": "https://vrm.dev/licenses/1.0/"},
            "humanoid": {"humanBones": {bone: {"node": node} for bone, node in bones.items()}},
            "expressions": {"preset": presets, "custom": custom},
        }
        if self.look_at:
            vrm["lookAt"] = {"type": "expression", "offsetFromHeadBone": [0, 0.16, 0.1]} | dict.fromkeys(sides, look)
        return {"VRMC_vrm": vrm}

    def _vrm0(self, bones: Mapping[str, int]) -> Json:
        groups = [
            {
                "name": name,
                "presetName": _V0_PRESETS.get(name, name.lower() if name.startswith("look") else "unknown"),
                "binds": [{"mesh": mesh, "index": index, "weight": 100} for _, mesh, index in binds],
                "materialValues": [],
            }
            for name, binds in self._binds.items()
        ]
        degrees = {"curve": [0, 0, 0, 1, 1, 1, 1, 0], "xRange": 90, "yRange": 1}
        sides = ("lookAtHorizontalInner", "lookAtHorizontalOuter", "lookAtVerticalDown", "lookAtVerticalUp")
        first_person: Json = {"firstPersonBone": bones["head"], "firstPersonBoneOffset": {"x": 0, "y": 0.16, "z": 0.1}}
        first_person |= {"lookAtTypeName": "BlendShape", "meshAnnotations": []} | dict.fromkeys(sides, degrees)
        return {
            "VRM": {
                "specVersion": "0.0",
                "meta": {"title": "Old boxes"},
                "humanoid": {"humanBones": [{"bone": bone, "node": node} for bone, node in bones.items()]},
                "firstPerson": first_person,
                "blendShapeMaster": {"blendShapeGroups": groups},
                "secondaryAnimation": {"boneGroups": [], "colliderGroups": []},
                "materialProperties": [{"name": name, "shader": "VRM_USE_GLTFSHADER"} for name in COLOURS],
            }
        }


def animation(*, seconds: float = 2.0, raised: float = 0.5) -> bytes:
    """Return a .vrma that holds the left arm up for its whole length: `raised` is the sine of half the angle."""
    buffer = _Buffer()
    times = buffer.add([(0.0,), (seconds,)], "SCALAR")
    turn = (0.0, 0.0, raised, (1 - raised**2) ** 0.5)
    turns = buffer.add([turn, turn], "VEC4")
    nodes: list[Json] = []
    bones: dict[str, int] = {}
    for bone, parent, place in _bones(arms=True):
        nodes.append({"name": bone, "translation": list(place), "children": []})
        bones[bone] = len(nodes) - 1
        if parent:
            nodes[bones[parent]]["children"].append(bones[bone])
    human = {bone: {"node": node} for bone, node in bones.items()}
    target = {"node": bones["leftUpperArm"], "path": "rotation"}
    description: Json = {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [bones["hips"]]}],
        "nodes": nodes,
        "animations": [
            {
                "channels": [{"sampler": 0, "target": target}],
                "samplers": [{"input": times, "output": turns, "interpolation": "LINEAR"}],
            }
        ],
        "extensionsUsed": ["VRMC_vrm_animation"],
        "extensions": {"VRMC_vrm_animation": {"specVersion": "1.0", "humanoid": {"humanBones": human}}},
        **buffer.parts(),
    }
    return glb(description, buffer.data)
