"""Keys of services by reference: where a key is kept stands in the settings, never the key itself."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from urllib.parse import quote

from avatar_bridge.errors import SettingsError
from avatar_bridge.files import read_text

__all__ = ["Key", "check_reference", "find_key"]

_FORMS = "env:VARIABLE, file:PATH or keyring:SERVICE/NAME"
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SHOUTED = re.compile(r"[A-Z_][A-Z0-9_]*")
_ASSIGNED = re.compile(r"(?:export\s+|set\s+)?[A-Z][A-Z0-9_]*=[^=]")
_LARGEST = 64 << 10
_REFERENCE = re.compile(r"(?P<kind>env|file|keyring):(?P<place>.+)", re.DOTALL)


class Key:
    """A key that no print, log or traceback shows."""

    __slots__ = ("_secret", "place")

    def __init__(self, secret: str, place: str) -> None:
        self._secret = secret
        self.place = place
        """The reference that it was found by: what a message may name."""

    def reveal(self) -> str:
        """Return the key itself, for the request that needs it."""
        return self._secret

    def hide(self, text: str) -> str:
        """Return `text` with the key, wherever it stands in it, blotted out; as JSON or an address writes it, too."""
        secret = self._secret
        forms = {
            secret,
            secret.strip(),
            json.dumps(secret)[1:-1],
            repr(secret)[1:-1],
            quote(secret, safe=""),
            quote(secret),
        }
        for form in sorted(filter(None, forms), key=len, reverse=True):
            text = text.replace(form, "[key]")
        return text

    def __repr__(self) -> str:
        return f"Key({self.place})"

    __str__ = __repr__


def check_reference(reference: str) -> str:
    """Return a reference to a key as it is; raises ValueError, which does not show it, for what is none."""
    if reference and _taken_apart(reference) is None:
        raise ValueError(f"expected {_FORMS}: a key itself does not belong in the settings")
    return reference


def find_key(reference: str) -> Key:
    """Return the key that a reference names; raises SettingsError with the reference where there is none."""
    parts = _taken_apart(reference)
    if parts is None:
        raise SettingsError(f"expected a key's place as {_FORMS}; what was given is none of them (not shown)")
    kind, place = parts
    found = _SOURCES[kind](place, reference).strip()
    if not found:
        raise SettingsError(f"the key {reference} is empty; put the key there")
    if _ASSIGNED.match(found) or found[0] in "\"'":
        raise SettingsError(f"the key {reference} stands in quotes or after a NAME=; put the bare key there")
    if not (found.isascii() and found.isprintable() and len(found.split()) == 1):
        raise SettingsError(f"the key {reference} holds characters that no key has; put the bare key there, alone")
    return Key(found, reference)


def _taken_apart(reference: str) -> tuple[str, str] | None:
    """Return kind and place; None for what is no reference, a key put where its variable's name belongs included."""
    match = _REFERENCE.fullmatch(reference)
    if match is None or (match["kind"] == "env" and not _VARIABLE.fullmatch(match["place"])):
        return None
    return match["kind"], match["place"]


def _from_environment(name: str, reference: str) -> str:
    value = os.environ.get(name)
    if value is None and not _SHOUTED.fullmatch(name):
        raise SettingsError(
            "the key env:... is missing: there is no environment variable of the name that stands there (not shown, "
            "for it may be the key itself); set the variable, and put its name after env:"
        )
    if value is None:
        raise SettingsError(f"the key {reference} is missing; set the environment variable {name}")
    return value


def _from_file(name: str, reference: str) -> str:
    try:
        path = Path(name).expanduser()
        size = path.stat().st_size if path.is_file() else None
    except (OSError, RuntimeError, ValueError):
        size = None
    if size is None:
        raise SettingsError(f"the key {reference} is missing; put the key alone into that file")
    if size > _LARGEST:
        raise SettingsError(f"the key {reference} is too large a file for a key; put the key alone into it")
    return read_text(path, SettingsError)


def _from_keyring(place: str, reference: str) -> str:
    service, _, name = place.rpartition("/")
    service = service or "avatar-bridge"
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        raise SettingsError(
            f'the key {reference} needs the package keyring: pip install "avatar-bridge[keyring]", or use env: or file:'
        ) from None
    try:
        value: str | None = keyring.get_password(service, name)
    except KeyringError as error:
        raise SettingsError(f"the key {reference} cannot be read: {error}; use env: or file: instead") from None
    if value is None:
        raise SettingsError(f"the key {reference} is missing; keep it with: keyring set {service} {name}")
    return value


_SOURCES = {"env": _from_environment, "file": _from_file, "keyring": _from_keyring}
