"""Files that an installed package has packed: sent as they are to whoever unpacks them, unpacked to everybody else."""

from __future__ import annotations

import gzip
import mimetypes
import stat
from pathlib import Path

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
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

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return the file at `path`; raises HTTPException 404 where there is none."""
        try:
            return await super().get_response(path, scope)
        except HTTPException as error:
            found, status = self.lookup_path(f"{path}.gz") if error.status_code == 404 else ("", None)
            if status is None or not stat.S_ISREG(status.st_mode):
                raise
            return file_response(Path(found), Headers(scope=scope))
