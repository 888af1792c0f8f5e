"""The simulator's switches: what the documents leave open, what versions differ in, and what makes tests quick."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from avatar_bridge.errors import SettingsError

__all__ = ["Options"]


@dataclass(frozen=True, slots=True)
class Options:
    """How this simulated VTube Studio behaves. The defaults are what was seen live, else what the documents say."""

    popup: Literal["auto_allow", "auto_deny", "wait"] = "auto_allow"
    """What the user does with a pop-up; `wait` leaves it to `allow()` and `deny()`."""
    popup_seconds: float = 0.0
    """How long the user takes where the pop-up is answered automatically."""
    hotkey_cooldown: Literal["frames", "seconds"] = "frames"
    """Error 203 for the same hotkey within 5 frames (the README) or 5 seconds (a comment in the error list)."""
    event_request_id: Literal["random", "subscription"] = "random"
    """requestID of events: a fresh one for each, or that of the subscription; both were seen."""
    event_order: Literal["normal", "adversarial"] = "normal"
    """`adversarial`: in every frame events leave before answers, and a TestEvent overtakes its own subscription."""
    revoked_error: Literal[8, 50] = 8
    """What a session gets after its token was revoked: 8 (seen live) or 50 (the README)."""
    api_off: Literal["closes", "refuses"] = "closes"
    """Switching the API off closes connections and the port (seen live), or answers error 1 (the README)."""
    mode_case: Literal["exact", "any"] = "exact"
    """Whether the injection mode "Set" passes for "set"; it is always noted as a violation."""
    empty_request_id: Literal["refused", "generated"] = "refused"
    """requestID "": error 5 (1 to 64 characters are asked for), or as if it were absent."""
    voice_parameters: bool = True
    """Whether VoiceA, VoiceI, VoiceU, VoiceE, VoiceO and VoiceSilence exist (the advanced lip-sync of new versions)."""
    types: Literal["lenient", "strict"] = "lenient"
    """Wrong JSON types become defaults either way, as in the real app; `strict` makes `check()` fail on them."""
    voice_plus_mouth: bool = True
    """Whether VoiceVolumePlusMouthOpen follows MouthOpen, and VoiceFrequencyPlusMouthSmile MouthSmile, when they are
    not injected themselves; inferred from their names."""
    fragment_bytes: int | None = 1016
    """Longer answers leave in several frames of at most this many bytes; None never fragments."""
    extra_fields: bool = False
    """Adds a field that no document knows to every answer and event: a client must ignore it."""
    undocumented_fields: bool = True
    """Adds what a real 1.35.10 sends beyond the documents (secondsSinceLastActive, trackingPort)."""
    smoothing: bool = False
    """Whether the model's smoothing delays Live2D parameters; off, they follow at once. Its formula is our guess."""
    injection_seconds: float = 1.0
    """How long an injected value lasts when it is not sent again."""
    hotkey_queue: int = 32
    """Hotkeys that can wait; one is executed every 5 frames."""
    model_load_seconds: tuple[float, float] = (1.1, 1.7)
    """Shortest and longest time that loading a model takes."""
    model_load_cooldown: float = 2.0
    """Seconds between two accepted ModelLoadRequests."""
    ndi_cooldown: float = 3.0
    """Seconds between two NDI configurations."""
    version: str = "1.35.10"
    """The vTubeStudioVersion it reports."""
    window: tuple[int, int] = (1280, 720)
    """Width and height of the window in pixels."""
    window_title: str = "VTube Studio"
    """Title in the UDP broadcast."""
    restricted_effects: bool = False
    """Whether the user allows restricted post-processing effects."""
    broadcast_seconds: float = 2.0
    """Time between two UDP broadcasts."""
    max_message_bytes: int = 16 * 1024 * 1024
    """A longer message closes the connection with code 1009."""
    waiting_messages: int = 4096
    """Requests and answers kept for one session: beyond, it is read no further; one that never reads is dropped."""
    log_limit: int = 200_000
    """Entries kept in `frames` and in `requests`; the oldest go first."""
    seed: int = 0
    """Seed of everything random: load times, generated ids, tokens."""

    def __post_init__(self) -> None:
        """Raise SettingsError on a value that cannot be used."""
        if self.fragment_bytes is not None and self.fragment_bytes < 1:
            raise SettingsError(f"fragment_bytes must be at least 1 or None, not {self.fragment_bytes}")
        low, high = self.model_load_seconds
        if not 0 <= low <= high:
            raise SettingsError(f"model_load_seconds must be two times, the shorter first, not {low} and {high}")
        for name in ("popup_seconds", "injection_seconds", "model_load_cooldown", "ndi_cooldown", "broadcast_seconds"):
            if getattr(self, name) < 0:
                raise SettingsError(f"{name} must not be negative, got {getattr(self, name)}")
        for name in ("hotkey_queue", "waiting_messages", "log_limit", "max_message_bytes"):
            if getattr(self, name) < 1:
                raise SettingsError(f"{name} must be at least 1, got {getattr(self, name)}")
