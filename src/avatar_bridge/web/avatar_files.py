"""What the overlay shows, and the files it is made of: nothing else is served."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.errors import SettingsError
from avatar_bridge.settings import WebSettings
from avatar_bridge.web.packed import present

__all__ = ["STATIC", "AvatarFiles"]

STATIC: Final = Path(__file__).parent / "static"
"""The built pages, and the mascot."""

_PICTURES = (".png", ".webp", ".apng")
_LIVE2D = (".json", ".moc3", *_PICTURES, ".jpg", ".jpeg", ".wav", ".mp3", ".ogg")
_MOST_FILES = 4000
_DEEPEST = 4


class AvatarFiles:
    """The avatar, the clips and the Live2D Core that the settings name, looked for once, when the server is made.

    Raises SettingsError for a path that is missing, unreadable, or holds nothing that can be shown.
    """

    def __init__(self, settings: WebSettings) -> None:
        self.notes: list[Diagnostic] = []
        self.avatar: Mapping[str, Any] = {}
        """`kind` (vrm, svg, png or live2d), `url`, `name`, and what the kind needs, as pages are told."""
        self._files: dict[str, Path] = {}
        self._root = STATIC
        self._choose(settings)
        self._clips = _clips(settings.clips)
        self.clips = {name.removesuffix(".vrma"): f"/v1/clips/{quote(name)}" for name in self._clips}
        """Address of each VRMA clip by its name."""
        self.live2d_core = _readable(settings.live2d_core, "web.live2d_core") if settings.live2d_core else None

    def file(self, name: str) -> Path | None:
        """Return a file of the avatar by its name within its folder; None for what does not belong to it."""
        return _inside(self._files.get(name), self._root)

    def clip(self, name: str) -> Path | None:
        """Return a clip by its file name."""
        path = self._clips.get(name)
        return _inside(path, path.parent) if path else None

    def _choose(self, settings: WebSettings) -> None:
        chosen = settings.avatar
        if chosen == "svg":
            self.avatar = {"kind": "svg", "url": "", "name": "svg"}
        elif chosen == "mascot":
            self._mascot()
        elif chosen.lower().endswith(".vrm"):
            self._vrm(_readable(Path(chosen), "web.avatar"), "vrm")
        elif chosen.lower().endswith(".model3.json"):
            self._live2d(_readable(Path(chosen), "web.avatar"), settings)
        elif Path(chosen).is_dir():
            self._pictures(Path(chosen))
        else:
            raise SettingsError(
                "web.avatar: expected mascot, svg, a .vrm file, a .model3.json file or a folder with pictures, "
                f"got {chosen!r}" + ("" if Path(chosen).exists() else ", which does not exist")
            )

    def _mascot(self) -> None:
        path = STATIC / "mascot.vrm"
        found = present(path)
        if found is not None:
            self._vrm(path, "mascot")
            self._files = {path.name: found}
            return
        self.avatar = {"kind": "svg", "url": "", "name": "svg"}
        self.notes.append(
            Diagnostic("the mascot's file is not there, so the drawn face stands in", suggestion="install again")
        )

    def _vrm(self, path: Path, name: str) -> None:
        self._root = path.parent
        self._files = {path.name: path}
        self.avatar = {
            "kind": "vrm",
            "url": f"/v1/avatar/{quote(path.name)}",
            "name": path.stem if name == "vrm" else name,
        }

    def _pictures(self, folder: Path) -> None:
        self._root = folder
        self._files = dict(_found(folder, _PICTURES, "web.avatar"))
        if not self._files:
            raise SettingsError(
                f"web.avatar: {folder}: expected pictures such as closed.png, open.png and blink.png, found none"
            )
        self.avatar = {"kind": "png", "url": "/v1/avatar/", "name": folder.name, "files": sorted(self._files)}

    def _live2d(self, model: Path, settings: WebSettings) -> None:
        self._root = model.parent
        self._files = {model.name: model, **dict(_found(model.parent, _LIVE2D, "web.avatar"))}
        self.avatar = {
            "kind": "live2d",
            "url": f"/v1/avatar/{quote(model.name)}",
            "name": model.name.removesuffix(".model3.json"),
        }
        if settings.live2d_core:
            self.avatar = {**self.avatar, "core": "/v1/live2d/core.js"}
        else:
            self.notes.append(
                Diagnostic(
                    "a Live2D model needs Live2D's own Cubism Core, which is not ours to ship",
                    suggestion="get live2dcubismcore.min.js from live2d.com and name it in web.live2d_core",
                )
            )


def _readable(path: Path, key: str) -> Path:
    """Return the path of a file that can be read."""
    try:
        with path.open("rb") as file:
            file.read(1)
    except OSError as error:
        raise SettingsError(f"{key}: {path} cannot be read: {error.strerror or error}") from None
    return path.resolve()


def _clips(folder: Path | None) -> dict[str, Path]:
    if folder is None:
        return {}
    if not folder.is_dir():
        raise SettingsError(f"web.clips: expected a folder with .vrma files, {folder} is none")
    found = {name: path for name, path in _found(folder, (".vrma",), "web.clips") if "/" not in name}
    if not found:
        raise SettingsError(f"web.clips: expected .vrma files in {folder}, found none")
    return found


def _found(folder: Path, endings: tuple[str, ...], key: str) -> Iterator[tuple[str, Path]]:
    """Yield the files of a folder that end so, by their path within it; links that lead out of it are left out."""
    root = folder.resolve()
    count = 0
    for place, folders, files in os.walk(root):
        folders[:] = [] if len(Path(place).relative_to(root).parts) >= _DEEPEST else sorted(folders)
        for file in sorted(files):
            path = Path(place, file)
            if not file.lower().endswith(endings) or not _inside(path, root):
                continue
            count += 1
            if count > _MOST_FILES:
                raise SettingsError(
                    f"{key}: {folder} holds more than {_MOST_FILES} files; name the avatar's own folder"
                )
            yield path.relative_to(root).as_posix(), path


def _inside(path: Path | None, root: Path) -> Path | None:
    """Return a file's path where it really lies in `root`, now."""
    if path is None:
        return None
    real = path.resolve()
    return real if real.is_file() and real.is_relative_to(root.resolve()) else None
