"""The `gpt_sovits` voice: GPT-SoVITS' api_v2, which speaks like a short recording that lies beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from avatar_bridge.core.speech.speakable import script_of
from avatar_bridge.core.vocabulary import SpokenSegment
from avatar_bridge.credentials import Key
from avatar_bridge.errors import UsageError
from avatar_bridge.ports import VoiceAbilities
from avatar_bridge.remote import ServiceRefusedError
from avatar_bridge.tts.served import ServedVoice, tempo

__all__ = ["GptSovitsVoice"]

_LANGUAGES = {"HIRAGANA": "ja", "CJK": "zh", "HANGUL": "ko"}


class GptSovitsVoice(ServedVoice):
    """Speaks through GPT-SoVITS with the voice of a recording; it tells no times.

    reference: path of the recording (3 to 10 seconds) on the machine where GPT-SoVITS runs. prompt_text: what is said
    in it, prompt_language: in which language (ja, zh, en, ko; by its script when empty). language: of what is spoken,
    by its script when empty. more_references: further recordings. streaming: 0 none, 1 by sentence, 2 and 3 finer.
    gpt_weights, sovits_weights: paths there, loaded when the voice opens. speed: 0.5..2. pitch: semitones, by speaking
    slower and playing faster. seed, extra: fields of its own. patience: seconds of waiting for an answer.
    """

    _longest = 500

    def __init__(
        self,
        *,
        name: str = "gpt_sovits",
        url: str | None = None,
        key: Key | None = None,
        speed: float = 1.0,
        pitch: float = 0.0,
        reference: str = "",
        prompt_text: str = "",
        prompt_language: str = "",
        language: str = "",
        more_references: Sequence[str] = (),
        streaming: int = 0,
        gpt_weights: str = "",
        sovits_weights: str = "",
        seed: int = -1,
        extra: dict[str, Any] | None = None,
        patience: float = 120.0,
    ) -> None:
        del name
        if not reference:
            raise UsageError(
                "the voice 'gpt_sovits' speaks like a recording: set reference = \"PATH\" in [voice.options], where "
                "PATH is a WAV of 3 to 10 seconds on the machine that GPT-SoVITS runs on"
            )
        if streaming not in (0, 1, 2, 3):
            raise UsageError(f"streaming: expected 0, 1, 2 or 3, got {streaming!r}")
        super().__init__(
            "GPT-SoVITS",
            url or "http://127.0.0.1:9880",
            "start its api_v2.py, or set voice.url",
            key=key,
            patience=patience,
            pitch=pitch,
            abilities=VoiceAbilities("estimated", speed=True, pitch=True, remote=True),
        )
        self._language = language
        self._weights = {"/set_gpt_weights": gpt_weights, "/set_sovits_weights": sovits_weights}
        self._body: dict[str, Any] = {
            "ref_audio_path": reference,
            "prompt_text": prompt_text,
            "prompt_lang": prompt_language or _language(prompt_text),
            "speed_factor": round(tempo(speed, pitch, 0.5, 2.0), 4),
            "media_type": "wav",
            "streaming_mode": streaming,
            "seed": seed,
        }
        self._body |= {"aux_ref_audio_paths": list(more_references)} if more_references else {}
        self._body |= extra or {}

    async def _look(self) -> None:
        """Load the weights; without any see that something answers: it has no page that tells how it is."""
        wanted = {path: weights for path, weights in self._weights.items() if weights}
        for path, weights in wanted.items():
            await self._service.json("GET", path, params={"weights_path": weights})
        if not wanted:
            try:
                await self._service.read("GET", "/")
            except ServiceRefusedError as error:
                if error.status in (401, 403):
                    raise

    async def _say(self, text: str) -> SpokenSegment:
        body = {**self._body, "text": text, "text_lang": self._language or _language(text)}
        return await self._sound("POST", "/tts", body=body)


def _language(text: str) -> str:
    return _LANGUAGES.get(script_of(text), "en")
