from __future__ import annotations

import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import soundfile

from avatar_bridge.audio import any_format
from avatar_bridge.audio.decoding import read_sound
from avatar_bridge.commands.lipsync import curves
from avatar_bridge.errors import UsageError
from avatar_bridge.tts.tone import ToneEngine

RATE = 16000


def speech() -> np.ndarray:
    return np.concatenate([piece.samples for piece in ToneEngine().speak("Hello there, how are you?")])


def need_ffmpeg() -> None:
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed")
    if find_spec("pydub") is None:
        pytest.skip('pip install "avatar-bridge[formats]"')


def encoded(path: Path, *options: str) -> Path:
    source = path.with_name("source.wav")
    soundfile.write(source, speech(), RATE)
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", "-i", str(source), *options, str(path)], check=True, capture_output=True
    )
    return path


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW"])
@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (48000, 6), (192000, 2)])
def test_every_kind_of_wav(tmp_path: Path, subtype: str, rate: int, channels: int) -> None:
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(rate // 2) / rate)
    soundfile.write(tmp_path / "a.wav", np.stack([tone] * channels, axis=1), rate, subtype=subtype)
    sound = read_sound(tmp_path / "a.wav", RATE)
    expected = 0.5 * np.sin(2 * np.pi * 440 * np.arange(RATE // 2) / RATE)
    assert sound.rate == RATE
    assert np.abs(sound.samples[400:7600] - expected[400:7600]).max() < 0.03


@pytest.mark.parametrize("kind", ["wav", "flac", "ogg", "mp3"])
def test_what_was_cut_off_is_read_as_far_as_it_goes_or_refused_in_words(tmp_path: Path, kind: str) -> None:
    whole = tmp_path / f"whole.{kind}"
    soundfile.write(whole, np.tile(speech(), 4), RATE)
    data = whole.read_bytes()
    cut = tmp_path / f"cut.{kind}"
    heard = []
    for share in (0.6, 0.2, 0.02, 0.0005):
        cut.write_bytes(data[: max(1, int(len(data) * share))])
        try:
            heard.append(read_sound(cut).duration)
        except UsageError:
            heard.append(0.0)
    assert heard[0] > 2.0
    assert heard == sorted(heard, reverse=True)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<!DOCTYPE html><html><body>404</body></html>", "got a text"),
        (b'{"detail": "no such voice"}', "got a text"),
        (b"#EXTM3U\nhttp://127.0.0.1/secret.mp3\n", "got a text"),
        (b"", "empty file"),
    ],
)
def test_what_is_no_sound_is_refused_before_any_program_sees_it(
    tmp_path: Path, content: bytes, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("avatar_bridge.audio.decoding.read_by_ffmpeg", lambda _path: pytest.fail("ffmpeg was asked"))
    (tmp_path / "reply.mp3").write_bytes(content)
    with pytest.raises(UsageError, match=words):
        read_sound(tmp_path / "reply.mp3")


def test_what_is_missing_is_named_with_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "talk.m4a"
    path.write_bytes(b"\0\0\0\x20ftypM4A \0\0" + bytes(60))
    monkeypatch.setattr(any_format, "find_spec", lambda _name: None)
    with pytest.raises(UsageError, match=r"talk\.m4a.*pip install \"avatar-bridge\[formats\]\""):
        read_sound(path)
    monkeypatch.setattr(any_format, "find_spec", lambda _name: True)
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    with pytest.raises(UsageError, match=r"talk\.m4a.*winget install ffmpeg"):
        read_sound(path)


@pytest.mark.peer
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("talk.m4a", ("-c:a", "aac", "-b:a", "128k")),
        ("talk.aac", ("-c:a", "aac", "-b:a", "128k")),
        ("talk.webm", ("-c:a", "libopus")),
        ("talk.wma", ("-c:a", "wmav2")),
        ("talk.mka", ("-c:a", "pcm_s24le", "-ac", "2", "-ar", "96000")),
        ("film.mp4", ("-f", "lavfi", "-i", "color=s=64x64:d=2", "-c:a", "aac", "-shortest")),
    ],
)
def test_ffmpeg_reads_the_rest(tmp_path: Path, name: str, options: tuple[str, ...]) -> None:
    need_ffmpeg()
    sound = read_sound(encoded(tmp_path / name, *options), RATE)
    own = speech()
    assert len(sound.samples) == pytest.approx(len(own), rel=0.1)
    # the codecs add or take some milliseconds in front
    likeness = np.correlate(sound.samples, own[4000:-4000], "valid").max()
    assert likeness > 0.8 * np.linalg.norm(own) * np.linalg.norm(sound.samples)
    level = float(np.sqrt(np.mean(sound.samples**2) / np.mean(own**2)))
    assert level == pytest.approx(1.0, abs=0.32)  # some put mono into two channels at -3 dB


@pytest.mark.peer
def test_what_ffmpeg_cannot_read_either_is_said_in_a_line(tmp_path: Path) -> None:
    need_ffmpeg()
    (tmp_path / "noise.m4a").write_bytes(np.random.default_rng(1).bytes(5000))
    with pytest.raises(UsageError, match=r"noise\.m4a: expected audio, got something that neither") as caught:
        read_sound(tmp_path / "noise.m4a")
    assert "\n" not in str(caught.value)
    silent_film = tmp_path / "film.mp4"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "color=s=64x64:d=1", str(silent_film)], check=True, timeout=60
    )
    with pytest.raises(UsageError, match=r"film\.mp4: expected audio"):
        read_sound(silent_film)


@pytest.mark.peer
def test_the_lipsync_command_takes_it(tmp_path: Path) -> None:
    need_ffmpeg()
    (line,) = curves([encoded(tmp_path / "talk.m4a", "-c:a", "aac")], tmp_path / "out")
    assert "talk.csv" in line
    rows = (tmp_path / "out" / "talk.csv").read_text(encoding="utf-8").splitlines()
    assert any(float(row.split(",")[1]) > 0.3 for row in rows[1:])
