#!/usr/bin/env python3
"""Write and check the .meta files of the Unity package: every file and folder has one, with a GUID that never changes.

A package that is installed by git URL is immutable: Unity ignores what has no .meta there, and references break where a
GUID changes. The GUID is the MD5 of the path within the package.

    python scripts/unity_meta.py           write what is missing, remove what belongs to nothing
    python scripts/unity_meta.py --check   say what is wrong; exit code 1 where something is
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "unity" / "com.avatarbridge.client"
_GUID = re.compile(r"^guid: ([0-9a-f]{32})$", re.MULTILINE)
_TAIL = "  externalObjects: {}\n  userData: \n  assetBundleName: \n  assetBundleVariant: \n"
_SCRIPT = (
    "MonoImporter:\n  externalObjects: {}\n  serializedVersion: 2\n  defaultReferences: []\n  executionOrder: 0\n"
    "  icon: {instanceID: 0}\n  userData: \n  assetBundleName: \n  assetBundleVariant: \n"
)
_IMPORTERS = {
    ".asmdef": "AssemblyDefinitionImporter:\n" + _TAIL,
    ".cs": _SCRIPT,
    ".json": "TextScriptImporter:\n" + _TAIL,
    ".md": "TextScriptImporter:\n" + _TAIL,
    ".txt": "TextScriptImporter:\n" + _TAIL,
}


def guid(path: Path, package: Path = PACKAGE) -> str:
    """Return the 32 hexadecimal digits by which Unity knows a file or folder of the package."""
    name = f"{package.name}/{path.relative_to(package).as_posix()}"
    return hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()


def text(path: Path, package: Path = PACKAGE) -> str:
    """Return the whole .meta of a file or folder."""
    if path.is_dir():
        importer = "folderAsset: yes\nDefaultImporter:\n" + _TAIL
    elif path.name == "package.json":
        importer = "PackageManifestImporter:\n" + _TAIL
    else:
        importer = _IMPORTERS.get(path.suffix, "DefaultImporter:\n" + _TAIL)
    return f"fileFormatVersion: 2\nguid: {guid(path, package)}\n{importer}"


def meta(path: Path) -> Path:
    """Return where the .meta of a file or folder is."""
    return path.with_name(path.name + ".meta")


def assets(package: Path = PACKAGE) -> Iterator[Path]:
    """Yield every file and folder that Unity knows; in `Samples~` what it knows once a sample is imported."""
    for path in sorted(package.rglob("*")):
        parts = path.relative_to(package).parts
        hidden = any(part.startswith(".") or (part.endswith("~") and part != "Samples~") for part in parts)
        if not hidden and parts != ("Samples~",) and path.suffix != ".meta":
            yield path


def problems(package: Path = PACKAGE) -> list[str]:
    """Return what is wrong, a sentence each."""
    found: list[str] = []
    owners: dict[str, Path] = {}
    expected = set()
    for path in assets(package):
        name = path.relative_to(package).as_posix()
        expected.add(meta(path))
        if not meta(path).is_file():
            found.append(f"{name} has no .meta; run scripts/unity_meta.py")
            continue
        match = _GUID.search(meta(path).read_text(encoding="utf-8"))
        if match is None:
            found.append(f"{name}.meta has no GUID; delete it and run scripts/unity_meta.py")
        elif match[1] in owners:
            found.append(f"{name} has the GUID of {owners[match[1]].relative_to(package).as_posix()}")
        else:
            owners[match[1]] = path
            if match[1] != guid(path, package):
                found.append(f"{name}.meta holds another GUID than its path gives; was the file renamed?")
    strays = sorted(set(package.rglob("*.meta")) - expected)
    return found + [f"{stray.relative_to(package).as_posix()} belongs to no file" for stray in strays]


def write(package: Path = PACKAGE) -> int:
    """Write what is missing, leave what is there, remove what belongs to nothing; return how many changed."""
    changed = 0
    expected = set()
    for path in assets(package):
        expected.add(meta(path))
        if not meta(path).is_file():
            meta(path).write_text(text(path, package), encoding="utf-8", newline="\n")
            changed += 1
    for stray in set(package.rglob("*.meta")) - expected:
        stray.unlink()
        changed += 1
    return changed


if __name__ == "__main__":
    if "--check" in sys.argv[1:]:
        wrong = problems()
        print("\n".join(wrong) or "every file has its .meta")
        sys.exit(bool(wrong))
    print(f"{write()} .meta files changed")
