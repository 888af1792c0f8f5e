"""What a look at one thing gives: is it there, and what mends it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Finding"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    name: str
    status: Literal["ok", "missing", "broken"]
    """ok; missing: it goes without; broken: nothing can be performed until it is mended."""
    detail: str
    remedy: str = ""
