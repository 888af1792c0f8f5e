"""Edge's engine as it stands in a child process, pointed at a stand-in."""

from __future__ import annotations

import os
from typing import Any

import edge_tts.communicate

from avatar_bridge.tts.edge import EdgeEngine

__all__ = ["ADDRESS", "EdgeHere"]

ADDRESS = "AVATAR_BRIDGE_EDGE_STAND_IN"


class EdgeHere(EdgeEngine):
    def __init__(self, **options: Any) -> None:
        vars(edge_tts.communicate)["WSS_URL"] = os.environ[ADDRESS]
        super().__init__(**options)
