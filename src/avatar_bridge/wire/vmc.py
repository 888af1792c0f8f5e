"""A VMC performer's frames (protocol V3.1, protocol.vmc.info): OK, T, Root, every bone, every blendshape, Apply.

Blendshapes are state: all of them stand in every frame, those of custom clips too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Final, Literal, TypeAlias

import numpy as np

from avatar_bridge.wire.blendshapes import ARKIT, VRM0_NAMES, arkit, vrm
from avatar_bridge.wire.osc import FLOAT, Sheet, Slot
from avatar_bridge.wire.vmc_body import Body
from avatar_bridge.wire.vmc_skeleton import HUMANOID, MASCOT, Skeleton, unity_name

__all__ = ["Performer", "Vrm"]

Vrm: TypeAlias = Literal[0, 1]
_POSE: Final = (FLOAT,) * 7
_BLEND: Final = "/VMC/Ext/Blend/Val"
_STANDARD: Final = tuple(chain.from_iterable((old, new) for new, old in VRM0_NAMES.items()))
"""Each weight under VRM 0's name, then under VRM 1's."""
_TWINS: Final = {**VRM0_NAMES, **{old: new for new, old in VRM0_NAMES.items()}}


class Performer:
    """Frames of the rig to a frame's bundles, each within one Ethernet packet; the layout is made once."""

    def __init__(
        self,
        skeleton: Skeleton = MASCOT,
        *,
        bones: bool = True,
        perfect_sync: bool = False,
        version: Vrm = 0,
        clips: Sequence[str] = (),
    ) -> None:
        """`bones` False sends the face alone, with the gaze in it; `clips` are custom blendshapes.

        `perfect_sync`: mouth, lids, brows and cheeks go out under ARKit's 52 names, and VRM's mouth and blink stay at
        0, so that no model closes its eyes twice. `version`: the VRM version of the model (see `blendshapes.vrm`).
        Raises UsageError for a clip whose name is too long or has a NUL in it.
        """
        self._body = Body(skeleton) if bones else None
        self._perfect, self._version = perfect_sync, version
        taken = {*_STANDARD, *(ARKIT if perfect_sync else ())}
        self.clips = tuple(name for name in dict.fromkeys(clips) if name not in taken)
        """Custom blendshapes that are sent beside the standard ones."""
        self.names = (*_STANDARD, *(ARKIT if perfect_sync else ()), *self.clips)
        """Every blendshape of a frame, in order."""
        self._index = {name: number for number, name in enumerate(self.names)}
        messages: list[tuple[str, Sequence[Slot]]] = [("/VMC/Ext/OK", (1,)), ("/VMC/Ext/T", (FLOAT,))]
        if bones:
            messages.append(("/VMC/Ext/Root/Pos", ("root", 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0)))
            messages += [("/VMC/Ext/Bone/Pos", (unity_name(bone), *_POSE)) for bone in HUMANOID]
        messages += [(_BLEND, (name, FLOAT)) for name in self.names]
        messages.append(("/VMC/Ext/Blend/Apply", ()))
        self._sheet = Sheet(messages)
        self._values = np.zeros(self._sheet.size, dtype=np.float32)

    def frame(self, at: float, values: Mapping[str, float], held: Mapping[str, float] | None = None) -> list[bytes]:
        """Return the bundles of one frame in the order of sending; `at` is the sender's time in seconds.

        `held`: weights 0..1 of blendshapes that actions hold, by name; a standard one is held under both of its
        names, and takes the greater weight.
        """
        numbers = self._values
        numbers[0] = at
        if self._body is not None:
            numbers[1 : 1 + 7 * len(HUMANOID)] = self._body.pose(values).ravel()
        eyes = self._body is None
        weights = [
            weight
            for weight in vrm(values, eyes=eyes, face=not self._perfect, version=self._version).values()
            for _ in (0, 1)
        ]
        if self._perfect:
            weights += arkit(values, eyes=eyes).values()
        weights += [0.0] * len(self.clips)
        for name, weight in (held or {}).items():
            for each in (name, _TWINS.get(name, name)):
                number = self._index.get(each)
                if number is not None:
                    weights[number] = max(weights[number], min(max(weight, 0.0), 1.0))
        numbers[-len(weights) :] = weights
        return self._sheet.fill(numbers)
