"""The humanoid that a VMC performer sends: its bones under Unity's names, who hangs on whom, and how far away."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from avatar_bridge.core.motion.rig import BONES
from avatar_bridge.errors import ProtocolError

__all__ = ["HUMANOID", "MASCOT", "Skeleton", "read_vrm", "unity_name"]

_SIDED_PARENTS: Final = {
    "shoulder": "upper_chest",
    "upper_arm": "shoulder",
    "lower_arm": "upper_arm",
    "hand": "lower_arm",
    "upper_leg": "hips",
    "lower_leg": "upper_leg",
    "foot": "lower_leg",
    "toes": "foot",
    "thumb_metacarpal": "hand",
    "thumb_proximal": "thumb_metacarpal",
    "thumb_distal": "thumb_proximal",
    **{f"{finger}_proximal": "hand" for finger in ("index", "middle", "ring", "little")},
    **{f"{finger}_intermediate": f"{finger}_proximal" for finger in ("index", "middle", "ring", "little")},
    **{f"{finger}_distal": f"{finger}_intermediate" for finger in ("index", "middle", "ring", "little")},
}
_CENTRAL: Final = frozenset({"hips", "upper_chest"})
_TRUNK: Final = {
    "hips": None,
    "spine": "hips",
    "chest": "spine",
    "upper_chest": "chest",
    "neck": "upper_chest",
    "head": "neck",
    "left_eye": "head",
    "right_eye": "head",
}


def _parents() -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for bone in (*(name for name in BONES if name in _TRUNK), "head", "left_eye", "right_eye"):
        found[bone] = _TRUNK[bone]
    for bone in BONES:
        if bone not in found:
            side, _, part = bone.partition("_")
            parent = _SIDED_PARENTS[part]
            found[bone] = parent if parent in _CENTRAL else f"{side}_{parent}"
    return found


HUMANOID: Final[Mapping[str, str | None]] = MappingProxyType(_parents())
"""Parent by bone, a parent before its children, in the rig's names: Unity's 54 HumanBodyBones other than the jaw.

The jaw is left out: models open their mouth by blendshapes, and many have another bone assigned there by mistake."""

_THUMBS: Final = {"Metacarpal": "Proximal", "Proximal": "Intermediate", "Distal": "Distal"}


def unity_name(bone: str) -> str:
    """Return Unity's HumanBodyBones name of a rig's bone: `left_thumb_metacarpal` is LeftThumbProximal there."""
    name = "".join(part.capitalize() for part in bone.split("_"))
    before, thumb, joint = name.partition("Thumb")
    return before + thumb + _THUMBS[joint] if thumb else name


@dataclass(frozen=True, slots=True)
class Skeleton:
    """Where each bone of `HUMANOID` hangs on its parent in the T-pose, in metres; the hips from the floor.

    The frame is VRM 1.0's: facing +Z, left hand at +X, head at +Y.
    """

    offsets: Mapping[str, tuple[float, float, float]]
    clips: tuple[str, ...] = ()
    """The names of the model's own blendshapes, where they are known."""


def _mascot() -> dict[str, tuple[float, float, float]]:
    trunk = {
        "hips": (0.0, 0.56, 0.0),
        "spine": (0.0, 0.055, -0.002),
        "chest": (0.0, 0.085, -0.004),
        "upper_chest": (0.0, 0.09, -0.004),
        "neck": (0.0, 0.148, -0.004),
        "head": (0.0, 0.047, 0.01),
    }
    left = {
        "eye": (0.055, 0.115, 0.08),
        "shoulder": (0.026, 0.115, -0.002),
        "upper_arm": (0.072, 0.0, 0.0),
        "lower_arm": (0.2, 0.0, 0.0),
        "hand": (0.192, 0.0, 0.0),
        "upper_leg": (0.056, -0.025, 0.0),
        "lower_leg": (0.002, -0.23, 0.004),
        "foot": (0.0, -0.23, -0.012),
        "toes": (0.002, -0.055, 0.068),
        "thumb_metacarpal": (0.013, -0.005, 0.015),
        "thumb_proximal": (0.023, -0.004, 0.017),
        "thumb_distal": (0.02, -0.002, 0.013),
        "index_proximal": (0.052, 0.0, 0.0215),
        "index_intermediate": (0.023, 0.0, 0.0017),
        "index_distal": (0.017, 0.0, 0.0013),
        "middle_proximal": (0.055, 0.0, 0.007),
        "middle_intermediate": (0.0244, 0.0, 0.0006),
        "middle_distal": (0.018, 0.0, 0.0004),
        "ring_proximal": (0.053, 0.0, -0.0075),
        "ring_intermediate": (0.023, 0.0, -0.0006),
        "ring_distal": (0.017, 0.0, -0.0004),
        "little_proximal": (0.047, 0.0, -0.0205),
        "little_intermediate": (0.0193, 0.0, -0.0016),
        "little_distal": (0.0143, 0.0, -0.0013),
    }
    sides = {f"{side}_{part}": (sign * x, y, z) for part, (x, y, z) in left.items() for side, sign in _SIGNS}
    both = trunk | sides
    return {bone: both[bone] for bone in HUMANOID}


_SIGNS: Final = (("left", 1.0), ("right", -1.0))
MASCOT: Final = Skeleton(MappingProxyType(_mascot()))
"""The proportions of the mascot that comes with the package, its eyes where they are drawn."""


def read_vrm(data: bytes) -> Skeleton:
    """Return the proportions and blendshape names of a VRM file (0.x or 1.0).

    Bones that it lacks sit on their parent. Raises ProtocolError where it is no VRM.
    """
    try:
        gltf = _document(data)
        extensions = gltf.get("extensions", {})
        if "VRMC_vrm" in extensions:
            return _read_new(gltf, extensions["VRMC_vrm"])
        if "VRM" in extensions:
            return _read_old(gltf, extensions["VRM"])
    except (struct.error, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise ProtocolError(f"expected a VRM file, got one that cannot be read ({error}); export it again") from error
    raise ProtocolError("expected a VRM file, got a glTF without the VRM extension; export it as VRM")


def _document(data: bytes) -> dict[str, Any]:
    if data[:4] != b"glTF":
        raise ValueError("it does not begin with glTF")
    (length,) = struct.unpack_from("<I", data, 12)
    document: dict[str, Any] = json.loads(data[20 : 20 + length])
    return document


def _read_new(gltf: dict[str, Any], vrm: dict[str, Any]) -> Skeleton:
    nodes = {name: int(entry["node"]) for name, entry in vrm["humanoid"]["humanBones"].items()}
    expressions = vrm.get("expressions", {})
    clips = (*expressions.get("preset", {}), *expressions.get("custom", {}))
    return Skeleton(_offsets(gltf, {_rig_name(name): node for name, node in nodes.items()}, 1.0), clips)


def _read_old(gltf: dict[str, Any], vrm: dict[str, Any]) -> Skeleton:
    nodes = {_old_name(str(entry["bone"])): int(entry["node"]) for entry in vrm["humanoid"]["humanBones"]}
    groups = vrm.get("blendShapeMaster", {}).get("blendShapeGroups", [])
    return Skeleton(_offsets(gltf, nodes, -1.0), tuple(str(group.get("name", "")) for group in groups))


def _rig_name(bone: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in bone)


def _old_name(bone: str) -> str:
    """VRM 0.x names the thumb's joints as Unity does."""
    older = {"thumb_proximal": "thumb_metacarpal", "thumb_intermediate": "thumb_proximal"}
    side, _, part = _rig_name(bone).partition("_")
    return f"{side}_{older[part]}" if part in older else _rig_name(bone)


def _offsets(gltf: dict[str, Any], bones: Mapping[str, int], facing: float) -> dict[str, tuple[float, float, float]]:
    """Return from bone to bone what lies between them in the T-pose, in the model's own frame."""
    nodes = gltf["nodes"]
    parents = {int(child): index for index, node in enumerate(nodes) for child in node.get("children", ())}
    owners = {node: bone for bone, node in bones.items()}

    def chain(node: int | None) -> Iterator[int]:
        for _ in nodes:
            if node is None:
                return
            yield node
            node = parents.get(node)

    def place(node: int) -> NDArray[np.float64]:
        point = np.zeros(3)
        for each in chain(node):
            turn = np.array(nodes[each].get("rotation", (0.0, 0.0, 0.0, 1.0)), dtype=float)
            twice = 2.0 * np.cross(turn[:3], point)
            point = point + turn[3] * twice + np.cross(turn[:3], twice)
            point += np.array(nodes[each].get("translation", (0.0, 0.0, 0.0)), dtype=float)
        return point

    found: dict[str, tuple[float, float, float]] = {}
    for bone in HUMANOID:
        node = bones.get(bone)
        if node is None:
            found[bone] = (0.0, 0.0, 0.0)
            continue
        above = next((each for each in chain(parents.get(node)) if each in owners), None)
        x, y, z = place(node) - (place(above) if above is not None else np.zeros(3))
        found[bone] = (facing * float(x), float(y), facing * float(z))
    return found
