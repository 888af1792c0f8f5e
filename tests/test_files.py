"""Files are written whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
import sys
import threading
from pathlib import Path
from typing import Any, NoReturn

import pytest

from avatar_bridge import files
from avatar_bridge.errors import SettingsError, WorldError
from avatar_bridge.files import read_text, write_atomically


def test_text_is_utf8_with_line_feeds_and_folders_are_made(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "a.txt"
    write_atomically(path, "é\n🙂\n")
    assert path.read_bytes() == "é\n🙂\n".encode()
    write_atomically(path, b"\x00\r\n")
    assert path.read_bytes() == b"\x00\r\n"
    assert [file.name for file in path.parent.iterdir()] == ["a.txt"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_a_private_file_is_its_owners_alone_and_others_are_as_usual(tmp_path: Path) -> None:
    write_atomically(tmp_path / "secret", "x", private=True)
    write_atomically(tmp_path / "open", "x")
    (tmp_path / "usual").write_text("x", encoding="utf-8")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes["secret"] == 0o600
    assert modes["open"] == modes["usual"]


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.ENOSPC, "the disk is full; free some space and try again"),
        (errno.EDQUOT, "the disk is full; free some space and try again"),
        (errno.EACCES, "writing is not allowed there; choose another folder"),
        (errno.EROFS, "writing is not allowed there; choose another folder"),
        (errno.EIO, os.strerror(errno.EIO)),
    ],
)
@pytest.mark.parametrize("step", ["open", "fsync", "replace"])
def test_a_failure_leaves_what_was_there_and_nothing_else(
    step: str, number: int, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.txt"
    write_atomically(path, "before")

    def fail(*_: Any, **__: Any) -> NoReturn:
        raise OSError(number, os.strerror(number))

    owner: Any = {"open": files.os, "fsync": files.os, "replace": Path}[step]
    monkeypatch.setattr(owner, step, fail)
    with pytest.raises(WorldError) as caught:
        write_atomically(path, "after" * 1000)
    assert str(caught.value) == f"{path} cannot be written: {reason}"
    assert path.read_text(encoding="utf-8") == "before"
    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]


def test_a_stop_at_the_last_moment_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: Any) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr(files.os, "fsync", stop)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / "a.txt", "x")
    assert list(tmp_path.iterdir()) == []


def test_a_name_may_be_as_long_as_the_system_allows(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 250 + ".txt")
    write_atomically(path, "x")
    assert path.read_text(encoding="utf-8") == "x"


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(WorldError, match="cannot be written"):
        write_atomically(tmp_path / "a" / "..", "x")


def test_a_file_where_a_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x", encoding="utf-8")
    with pytest.raises(WorldError, match="cannot be written"):
        write_atomically(tmp_path / "a" / "b.txt", "x")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not replace a file that someone reads")
def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    texts = {letter * 50_000 for letter in "ab"}
    write_atomically(path, "a" * 50_000)
    done = threading.Event()
    seen: set[str] = set()

    def read() -> None:
        while not done.is_set():
            seen.add(path.read_text(encoding="utf-8"))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for _ in range(20):
            for text in texts:
                write_atomically(path, text)
    finally:
        done.set()
        reader.join()
    assert seen <= texts


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_text_is_read_as_windows_writes_it(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes('name = "脸红"\r\nkind = 1\r\n'.encode(encoding))
    assert read_text(path, SettingsError) == 'name = "脸红"\nkind = 1\n'


def test_text_in_an_old_encoding_is_refused_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes("zä".encode("cp1252"))
    with pytest.raises(SettingsError, match=r"a\.toml: expected UTF-8 text; byte 1 is not"):
        read_text(path, SettingsError)
