"""Avatar Bridge: tagged text in, a speaking, moving avatar out.

`async with Bridge.from_settings(path) as bridge: await bridge.perform(text)` does it all, `Cast` does it for several
characters, and `Talk` lets them be talked to; every stage is also usable alone: `parse` and `Parser`, `Segmenter`,
`align`, `best_lip_sync`, `MotionMap`, `Mixer` with `Life`, `Timeline`, `compose`. Who writes a voice, a model or a
driver finds the Protocols in `avatar_bridge.ports` and the value types in `avatar_bridge.core.vocabulary`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from avatar_bridge.assembly import Bridge as Bridge
    from avatar_bridge.assembly import Cast as Cast
    from avatar_bridge.assembly.talk import Talk as Talk
    from avatar_bridge.commands.render import Rendering as Rendering
    from avatar_bridge.commands.render import compose as compose
    from avatar_bridge.core.motion.life.life import Life as Life
    from avatar_bridge.core.motion.mixer import Mixer as Mixer
    from avatar_bridge.core.motion.motion_map import MotionMap as MotionMap
    from avatar_bridge.core.motion.motion_map import load_motion_map as load_motion_map
    from avatar_bridge.core.script.parser import Parser as Parser
    from avatar_bridge.core.script.parser import parse as parse
    from avatar_bridge.core.script.segmenter import Segmenter as Segmenter
    from avatar_bridge.core.speech.alignment import align as align
    from avatar_bridge.core.speech.lipsync import best_lip_sync as best_lip_sync
    from avatar_bridge.core.timeline.timeline import HeardText as HeardText
    from avatar_bridge.core.timeline.timeline import Timeline as Timeline
    from avatar_bridge.core.vocabulary import Cue as Cue
    from avatar_bridge.core.vocabulary import Diagnostic as Diagnostic
    from avatar_bridge.core.vocabulary import Frame as Frame
    from avatar_bridge.core.vocabulary import SpokenSegment as SpokenSegment
    from avatar_bridge.errors import AvatarBridgeError as AvatarBridgeError
    from avatar_bridge.errors import PeerError as PeerError
    from avatar_bridge.errors import UsageError as UsageError
    from avatar_bridge.errors import VoiceError as VoiceError
    from avatar_bridge.errors import WorldError as WorldError
    from avatar_bridge.registry import read_map as read_map
    from avatar_bridge.settings import Settings as Settings
    from avatar_bridge.settings import read_settings as read_settings
    from avatar_bridge.stage.performance import Outcome as Outcome

__version__ = "0.1.0"

_HOMES = {
    "AvatarBridgeError": "errors",
    "Bridge": "assembly",
    "Cast": "assembly",
    "Cue": "core.vocabulary",
    "Diagnostic": "core.vocabulary",
    "Frame": "core.vocabulary",
    "HeardText": "core.timeline.timeline",
    "Life": "core.motion.life.life",
    "Mixer": "core.motion.mixer",
    "MotionMap": "core.motion.motion_map",
    "Outcome": "stage.performance",
    "Parser": "core.script.parser",
    "PeerError": "errors",
    "Rendering": "commands.render",
    "Segmenter": "core.script.segmenter",
    "Settings": "settings",
    "SpokenSegment": "core.vocabulary",
    "Talk": "assembly.talk",
    "Timeline": "core.timeline.timeline",
    "UsageError": "errors",
    "VoiceError": "errors",
    "WorldError": "errors",
    "align": "core.speech.alignment",
    "best_lip_sync": "core.speech.lipsync",
    "compose": "commands.render",
    "load_motion_map": "core.motion.motion_map",
    "parse": "core.script.parser",
    "read_map": "registry",
    "read_settings": "settings",
}

__all__ = [
    "AvatarBridgeError",
    "Bridge",
    "Cast",
    "Cue",
    "Diagnostic",
    "Frame",
    "HeardText",
    "Life",
    "Mixer",
    "MotionMap",
    "Outcome",
    "Parser",
    "PeerError",
    "Rendering",
    "Segmenter",
    "Settings",
    "SpokenSegment",
    "Talk",
    "Timeline",
    "UsageError",
    "VoiceError",
    "WorldError",
    "__version__",
    "align",
    "best_lip_sync",
    "compose",
    "load_motion_map",
    "parse",
    "read_map",
    "read_settings",
]


def __getattr__(name: str) -> Any:
    """Import a public name from its room on first use, so that importing the package loads no backend."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
