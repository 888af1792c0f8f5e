# ruff: noqa: ANN001, ANN003 - it stands in for a library without types
"""Stands in for torchaudio where no build fits the torch that is here: what Coqui asks of it, by other libraries."""

from __future__ import annotations

import soundfile
import torch

from . import functional, transforms

__all__ = ["functional", "load", "transforms"]


def load(path, **_):
    """Return a sound file as (channels, samples) and its rate."""
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return torch.from_numpy(samples.T.copy()), rate
