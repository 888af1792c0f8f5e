from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from avatar_bridge.core.vocabulary import SpokenSegment
from avatar_bridge.errors import UsageError, VoiceError
from avatar_bridge.tts.espeak import EspeakEngine

pytest.importorskip("espeakng_loader", reason="needs the extra: avatar-bridge[espeak]")


def spoken(text: str, **settings: object) -> SpokenSegment:
    (piece,) = EspeakEngine(**settings).speak(text)  # type: ignore[arg-type]
    return piece


def words(piece: SpokenSegment, text: str) -> list[str]:
    return [text[mark.char : mark.char + mark.length] for mark in piece.marks]


@pytest.mark.parametrize("pitch", [0.0, 5.0])
@pytest.mark.parametrize(
    "text", ["Hello there, it is on the table. I have 42 apples!", "こんにちは、元気ですか", "Привет, мир", "你好世界"]
)
def test_phonemes_tile_the_audio_and_words_lie_in_order(text: str, pitch: float) -> None:
    piece = spoken(text, pitch=pitch)
    end = 0.0
    for phoneme in piece.phonemes:
        assert phoneme.at == pytest.approx(end, abs=1e-6)
        assert phoneme.duration > 0
        end = phoneme.at + phoneme.duration
    assert end == pytest.approx(piece.duration, abs=1e-6)
    for mark, after in zip(piece.marks, piece.marks[1:], strict=False):
        assert mark.char + mark.length <= after.char
        assert mark.at + mark.duration <= after.at + 1e-9
        assert mark.duration > 0


def test_words_stand_where_they_sound() -> None:
    text = "Hello there,  it costs 42 dollars."
    piece = spoken(text)
    assert words(piece, text) == ["Hello", "there", "it", "costs", "42", "dollars"]
    there, it = piece.marks[1], piece.marks[2]
    assert it.at - (there.at + there.duration) > 0.05
    gap = piece.samples[round((there.at + there.duration + 0.03) * piece.rate) : round((it.at - 0.02) * piece.rate)]
    assert np.abs(gap).max() < 0.05 * np.abs(piece.samples).max()


def test_offsets_count_characters_whatever_their_width() -> None:
    text = "x😀 café 𝕏 naïve\x00 end"
    assert words(spoken(text), text)[-2:] == ["naïve", "end"]


def test_each_script_gets_its_voice_unless_told_otherwise() -> None:
    text = "こんにちは"
    assert spoken(text).duration < 0.5 * spoken(text, by_script=False).duration
    assert "tɕ" in [phoneme.symbol for phoneme in spoken(text).phonemes]


def test_the_same_texts_in_the_same_order_give_the_same_bytes() -> None:
    program = (
        "import hashlib; from avatar_bridge.tts.espeak import EspeakEngine; engine = EspeakEngine(pitch=3);"
        "spoken = [p.samples.tobytes() for text in ('Hello there.', 'меж тем', 'Hm.') for p in engine.speak(text)];"
        "print(len(spoken), hashlib.sha256(b''.join(spoken)).hexdigest())"
    )
    runs = {subprocess.check_output([sys.executable, "-c", program], text=True) for _ in range(2)}
    assert len(runs) == 1
    assert runs.pop().startswith("3 ")


def test_speed_and_pitch() -> None:
    plain, fast, high = spoken("Hello there"), spoken("Hello there", speed=2), spoken("Hello there", pitch=6)
    assert fast.duration < 0.7 * plain.duration
    assert high.duration == pytest.approx(plain.duration, rel=0.1)


@pytest.mark.parametrize("text", ["", "  ", "...?", "😀🎉", "\x00\x07\u202e", "$"])
def test_nothing_to_say_yields_nothing(text: str) -> None:
    assert list(EspeakEngine().speak(text)) == []


def test_a_text_without_end_comes_in_pieces() -> None:
    text = "and then we went on " * 300
    pieces = list(EspeakEngine(speed=2.5).speak(text))
    assert len(pieces) == 3
    assert {text[m.char : m.char + m.length] for p in pieces for m in p.marks} <= {"and", "then", "we", "went", "on"}
    assert pieces[2].marks[0].char > pieces[1].marks[-1].char


def test_an_unknown_voice_and_a_missing_library_say_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="no voice 'klingonisch'"):
        EspeakEngine(voice="klingonisch")
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    monkeypatch.setattr("ctypes.util.find_library", lambda _: None)
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(VoiceError, match=r'pip install "avatar-bridge\[espeak\]"'):
        EspeakEngine()
