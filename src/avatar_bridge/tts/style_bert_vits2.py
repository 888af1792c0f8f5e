"""The `style_bert_vits2` voice: Style-Bert-VITS2's server, with models, speakers and styles by name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from avatar_bridge.core.speech.speakable import check_range, script_of
from avatar_bridge.core.vocabulary import SpokenSegment
from avatar_bridge.credentials import Key
from avatar_bridge.errors import ProtocolError, UsageError, VoiceError
from avatar_bridge.ports import VoiceAbilities
from avatar_bridge.tts.served import ServedVoice, nearest, tempo

__all__ = ["StyleBertVits2Voice"]

_LANGUAGES = {"HIRAGANA": "JP", "CJK": "JP", "LATIN": "EN"}
_LONGEST = 100
"""Characters that the server takes where its settings say nothing else."""


class StyleBertVits2Voice(ServedVoice):
    """Speaks through Style-Bert-VITS2; it tells no times.

    model, speaker: number or name; the first when absent. style: by name, style_weight: how much of it, 0..20.
    language: JP, EN or ZH; by the script of the text when empty, where Chinese characters alone count as Japanese.
    limit: characters that the server takes at once. extra: parameters of its own (noise, sdp_ratio…). speed: 0.25..4.
    pitch: semitones, by speaking slower and playing faster. patience: seconds of waiting for an answer.
    """

    def __init__(
        self,
        *,
        name: str = "style_bert_vits2",
        url: str | None = None,
        key: Key | None = None,
        speed: float = 1.0,
        pitch: float = 0.0,
        model: int | str = 0,
        speaker: int | str | None = None,
        style: str = "Neutral",
        style_weight: float = 1.0,
        language: str = "",
        limit: int = _LONGEST,
        extra: dict[str, Any] | None = None,
        patience: float = 60.0,
    ) -> None:
        del name
        if language not in ("", "JP", "EN", "ZH"):
            raise UsageError(f"language: expected JP, EN or ZH, got {language!r}")
        check_range("style_weight", style_weight, 0.0, 20.0)
        check_range("limit", limit, 10, 10_000)
        super().__init__(
            "Style-Bert-VITS2",
            url or "http://127.0.0.1:5000",
            "start its server_fastapi.py, or set voice.url",
            key=key,
            patience=patience,
            pitch=pitch,
            abilities=VoiceAbilities("estimated", speed=True, pitch=True, remote=True, languages=("ja", "en", "zh")),
        )
        self._longest = limit
        self._language = language
        self._model, self._speaker, self._style = model, speaker, style
        self._asked: dict[str, Any] = {
            "style": style,
            "style_weight": style_weight,
            # the server's `length` makes speech longer
            "length": round(1.0 / tempo(speed, pitch, 0.25, 4.0), 4),
            **(extra or {}),
        }
        self._who: dict[str, int] | None = None

    async def _look(self) -> None:
        await self._found()

    async def _say(self, text: str) -> SpokenSegment:
        who = await self._found()
        language = self._language or _LANGUAGES.get(script_of(text), "JP")
        return await self._sound("POST", "/voice", params={**self._asked, **who, "text": text, "language": language})

    async def _found(self) -> dict[str, int]:
        """Return the numbers of the model and the speaker, looked up once; the style is looked for, too."""
        if self._who is None:
            models = await self._service.json("GET", "/models/info")
            if not isinstance(models, dict) or not all(isinstance(each, dict) for each in models.values()):
                raise ProtocolError(f"{self._service.what} at {self._service.url} answered no list of models")
            number, model = _model(self._model, models)
            speakers = _table(model, "spk2id")
            styles = _table(model, "style2id")
            if styles and self._style not in styles:
                raise VoiceError(nearest("style", self._style, list(styles)))
            self._who = {"model_id": number, "speaker_id": _speaker(self._speaker, speakers)}
        return self._who


def _table(model: Mapping[str, Any], name: str) -> dict[str, int]:
    found = model.get(name)
    pairs = found.items() if isinstance(found, dict) else ()
    return {str(key): value for key, value in pairs if isinstance(value, int)}


def _model(wanted: int | str, models: Mapping[str, Any]) -> tuple[int, Mapping[str, Any]]:
    names = {number: _name(model) for number, model in models.items()}
    for number, model in models.items():
        if number.isdecimal() and str(wanted) in (number, names[number]):
            return int(number), model
    raise VoiceError(nearest("model", wanted, [f"{name or 'model'} ({number})" for number, name in names.items()]))


def _name(model: Mapping[str, Any]) -> str:
    """Return what a model is called: the folder that it lies in."""
    path = str(model.get("model_path") or model.get("config_path") or "").replace("\\", "/")
    return PurePosixPath(path).parent.name


def _speaker(wanted: int | str | None, speakers: Mapping[str, int]) -> int:
    if wanted is None:
        return next(iter(speakers.values()), 0)
    if wanted in speakers:
        return speakers[str(wanted)]
    if str(wanted).isdecimal() and (not speakers or int(wanted) in speakers.values()):
        return int(wanted)
    raise VoiceError(nearest("speaker", wanted, list(speakers)))
