"""The mascot's file: rebuilt, read as glTF 2.0 and VRM 1.0 by a reader of its own, and measured."""

from __future__ import annotations

import json
import struct
import sys
import zlib
from collections.abc import Iterator
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

_ROOT = Path(__file__).parents[2]
_SHIPPED = _ROOT / "src" / "avatar_bridge" / "web" / "static" / "mascot.vrm"
_TYPES = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}
_PARTS = {5121: np.dtype("u1"), 5123: np.dtype("<u2"), 5126: np.dtype("<f4")}

_REQUIRED = {
    "hips",
    "spine",
    "head",
    "leftUpperArm",
    "leftLowerArm",
    "leftHand",
    "rightUpperArm",
    "rightLowerArm",
    "rightHand",
    "leftUpperLeg",
    "leftLowerLeg",
    "leftFoot",
    "rightUpperLeg",
    "rightLowerLeg",
    "rightFoot",
}
_FINGERS = {
    f"{side}{finger}{part}"
    for side in ("left", "right")
    for finger in ("Thumb", "Index", "Middle", "Ring", "Little")
    for part in (("Metacarpal", "Proximal", "Distal") if finger == "Thumb" else ("Proximal", "Intermediate", "Distal"))
}
_CUSTOM = [
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
]
_PRESETS = [
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
]
_LASH = 0.0015
"""Less than the upper lash is thick, in metres: what it hides of a slit."""


class _File:
    """A binary glTF, read by the letter of its specification."""

    def __init__(self, content: bytes) -> None:
        magic, version, length = struct.unpack_from("<4sII", content)
        assert (magic, version, length) == (b"glTF", 2, len(content))
        size, kind = struct.unpack_from("<I4s", content, 12)
        assert kind == b"JSON"
        assert size % 4 == 0
        self.root: dict[str, Any] = json.loads(content[20 : 20 + size])
        binary, kind = struct.unpack_from("<I4s", content, 20 + size)
        assert kind == b"BIN\0"
        assert 28 + size + binary == length
        self.binary = content[28 + size :]
        assert self.root["buffers"] == [{"byteLength": binary}]

    def view(self, index: int) -> bytes:
        view = self.root["bufferViews"][index]
        start, end = view["byteOffset"], view["byteOffset"] + view["byteLength"]
        assert 0 <= start <= end <= len(self.binary)
        assert start % 4 == 0
        return self.binary[start:end]

    def array(self, index: int) -> np.ndarray[Any, Any]:
        accessor = self.root["accessors"][index]
        part, width, count = _PARTS[accessor["componentType"]], _TYPES[accessor["type"]], accessor["count"]
        if "bufferView" in accessor:
            content = self.view(accessor["bufferView"])
            assert len(content) == count * width * part.itemsize
            values = np.frombuffer(content, part).reshape(count, width).copy()
        else:
            values = np.zeros((count, width), part)
        if "sparse" in accessor:
            sparse = accessor["sparse"]
            where = np.frombuffer(self.view(sparse["indices"]["bufferView"]), "<u2")
            assert len(where) == sparse["count"]
            assert np.all(np.diff(where.astype(int)) > 0)
            assert where[-1] < count
            values[where] = np.frombuffer(self.view(sparse["values"]["bufferView"]), part).reshape(-1, width)
        if "min" in accessor:
            np.testing.assert_array_equal(values.min(axis=0), np.array(accessor["min"], part))
            np.testing.assert_array_equal(values.max(axis=0), np.array(accessor["max"], part))
        return values

    def places(self) -> dict[str, np.ndarray[Any, Any]]:
        """Return each node's name and place in the world; no node of the mascot turns or scales."""
        found: dict[str, np.ndarray[Any, Any]] = {}

        def walk(index: int, origin: np.ndarray[Any, Any]) -> None:
            node = self.root["nodes"][index]
            assert not {"rotation", "scale", "matrix"} & set(node)
            at = origin + node.get("translation", [0, 0, 0])
            assert node["name"] not in found
            found[node["name"]] = at
            for child in node.get("children", []):
                walk(child, at)

        for index in self.root["scenes"][0]["nodes"]:
            walk(index, np.zeros(3))
        return found


def _pixels(content: bytes) -> bytes:
    """Return a PNG with its picture unpacked: two zlibs may pack one picture differently."""
    at, found = 8, bytearray(content[:8])
    packed = bytearray()
    while at < len(content):
        size, kind = struct.unpack_from(">I4s", content, at)
        body = content[at + 8 : at + 8 + size]
        assert struct.unpack_from(">I", content, at + 8 + size)[0] == zlib.crc32(kind + body)
        if kind == b"IDAT":
            packed += body
        else:
            found += kind + body
        at += 12 + size
    return bytes(found) + zlib.decompress(packed)


@pytest.fixture(scope="module")
def shipped() -> _File:
    return _File(_SHIPPED.read_bytes())


@pytest.fixture(scope="module")
def rebuilt() -> bytes:
    sys.path.insert(0, str(_ROOT))
    try:
        built: bytes = import_module("scripts.mascot.character").mascot()
    finally:
        sys.path.remove(str(_ROOT))
    return built


@pytest.fixture(scope="module")
def vrm(shipped: _File) -> dict[str, Any]:
    found: dict[str, Any] = shipped.root["extensions"]["VRMC_vrm"]
    return found


def _primitives(file: _File) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for mesh in file.root["meshes"]:
        for primitive in mesh["primitives"]:
            yield mesh, primitive


def test_the_script_writes_the_file_that_is_shipped(shipped: _File, rebuilt: bytes) -> None:
    again = _File(rebuilt)
    images = {image["bufferView"] for image in shipped.root["images"]}
    assert {image["bufferView"] for image in again.root["images"]} == images
    assert len(again.root["bufferViews"]) == len(shipped.root["bufferViews"])
    for index in range(len(shipped.root["bufferViews"])):
        old, new = shipped.view(index), again.view(index)
        assert (_pixels(old) == _pixels(new)) if index in images else (old == new)
    for root in (shipped.root, again.root):
        assert max(images) == len(root["bufferViews"]) - 1
    ignored = ("bufferViews", "buffers")
    assert {k: v for k, v in again.root.items() if k not in ignored} == {
        k: v for k, v in shipped.root.items() if k not in ignored
    }


def test_the_script_writes_the_same_bytes_twice(rebuilt: bytes) -> None:
    assert sys.modules["scripts.mascot.character"].mascot() == rebuilt


def test_the_file_is_small() -> None:
    assert _SHIPPED.stat().st_size < 1_500_000


def test_every_accessor_lies_in_the_buffer_and_tells_its_bounds(shipped: _File) -> None:
    for index in range(len(shipped.root["accessors"])):
        assert np.all(np.isfinite(shipped.array(index)))
    for _, primitive in _primitives(shipped):
        for accessor in (primitive["attributes"], *primitive.get("targets", [])):
            assert "min" in shipped.root["accessors"][accessor["POSITION"]]


def test_every_surface_has_true_normals_and_weights(shipped: _File) -> None:
    joints = len(shipped.root["skins"][0]["joints"])
    for _, primitive in _primitives(shipped):
        attributes = primitive["attributes"]
        points = shipped.array(attributes["POSITION"])
        normals = shipped.array(attributes["NORMAL"])
        np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1.0, atol=1e-4)
        weights = shipped.array(attributes["WEIGHTS_0"]).astype(int)
        assert shipped.root["accessors"][attributes["WEIGHTS_0"]]["normalized"] is True
        assert np.all(weights.sum(axis=1) == 255)
        used = shipped.array(attributes["JOINTS_0"])
        assert used.max() < joints
        assert not np.any((weights == 0) & (used != 0))
        triangles = shipped.array(primitive["indices"])
        assert len(triangles) % 3 == 0
        assert triangles.max() < len(points) < 65535
        for target in primitive.get("targets", []):
            assert shipped.root["accessors"][target["POSITION"]]["count"] == len(points)


def test_surfaces_face_outward(shipped: _File) -> None:
    for mesh, primitive in _primitives(shipped):
        points = shipped.array(primitive["attributes"]["POSITION"]).astype(float)
        normals = shipped.array(primitive["attributes"]["NORMAL"])
        corners = shipped.array(primitive["indices"]).reshape(-1, 3)
        a, b, c = (points[corners[:, k]] for k in range(3))
        way = np.sum(np.cross(b - a, c - a) * normals[corners].mean(axis=1), axis=1)
        assert np.mean(way > 0) > 0.93, (mesh["name"], float(np.mean(way > 0)))


def test_the_skin_rests_where_the_joints_stand(shipped: _File) -> None:
    skin = shipped.root["skins"][0]
    places = shipped.places()
    matrices = shipped.array(skin["inverseBindMatrices"]).reshape(-1, 4, 4)
    for node, matrix in zip(skin["joints"], matrices, strict=True):
        expected = np.eye(4)
        expected[3, :3] = -places[shipped.root["nodes"][node]["name"]]
        np.testing.assert_allclose(matrix, expected, atol=2e-5)


def test_the_body_has_every_humanoid_bone_once(shipped: _File, vrm: dict[str, Any]) -> None:
    bones = {name: bone["node"] for name, bone in vrm["humanoid"]["humanBones"].items()}
    assert set(bones) >= _REQUIRED | _FINGERS | {"chest", "upperChest", "neck", "leftShoulder", "leftToes"}
    assert len(set(bones.values())) == len(bones)
    places = shipped.places()
    for name in bones:
        if name.startswith("left"):
            left, right = places[name], places["right" + name[4:]]
            np.testing.assert_allclose(left, right * [-1, 1, 1], atol=1e-6)
            assert left[0] > 0
    assert places["hips"][1] < places["chest"][1] < places["head"][1]


def test_the_bones_are_those_of_the_rig(vrm: dict[str, Any]) -> None:
    from avatar_bridge.core.motion.rig import BONES

    def camel(name: str) -> str:
        first, *rest = name.split("_")
        return first + "".join(part.capitalize() for part in rest)

    assert {camel(bone) for bone in BONES} | {"head"} == set(vrm["humanoid"]["humanBones"])


def test_joints_stay_where_the_motions_were_written_against_them(shipped: _File) -> None:
    places = shipped.places()
    expected = {
        "hips": (0.0, 0.560, 0.0),
        "upperChest": (0.0, 0.790, -0.010),
        "neck": (0.0, 0.938, -0.014),
        "head": (0.0, 0.985, -0.004),
        "leftUpperArm": (0.098, 0.905, -0.012),
        "leftLowerArm": (0.298, 0.905, -0.012),
        "leftHand": (0.490, 0.905, -0.012),
        "leftThumbProximal": (0.526, 0.896, 0.020),
        "leftIndexProximal": (0.542, 0.905, 0.0095),
        "leftLittleDistal": (0.5706, 0.905, -0.0354),
        "leftUpperLeg": (0.056, 0.535, 0.0),
        "leftLowerLeg": (0.058, 0.305, 0.004),
        "leftFoot": (0.058, 0.075, -0.008),
    }
    for name, place in expected.items():
        np.testing.assert_allclose(places[name], place, atol=2e-5, err_msg=name)


def test_her_hands_reach_her_face_and_the_top_of_her_head(shipped: _File) -> None:
    places = shipped.places()
    shoulder = places["leftUpperArm"]
    arm = float(places["leftHand"][0] - shoulder[0])
    reach = float(places["leftMiddleDistal"][0] - shoulder[0])
    for target in ((0.0, 1.035, 0.13), (0.0, 1.0, 0.12), (0.04, 1.2, 0.14)):
        assert float(np.linalg.norm(np.array(target) - shoulder)) < arm
    assert float(np.linalg.norm(np.array([0.0, 1.33, 0.05]) - shoulder)) < reach


def test_expressions_name_morphs_that_move(shipped: _File, vrm: dict[str, Any]) -> None:
    preset, custom = vrm["expressions"]["preset"], vrm["expressions"]["custom"]
    assert set(preset) == set(_PRESETS)
    assert set(custom) == set(_CUSTOM)
    for name, expression in (preset | custom).items():
        binds = expression.get("morphTargetBinds", [])
        assert binds or expression.get("materialColorBinds") or name == "neutral"
        for bind in binds:
            mesh = shipped.root["meshes"][shipped.root["nodes"][bind["node"]]["mesh"]]
            morph = mesh["extras"]["targetNames"][bind["index"]]
            assert morph == name or name == "blink"
            moved = [
                float(np.abs(shipped.array(part["targets"][bind["index"]]["POSITION"])).max())
                for part in mesh["primitives"]
            ]
            assert max(moved) > 0.001


def test_morph_names_fit_the_targets(shipped: _File) -> None:
    for mesh, primitive in _primitives(shipped):
        names = mesh.get("extras", {}).get("targetNames", [])
        assert len(names) == len(set(names)) == len(primitive.get("targets", [])) == len(mesh.get("weights", []))


def _mouth_box(file: _File, name: str) -> tuple[float, float]:
    """Return width and height of the opening between the lips with one morph full."""
    mesh = next(mesh for mesh in file.root["meshes"] if mesh["name"] == "Mouth")
    lips = mesh["primitives"][0]
    points = file.array(lips["attributes"]["POSITION"])
    index = mesh["extras"]["targetNames"].index(name)
    moved = (points + file.array(lips["targets"][index]["POSITION"]))[:34]
    return float(np.ptp(moved[:, 0])), float(np.ptp(moved[:, 1]))


def test_the_five_visemes_are_five_shapes(shipped: _File) -> None:
    shapes = {name: _mouth_box(shipped, name) for name in ("aa", "ih", "ou", "ee", "oh")}
    assert max(shapes, key=lambda name: shapes[name][1]) == "aa"
    assert max(shapes, key=lambda name: shapes[name][0]) == "ee"
    assert min(shapes, key=lambda name: shapes[name][0]) == "ou"
    names = list(shapes)
    for index, one in enumerate(names):
        for other in names[index + 1 :]:
            assert max(abs(a - b) for a, b in zip(shapes[one], shapes[other], strict=True)) > 0.004, (one, other)


def test_closed_eyes_cover_the_iris(shipped: _File) -> None:
    mesh = next(mesh for mesh in shipped.root["meshes"] if mesh["name"] == "Eyes")
    lids = mesh["primitives"][0]
    points = shipped.array(lids["attributes"]["POSITION"])
    count = 7 * 45
    for side, morph in ((points[:count], "blinkLeft"), (points[:count], "happy")):
        move = shipped.array(lids["targets"][mesh["extras"]["targetNames"].index(morph)]["POSITION"])[:count]
        edge = (side + move)[:44]
        upper, lower = edge[:22], edge[22:44][::-1]
        assert np.all(upper[2:-2, 1] - lower[2:-2, 1] < _LASH)
    move = shipped.array(lids["targets"][mesh["extras"]["targetNames"].index("blinkLeft")]["POSITION"])
    assert not np.any(move[count : 2 * count])


def test_closed_eyes_are_not_closed_twice(vrm: dict[str, Any]) -> None:
    preset = vrm["expressions"]["preset"]
    assert preset["happy"]["overrideBlink"] == preset["relaxed"]["overrideBlink"] == "blend"
    assert all(expression["overrideMouth"] == "none" for expression in preset.values())


def test_anyone_may_pass_her_on(vrm: dict[str, Any]) -> None:
    meta = vrm["meta"]
    assert vrm["specVersion"] == "1.0"
    assert meta["licenseUrl"] == "https://vrm.dev/licenses/1.0/"
    assert meta["allowRedistribution"] is True
    assert meta["modification"] == "allowModificationRedistribution"
    assert meta["avatarPermission"] == "everyone"
    assert meta["creditNotation"] == "unnecessary"
    assert meta["authors"]


def test_springs_swing_chains_that_hang_together(shipped: _File) -> None:
    springs = shipped.root["extensions"]["VRMC_springBone"]
    nodes = shipped.root["nodes"]
    seen: set[int] = set()
    for spring in springs["springs"]:
        chain = [joint["node"] for joint in spring["joints"]]
        assert len(chain) >= 3
        assert not seen & set(chain)
        seen |= set(chain)
        for above, below in pairwise(chain):
            assert below in nodes[above]["children"]
        assert all(0 <= group < len(springs["colliderGroups"]) for group in spring.get("colliderGroups", []))
    assert len(springs["springs"]) >= 4
    assert all(0 <= collider["node"] < len(nodes) for collider in springs["colliders"])


def test_materials_are_toon_with_thin_outlines(shipped: _File) -> None:
    assert set(shipped.root["extensionsUsed"]) == {
        "KHR_materials_unlit",
        "VRMC_materials_mtoon",
        "VRMC_vrm",
        "VRMC_springBone",
    }
    for material in shipped.root["materials"]:
        toon = material["extensions"]["VRMC_materials_mtoon"]
        assert 0.0 <= toon["outlineWidthFactor"] <= 0.002
        assert (toon["outlineWidthMode"] == "none") == (toon["outlineWidthFactor"] == 0.0)
        assert toon["shadeMultiplyTexture"]["index"] < len(shipped.root["textures"])
