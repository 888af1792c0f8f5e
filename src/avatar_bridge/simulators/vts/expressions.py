"""Expressions: which are on, since when, and how far they have faded in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from avatar_bridge.simulators.vts.area import Answer, Area
from avatar_bridge.simulators.vts.error_ids import ApiError
from avatar_bridge.simulators.vts.fields import JsonObject
from avatar_bridge.simulators.vts.model import Expression, Hotkey, ModelDescription
from avatar_bridge.simulators.vts.session import Call

if TYPE_CHECKING:
    from avatar_bridge.simulators.vts.studio import Studio

__all__ = ["Expressions"]


@dataclass(slots=True)
class _State:
    """An expression of one model; kept while another model is on the stage."""

    active: bool = False
    changed_at: float = 0.0
    start_weight: float = 0.0
    fade: float = 0.25
    hotkey: Hotkey | None = None
    off_at: float | None = None

    def weight(self, now: float) -> float:
        """Return how far it is faded in, 0..1."""
        goal = 1.0 if self.active else 0.0
        if self.fade <= 0:
            return goal
        gone = (now - self.changed_at) / self.fade
        step = gone if self.active else -gone
        return min(max(self.start_weight + step, 0.0), 1.0)


class Expressions(Area):
    """The expressions of every model; they survive a model switch."""

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio)
        self._states: dict[tuple[str, str], _State] = {}

    def answers(self) -> dict[str, Answer]:
        """Return the requests that this area answers."""
        return {"ExpressionStateRequest": self._list, "ExpressionActivationRequest": self._activate}

    def _state(self, model: ModelDescription, expression: Expression) -> _State:
        return self._states.setdefault((model.model_id, expression.file), _State())

    def active(self) -> tuple[str, ...]:
        """Return the files of the current model's active expressions."""
        model = self.studio.models.current
        if model is None:
            return ()
        return tuple(e.file for e in model.expressions if self._state(model, e).active)

    def weights(self) -> list[tuple[Expression, float]]:
        """Return the current model's expressions that show, with their weights 0..1."""
        model = self.studio.models.current
        if model is None:
            return []
        rows = [
            (expression, self._states[model.model_id, expression.file].weight(self.studio.now))
            for expression in model.expressions
            if (model.model_id, expression.file) in self._states
        ]
        return [(expression, weight) for expression, weight in rows if weight > 0]

    def set(
        self, expression: Expression, active: bool, fade: float | None = None, hotkey: Hotkey | None = None
    ) -> None:
        """Switch an expression of the current model; fading out takes as long as fading in did."""
        model = self.studio.models.current
        if model is None:
            return
        state = self._state(model, expression)
        if active == state.active:
            return
        now = self.studio.now
        state.start_weight = state.weight(now)
        state.active, state.changed_at = active, now
        if active:
            state.fade = 0.25 if fade is None else fade
            state.hotkey = hotkey
            after = hotkey.deactivate_after_seconds if hotkey is not None else None
            state.off_at = None if after is None else now + after
        else:
            state.hotkey, state.off_at = None, None

    def toggle(self, hotkey: Hotkey) -> None:
        """Do what a ToggleExpression hotkey does."""
        model = self.studio.models.current
        expression = model.expression(hotkey.file) if model is not None else None
        if model is not None and expression is not None:
            on = not self._state(model, expression).active
            self.set(expression, on, hotkey.fade_seconds, hotkey)

    def clear(self) -> None:
        """Switch every expression of the current model off."""
        model = self.studio.models.current
        for expression in model.expressions if model is not None else ():
            self.set(expression, False)

    def advance(self) -> None:
        """Switch off what switches itself off."""
        model = self.studio.models.current
        for expression in model.expressions if model is not None else ():
            state = self._states.get((model.model_id if model else "", expression.file))
            if state is not None and state.off_at is not None and self.studio.now >= state.off_at:
                self.set(expression, False)

    def _list(self, call: Call) -> JsonObject:
        model = self.studio.models.current
        file, details = call.fields.text("expressionFile"), call.fields.flag("details")
        if file and not file.endswith(".exp3.json"):
            raise ApiError(600)
        identity = self.studio.models.identity()
        if model is None:
            return {**identity, "expressions": []}
        wanted = model.expressions
        if file:
            one = model.expression(file)
            if one is None:
                raise ApiError(601, file[:100])
            wanted = (one,)
        return {**identity, "expressions": [self._describe(model, e, details) for e in wanted]}

    def _describe(self, model: ModelDescription, expression: Expression, details: bool) -> JsonObject:
        state, now = self._state(model, expression), self.studio.now
        hotkey = state.hotkey
        row: JsonObject = {
            "name": expression.name,
            "file": expression.file,
            "active": state.active,
            "deactivateWhenKeyIsLetGo": hotkey is not None and hotkey.deactivate_on_key_up,
            "autoDeactivateAfterSeconds": state.off_at is not None,
            "secondsRemaining": 0.0 if state.off_at is None else max(state.off_at - now, 0.0),
            "usedInHotkeys": [],
            "parameters": [],
        }
        if self.studio.options.undocumented_fields:
            row["secondsSinceLastActive"] = 0.0 if state.active else max(now - state.changed_at, 0.0)
        if details:
            row["usedInHotkeys"] = [
                {"name": used.name, "id": used.hotkey_id}
                for used in model.hotkeys
                if used.action == "ToggleExpression" and model.expression(used.file) is expression
            ]
            row["parameters"] = [{"name": target.name, "value": target.value} for target in expression.targets]
        return row

    def _activate(self, call: Call) -> JsonObject:
        file = call.fields.text("expressionFile")
        if not file.endswith(".exp3.json"):
            raise ApiError(650)
        model = self.studio.models.current
        if model is None:
            raise ApiError(652)
        expression = model.expression(file)
        if expression is None:
            raise ApiError(651, file[:100])
        fade = min(max(call.fields.number("fadeTime", 0.25), 0.0), 2.0)
        self.set(expression, call.fields.flag("active"), fade)
        return {}
