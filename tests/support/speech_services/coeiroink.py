"""A strict COEIROINK v2: prosody first, then sound with the range of every phoneme."""

from __future__ import annotations

import base64
import json
from typing import Any

from speech_services.door import Asked, Refusal, Reply, SpeechService, a_number, a_text, fields
from speech_services.japanese import sentence
from speech_services.tones import tone, wav_bytes

__all__ = ["CoeiroinkServer"]

RATE = 44100
UUID = "3c37646f-3881-5374-2a83-149267990abc"
SPEAKERS = [
    {
        "speakerName": "つくよみちゃん",
        "speakerUuid": UUID,
        "styles": [{"styleName": "れいせい", "styleId": 0}, {"styleName": "おしとやか", "styleId": 5}],
        "version": "0.0.1",
    }
]
PREDICT = {
    "speakerUuid": lambda value: value == UUID,
    "styleId": lambda value: value in (0, 5),
    "text": a_text,
    "prosodyDetail": lambda value: isinstance(value, list),
    "speedScale": a_number(0.5, 2),
}


class CoeiroinkServer(SpeechService):
    """`counts`: the rate that ranges are counted at. Faults of its own: refuse, no_ranges, backwards."""

    def __init__(self, *, counts: int = RATE, fault: str = "") -> None:
        super().__init__(fault=fault)
        self.counts = counts
        self.truth: list[tuple[str, int, int]] = []
        """Phonemes of the last sound with the samples at which they begin and end."""
        self.words: list[tuple[int, float]] = []
        self.spoken: list[dict[str, Any]] = []

    def answer(self, asked: Asked) -> Reply:
        match asked.method, asked.path:
            case "GET", "/v1/speakers":
                return Reply(json.dumps(SPEAKERS).encode())
            case "POST", "/v1/estimate_prosody":
                self._check(asked, {"text": a_text})
                detail = [
                    [
                        {"phoneme": "-".join(filter(None, (m.consonant, m.vowel))), "hira": m.text, "accent": 0}
                        for m in p.moras
                    ]
                    for p in sentence(asked.json["text"]).phrases
                ]
                return Reply(json.dumps({"plain": [], "detail": detail}).encode())
            case "POST", "/v1/predict_with_duration":
                self._check(asked, PREDICT)
                return self._predicted(asked.json)
        raise Refusal(404, {"detail": "Not Found"})

    def _check(self, asked: Asked, known: dict[str, Any]) -> None:
        wrong = fields(asked.json, known, known)
        if wrong:
            raise Refusal(
                422, {"detail": [{"loc": ["body", name], "msg": say, "type": kind} for name, say, kind in wrong]}
            )

    def _predicted(self, body: dict[str, Any]) -> Reply:
        if self.fault == "refuse":
            raise Refusal(500, {"detail": "合成に失敗しました"})
        self.spoken.append(body)
        read = sentence(body["text"])
        assert [len(phrase) for phrase in body["prosodyDetail"]] == [len(phrase.moras) for phrase in read.phrases]
        stretches: list[tuple[float, int]] = [(0.0, 4410)]
        at, durations, place = 4410, [], 0
        self.truth, self.words = [], []
        for phrase in read.phrases:
            starts = {mora: char for char, mora in phrase.words}
            for number, mora in enumerate(phrase.moras):
                if number in starts:
                    self.words.append((starts[number], at / RATE))
                pitches, begin = [], at
                for part, name in (("consonant", mora.consonant), ("vowel", mora.vowel)):
                    if name:
                        count = round(mora.length(place, part) / body["speedScale"] * RATE / 256) * 256
                        stretches.append((90.0 if part == "consonant" else 250.0, count))
                        pitches.append({"phoneme": name, "wavRange": self._range(at, at + count)})
                        self.truth.append((name, at, at + count))
                        at += count
                durations.append(
                    {
                        "mora": mora.text,
                        "hira": mora.text,
                        "phonemePitches": pitches,
                        "wavRange": self._range(begin, at),
                    }
                )
                place += 1
            if phrase.pause:
                stretches.append((0.0, 8192))
                pause = [{"phoneme": "_", "wavRange": self._range(at, at + 8192)}]
                durations.append(
                    {"mora": "、", "hira": "、", "phonemePitches": pause, "wavRange": self._range(at, at + 8192)}
                )
                at += 8192
        if self.fault == "backwards":
            durations.reverse()
        sound = wav_bytes(tone(stretches, RATE), RATE, fault=self.fault)
        answer: dict[str, Any] = {
            "wavBase64": base64.b64encode(sound).decode(),
            "startTrimBuffer": 0.1,
            "endTrimBuffer": 0.0,
        }
        answer |= {} if self.fault == "no_ranges" else {"moraDurations": durations}
        return Reply(json.dumps(answer).encode(), sounds=True)

    def _range(self, start: int, end: int) -> dict[str, int]:
        return {"start": round(start * self.counts / RATE), "end": round(end * self.counts / RATE)}
