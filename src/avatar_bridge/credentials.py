"""Keys of services by reference: where a key is kept stands in the settings, never the key itself."""

from __future__ import annotations

import os
import re
from pathlib import Path

from avatar_bridge.errors import SettingsError
from avatar_bridge.files import read_text

__all__ = ["Key", "check_reference", "find_key"]

_FORMS = "env:VARIABLE, file:PATH or keyring:SERVICE/NAME"
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
        """Return `text` with the key, wherever it stands in it, blotted out."""
        return text.replace(self._secret, "[key]") if self._secret else text

    def __repr__(self) -> str:
        return f"Key({self.place})"

    __str__ = __repr__


def check_reference(reference: str) -> str:
    """Return a reference to a key as it is; raises ValueError, which does not show it, for what is none."""
    if reference and not _REFERENCE.fullmatch(reference):
        raise ValueError(f"expected {_FORMS}: a key itself does not belong in the settings")
    return reference


def find_key(reference: str) -> Key:
    """Return the key that a reference names; raises SettingsError with the reference where there is none."""
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        raise SettingsError(f"expected a key's place as {_FORMS}; what was given is none of them (not shown)")
    found = _SOURCES[match["kind"]](match["place"], reference).strip()
    if not found:
        raise SettingsError(f"the key {reference} is empty; put the key there")
    if not (found.isascii() and found.isprintable()):
        raise SettingsError(f"the key {reference} holds characters that no key has; put the bare key there")
    return Key(found, reference)


def _from_environment(name: str, reference: str) -> str:
    value = os.environ.get(name)
    if value is None:
        raise SettingsError(f"the key {reference} is missing; set the environment variable {name}")
    return value


def _from_file(name: str, reference: str) -> str:
    path = Path(name).expanduser()
    if not path.is_file():
        raise SettingsError(f"the key {reference} is missing; put the key alone into that file")
    return read_text(path, SettingsError)


def _from_keyring(place: str, reference: str) -> str:
    service, _, name = place.rpartition("/")
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        raise SettingsError(
            f'the key {reference} needs the package keyring: pip install "avatar-bridge[keyring]", or use env: or file:'
        ) from None
    try:
        value: str | None = keyring.get_password(service or "avatar-bridge", name)
    except KeyringError as error:
        raise SettingsError(f"the key {reference} cannot be read: {error}; use env: or file: instead") from None
    if value is None:
        raise SettingsError(f"the key {reference} is missing; keep it with: keyring set {service} {name}")
    return value


_SOURCES = {"env": _from_environment, "file": _from_file, "keyring": _from_keyring}
