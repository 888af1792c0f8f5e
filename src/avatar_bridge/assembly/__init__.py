"""Settings to a running `Bridge`: the only place where concrete rooms meet."""

from avatar_bridge.assembly.bridge import Bridge
from avatar_bridge.assembly.parts import build_drivers, build_mixer, build_speaker, build_voice, choose_voice

__all__ = ["Bridge", "build_drivers", "build_mixer", "build_speaker", "build_voice", "choose_voice"]
