"""The simulated nizima LIVE: plugins register, the user enables them, and they pose the model.

Source: Live2D's public plugin API 1.0.0 (github.com/Live2D/nizimaLIVEPluginAPI, README.md and methods.md), and for
TriggerModelHotkey, which that list leaves out, the method names of Live2D's QML sample.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from avatar_bridge.errors import UsageError
from avatar_bridge.simulators.nizima.model import SAMPLES, Asset, NizimaModel
from avatar_bridge.simulators.nizima.session import VERSION, RefusalError, Session, array, number, read, text
from avatar_bridge.simulators.sockets import SocketSimulator

__all__ = ["NizimaSimulator", "PosedFrame"]

HELD_SECONDS = 0.5
_LOG = 100_000
_EVENTS = frozenset(
    {"NotifyCurrentModelChanged", "NotifyModelsChanged", "NotifyCurrentSceneChanged", "NotifyScenesChanged"}
)


@dataclass(frozen=True, slots=True)
class PosedFrame:
    """One SetCubismParameterValues that was accepted; `at` is `time.perf_counter()` at its receipt."""

    at: float
    model: str
    values: Mapping[str, float]


@dataclass(slots=True)
class _Stage:
    """What the model shows."""

    values: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Value and time of receipt by parameter."""
    active: set[str] = field(default_factory=set)
    """Paths of the expressions that are on."""


class NizimaSimulator(SocketSimulator):
    """Answers the methods that pose a model, strictly; methods that it does not play are answered InvalidMethod.

    `enable` is what the user does with a new plugin: True enables it at once, False leaves it to `set_enabled`.
    """

    app = "nizima LIVE"

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 22022,
        record: Path | None = None,
        models: Sequence[NizimaModel] | None = None,
        enable: bool = True,
        now: Callable[[], float] = time.perf_counter,
    ) -> None:
        super().__init__(host=host, port=port, record=record)
        self.models = list(SAMPLES.values()) if models is None else list(models)
        self.current: NizimaModel | None = self.models[0] if self.models else None
        self.plugins: dict[str, str] = {}
        """Tokens by plugin name; they outlive a restart."""
        self.enabled: set[str] = set()
        self.frames: deque[PosedFrame] = deque(maxlen=_LOG)
        self.done: deque[tuple[str, str]] = deque(maxlen=_LOG)
        """(method, what it named) of everything else that was carried out."""
        self._enable, self._now = enable, now
        self._sessions: dict[ServerConnection, Session] = {}
        self._stages = {model.id: _Stage() for model in self.models}
        self._issued = 0
        self._posts: set[asyncio.Task[None]] = set()
        self._methods: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
            "GetCurrentModelId": self._get_current_model_id,
            "GetModels": self._get_models,
            "GetCubismParameters": self._get_cubism_parameters,
            "GetCubismParameterValues": self._get_cubism_parameter_values,
            "SetCubismParameterValues": self._set_cubism_parameter_values,
            "GetMotions": self._get_motions,
            "GetExpressions": self._get_expressions,
            "StartMotion": self._start_motion,
            "StopMotion": self._stop_motion,
            "StartExpression": self._start_expression,
            "StopExpression": self._stop_expression,
            "TriggerModelHotkey": self._trigger_model_hotkey,
        }

    @property
    def values(self) -> dict[str, float]:
        """What the current model's parameters are now: what was set within half a second, else the default."""
        if self.current is None:
            return {}
        oldest = self._now() - HELD_SECONDS
        held = self._stages[self.current.id].values
        return {
            each.id: held[each.id][0] if each.id in held and held[each.id][1] >= oldest else each.default
            for each in self.current.parameters
        }

    @property
    def expressions(self) -> frozenset[str]:
        """Names of the current model's expressions that are on."""
        if self.current is None:
            return frozenset()
        active = self._stages[self.current.id].active
        return frozenset(each.name for each in self.current.expressions if each.path in active)

    def describe(self) -> list[str]:
        """Return the model, the plugins, what is posed and what was done."""
        name = self.current.name if self.current is not None else "none"
        plugins = [f"plugin: {each}{'' if each in self.enabled else ' (not enabled)'}" for each in self.plugins]
        default = {each.id: each.default for each in self.current.parameters} if self.current is not None else {}
        posed = [f"{key} {value:.2f}" for key, value in self.values.items() if abs(value - default[key]) >= 0.005]
        shown = [f"model: {name}", *plugins, f"expressions: {', '.join(sorted(self.expressions)) or 'none'}"]
        return [*super().describe(), *shown, *([f"pose: {', '.join(posed)}"] if posed else [])]

    def orders(self) -> dict[str, Callable[[str], object]]:
        """Add what the user does: `enable`, `disable`, `remove`, `load NAME`, `unload`."""
        return {
            **super().orders(),
            "enable": lambda _: self.set_enabled(True),
            "disable": lambda _: self.set_enabled(False),
            "remove": lambda _: self.remove_plugins(),
            "load": self.load_model,
            "unload": lambda _: self.load_model(None),
        }

    def set_enabled(self, on: bool = True) -> None:
        """The user switches every plugin on or off in the plugin manager."""
        self._enable = on
        self.enabled = set(self.plugins) if on else set()
        for session in self._sessions.values():
            if session.plugin:
                self._tell(session, "NotifyEnabledChanged", {"Enabled": on})

    def remove_plugins(self) -> None:
        """The user deletes every plugin in the plugin manager: their tokens end."""
        self.plugins.clear()
        self.enabled.clear()
        self.drop()

    def load_model(self, name: str | None) -> None:
        """The user turns to another model, by its name or its key in `SAMPLES`; None and "" leave none."""
        chosen: NizimaModel | None = None
        if name:
            wanted = SAMPLES[name].id if name in SAMPLES else ""
            found = [each for each in self.models if name in (each.name, each.id) or each.id == wanted]
            if not found:
                raise UsageError(f"no model {name!r}; there are {', '.join(each.name for each in self.models)}")
            chosen = found[0]
        self.current = chosen
        for session in self._sessions.values():
            if session.plugin in self.enabled and "NotifyCurrentModelChanged" in session.events:
                self._tell(session, "NotifyCurrentModelChanged", {"ModelId": self.current.id if self.current else ""})
        self._changed()

    async def joined(self, connection: ServerConnection) -> None:
        """Begin a session."""
        self._sessions[connection] = Session(connection)

    async def left(self, connection: ServerConnection) -> None:
        """Forget it."""
        self._sessions.pop(connection, None)

    async def received(self, connection: ServerConnection, message: str | bytes) -> None:
        """Carry out a request and answer it."""
        session = self._sessions[connection]
        said: dict[str, Any] = {}
        try:
            said = read(message)
            answer = self._answer(session, said["Method"], said.get("Data", {}))
            kind = "Response"
        except RefusalError as refusal:
            kind, answer = "Error", {"ErrorType": str(refusal)}
            self.note("refusal", method=said.get("Method"), error=str(refusal))
        except ValueError:
            self.fault(f"not JSON: {message[:80]!r}")
            return
        await connection.send(_message(kind, said.get("Method", ""), answer, said.get("Id")))
        if said.get("Method") == "RegisterPlugin" and session.plugin in self.enabled:
            self._tell(session, "NotifyEnabledChanged", {"Enabled": True})
        self._changed()

    def _tell(self, session: Session, method: str, data: Mapping[str, Any]) -> None:
        """Send an event; one that cannot leave is lost, as its connection is."""
        post = asyncio.get_running_loop().create_task(_post(session, _message("Event", method, data, None)))
        self._posts.add(post)
        post.add_done_callback(self._posts.discard)

    def _answer(self, session: Session, method: str, data: Mapping[str, Any]) -> dict[str, Any]:
        if method == "RegisterPlugin":
            return self._register(session, data)
        if method == "EstablishConnection":
            return self._establish(session, data)
        if method == "GetConnectionStatus":
            return {"Established": bool(session.plugin), "Enabled": session.plugin in self.enabled}
        if session.plugin not in self.enabled:
            raise RefusalError("PluginDisabled")
        if method in _EVENTS:
            on = data.get("Enabled", True)
            if not isinstance(on, bool):
                raise RefusalError("InvalidData")
            (session.events.add if on else session.events.discard)(method)
            return {}
        if method not in self._methods:
            self.fault(f"a method that is not documented or not played: {method}")
            raise RefusalError("InvalidMethod")
        return self._methods[method](data)

    def _register(self, session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
        name = text(data, "Name")
        for key in ("Developer", "Version", "Icon"):
            text(data, key, "")
        if not name.strip():
            raise RefusalError("InvalidPluginName")
        self._issued += 1
        session.plugin, self.plugins[name] = name, f"token{self._issued}-{len(name)}"
        self.enabled.discard(name)
        if self._enable:
            self.enabled.add(name)
        self.note("register", plugin=name)
        return {"Token": self.plugins[name]}

    def _establish(self, session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
        name, token = text(data, "Name"), text(data, "Token")
        if self.plugins.get(name) != token:
            raise RefusalError("InvalidToken")
        session.plugin = name
        return {"Enabled": name in self.enabled}

    def _model(self, data: Mapping[str, Any]) -> NizimaModel:
        wanted = text(data, "ModelId")
        for model in self.models:
            if model.id == wanted:
                return model
        raise RefusalError("InvalidModelId")

    def _get_current_model_id(self, _data: Mapping[str, Any]) -> dict[str, Any]:
        if self.current is None:
            raise RefusalError("CurrentModelUnavailable")
        return {"SceneId": "0", "ModelId": self.current.id}

    def _get_models(self, _data: Mapping[str, Any]) -> dict[str, Any]:
        place = {"PositionX": 0, "PositionY": 0, "Scale": 1, "Rotation": 0}
        return {
            "Models": [
                {"Local": True, "Name": each.name, "ModelId": each.id, "SceneId": "0", **place} for each in self.models
            ]
        }

    def _get_cubism_parameters(self, data: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "CubismParameters": [
                {"Id": each.id, "Name": each.id, "DefaultValue": each.default, "Max": each.high, "Min": each.low}
                for each in self._model(data).parameters
            ]
        }

    def _get_cubism_parameter_values(self, data: Mapping[str, Any]) -> dict[str, Any]:
        self._model(data)
        return {"CubismParameterValues": [{"Id": key, "Value": value} for key, value in self.values.items()]}

    def _set_cubism_parameter_values(self, data: Mapping[str, Any]) -> dict[str, Any]:
        model = self._model(data)
        known = {each.id: each for each in model.parameters}
        values: dict[str, float] = {}
        for entry in array(data, "CubismParameterValues"):
            key, value = text(entry, "Id"), number(entry, "Value")
            if key not in known:
                self.fault(f"{model.name} has no parameter {key}")
            elif not known[key].low <= value <= known[key].high:
                self.fault(f"{key} {value} is outside of {known[key].low}..{known[key].high}")
            if key in values:
                self.fault(f"{key} twice in one frame")
            values[key] = value
        now = self._now()
        self._stages[model.id].values |= {key: (value, now) for key, value in values.items()}
        self.frames.append(PosedFrame(now, model.id, values))
        self.note("frame", model=model.id, values=values)
        return {}

    def _get_motions(self, data: Mapping[str, Any]) -> dict[str, Any]:
        return {"Motions": [{"Name": each.name, "MotionPath": each.path} for each in self._model(data).motions]}

    def _get_expressions(self, data: Mapping[str, Any]) -> dict[str, Any]:
        model = self._model(data)
        active = self._stages[model.id].active
        return {
            "Expressions": [
                {"Name": each.name, "ExpressionPath": each.path, "Active": each.path in active}
                for each in model.expressions
            ]
        }

    def _start_motion(self, data: Mapping[str, Any]) -> dict[str, Any]:
        return self._carry("StartMotion", _found(self._model(data).motions, text(data, "MotionPath"), "Motion"))

    def _stop_motion(self, data: Mapping[str, Any]) -> dict[str, Any]:
        return self._carry("StopMotion", Asset(self._model(data).name, ""))

    def _start_expression(self, data: Mapping[str, Any]) -> dict[str, Any]:
        model = self._model(data)
        asset = _found(model.expressions, text(data, "ExpressionPath"), "Expression")
        self._stages[model.id].active.add(asset.path)
        return self._carry("StartExpression", asset)

    def _stop_expression(self, data: Mapping[str, Any]) -> dict[str, Any]:
        model = self._model(data)
        asset = _found(model.expressions, text(data, "ExpressionPath"), "Expression")
        self._stages[model.id].active.discard(asset.path)
        return self._carry("StopExpression", asset)

    def _trigger_model_hotkey(self, data: Mapping[str, Any]) -> dict[str, Any]:
        key = text(data, "Key")
        if key not in self._model(data).hotkeys:
            raise RefusalError("InvalidKey")
        return self._carry("TriggerModelHotkey", Asset(key, ""))

    def _carry(self, method: str, asset: Asset) -> dict[str, Any]:
        self.done.append((method, asset.name))
        self.say(f"{method}: {asset.name}")
        self.note("done", method=method, name=asset.name)
        return {}


async def _post(session: Session, message: str) -> None:
    with contextlib.suppress(ConnectionClosed):
        await session.connection.send(message)


def _found(assets: Sequence[Asset], path: str, what: str) -> Asset:
    for asset in assets:
        if asset.path == path:
            return asset
    raise RefusalError(f"Invalid{what}Path")


def _message(kind: str, method: str, data: Mapping[str, Any], number_: object) -> str:
    said = {"nLPlugin": VERSION, "Timestamp": int(time.time() * 1000), "Type": kind, "Method": method, "Data": data}
    return json.dumps({**said, "Id": number_}, ensure_ascii=False)
