"""Orders for a running simulator, a line each: what its user does, and faults on demand."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from avatar_bridge.errors import UsageError
from avatar_bridge.simulators.vts.options import Options
from avatar_bridge.simulators.vts.server import VTubeStudioSimulator

__all__ = ["ORDERS", "obey", "options"]

_SWITCH = {"on": True, "off": False}


@dataclasses.dataclass(frozen=True, slots=True)
class _Order:
    usage: str
    meaning: str
    act: Callable[[VTubeStudioSimulator, list[str]], None]


def _state(words: list[str]) -> bool:
    return _SWITCH[words[0] if words else "on"]


def _load(simulator: VTubeStudioSimulator, words: list[str]) -> None:
    simulator.load_model(" ".join(words))


def _press(simulator: VTubeStudioSimulator, words: list[str]) -> None:
    simulator.press_hotkey(" ".join(words))


def _revoke(simulator: VTubeStudioSimulator, _: list[str]) -> None:
    simulator.revoke()


ORDERS: Mapping[str, _Order] = MappingProxyType(
    {
        "allow": _Order("allow", "the user presses Allow in the pop-up", lambda it, _: it.allow()),
        "deny": _Order("deny", "the user denies it", lambda it, _: it.deny()),
        "revoke": _Order("revoke", "the user withdraws every plugin's permission", _revoke),
        "stall": _Order("stall SECONDS", "the app hangs", lambda it, words: it.stall(float(words[0]))),
        "resume": _Order("resume", "and goes on", lambda it, _: it.resume()),
        "drop": _Order("drop", "every connection breaks without a close", lambda it, _: it.drop_connections()),
        "close": _Order("close", "every connection is closed properly", lambda it, _: it.drop_connections(clean=True)),
        "refuse": _Order(
            "refuse on|off", "new connections are refused", lambda it, w: it.refuse_connections(_state(w))
        ),
        "api": _Order("api on|off", "the API is switched", lambda it, words: it.set_api_active(_state(words))),
        "load": _Order("load MODEL", "the user loads another model, by name", _load),
        "unload": _Order("unload", "the user unloads the model", lambda it, _: it.unload_model()),
        "press": _Order("press HOTKEY", "the user presses a hotkey, by name or id", _press),
        "windows": _Order("windows on|off", "a settings window is open", lambda it, w: it.open_windows(_state(w))),
    }
)
"""Every order by its first word."""


def obey(simulator: VTubeStudioSimulator, line: str) -> str:
    """Carry out one order and return what to tell about it; a line that is none is answered with those that are."""
    words = line.split()
    if not words:
        return ""
    order = ORDERS.get(words[0].lower())
    if order is None:
        known = "\n".join(f"  {each.usage:<16}{each.meaning}" for each in ORDERS.values())
        return f"there is no order {words[0]!r}; these are understood:\n{known}"
    try:
        order.act(simulator, words[1:])
    except (KeyError, IndexError, ValueError):
        return f"expected: {order.usage}; got {line.strip()!r}"
    except UsageError as error:
        return f"not done: {error}"
    return f"done: {line.strip()}"


def options(given: Iterable[str]) -> Options:
    """Return the simulator's switches with `NAME=VALUE` pairs laid over the defaults.

    Raises UsageError for an unknown name or a value of another kind, naming what is expected.
    """
    kinds = typing.get_type_hints(Options)
    changes: dict[str, Any] = {}
    for pair in given:
        name, _, value = pair.partition("=")
        if name not in kinds:
            raise UsageError(f"expected one of {', '.join(kinds)} before the =, got {pair!r}")
        changes[name] = _value(name, kinds[name], value)
    return dataclasses.replace(Options(), **changes)


def _value(name: str, kind: Any, text: str) -> Any:
    allowed = typing.get_args(kind) if typing.get_origin(kind) is typing.Literal else ()
    try:
        if allowed:
            return next(choice for choice in allowed if str(choice) == text)
        if kind is bool:
            return _SWITCH[text.lower()]
        if kind in {int, float, str}:
            return kind(text)
        if type(None) in typing.get_args(kind):
            return None if text.lower() == "none" else int(text)
        return tuple(float(part) if "." in part else int(part) for part in text.split(","))
    except (KeyError, StopIteration, ValueError):
        expected = " or ".join(map(str, allowed)) or ("on or off" if kind is bool else getattr(kind, "__name__", kind))
        raise UsageError(f"{name}: expected {expected}, got {text!r}") from None
