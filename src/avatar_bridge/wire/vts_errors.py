"""VTube Studio's error numbers in plain words: what is wrong and what to do.

Source: the vendor's ErrorsID list; only numbers that a request of ours can meet are explained.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from avatar_bridge.errors import RefusedError

__all__ = [
    "API_OFF",
    "COOLDOWN",
    "DENIED",
    "FOREIGN",
    "POPUP_OPEN",
    "QUEUE_FULL",
    "UNAUTHENTICATED",
    "UNKNOWN_PARAMETER",
    "ApiError",
    "explain",
    "named",
]

API_OFF = 1
UNAUTHENTICATED = 8
DENIED = 50
POPUP_OPEN = 51
QUEUE_FULL = 200
COOLDOWN = 203
UNKNOWN_PARAMETER = 453
FOREIGN = 454

_EXPLANATIONS = {
    1: "VTube Studio runs, but 'Allow Plugin API access' is off: switch it on in its settings.",
    2: "VTube Studio could not read a message: please report this with the log.",
    3: "VTube Studio does not accept the API name: please report this with the log.",
    4: "VTube Studio speaks another version of its API: update VTube Studio.",
    7: "This VTube Studio does not know the request: update VTube Studio.",
    8: "VTube Studio has withdrawn the permission: press Allow when it asks again.",
    50: "The permission was denied in VTube Studio: remove the plugin there and start again, then press Allow.",
    51: "Another plugin's question is open in VTube Studio: answer it first.",
    52: "VTube Studio does not accept the plugin name: it takes 3 to 32 characters.",
    53: "VTube Studio does not accept the developer name: it takes 3 to 32 characters.",
    152: "VTube Studio does not know this model any more: load it again.",
    153: "VTube Studio loads one model every two seconds: wait a moment.",
    200: "VTube Studio's hotkey queue is full: fewer actions at once.",
    201: "VTube Studio has no model loaded: load one.",
    202: "The model has no such hotkey any more: run `avatar-bridge maps check`.",
    203: "The hotkey was fired a moment ago: VTube Studio wants a pause between two of the same.",
    204: "The hotkey's file is missing in the model's folder: check the hotkey in VTube Studio.",
    205: "VTube Studio takes no hotkeys while one of its settings windows is open: close it.",
    450: "An injection held no parameter: please report this with the log.",
    451: "A parameter's value was out of range: please report this with the log.",
    452: "A parameter's weight was out of range: please report this with the log.",
    453: "VTube Studio does not know a parameter: it is left out.",
    454: "Another plugin controls the parameter: close that plugin, or take the parameter out of it.",
    600: "The expression's name must end in .exp3.json: correct the motion map.",
    601: "The model has no such expression: run `avatar-bridge maps check`.",
    650: "The expression's name must end in .exp3.json: correct the motion map.",
    651: "The model has no such expression any more: run `avatar-bridge maps check`.",
    652: "VTube Studio has no model loaded: load one.",
    950: "This VTube Studio does not offer the event: update VTube Studio.",
}


class ApiError(RefusedError):
    """A request that VTube Studio refused; `error_id` is its number, `text` its own words."""

    def __init__(self, error_id: int, text: str, request: str = "") -> None:
        self.error_id = error_id
        self.text = text
        self.request = request
        super().__init__(explain(error_id, text))


def explain(error_id: int, text: str) -> str:
    """Return one plain sentence for an error number; an unknown one is quoted."""
    known = _EXPLANATIONS.get(error_id)
    return known or f"VTube Studio refused (error {error_id}): {text or 'no reason given'}"


def named(text: str, names: Collection[str]) -> str | None:
    """Return the parameter among `names` that an error text speaks of, or None; the longest wins."""
    words = set(re.findall(r"\w+", text))
    found = [name for name in names if name in words]
    return max(found, key=len) if found else None
