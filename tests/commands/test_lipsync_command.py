from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import soundfile

from avatar_bridge.commands.lipsync import curves
from avatar_bridge.errors import ScriptError, UsageError


@pytest.fixture
def voice(tmp_path: Path) -> Path:
    times = np.arange(22050) / 22050
    tone = sum(np.sin(2 * np.pi * 150 * k * times) / k for k in range(2, 15)) * 0.2
    path = tmp_path / "voice.wav"
    soundfile.write(path, np.concatenate([np.zeros(11025), tone, np.zeros(11025)]), 22050)
    return path


def _rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_one_row_a_hundredth_of_a_second(voice: Path, tmp_path: Path) -> None:
    lines = list(curves([voice], tmp_path / "out" / "deep"))
    target = tmp_path / "out" / "deep" / "voice.csv"
    assert len(lines) == 1
    assert str(target) in lines[0]
    assert target.read_text(encoding="utf-8").startswith("time_s,open,aa,ih,ou,ee,oh\n0.00,")
    rows = _rows(target)[1:]
    assert [row[0] for row in rows] == [f"{index / 100:.2f}" for index in range(200)]
    values = np.array(rows, dtype=float)[:, 1:]
    assert values[:40].max() == 0
    assert values[70:130, 0].min() > 0.5
    assert values[:, 1:].sum(axis=1).max() <= 1.001


def test_names_that_meet_are_numbered(voice: Path, tmp_path: Path) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    samples, rate = soundfile.read(voice)
    soundfile.write(folder / "VOICE.flac", samples * 0.1, rate)
    list(curves([voice, folder / "VOICE.flac", voice], tmp_path / "out"))
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["VOICE-2.csv", "voice-3.csv", "voice.csv"]
    quiet, loud = ((tmp_path / "out" / name).read_text(encoding="utf-8") for name in ("VOICE-2.csv", "voice.csv"))
    first, second = (
        np.array([line.split(",") for line in table.splitlines()[1:]], dtype=float) for table in (quiet, loud)
    )
    assert np.abs(first - second).max() < 0.05


def test_words_are_written_beside_the_curve(voice: Path, tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("Hello, wörld", encoding="utf-8")
    list(curves([voice], tmp_path / "out", text=text))
    header, hello, world = _rows(tmp_path / "out" / "voice.words.csv")
    assert header == ["text", "char", "start_s", "duration_s", "stressed", "timing"]
    assert (hello[0], world[0]) == ("Hello", "wörld")
    assert float(hello[2]) == pytest.approx(0.5, abs=0.03)
    assert {hello[5], world[5]} == {"estimated"}


def test_a_curve_and_a_words_file_never_meet(voice: Path, tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("Hello", encoding="utf-8")
    other = tmp_path / "voice.words.wav"
    other.write_bytes(voice.read_bytes())
    list(curves([voice, other], tmp_path / "out", text=text))
    assert len(list((tmp_path / "out").iterdir())) == 4


def test_one_bad_file_does_not_cost_the_others(voice: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.wav"
    bad.write_bytes(b"nothing")
    progress = curves([bad, voice, tmp_path / "absent.wav"], tmp_path / "out")
    assert "voice.wav" in next(progress)
    with pytest.raises(UsageError, match="2 of 3 files") as caught:
        next(progress)
    assert "bad.wav" in str(caught.value)
    assert "absent.wav" in str(caught.value)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["voice.csv"]


def test_silence_is_said_to_be_silence(tmp_path: Path) -> None:
    path = tmp_path / "hush.wav"
    soundfile.write(path, np.zeros(8000), 16000)
    (line,) = curves([path], tmp_path / "out")
    assert "no speech" in line


def test_a_text_that_is_no_text_is_refused_before_any_work(voice: Path, tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_bytes(b"\xff\x00\xfa")
    with pytest.raises(ScriptError, match="UTF-8"):
        list(curves([voice], tmp_path / "out", text=text))
    assert not (tmp_path / "out").exists()


def test_out_must_be_a_folder(voice: Path) -> None:
    with pytest.raises(UsageError, match="folder"):
        list(curves([voice], voice))
