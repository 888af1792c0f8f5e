"""The wheel carries its largest files packed: the server hands them out as they are, browsers unpack them."""

from __future__ import annotations

import gzip
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

STATIC = Path("src", "avatar_bridge", "web", "static")
PACKED = ("mascot.vrm", "vrm.js")
"""Left out of the wheel by pyproject.toml; each is in it as NAME.gz."""


class PackedFiles(BuildHookInterface[Any]):
    """Puts the packed files into a wheel; an editable install has them as they are."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Pack them into a folder that lives as long as the build."""
        if version == "editable":
            return
        self._folder = Path(tempfile.mkdtemp())
        for name in PACKED:
            packed = self._folder / f"{name}.gz"
            packed.write_bytes(gzip.compress((Path(self.root) / STATIC / name).read_bytes(), 9, mtime=0))
            build_data["force_include"][str(packed)] = f"avatar_bridge/web/static/{name}.gz"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Take the folder away."""
        del build_data, artifact_path
        if version != "editable":
            shutil.rmtree(self._folder, ignore_errors=True)
