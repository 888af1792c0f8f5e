"""A strict VOICEVOX engine: its AudioQuery, its rounding to frames, its errors; AivisSpeech's zeros on demand."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from speech_services.door import Asked, Refusal, Reply, SpeechService, a_number, a_text, fields, one_of
from speech_services.japanese import sentence
from speech_services.tones import tone, wav_bytes

__all__ = ["SPEAKERS", "VoicevoxEngine", "frame_counts"]

RATE = 24000
FRAME = 256
PITCHES = {"a": 300.0, "i": 340.0, "u": 260.0, "e": 320.0, "o": 280.0, "N": 220.0}
SPEAKERS = [
    {
        "name": "四国めたん",
        "speaker_uuid": "7ffcb7ce-00ec-4bdc-82cd-45a8889e43ff",
        "styles": [
            {"name": "ハミング", "id": 3002, "type": "frame_decode"},
            {"name": "ノーマル", "id": 2, "type": "talk"},
            {"name": "あまあま", "id": 0, "type": "talk"},
        ],
        "version": "0.14.0",
    },
    {
        "name": "ずんだもん",
        "speaker_uuid": "388f246b-8c41-4ac1-8e2d-5d79f3ff56d9",
        "styles": [{"name": "ノーマル", "id": 3, "type": "talk"}, {"name": "ヒソヒソ", "id": 38, "type": "talk"}],
        "version": "0.14.0",
    },
]
IDS = {style["id"] for speaker in SPEAKERS for style in speaker["styles"]}  # type: ignore[index]
_SCALE = a_number(0, 100)
_OPTIONAL = a_number(0, 100)
QUERY = {
    "accent_phrases": lambda value: isinstance(value, list),
    **dict.fromkeys(("speedScale", "intonationScale", "volumeScale"), _SCALE),
    "pitchScale": a_number(-1, 1),
    "prePhonemeLength": _SCALE,
    "postPhonemeLength": _SCALE,
    "pauseLength": lambda value: value is None or _OPTIONAL(value),
    "pauseLengthScale": _SCALE,
    "outputSamplingRate": one_of(24000, 44100, 48000),
    "outputStereo": one_of(True, False),
    "kana": a_text,
}
MORA = {"text", "consonant", "consonant_length", "vowel", "vowel_length", "pitch"}


def frame_counts(query: dict[str, Any], upspeak: bool) -> list[tuple[str, int, bool]]:
    """Return (phoneme, frames, voiced) of a query in the engine's order of steps."""
    flat: list[dict[str, Any]] = []
    for phrase in query["accent_phrases"]:
        own = [dict(mora) for mora in phrase["moras"]]
        if upspeak and own and phrase["is_interrogative"] and own[-1]["pitch"] > 0:
            last = own[-1]
            own.append(
                last
                | {
                    "consonant": None,
                    "consonant_length": None,
                    "vowel_length": 0.15,
                    "pitch": min(last["pitch"] + 0.3, 6.5),
                }
            )
        flat += own + ([dict(phrase["pause_mora"])] if phrase["pause_mora"] else [])
    for mora in flat:
        if mora["vowel"] == "pau" and query["pauseLength"] is not None:
            mora["vowel_length"] = query["pauseLength"]
    for mora in flat:
        if mora["vowel"] == "pau":
            mora["vowel_length"] *= query["pauseLengthScale"]
    names, lengths, voiced = ["sil"], [query["prePhonemeLength"]], [False]
    for mora in flat:
        if mora["consonant"] is not None:
            names.append(mora["consonant"])
            lengths.append(mora["consonant_length"])
            voiced.append(mora["pitch"] > 0)
        names.append(mora["vowel"])
        lengths.append(mora["vowel_length"])
        voiced.append(mora["pitch"] > 0)
    names.append("sil")
    lengths.append(query["postPhonemeLength"])
    voiced.append(False)
    counts = np.round(np.array(lengths, np.float64) / query["speedScale"] * 93.75).astype(int)
    return list(zip(names, counts.tolist(), voiced, strict=True))


class VoicevoxEngine(SpeechService):
    """Faults of its own: unknown_lengths (AivisSpeech's zeros), other_length (sound that its query does not tell),
    wrong_rate, refuse, not_voicevox."""

    def __init__(self, *, aivis: bool = False, fault: str = "") -> None:
        super().__init__(fault=fault)
        self.aivis = aivis
        self.truth: list[tuple[str, int, int]] = []
        """Phonemes of the last synthesis with the samples at which they begin and end."""
        self.words: list[tuple[int, float]] = []
        """Offset in the last text and seconds of each word's first sound."""
        self.spoken: list[dict[str, Any]] = []
        self._starts: list[tuple[int, int]] = []

    def answer(self, asked: Asked) -> Reply:
        match asked.method, asked.path:
            case "GET", "/version":
                return Reply(b'{"detail":"Not Found"}' if self.fault == "not_voicevox" else b'"0.25.0"')
            case "GET", "/speakers":
                self._query(asked, {}, ())
                return Reply(json.dumps(SPEAKERS, ensure_ascii=False).encode())
            case "POST", "/initialize_speaker":
                self._query(asked, {"speaker": str.isdecimal, "skip_reinit": one_of("true", "false")}, ["speaker"])
                return Reply(b"", status=204)
            case "POST", "/audio_query":
                known = {"text": a_text, "speaker": str.isdecimal, "enable_katakana_english": one_of("true", "false")}
                self._query(asked, known, ["text", "speaker"])
                return Reply(json.dumps(self._asked(asked.query["text"])).encode())
            case "POST", "/synthesis":
                known = {"speaker": str.isdecimal, "enable_interrogative_upspeak": one_of("true", "false")}
                self._query(asked, known, ["speaker"])
                return self._synthesis(asked)
        raise Refusal(404, {"detail": "Not Found"})

    def _query(self, asked: Asked, known: dict[str, Any], needed: list[str] | tuple[()]) -> None:
        wrong = fields(asked.query, known, needed)
        if wrong:
            raise Refusal(
                422, {"detail": [{"loc": ["query", name], "msg": say, "type": kind} for name, say, kind in wrong]}
            )
        if asked.query.get("speaker", "2") not in map(str, IDS):
            raise Refusal(404, {"detail": "該当する話者が見つかりません"})
        if asked.body and asked.path != "/synthesis":
            raise Refusal(422, {"detail": "no body is expected"})

    def _asked(self, text: str) -> dict[str, Any]:
        phrases, place = [], 0
        read = sentence(text)
        self._starts = []
        for phrase in read.phrases:
            found = []
            self._starts += [(char, place + mora) for char, mora in phrase.words]
            for number, mora in enumerate(phrase.moras):
                mute = mora.vowel == "u" and mora.consonant == "s" and number == len(phrase.moras) - 1
                voiced = 0.0 if mute or mora.vowel == "cl" else 5.5 + 0.01 * number
                zero = self.aivis or self.fault == "unknown_lengths"
                found.append(
                    {
                        "text": mora.text,
                        "consonant": mora.consonant or None,
                        "consonant_length": (0.0 if zero else mora.length(place, "consonant"))
                        if mora.consonant
                        else None,
                        "vowel": "U" if mute else mora.vowel,
                        "vowel_length": 0.0 if zero else mora.length(place, "vowel"),
                        "pitch": 0.0 if zero else voiced,
                    }
                )
                place += 1
            pause = {"text": "、", "consonant": None, "consonant_length": None, "vowel": "pau", "pitch": 0.0}
            pause["vowel_length"] = 0.0 if self.aivis else 0.31
            phrases.append(
                {
                    "moras": found,
                    "accent": 1,
                    "pause_mora": pause if phrase.pause else None,
                    "is_interrogative": phrase.asks,
                }
            )
        query = {"accent_phrases": phrases, "speedScale": 1.0, "pitchScale": 0.0, "intonationScale": 1.0}
        query |= {"volumeScale": 1.0, "prePhonemeLength": 0.1, "postPhonemeLength": 0.1, "pauseLength": None}
        query |= {"pauseLengthScale": 1, "outputSamplingRate": 24000, "outputStereo": False, "kana": ""}
        return query | ({"tempoDynamicsScale": 1.0, "outputSamplingRate": 44100} if self.aivis else {})

    def _synthesis(self, asked: Asked) -> Reply:
        if self.fault == "refuse":
            raise Refusal(500, {"detail": "音声合成に失敗しました"})
        query = asked.json
        known = QUERY | ({"tempoDynamicsScale": _SCALE} if self.aivis else {})
        wrong = fields(query, known, known)
        moras = [mora for phrase in query["accent_phrases"] for mora in phrase["moras"]]
        wrong += [("moras", "Field required", "missing") for mora in moras if set(mora) != MORA]
        if wrong:
            raise Refusal(
                422, {"detail": [{"loc": ["body", name], "msg": say, "type": kind} for name, say, kind in wrong]}
            )
        self.spoken.append(query)
        if self.aivis:
            return self._sound([(250.0, 44100 * len(moras) // 8)], 44100)
        upspeak = asked.query.get("enable_interrogative_upspeak", "true") == "true"
        counts = frame_counts(query, upspeak)
        if self.fault == "unknown_lengths":
            counts = [("a", 20, True)] * len(moras)
        self._remember(counts, query["accent_phrases"], upspeak)
        if self.fault == "other_length":
            counts.append(("a", 37, True))
        stretches = [
            ((PITCHES.get(name, 180.0) if voiced else 90.0) if name not in ("sil", "pau") else 0.0, FRAME * count)
            for name, count, voiced in counts
        ]
        return self._sound(stretches, 48000 if self.fault == "wrong_rate" else RATE)

    def _remember(self, counts: list[tuple[str, int, bool]], phrases: list[dict[str, Any]], upspeak: bool) -> None:
        edges = [0]
        for _, count, _ in counts:
            edges.append(edges[-1] + FRAME * count)
        self.truth = [(name, edges[at], edges[at + 1]) for at, (name, _, _) in enumerate(counts)]
        # a mora begins with its consonant; what draws a question out comes last in its phrase
        begins, consonant = [], None
        for name, start, _ in self.truth:
            if name in ("sil", "pau"):
                continue
            if name.lower() in ("a", "i", "u", "e", "o", "n", "cl") and name != "n":
                begins.append(start if consonant is None else consonant)
                consonant = None
            else:
                consonant = start
        own: list[int] = []
        drawn = 0
        for phrase in phrases:
            moras = phrase["moras"]
            first = own[-1] + 1 + drawn if own else 0
            own += range(first, first + len(moras))
            drawn = int(upspeak and phrase["is_interrogative"] and moras[-1]["pitch"] > 0)
        self.words = [(char, begins[own[mora]] / RATE) for char, mora in self._starts if own[mora] < len(begins)]

    def _sound(self, stretches: list[tuple[float, int]], rate: int) -> Reply:
        return Reply(wav_bytes(tone(stretches, rate), rate, fault=self.fault), "audio/wav", sounds=True)
