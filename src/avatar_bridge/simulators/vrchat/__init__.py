"""A strict stand-in for VRChat's OSC, for tests and for machines without it."""

from __future__ import annotations

from avatar_bridge.simulators.vrchat.receiver import SAMPLE, ChatLine, VRChatSimulator

__all__ = ["SAMPLE", "ChatLine", "VRChatSimulator"]
