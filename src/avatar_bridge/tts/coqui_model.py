"""A Coqui model behind one face: VITS with its durations, XTTS as it streams, any other as a whole."""

from __future__ import annotations

import importlib
import json
import os
import pickle
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from avatar_bridge.core.vocabulary import Samples
from avatar_bridge.errors import UsageError, VoiceError

__all__ = ["CoquiModel", "Spoken", "load_model"]

_REMEDY = 'install torch, torchaudio and torchcodec first (see pytorch.org), then: pip install "avatar-bridge[coqui]"'
_LOADED_AS_FOLDER = ("xtts", "bark", "tortoise")
_LICENCE = "COQUI_TOS_AGREED"
_FAULTS = (RuntimeError, ValueError, LookupError, TypeError, AttributeError, AssertionError, OSError)
_BROKEN = (pickle.UnpicklingError, EOFError)
"""What a foreign model raises for a text or a setting that it cannot take."""


@dataclass(frozen=True, slots=True, eq=False)
class Spoken:
    """What a model made of a text, or of a part of it."""

    samples: Samples
    symbols: tuple[str, ...] = ()
    """What it read, "" for a blank between two symbols; empty where it does not tell."""
    frames: tuple[int, ...] = ()
    """How many frames of the decoder each symbol took."""


class CoquiModel:
    """A loaded model; `units` tells what its times belong to: sounds, letters, or nothing."""

    def __init__(self, synthesizer: Any, torch: Any, device: str, seed: int) -> None:
        self._synthesizer, self._torch, self._device, self._seed = synthesizer, torch, device, seed
        self._model = synthesizer.tts_model
        self._kind = str(synthesizer.tts_config.model).lower()
        self._speaker: str | None = None
        self._clips: list[str] = []
        self._language: str | None = None
        self._speed = 1.0
        self._latents: tuple[Any, Any] | None = None
        self.rate = int(synthesizer.output_sample_rate)
        self.knows_speed = self._kind in ("vits", "xtts")
        self.units: Literal["sounds", "letters", "none"] = "none"
        if self._kind == "vits":
            self.units = "sounds" if self._model.tokenizer.use_phonemes else "letters"
        manager = getattr(self._model, "language_manager", None)
        known = [str(name) for name in getattr(manager, "language_names", None) or ()]
        self.languages = tuple(dict.fromkeys(name[:2] for name in known if name))
        self._known_languages = known

    def prepare(self, speaker: str | None, clips: Sequence[Path], language: str | None, speed: float) -> None:
        """Choose who speaks, in which language and how fast; raises UsageError for what the model has not."""
        speakers = [
            str(name) for name in getattr(getattr(self._model, "speaker_manager", None), "name_to_id", None) or ()
        ]
        if speaker is not None and speaker not in speakers:
            raise UsageError(
                f"this model has no speaker {speaker!r}; it has: {', '.join(sorted(speakers)[:20]) or 'one'}"
            )
        if speaker is None and speakers and not clips:
            speaker = speakers[0]
        if language is not None and len(self._known_languages) > 1 and language not in self._known_languages:
            raise UsageError(f"this model has no language {language!r}; it has: {', '.join(self._known_languages)}")
        several = len(self._known_languages) > 1
        self._language = (language or ("en" if "en" in self._known_languages else None)) if several else None
        self._speaker, self._clips, self._speed = speaker, [str(clip) for clip in clips], speed
        if self._kind == "vits":
            self._model.length_scale = float(self._model.length_scale) / speed
        if self._kind == "xtts":
            if not clips and speaker is None:
                raise UsageError(
                    "XTTS takes its voice from a recording: set speaker_wav to 6 to 30 seconds of clear speech"
                )
            with _told("take the voice of speaker_wav"):
                if clips:
                    self._latents = self._model.get_conditioning_latents(audio_path=self._clips)
                else:
                    chosen = self._model.speaker_manager.speakers[speaker]
                    self._latents = (chosen["gpt_cond_latent"], chosen["speaker_embedding"])

    def speak(self, text: str) -> Iterator[Spoken]:
        """Yield what the model makes of one sentence; only XTTS yields more than once. Raises VoiceError."""
        self._torch.manual_seed(self._seed)
        with _told(f"speak {text[:40]!r}"):
            if self._kind == "xtts":
                yield from self._streamed(text)
            elif self._kind == "vits":
                yield self._with_times(text)
            else:
                wave = self._synthesizer.tts(
                    text, self._speaker, self._language, self._clips or None, split_sentences=False
                )
                yield Spoken(_trimmed(np.asarray(wave, np.float32)))

    def _with_times(self, text: str) -> Spoken:
        made = self._model.synthesize(
            text, speaker=self._speaker, speaker_wav=self._clips or None, language=self._language
        )
        wave = np.asarray(made["wav"], np.float32).ravel()
        frames = made["alignments"][0].sum(-1).round().long().cpu().tolist()
        tokenizer = self._model.tokenizer
        ids = made["text_inputs"][0].cpu().tolist()
        marks = {tokenizer.blank_id, tokenizer.pad_id, tokenizer.characters.bos_id, tokenizer.characters.eos_id}
        symbols = tuple("" if one in marks else str(tokenizer.decode([one])) for one in ids)
        if len(symbols) != len(frames):
            return Spoken(wave)
        return Spoken(wave, symbols, tuple(int(count) for count in frames))

    def _streamed(self, text: str) -> Iterator[Spoken]:
        assert self._latents is not None
        with self._torch.inference_mode():
            for chunk in self._model.inference_stream(
                text, self._language or "en", *self._latents, speed=self._speed, enable_text_splitting=True
            ):
                wave = chunk.detach().float().cpu().numpy().ravel()
                if len(wave):
                    yield Spoken(wave)


def load_model(
    model: str, *, config: str | None, download: bool, device: str, threads: int | None, seed: int
) -> CoquiModel:
    """Return the model at a path, or, where `download` allows it, of a name; raises UsageError or VoiceError."""
    if not model:
        raise UsageError("expected model to name a Coqui model: a folder with model.pth and config.json")
    path = Path(model).expanduser()
    if not path.exists():
        _check_name(model, download)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch = importlib.import_module("torch")
            api = importlib.import_module("TTS.api")
            synthesizers = importlib.import_module("TTS.utils.synthesizer")
    except ImportError as error:
        told = " ".join(str(error).split())
        raise VoiceError(f"the coqui voice needs a package that is missing ({told[:160]}); {_REMEDY}") from error
    if device == "cuda" and not torch.cuda.is_available():
        raise VoiceError(
            'device is "cuda", but torch sees no graphics card: set device = "cpu", or install a CUDA torch'
        )
    if threads is not None:
        torch.set_num_threads(threads)
    with _told(f"load {model}"):
        if path.exists():
            checkpoint, settings = _files(path, config)
            made = synthesizers.Synthesizer(
                tts_checkpoint=checkpoint, tts_config_path=settings, use_cuda=device == "cuda"
            )
        else:
            made = api.TTS(model, progress_bar=False).to(device).synthesizer
    return CoquiModel(made, torch, device, seed)


def _check_name(model: str, download: bool) -> None:
    if not model.startswith("tts_models/"):
        raise UsageError(f"expected model to name a folder with model.pth and config.json, but there is no {model}")
    if not download:
        raise UsageError(f"{model} would be loaded from the net: set download = true to allow it, or give a path")
    if "xtts" in model and os.environ.get(_LICENCE) != "1":
        raise UsageError(
            f"XTTS may not earn money (Coqui Public Model License): if you agree, set {_LICENCE}=1 and start again"
        )


def _files(path: Path, config: str | None) -> tuple[Path, Path]:
    settings = Path(config).expanduser() if config else (path if path.is_dir() else path.parent) / "config.json"
    if not settings.is_file():
        raise UsageError(f"expected the model's config.json at {settings}; name it with config")
    if path.is_dir() and _kind_of(settings) not in _LOADED_AS_FOLDER:
        usual = path / "model.pth"
        found = [usual] if usual.is_file() else sorted(path.glob("*.pth"))
        if len(found) != 1:
            raise UsageError(f"expected model.pth in {path}, but it holds {len(found)} .pth files: name one")
        return found[0], settings
    return path, settings


def _kind_of(settings: Path) -> str:
    try:
        return str(json.loads(settings.read_text(encoding="utf-8"))["model"]).lower()
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{settings} is no settings file of a Coqui model: {error!r}") from error


def _trimmed(wave: Samples) -> Samples:
    """Return the audio without the digital silence that Coqui adds to the end."""
    sounding = np.flatnonzero(wave)
    return wave[: int(sounding[-1]) + 1] if len(sounding) else wave[:0]


@contextmanager
def _told(deed: str) -> Iterator[None]:
    """Turn what a foreign model raises into VoiceError."""
    try:
        yield
    except (*_FAULTS, *_BROKEN) as error:
        told = " ".join(str(error).split()) or type(error).__name__
        raise VoiceError(f"the Coqui model could not {deed}: {told[:300]}") from error
