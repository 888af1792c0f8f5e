"""The exception tree: the caller's fault, the peer's fault and the world's fault are separate branches.

A message says what was expected, what came, and what to do.
"""

from __future__ import annotations

__all__ = [
    "AvatarBridgeError",
    "ModelError",
    "MotionMapError",
    "PeerError",
    "PersonaError",
    "ProtocolError",
    "RefusedError",
    "ScriptError",
    "SettingsError",
    "SpeakerError",
    "UnreachableError",
    "UsageError",
    "VoiceError",
    "WorkerError",
    "WorldError",
]


class AvatarBridgeError(Exception):
    """Base of everything the package raises on purpose."""


class UsageError(AvatarBridgeError):
    """The caller's fault: an argument, a setting or a file that cannot be right."""


class SettingsError(UsageError):
    """`bridge.toml` or an option holds a value that cannot be used."""


class MotionMapError(UsageError):
    """A motion map does not validate; the message names file, line and key."""


class PersonaError(UsageError):
    """A persona or a character card cannot be read; the message names the file, the place and what was expected."""


class ScriptError(UsageError):
    """The input text cannot be read (not UTF-8, say); tags inside it are never an error."""


class PeerError(AvatarBridgeError):
    """The peer's fault: a target or a service answered something it should not have."""


class ProtocolError(PeerError):
    """The peer sent something its protocol does not allow."""


class RefusedError(PeerError):
    """The peer refused: a denied pop-up, a wrong password, a revoked token."""


class WorldError(AvatarBridgeError):
    """Nobody's fault: a missing device, a closed port, a dead process, a full disk."""


class UnreachableError(WorldError):
    """Nothing answers where the target should be."""


class SpeakerError(WorldError):
    """The sound device is missing or failed."""


class WorkerError(WorldError):
    """A child process died, hung or ran out of memory."""


class VoiceError(WorldError):
    """A voice could not be loaded or could not speak a text."""


class ModelError(WorldError):
    """A language model could not be loaded or reached, or its answer broke off."""
