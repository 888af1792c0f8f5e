"""The command line as a user meets it: streams, exit codes, and one plain line for every mistake."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

COMMANDS = ["demo", "perform", "render", "parse", "lipsync", "maps", "doctor", "simulate", "bench"]
COMMANDS += ["chat", "init", "mcp", "persona", "serve", "stats"]
UNREACHABLE = """
[voice]
engine = "tone"
[sound]
speaker = "none"
[drivers.vts]
url = "ws://127.0.0.1:9"
options = { discovery_port = 1 }
"""


def run(*arguments: str, stdin: bytes = b"", cwd: Path | None = None) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "avatar_bridge", *arguments],
        input=stdin,
        capture_output=True,
        timeout=60,
        cwd=cwd,
        check=False,
    )


@pytest.fixture
def quiet_settings(tmp_path: Path) -> Path:
    path = tmp_path / "quiet.toml"
    path.write_text('[voice]\nengine = "tone"\n[sound]\nspeaker = "none"\n[drivers]\n', encoding="utf-8")
    return path


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command: str) -> None:
    done = run(command, "--help")
    assert done.returncode == 0
    assert b"Example: " in done.stdout


def test_wrong_usage_is_two() -> None:
    assert run("perform").returncode == 2
    assert run("dance").returncode == 2
    assert run("perform", "-", "--speed", "fast").returncode == 2


def test_a_missing_file_is_one_plain_line(quiet_settings: Path) -> None:
    done = run("perform", "nowhere.txt", "--settings", str(quiet_settings))
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
    assert b"nowhere.txt: cannot be read" in done.stderr


def test_a_bad_setting_names_file_key_and_value(tmp_path: Path) -> None:
    path = tmp_path / "bridge.toml"
    path.write_text("[voice]\nsped = 2.0\n", encoding="utf-8")
    done = run("perform", "-", "--settings", str(path), stdin=b"hi")
    assert done.returncode == 2
    assert b"voice.sped" in done.stderr


def test_an_unknown_voice_names_the_nearest(quiet_settings: Path) -> None:
    done = run("perform", "-", "--settings", str(quiet_settings), "--voice", "piperr", stdin=b"hi")
    assert done.returncode == 2
    assert b"did you mean 'piper'" in done.stderr


def test_perform_tells_programs_what_was_heard(quiet_settings: Path) -> None:
    done = run("perform", "-", "--settings", str(quiet_settings), "--json", stdin="Hello [nod] there. 🙂".encode())
    assert done.returncode == 0, done.stderr
    data = json.loads(done.stdout)
    assert data["heard"].strip() == "Hello there."
    assert data["complete"] is True
    assert data["timing"] in {"phonemes", "words"}


@pytest.mark.parametrize("script", [b"", b"\n\n", "🙂".encode(), b"[smile]"])
def test_input_without_words_is_no_failure(quiet_settings: Path, script: bytes) -> None:
    assert run("perform", "-", "--settings", str(quiet_settings), stdin=script).returncode == 0


def test_input_that_is_not_utf8_says_where(quiet_settings: Path) -> None:
    done = run("perform", "-", "--settings", str(quiet_settings), stdin=b"caf\xe9 is nice")
    assert done.returncode == 2
    assert b"expected UTF-8 text, but byte 3" in done.stderr
    assert b"Traceback" not in done.stderr


def test_what_came_before_a_broken_byte_is_still_spoken(quiet_settings: Path, tmp_path: Path) -> None:
    trace = tmp_path / "trace.jsonl"
    wav = tmp_path / "heard.wav"
    script = b"One two three. " + b" " * 5000 + b"\xff"
    done = run("perform", "-", "--settings", str(quiet_settings), "--record", str(wav), stdin=script)
    assert done.returncode == 2
    assert wav.stat().st_size > 10_000
    assert not trace.exists()


def test_utf16_with_a_mark_is_read_as_windows_writes_it() -> None:
    done = run("parse", "-", "--json", stdin="Hi [wave] Jürgen".encode("utf-16"))
    assert json.loads(done.stdout)["speech"] == "Hi Jürgen"


def test_a_closed_pipe_is_quiet(tmp_path: Path) -> None:
    script = tmp_path / "long.txt"
    script.write_text("word " * 200_000, encoding="utf-8")
    child = subprocess.Popen(
        [sys.executable, "-m", "avatar_bridge", "parse", str(script), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert child.stdout is not None
    assert child.stderr is not None
    child.stdout.read(10)
    child.stdout.close()
    errors = child.stderr.read()
    child.stderr.close()
    assert child.wait(timeout=60) in {0, 1}
    assert errors == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_a_full_output_is_one_plain_line() -> None:
    with Path("/dev/full").open("wb") as full:
        command = [sys.executable, "-m", "avatar_bridge", "maps", "schema"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(b"error: ")
    assert b"Traceback" not in done.stderr


def test_parse_prints_the_form_that_others_build_on() -> None:
    done = run(
        "parse", "-", "--json", "--chunk", "1", stdin=b"Hi there! [wave] I'm [smile 0.8]so happy[/smile] you came."
    )
    data = json.loads(done.stdout)
    assert data["speech"].strip() == "Hi there! I'm so happy you came."
    assert [(cue["name"], cue["at"]) for cue in data["cues"]] == [("wave", 10), ("smile", 14)]
    assert data["cues"][1]["args"] == {"strength": 0.8}
    assert {"name", "at", "args", "source"} <= set(data["cues"][0])
    assert data["diagnostics"] == []


def test_the_trace_has_a_line_for_each_frame(tmp_path: Path) -> None:
    settings = tmp_path / "bridge.toml"
    settings.write_text(UNREACHABLE, encoding="utf-8")
    trace = tmp_path / "trace.jsonl"
    done = run("perform", "-", "--settings", str(settings), "--trace", str(trace), stdin=b"One two three four five.")
    assert done.returncode == 0, done.stderr
    assert b"vts is unreachable" in done.stderr
    rows = [json.loads(line) for line in trace.read_text(encoding="utf-8").splitlines()]
    assert len(rows) > 60
    assert set(rows[0]) == {"due_s", "playhead_s", "late_ms", "driver", "kind", "body"}


@pytest.mark.skipif(sys.platform == "win32", reason="a signal to one process is a POSIX notion")
@pytest.mark.parametrize("lines", [1, 2, 3])
@pytest.mark.parametrize("request_to_end", [signal.SIGINT, signal.SIGTERM])
def test_a_request_to_end_leaves_without_a_traceback(
    tmp_path: Path, lines: int, request_to_end: signal.Signals
) -> None:
    settings = tmp_path / "bridge.toml"
    settings.write_text(UNREACHABLE, encoding="utf-8")
    child = subprocess.Popen(
        [sys.executable, "-m", "avatar_bridge", "perform", "-", "--settings", str(settings)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert child.stdin is not None
    assert child.stderr is not None
    child.stdin.write(b"[smile] One two three four five six seven eight nine ten. " * 30)
    child.stdin.flush()
    for _ in range(lines):
        assert child.stderr.readline()
    child.send_signal(request_to_end)
    _, errors = child.communicate(timeout=30)
    assert child.returncode == 1
    assert errors.endswith(b"stopped\n")
    assert b"Traceback" not in errors


@pytest.mark.skipif(sys.platform == "win32", reason="a signal to one process is a POSIX notion")
def test_a_request_to_end_closes_the_mouth_and_switches_off_what_was_on(tmp_path: Path) -> None:
    record = tmp_path / "frames.jsonl"
    command = [sys.executable, "-m", "avatar_bridge", "simulate", "vts", "--port", "0", "--no-broadcast", "--no-view"]
    simulator = subprocess.Popen([*command, "--record", str(record)], stdout=subprocess.PIPE)
    assert simulator.stdout is not None
    try:
        url = simulator.stdout.readline().decode().split("ws://", 1)[1].split(maxsplit=1)[0]
        settings = tmp_path / "bridge.toml"
        token = (tmp_path / "token.json").as_posix()
        mine = f'url = "ws://{url}"\noptions = {{ discovery_port = 1, token_path = "{token}" }}\n'
        settings.write_text(UNREACHABLE.split("url =", maxsplit=1)[0] + mine, encoding="utf-8")
        child = subprocess.Popen(
            [sys.executable, "-m", "avatar_bridge", "perform", "-", "--settings", str(settings)],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert child.stdin is not None
        assert child.stderr is not None
        child.stdin.write(b"Anna and Omar [nod] are all around, and all are in awe of an avocado. " * 9)
        child.stdin.flush()
        while b"nod" not in child.stderr.readline():
            pass
        child.send_signal(signal.SIGTERM)
        child.communicate(timeout=30)
    finally:
        simulator.terminate()
        simulator.communicate(timeout=30)
    rows = [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()]
    mouth = [row["values"]["MouthOpen"] for row in rows if row["kind"] == "frame"]
    assert max(mouth) > 0.2
    assert mouth[-1] < 0.01
    assert rows[-1]["kind"] == "disconnect"
