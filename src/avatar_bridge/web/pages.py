"""The pages and their files: overlay, studio, the avatar and its clips."""

from __future__ import annotations

import mimetypes
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response

from avatar_bridge.web.avatar_files import STATIC
from avatar_bridge.web.packed import file_response
from avatar_bridge.web.refusals import Refusal, declared
from avatar_bridge.web.show import OnStage

__all__ = ["know_file_types", "router"]

router = APIRouter(tags=["pages"])

_TYPES = {
    ".apng": "image/apng",
    ".css": "text/css",
    ".html": "text/html",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".js": "text/javascript",
    ".json": "application/json",
    ".moc3": "application/octet-stream",
    ".mp3": "audio/mpeg",
    ".ogg": "audio/ogg",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".vrm": "model/gltf-binary",
    ".vrma": "model/gltf-binary",
    ".wav": "audio/wav",
    ".webp": "image/webp",
}


def know_file_types() -> None:
    """Set the types of our files: what Windows' registry says of .js may keep a browser from running it."""
    for ending, kind in _TYPES.items():
        mimetypes.add_type(kind, ending)


@router.get("/overlay", response_class=FileResponse, include_in_schema=False)
async def overlay() -> FileResponse:
    """Return the page for OBS."""
    return _built("overlay.html")


@router.get("/studio", response_class=FileResponse, include_in_schema=False)
async def studio() -> FileResponse:
    """Return the control room."""
    return _built("studio.html")


@router.get("/v1/avatar/{file:path}", response_class=FileResponse, responses=declared(404, 422))
async def avatar(show: OnStage, request: Request, file: str) -> Response:
    """Return a file of the avatar."""
    path = show.files.file(file)
    if path is None:
        raise Refusal(404, f"the avatar has no file {file[:200]!r}", "the settings' web.avatar names it")
    return file_response(path, request.headers)


@router.get("/v1/clips/{file}", response_class=FileResponse, responses=declared(404, 422))
async def clips(show: OnStage, file: str) -> FileResponse:
    """Return a VRMA clip."""
    return _file(show.files.clip(file), f"there is no clip {file[:200]!r}", "put it into the folder of web.clips")


@router.get("/v1/live2d/core.js", response_class=FileResponse, responses=declared(404))
async def live2d_core(show: OnStage) -> FileResponse:
    """Return the Cubism Core that the user supplied."""
    return _file(
        show.files.live2d_core, "no Live2D Cubism Core was supplied", "name live2dcubismcore.min.js in web.live2d_core"
    )


def _built(name: str) -> FileResponse:
    path = STATIC / name
    return _file(path if path.is_file() else None, f"the page {name} is not built", "run npm run build in frontend/")


def _file(path: Path | None, error: str, suggestion: str) -> FileResponse:
    if path is None:
        raise Refusal(404, error, suggestion)
    return FileResponse(path)
