"""A strict Style-Bert-VITS2 server: everything in the query, a hundred characters at most."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from speech_services.door import Asked, Refusal, Reply, SpeechService, a_text, fields, one_of
from speech_services.tones import tone, wav_bytes

__all__ = ["StyleBertServer"]

RATE = 44100
MODELS = {
    "0": {
        "config_path": "model_assets/jvnv-F1-jp/config.json",
        "model_path": "model_assets\\jvnv-F1-jp\\jvnv-F1-jp.safetensors",
        "device": "cpu",
        "spk2id": {"jvnv-F1-jp": 0},
        "id2spk": {"0": "jvnv-F1-jp"},
        "style2id": {"Neutral": 0, "Happy": 1, "Sad": 2},
    },
    "1": {
        "config_path": "model_assets/amitaro/config.json",
        "model_path": "model_assets/amitaro/amitaro.safetensors",
        "device": "cpu",
        "spk2id": {"あみたろ": 0, "るり": 3},
        "id2spk": {"0": "あみたろ", "3": "るり"},
        "style2id": {"Neutral": 0, "るんるん": 1},
    },
}


def _number(low: float, high: float) -> Callable[[Any], bool]:
    return lambda value: value.replace(".", "", 1).replace("-", "", 1).isdecimal() and low <= float(value) <= high


QUERY: dict[str, Any] = {
    "text": lambda value: 1 <= len(value) <= 100, "model_name": a_text, "model_id": _number(0, 1),
    "speaker_name": a_text, "speaker_id": _number(0, 100), "style": a_text, "style_weight": _number(0, 100),
    "sdp_ratio": _number(0, 1), "noise": _number(0, 2), "noisew": _number(0, 2), "length": _number(0.01, 10),
    "language": one_of("JP", "EN", "ZH"), "auto_split": one_of("true", "false"), "split_interval": _number(0, 10),
    "assist_text": a_text, "assist_text_weight": _number(0, 1), "reference_audio_path": a_text, "encoding": a_text,
}  # fmt: skip


class StyleBertServer(SpeechService):
    """Faults of its own: refuse."""

    def __init__(self, *, fault: str = "") -> None:
        super().__init__(fault=fault)
        self.spoken: list[dict[str, str]] = []

    def answer(self, asked: Asked) -> Reply:
        match asked.method, asked.path:
            case "GET", "/models/info":
                return Reply(json.dumps(MODELS).encode())
            case "POST", "/voice":
                return self._voice(asked)
        raise Refusal(404, {"detail": "Not Found"})

    def _voice(self, asked: Asked) -> Reply:
        if asked.body:
            raise Refusal(
                422, {"detail": [{"type": "value_error", "msg": "everything is in the query", "loc": ["body"]}]}
            )
        wrong = fields(asked.query, QUERY, ["text"])
        model = MODELS[asked.query.get("model_id", "0")] if not wrong else MODELS["0"]
        if asked.query.get("style", "Neutral") not in model["style2id"]:
            wrong.append(("style", f"style={asked.query.get('style')} not found", "invalid_params"))
        if self.fault == "refuse":
            wrong.append(("text", "text is not understood", "value_error"))
        if wrong:
            raise Refusal(
                422, {"detail": [{"type": kind, "msg": say, "loc": ["query", name]} for name, say, kind in wrong]}
            )
        self.spoken.append(asked.query)
        count = round(RATE * 0.09 * len(asked.query["text"]) * float(asked.query.get("length", "1")))
        return Reply(wav_bytes(tone([(240.0, count)], RATE), RATE, fault=self.fault), "audio/wav", sounds=True)
