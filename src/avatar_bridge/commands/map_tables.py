"""What goes into a target's table of a motion map (`unity.trigger = "Nod"`), and what in it nobody reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import Final

from avatar_bridge.core.motion.action import Action
from avatar_bridge.wire import nizima_bindings, obs_deeds, vnyan, vts_bindings, warudo

__all__ = ["TABLE_KEYS", "unread"]

_OF_GAMES = ("trigger", "state", "clip", "expression")

TABLE_KEYS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "vts": vts_bindings.KEYS,
        "overlay": ("clip",),
        "game": _OF_GAMES,
        "unity": _OF_GAMES,
        "godot": _OF_GAMES,
        "obs": obs_deeds.KEYS,
        "vmc": ("blend", "weight"),
        "nizima": nizima_bindings.KEYS,
        "warudo": warudo.KEYS,
        "vnyan": vnyan.KEYS,
        "vrchat": ("parameter", "value", "rest"),
    }
)
"""The keys that a target's table may hold, by target."""


def unread(action: Action) -> Iterator[str]:
    """Yield a sentence for each key of an action's tables that its target does not know, with the nearest that it does.

    Tables of targets that are not the house's own are left alone.
    """
    for target, table in action.targets.items():
        known = TABLE_KEYS.get(target)
        for key in table if known is not None else ():
            if known is None or key in known:
                continue
            nearest = get_close_matches(key, known, 1)
            hint = f"did you mean {target}.{nearest[0]}?" if nearest else f"expected {', '.join(known)}"
            yield f"{target}.{key} is read by nobody; {hint}"
