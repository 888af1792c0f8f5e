from __future__ import annotations

import hashlib
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avatar_bridge.core.vocabulary import SpokenSegment
from avatar_bridge.errors import UsageError, VoiceError
from avatar_bridge.tts.hts_durations import Durations
from avatar_bridge.tts.japanese import PAUSES, ipa, labels, readings
from avatar_bridge.tts.openjtalk import OpenJTalkEngine

pytestmark = pytest.mark.peer
jtalk = pytest.importorskip("pyopenjtalk", reason="needs the extra: avatar-bridge[openjtalk]")

TEXT = "こんにちは、今日は2026年です。「学校」で切手をもっと買った！"
VOICE = Path(jtalk.__file__).parent / "htsvoice" / "mei_normal.htsvoice"


@pytest.fixture(scope="module")
def engine() -> OpenJTalkEngine:
    return OpenJTalkEngine()


def digest(pieces: list[SpokenSegment]) -> str:
    return hashlib.sha256(b"".join(piece.samples.tobytes() for piece in pieces)).hexdigest()


def test_sounds_tile_the_audio_and_words_lie_on_them(engine: OpenJTalkEngine) -> None:
    first, second = engine.speak(TEXT)
    for piece in (first, second):
        assert piece.rate == 48000
        assert piece.hop == 0.005
        ends = np.cumsum([phoneme.duration for phoneme in piece.phonemes])
        assert [phoneme.at for phoneme in piece.phonemes[1:]] == pytest.approx(list(ends[:-1]))
        assert ends[-1] == pytest.approx(piece.duration, abs=1e-9)
        assert 0.2 < np.abs(piece.samples).max() <= 0.95
        starts = {round(phoneme.at, 6) for phoneme in piece.phonemes}
        assert all(round(mark.at, 6) in starts for mark in piece.marks)
    words = [TEXT[mark.char : mark.char + mark.length] for mark in (*first.marks, *second.marks)]
    assert words[:3] == ["こんにちは", "今日", "は"]
    assert words[-7:] == ["学校", "で", "切手", "を", "もっと", "買っ", "た"]


def test_pauses_are_where_the_audio_is_quiet(engine: OpenJTalkEngine) -> None:
    for piece in engine.speak(TEXT):
        level = {"silence": [], "sound": []}
        for phoneme in piece.phonemes:
            part = piece.samples[round(phoneme.at * 48000) : round((phoneme.at + phoneme.duration) * 48000)]
            kind = "sound" if phoneme.symbol[:1] in "aieo" and phoneme.symbol else "silence"
            if kind == "sound" or not phoneme.symbol:
                level[kind].append(float(np.sqrt(np.mean(part**2))))
        assert max(level["silence"]) < 0.05 * min(level["sound"])


def test_the_same_text_gives_the_same_bytes_and_pitch_keeps_the_times(engine: OpenJTalkEngine) -> None:
    first = list(engine.speak(TEXT))
    list(engine.speak("別の文です。"))
    assert digest(list(engine.speak(TEXT))) == digest(first)
    high = list(OpenJTalkEngine(pitch=4.0).speak(TEXT))
    assert digest(high) != digest(first)
    assert [piece.marks for piece in high] == [piece.marks for piece in first]
    fast = sum(piece.duration for piece in OpenJTalkEngine(speed=2.0).speak(TEXT))
    assert fast == pytest.approx(sum(piece.duration for piece in first) / 2, abs=0.02)


@settings(max_examples=25, deadline=None)
@given(text=st.text("あいうえおかがきゃっんーすち、。猫木曜日3 ", min_size=1, max_size=20), speed=st.floats(0.3, 3.0))
def test_durations_are_the_synthesisers_own(text: str, speed: float) -> None:
    context = labels(text)
    if not context:
        return
    wave, rate = jtalk.synthesize(context, speed=speed)
    durations = Durations(VOICE)
    assert rate == durations.rate
    assert sum(durations.frames(context, speed)) * durations.frame_samples == len(wave)


def test_sounds_are_written_in_ipa() -> None:
    said = ipa(["sh", "i", "N", "b", "u", "N", "g", "a", "cl", "ky", "u", "d", "e", "s", "U", "pau", "h", "i", "N"])
    assert said[:6] == ["ɕ", "i", "m", "b", "ɯ", "ŋ"]
    assert said[8:12] == ["ʔ", "kʲ", "ɨ", "d"]
    assert said[13:] == ["s", "ɨ̥", "", "ç", "i", "ɴ"]


def test_labels_and_readings_tell_the_same_sounds() -> None:
    phones = [re.search(r"-(.*?)\+", label)[1] for label in labels(TEXT)]  # type: ignore[index]
    told = [phone for word in readings(TEXT) for phone in word.phones]
    assert [phone for phone in phones if phone not in PAUSES] == [phone for phone in told if phone not in PAUSES]


def test_nothing_to_say_and_wrong_settings(engine: OpenJTalkEngine, tmp_path: Path) -> None:
    assert list(engine.speak("😀 …。")) == []
    with pytest.raises(UsageError, match="no "):
        OpenJTalkEngine(model=str(tmp_path / "none.htsvoice"))
    broken = tmp_path / "broken.htsvoice"
    broken.write_bytes(b"[GLOBAL]\nNUM_STATES:5\n[DATA]\n")
    with pytest.raises(VoiceError, match=r"expected an \.htsvoice file"):
        OpenJTalkEngine(model=str(broken))
    with pytest.raises(UsageError, match="speed"):
        OpenJTalkEngine(speed=9.0)
