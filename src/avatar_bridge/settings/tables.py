"""The tables of `bridge.toml` about what is heard and seen."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, field_validator

from avatar_bridge.credentials import check_reference

__all__ = [
    "DriverSettings",
    "KeyReference",
    "MotionSettings",
    "OneVoiceSettings",
    "ScriptSettings",
    "SoundSettings",
    "Table",
    "VoiceSettings",
    "WebSettings",
]

KeyReference = Annotated[str, AfterValidator(check_reference)]
"""Where a key is kept; a key itself is refused without being shown."""


class Table(BaseModel):
    """A table whose every key is known; frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class OneVoiceSettings(Table):
    """One voice, and how it speaks."""

    engine: str = "auto"
    """auto (the best that is installed), a voice's name as the README lists them, or a third party's."""
    speed: float = Field(default=1.0, ge=0.3, le=3.0)
    pitch: float = Field(default=0.0, ge=-12.0, le=12.0)
    """Semitones."""
    url: str | None = None
    """Where a voice that is a program of its own, or a service, listens; its usual place when absent."""
    key: KeyReference = ""
    """Where its key is kept: env:VARIABLE, file:PATH or keyring:SERVICE/NAME; its usual variable when empty."""
    options: dict[str, Any] = Field(default_factory=dict)
    """Passed to the voice: `model = "…"` for piper, `voice = "en"` for espeak."""


def _by_name(given: Any) -> Any:
    """Take a bare name for the voice of that name."""
    return {"engine": given} if isinstance(given, str) else given


class VoiceSettings(OneVoiceSettings):
    """Which voice speaks, and how."""

    fallback: tuple[Annotated[OneVoiceSettings, BeforeValidator(_by_name)], ...] = ()
    """Who speaks a segment that the voice fails on, the first of them that can: names, or tables like this one."""
    align: bool = True
    """Whether words are looked for in the sound of a voice that does not tell when it says what."""
    loudness: float | None = Field(default=-18.0, ge=-40.0, le=-9.0)
    """LUFS to which every voice is evened out, by EBU R 128; "off" leaves them as they are."""

    @field_validator("loudness", mode="before")
    @classmethod
    def _off(cls, given: Any) -> Any:
        """Take "off" for none, which TOML has no word for."""
        return None if given == "off" else given


class SoundSettings(Table):
    """Where the audio goes."""

    speaker: str = "auto"
    """local (the sound card), overlay (the page plays it), game, none (wall clock), or a third party's name.

    auto: a game that claims it, else the overlay where its server runs, else the sound card."""
    device: str | int | None = None
    """Name or number of the output device; the system's default when absent."""
    record: Path | None = None
    """A WAV file that gets what the audience would hear, in place of the sound card."""

    @field_validator("device")
    @classmethod
    def _number(cls, device: str | int | None) -> str | int | None:
        """Take digits for a number, as a command line gives it; a name is searched for its part."""
        return int(device) if isinstance(device, str) and device.isdecimal() else device


class ScriptSettings(Table):
    """How tagged text is read."""

    dialect: str = "auto"


class MotionSettings(Table):
    """What the body does."""

    map: str = "auto"
    """A packaged motion map by name, or a path; auto: mascot where a target has arms and fingers (the overlay, a game,
    vmc, warudo, vnyan), else any_vts_model."""
    seed: int = 0
    liveliness: float = Field(default=1.0, ge=0.0, le=1.5)
    calm: bool = False


class DriverSettings(Table):
    """One target."""

    driver: str | None = None
    """Which driver; the table's own name when absent."""
    url: str | None = None
    """Where the target listens; found by discovery when absent."""
    lead: float | None = Field(default=None, ge=0.0, le=2.0)
    """Seconds from handing something over until it shows; measured when absent and the target answers."""
    enabled: bool = True
    options: dict[str, Any] = Field(default_factory=dict)


class WebSettings(Table):
    """The local server with the overlay and the studio."""

    host: str = "127.0.0.1"
    """Address to listen on; anything but loopback lets other machines in, who need the token."""
    port: int = Field(default=8787, ge=0, le=65535)
    """The next free one is taken where it is in use; 0 takes any."""
    token: SecretStr | None = None
    """What every page and program must show; a new one each start when absent."""
    remember: bool = False
    """Keep the token of the first start, so that addresses stay the same."""
    avatar: str = "mascot"
    """mascot, svg, a .vrm file, a .model3.json file, or a folder with a PNG avatar."""
    clips: Path | None = None
    """A folder with .vrma files, which actions name by `overlay.clip`."""
    live2d_core: Path | None = None
    """The Cubism Core file (live2dcubismcore.min.js), for Live2D in the overlay."""
    name: str = ""
    """The speaker's name, shown over the subtitles."""
