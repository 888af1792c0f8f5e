"""What the base install takes: megabytes on the disk, and seconds for `import avatar_bridge`."""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import avatar_bridge
from avatar_bridge.commands.bench import Figure

MEGA = 1e6
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_EXTRA = re.compile(r"\bextra\s*==")
PACKAGE = Path(avatar_bridge.__file__).parent


def base(name: str, found: dict[str, Distribution]) -> dict[str, Distribution]:
    """Return the distribution `name` and all that it requires without extras, as installed here, by normal name.

    A requirement for another system that happens to be installed counts too: the sum is never too small for it.
    """
    key = re.sub(r"[-_.]+", "-", name).lower()
    if key in found:
        return found
    try:
        found[key] = distribution(key)
    except PackageNotFoundError:
        return found
    for requirement in found[key].requires or ():
        match = _NAME.match(requirement)
        if match and not _EXTRA.search(requirement):
            base(match[0], found)
    return found


def paths(each: Distribution) -> Iterator[Path]:
    """Yield the files of a distribution; ours may be installed editable, then its folders stand for them."""
    for file in each.files or ():
        yield Path(str(each.locate_file(file))).resolve()
    if each.name == "avatar-bridge":
        for folder in (PACKAGE, *(PACKAGE.parents[1] / name for name in ("motion_maps", "benchmarks"))):
            if folder.is_dir():
                yield from (file.resolve() for file in folder.rglob("*"))


def size(each: Distribution) -> int:
    """Return the bytes of a distribution's files, compiled modules included."""
    return sum(path.stat().st_size for path in set(paths(each)) if path.is_file())


def seconds(code: str, times: int) -> float:
    """Return the median time that a fresh interpreter takes for `code`."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def measure(quick: bool) -> Iterable[Figure]:
    """Add up the base install's files and time its import beside a bare interpreter."""
    sizes = {name: size(each) / MEGA for name, each in base("avatar-bridge", {}).items()}
    total = sum(sizes.values())
    largest = sorted(sizes.items(), key=lambda item: -item[1])[:4]
    yield Figure(
        "base install",
        total,
        "MB",
        "< 100",
        total < 100,
        sizes.get("numpy"),
        "numpy alone",
        f"{len(sizes)} packages; " + ", ".join(f"{name} {value:.1f}" for name, value in largest),
    )
    times = 5 if quick else 15
    bare = seconds("pass", times)
    taken = seconds("import avatar_bridge", times)
    yield Figure("import avatar_bridge", taken - bare, "s", "< 0.3", taken - bare < 0.3, bare, "bare interpreter")
    everything = seconds("from avatar_bridge import *", times)
    yield Figure("from avatar_bridge import *", everything - bare, "s", note="every public name, numpy and pydantic")
