"""When a VITS model says what, from the frames that it gave each of its symbols."""

from __future__ import annotations

import re
from collections.abc import Sequence

from avatar_bridge.core.speech.ipa import merged
from avatar_bridge.core.vocabulary import Phoneme, WordMark
from avatar_bridge.tts.espeak_phonemes import owners

__all__ = ["timed_letters", "timed_sounds"]

_WORD = re.compile(r"\S*\w\S*")


def timed_sounds(symbols: Sequence[str], frames: Sequence[int], hop: float) -> tuple[Phoneme, ...]:
    """Return the phonemes that tile the audio; a blank ("") belongs to the symbol after it, the last to the end.

    symbols: IPA, one for each entry of `frames`; hop: seconds a frame.
    """
    units: list[tuple[str, int, int]] = []
    at = begun = 0
    for symbol, count in zip(symbols, frames, strict=True):
        at += count
        if symbol:
            units.append((symbol, begun, at))
            begun = at
    if at > begun:
        units.append(("", begun, at))
    return merged(Phoneme(symbol, first * hop, (last - first) * hop) for symbol, first, last in units)


def timed_letters(symbols: Sequence[str], frames: Sequence[int], hop: float, text: str) -> tuple[WordMark, ...]:
    """Return the words of `text` with the times of the letters that the model read for them.

    The model's own cleaner may have written numbers and abbreviations out: the cheapest edit tells whose they are.
    """
    words = [(word.start(), len(word[0])) for word in _WORD.finditer(text)]
    spelled = "".join(symbol or "\0" for symbol in symbols).lower()
    letters = [place for place, symbol in enumerate(spelled) if symbol.isalnum()]
    if not words or not letters:
        return ()
    plain = "".join(spelled[place] for place in letters)
    # a digit is read as about four letters
    told = ["".join(c * (4 if c.isdigit() else 1) for c in text[at : at + n].lower() if c.isalnum()) for at, n in words]
    own = owners(plain, told)
    edges = [0]
    for count in frames:
        edges.append(edges[-1] + count)
    spans: dict[int, tuple[int, int]] = {}
    for place, word in zip(letters, own, strict=True):
        first = edges[place - 1] if place and not symbols[place - 1] else edges[place]
        spans[word] = (spans.get(word, (first, 0))[0], edges[place + 1])
    return tuple(
        WordMark(*words[word], first * hop, (last - first) * hop) for word, (first, last) in sorted(spans.items())
    )
