"""How a spoken segment gets its words and its mouth: in another thread, so that the beat goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from avatar_bridge.core.timeline.timeline import Prepared, prepare
from avatar_bridge.core.vocabulary import SpokenSegment

__all__ = ["Preparing", "prepare_aside"]

Preparing = Callable[[str, SpokenSegment], Awaitable[Prepared]]
"""How a spoken segment gets its words and its mouth."""


async def prepare_aside(text: str, spoken: SpokenSegment) -> Prepared:
    """Prepare a segment in another thread, so that the beat goes on."""
    return await asyncio.to_thread(prepare, text, spoken)
