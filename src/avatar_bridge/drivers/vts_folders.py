"""Finds a model's `.vtube.json` on this machine: in Steam's libraries, only ever read."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from avatar_bridge.errors import ProtocolError
from avatar_bridge.wire.vtube_json import ModelFile, read_model_file

__all__ = ["find_model_file", "model_folders"]

_LARGEST = 16 * 2**20
_LIBRARY = re.compile(r'"path"\s+"((?:[^"\\]|\\.)*)"')


def model_folders(
    platform: str = sys.platform, home: Path | None = None, environment: Mapping[str, str] | None = None
) -> list[Path]:
    """Return the existing folders that hold VTube Studio's models, one for each Steam library."""
    home = home or Path.home()
    environment = os.environ if environment is None else environment
    found = []
    for library in _libraries(_steam(platform, home, environment)):
        app = library / "steamapps" / "common" / "VTube Studio"
        found += [app / "VTube Studio_Data" / "StreamingAssets" / "Live2DModels"]
        if platform == "darwin" and app.is_dir():
            found += [
                bundle / "Contents" / "Resources" / "Data" / "StreamingAssets" / "Live2DModels"
                for bundle in sorted(app.glob("*.app"))
            ]
    return [folder for folder in dict.fromkeys(found) if folder.is_dir()]


def find_model_file(model_id: str, file_name: str, folders: Sequence[Path]) -> ModelFile | None:
    """Return what the file of model `model_id` says; `file_name` as the app gave it is looked at first.

    None where the model lies elsewhere (another machine, another installation) or its file cannot be read.
    """
    paths = [path for folder in folders for path in sorted(folder.glob("*/*.vtube.json"))]
    paths.sort(key=lambda path: path.name.casefold() != Path(file_name).name.casefold())
    for path in paths:
        text = _text(path)
        if model_id and model_id in text:
            try:
                file = read_model_file(text)
            except ProtocolError:
                continue
            if file.model_id == model_id:
                return file
    return None


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _LARGEST:
            return ""
        return path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError:
        return ""


def _steam(platform: str, home: Path, environment: Mapping[str, str]) -> list[Path]:
    if platform == "win32":
        roots = [environment.get(key, "") for key in ("ProgramFiles(x86)", "ProgramFiles")]
        return [Path(root) / "Steam" for root in roots if root]
    if platform == "darwin":
        return [home / "Library" / "Application Support" / "Steam"]
    return [
        home / ".local" / "share" / "Steam",
        home / ".steam" / "steam",
        home / ".var" / "app" / "com.valvesoftware.Steam" / ".local" / "share" / "Steam",
    ]


def _libraries(roots: Sequence[Path]) -> Iterator[Path]:
    """Yield each Steam folder and the further libraries that its `libraryfolders.vdf` names."""
    for root in roots:
        yield root
        for listing in (root / "steamapps" / "libraryfolders.vdf", root / "config" / "libraryfolders.vdf"):
            for quoted in _LIBRARY.findall(_text(listing)):
                yield Path(quoted.replace("\\\\", "\\"))
