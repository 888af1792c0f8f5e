"""Physics settings of the model and their temporary overrides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from avatar_bridge.simulators.vts.area import Answer, Area
from avatar_bridge.simulators.vts.error_ids import ApiError
from avatar_bridge.simulators.vts.fields import Fields, JsonObject
from avatar_bridge.simulators.vts.model import ModelDescription
from avatar_bridge.simulators.vts.session import Call, Plugin

if TYPE_CHECKING:
    from avatar_bridge.simulators.vts.studio import Studio

__all__ = ["Override", "Physics"]


@dataclass(frozen=True, slots=True)
class Override:
    """One overridden value; `group` is empty for a base value."""

    kind: str
    """strength or wind"""
    group: str
    value: float
    until: float


class Physics(Area):
    """One plugin at a time overrides physics, until its last timer ends."""

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio)
        self._overrides: list[Override] = []
        self._owner: Plugin | None = None

    def answers(self) -> dict[str, Answer]:
        """Return the requests that this area answers."""
        return {"GetCurrentModelPhysicsRequest": self._get, "SetCurrentModelPhysicsRequest": self._set}

    @property
    def overrides(self) -> tuple[Override, ...]:
        """The overrides whose timers run."""
        return tuple(override for override in self._overrides if override.until > self.studio.now)

    def model_gone(self) -> None:
        """Forget the overrides with the model."""
        self._overrides, self._owner = [], None

    def advance(self) -> None:
        """Give physics free when the last timer has ended."""
        self._overrides = list(self.overrides)
        if not self._overrides:
            self._owner = None

    def _get(self, _: Call) -> JsonObject:
        model = self.studio.models.current
        groups = model.physics_groups if model is not None else ()
        rows = [
            {
                "groupID": group.group_id,
                "groupName": group.name,
                "strengthMultiplier": group.strength,
                "windMultiplier": group.wind,
            }
            for group in groups
        ]
        return {
            **self.studio.models.identity(),
            "modelHasPhysics": bool(groups),
            "physicsSwitchedOn": bool(groups),
            "usingLegacyPhysics": False,
            "physicsFPSSetting": -1,
            "baseStrength": 50,
            "baseWind": 0,
            "apiPhysicsOverrideActive": self._owner is not None,
            "apiPhysicsOverridePluginName": self._owner.name if self._owner is not None else "",
            "physicsGroups": rows,
        }

    def _set(self, call: Call) -> JsonObject:
        model, owner = self.studio.models.current, call.session.owner
        if model is None:
            raise ApiError(700)
        if not model.physics_groups:
            raise ApiError(701)
        if self._owner is not None and self._owner != owner and self.overrides:
            raise ApiError(702, self._owner.name)
        read: list[Override] = []
        for kind in ("strength", "wind"):
            rows = [self._read(model, entry, kind) for entry in call.fields.objects(f"{kind}Overrides")]
            names = [override.group for override in rows]
            twice = next((name for name in names if names.count(name) > 1), None)
            if twice is not None:
                raise ApiError(706, twice or f"base {kind}")
            read += rows
        if not read:
            raise ApiError(703)
        replaced = {(override.kind, override.group) for override in read}
        kept = [override for override in self._overrides if (override.kind, override.group) not in replaced]
        self._overrides, self._owner = kept + read, owner
        return {}

    def _read(self, model: ModelDescription, entry: Fields, kind: str) -> Override:
        base, group = entry.flag("setBaseValue"), entry.text("id")
        if not base and group not in {known.group_id for known in model.physics_groups}:
            raise ApiError(704, group[:100])
        if not entry.has("value"):
            raise ApiError(705, group[:100] or f"base {kind}")
        value = entry.number("value")
        value = float(round(min(max(value, 0.0), 100.0))) if base else min(max(value, 0.0), 2.0)
        seconds = min(max(entry.number("overrideSeconds"), 0.5), 5.0)
        return Override(kind, "" if base else group, value, self.studio.now + seconds)
