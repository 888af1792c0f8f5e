"""Keys by reference: found where they are kept, shown nowhere."""

from __future__ import annotations

import copy
import sys
from pathlib import Path
from types import ModuleType

import pytest

from avatar_bridge.credentials import Key, check_reference, find_key
from avatar_bridge.errors import SettingsError


def test_a_key_shows_its_place_alone() -> None:
    key = Key("s3cret", "env:X")
    assert f"{key} {key!r} {[key]} {key!s:>9}" == "Key(env:X) Key(env:X) [Key(env:X)] Key(env:X)"
    assert key.reveal() == "s3cret"
    assert copy.copy(key).reveal() == "s3cret"


def test_a_key_is_hidden_as_others_may_write_it() -> None:
    key = Key('a"b/c+d=', "env:X")
    for written in ('a"b/c+d=', 'a\\"b/c+d=', "a%22b%2Fc%2Bd%3D", "a%22b/c%2Bd%3D"):
        assert key.hide(f"<{written}>") == "<[key]>"
    assert Key("", "env:X").hide("abc") == "abc"


@pytest.mark.parametrize("reference", ["", "env:A_KEY", "file:~/key.txt", "file:C:\\keys\\a b", "keyring:openai/me"])
def test_references_are_taken_as_they_are(reference: str) -> None:
    assert check_reference(reference) == reference


@pytest.mark.parametrize(
    "reference", ["sk-ant-s3cret", "env:sk-s3cret", "env:", "vault:s3cret", "ENV:s3cret", "env:a b"]
)
def test_a_key_in_place_of_a_reference_is_refused_without_being_shown(reference: str) -> None:
    with pytest.raises(ValueError, match="env:VARIABLE") as error:
        check_reference(reference)
    assert "s3cret" not in str(error.value)
    with pytest.raises(SettingsError, match="not shown") as told:
        find_key(reference)
    assert "s3cret" not in str(told.value)


def test_a_key_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", "  sk-123\n")
    assert find_key("env:A_KEY").reveal() == "sk-123"
    monkeypatch.delenv("A_KEY")
    with pytest.raises(SettingsError, match="set the environment variable A_KEY"):
        find_key("env:A_KEY")


def test_a_key_that_could_be_a_variables_name_is_not_shown() -> None:
    with pytest.raises(SettingsError, match="may be the key itself") as error:
        find_key("env:abcdef0123456789")
    assert "abcdef" not in str(error.value)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("   ", "is empty"),
        ("sk-s3cret\nsk-s3cret2", "alone"),
        ("Bearer s3cret", "alone"),
        ("s3cret\x00", "alone"),
        ("schlüssel-s3cret", "alone"),
        ('"sk-s3cret"', "bare key"),
        ("OPENAI_API_KEY=sk-s3cret", "bare key"),
        ("export KEY=sk-s3cret", "bare key"),
    ],
)
def test_what_is_no_bare_key_is_named_and_not_shown(value: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "key.txt"
    path.write_text(value, encoding="utf-8")
    with pytest.raises(SettingsError, match=words) as error:
        find_key(f"file:{path}")
    assert "s3cret" not in str(error.value)
    assert str(path) in str(error.value)


@pytest.mark.parametrize("key", ["dGVzdA==", "QUJD=", "abc_DEF-123.456", "AAAA=="])
def test_keys_of_many_forms_are_keys(key: str, tmp_path: Path) -> None:
    path = tmp_path / "key.txt"
    path.write_bytes(b"\xef\xbb\xbf" + key.encode() + b"\r\n")
    assert find_key(f"file:{path}").reveal() == key


def test_a_file_that_is_none_or_too_large(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nothing.txt", "a\0b"):
        with pytest.raises(SettingsError, match="is missing"):
            find_key(f"file:{path}")
    (tmp_path / "large").write_text("x" * 100_000, encoding="utf-8")
    with pytest.raises(SettingsError, match="too large"):
        find_key(f"file:{tmp_path / 'large'}")


class _KeyringError(Exception):
    pass


@pytest.fixture
def keyring(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, str], str]:
    kept: dict[tuple[str, str], str] = {}

    def get_password(service: str, name: str) -> str | None:
        if service == "locked":
            raise _KeyringError("no backend")
        return kept.get((service, name))

    module, errors = ModuleType("keyring"), ModuleType("keyring.errors")
    vars(module)["get_password"] = get_password
    vars(errors)["KeyringError"] = _KeyringError
    monkeypatch.setitem(sys.modules, "keyring", module)
    monkeypatch.setitem(sys.modules, "keyring.errors", errors)
    return kept


def test_a_key_of_the_keyring(keyring: dict[tuple[str, str], str]) -> None:
    keyring["openai", "me"] = "sk-1"
    keyring["avatar-bridge", "me"] = "sk-2"
    assert find_key("keyring:openai/me").reveal() == "sk-1"
    assert find_key("keyring:me").reveal() == "sk-2"
    with pytest.raises(SettingsError, match="keyring set avatar-bridge you"):
        find_key("keyring:you")
    with pytest.raises(SettingsError, match="no backend; use env: or file:"):
        find_key("keyring:locked/me")


def test_without_a_keyring_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(SettingsError, match=r"avatar-bridge\[keyring\]"):
        find_key("keyring:a/b")
