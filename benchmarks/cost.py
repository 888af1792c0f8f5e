"""What a thousand characters of speech cost on one's own machine, by voice: processor seconds, and money by a price."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import aclosing
from typing import Any

from avatar_bridge import registry
from avatar_bridge.assembly import build_voice
from avatar_bridge.commands.bench import Figure
from avatar_bridge.settings import VoiceSettings
from avatar_bridge.stage.ledger import Meter

__all__ = ["measure"]

_CORE_HOUR = 0.05
"""Dollars for an hour of one virtual core: what the large clouds ask for a general-purpose machine, rounded up. One's
own machine costs its electricity alone: at 15 W a core and $0.30 a kWh a tenth of it."""
_ASKED = 0.0005
"""Dollars for 1,000 characters: what the talk behind this project asks for at most."""
_VOICES = ("piper", "espeak")
_SENTENCES = (
    "Hello everyone, and welcome back to the stream!",
    "Today we are going to look at something that I have been waiting for all week.",
    "Give me a second, I only have to find the right window.",
    "There it is. Isn't it lovely?",
    "I spent about three hours on this level yesterday, and I still have no idea where the key is.",
    "If you know, please don't tell me. I want to find it myself.",
    "Somebody in the chat says that it is behind the waterfall, and now I cannot unsee it.",
    "Well then, let us go and have a look together.",
    "Thank you so much for the kind words, they really mean a lot to me.",
    "And if you are new here, take a seat, there is tea for everybody.",
)


def measure(quick: bool) -> Iterable[Figure]:
    """Yield processor seconds and money for 1,000 characters of each voice that is installed."""
    texts = _SENTENCES[:3] if quick else _SENTENCES
    for name in _VOICES:
        if registry.missing_packages(name):
            continue
        yield from _figures(name, *asyncio.run(_spoken(name, texts)))


async def _spoken(name: str, texts: Iterable[str]) -> tuple[int, float, float]:
    """Return characters, seconds of sound and seconds of computing, the loading left out."""
    voice: Any = build_voice(VoiceSettings(engine=name))[0]
    await voice.open()
    try:
        characters, audio, meter = 0, 0.0, Meter(voice)
        for text in texts:
            async with aclosing(voice.speak(text)) as pieces:
                audio += sum([piece.duration async for piece in pieces])
            characters += len(text)
        return characters, audio, meter.read()
    finally:
        await voice.close()


def _figures(name: str, characters: int, audio: float, cpu: float) -> Iterator[Figure]:
    thousand = cpu / characters * 1000
    money = thousand / 3600 * _CORE_HOUR
    yield Figure(
        f"{name}: computing for 1,000 characters",
        thousand,
        "s",
        note=f"{audio / cpu:.0f} s of sound a second of computing",
    )
    yield Figure(
        f"{name}: money for 1,000 characters",
        money,
        "USD",
        target=f"<= {_ASKED}",
        reached=money <= _ASKED,
        note=f"at ${_CORE_HOUR} an hour of one core",
    )
