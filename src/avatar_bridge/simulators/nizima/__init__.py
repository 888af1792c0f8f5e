"""A strict nizima LIVE for tests and for machines without one; see docs/simulator.md."""

from __future__ import annotations

from avatar_bridge.simulators.nizima.application import NizimaSimulator
from avatar_bridge.simulators.nizima.model import SAMPLES, Asset, NizimaModel, NizimaParameter

__all__ = ["SAMPLES", "Asset", "NizimaModel", "NizimaParameter", "NizimaSimulator"]
