"""Orders on standard input and switches on the command line."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from avatar_bridge.commands.simulator_orders import ORDERS, obey, options
from avatar_bridge.errors import UsageError
from avatar_bridge.simulators.vts.options import Options
from avatar_bridge.simulators.vts.server import VTubeStudioSimulator


async def test_orders_change_the_simulator() -> None:
    async with VTubeStudioSimulator(options=Options(popup="wait")) as simulator:
        assert obey(simulator, "api off") == "done: api off"
        await simulator.until(lambda: not simulator.listening)
        assert obey(simulator, "API on\n") == "done: API on"
        await simulator.until(lambda: simulator.listening)
        assert obey(simulator, "unload").startswith("done")
        await simulator.until(lambda: simulator.model is None)
        for line in ("allow", "deny", "load nobody", "press nothing"):
            assert obey(simulator, line).startswith("not done: "), line
        for line in ("revoke", "drop", "close", "stall 0.1", "resume", "refuse off", "windows on"):
            assert obey(simulator, line).startswith("done"), line


async def test_a_wrong_order_says_what_is_understood() -> None:
    async with VTubeStudioSimulator() as simulator:
        answer = obey(simulator, "explode")
        assert "there is no order 'explode'" in answer
        assert all(order.usage in answer for order in ORDERS.values())
        assert obey(simulator, "stall soon") == "expected: stall SECONDS; got 'stall soon'"
        assert obey(simulator, "stall") == "expected: stall SECONDS; got 'stall'"
        assert obey(simulator, "api maybe") == "expected: api on|off; got 'api maybe'"
        assert obey(simulator, "  ") == ""


def test_switches_take_the_kind_of_value_that_they_have() -> None:
    chosen = options(["hotkey_cooldown=seconds", "smoothing=on", "hotkey_queue=4", "fragment_bytes=none"])
    assert (chosen.hotkey_cooldown, chosen.smoothing, chosen.hotkey_queue) == ("seconds", True, 4)
    assert chosen.fragment_bytes is None
    assert options(["model_load_seconds=0.1,0.2", "revoked_error=50"]).model_load_seconds == (0.1, 0.2)


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        ("colour=red", "expected one of popup"),
        ("hotkey_cooldown=minutes", "expected frames or seconds, got 'minutes'"),
        ("smoothing=perhaps", "expected on or off"),
        ("hotkey_queue=many", "expected int"),
    ],
)
def test_a_wrong_switch_says_what_is_expected(pair: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        options([pair])


@pytest.fixture
def simulator_process() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "avatar_bridge", "simulate", "vts", "--port", "0", "--no-broadcast", "--orders"]
    child = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    )
    yield child
    child.terminate()
    child.communicate(timeout=20)


def test_the_command_obeys_its_standard_input(simulator_process: subprocess.Popen[str]) -> None:
    child = simulator_process
    assert child.stdin is not None
    assert child.stdout is not None
    assert child.stderr is not None
    assert "ws://" in child.stdout.readline()
    child.stdin.write("api off\n")
    child.stdin.flush()
    assert child.stderr.readline() == "done: api off\n"
