"""What is known of the programs that receive VMC: their port, what they take, and where their switch is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

__all__ = ["PRESETS", "Preset"]


@dataclass(frozen=True, slots=True)
class Preset:
    """One program."""

    app: str
    """What it is called."""
    switch: str
    """Where its receiver is switched on; empty where that is not known."""
    port: int = 39539
    bones: bool = True
    """Whether it takes the body; one with a body of its own takes blendshapes alone."""
    lead: float = 0.05
    """Seconds from handing a frame over until it shows: set, not measured."""


PRESETS: Final[Mapping[str, Preset]] = MappingProxyType(
    {
        "vmc": Preset("the VMC program", ""),
        "vseeface": Preset("VSeeFace", "General settings, VMC protocol receiver", lead=0.06),
        "vmagicmirror": Preset("VMagicMirror", "Settings, VMCP, then the VMCP tab", lead=0.06),
        "warudo": Preset("Warudo", "a VMC receiver asset in the character's motion capture"),
        "vnyan": Preset("VNyan", "the VMC receiver in its settings"),
        "evmc4u": Preset("the Unity scene with EVMC4U", "the ExternalReceiver component"),
        "vmc4ue": Preset("Unreal with VMC4UE or VRM4U", "its VMC component"),
        "vmc4b": Preset("Blender with VMC4B", "the add-on's panel"),
        "godot": Preset("Godot with the XR VMC tracker", "the plug-in's settings"),
        "virtualmotioncapture": Preset(
            "Virtual Motion Capture", "its motion receiver", port=39540, bones=False, lead=0.06
        ),
    }
)
"""By the name that `preset` takes. The lead: half a frame until the program looks, a frame until the screen shows it,
and what the program smooths; `lead` in the settings overrides it."""
