"""The Protocols between the stage and its backends: one for each kind of thing that can be exchanged."""

from avatar_bridge.ports.games import Game, GameAbilities, GameAttendant, Games
from avatar_bridge.ports.minds import LanguageModel, ModelAbilities, ReadsAhead
from avatar_bridge.ports.pages import Attendant, Audience, Page, Stream
from avatar_bridge.ports.sound import Aligner, Clock, Speaker, Voice, VoiceAbilities, VoiceEngine
from avatar_bridge.ports.targets import (
    Abilities,
    Acted,
    Adopter,
    Command,
    Corrected,
    Driver,
    Follower,
    TargetState,
    Timed,
    Witness,
)

__all__ = [
    "Abilities",
    "Acted",
    "Adopter",
    "Aligner",
    "Attendant",
    "Audience",
    "Clock",
    "Command",
    "Corrected",
    "Driver",
    "Follower",
    "Game",
    "GameAbilities",
    "GameAttendant",
    "Games",
    "LanguageModel",
    "ModelAbilities",
    "Page",
    "ReadsAhead",
    "Speaker",
    "Stream",
    "TargetState",
    "Timed",
    "Voice",
    "VoiceAbilities",
    "VoiceEngine",
    "Witness",
]
