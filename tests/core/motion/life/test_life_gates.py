"""Ten minutes of every state against the gates of a lively motion, by the same code as the benchmark."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

_BENCHMARK = Path(__file__).parents[4] / "benchmarks" / "life.py"


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    spec = importlib.util.spec_from_file_location("life_benchmark_under_test", _BENCHMARK)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("state", ["idle", "speaking", "listening", "thinking"])
def test_ten_minutes_pass_every_gate(benchmark: ModuleType, state: str):
    idle = benchmark.take(11, "idle", 600.0).curves if state == "speaking" else None
    found = benchmark._gates.gates(benchmark.take(11, state, 600.0, idle))
    assert len(found) >= 30
    assert [(gate.name, gate.value, gate.target) for gate in found if not gate.passed] == []


def test_a_conversation_passes_the_gates_that_hold_in_any_state(benchmark: ModuleType):
    found = [each for each in benchmark._gates.gates(benchmark.converse(12, 300.0)) if each.number in {3, 5, 8, 12, 13}]
    assert len(found) >= 12
    assert [(gate.name, gate.value, gate.target) for gate in found if not gate.passed] == []


def test_the_gates_tell_machines_from_life(benchmark: ModuleType):
    sines = {gate.name for gate in benchmark._gates.gates(benchmark._two_sines(180.0)) if not gate.passed}
    jitter = {gate.name for gate in benchmark._gates.gates(benchmark._jitter(180.0)) if not gate.passed}
    assert {"autocorrelation of head yaw", "spectral slope of head yaw", "variation of blink intervals"} <= sines
    assert {"correlation of body yaw with head", "blink frames with both lids alike"} <= sines
    assert {"spectral slope of head yaw", "head acceleration p99", "centroid of head pitch"} <= jitter
