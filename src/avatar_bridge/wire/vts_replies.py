"""What VTube Studio answers, as checked values; unknown fields are ignored, missing ones take the API's defaults."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from avatar_bridge.errors import ProtocolError

__all__ = [
    "Authentication",
    "Broadcast",
    "CurrentModel",
    "Expression",
    "ExpressionParameter",
    "Expressions",
    "Hotkey",
    "Hotkeys",
    "InputParameter",
    "InputParameters",
    "Live2DParameters",
    "ModelLoaded",
    "Statistics",
    "Token",
    "read",
]


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


class Broadcast(_Answer):
    """What the app says of itself by UDP every two seconds, even while its API is off."""

    active: bool
    port: int = Field(ge=1, le=65535)
    instance_id: str = Field("", alias="instanceID")
    window_title: str = Field("", alias="windowTitle")


class Token(_Answer):
    """The token that the user granted."""

    token: str = Field(alias="authenticationToken", min_length=1, repr=False)


class Authentication(_Answer):
    """Whether a token opened the session."""

    authenticated: bool = False
    reason: str = ""


class CurrentModel(_Answer):
    """The model on screen; everything is empty while none is loaded."""

    loaded: bool = Field(False, alias="modelLoaded")
    name: str = Field("", alias="modelName")
    id: str = Field("", alias="modelID")
    file: str = Field("", alias="vtsModelName")


class ModelLoaded(_Answer):
    """A model came (`loaded`) or went."""

    loaded: bool = Field(False, alias="modelLoaded")
    name: str = Field("", alias="modelName")
    id: str = Field("", alias="modelID")


class Hotkey(_Answer):
    """One hotkey of the model; a quarter of real ones have no name."""

    id: str = Field(alias="hotkeyID")
    name: str = ""
    type: str = ""
    description: str = ""
    file: str = ""


class Hotkeys(_Answer):
    """The model's hotkeys in the order of its list."""

    hotkeys: tuple[Hotkey, ...] = Field((), alias="availableHotkeys")


class ExpressionParameter(_Answer):
    """What an expression sets; the API does not tell how it blends."""

    name: str
    value: float = 0.0


class Expression(_Answer):
    """One expression of the model, with `parameters` where details were asked for."""

    file: str
    name: str = ""
    active: bool = False
    parameters: tuple[ExpressionParameter, ...] = ()


class Expressions(_Answer):
    """The model's expressions and which are on."""

    expressions: tuple[Expression, ...] = ()


class InputParameter(_Answer):
    """A tracking parameter or one of the model's own; `default` is no rest pose (the app says 0 for all inputs)."""

    name: str
    value: float = 0.0
    min: float = 0.0
    max: float = 1.0
    default: float = Field(0.0, alias="defaultValue")


class InputParameters(_Answer):
    """Everything that can be injected."""

    default: tuple[InputParameter, ...] = Field((), alias="defaultParameters")
    custom: tuple[InputParameter, ...] = Field((), alias="customParameters")


class Live2DParameters(_Answer):
    """The model's own parameters as they stand now."""

    parameters: tuple[InputParameter, ...] = ()


class Statistics(_Answer):
    """How the app runs."""

    framerate: float = 0.0


_T = TypeVar("_T", bound=_Answer)


def read(kind: type[_T], data: Any) -> _T:
    """Return `data` as `kind`; raises ProtocolError naming what was wrong."""
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ProtocolError(f"VTube Studio's {kind.__name__} is not as documented: {where}: {first['msg']}") from error
