"""A strict GPT-SoVITS api_v2: a reference on its own machine, a header before its sound, 400 for everything."""

from __future__ import annotations

from typing import Any

from speech_services.door import Asked, Refusal, Reply, SpeechService, a_number, a_text, fields, odd_pieces, one_of
from speech_services.tones import tone, wav_bytes

__all__ = ["REFERENCE", "SovitsServer"]

REFERENCE = "/voices/ref ü.wav"
WEIGHTS = ("/weights/a.ckpt", "/weights/a.pth")
LANGUAGES = one_of("ja", "zh", "en", "ko", "auto", "yue")
BODY: dict[str, Any] = {
    "text": a_text, "text_lang": LANGUAGES, "ref_audio_path": a_text, "prompt_lang": LANGUAGES, "prompt_text": a_text,
    "aux_ref_audio_paths": lambda value: isinstance(value, list),
    "top_k": a_number(1, 100), "top_p": a_number(0, 1),
    "temperature": a_number(0, 1), "text_split_method": one_of("cut0", "cut5"), "batch_size": a_number(1, 100),
    "batch_threshold": a_number(0, 1), "split_bucket": one_of(True, False), "speed_factor": a_number(0.1, 5),
    "fragment_interval": a_number(0, 5), "seed": a_number(-1, 1 << 32),
    "media_type": one_of("wav", "raw", "ogg", "aac"),
    "streaming_mode": one_of(0, 1, 2, 3, True, False), "parallel_infer": one_of(True, False),
    "repetition_penalty": a_number(0, 5), "sample_steps": a_number(1, 128), "super_sampling": one_of(True, False),
    "overlap_length": a_number(0, 10), "min_chunk_length": a_number(1, 100),
}  # fmt: skip


class SovitsServer(SpeechService):
    """`rate`: 32000 (v1, v2), 24000 (v3) or 48000 (v4). Faults of its own: refuse."""

    def __init__(self, *, rate: int = 32000, fault: str = "") -> None:
        super().__init__(fault=fault)
        self.rate = rate
        self.spoken: list[dict[str, Any]] = []
        self.seconds = 0.0
        """Length of the last sound."""

    def answer(self, asked: Asked) -> Reply:
        match asked.method, asked.path:
            case "GET", "/set_gpt_weights" | "/set_sovits_weights":
                if asked.query.get("weights_path") not in WEIGHTS:
                    raise Refusal(400, {"message": "change weight failed", "Exception": "No such file or directory"})
                return Reply(b'{"message":"success"}')
            case "POST", "/tts":
                return self._tts(asked.json)
        raise Refusal(404, {"detail": "Not Found"})

    def _tts(self, body: dict[str, Any]) -> Reply:
        for name, say, kind in fields(body, BODY, ["text", "text_lang", "ref_audio_path", "prompt_lang"]):
            raise Refusal(
                400, {"message": f"{name} is required" if kind == "missing" else f"{name} is not supported ({say})"}
            )
        if self.fault == "refuse" or body["ref_audio_path"] != REFERENCE:
            raise Refusal(400, {"message": "tts failed", "Exception": f"{body['ref_audio_path']} not exists"})
        self.spoken.append(body)
        count = round(self.rate * 0.08 * len(body["text"]) / body.get("speed_factor", 1.0))
        self.seconds = count / self.rate
        streams = bool(body.get("streaming_mode", 0))
        sound = wav_bytes(tone([(210.0, count)], self.rate), self.rate, fault=self.fault, length=0 if streams else None)
        return Reply(sound, "audio/wav", pieces=odd_pieces(sound) if streams else None, sounds=True)
