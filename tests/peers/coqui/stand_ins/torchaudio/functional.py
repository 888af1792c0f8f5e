# ruff: noqa: ANN001, ANN003 - it stands in for a library without types
"""Resampling by librosa."""

from __future__ import annotations

import librosa
import torch

__all__ = ["resample"]


def resample(waveform, orig_freq, new_freq, **_):
    """Return `waveform` at another rate."""
    if orig_freq == new_freq:
        return waveform
    made = librosa.resample(waveform.cpu().numpy(), orig_sr=orig_freq, target_sr=new_freq)
    return torch.from_numpy(made)
