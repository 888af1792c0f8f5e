"""Tracking parameters: the default ones, those that plugins create, and what is injected into them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from avatar_bridge.simulators.vts.area import Answer, Area
from avatar_bridge.simulators.vts.error_ids import ApiError
from avatar_bridge.simulators.vts.fields import JsonObject
from avatar_bridge.simulators.vts.injection import Injection
from avatar_bridge.simulators.vts.session import Call, Plugin, Session
from avatar_bridge.simulators.vts.tracking import TRACKING_PARAMETERS, VOICE_PARAMETERS

if TYPE_CHECKING:
    from avatar_bridge.simulators.vts.studio import Studio

__all__ = ["Parameter", "Parameters"]

_LIMIT = 1_000_000.0
_PER_PLUGIN = 100
_TOTAL = 300
_NAME = re.compile(r"[A-Za-z0-9]{4,32}")


@dataclass(frozen=True, slots=True)
class Parameter:
    """An input parameter; min and max are only suggestions for mappings and clamp nothing."""

    name: str
    low: float
    high: float
    default: float = 0.0
    owner: Plugin | None = None
    """The plugin that created it; None for VTube Studio's own."""


class Parameters(Area):
    """All input parameters and their values."""

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio)
        rows = TRACKING_PARAMETERS + (VOICE_PARAMETERS if studio.options.voice_parameters else ())
        self.defaults = {name: Parameter(name, low, high) for name, low, high in rows}
        self.custom: dict[str, Parameter] = {}
        self.injection = Injection(studio)
        self.tracker: dict[str, float] = {}
        """What a face tracker delivers at the moment; empty without one."""
        self.tracker_found = False
        """Whether the tracker sees a face."""
        self._told = (False, False, False)

    def answers(self) -> dict[str, Answer]:
        """Return the requests that this area answers."""
        return {
            "InputParameterListRequest": self._list,
            "ParameterValueRequest": self._value,
            "ParameterCreationRequest": self._create,
            "ParameterDeletionRequest": self._delete,
            "InjectParameterDataRequest": self.injection.answer,
            "FaceFoundRequest": self._face,
        }

    def knows(self, name: str) -> bool:
        """Return whether there is an input parameter of that name."""
        return name in self.defaults or name in self.custom

    def value(self, name: str) -> float:
        """Return a parameter's value at this frame: tracker or default, then what is set, then what is added."""
        parameter = self.defaults.get(name) or self.custom.get(name)
        base = self.tracker.get(name, parameter.default if parameter is not None else 0.0)
        if self.studio.options.voice_plus_mouth and name not in self.tracker:
            if name == "VoiceVolumePlusMouthOpen":
                base = min(max(self.value("VoiceVolume") + self.value("MouthOpen"), 0.0), 1.0)
            elif name == "VoiceFrequencyPlusMouthSmile":
                base = self.value("MouthSmile")
        return self.injection.mix(name, base)

    def values(self) -> dict[str, float]:
        """Return every parameter's value."""
        return {name: self.value(name) for name in (*self.defaults, *self.custom)}

    def face_found(self) -> bool:
        """Return whether the face counts as found: by the tracker, or because a plugin says so."""
        return self.tracker_found or self.injection.face_found()

    def forget_plugin(self, plugin: Plugin) -> None:
        """Delete what a revoked plugin created and injected."""
        self.custom = {name: parameter for name, parameter in self.custom.items() if parameter.owner != plugin}
        self.injection.release(lambda value: value.owner == plugin)

    def left(self, session: Session) -> None:
        """Release what the session injected."""
        self.injection.release(lambda value: value.session == session.number)
        self.injection.forget_face(session.number)

    def advance(self) -> None:
        """Let injections run out; tell when the face or a hand is found or lost."""
        self.injection.expire()
        found = (self.face_found(), self.value("HandLeftFound") > 0.5, self.value("HandRightFound") > 0.5)
        if found != self._told:
            self._told = found
            data = dict(zip(("faceFound", "leftHandFound", "rightHandFound"), found, strict=True))
            self.studio.events.emit("TrackingStatusChangedEvent", data)

    def _describe(self, parameter: Parameter) -> JsonObject:
        return {
            "name": parameter.name,
            "addedBy": "VTube Studio" if parameter.owner is None else parameter.owner.name,
            "value": self.value(parameter.name),
            "min": parameter.low,
            "max": parameter.high,
            "defaultValue": parameter.default,
        }

    def _list(self, _: Call) -> JsonObject:
        return {
            **self.studio.models.identity(),
            "customParameters": [self._describe(parameter) for parameter in self.custom.values()],
            "defaultParameters": [self._describe(parameter) for parameter in self.defaults.values()],
        }

    def _value(self, call: Call) -> JsonObject:
        name = call.fields.text("name")
        if not name:
            raise ApiError(500)
        parameter = self.defaults.get(name) or self.custom.get(name)
        if parameter is None:
            raise ApiError(500, message=f"Parameter {name[:100]} not found.")
        return self._describe(parameter)

    def _face(self, _: Call) -> JsonObject:
        return {"found": self.face_found()}

    def _create(self, call: Call) -> JsonObject:
        fields, owner = call.fields, call.session.owner
        name = fields.text("parameterName")
        if not _NAME.fullmatch(name):
            raise ApiError(350)
        if name.lower() in {known.lower() for known in self.defaults}:
            raise ApiError(354, name)
        if len(fields.text("explanation")) >= 256:
            raise ApiError(353)
        low, high, default = fields.number("min"), fields.number("max"), fields.number("defaultValue")
        for key, value in (("min", low), ("max", high), ("defaultValue", default)):
            if not -_LIMIT <= value <= _LIMIT:
                raise ApiError(351, f"{key} has to be between -1000000 and 1000000.")
        old = self.custom.get(name)
        if old is not None and old.owner != owner:
            raise ApiError(352, name)
        if old is None:
            if sum(parameter.owner == owner for parameter in self.custom.values()) >= _PER_PLUGIN:
                raise ApiError(355)
            if len(self.custom) >= _TOTAL:
                raise ApiError(356)
        self.custom[name] = Parameter(name, low, high, default, owner)
        return {"parameterName": name}

    def _delete(self, call: Call) -> JsonObject:
        name = call.fields.text("parameterName")
        if not name:
            raise ApiError(400)
        if name in self.defaults:
            raise ApiError(403, name)
        parameter = self.custom.get(name)
        if parameter is None:
            raise ApiError(401, name[:100])
        if parameter.owner != call.session.owner:
            raise ApiError(402, name)
        del self.custom[name]
        self.injection.release(lambda value: value.name == name)
        return {"parameterName": name}
