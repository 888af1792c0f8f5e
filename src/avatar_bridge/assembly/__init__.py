"""Settings to a running `Bridge` or `Cast`: the only place where concrete rooms meet."""

from avatar_bridge.assembly.bridge import Bridge
from avatar_bridge.assembly.cast import Cast
from avatar_bridge.assembly.parts import Served, build_drivers, build_mixer, build_speaker, build_voice, choose_voice

__all__ = [
    "Bridge",
    "Cast",
    "Served",
    "build_drivers",
    "build_mixer",
    "build_speaker",
    "build_voice",
    "choose_voice",
]
