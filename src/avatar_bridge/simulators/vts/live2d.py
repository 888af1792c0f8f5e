"""The Live2D parameters of the loaded model: what the face on the screen shows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from avatar_bridge.simulators.vts.area import Answer, Area
from avatar_bridge.simulators.vts.fields import JsonObject
from avatar_bridge.simulators.vts.model import Binding, ModelDescription
from avatar_bridge.simulators.vts.session import Call

if TYPE_CHECKING:
    from avatar_bridge.simulators.vts.studio import Studio

__all__ = ["Live2D"]

_BREATH_SECONDS = 3.2
_SMOOTHING_SECONDS = 0.005
"""Time constant for one step of smoothing; the real formula is not public."""


class Live2D(Area):
    """Tracking parameters through the model's bindings, then its expressions."""

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio)
        self._smoothed: dict[Binding, float] = {}
        self._at = studio.now

    def answers(self) -> dict[str, Answer]:
        """Return the requests that this area answers."""
        return {"Live2DParameterListRequest": self._list}

    def values(self) -> dict[str, float]:
        """Return every Live2D parameter's value at this frame; empty without a model."""
        model = self.studio.models.current
        if model is None:
            return {}
        values = {parameter.name: parameter.default for parameter in model.parameters}
        for binding in model.bindings:
            if binding.target in values:
                values[binding.target] = self._bound(binding)
        self._express(values)
        for parameter in model.parameters:
            values[parameter.name] = min(max(values[parameter.name], parameter.low), parameter.high)
        return values

    def advance(self) -> None:
        """Let smoothed values follow, where smoothing is simulated."""
        model, step = self.studio.models.current, self.studio.now - self._at
        self._at = self.studio.now
        if model is None or not self.studio.options.smoothing:
            self._smoothed.clear()
            return
        for binding in model.bindings:
            goal = self._goal(binding)
            old = self._smoothed.get(binding, goal)
            constant = binding.smoothing * _SMOOTHING_SECONDS
            self._smoothed[binding] = goal if constant <= 0 else goal + (old - goal) * math.exp(-step / constant)

    def _bound(self, binding: Binding) -> float:
        return self._smoothed[binding] if binding in self._smoothed else self._goal(binding)

    def _goal(self, binding: Binding) -> float:
        if not binding.source:
            if not binding.breathing:
                return binding.target_low
            turn = 2 * math.pi * (self.studio.now - self.studio.started) / _BREATH_SECONDS
            return binding.target_low + (binding.target_high - binding.target_low) * (0.5 - 0.5 * math.cos(turn))
        span = binding.source_high - binding.source_low
        part = (self.studio.parameters.value(binding.source) - binding.source_low) / span if span else 0.0
        if binding.clamp:
            part = min(max(part, 0.0), 1.0)
        return binding.target_low + (binding.target_high - binding.target_low) * part

    def _express(self, values: dict[str, float]) -> None:
        for expression, weight in self.studio.expressions.weights():
            for target in expression.targets:
                old = values.get(target.name)
                if old is None:
                    continue
                if target.blend == "Add":
                    values[target.name] = old + weight * target.value
                elif target.blend == "Multiply":
                    values[target.name] = old * (1.0 + weight * (target.value - 1.0))
                else:
                    values[target.name] = old + weight * (target.value - old)

    def _list(self, _: Call) -> JsonObject:
        model: ModelDescription | None = self.studio.models.current
        values = self.values()
        rows = [
            {
                "name": parameter.name,
                "value": values[parameter.name],
                "min": parameter.low,
                "max": parameter.high,
                "defaultValue": parameter.default,
            }
            for parameter in (model.parameters if model is not None else ())
        ]
        return {**self.studio.models.identity(), "parameters": rows}
