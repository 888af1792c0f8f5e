"""Pytest fixtures around the simulators: `pytest_plugins = ["avatar_bridge.simulators.pytest_fixtures"]`.

They need pytest and pytest-asyncio, which are only imported with this module.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeAlias

import pytest_asyncio

from avatar_bridge.simulators.vts.server import VTubeStudioSimulator

__all__ = ["SimulatorFactory", "vts_simulator", "vts_simulator_factory"]

SimulatorFactory: TypeAlias = Callable[..., Awaitable[VTubeStudioSimulator]]
"""Takes VTubeStudioSimulator's arguments and returns it started."""


@pytest_asyncio.fixture
async def vts_simulator_factory() -> AsyncIterator[SimulatorFactory]:
    """Start any number of simulators; they stop with the test, and strict ones fail it on broken rules."""
    async with contextlib.AsyncExitStack() as stack:
        started: list[VTubeStudioSimulator] = []

        async def start(**arguments: Any) -> VTubeStudioSimulator:
            simulator = await stack.enter_async_context(VTubeStudioSimulator(**arguments))
            started.append(simulator)
            return simulator

        yield start
    for simulator in started:
        simulator.check()


@pytest_asyncio.fixture
async def vts_simulator(vts_simulator_factory: SimulatorFactory) -> VTubeStudioSimulator:
    """A simulator with default options on a free port of the loopback."""
    return await vts_simulator_factory()
