"""How loud speech is over time, and where in the spectrum: what the amplitude tier and speech activity look at.

All levels are relative to the audio's own peaks, so that gain does not matter.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from avatar_bridge.core.vocabulary import Samples

__all__ = ["BAND", "Levels", "SpectrumFrames", "band_levels", "noise_gate", "smoothed"]

BAND = (250.0, 3400.0)
"""Hz: where speech carries its loudness; hum, rumble and hiss lie outside."""

_WINDOW = 0.025
_SILENCE = 1e-12  # power below which there is no sound at all
_BLOCK = 4096  # frames computed at once, which bounds the memory for long audio


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """The band's level over time."""

    rate: float
    """Frames a second; frame i stands at i / rate seconds."""
    decibels: NDArray[np.float64]
    """Shape (n,): level in dB against the 95th percentile; -200 where there is no sound at all."""
    formants: NDArray[np.float64]
    """Shape (n, 2): centres of gravity in Hz below 850 Hz and from 800 Hz on, near the first two formants."""
    stationary: bool
    """True when the sound is level noise, such as an empty room: flat in time and in spectrum."""


@dataclass(frozen=True, slots=True, eq=False)
class SpectrumFrames:
    """Turns windows of samples into band powers and centres of gravity at one sample rate."""

    window: NDArray[np.float64]
    size: int
    band: slice
    low: slice
    high: slice
    hertz: NDArray[np.float64]

    @classmethod
    def at(cls, rate: int) -> SpectrumFrames:
        """Return the analysis for a sample rate; rates too low for the band use what there is of it."""
        return _spectrum_frames(rate)

    def measure(self, windows: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
        """Return power (n,), centres of gravity (n, 2) and the mean spectral flatness of windows (n, len(window))."""
        spectrum = np.abs(np.fft.rfft(windows * self.window, self.size, axis=1)) ** 2
        band = spectrum[:, self.band]
        power = band.mean(axis=1) / len(self.window)
        centres = np.stack([self._centre(spectrum, part) for part in (self.low, self.high)], axis=1)
        audible = band[power > _SILENCE]
        if not len(audible):
            return power, centres, 0.0
        mean = audible.mean(axis=0) + 1e-30
        return power, centres, float(np.exp(np.log(mean).mean()) / mean.mean())

    def _centre(self, spectrum: NDArray[np.float64], part: slice) -> NDArray[np.float64]:
        bins = spectrum[:, part]
        if bins.shape[1] == 0:
            return np.zeros(len(spectrum))
        weights = np.sqrt(bins) + 1e-15
        return np.asarray((weights * self.hertz[part]).sum(axis=1) / weights.sum(axis=1))


@lru_cache(maxsize=16)
def _spectrum_frames(rate: int) -> SpectrumFrames:
    length = max(8, round(_WINDOW * rate))
    size = 1 << (length - 1).bit_length()
    hertz = np.asarray(np.fft.rfftfreq(size, 1 / rate), dtype=np.float64)

    def part(low: float, high: float) -> slice:
        first, last = (int(i) for i in np.searchsorted(hertz, (low, high)))
        return slice(min(first, len(hertz) - 1), max(last, min(first, len(hertz) - 1) + 1))

    window = np.hanning(length + 2)[1:-1]
    return SpectrumFrames(window, size, part(*BAND), part(200, 850), part(800, 3000), hertz)


def _windows(samples: Samples, rate: int, frame_rate: float, count: int, lead: float) -> Iterator[NDArray[np.float64]]:
    length = len(SpectrumFrames.at(rate).window)
    half = length // 2
    for first in range(0, count, _BLOCK):
        frames = np.arange(first, min(count, first + _BLOCK))
        centres = np.round((frames / frame_rate + lead) * rate).astype(np.int64)
        start = int(centres[0]) - half
        end = int(centres[-1]) - half + length
        piece = np.asarray(samples[max(0, start) : max(0, end)], dtype=np.float64)
        piece = np.pad(piece, (max(0, -start), max(0, end - max(0, start) - len(piece))))
        index = (centres - half - start)[:, None] + np.arange(length)
        yield piece[index]


def band_levels(samples: Samples, rate: int, frame_rate: float, lead: float = 0.0) -> Levels:
    """Return the levels of mono audio at `frame_rate` frames a second, ceil(length * frame_rate) of them.

    25 ms windows, 250-3400 Hz, each `lead` seconds after its frame's own time; not-a-number and
    infinite samples count as silence.
    """
    if not np.isfinite(samples).all():
        samples = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
    count = max(1, int(np.ceil(len(samples) / rate * frame_rate - 1e-6)))
    analysis = SpectrumFrames.at(rate)
    parts = [analysis.measure(windows) for windows in _windows(samples, rate, frame_rate, count, lead)]
    power = np.concatenate([part[0] for part in parts])
    formants = np.concatenate([part[1] for part in parts])
    peak = float(np.percentile(power, 95))
    if peak <= _SILENCE:
        peak = float(power.max())
    if peak <= _SILENCE:
        return Levels(frame_rate, np.full(count, -200.0), formants, stationary=True)
    decibels = 10 * np.log10(np.maximum(power / peak, 1e-20))
    spread = float(np.percentile(decibels, 90) - np.percentile(decibels, 10))
    flatness = float(np.mean([part[2] for part in parts]))
    return Levels(frame_rate, decibels, formants, stationary=bool(spread < 6 and flatness > 0.5))


def noise_gate(decibels: NDArray[np.float64]) -> float:
    """Return the level in dB above which sound is speech: the noise floor + 8 dB.

    The floor is the 10th percentile. Held to -14 dB or less, so that speech without a pause, whose quietest tenth is
    speech too, is not cut.
    """
    return float(min(np.percentile(decibels, 10) + 8.0, -14.0))


def smoothed(values: NDArray[np.float64], rate: float, span: float) -> NDArray[np.float64]:
    """Return values smoothed without delay by a Hann window of `span` seconds along the first axis."""
    half = max(1, round(span * rate / 2))
    kernel = np.hanning(2 * half + 3)[1:-1]
    kernel /= kernel.sum()
    width = len(kernel) // 2
    columns = values.reshape(len(values), -1)
    padded = np.pad(columns, ((width, width), (0, 0)), mode="edge")
    out = np.stack([np.convolve(column, kernel, mode="valid") for column in padded.T], axis=1)
    return out.reshape(values.shape)
