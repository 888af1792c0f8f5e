"""What plugins inject into parameters: who owns one, how values mix, and when they run out."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from avatar_bridge.simulators.vts.error_ids import ApiError
from avatar_bridge.simulators.vts.fields import Fields, JsonObject
from avatar_bridge.simulators.vts.log import InjectedFrame
from avatar_bridge.simulators.vts.session import Call, Plugin

if TYPE_CHECKING:
    from avatar_bridge.simulators.vts.studio import Studio

__all__ = ["InjectedValue", "Injection"]

_LIMIT = 1_000_000.0


@dataclass(slots=True, eq=False)
class InjectedValue:
    """One value that a plugin holds on a parameter until it runs out."""

    name: str
    owner: Plugin
    session: int
    value: float
    weight: float
    until: float


class Injection:
    """The injected values: one owner may set a parameter, any number may add to it."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self.frames: deque[InjectedFrame] = deque(maxlen=studio.options.log_limit)
        self.listener: Callable[[InjectedFrame], None] | None = None
        self._set: dict[str, InjectedValue] = {}
        self._added: dict[str, dict[Plugin, InjectedValue]] = {}
        self._face: dict[int, float] = {}

    def mix(self, name: str, base: float) -> float:
        """Return the value that `base` becomes: (1-weight)*base + weight*value, and all that is added."""
        now = self._studio.now
        held = self._set.get(name)
        if held is not None and now < held.until:
            base = (1.0 - held.weight) * base + held.weight * held.value
        added = self._added.get(name)
        if added:
            base += sum(value.value for value in added.values() if now < value.until)
        return base

    def face_found(self) -> bool:
        """Return whether some plugin says that a face is there."""
        return any(self._studio.now < until for until in self._face.values())

    def expire(self) -> None:
        """Forget what has not been sent again in time."""
        now = self._studio.now
        self.release(lambda value: value.until <= now)
        if self._face:
            self._face = {session: until for session, until in self._face.items() if now < until}

    def release(self, gone: Callable[[InjectedValue], bool]) -> None:
        """Forget the values that `gone` picks."""
        for name, value in tuple(self._set.items()):
            if gone(value):
                del self._set[name]
        for name, added in tuple(self._added.items()):
            for owner, value in tuple(added.items()):
                if gone(value):
                    del added[owner]
            if not added:
                del self._added[name]

    def forget_face(self, session: int) -> None:
        """Forget that a session said that a face is there."""
        self._face.pop(session, None)

    def answer(self, call: Call) -> JsonObject:
        """Answer an InjectParameterDataRequest: all of it is taken, or nothing."""
        fields, session = call.fields, call.session
        entries = fields.objects("parameterValues")
        if not entries:
            raise ApiError(450)
        mode = self._mode(call)
        owner = session.owner
        now = self._studio.now
        until = now + self._studio.options.injection_seconds
        values = [self._read(entry, owner, session.number, until) for entry in entries]
        if mode == "set":
            for value in values:
                held = self._set.get(value.name)
                if held is not None and held.owner != owner and now < held.until:
                    raise ApiError(454, value.name)
        for value in values:
            if mode == "set":
                self._set[value.name] = value
            else:
                self._added.setdefault(value.name, {})[owner] = value
        face = fields.flag("faceFound")
        if face:
            self._face[session.number] = until
        frame = InjectedFrame(
            at=call.received,
            session=session.number,
            plugin=owner.name,
            mode=mode,
            values={value.name: value.value for value in values},
            weights={value.name: value.weight for value in values if value.weight != 1.0},
            face_found=face,
        )
        self.frames.append(frame)
        if self.listener is not None:
            self.listener(frame)
        return {}

    def _mode(self, call: Call) -> str:
        mode = call.fields.text("mode")
        if mode in {"", "set", "add"}:
            return mode or "set"
        if mode.lower() in {"set", "add"}:
            self._studio.note_violation(
                call.session, f'mode {mode!r}: only "set" and "add" in lower case are documented'
            )
            if self._studio.options.mode_case == "any":
                return mode.lower()
        raise ApiError(455, mode[:100])

    def _read(self, entry: Fields, owner: Plugin, session: int, until: float) -> InjectedValue:
        name = entry.text("id")
        if not self._studio.parameters.knows(name):
            raise ApiError(453, name[:100])
        value = entry.number("value")
        if not -_LIMIT <= value <= _LIMIT:
            raise ApiError(451, name)
        weight = entry.number("weight", 1.0)
        if not 0.0 <= weight <= 1.0:
            raise ApiError(452, name)
        return InjectedValue(name, owner, session, value, weight, until)
