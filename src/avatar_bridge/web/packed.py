"""Files that an installed package has packed: sent as they are to whoever unpacks them, unpacked to everybody else."""

from __future__ import annotations

import gzip
import mimetypes
import os
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

__all__ = ["PackedStaticFiles", "file_response", "present"]


def present(path: Path) -> Path | None:
    """Return the file, or its packed form `NAME.gz` where that is what there is; None where there is neither."""
    packed = path.with_name(f"{path.name}.gz")
    return path if path.is_file() else packed if packed.is_file() else None


def file_response(path: Path, headers: Headers) -> Response:
    """Return a file to whoever asked with `headers`; a packed one under the type of what is in it."""
    if path.suffix != ".gz":
        return FileResponse(path)
    kind = mimetypes.guess_type(path.with_suffix("").name)[0] or "application/octet-stream"
    vary = {"Vary": "Accept-Encoding"}
    if "gzip" in headers.get("accept-encoding", ""):
        return FileResponse(path, media_type=kind, headers=vary | {"Content-Encoding": "gzip"})
    return Response(gzip.decompress(path.read_bytes()), media_type=kind, headers=vary)


class PackedStaticFiles(StaticFiles):
    """A folder's files, packed ones among them under the names they have unpacked."""

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        """Return where a file lies, packed where it is not there otherwise."""
        found, status = super().lookup_path(path)
        return (found, status) if status is not None else super().lookup_path(f"{path}.gz")

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """Return what was found; nothing where the browser has it already."""
        plain = super().file_response(full_path, stat_result, scope, status_code)
        if plain.status_code == 304 or Path(full_path).suffix != ".gz":
            return plain
        return file_response(Path(full_path), Headers(scope=scope))
