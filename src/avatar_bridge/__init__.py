"""Avatar Bridge: tagged text in, a speaking, moving avatar out."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from avatar_bridge.errors import AvatarBridgeError as AvatarBridgeError

__version__ = "0.1.0"

_HOMES = {
    "AvatarBridgeError": "avatar_bridge.errors",
}

__all__ = ["AvatarBridgeError", "__version__"]


def __getattr__(name: str) -> Any:
    """Import a public name from its room on first use, so that importing the package loads no backend."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
