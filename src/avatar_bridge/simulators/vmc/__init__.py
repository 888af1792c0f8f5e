"""A strict VMC receiver for tests and for machines without one, written from protocol.vmc.info."""

from __future__ import annotations

from avatar_bridge.simulators.vmc.receiver import VmcSimulator
from avatar_bridge.simulators.vmc.rules import BONES, VmcFrame

__all__ = ["BONES", "VmcFrame", "VmcSimulator"]
