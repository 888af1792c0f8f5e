"""The driver for Warudo: motion by VMC, actions for its blueprints over a WebSocket."""

from __future__ import annotations

from typing import ClassVar

from avatar_bridge.core.motion.motion_map import MotionMap
from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.drivers.vmc_with_cues import VmcWithCues
from avatar_bridge.wire import warudo
from avatar_bridge.wire.cue_lines import CueLines

__all__ = ["WarudoDriver"]


class WarudoDriver(VmcWithCues):
    """Sets off what a blueprint does "On WebSocket Action" (`warudo.action = "wave"`)."""

    target: ClassVar[str] = "warudo"
    app: ClassVar[str] = "Warudo"
    address: ClassVar[str] = "ws://127.0.0.1:19190"
    remedy: ClassVar[str] = "start it, and put a node On WebSocket Action into a blueprint"

    def lines(self, motion_map: MotionMap) -> tuple[dict[str, CueLines], list[Diagnostic]]:
        """Return the JSON messages of the map's `warudo` tables."""
        return warudo.lines(motion_map)
