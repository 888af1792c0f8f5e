from __future__ import annotations

import contextlib
import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from avatar_bridge.errors import ModelError
from avatar_bridge.llm.gguf import GgufModel, read_gguf


def text(value: str) -> bytes:
    raw = value.encode()
    return struct.pack("<Q", len(raw)) + raw


def header(version: int = 3) -> bytes:
    entries = [
        text("general.architecture") + struct.pack("<I", 8) + text("llama"),
        text("some.flag") + struct.pack("<I?", 7, True),
        text("tokenizer.tokens") + struct.pack("<IIQ", 9, 8, 2) + text("a") + text("b"),
        text("tokenizer.scores") + struct.pack("<IIQ3f", 9, 6, 3, 0.5, 1.0, 2.0),
        text("llama.context_length") + struct.pack("<II", 4, 2048),
        text("tokenizer.chat_template") + struct.pack("<I", 8) + text("{{ messages }}"),
    ]
    return b"GGUF" + struct.pack("<IQQ", version, 0, len(entries)) + b"".join(entries)


def test_what_a_file_tells(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(header())
    assert read_gguf(path) == GgufModel("llama", 2048, "{{ messages }}")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "begins with b''"),
        (b"<html>", "begins with b'<htm'"),
        (header(version=1), r"version is 1, expected one of \(2, 3\)"),
        (header()[:60], "no whole GGUF file"),
    ],
)
def test_a_broken_file_is_named(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=message) as raised:
        read_gguf(path)
    assert str(path) in str(raised.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"none\.gguf cannot be read: .*give the path of a \.gguf"):
        read_gguf(tmp_path / "none.gguf")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(at=st.integers(4, len(header()) - 1), byte=st.integers(0, 255))
def test_a_byte_gone_wrong_raises_nothing_else(at: int, byte: int, tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    whole = bytearray(header())
    whole[at] = byte
    path.write_bytes(whole)
    with contextlib.suppress(ModelError):
        assert read_gguf(path).architecture is not None
