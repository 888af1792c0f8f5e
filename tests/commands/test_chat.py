"""`chat` as people and programs use it: through a pipe, and at a terminal with Ctrl-C."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from avatar_bridge.commands.chat import as_text
from avatar_bridge.commands.chat_orders import Orders

TOML = """
drivers = {}
stats.enabled = false
feelings.enabled = false
memory.file = "memory.db"
voice.engine = "tone"
sound.speaker = "none"
"""
REPLIES = "[wave]Hello.\n---\n[nod]Yes.\n"
LONG = "This is a story that goes on and on. " * 40


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "bridge.toml").write_text(TOML, encoding="utf-8")
    (tmp_path / "replies.txt").write_text(REPLIES, encoding="utf-8")
    (tmp_path / "long.txt").write_text(LONG, encoding="utf-8")
    return tmp_path


def command(*more: str, model: str = "replies.txt") -> list[str]:
    return [sys.executable, "-m", "avatar_bridge", "chat", "--mind", "script", "--model", model, *more]


def chat(folder: Path, typed: str, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*more),
        cwd=folder,
        input=typed,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def test_a_line_is_a_turn_and_programs_get_one_object_each(folder: Path) -> None:
    done = chat(folder, "Hi\r\nAre you well?", "--json")
    assert done.returncode == 0, done.stderr
    first, second = map(json.loads, done.stdout.splitlines())
    assert (first["user"], first["heard"], first["cues"]) == ("Hi", "Hello.", ["wave"])
    assert (second["user"], second["heard"], second["cues"]) == ("Are you well?", "Yes.", ["nod"])
    assert first["interrupted"] is False
    assert 0.0 < first["first_sound_s"] < 30.0
    written = chat(folder, "", "--export", "talk.jsonl")
    assert written.returncode == 0
    rows = [json.loads(row) for row in (folder / "talk.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["said"] for row in rows] == ["[wave]Hello.", "[nod]Yes."]
    assert "2 turns" in chat(folder, "", "--forget").stderr
    assert "0 turns" in chat(folder, "", "--export", "-").stderr


def test_orders_begin_with_a_slash(folder: Path) -> None:
    typed = "Hi\n/act nod\n/act nodd\n/interupt\n/act\n/export -\n//me waves\n/help\n/forget\n/quit\nnever said\n"
    done = chat(folder, typed)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["Avatar: Hello.", "You: Hi", "Avatar: [wave]Hello.", "Avatar: Yes."]
    for words in (
        "'nodd'",
        "did you mean /interrupt?",
        "expected /act NAME",
        "1 turns are written",
        "forgotten 2 turns",
    ):
        assert words in done.stderr
    assert chat(folder, "", "--export", "-").stdout == ""


def test_a_model_that_fails_is_told(folder: Path) -> None:
    (folder / "replies.txt").unlink()
    (folder / "replies.jsonl").write_text('{"at": 0.0, "error": "the server is down"}\n', encoding="utf-8")
    done = chat(folder, "Hi\n", "--model", "replies.jsonl")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("the server is down") == 1


def test_an_empty_answer_is_none(folder: Path) -> None:
    (folder / "replies.txt").write_text("<think>Hm.</think>\n---\n[nod]\n", encoding="utf-8")
    assert "nothing but its thinking" in (done := chat(folder, "Hi\n")).stderr
    assert done.returncode == 1
    (folder / "replies.txt").write_text("[nod]\n", encoding="utf-8")
    assert chat(folder, "Hi\n").returncode == 0


def test_options_that_contradict_are_refused(folder: Path) -> None:
    assert chat(folder, "", "--forget", "--export", "x").returncode == 2
    assert not (folder / "x").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal of our own is had by pty, which Windows lacks")
def test_ctrl_c_interrupts_and_twice_ends(folder: Path) -> None:
    import pty

    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command(model="long.txt"), cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    )
    os.close(theirs)
    seen = bytearray()

    def until(words: bytes | Callable[[], bool]) -> None:
        deadline = time.monotonic() + 60.0
        while not (words() if callable(words) else words in seen):
            assert time.monotonic() < deadline, seen.decode("utf-8", "replace")
            seen.extend(os.read(ours, 4096))

    try:
        until(b"\n> ")
        os.write(ours, b"Tell me a story.\n")
        until(b"This is a story")
        assert b"goes on and on. " * 40 not in seen, "it is shown as it is heard"
        process.send_signal(2)
        until("—".encode())
        process.send_signal(2)
        assert process.wait(timeout=60) == 0
        assert seen.count(b"Avatar: ") == 1, "what was shown is shown again"
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    kept = chat(folder, "", "--export", "-").stdout
    assert kept.startswith("You: Tell me a story.\nAvatar: This is a")
    assert "[interrupted]" in kept


def test_a_crash_in_mid_answer_keeps_what_was_heard(folder: Path) -> None:
    process = subprocess.Popen(command(model="long.txt"), cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    assert process.stdin is not None
    try:
        process.stdin.write(b"Tell me a story.\n")
        process.stdin.flush()
        deadline = time.monotonic() + 60.0
        while "This is" not in chat(folder, "", "--export", "-").stdout:
            assert time.monotonic() < deadline
            assert process.poll() is None
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
    kept = chat(folder, "", "--export", "-").stdout
    assert kept.startswith("You: Tell me a story.\nAvatar: This is")
    assert kept.endswith(" — [interrupted]\n")
    assert len(kept) < len(LONG)


def test_a_key_that_is_missing_is_all_that_is_told(folder: Path) -> None:
    done = chat(folder, "Hi\n", "--mind", "openai", "--mind-url", "http://127.0.0.1:9/v1")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1, done.stderr
    (folder / "bridge.toml").write_text(f'{TOML}mind.key = "env:NO_SUCH_VARIABLE_HERE"\n', encoding="utf-8")
    done = chat(folder, "Hi\n", "--mind", "openai")
    assert done.returncode in (1, 2)
    assert "NO_SUCH_VARIABLE_HERE" in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr


def test_what_was_said_is_written_for_people() -> None:
    turns = [
        {"user": "", "name": "", "said": "Welcome!", "interrupted": False},
        {"user": "Hi", "name": "Ann", "said": "Hel", "interrupted": True},
        {"user": "Hm", "name": "", "said": "", "interrupted": False},
    ]
    assert as_text(turns, "Aria") == "Aria: Welcome!\nAnn: Hi\nAria: Hel — [interrupted]\nYou: Hm\n"


def test_every_order_is_known() -> None:
    assert "did you mean /forget?" in Orders._unknown("forge")
