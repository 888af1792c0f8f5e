"""What messages to pages and to games have in common: JSON text, rounded times, words, cues, captions, mouth curves."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np

from avatar_bridge.core.timeline.timeline import PlacedCue
from avatar_bridge.core.vocabulary import MouthCurve, Word
from avatar_bridge.wire.captions import Caption

__all__ = ["captions_told", "cue_told", "message", "mouth_told", "rounded", "weights", "words_told"]

_USUAL_RATE: Final = 100.0
"""Values a second of a mouth curve."""

# escaped to ASCII: a lone surrogate in a model's text must not keep the message from being sent
_encode = json.JSONEncoder(ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode


def message(kind: str, /, **fields: Any) -> str:
    """Return a message of type `kind`; raises ValueError for a number that is not finite."""
    return _encode({"type": kind, **fields})


def rounded(value: float, digits: int = 4) -> float:
    """Return a number of seconds as it is told: in steps of 0.1 ms unless `digits` says otherwise."""
    return round(float(value), digits)


def words_told(words: Iterable[Word]) -> list[dict[str, Any]]:
    """Return words with their times in the utterance."""
    return [
        {"text": word.text, "at": rounded(word.at), "duration": rounded(word.duration), "char": word.char}
        for word in words
    ]


def cue_told(cue: PlacedCue) -> dict[str, Any]:
    """Return what everybody is told of a cue."""
    return {
        "id": cue.id,
        "name": cue.name,
        "at": rounded(cue.at),
        "start": rounded(cue.start),
        "duration": None if cue.duration is None else rounded(cue.duration),
        "released": None if cue.released is None else rounded(cue.released),
        "written": cue.written,
        "char": cue.char,
    }


def captions_told(shown: Sequence[Caption]) -> list[dict[str, Any]]:
    """Return captions, line by line, word by word."""
    return [
        {
            "at": rounded(caption.at),
            "end": rounded(caption.end),
            "lines": [
                [{"text": word.text, "at": rounded(word.at), "end": rounded(word.end)} for word in line]
                for line in caption.lines
            ],
        }
        for caption in shown
    ]


def mouth_told(curve: MouthCurve | None, at: float) -> dict[str, Any]:
    """Return a mouth curve whose first value is due at `at` of the utterance; empty where there is none."""
    if curve is None:
        return {"at": rounded(at), "rate": _USUAL_RATE, "open": "", "shapes": ""}
    return {
        "at": rounded(at),
        "rate": float(curve.rate),
        "open": weights(curve.open),
        "shapes": weights(curve.shapes),
    }


def weights(values: np.ndarray) -> str:
    """Return numbers of 0 to 1 as base64 of one byte each, rows after one another."""
    return base64.b64encode(np.rint(np.clip(values, 0.0, 1.0) * 255.0).astype(np.uint8).tobytes()).decode("ascii")
