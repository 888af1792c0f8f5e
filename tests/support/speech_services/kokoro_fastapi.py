"""A strict Kokoro-FastAPI: captioned speech by sentence, one JSON object a line, words as its normaliser has them."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import numpy as np

from speech_services.door import Asked, Refusal, Reply, SpeechService, a_number, a_text, fields, odd_pieces, one_of
from speech_services.tones import pcm_bytes, spoilt, tone, wav_bytes

__all__ = ["KokoroServer"]

RATE = 24000
FRAME = 600
VOICES = ["af_heart", "af_bella", "af_sky", "jf_alpha"]
SAID = {
    "$3.50": "three dollars and fifty cents",
    "10KB": "ten kilobytes",
    "2nd": "second",
    "Dr.": "Doctor",
    "&": "and",
    "7:05": "seven oh five",
}
"""What the normaliser makes of a written word."""
COMMON = {
    "model": one_of("kokoro", "tts-1"),
    "input": lambda value: isinstance(value, str) and bool(value.strip()),
    "voice": a_text,
    "response_format": one_of("mp3", "opus", "flac", "wav", "pcm"),
    "speed": a_number(0.25, 4.0),
    "stream": one_of(True, False),
    "lang_code": one_of(*"abefhijpz"),
    "volume_multiplier": a_number(0, 4),
}
CAPTIONED = COMMON | {"return_timestamps": one_of(True, False)}


class KokoroServer(SpeechService):
    """`captioned`: whether it has captions at all. Faults: refuse, no_times, wrong_rate, no_order, halved."""

    def __init__(self, *, fault: str = "", captioned: bool = True) -> None:
        super().__init__(fault=fault)
        self.captioned = captioned
        self.spoken: list[dict[str, Any]] = []
        self.truth: list[tuple[int, int, int]] = []
        """Offset in the text of each written word, and the samples at which what is said for it begins and ends."""

    def answer(self, asked: Asked) -> Reply:
        match asked.method, asked.path:
            case "GET", "/v1/audio/voices":
                return Reply(json.dumps({"voices": [{"id": name, "name": name} for name in VOICES]}).encode())
            case "POST", "/dev/captioned_speech" if self.captioned:
                return self._captions(self._body(asked, CAPTIONED))
            case "POST", "/v1/audio/speech":
                body = self._body(asked, COMMON)
                sound = np.concatenate([samples for samples, _ in self._sentences(body)])
                data = (
                    pcm_bytes(spoilt(sound, self.fault)) if body["response_format"] == "pcm" else wav_bytes(sound, RATE)
                )
                return Reply(kind="audio/pcm", pieces=odd_pieces(data), sounds=True)
        raise Refusal(404, {"detail": "Not Found"})

    def _body(self, asked: Asked, known: dict[str, Any]) -> dict[str, Any]:
        body: dict[str, Any] = asked.json
        wrong = fields(body, known, ["input"])
        if wrong:
            raise Refusal(
                422, {"detail": [{"loc": ["body", name], "msg": say, "type": kind} for name, say, kind in wrong]}
            )
        if self.fault == "refuse" or any(
            re.sub(r"\(.*?\)", "", v) not in VOICES for v in re.split(r"[+-]", body["voice"])
        ):
            message = f"Voice '{body['voice']}' not found. Available voices: {', '.join(VOICES)}"
            raise Refusal(
                400, {"detail": {"error": "validation_error", "message": message, "type": "invalid_request_error"}}
            )
        self.spoken.append(body)
        return body

    def _sentences(self, body: dict[str, Any]) -> list[tuple[np.ndarray[Any, Any], list[dict[str, Any]]]]:
        """Return each sentence's sound and its words, whose times count from the very beginning."""
        text, found, place = body["input"], [], 0
        self.truth = []
        for sentence in re.finditer(r"[^.!?]*(?:(?:\.\d|Dr\.)[^.!?]*)*[.!?]*\s*", text):
            if not sentence.group().strip():
                continue
            stretches: list[tuple[float, int]] = [(0.0, 2 * FRAME)]
            place += 2 * FRAME
            words = []
            for written in re.finditer(r"\S+", sentence.group()):
                bare = written.group().strip(",!?;") if written.group() == "Dr." else written.group().rstrip(".,!?;")
                begin = place
                for number, said in enumerate(SAID.get(bare, bare).split()):
                    frames = max(2, round((3 + 2 * len(said)) / body.get("speed", 1.0)))
                    stretches += [(200.0 + 10 * len(said), frames * FRAME)]
                    words.append(
                        {"word": said, "start_time": place / RATE, "end_time": (place + frames * FRAME) / RATE}
                    )
                    place += frames * FRAME
                    del number
                if bare:
                    self.truth.append((sentence.start() + written.start(), begin, place))
                if written.group() != bare:
                    words.append(
                        {
                            "word": written.group()[-1],
                            "start_time": place / RATE,
                            "end_time": (place + 3 * FRAME) / RATE,
                        }
                    )
                    stretches += [(0.0, 3 * FRAME)]
                    place += 3 * FRAME
            found.append((tone(stretches, RATE), words))
        return found

    def _captions(self, body: dict[str, Any]) -> Reply:
        lines = []
        for samples, words in self._sentences(body):
            if self.fault == "no_order":
                words = words[::-1]
            sound = samples[::2] if self.fault == "wrong_rate" else spoilt(samples, self.fault)
            timestamps = None if self.fault == "no_times" else words
            line = {
                "audio": base64.b64encode(pcm_bytes(sound)).decode(),
                "audio_format": "audio/pcm",
                "timestamps": timestamps,
            }
            lines.append(json.dumps(line).encode() + b"\n")
        if self.fault == "halved":
            lines[-1] = lines[-1][: len(lines[-1]) // 2]
        return Reply(kind="application/json", pieces=odd_pieces(b"".join(lines), 4099), sounds=True)
