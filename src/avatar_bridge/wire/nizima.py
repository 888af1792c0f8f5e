"""nizima LIVE's plugin API 1.0.0 as bytes: JSON requests, and what comes back, checked.

Source: Live2D's public documents (github.com/Live2D/nizimaLIVEPluginAPI).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from avatar_bridge.errors import ProtocolError, RefusedError

__all__ = [
    "DISABLED",
    "INVALID_TOKEN",
    "NO_MODEL",
    "STALE_MODEL",
    "ApiError",
    "CurrentModel",
    "Enabled",
    "Expression",
    "Expressions",
    "Message",
    "Models",
    "Motion",
    "Motions",
    "Parameter",
    "Parameters",
    "Token",
    "explain",
    "parse",
    "read",
    "request",
]

VERSION: Final = "1.0.0"
DISABLED: Final = "PluginDisabled"
INVALID_TOKEN: Final = "InvalidToken"  # noqa: S105 - the name of an error
NO_MODEL: Final = frozenset({"CurrentModelUnavailable", "CurrentSceneUnavailable"})
STALE_MODEL: Final = "InvalidModelId"

_EXPLANATIONS: Final[Mapping[str, str]] = {
    "InvalidPluginName": "nizima LIVE does not accept the plugin's name: set another plugin_name.",
    "InvalidToken": "nizima LIVE has forgotten the plugin: it is registered anew, enable it there again.",
    "InvalidApi": "nizima LIVE could not read a message: please report this with the log.",
    "InvalidType": "nizima LIVE could not read a message: please report this with the log.",
    "InvalidData": "nizima LIVE did not accept a value: please report this with the log.",
    "InvalidMethod": "This nizima LIVE does not know the request: update nizima LIVE.",
    "NotImplemented": "This nizima LIVE does not offer the request yet: update nizima LIVE.",
    "UnsupportedVersion": "nizima LIVE speaks another version of its plugin API: update the older of the two.",
    "PluginDisabled": "The plugin is switched off in nizima LIVE: enable it in the plugin manager.",
    "InvalidModelId": "The model is not shown in nizima LIVE any more: select a model there.",
    "CurrentModelUnavailable": "No model is selected in nizima LIVE: click on one there.",
    "CurrentSceneUnavailable": "No window with a model is open in nizima LIVE: open one there.",
    "InvalidMotionPath": "The model has no such motion any more: look at its list in nizima LIVE.",
    "InvalidExpressionPath": "The model has no such expression any more: look at its list in nizima LIVE.",
    "InvalidKey": "The model has no such hotkey: look at its hotkeys in nizima LIVE.",
}

_T = TypeVar("_T", bound="_Reply")


class ApiError(RefusedError):
    """A request that nizima LIVE refused; `kind` is its ErrorType."""

    def __init__(self, kind: str, method: str = "") -> None:
        self.kind, self.method = kind, method
        super().__init__(explain(kind, method))


def explain(kind: str, method: str = "") -> str:
    """Return one plain sentence for an ErrorType; an unknown one is quoted."""
    known = _EXPLANATIONS.get(kind)
    return known or f"nizima LIVE refused {method or 'a request'}: {kind or 'no reason given'}."


@dataclass(frozen=True, slots=True)
class Message:
    """What nizima LIVE says: an answer to request `id`, an error about it, or an event, which has none."""

    kind: Literal["Response", "Error", "Event"]
    method: str
    id: str
    data: Mapping[str, Any]

    @property
    def error(self) -> str:
        """The ErrorType of an error."""
        return str(self.data.get("ErrorType", ""))


def request(method: str, data: Mapping[str, Any], number: str) -> str:
    """Return a request; raises ValueError for a number that is not finite."""
    said = {"nLPlugin": VERSION, "Id": number, "Type": "Request", "Method": method, "Data": data}
    return json.dumps(said, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def parse(text: str | bytes) -> Message:
    """Return what a message says; raises ProtocolError for what the documents do not allow.

    The documents show an EstablishConnection answered with Type "Request": with the Id of a request of ours it counts
    as the answer.
    """
    try:
        said = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ProtocolError("nizima LIVE sent something that is not JSON.") from error
    if not isinstance(said, dict) or not isinstance(said.get("nLPlugin"), str):
        raise ProtocolError("nizima LIVE sent JSON without nLPlugin.")
    kind, method, number, data = said.get("Type"), said.get("Method"), said.get("Id"), said.get("Data")
    if kind == "Request" and isinstance(number, str):
        kind = "Response"
    if kind not in ("Response", "Error", "Event") or not isinstance(method, str):
        raise ProtocolError(f"nizima LIVE sent a message of Type {kind!r}, Method {method!r}.")
    return Message(kind, method, number if isinstance(number, str) else "", data if isinstance(data, dict) else {})


class _Reply(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


class Token(_Reply):
    """Answer to RegisterPlugin."""

    token: str = Field(alias="Token", min_length=1)


class Enabled(_Reply):
    """Answer to EstablishConnection and GetConnectionStatus, and the event NotifyEnabledChanged."""

    enabled: bool = Field(alias="Enabled")


class CurrentModel(_Reply):
    """Answer to GetCurrentModelId, and the event NotifyCurrentModelChanged."""

    id: str = Field(alias="ModelId")


class ShownModel(_Reply):
    """One entry of GetModels."""

    id: str = Field(alias="ModelId")
    name: str = Field("", alias="Name")


class Models(_Reply):
    """Answer to GetModels."""

    models: list[ShownModel] = Field(alias="Models")


_Number = Annotated[float, Field(allow_inf_nan=False)]


class Parameter(_Reply):
    """One Live2D parameter of the model."""

    id: str = Field(alias="Id")
    default: _Number = Field(alias="DefaultValue")
    high: _Number = Field(alias="Max")
    low: _Number = Field(alias="Min")


class Parameters(_Reply):
    """Answer to GetCubismParameters."""

    parameters: list[Parameter] = Field(alias="CubismParameters")


class Motion(_Reply):
    """One motion of the model."""

    name: str = Field("", alias="Name")
    path: str = Field(alias="MotionPath")


class Motions(_Reply):
    """Answer to GetMotions."""

    motions: list[Motion] = Field(alias="Motions")


class Expression(_Reply):
    """One expression of the model."""

    name: str = Field("", alias="Name")
    path: str = Field(alias="ExpressionPath")
    active: bool = Field(False, alias="Active")


class Expressions(_Reply):
    """Answer to GetExpressions."""

    expressions: list[Expression] = Field(alias="Expressions")


def read(kind: type[_T], data: Mapping[str, Any]) -> _T:
    """Return a reply's data as checked values; raises ProtocolError naming what is wrong."""
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise ProtocolError(f"nizima LIVE's {kind.__name__} is not as documented: {place}: {first['msg']}") from error
