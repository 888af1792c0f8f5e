"""Where joints are: of the mascot in its own space, and of a sent VMC pose in Unity's."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from avatar_bridge.wire.vmc_skeleton import HUMANOID

__all__ = ["LIMBS", "TRUNK", "in_unity", "joints", "place", "posed"]

Vector = NDArray[np.float64]


def _judge() -> ModuleType:
    """Load the kinematics that the mascot's map is judged by."""
    path = Path(__file__).parents[1] / "core" / "motion" / "test_mascot_map.py"
    spec = importlib.util.spec_from_file_location("mascot_kinematics", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


_JUDGE: Any = _judge()
joints = _JUDGE.joints
posed = _JUDGE.posed
LIMBS: tuple[str, ...] = _JUDGE.LIMBS
TRUNK: tuple[str, ...] = _JUDGE.TRUNK


def _rotated(quaternion: Vector, vector: Vector) -> Vector:
    """Turn a vector as Unity's `quaternion * vector` does: the same formula holds in either handedness."""
    axis, w = quaternion[:3], quaternion[3]
    twice = 2.0 * np.cross(axis, vector)
    turned: Vector = vector + w * twice + np.cross(axis, twice)
    return turned


def _times(first: Vector, second: Vector) -> Vector:
    product = first[3] * second[:3] + second[3] * first[:3] + np.cross(first[:3], second[:3])
    return np.append(product, first[3] * second[3] - first[:3] @ second[:3])


def _chain(pose: NDArray[np.float32]) -> dict[str, tuple[Vector, Vector]]:
    found: dict[str, tuple[Vector, Vector]] = {}
    for (bone, parent), row in zip(HUMANOID.items(), pose.astype(float), strict=True):
        origin, turn = found[parent] if parent is not None else (np.zeros(3), np.array([0.0, 0.0, 0.0, 1.0]))
        found[bone] = origin + _rotated(turn, row[:3]), _times(turn, row[3:])
    return found


def in_unity(pose: NDArray[np.float32]) -> dict[str, Vector]:
    """Return where each bone stands."""
    return {bone: origin for bone, (origin, _) in _chain(pose).items()}


def place(pose: NDArray[np.float32], bone: str, offset: tuple[float, float, float]) -> Vector:
    """Return where a point that the bone carries stands."""
    origin, turn = _chain(pose)[bone]
    return origin + _rotated(turn, np.array(offset))
