"""What is rendered with a voice that tells no times is aligned: there is all the time that it takes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest

from avatar_bridge.commands import render
from avatar_bridge.core.timeline.timeline import Timeline
from avatar_bridge.core.vocabulary import Diagnostic, SpokenSegment
from avatar_bridge.ports import VoiceAbilities
from avatar_bridge.settings import Settings

pytest.importorskip("pocketsphinx", reason="words are found by pocketsphinx")
pytest.importorskip("espeakng_loader", reason="the espeak voice speaks what is looked for")

from avatar_bridge.tts.espeak import EspeakEngine

SCRIPT = "It costs $5.50, my friend. [nod] Dr. Smith said so in 1999."


class Espeak:
    """espeak-ng in this process; tells its times only where it is asked to."""

    def __init__(self, *, tells: bool) -> None:
        self._engine = EspeakEngine()
        self._tells = tells
        self.abilities = VoiceAbilities("words" if tells else "estimated")

    async def open(self) -> None:
        """Nothing is to be loaded."""

    async def speak(self, text: str) -> AsyncGenerator[SpokenSegment, None]:
        for piece in self._engine.speak(text):
            yield piece if self._tells else replace(piece, marks=(), phonemes=())

    def diagnostics(self) -> list[Diagnostic]:
        return []

    async def close(self) -> None:
        """Nothing is to be given back."""


def rendered(monkeypatch: pytest.MonkeyPatch, *, tells: bool, align: bool = True) -> Timeline:
    monkeypatch.setattr(render, "build_voice", lambda _: (Espeak(tells=tells), ()))
    settings = Settings.model_validate({"voice": {"align": align}})
    return asyncio.run(render.compose(SCRIPT, settings)).timeline


def test_a_rendering_is_aligned(monkeypatch: pytest.MonkeyPatch) -> None:
    told = rendered(monkeypatch, tells=True)
    found = rendered(monkeypatch, tells=False)
    estimated = rendered(monkeypatch, tells=False, align=False)
    assert (told.timing, found.timing, estimated.timing) == ("phonemes", "aligned", "estimated")
    assert [word.text for word in found.words] == [word.text for word in told.words]
    off = [abs(one.at - other.at) for one, other in zip(found.words, told.words, strict=True)]
    assert sorted(off)[len(off) // 2] < 0.04
    assert found.phonemes
    assert abs(found.cues[0].at - told.cues[0].at) < 0.1
    assert not estimated.phonemes
