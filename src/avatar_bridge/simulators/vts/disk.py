"""Reading a real model's folder into a description; nothing is ever written there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from avatar_bridge.errors import UsageError
from avatar_bridge.simulators.vts.model import (
    Animation,
    Binding,
    Expression,
    ExpressionTarget,
    Hotkey,
    Live2DParameter,
    ModelDescription,
    PhysicsGroup,
)

__all__ = ["read_model"]

_RANGES = {
    "ParamAngle": (-30.0, 30.0, 0.0),
    "ParamBodyAngle": (-10.0, 10.0, 0.0),
    "ParamEyeLOpen": (0.0, 2.0, 1.0),
    "ParamEyeROpen": (0.0, 2.0, 1.0),
    "ParamEyeBall": (-1.0, 1.0, 0.0),
    "ParamBrow": (-1.0, 1.0, 0.0),
    "ParamMouthForm": (-1.0, 1.0, 0.0),
    "ParamMouthOpen": (0.0, 1.0, 0.0),
    "ParamBreath": (0.0, 1.0, 0.0),
}
"""Usual ranges of standard parameters; the `.moc3` that holds the true ones is a closed format."""


def read_model(path: Path) -> ModelDescription:
    """Return the model of a `.vtube.json` file, or of the folder that holds one.

    Raises UsageError where there is none or it cannot be read.
    """
    found = path
    if path.is_dir():
        files = sorted(path.glob("*.vtube.json"))
        if not files:
            raise UsageError(f"{path}: expected a folder with a .vtube.json file, found none")
        found = files[0]
    body = _read(found)
    folder = found.parent
    references = _object(body, "FileReferences")
    expressions = tuple(_expression(file) for file in sorted(folder.rglob("*.exp3.json")))
    animations = tuple(_animation(file) for file in sorted(folder.rglob("*.motion3.json")))
    bindings = tuple(_binding(row) for row in _rows(body, "ParameterSettings") if row.get("OutputLive2D"))
    names = {file.name for file in folder.rglob("*") if file.is_file()}
    return ModelDescription(
        name=_text(body, "Name") or found.name.removesuffix(".vtube.json"),
        model_id=_text(body, "ModelID"),
        hotkeys=tuple(_hotkey(row, names) for row in _rows(body, "Hotkeys")),
        expressions=expressions,
        parameters=_parameters(bindings, expressions),
        bindings=bindings,
        animations=animations,
        idle_animation=_text(references, "IdleAnimation"),
        physics_groups=_physics(folder),
        vts_file=found.name,
        icon_file=_text(references, "Icon"),
        live2d_file=_text(references, "Model"),
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        body = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}); give a .vtube.json file or its folder") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: expected JSON, found something else: {error}") from error
    if not isinstance(body, dict):
        raise UsageError(f"{path}: expected a JSON object, found {type(body).__name__}")
    return body


def _object(body: dict[str, Any], key: str) -> dict[str, Any]:
    value = body.get(key)
    return value if isinstance(value, dict) else {}


def _rows(body: dict[str, Any], key: str) -> list[dict[str, Any]]:
    value = body.get(key)
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _text(body: dict[str, Any], key: str) -> str:
    value = body.get(key)
    return value if isinstance(value, str) else ""


def _number(body: dict[str, Any], key: str, default: float = 0.0) -> float:
    value = body.get(key)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else default


def _hotkey(row: dict[str, Any], names: set[str]) -> Hotkey:
    file, action = _text(row, "File"), _text(row, "Action") or "Unset"
    needs = action in {"ToggleExpression", "TriggerAnimation", "ChangeIdleAnimation"}
    after = row.get("DeactivateAfterSeconds") is True
    button = int(_number(_object(row, "Triggers"), "ScreenButton", -1))
    return Hotkey(
        hotkey_id=_text(row, "HotkeyID"),
        name=_text(row, "Name"),
        action=action,
        file=file,
        on_screen_button=button if 1 <= button <= 8 else -1,
        fade_seconds=_number(row, "FadeSecondsAmount", 0.5),
        deactivate_after_seconds=_number(row, "DeactivateAfterSecondsAmount", 10.0) if after else None,
        deactivate_on_key_up=row.get("DeactivateAfterKeyUp") is True,
        file_missing=needs and file.replace("\\", "/").rsplit("/", 1)[-1] not in names,
    )


def _binding(row: dict[str, Any]) -> Binding:
    return Binding(
        source=_text(row, "Input"),
        target=_text(row, "OutputLive2D"),
        source_low=_number(row, "InputRangeLower"),
        source_high=_number(row, "InputRangeUpper", 1.0),
        target_low=_number(row, "OutputRangeLower"),
        target_high=_number(row, "OutputRangeUpper", 1.0),
        clamp=row.get("ClampInput") is True,
        smoothing=_number(row, "Smoothing"),
        breathing=row.get("UseBreathing") is True,
    )


def _expression(path: Path) -> Expression:
    targets = []
    for row in _rows(_read(path), "Parameters"):
        blend: Literal["Add", "Multiply", "Overwrite"] = "Add"
        if row.get("Blend") == "Multiply":
            blend = "Multiply"
        elif row.get("Blend") == "Overwrite":
            blend = "Overwrite"
        targets.append(ExpressionTarget(_text(row, "Id"), _number(row, "Value"), blend))
    return Expression(path.name, tuple(targets))


def _animation(path: Path) -> Animation:
    body = _read(path)
    events = tuple((_number(row, "Time"), _text(row, "Value")) for row in _rows(body, "UserData"))
    return Animation(path.name, _number(_object(body, "Meta"), "Duration", 1.5), events)


def _physics(folder: Path) -> tuple[PhysicsGroup, ...]:
    for path in sorted(folder.rglob("*.physics3.json")):
        rows = _rows(_object(_read(path), "Meta"), "PhysicsDictionary")
        return tuple(PhysicsGroup(_text(row, "Id"), _text(row, "Name")) for row in rows)
    return ()


def _parameters(bindings: tuple[Binding, ...], expressions: tuple[Expression, ...]) -> tuple[Live2DParameter, ...]:
    """Return the parameters that the model's files name, with the usual range, else that of what drives them."""
    found: dict[str, Live2DParameter] = {}
    for binding in bindings:
        low, high = sorted((binding.target_low, binding.target_high))
        found.setdefault(binding.target, _parameter(binding.target, low, high))
    for expression in expressions:
        for target in expression.targets:
            found.setdefault(target.name, _parameter(target.name, min(target.value, 0.0), max(target.value, 1.0)))
    return tuple(found.values())


def _parameter(name: str, low: float, high: float) -> Live2DParameter:
    for prefix, (known_low, known_high, default) in _RANGES.items():
        if name.startswith(prefix):
            return Live2DParameter(name, known_low, known_high, default)
    return Live2DParameter(name, low, high, min(max(0.0, low), high))
