"""Where the token that the user granted in VTube Studio is kept: one small file, readable by its owner alone."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import platformdirs

from avatar_bridge.files import write_atomically

__all__ = ["TokenFile", "default_token_path"]


def default_token_path() -> Path:
    """Return the file in the user's own data folder."""
    return Path(platformdirs.user_data_dir("avatar-bridge", appauthor=False)) / "vts-token.json"


class TokenFile:
    """Reads, writes and forgets the token of one plugin name."""

    def __init__(self, path: Path | str | None, plugin: str) -> None:
        self.path = Path(path) if path else default_token_path()
        self._plugin = plugin

    def read(self) -> str | None:
        """Return the stored token; None where there is none, or the file is damaged or another plugin's."""
        try:
            raw = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        if not isinstance(raw, dict) or raw.get("plugin") != self._plugin:
            return None
        token = raw.get("token")
        return token if isinstance(token, str) and token else None

    def write(self, token: str) -> None:
        """Store the token, so that a crash leaves the old file or the new one; raises WorldError where it cannot."""
        write_atomically(self.path, json.dumps({"plugin": self._plugin, "token": token}), private=True)

    def forget(self) -> None:
        """Delete the token; nothing happens where there is none."""
        with contextlib.suppress(OSError):
            self.path.unlink()
