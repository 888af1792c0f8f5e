from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avatar_bridge.errors import UsageError, VoiceError
from avatar_bridge.tts.coqui import CoquiEngine
from avatar_bridge.tts.coqui_times import timed_letters, timed_sounds

PEERS = Path(__file__).parent.parent / "peers" / "coqui"
SOURCES = Path(__file__).parent.parent.parent / "src"
HOP = 256 / 22050


def blanked(text: str) -> list[str]:
    return ["", *(part for letter in text for part in (letter, ""))]


@given(text=st.text("abc ˈː.", min_size=1, max_size=20), counts=st.lists(st.integers(0, 9), min_size=41, max_size=41))
def test_sounds_tile_the_audio(text: str, counts: list[int]) -> None:
    symbols = blanked(text)
    frames = counts[: len(symbols)]
    timed = timed_sounds(symbols, frames, HOP)
    at = 0.0
    for phoneme in timed:
        assert phoneme.at == pytest.approx(at, abs=1e-9)
        at = phoneme.at + phoneme.duration
    assert at == pytest.approx(sum(frames) * HOP, abs=1e-9)


def test_letters_that_a_cleaner_wrote_out_belong_to_the_number() -> None:
    read = "it costs forty two dollars."
    symbols = blanked(read)
    marks = timed_letters(symbols, [1] * len(symbols), HOP, "It costs 42 dollars.")
    said = [read[round(mark.at / HOP) // 2 : round((mark.at + mark.duration) / HOP) // 2] for mark in marks]
    assert [(mark.char, mark.length) for mark in marks] == [(0, 2), (3, 5), (9, 2), (12, 8)]
    assert said == ["it", "costs", "forty two", "dollars"]
    assert timed_letters(symbols, [1] * len(symbols), HOP, "...") == ()


def test_what_cannot_be_right_is_refused_before_anything_is_loaded(tmp_path: Path) -> None:
    for options, says in (
        ({}, "folder with model.pth"),
        ({"model": str(tmp_path / "none")}, "there is no"),
        ({"model": "tts_models/en/ljspeech/vits"}, "download = true"),
        ({"model": str(tmp_path), "device": "gpu"}, "cuda"),
        ({"model": str(tmp_path), "speaker_wav": "none.wav"}, "speaker_wav"),
        ({"model": str(tmp_path), "speed": 9.0}, "speed"),
    ):
        with pytest.raises(UsageError, match=says):
            CoquiEngine(**options)  # type: ignore[arg-type]


def test_missing_packages_are_named_with_the_way_to_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    with pytest.raises(VoiceError, match=r'pip install "avatar-bridge\[coqui\]"'):
        CoquiEngine(model=str(tmp_path))


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    python = os.environ.get("AVATAR_BRIDGE_COQUI_PYTHON")
    if python is None:
        pytest.skip(
            "no Python with Coqui TTS: make a venv, pip install torch==2.13.0, then coqui-tts==0.28.0 and six, "
            "and set AVATAR_BRIDGE_COQUI_PYTHON to its python"
        )
    paths = os.pathsep.join((str(SOURCES), str(PEERS / "stand_ins")))
    environment = {**os.environ, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1", "COQUI_TOS_AGREED": "0"}
    command = [python, "-W", "ignore", str(PEERS / "client.py"), str(tmp_path_factory.mktemp("coqui"))]
    done = subprocess.run(command, capture_output=True, env=environment, check=False, timeout=600)
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")[-3000:]
    told: dict[str, Any] = json.loads(done.stdout.decode("utf-8").splitlines()[-1])
    return told


@pytest.mark.peer(only_with="AVATAR_BRIDGE_COQUI_PYTHON")
def test_vits_tells_its_words_exactly_and_says_the_same_again(seen: dict[str, Any]) -> None:
    first, second = seen["letters"]["pieces"]
    assert seen["letters"]["timing"] == "words"
    assert [mark[0] for mark in first["marks"]] == ["Hello", "there,", "my", "friend!"]
    assert [mark[0] for mark in second["marks"]] == ["It", "costs", "42", "dollars."]
    for piece in (first, second):
        assert piece["hop"] == pytest.approx(HOP)
        ends = [0.0, *(at + duration for _, at, duration in piece["marks"]), piece["duration"]]
        starts = [*(at for _, at, _ in piece["marks"]), piece["duration"]]
        assert all(end <= start + 1e-9 for end, start in zip(ends, starts, strict=False))
        assert all(at / HOP == pytest.approx(round(at / HOP), abs=1e-6) for _, at, _ in piece["marks"])
    assert seen["letters"]["digest"] == seen["again"]["digest"] == seen["fresh"]["digest"]


@pytest.mark.peer(only_with="AVATAR_BRIDGE_COQUI_PYTHON")
def test_speed_and_pitch_change_what_they_should(seen: dict[str, Any]) -> None:
    plain, slow, high = (
        sum(piece["duration"] for piece in seen[name]["pieces"]) for name in ("letters", "slow", "high")
    )
    # an untrained model gives most letters one frame, which is rounded up: twice as slow is a little less than twice
    assert 1.5 * plain < slow <= 2.0 * plain
    assert 0.75 * plain < high < 1.05 * plain
    assert seen["high"]["pieces"][0]["hop"] == pytest.approx(HOP / 2, rel=1e-3)


@pytest.mark.peer(only_with="AVATAR_BRIDGE_COQUI_PYTHON")
def test_xtts_takes_a_voice_from_a_recording_and_streams(seen: dict[str, Any]) -> None:
    assert seen["clone"]["timing"] == "estimated"
    assert seen["clone"]["rate"] == 24000
    assert len(seen["clone"]["pieces"]) > 1
    assert all(piece["peak"] > 0 and not piece["marks"] for piece in seen["clone"]["pieces"])


@pytest.mark.peer(only_with="AVATAR_BRIDGE_COQUI_PYTHON")
def test_every_refusal_says_what_to_do(seen: dict[str, Any]) -> None:
    words = (
        "no ",
        "download = true",
        "COQUI_TOS_AGREED",
        "could not load",
        "speaker_wav",
        "de, en",
        "no speaker 'bob'",
    )
    words += ("graphics card", "there is no none.wav")
    assert len(seen["refused"]) == len(words)
    for told, word in zip(seen["refused"], words, strict=True):
        assert word in told
