"""What VMC protocol V3.1 says of a performer's messages (protocol.vmc.info/marionette-spec)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from avatar_bridge.simulators.osc_packets import OscMessage

__all__ = ["BONES", "LARGEST", "MESSAGES", "OPTIONAL", "VmcFrame", "faults"]

LARGEST: Final = 1500
"""Most bytes of a bundle."""

_FINGERS: Final = ("Thumb", "Index", "Middle", "Ring", "Little")
_TRUNK: Final = ("Hips", "Spine", "Chest", "UpperChest", "Neck", "Head", "Jaw")
_LIMBS: Final = (
    *("Eye", "Shoulder", "UpperArm", "LowerArm", "Hand", "UpperLeg", "LowerLeg", "Foot", "Toes"),
    *(f"{finger}{joint}" for finger in _FINGERS for joint in ("Proximal", "Intermediate", "Distal")),
)
BONES: Final = frozenset({*_TRUNK, *(side + limb for side in ("Left", "Right") for limb in _LIMBS)})
"""Unity's HumanBodyBones."""
OPTIONAL: Final = frozenset({"Jaw"})
"""Bones that a performer may leave out: many bodies have none."""

_POSE: Final = "sfffffff"
MESSAGES: Final[Mapping[str, tuple[str, ...]]] = {
    "/VMC/Ext/OK": ("i", "iii", "iiii"),
    "/VMC/Ext/T": ("f",),
    "/VMC/Ext/Root/Pos": (_POSE, _POSE + "ffffff"),
    "/VMC/Ext/Bone/Pos": (_POSE,),
    "/VMC/Ext/Blend/Val": ("sf",),
    "/VMC/Ext/Blend/Apply": ("",),
    "/VMC/Ext/Cam": (_POSE + "f",),
    "/VMC/Ext/Hmd/Pos": (_POSE,),
    "/VMC/Ext/Con/Pos": (_POSE,),
    "/VMC/Ext/Tra/Pos": (_POSE,),
    "/VMC/Ext/VRM": ("ss", "sss"),
    "/VMC/Ext/Opt": ("s",),
    "/VMC/Ext/Rcv": ("ii", "iis"),
}
"""Type tags that each address may have."""


@dataclass(slots=True)
class VmcFrame:
    """One frame as it came in, from OK to Apply."""

    at: float
    """Seconds of `time.perf_counter()` at its last message."""
    loaded: bool = False
    time: float | None = None
    root: tuple[float, ...] | None = None
    bones: dict[str, tuple[float, ...]] = field(default_factory=dict)
    """Position x y z and rotation x y z w by bone."""
    blends: dict[str, float] = field(default_factory=dict)
    packets: int = 0
    size: int = 0
    """Bytes of all its packets."""


def faults(message: OscMessage) -> Iterator[str]:
    """Yield what is wrong with one message taken alone."""
    known = MESSAGES.get(message.address)
    if known is None:
        if not message.address.startswith("/VMC/Thru/"):
            near = next((name for name in MESSAGES if name.casefold() == message.address.casefold()), "")
            yield f"{message.address} is no address of VMC" + (f"; {near} is" if near else "")
        return
    if message.tags not in known:
        yield f"{message.address} has the types {message.tags!r}, expected {' or '.join(map(repr, known))}"
        return
    if message.tags.startswith(_POSE):
        name = str(message.values[0])
        turn = math.sqrt(sum(float(value) ** 2 for value in message.values[4:8] if isinstance(value, float)))
        if abs(turn - 1.0) > 1e-3:
            yield f"the rotation of {name} has the length {turn:.4f}, expected 1"
        if message.address.endswith("Root/Pos") and name != "root":
            yield f"the root is called {name!r}, expected 'root'"
        if message.address.endswith("Bone/Pos") and name not in BONES and name != "LastBone":
            yield f"{name!r} is none of Unity's HumanBodyBones"
    if message.address.endswith("Blend/Val"):
        name, value = str(message.values[0]), message.values[1]
        if not name:
            yield "a blendshape has no name"
        if isinstance(value, float) and not 0.0 <= value <= 1.0:
            yield f"the blendshape {name} is {value:g}, expected 0 to 1"
