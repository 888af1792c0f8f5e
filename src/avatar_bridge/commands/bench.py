"""`bench`: run the measurements in `benchmarks/` and print each value beside its target and its reference."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from avatar_bridge.errors import UsageError

__all__ = ["Figure", "available", "measure", "table"]

_CHECKOUT = Path(__file__).resolve().parents[3] / "benchmarks"
_INSTALLED = Path(__file__).resolve().parents[1] / "benchmarks"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value, with what it should reach and what the same run measured beside it."""

    name: str
    value: float
    unit: str
    target: str = ""
    """What is asked, in words: `<= 2`."""
    reached: bool | None = None
    """None where nothing is asked."""
    reference: float | None = None
    """The same quantity of a reference or a peer, measured in the same run."""
    reference_name: str = ""
    note: str = ""


def available() -> dict[str, Path]:
    """Return the benchmarks by name; each file defines `measure(quick: bool) -> Iterable[Figure]`."""
    folder = _INSTALLED if _INSTALLED.is_dir() else _CHECKOUT
    return {path.stem: path for path in sorted(folder.glob("*.py")) if not path.stem.startswith("_")}


def measure(name: str, *, quick: bool) -> Iterator[Figure]:
    """Run one benchmark and yield its figures as they are ready; raises UsageError for an unknown name."""
    paths = available()
    if name not in paths:
        raise UsageError(f"there is no benchmark {name!r}; expected one of: {', '.join(paths) or 'none installed'}")
    spec = importlib.util.spec_from_file_location(f"avatar_bridge_benchmark_{name}", paths[name])
    if spec is None or spec.loader is None:
        raise UsageError(f"the benchmark {name!r} cannot be loaded from {paths[name].name}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except ModuleNotFoundError as error:
        raise UsageError(
            f'the benchmark {name!r} needs {error.name}; install what they need: pip install "avatar-bridge[dev]"'
        ) from error
    run: Callable[[bool], Iterable[Figure]] = module.measure
    yield from run(quick)


def table(figures: Iterable[Figure], *, as_json: bool = False) -> Iterator[str]:
    """Yield one line a figure: its name, value, target, whether it is reached, and the reference beside it."""
    for figure in figures:
        if as_json:
            yield json.dumps(asdict(figure))
            continue
        mark = {True: "ok  ", False: "MISS", None: "    "}[figure.reached]
        target = f"  target {figure.target}" if figure.target else ""
        beside = f"  [{figure.reference_name} {figure.reference:.4g}]" if figure.reference is not None else ""
        note = f"  ({figure.note})" if figure.note else ""
        yield f"{mark} {figure.name}: {figure.value:.4g} {figure.unit}{target}{beside}{note}"
