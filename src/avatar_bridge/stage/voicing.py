"""A text spoken without a stage: the sound alone."""

from __future__ import annotations

from contextlib import aclosing

import numpy as np
import soxr

from avatar_bridge.core.script.parser import Parser
from avatar_bridge.core.script.segmenter import Segmenter
from avatar_bridge.core.vocabulary import Samples
from avatar_bridge.errors import VoiceError
from avatar_bridge.ports import Voice

__all__ = ["voiced"]


async def voiced(voice: Voice, script: str, parser: Parser, *, rate: int) -> Samples:
    """Return what a voice makes of tagged text read by `parser`, mono at `rate`; the script's pauses are silence.

    Raises VoiceError where it cannot be spoken; a text with nothing to say is no sound.
    """
    segmenter = Segmenter()
    parser.feed(script)
    parser.close()
    for event in parser.events():
        segmenter.feed(event)
    segmenter.close()
    sounds: list[Samples] = []
    for segment in segmenter.segments():
        if segment.pause:
            sounds.append(np.zeros(round(segment.pause * rate), np.float32))
        if not segment.text.strip():
            continue
        async with aclosing(voice.speak(segment.text)) as pieces:
            async for piece in pieces:
                fits = piece.rate == rate
                sounds.append(piece.samples if fits else soxr.resample(piece.samples, piece.rate, rate))
    if not sounds:
        return np.zeros(0, np.float32)
    whole: Samples = np.concatenate(sounds).astype(np.float32)
    if not np.isfinite(whole).all():
        raise VoiceError("the voice gave what is no sound")
    return whole
