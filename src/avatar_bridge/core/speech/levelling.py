"""One loudness for every voice: what it speaks is brought to a target by its own running measure, peaks are held."""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from avatar_bridge.core.speech.ebu_r128 import block_powers, decibels, gated_loudness, oversampled_peaks
from avatar_bridge.core.vocabulary import Samples

__all__ = ["Leveller", "limited"]

_MEMORY = 300  # blocks, one each 0.1 s of speech, by which the voice is measured
_ENOUGH = 10  # of them, from which on they tell more than a short word does
_SETTLED = 30  # of them, from which on a voice is known
_STEP, _FIRST_STEP = 1.0, 3.0  # dB between two segments, once settled and before
_STRONGEST = 30.0  # dB of gain, up or down
_FAINTEST = -55.0  # LUFS below which sound is a room, not a voice
_SYLLABLE, _SYLLABLE_RANGE, _ALONE = 0.05, 10.0**-1.2, 3.0  # s; share of the loudest; dB
_FRAME, _REACH = 0.001, 20  # s; frames ahead and behind over which the limiter closes and opens


class Leveller:
    """Evens out one voice, segment after segment; give each voice its own.

    A voice is measured over its last half minute, so that a whispered or shouted word keeps its character: between two
    segments the gain moves by 1 dB at most (3 dB in the first seconds). Without delay: a segment is known whole.
    """

    def __init__(self, target: float = -18.0, peak: float = -1.0) -> None:
        """`target`: LUFS; `peak`: dBTP that nothing exceeds."""
        self.gain: float | None = None
        """dB given to the latest segment; None before the first in which somebody speaks."""
        self._target = target
        self._ceiling = 10.0 ** (peak / 20.0)
        self._blocks: deque[float] = deque(maxlen=_MEMORY)

    def level(self, samples: Samples, rate: int) -> Samples:
        """Return a segment's mono audio at the target, of the same length; silence stays silence.

        What is no number counts as silence.
        """
        if not len(samples):
            return samples
        if not np.isfinite(samples).all():
            samples = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
        self._listen(samples, rate)
        factor = np.float32(10.0 ** ((self.gain or 0.0) / 20.0))
        return limited(np.asarray(samples * factor, dtype=np.float32), rate, self._ceiling)

    def _listen(self, samples: Samples, rate: int) -> None:
        """Take a segment into the measure and move the gain towards what it asks for."""
        powers = block_powers(samples, rate)
        if gated_loudness(powers) > _FAINTEST:
            self._blocks.extend(powers.tolist())
        loudness = gated_loudness(np.array(self._blocks)) if len(self._blocks) >= _ENOUGH else -np.inf
        if not np.isfinite(loudness) and self.gain is None:
            loudness = _active_loudness(samples, rate)
        if not np.isfinite(loudness):
            return
        wanted = float(np.clip(self._target - loudness, -_STRONGEST, _STRONGEST))
        if self.gain is None:
            self.gain = wanted
            return
        step = _STEP if len(self._blocks) >= _SETTLED else _FIRST_STEP
        self.gain += float(np.clip(wanted - self.gain, -step, step))


def limited(samples: Samples, rate: int, ceiling: float) -> Samples:
    """Return audio whose true peak does not exceed `ceiling` (1 is full scale), turned down only where it would.

    The gain is smooth, without delay, over 20 ms before and behind a peak.
    """
    peaks = oversampled_peaks(samples, rate)
    if float(peaks.max(initial=0.0)) <= ceiling:
        return samples
    hop = max(1, round(_FRAME * rate))
    frames = np.pad(peaks, (0, -len(peaks) % hop)).reshape(-1, hop).max(axis=1)
    needed = np.minimum(1.0, ceiling / np.maximum(frames, 1e-9))
    lowest = sliding_window_view(np.pad(needed, _REACH + 1, constant_values=1.0), 2 * _REACH + 3).min(axis=1)
    window = np.hanning(2 * _REACH + 3)[1:-1]
    smooth = np.convolve(np.pad(lowest, _REACH, mode="edge"), window / window.sum(), mode="valid")
    centres = (np.arange(len(smooth)) + 0.5) * hop
    quieter = samples * np.interp(np.arange(len(samples)), centres, smooth)
    # the gain bends the wave between two samples: by hundredths of a dB
    excess = float(oversampled_peaks(quieter, rate).max()) / ceiling
    return np.asarray(quieter / max(1.0, excess * (1.0 + 1e-6)), dtype=np.float32)


def _active_loudness(samples: Samples, rate: int) -> float:
    """Return about what running speech would have, in LUFS, from a word too short to be gated; -inf for a mere room.

    Of its syllables alone, less 3 dB: measured so much louder than in a sentence, gaps included (Piper, espeak, tone).
    """
    powers = block_powers(samples, rate, _SYLLABLE, _SYLLABLE / 2)
    if not len(powers):
        powers = block_powers(samples, rate, len(samples) / rate)
    loudest = float(powers.max(initial=0.0))
    found = decibels(float(powers[powers >= loudest * _SYLLABLE_RANGE].mean())) - _ALONE if loudest > 0.0 else -np.inf
    return found if found > _FAINTEST else -np.inf
