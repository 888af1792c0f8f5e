"""Whatever JSON a program answers with, a voice speaks or says what is wrong; nothing else is raised."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from speech_services.door import Asked, Reply, SpeechService

from avatar_bridge.errors import VoiceError
from avatar_bridge.tts.coeiroink import CoeiroinkVoice
from avatar_bridge.tts.gpt_sovits import GptSovitsVoice
from avatar_bridge.tts.kokoro_fastapi import KokoroFastApiVoice
from avatar_bridge.tts.openai import OpenAIVoice
from avatar_bridge.tts.served import ServedVoice
from avatar_bridge.tts.style_bert_vits2 import StyleBertVits2Voice
from avatar_bridge.tts.voicevox import VoicevoxVoice

SPEAKERS = [{"name": "a", "styles": [{"name": "b", "id": 1}]}]
COEIROINK = [{"speakerName": "a", "speakerUuid": "u", "styles": [{"styleName": "b", "styleId": 1}]}]
MORA = {"consonant": None, "consonant_length": None, "vowel": "a", "vowel_length": 0.1, "pitch": 5.0}
QUERY = {"accent_phrases": [{"moras": [MORA]}], "prePhonemeLength": 0.1, "postPhonemeLength": 0.1, "speedScale": 1}
STRANGE: list[Any] = [
    None, [], {}, "x", 1, [[]], [{}], [None], {"detail": [1]}, {"error": {"message": 5}}, {"audio": 5}, {"audio": "?"},
    {"audio": "", "timestamps": [{}]}, {"audio": "AAA=", "timestamps": 5}, {"audio": "", "timestamps": None},
    {"voices": 5}, {"voices": [1]}, {"voices": [{}]}, {"0": 5}, {"0": {}}, {"0": {"spk2id": 5}}, {"x": {"spk2id": {}}},
    {"0": {"spk2id": {"a": "b"}}}, {"0": {"style2id": {"a": None}}}, {"wavBase64": "AAAA"}, {"wavBase64": 1},
    {"detail": []}, {"detail": [[]]}, {"detail": [], "wavBase64": "AAAA"}, {"name": 1}, [{"name": 1, "styles": 2}],
    [{"name": 1, "styles": [{"name": 1, "id": "x"}]}], [{"name": 1, "styles": [{"id": 1}]}], QUERY,
    QUERY | {"accent_phrases": None}, QUERY | {"accent_phrases": [1]}, QUERY | {"accent_phrases": [{"moras": [{}]}]},
    QUERY | {"accent_phrases": [{"moras": [MORA | {"pitch": None}]}]}, QUERY | {"speedScale": 0},
    QUERY | {"accent_phrases": [{"moras": [MORA | {"vowel": None}]}]}, QUERY | {"pauseLengthScale": None},
    QUERY | {"accent_phrases": [{"moras": [MORA | {"consonant": 5, "consonant_length": 1}]}]},
    QUERY | {"accent_phrases": [{"moras": [], "is_interrogative": True}, {"moras": [MORA], "pause_mora": 5}]},
    QUERY | {"outputSamplingRate": "x"},
]  # fmt: skip


class Strange(SpeechService):
    def __init__(self, answer: Any, speakers: Any) -> None:
        super().__init__()
        self.said, self.speakers = answer, speakers

    def answer(self, asked: Asked) -> Reply:
        speakers = asked.path.endswith("/speakers") and self.speakers
        return Reply(json.dumps(speakers or self.said).encode())


@pytest.mark.parametrize("answer", STRANGE, ids=lambda value: json.dumps(value)[:60])
@pytest.mark.parametrize(
    ("voice", "speakers"),
    [
        (lambda url: VoicevoxVoice(url=url, pitch=2.0), None),
        (lambda url: VoicevoxVoice(url=url, pitch=2.0), SPEAKERS),
        (lambda url: CoeiroinkVoice(url=url), None),
        (lambda url: CoeiroinkVoice(url=url), COEIROINK),
        (lambda url: OpenAIVoice(url=url), None),
        (lambda url: KokoroFastApiVoice(url=url), None),
        (lambda url: GptSovitsVoice(url=url, reference="x", gpt_weights="y"), None),
        (lambda url: StyleBertVits2Voice(url=url), None),
    ],
    ids=["voicevox", "voicevox-found", "coeiroink", "coeiroink-found", "openai", "kokoro", "sovits", "bert"],
)
async def test_nothing_but_a_voice_error_comes_of_it(
    voice: Callable[[str], ServedVoice], speakers: Any, answer: Any
) -> None:
    async with Strange(answer, speakers) as service:
        made = voice(service.url)
        try:
            with contextlib.suppress(VoiceError):
                await made.open()
            with pytest.raises(VoiceError):
                await anext(made.speak("こんにちは"))
        finally:
            await made.close()
