"""A strict stand-in for OBS Studio's obs-websocket 5, written from its protocol document."""

from __future__ import annotations

from avatar_bridge.simulators.obs.server import LoggedRequest, ObsSimulator
from avatar_bridge.simulators.obs.studio import Filter, Input, Item, Studio, sample

__all__ = ["Filter", "Input", "Item", "LoggedRequest", "ObsSimulator", "Studio", "sample"]
