"""Visual effects: listing them, presets, single values, and the fades between them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from avatar_bridge.simulators.vts.area import Answer, Area
from avatar_bridge.simulators.vts.error_ids import ApiError
from avatar_bridge.simulators.vts.fields import JsonObject
from avatar_bridge.simulators.vts.session import Call

if TYPE_CHECKING:
    from avatar_bridge.simulators.vts.studio import Studio

__all__ = ["Effect", "EffectConfig", "PostProcessing", "effects"]

_FILTER_LIMIT = 512
_COLOR = re.compile(r"[0-9A-Fa-f]{6}([0-9A-Fa-f]{2})?")


@dataclass(frozen=True, slots=True)
class EffectConfig:
    """One setting of an effect."""

    enum_id: str
    kind: str
    """Float, Int, Bool, Color or SceneItem."""
    default: float | bool | str
    low: float = 0.0
    high: float = 0.0
    activates: bool = False
    alpha: bool = False

    def parse(self, text: str) -> float | bool | str:
        """Return the value that a request's string means, clamped; ValueError where it means none."""
        if self.kind == "Bool":
            return {"true": True, "false": False}[text.strip().lower()] if text.strip().lower() in _BOOLS else _bad()
        if self.kind in {"Float", "Int"}:
            value = min(max(float(text), self.low), self.high)
            if value != value:
                return _bad()
            return int(value) if self.kind == "Int" else value
        if self.kind == "Color":
            if not _COLOR.fullmatch(text):
                return _bad()
            return text.upper() if len(text) == 8 and self.alpha else text[:6].upper() + "FF"
        return text


_BOOLS = frozenset({"true", "false"})


def _bad() -> str:
    raise ValueError("not a value of this config")


@dataclass(frozen=True, slots=True)
class Effect:
    """A visual effect with its settings."""

    enum_id: str
    restricted: bool
    configs: tuple[EffectConfig, ...]


def _key(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()


@cache
def effects() -> dict[str, Effect]:
    """Return every effect by its folded ID; identifiers and ranges are those of the public list."""
    text = files(__package__).joinpath("effects.json").read_text(encoding="utf-8")
    found = {}
    for name, row in json.loads(text).items():
        configs = tuple(
            EffectConfig(
                enum_id=f"{name}_{config}",
                kind=body["type"],
                default=_default(body),
                low=body.get("min", 0.0),
                high=body.get("max", 0.0),
                activates=body.get("activates", False),
                alpha=body.get("alpha", False),
            )
            for config, body in row["configs"].items()
        )
        found[_key(name)] = Effect(name, row["restricted"], configs)
    return found


def _default(body: JsonObject) -> float | bool | str:
    default: float | bool | str = body["default"]
    return f"{default}FF" if body["type"] == "Color" and len(str(default)) == 6 else default


class PostProcessing(Area):
    """The state of the visual effects."""

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio)
        self.active = False
        self.preset = ""
        self.presets: dict[str, dict[str, str]] = {
            "soft_glow": {"Bloom_Strength": "0.6", "Vignette_Strength": "0.3"},
            "old_tape": {"Vhs_Strength": "0.8", "Grain_Strength": "0.4"},
        }
        self._configs = {_key(c.enum_id): (effect, c) for effect in effects().values() for c in effect.configs}
        self.values: dict[str, float | bool | str] = {c.enum_id: c.default for _, c in self._configs.values()}

    def answers(self) -> dict[str, Answer]:
        """Return the requests that this area answers."""
        return {"PostProcessingListRequest": self._list, "PostProcessingUpdateRequest": self._update}

    def load_preset(self, name: str) -> bool:
        """Load a preset as a hotkey does; return whether there is one of that name."""
        if name not in self.presets:
            return False
        self._apply(self._read(list(self.presets[name].items())), reset=True)
        self.active, self.preset = True, name
        self._tell()
        return True

    def _tell(self) -> None:
        self.studio.events.emit("PostProcessingEvent", {"currentOnState": self.active, "currentPreset": self.preset})

    def _is_active(self, effect: Effect) -> bool:
        return any(config.activates and float(self.values[config.enum_id]) > 0 for config in effect.configs)

    def _list(self, call: Call) -> JsonObject:
        wanted = call.fields.texts("effectIDFilter")
        if len(wanted) > _FILTER_LIMIT:
            raise ApiError(1150)
        known = list(effects().values())
        keys = {_key(name) for name in wanted}
        shown = [effect for effect in known if not keys or _key(effect.enum_id) in keys]
        presets = list(self.presets) if call.fields.flag("fillPostProcessingPresetsArray") else []
        fill = call.fields.flag("fillPostProcessingEffectsArray")
        return {
            "postProcessingSupported": True,
            "postProcessingActive": self.active,
            "canSendPostProcessingUpdateRequestRightNow": not self.studio.windows_open,
            "restrictedEffectsAllowed": self.studio.options.restricted_effects,
            "presetIsActive": bool(self.preset),
            "activePreset": self.preset,
            "presetCount": len(presets),
            "activeEffectCount": sum(self._is_active(effect) for effect in known),
            "effectCountBeforeFilter": len(known),
            "configCountBeforeFilter": sum(len(effect.configs) for effect in known),
            "effectCountAfterFilter": len(shown),
            "configCountAfterFilter": sum(len(effect.configs) for effect in shown),
            "postProcessingEffects": [self._describe(effect) for effect in shown] if fill else [],
            "postProcessingPresets": presets,
        }

    def _describe(self, effect: Effect) -> JsonObject:
        return {
            "internalID": _internal(effect.enum_id),
            "enumID": effect.enum_id,
            "explanation": effect.enum_id,
            "effectIsActive": self._is_active(effect),
            "effectIsRestricted": effect.restricted,
            "configEntries": [self._describe_config(config) for config in effect.configs],
        }

    def _describe_config(self, config: EffectConfig) -> JsonObject:
        row: JsonObject = {
            "internalID": "-".join(_internal(part) for part in config.enum_id.split("_", 1)),
            "enumID": config.enum_id,
            "explanation": config.enum_id,
            "type": config.kind,
            "activationConfig": config.activates,
        }
        for kind, empty in (("float", 0.0), ("int", 0)):
            row |= {f"{kind}{part}": empty for part in ("Value", "Min", "Max", "Default")}
        row |= {"colorValue": "", "colorDefault": "", "colorHasAlpha": config.alpha}
        row |= {"boolValue": False, "boolDefault": False, "stringValue": "", "stringDefault": ""}
        row |= {"sceneItemValue": "", "sceneItemDefault": ""}
        prefix = config.kind[0].lower() + config.kind[1:]
        row |= {f"{prefix}Value": self.values[config.enum_id], f"{prefix}Default": config.default}
        if config.kind in {"Float", "Int"}:
            row |= {f"{prefix}Min": config.low, f"{prefix}Max": config.high}
        return row

    def _update(self, call: Call) -> JsonObject:
        fields = call.fields
        if self.studio.windows_open:
            raise ApiError(1200)
        if not 0 <= fields.number("postProcessingFadeTime") <= 2:
            raise ApiError(1201)
        set_preset, set_values = fields.flag("setPostProcessingPreset"), fields.flag("setPostProcessingValues")
        if set_preset and set_values:
            raise ApiError(1202)
        on, random_all = fields.flag("postProcessingOn"), fields.flag("randomizeAll")
        before = (self.active, self.preset)
        restricted = fields.flag("usingRestrictedEffects") and self.studio.options.restricted_effects
        if random_all:
            self._randomize(min(max(fields.number("randomizeAllChaosLevel"), 0.0), 1.0), restricted)
        elif set_preset:
            name = fields.text("presetToSet")
            if name not in self.presets:
                raise ApiError(1203, name[:100])
            self._apply(self._read(list(self.presets[name].items())), reset=True)
            self.preset = name
        elif set_values:
            pairs = [
                (entry.text("configID"), entry.text("configValue")) for entry in fields.objects("postProcessingValues")
            ]
            read = self._read(pairs)
            self._check_restricted(read, restricted)
            self._apply(read, fields.flag("setAllOtherValuesToDefault"))
            self.preset = ""
        self.active = on
        if not on:
            self.preset = ""
        if before != (self.active, self.preset):
            self._tell()
        return {
            "postProcessingActive": self.active,
            "presetIsActive": bool(self.preset),
            "activePreset": self.preset,
            "activeEffectCount": sum(self._is_active(effect) for effect in effects().values()),
        }

    def _read(self, pairs: list[tuple[str, str]]) -> dict[str, float | bool | str]:
        """Return the values by config ID, or refuse the list."""
        read: dict[str, float | bool | str] = {}
        for name, text in pairs:
            known = self._configs.get(_key(name))
            if known is None:
                raise ApiError(1204, f"there is no config {name[:100]!r}.")
            if known[1].enum_id in read:
                raise ApiError(1205, known[1].enum_id)
            try:
                read[known[1].enum_id] = known[1].parse(text)
            except ValueError as error:
                raise ApiError(1204, f"{name[:100]} cannot be {text[:100]!r}.") from error
        return read

    def _check_restricted(self, read: dict[str, float | bool | str], allowed: bool) -> None:
        for name in read:
            effect = self._configs[_key(name)][0]
            if effect.restricted and not allowed:
                raise ApiError(1206, effect.enum_id)

    def _apply(self, read: dict[str, float | bool | str], reset: bool) -> None:
        if reset:
            self.values = {config.enum_id: config.default for _, config in self._configs.values()}
        self.values |= read

    def _randomize(self, chaos: float, restricted: bool) -> None:
        source = self.studio.random
        known = [effect for effect in effects().values() if restricted or not effect.restricted]
        chosen = source.sample(known, max(1, round(chaos * len(known))))
        values = {
            config.enum_id: source.uniform(config.low, config.high)
            for effect in chosen
            for config in effect.configs
            if config.kind == "Float"
        }
        self._apply(dict(values), reset=True)
        self.preset = ""


def _internal(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
