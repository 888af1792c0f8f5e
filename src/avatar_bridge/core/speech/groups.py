"""Which sounds of a voice belong to which word of the text, where the voice tells sounds but no words.

Writing and sounds are aligned by least cost (Needleman and Wunsch, 1970), with word boundaries and pauses as anchors.
So a voice may join words ("on the"), split them (numbers) and leave them out.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from avatar_bridge.core.speech.letters import BREAK, CLASSES, PAUSE, Unit, sound_class, units
from avatar_bridge.core.speech.words import TextWord, language, pause_after
from avatar_bridge.core.vocabulary import Phoneme

__all__ = ["owners"]

_MOST_CELLS = 8_000_000
_INSERTED = dict.fromkeys(CLASSES, 0.8) | {"V": 0.45, "J": 0.4, "W": 0.5, "H": 0.6, " ": 0.6, "_": 0.6}


def owners(text: str, words: Sequence[TextWord], phonemes: Sequence[Phoneme]) -> list[int]:
    """Return for each phoneme the index of the word it belongs to, -1 for boundaries and silence.

    The indices never fall from one phoneme to the next. `phonemes` are `merged`.
    """
    heard = np.array([sound_class(phoneme.symbol) for phoneme in phonemes], dtype=np.intp)
    silent = (CLASSES.index(" "), CLASSES.index("_"))
    if not words:
        return [-1] * len(phonemes)
    row = _expected(text, words)
    path = _long_path(row, heard)
    result: list[int] = []
    for position, unit in enumerate(path):
        result.append(-1 if heard[position] in silent else _word_at(row, unit))
    return result


def _expected(text: str, words: Sequence[TextWord]) -> list[Unit]:
    code = language(words)
    row: list[Unit] = []
    for index, word in enumerate(words):
        row += units(word, index, code)
        following = words[index + 1] if index + 1 < len(words) else None
        row.append(PAUSE if pause_after(text, word, following) else BREAK)
    return row


def _word_at(row: Sequence[Unit], unit: int) -> int:
    """Return the word of a unit; a sound heard between two words goes to the second."""
    for following in row[max(unit, 0) :]:
        if following.word >= 0:
            return following.word
    return max(part.word for part in row)


def _long_path(row: Sequence[Unit], heard: NDArray[np.intp]) -> list[int]:
    """Return the path, found in halves where it is so long that memory would not do; each half ends with a pause."""
    if len(row) * len(heard) <= _MOST_CELLS:
        return _path(row, heard)
    cuts = [index + 1 for index, unit in enumerate(row[:-1]) if unit.word < 0]
    silences = np.flatnonzero(heard == CLASSES.index("_"))
    if not cuts:
        return [int(unit) for unit in np.linspace(0, len(row) - 1, len(heard))]
    cut = min(cuts, key=lambda index: (row[index - 1] is not PAUSE, abs(index - len(row) / 2)))
    if not len(row) / 10 < cut < len(row) * 9 / 10:
        cut = min(cuts, key=lambda index: abs(index - len(row) / 2))
    share = cut / len(row) * len(heard)
    near = silences[np.abs(silences - share) < len(heard) / 20]
    pause = int(near[np.argmin(np.abs(near - share))]) + 1 if len(near) else int(share)
    first, second = _long_path(row[:cut], heard[:pause]), _long_path(row[cut:], heard[pause:])
    return [*first, *(max(unit, 0) + cut for unit in second)]


def _path(row: Sequence[Unit], heard: NDArray[np.intp]) -> list[int]:
    """Return for each sound the unit it matches, or the last one before it where it matches none."""
    gaps = np.array([_INSERTED[name] for name in CLASSES])[heard]
    if len(heard):
        gaps = np.where((np.arange(len(heard)) == 0) & (heard == CLASSES.index("_")), 0.0, gaps)
    total = np.concatenate([[0.0], np.cumsum(gaps)])
    match = np.array([unit.costs for unit in row])[:, heard] if len(heard) else np.zeros((len(row), 0))
    silent = np.array([unit.silent for unit in row])
    best = np.empty((len(row) + 1, len(heard) + 1))
    best[0] = total
    for index in range(len(row)):
        step = best[index] + silent[index]
        step[1:] = np.minimum(step[1:], best[index, :-1] + match[index])
        best[index + 1] = np.minimum.accumulate(step - total) + total
    return _traced(best, match, silent)


def _traced(best: NDArray[np.float64], match: NDArray[np.float64], silent: NDArray[np.float64]) -> list[int]:
    path: list[int] = []
    unit, sound = best.shape[0] - 1, best.shape[1] - 1
    while sound:
        here = best[unit, sound]
        if unit and abs(best[unit - 1, sound - 1] + match[unit - 1, sound - 1] - here) < 1e-9:
            path.append(unit - 1)
            unit, sound = unit - 1, sound - 1
        elif unit and abs(best[unit - 1, sound] + silent[unit - 1] - here) < 1e-9:
            unit -= 1
        else:
            path.append(unit - 1)
            sound -= 1
    return path[::-1]
