"""Where the token that the user granted in VTube Studio is kept: one small file, readable by its owner alone."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import tempfile
from pathlib import Path

import platformdirs

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
        """Store the token: written aside and moved in place, so that a crash leaves the old file or the new one.

        Raises OSError where the folder cannot be written.
        """
        folder = self.path.parent
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(prefix=f".{self.path.name}.", dir=folder)  # created with mode 0600
        draft = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump({"plugin": self._plugin, "token": token}, file)
                file.flush()
                os.fsync(file.fileno())
            _restrict(draft)
            draft.replace(self.path)
        except BaseException:
            with contextlib.suppress(OSError):
                draft.unlink()
            raise

    def forget(self) -> None:
        """Delete the token; nothing happens where there is none."""
        with contextlib.suppress(OSError):
            self.path.unlink()


def _restrict(path: Path) -> None:
    """Leave the file to its owner: mode 0600, and on Windows an access list with the user alone."""
    if os.name != "nt":
        path.chmod(0o600)
        return
    user = os.environ.get("USERNAME")
    if user:
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            subprocess.run(
                ["icacls", str(path), "/inheritance:r", "/grant:r", f"{user}:F"],
                check=True,
                capture_output=True,
                timeout=5,
            )
