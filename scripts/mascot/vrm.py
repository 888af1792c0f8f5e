"""VRM 1.0's extensions: licence, bones, expressions, springs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .materials import BLUSH_COLOUR
from .skeleton import HUMANOID, JOINTS, SPRINGS

__all__ = ["extensions"]

_PRESETS = (
    "happy",
    "angry",
    "sad",
    "relaxed",
    "surprised",
    "aa",
    "ih",
    "ou",
    "ee",
    "oh",
    "blink",
    "blinkLeft",
    "blinkRight",
    "lookUp",
    "lookDown",
    "lookLeft",
    "lookRight",
    "neutral",
)
_CUSTOM = (
    "browUpLeft",
    "browUpRight",
    "browDownLeft",
    "browDownRight",
    "smile",
    "frown",
    "eyeWide",
    "eyeSmile",
    "cheekBlush",
    "cheekPuff",
    "tongueOut",
    "mouthLeft",
    "mouthRight",
)
_BLENDS = {"happy": "overrideBlink", "relaxed": "overrideBlink"}
_BLUSHES = {"cheekBlush": 1.0, "happy": 0.62}

_COLLIDERS: Mapping[str, tuple[str, tuple[float, float, float], float, tuple[float, float, float] | None]] = {
    # joint, offset, radius, tail of a capsule
    "head": ("head", (0.0, 0.135, -0.005), 0.112, (0.0, 0.165, -0.005)),
    "neck": ("neck", (0.0, -0.01, -0.02), 0.050, (0.0, 0.05, -0.01)),
    "chest": ("upperChest", (0.0, -0.10, 0.0), 0.082, (0.0, 0.06, 0.0)),
    "leftShoulder": ("leftUpperArm", (0.0, 0.0, 0.0), 0.044, None),
    "rightShoulder": ("rightUpperArm", (0.0, 0.0, 0.0), 0.044, None),
    "leftArm": ("leftUpperArm", (0.05, 0.0, 0.0), 0.040, (0.19, 0.0, 0.0)),
    "rightArm": ("rightUpperArm", (-0.05, 0.0, 0.0), 0.040, (-0.19, 0.0, 0.0)),
}


def _meta() -> dict[str, Any]:
    return {
        "name": "Bridget",
        "version": "1",
        "authors": ["The Avatar Bridge authors"],
        "copyrightInformation": "The Avatar Bridge authors; may also be used under CC0 1.0 or Apache-2.0",
        "licenseUrl": "https://vrm.dev/licenses/1.0/",
        "otherLicenseUrl": "https://creativecommons.org/publicdomain/zero/1.0/",
        "avatarPermission": "everyone",
        "allowExcessivelyViolentUsage": False,
        "allowExcessivelySexualUsage": False,
        "commercialUsage": "corporation",
        "allowPoliticalOrReligiousUsage": False,
        "allowAntisocialOrHateUsage": False,
        "creditNotation": "unnecessary",
        "allowRedistribution": True,
        "modification": "allowModificationRedistribution",
    }


def _expression(name: str, shapes: Mapping[str, tuple[int, list[str]]], blush: int) -> dict[str, Any]:
    morphs = ("blinkLeft", "blinkRight") if name == "blink" else (name,)
    binds = [
        {"node": node, "index": targets.index(morph), "weight": 1.0}
        for node, targets in shapes.values()
        for morph in morphs
        if morph in targets
    ]
    made: dict[str, Any] = {
        "isBinary": False,
        "overrideBlink": "none",
        "overrideLookAt": "none",
        "overrideMouth": "none",
    }
    if name in _BLENDS:
        made[_BLENDS[name]] = "blend"
    if binds:
        made["morphTargetBinds"] = binds
    if name in _BLUSHES:
        made["materialColorBinds"] = [
            {"material": blush, "type": "color", "targetValue": [*BLUSH_COLOUR, _BLUSHES[name]]}
        ]
    return made


def _vrm(nodes: Mapping[str, int], shapes: Mapping[str, tuple[int, list[str]]], blush: int) -> dict[str, Any]:
    reach = {"inputMaxValue": 60.0, "outputScale": 1.0}
    return {
        "specVersion": "1.0",
        "meta": _meta(),
        "humanoid": {"humanBones": {name: {"node": nodes[name]} for name in HUMANOID}},
        "expressions": {
            "preset": {name: _expression(name, shapes, blush) for name in _PRESETS},
            "custom": {name: _expression(name, shapes, blush) for name in _CUSTOM},
        },
        "lookAt": {
            "offsetFromHeadBone": [0.0, 0.118, 0.100],
            "type": "expression",
            "rangeMapHorizontalInner": reach,
            "rangeMapHorizontalOuter": reach,
            "rangeMapVerticalDown": reach,
            "rangeMapVerticalUp": reach,
        },
        "firstPerson": {"meshAnnotations": [{"node": node, "type": "auto"} for node, _ in shapes.values()]},
    }


def _springs(nodes: Mapping[str, int]) -> dict[str, Any]:
    colliders, groups = [], []
    for index, (name, (joint, offset, radius, tail)) in enumerate(_COLLIDERS.items()):
        shape: dict[str, Any] = {"offset": list(offset), "radius": radius}
        kind = "sphere"
        if tail is not None:
            kind, shape = "capsule", shape | {"tail": list(tail)}
        colliders.append({"node": nodes[joint], "shape": {kind: shape}})
        groups.append({"name": name, "colliders": [index]})
    names = list(_COLLIDERS)
    springs = []
    for spring in SPRINGS:
        joints = [
            {
                "node": nodes[name],
                "hitRadius": spring.radius,
                "stiffness": spring.stiffness,
                "gravityPower": spring.gravity,
                "gravityDir": [0.0, -1.0, 0.0],
                "dragForce": spring.drag,
            }
            for name in spring.joints
        ]
        made: dict[str, Any] = {"name": spring.name, "joints": joints, "center": nodes["hips"]}
        if spring.colliders:
            made["colliderGroups"] = [names.index(name) for name in spring.colliders]
        springs.append(made)
    return {"specVersion": "1.0", "colliders": colliders, "colliderGroups": groups, "springs": springs}


def extensions(
    nodes: Mapping[str, int], shapes: Mapping[str, tuple[int, list[str]]], blush: int
) -> dict[str, dict[str, Any]]:
    """Return the root's extensions.

    `nodes` is joint name to node, `shapes` mesh name to its node and the names of its morphs, `blush` the cheeks'
    material.
    """
    unknown = [name for spring in SPRINGS for name in spring.joints if name not in JOINTS]
    if unknown:
        raise ValueError(f"expected springs of joints of the skeleton; got {', '.join(unknown)}")
    return {"VRMC_vrm": _vrm(nodes, shapes, blush), "VRMC_springBone": _springs(nodes)}
