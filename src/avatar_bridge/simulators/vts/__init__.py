"""A strict VTube Studio for tests and for machines without one; see docs/simulator.md."""

from __future__ import annotations

from avatar_bridge.simulators.vts.authentication import TokenStore
from avatar_bridge.simulators.vts.disk import read_model
from avatar_bridge.simulators.vts.hotkeys import FiredHotkey
from avatar_bridge.simulators.vts.log import InjectedFrame, LoggedRequest
from avatar_bridge.simulators.vts.model import (
    Animation,
    ArtMeshGroup,
    Binding,
    Expression,
    ExpressionTarget,
    Hotkey,
    Live2DParameter,
    ModelDescription,
    PhysicsGroup,
)
from avatar_bridge.simulators.vts.options import Options
from avatar_bridge.simulators.vts.samples import SAMPLES
from avatar_bridge.simulators.vts.server import VTubeStudioSimulator

__all__ = [
    "SAMPLES",
    "Animation",
    "ArtMeshGroup",
    "Binding",
    "Expression",
    "ExpressionTarget",
    "FiredHotkey",
    "Hotkey",
    "InjectedFrame",
    "Live2DParameter",
    "LoggedRequest",
    "ModelDescription",
    "Options",
    "PhysicsGroup",
    "TokenStore",
    "VTubeStudioSimulator",
    "read_model",
]
