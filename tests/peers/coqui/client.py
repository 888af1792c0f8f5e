"""Runs the coqui voice with real Coqui models that were never trained: what it prints is judged by the test.

The package and the stand-ins are on PYTHONPATH; the first argument is an empty folder.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch

from avatar_bridge.errors import AvatarBridgeError
from avatar_bridge.tts.coqui import CoquiEngine

TEXT = "Hello there, my friend! It costs 42 dollars."


def vits(folder: Path, **options: object) -> str:
    """Write a small VITS model with random weights and return its folder."""
    from TTS.tts.configs.vits_config import VitsConfig
    from TTS.tts.models.vits import Vits

    config = VitsConfig(text_cleaner="english_cleaners", **options)
    small = {"hidden_channels": 32, "hidden_channels_ffn_text_encoder": 32, "num_layers_text_encoder": 1}
    small |= {"num_layers_posterior_encoder": 1, "num_layers_flow": 1, "upsample_initial_channel_decoder": 32}
    for name, value in small.items():
        setattr(config.model_args, name, value)
    torch.manual_seed(1)
    model = Vits.init_from_config(config)
    folder.mkdir()
    config.save_json(str(folder / "config.json"))
    torch.save({"model": model.state_dict()}, folder / "model.pth")
    return str(folder)


def xtts(folder: Path) -> str:
    """Write a small XTTS model with random weights and return its folder."""
    from tokenizers import Tokenizer, models
    from TTS.tts.configs.xtts_config import XttsConfig
    from TTS.tts.models.xtts import Xtts

    folder.mkdir()
    specials = ["[STOP]", "[UNK]", "[SPACE]", "[START]", "[en]"]
    vocabulary = {symbol: number for number, symbol in enumerate([*specials, *"abcdefghijklmnopqrstuvwxyz',.!?-"])}
    tokenizer = Tokenizer(models.BPE(vocabulary, [], unk_token="[UNK]"))
    tokenizer.add_special_tokens(specials)
    tokenizer.save(str(folder / "vocab.json"))
    config = XttsConfig(languages=["en", "de"])
    small = {"gpt_layers": 1, "gpt_n_model_channels": 64, "gpt_n_heads": 2, "decoder_input_dim": 64}
    small |= {"gpt_max_audio_tokens": 60, "gpt_number_text_tokens": 64, "gpt_start_text_token": 61}
    small |= {
        "gpt_stop_text_token": 0,
        "gpt_use_perceiver_resampler": True,
        "tokenizer_file": str(folder / "vocab.json"),
    }
    for name, value in small.items():
        setattr(config.model_args, name, value)
    torch.manual_seed(1)
    model = Xtts.init_from_config(config)
    model.tokenizer.tokenizer = tokenizer
    model.init_models()
    config.save_json(str(folder / "config.json"))
    torch.save({"model": model.state_dict()}, folder / "model.pth")
    return str(folder)


def told(engine: CoquiEngine, text: str = TEXT) -> dict:
    """Return what the test wants to know of a text that was spoken."""
    pieces = list(engine.speak(text))
    return {
        "timing": engine.abilities.timing,
        "rate": engine.rate,
        "digest": hashlib.sha256(b"".join(piece.samples.tobytes() for piece in pieces)).hexdigest(),
        "pieces": [
            {
                "duration": piece.duration,
                "peak": float(np.abs(piece.samples).max()),
                "hop": piece.hop,
                "phonemes": [[phoneme.symbol, phoneme.at, phoneme.duration] for phoneme in piece.phonemes],
                "marks": [[text[mark.char : mark.char + mark.length], mark.at, mark.duration] for mark in piece.marks],
            }
            for piece in pieces
        ],
    }


def refusal(**options: Any) -> str:
    """Return the words in which settings are refused."""
    try:
        CoquiEngine(**options)
    except AvatarBridgeError as error:
        return f"{type(error).__name__}: {error}"
    return "taken"


def main(folder: Path) -> dict:
    """Run everything and return it."""
    letters = vits(folder / "letters")
    clip = folder / "clip.wav"
    rng = np.random.default_rng(1)
    soundfile.write(clip, 0.1 * rng.standard_normal(22050 * 2).astype(np.float32), 22050)
    clone = xtts(folder / "xtts")
    engine = CoquiEngine(model=letters)
    seen = {"letters": told(engine), "again": told(engine), "fresh": told(CoquiEngine(model=letters))}
    seen["slow"] = told(CoquiEngine(model=letters, speed=0.5))
    seen["high"] = told(CoquiEngine(model=letters, pitch=12.0))
    seen["clone"] = told(CoquiEngine(model=clone, speaker_wav=str(clip), threads=2), "Hello there.")
    (folder / "letters" / "model.pth").write_bytes(b"not a model")
    seen["refused"] = [
        refusal(model=str(folder / "none")),
        refusal(model="tts_models/en/ljspeech/vits"),
        refusal(model="tts_models/multilingual/multi-dataset/xtts_v2", download=True),
        refusal(model=letters),
        refusal(model=clone),
        refusal(model=clone, speaker_wav=str(clip), language="xx"),
        refusal(model=clone, speaker_wav=str(clip), speaker="bob"),
        refusal(model=clone, speaker_wav=str(clip), device="cuda"),
        refusal(model=clone, speaker_wav="none.wav"),
    ]
    return seen


if __name__ == "__main__":
    result = main(Path(sys.argv[1]))
    sys.stdout.write("\n" + json.dumps(result))
