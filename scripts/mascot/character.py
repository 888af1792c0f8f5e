"""The mascot as a whole: parts to meshes, joints to nodes, and what VRM 1.0 wants to know."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import clothes, eyes, features, hair, hands, head, headset, materials, mouth
from .curves import Floats
from .glb import Container
from .skeleton import JOINTS
from .surface import Surface, join
from .vrm import extensions

__all__ = ["mascot"]


def _meshes() -> dict[str, list[tuple[str, Surface]]]:
    """Return mesh name to its primitives: material name and surface."""
    return {
        "Body": [
            ("skin", join([head.neck(), *hands.hands(), *clothes.thighs()])),
            ("cloth", join([*clothes.clothes(), headset.headset(), *hair.ties()])),
            ("hair", join(hair.hair())),
        ],
        "Face": [("skin", head.head())],
        "Eyes": [("face", join([*eyes.lids(), *hair.shade()])), ("ink", join(eyes.eyes()))],
        "Mouth": [("face", mouth.lips()), ("ink", join([*mouth.mouth(), features.nose()]))],
        "Brows": [("ink", join(features.brows()))],
        "Cheeks": [("blush", join(features.cheeks()))],
    }


def _influences(weights: Floats) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the four strongest joints of each point and their weights, which sum to 255."""
    joints = np.argsort(-weights, axis=1, kind="stable")[:, :4]
    strongest = np.take_along_axis(weights, joints, axis=1)
    share = np.round(strongest / strongest.sum(axis=1, keepdims=True), 9) * 255.0
    whole = np.floor(share + 1e-6).astype(np.int64)
    whole[:, 0] += 255 - whole.sum(axis=1)
    joints = np.where(whole > 0, joints, 0)
    return joints.astype(np.uint8), whole.astype(np.uint8)


def _primitive(file: Container, part: Surface, material: int, targets: Sequence[str]) -> dict[str, Any]:
    if part.weights is None:
        raise ValueError("expected every surface to follow a joint; got one without weights")
    joints, weights = _influences(part.weights)
    primitive: dict[str, Any] = {
        "attributes": {
            "POSITION": file.vectors(part.points, bounds=True),
            "NORMAL": file.vectors(part.normals),
            "TEXCOORD_0": file.places(part.places),
            "JOINTS_0": file.bytes4(joints, normalized=False),
            "WEIGHTS_0": file.bytes4(weights, normalized=True),
        },
        "indices": file.indices(part.triangles),
        "material": material,
    }
    if targets:
        still = np.zeros_like(part.points)
        primitive["targets"] = [{"POSITION": file.displacements(part.morphs.get(name, still))} for name in targets]
    return primitive


def _joint_nodes(file: Container) -> dict[str, int]:
    """Append the skeleton's nodes; return joint name to node."""
    root = file.add("nodes", {"name": "Root", "children": []})
    nodes: dict[str, int] = {}
    for joint in JOINTS.values():
        origin = (0.0, 0.0, 0.0) if joint.parent is None else JOINTS[joint.parent].at
        place = [round(a - b, 5) + 0.0 for a, b in zip(joint.at, origin, strict=True)]
        nodes[joint.name] = file.add("nodes", {"name": joint.name, "translation": place})
        parent = root if joint.parent is None else nodes[joint.parent]
        file.root["nodes"][parent].setdefault("children", []).append(nodes[joint.name])
    return nodes


def _skin(file: Container, nodes: dict[str, int]) -> int:
    inverse = np.zeros((len(JOINTS), 16))
    inverse[:, [0, 5, 10, 15]] = 1.0
    inverse[:, 12:15] = [[-value for value in joint.at] for joint in JOINTS.values()]
    matrices = file.vectors(inverse)
    return file.add(
        "skins", {"inverseBindMatrices": matrices, "joints": list(nodes.values()), "skeleton": nodes["hips"]}
    )


def mascot() -> bytes:
    """Return the mascot's .vrm file."""
    file = Container()
    nodes = _joint_nodes(file)
    skin = _skin(file, nodes)
    meshes = _meshes()
    places = materials.append(file)
    shapes: dict[str, tuple[int, list[str]]] = {}
    roots = [0]
    for name, parts in meshes.items():
        targets = list(dict.fromkeys(morph for _, part in parts for morph in part.morphs))
        mesh: dict[str, Any] = {
            "name": name,
            "primitives": [_primitive(file, part, places[material], targets) for material, part in parts],
        }
        if targets:
            mesh |= {"weights": [0.0] * len(targets), "extras": {"targetNames": targets}}
        node = file.add("nodes", {"name": name, "mesh": file.add("meshes", mesh), "skin": skin})
        roots.append(node)
        shapes[name] = (node, targets)
    materials.pictures(file)
    file.root |= {"scene": 0, "scenes": [{"nodes": roots}]}
    file.root["extensions"] = extensions(nodes, shapes, places["blush"])
    file.root["extensionsUsed"] = [*materials.EXTENSIONS, *file.root["extensions"]]
    return file.content()
