# ruff: noqa: ANN001, ANN003, ANN204 - it stands in for a library without types
"""Mel spectrograms by torch's own Fourier transform and librosa's filters."""

from __future__ import annotations

import librosa
import torch

from .functional import resample

__all__ = ["MelSpectrogram", "Resample"]


class MelSpectrogram(torch.nn.Module):
    """(..., samples) to (..., mels, frames)."""

    def __init__(
        self,
        sample_rate=16000,
        n_fft=400,
        win_length=None,
        hop_length=None,
        f_min=0.0,
        f_max=None,
        n_mels=128,
        power=2.0,
        norm=None,
        window_fn=torch.hann_window,
        **_,
    ):
        super().__init__()
        self.n_fft, self.power = n_fft, power
        self.win_length = win_length or n_fft
        self.hop_length = hop_length or self.win_length // 2
        filters = librosa.filters.mel(sr=sample_rate, n_fft=n_fft, n_mels=n_mels, fmin=f_min, fmax=f_max, norm=norm)
        self.register_buffer("filters", torch.from_numpy(filters), persistent=False)
        self.register_buffer("window", window_fn(self.win_length), persistent=False)

    def forward(self, waveform):
        """Return the mel spectrogram."""
        found = torch.stft(
            waveform, self.n_fft, self.hop_length, self.win_length, self.window, center=True, return_complex=True
        )
        return self.filters @ found.abs() ** self.power


class Resample(torch.nn.Module):
    """Another rate."""

    def __init__(self, orig_freq=16000, new_freq=16000, **_):
        super().__init__()
        self.rates = orig_freq, new_freq

    def forward(self, waveform):
        """Return `waveform` at the new rate."""
        return resample(waveform, *self.rates)
