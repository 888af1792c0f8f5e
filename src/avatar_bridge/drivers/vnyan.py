"""The driver for VNyan: motion by VMC, commands for its node graphs over a WebSocket."""

from __future__ import annotations

from typing import ClassVar

from avatar_bridge.core.motion.motion_map import MotionMap
from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.drivers.vmc_with_cues import VmcWithCues
from avatar_bridge.wire import vnyan
from avatar_bridge.wire.cue_lines import CueLines

__all__ = ["VNyanDriver"]


class VNyanDriver(VmcWithCues):
    """Sets off what a graph does on a "WebSocket Command" (`vnyan.command = "Wave"`)."""

    target: ClassVar[str] = "vnyan"
    app: ClassVar[str] = "VNyan"
    address: ClassVar[str] = "ws://127.0.0.1:8000/vnyan"
    remedy: ClassVar[str] = "start it and switch on its WebSocket receiver (Menu > Misc > WebSockets)"

    def lines(self, motion_map: MotionMap) -> tuple[dict[str, CueLines], list[Diagnostic]]:
        """Return the text messages of the map's `vnyan` tables."""
        return vnyan.lines(motion_map)
