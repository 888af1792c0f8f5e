"""Which avatar is worn in VRChat: its own message says, and its own file tells what that avatar has."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from avatar_bridge.errors import ProtocolError
from avatar_bridge.wire.osc import read
from avatar_bridge.wire.vrchat import AVATAR_ID, Avatar, read_avatar

__all__ = ["AvatarEar", "find_avatar", "osc_folders"]

_LOCAL_LOW: Final = Path("AppData", "LocalLow", "VRChat", "VRChat", "OSC")
_STEAM: Final = Path(".local", "share", "Steam", "steamapps", "compatdata", "438100", "pfx", "drive_c", "users")
_MOST: Final = 4 * 2**20


def osc_folders(home: Path | None = None) -> list[Path]:
    """Return where VRChat keeps its OSC files: on Windows, and under Steam's Proton."""
    base = Path.home() if home is None else home
    return [base / _LOCAL_LOW, base / _STEAM / "steamuser" / _LOCAL_LOW]


def find_avatar(avatar_id: str, folders: Sequence[Path]) -> Avatar | None:
    """Return what VRChat's newest file of the avatar says; None where there is none. Raises ProtocolError if it is bad.

    The id came over the network: nothing but an avatar's id is ever looked for.
    """
    if not AVATAR_ID.match(avatar_id):
        return None
    found = [file for folder in folders for file in folder.glob(f"*/Avatars/{avatar_id}.json")]
    if not found:
        return None
    try:
        newest = max(found, key=lambda file: file.stat().st_mtime)
        if newest.stat().st_size > _MOST:
            raise ProtocolError(f"expected VRChat's OSC file of an avatar, got {newest.name} of more than 4 MiB")
        return read_avatar(newest.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise ProtocolError(f"VRChat's file of the avatar cannot be read: {error}") from error


class AvatarEar(asyncio.DatagramProtocol):
    """Hears VRChat say which avatar is worn."""

    def __init__(self, changed: Callable[[str], None]) -> None:
        """`changed` takes the id of the avatar that was put on."""
        self._changed = changed

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Take one packet; what is no `/avatar/change` is passed over."""
        del addr
        try:
            messages = read(data)
        except ProtocolError:
            return
        for message in messages:
            if message.address == "/avatar/change" and message.arguments and isinstance(message.arguments[0], str):
                self._changed(message.arguments[0])

    def error_received(self, exc: Exception) -> None:
        """Pass over what the system says of other packets."""
