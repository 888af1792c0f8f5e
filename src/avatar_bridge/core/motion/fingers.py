"""Short names for fingers: one number curls a whole finger, or the four of a hand together."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["CURLS"]

_FINGERS = ("index", "middle", "ring", "little")
_JOINTS = ("proximal", "intermediate", "distal")


def _finger(side: str, finger: str) -> dict[str, float]:
    sign = -1.0 if side == "left" else 1.0
    if finger == "thumb":
        return {f"{side}_thumb_{joint}_y": -sign for joint in ("proximal", "distal")}
    return {f"{side}_{finger}_{joint}_z": sign for joint in _JOINTS}


def _curls() -> dict[str, Mapping[str, float]]:
    curls: dict[str, Mapping[str, float]] = {}
    for side in ("left", "right"):
        for finger in (*_FINGERS, "thumb"):
            curls[f"{side}_{finger}"] = MappingProxyType(_finger(side, finger))
        together = {name: sign for finger in _FINGERS for name, sign in _finger(side, finger).items()}
        curls[f"{side}_fingers"] = MappingProxyType(together)
    return curls


CURLS: Mapping[str, Mapping[str, float]] = MappingProxyType(_curls())
"""Channel and sign by short name: `left_index` 60 bends each of its three joints by 60 degrees towards the palm, less
than 0 stretches it; `left_fingers` is the index, middle, ring and little finger together; a thumb's two outer joints
bend towards the fingers. The same on the right."""
