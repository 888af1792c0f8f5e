from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from avatar_bridge.errors import UsageError, VoiceError
from avatar_bridge.tts.command import CommandEngine
from avatar_bridge.tts.command_sound import mended_wav

PROGRAM = """
import io, os, sys, time, wave
kind, *words = sys.argv[1:]
if kind == "stdin":
    words = [sys.stdin.buffer.read().decode("utf-8")]
if kind == "file":
    words = [open(words[0], encoding="utf-8").read(), *words[1:]]
def sound(frames, rate=22050):
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(2), file.setsampwidth(2), file.setframerate(rate)
        hum = [(1000 if n // 20 % 2 else -1000).to_bytes(2, "little", signed=True) * 2 for n in range(frames)]
        file.writeframes(b"".join(hum))
    return made.getvalue()
whole = sound(100 * len(words[0]))
out = sys.stdout.buffer
if kind in ("say", "stdin", "file"):
    if len(words) > 1:
        open(words[1], "wb").write(whole)
    else:
        out.write(whole)
elif kind == "fail":
    print("loading", file=sys.stderr), print("no such voice: bob", file=sys.stderr), print(file=sys.stderr)
    sys.exit(3)
elif kind == "html":
    out.write(b"<!DOCTYPE html><html><body>502 Bad Gateway</body></html>")
elif kind == "text":
    out.write(b"usage: voice [options]")
elif kind == "mute":
    out.write(whole[:44] + bytes(len(whole) - 44))
elif kind == "cut":
    out.write(whole[: len(whole) // 2])
elif kind == "stream":
    out.write(whole[:40] + b"\\xff\\xff\\xff\\xff" + whole[44:])
elif kind == "hang":
    time.sleep(60)
elif kind == "flood":
    while True:
        out.write(bytes(100000))
elif kind == "argv":
    sys.stderr.write(repr(words)), sys.exit(1)
"""


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("voice command ü") / "voice.py"
    path.write_text(PROGRAM, encoding="utf-8")
    return str(path)


def engine(program: str, *words: str, **options: object) -> CommandEngine:
    return CommandEngine(command=[sys.executable, program, *words], **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "words", [("say", "{text}"), ("stdin",), ("file", "{text_file}"), ("file", "{text_file}", "{wav}")]
)
def test_text_goes_in_and_sound_comes_out_by_every_way(program: str, words: tuple[str, ...]) -> None:
    text = 'Grüße, "$(touch x)"; こんにちは'
    (piece,) = engine(program, *words).speak(text)
    assert piece.rate == 24000
    assert piece.duration == pytest.approx(100 * len(text) / 22050, abs=2 / 24000)
    assert piece.notes == ()
    assert 0.02 < np.abs(piece.samples).max() < 0.05


def test_nothing_to_say_starts_no_program(program: str) -> None:
    assert list(engine(program, "fail").speak(" 😀 … ")) == []


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("fail", "failed with code 3: no such voice: bob"),
        ("html", "a web page"),
        ("text", "the text 'usage: voice"),
        ("mute", "of silence for 'Hello"),
        ("nothing", "wrote nothing"),
    ],
)
def test_what_is_no_sound_is_named(program: str, kind: str, says: str) -> None:
    with pytest.raises(VoiceError, match=says):
        list(engine(program, kind, "{text}").speak("Hello there"))


def test_a_missing_file_is_named(program: str) -> None:
    with pytest.raises(VoiceError, match="wrote no sound"):
        list(engine(program, "nothing", "{text}", "{wav}").speak("Hello"))


def test_a_program_that_hangs_or_floods_is_ended(program: str) -> None:
    with pytest.raises(VoiceError, match=r"longer than 0\.3 s"):
        list(engine(program, "hang", "x", timeout=0.3).speak("Hello"))
    with pytest.raises(VoiceError, match="more than 1 MB"):
        list(engine(program, "flood", "x", megabytes=1).speak("Hello"))


def test_a_sound_that_breaks_off_is_played_and_told(program: str) -> None:
    (piece,) = engine(program, "cut", "{text}").speak("Hello there")
    assert piece.duration > 0.01
    assert "broke off" in piece.notes[0]
    (whole,) = engine(program, "stream", "{text}").speak("Hello there")
    assert whole.notes == ()
    assert whole.duration == pytest.approx(1100 / 22050, abs=2 / 24000)


def test_numbers_and_texts_are_filled_in_as_one_word_each(program: str) -> None:
    made = engine(program, "argv", "-s", "{speed*175}", "{length}", "{text}", "p={pitch}", speed=1.25, pitch=-2.0)
    assert made.abilities.speed
    assert made.abilities.pitch
    with pytest.raises(VoiceError) as caught:
        list(made.speak("-v {speed} $HOME"))
    assert "['-s', '219', '0.8', ' -v {speed} $HOME', 'p=-2']" in str(caught.value)


def test_wrong_settings_say_what_to_write(program: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="list of the program"):
        CommandEngine(command="espeak-ng {text}")
    with pytest.raises(UsageError, match="list of the program"):
        CommandEngine()
    with pytest.raises(VoiceError, match="there is no program 'no-such-program'"):
        CommandEngine(command=["no-such-program", "{text}"])
    with pytest.raises(UsageError, match=r"\{speed\}"):
        engine(program, "say", "{text}", speed=1.5)
    with pytest.raises(UsageError, match=r"\{pitch\}"):
        engine(program, "say", "{text}", pitch=2.0)
    with pytest.raises(UsageError, match="folder"):
        engine(program, "say", "{text}", folder=str(tmp_path / "none"))
    with pytest.raises(UsageError, match="timeout"):
        engine(program, "say", "{text}", timeout=0)


def test_a_batch_file_never_gets_the_text_as_an_argument(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = tmp_path / "voice.bat"
    batch.write_text("@echo off", encoding="utf-8")
    monkeypatch.setattr("shutil.which", lambda _: str(batch))
    with pytest.raises(UsageError, match="text_file"):
        CommandEngine(command=[str(batch), "{text}"])
    assert CommandEngine(command=[str(batch), "{text_file}"])


@given(frames=st.integers(1, 400), keep=st.integers(0, 400), extra=st.booleans())
def test_a_mended_wav_holds_what_came(frames: int, keep: int, extra: bool) -> None:
    made = io.BytesIO()
    soundfile.write(made, np.full(frames, 0.5, np.float32), 8000, "PCM_16", format="WAV")
    raw = made.getvalue()
    if extra:
        raw = raw[:12] + b"LIST\x03\x00\x00\x00abc\x00" + raw[12:]
    cut = raw[: max(len(raw) - 2 * keep, raw.index(b"data") + 10)]
    mended, missing = mended_wav(cut)
    assert missing == len(raw) - len(cut)
    heard, _ = soundfile.read(io.BytesIO(mended))
    assert len(heard) == frames - missing // 2
