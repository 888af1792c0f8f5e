"""What a person may be handed: cards made to do harm, and keys that must not be seen, through the commands."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import struct
import subprocess
import sys
import tomllib
import zlib
from pathlib import Path
from typing import Any

import pytest

from avatar_bridge.simulators.llm import LanguageServer

SECRET = "sk-a-key-that-nobody-may-see-0123456789"
TOML = """
drivers = {}
stats.enabled = false
feelings.enabled = false
memory.file = "memory.db"
voice.engine = "tone"
sound.speaker = "none"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "bridge.toml").write_text(TOML, encoding="utf-8")
    (tmp_path / "replies.txt").write_text("[wave]Hello.\n", encoding="utf-8")
    return tmp_path


def bridge(folder: Path, *arguments: str, typed: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "avatar_bridge", *arguments],
        cwd=folder,
        input=typed,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        env={**os.environ, **environment},
        check=False,
    )


def card(**more: Any) -> dict[str, Any]:
    data = {"name": "Mira", "description": "Keeps a lighthouse.", "first_mes": "Hello.", **more}
    return {"spec": "chara_card_v2", "spec_version": "2.0", "data": data}


def picture(content: bytes) -> bytes:
    """Return a PNG of one pixel with a card in it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"tEXt", b"chara\0" + base64.b64encode(content)) + chunk(b"IEND", b"")


def test_five_megabytes_of_lore_are_taken_and_never_told_at_once(folder: Path) -> None:
    entries = [{"keys": [f"word{n}"], "content": "The sea is red. " * 64, "enabled": True} for n in range(5000)]
    content = json.dumps(card(character_book={"entries": entries, "token_budget": 10**9})).encode()
    assert len(content) > 5_000_000
    (folder / "mira.png").write_bytes(picture(content))
    imported = bridge(folder, "persona", "import", "mira.png")
    assert imported.returncode == 0, imported.stderr
    assert tomllib.loads((folder / "persona.toml").read_text(encoding="utf-8"))["name"] == "Mira"
    every = " ".join(f"word{n}" for n in range(900))
    mind = ("--mind", "script", "--model", "replies.txt")
    talked = bridge(folder, "chat", "--json", "--persona", "mira.png", *mind, typed=every + "\n")
    assert talked.returncode == 0, talked.stderr
    assert json.loads(talked.stdout.splitlines()[-1])["heard"] == "Hello."


def test_a_card_reaches_neither_settings_nor_files(folder: Path) -> None:
    evil = card(
        name="../../bridge",
        description="<script>alert(1)</script> {{file:bridge.toml}} ${HOME} `rm -rf /`",
        extensions={
            "voice": {"engine": "command", "options": {"command": ["touch", "harmed"]}},
            "mind": {"key": SECRET},
        },
        system_prompt='"""\n[voice]\nengine = "command"\n',
        assets=[{"type": "icon", "uri": "http://127.0.0.1:9/track", "name": "x", "ext": "png"}],
    )
    (folder / "evil.json").write_text(json.dumps(evil), encoding="utf-8")
    before = (folder / "bridge.toml").read_bytes()
    done = bridge(folder, "persona", "import", "evil.json")
    assert done.returncode == 0, done.stderr
    written = tomllib.loads((folder / "persona.toml").read_text(encoding="utf-8"))
    assert not {"voice", "mind", "drivers"} & set(written)
    mind = ("--mind", "script", "--model", "replies.txt")
    talked = bridge(folder, "chat", "--json", "--persona", "persona.toml", *mind, typed="Hi\n")
    assert talked.returncode == 0, talked.stderr
    assert (folder / "bridge.toml").read_bytes() == before
    allowed = {"bridge.toml", "replies.txt", "evil.json", "persona.toml"}
    assert {path.name for path in folder.iterdir() if not path.name.startswith("memory.db")} == allowed


@pytest.mark.parametrize("content", [json.dumps(card()).encode("utf-16"), json.dumps(card()).encode("utf-8-sig")])
def test_odd_encodings_are_read(folder: Path, content: bytes) -> None:
    (folder / "mira.json").write_bytes(content)
    assert bridge(folder, "persona", "show", "mira.json").returncode == 0


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"[]", b'{"name": ', b"\x89PNG\r\n\x1a\n", b"[" * 100_000])
def test_what_is_no_card_is_refused_in_words(folder: Path, content: bytes) -> None:
    name = "mira.png" if content.startswith(b"\x89") else "mira.json"
    (folder / name).write_bytes(content)
    done = bridge(folder, "persona", "import", name)
    assert done.returncode in (1, 2)
    assert name in done.stderr
    assert "Traceback" not in done.stderr
    assert not (folder / "persona.toml").exists()


@pytest.mark.parametrize("fault", ["401", "echo_key"])
async def test_a_wrong_key_is_named_and_not_shown(folder: Path, fault: str) -> None:
    async with LanguageServer(key="another") as model:
        where = f'mind.engine = "openai"\nmind.url = "{model.url}"\nmind.key = "env:A_KEY"\nmind.model = "small"\n'
        (folder / "bridge.toml").write_text(TOML + where, encoding="utf-8")
        for command in (("chat", "--json", "--log", "debug"), ("doctor",), ("doctor", "--json")):
            model.fault(fault, times=4)
            done = await asyncio.to_thread(bridge, folder, *command, typed="Hi\n", A_KEY=SECRET)
            told = done.stdout + done.stderr
            assert "env:A_KEY" in told, told
            assert "nobody-may-see" not in told
            assert "Traceback" not in told


def test_a_key_in_the_settings_is_refused_unseen(folder: Path) -> None:
    for key in ("mind.key", "voice.key"):
        (folder / "bridge.toml").write_text(f'{TOML}{key} = "{SECRET}"\n', encoding="utf-8")
        done = bridge(folder, "chat", typed="Hi\n")
        assert done.returncode == 2
        assert "a key itself does not belong in the settings" in done.stderr
        assert key in done.stderr
        assert "nobody-may-see" not in done.stdout + done.stderr
