"""Where the model stands: position, rotation and size, moved smoothly."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from avatar_bridge.simulators.vts.area import Answer, Area
from avatar_bridge.simulators.vts.error_ids import ApiError
from avatar_bridge.simulators.vts.fields import JsonObject
from avatar_bridge.simulators.vts.session import Call

if TYPE_CHECKING:
    from avatar_bridge.simulators.vts.studio import Studio

__all__ = ["Movement"]

_RANGES = {"positionX": 1000.0, "positionY": 1000.0, "rotation": 360.0, "size": 100.0}
_CORNERS = 8


@dataclass(frozen=True, slots=True)
class _Move:
    start: tuple[float, ...]
    end: tuple[float, ...]
    at: float
    duration: float


class Movement(Area):
    """The model's place; angles in degrees, size -100..100, positions in the window's -1..1."""

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio)
        self._place: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0)
        self._move: _Move | None = None
        self._told: tuple[float, ...] = self._place
        self.reset()

    def answers(self) -> dict[str, Answer]:
        """Return the requests that this area answers."""
        return {"MoveModelRequest": self._request}

    def reset(self) -> None:
        """Put the model where its description says."""
        model = self.studio.models.current
        self._place = model.position if model is not None else (0.0, 0.0, 0.0, 0.0)
        self._move = None

    def position(self) -> JsonObject:
        """Return the place as the API gives it, the rotation within 0..360."""
        x, y, rotation, size = self._place
        return {"positionX": x, "positionY": y, "rotation": rotation % 360.0, "size": size}

    def moved(self) -> JsonObject:
        """Return the data of a ModelMovedEvent."""
        identity = self.studio.models.identity()
        return {
            "modelID": identity["modelID"],
            "modelName": identity["modelName"],
            "modelPosition": self.position(),
        }

    def outline(self) -> JsonObject:
        """Return the data of a ModelOutlineEvent: an octagon around the model's place."""
        x, y, _, size = self._place
        radius = (size + 110.0) / 100.0
        turns = [2 * math.pi * corner / _CORNERS for corner in range(_CORNERS)]
        hull = [{"x": x + 0.4 * radius * math.cos(turn), "y": y + radius * math.sin(turn)} for turn in turns]
        identity = self.studio.models.identity()
        width, height = self.studio.options.window
        return {
            "modelName": identity["modelName"],
            "modelID": identity["modelID"],
            "convexHull": hull,
            "convexHullCenter": {"x": x, "y": y},
            "windowSize": {"x": width, "y": height},
        }

    def contains(self, x: float, y: float) -> bool:
        """Return whether a point of the window lies on the model."""
        if self.studio.models.current is None:
            return False
        px, py, _, size = self._place
        radius = (size + 110.0) / 100.0
        return math.hypot((x - px) / (0.4 * radius), (y - py) / radius) <= 1.0

    def go(self, end: tuple[float, ...], duration: float) -> None:
        """Start a movement that replaces one under way."""
        if duration <= 0:
            self._move, self._place = None, end
        else:
            self._move = _Move(self._place, end, self.studio.now, duration)

    def advance(self) -> None:
        """Move on, and tell about every frame with a change."""
        move = self._move
        if move is not None:
            done = min((self.studio.now - move.at) / move.duration, 1.0)
            ease = done * done * (3.0 - 2.0 * done)
            self._place = tuple(a + (b - a) * ease for a, b in zip(move.start, move.end, strict=True))
            if done >= 1.0:
                self._place, self._move = move.end, None
        if self._place != self._told:
            self._told = self._place
            if self.studio.models.current is not None:
                self.studio.events.emit("ModelMovedEvent", self.moved())

    def _request(self, call: Call) -> JsonObject:
        if self.studio.models.current is None:
            raise ApiError(300)
        fields = call.fields
        if not fields.has("timeInSeconds") or not fields.has("valuesAreRelativeToModel"):
            raise ApiError(301)
        seconds = fields.number("timeInSeconds")
        if not 0 <= seconds <= 2:
            raise ApiError(302, "timeInSeconds has to be between 0 and 2.")
        end = list(self._place)
        relative = fields.flag("valuesAreRelativeToModel")
        for index, (name, limit) in enumerate(_RANGES.items()):
            if not fields.has(name):
                continue
            value = fields.number(name)
            if not -limit <= value <= limit:
                raise ApiError(302, f"{name} has to be between {-limit:g} and {limit:g}.")
            end[index] = end[index] + value if relative else value
        end[3] = min(max(end[3], -100.0), 100.0)
        self.go(tuple(end), seconds)
        return {}
