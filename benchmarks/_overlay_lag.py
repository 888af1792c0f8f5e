"""When each stretch of an utterance was heard and when its mouth was shown, from a recording and a page's trace."""

from __future__ import annotations

import numpy as np

__all__ = ["WINDOW", "heard_times", "shown_times"]

RATE = 48000
WINDOW = 0.5
"""Seconds of an utterance that are looked for together."""
_QUIET = 1e-5
"""Mean square below which a stretch is silence."""
_ALIKE = 0.7
"""Correlation from which on a stretch counts as found."""


def heard_times(
    sound: np.ndarray, times: np.ndarray, said: np.ndarray, starts: np.ndarray, near: np.ndarray, reach: float = 0.4
) -> np.ndarray:
    """Return the time at which each stretch of `said` that begins at `starts` was heard; NaN where it was not.

    Args:
        sound: the recording, mono at 48 kHz.
        times: when each of its samples was heard, shape of `sound`.
        said: the utterance's own samples, mono at 48 kHz.
        starts: seconds from the utterance's first sample.
        near: about when each stretch should have been heard.
        reach: how far from there to look, seconds either way.
    """
    found = []
    for start, about in zip(starts, near, strict=True):
        piece = said[round(start * RATE) :][: round(WINDOW * RATE)]
        first = max(0, int(np.searchsorted(times, about - reach)))
        last = int(np.searchsorted(times, about + reach)) + len(piece)
        found.append(_find(sound[first:last], piece, times[first:last]))
    return np.array(found)


def _find(sound: np.ndarray, piece: np.ndarray, times: np.ndarray) -> float:
    """Return the time of the best match by normalised cross-correlation, NaN where there is none."""
    power = float(np.sum(piece.astype(np.float64) ** 2))
    if len(sound) <= len(piece) or power < _QUIET * len(piece):
        return float("nan")
    size = 1 << int(np.ceil(np.log2(len(sound) + len(piece))))
    product = np.fft.irfft(np.fft.rfft(sound, size) * np.conj(np.fft.rfft(piece, size)), size)
    product = product[: len(sound) - len(piece)]
    running = np.concatenate([[0.0], np.cumsum(sound.astype(np.float64) ** 2)])
    powers = running[len(piece) :][: len(product)] - running[: len(product)]
    alike = product / np.sqrt(np.maximum(powers, power * 1e-3) * power)
    best = int(np.argmax(alike))
    return float(times[best]) if alike[best] > _ALIKE else float("nan")


def shown_times(
    at: np.ndarray, shown: np.ndarray, curve: tuple[np.ndarray, np.ndarray], starts: np.ndarray, near: np.ndarray
) -> np.ndarray:
    """Return the time at which the mouth of each stretch was shown; NaN where it hardly moves there.

    The stretch's frames are laid over the curve at every delay from -250 to 250 ms, to the millisecond; the delay with
    the least squared difference counts.

    Args:
        at: time of each frame, seconds.
        shown: the mouth's openness in it, 0 to 1.
        curve: times of the utterance and the openness that was planned for them.
        starts: seconds from the utterance's first sample.
        near: about when each stretch was shown.
    """
    delays = np.arange(-0.25, 0.2501, 0.001)
    found = []
    for start, about in zip(starts, near, strict=True):
        inside = (at >= about) & (at < about + WINDOW) if np.isfinite(about) else np.zeros(len(at), bool)
        if inside.sum() < 4 or np.ptp(shown[inside]) < 0.2:
            found.append(float("nan"))
            continue
        planned = np.interp((start + at[inside] - about)[None, :] - delays[:, None], *curve)
        error = ((planned - shown[inside][None, :]) ** 2).mean(axis=1)
        found.append(about + _lowest(delays, error))
    return np.array(found)


def _lowest(delays: np.ndarray, error: np.ndarray) -> float:
    """Return where a parabola through the least value and its neighbours is lowest."""
    best = int(np.argmin(error))
    if not 0 < best < len(delays) - 1:
        return float("nan")
    before, here, after = error[best - 1 : best + 2]
    bend = before - 2 * here + after
    return float(delays[best] + (0.5 * (before - after) / bend * 0.001 if bend > 1e-12 else 0.0))
