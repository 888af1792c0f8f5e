"""What the measurements have that a test needs too: a module of `benchmarks/`, which is no package."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

__all__ = ["benchmark_part"]


def benchmark_part(name: str) -> ModuleType:
    """Return the module `benchmarks/<name>.py`."""
    known = f"avatar_bridge_benchmark_{name}"
    if known not in sys.modules:
        path = Path(__file__).parents[2] / "benchmarks" / f"{name}.py"
        spec = importlib.util.spec_from_file_location(known, path)
        assert spec is not None
        assert spec.loader is not None
        sys.modules[known] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[known])
    return sys.modules[known]
