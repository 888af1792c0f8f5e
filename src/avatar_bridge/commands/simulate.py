"""The `simulate` command: run a simulator until it is cancelled. Each is imported when it is asked for."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, TextIO

from avatar_bridge.commands.reading import stream_script
from avatar_bridge.commands.simulator_orders import obey, options
from avatar_bridge.errors import UsageError
from avatar_bridge.simulators.vts.authentication import TokenStore
from avatar_bridge.simulators.vts.changes import changes
from avatar_bridge.simulators.vts.disk import read_model
from avatar_bridge.simulators.vts.model import ModelDescription
from avatar_bridge.simulators.vts.options import Options
from avatar_bridge.simulators.vts.samples import SAMPLES
from avatar_bridge.simulators.vts.server import VTubeStudioSimulator

__all__ = ["TARGETS", "choose_models", "simulate", "simulate_vts"]

_VIEW_SECONDS = 0.1
_COMMON = frozenset({"host", "port", "record"})


@dataclass(frozen=True, slots=True)
class Simulated:
    """One target that can be simulated."""

    app: str
    location: str
    """module:Class, imported on first use."""
    port: int
    more: frozenset[str] = frozenset()
    """Options beside --host, --port and --record."""


TARGETS: Mapping[str, Simulated] = MappingProxyType(
    {
        "vts": Simulated(
            "VTube Studio",
            "avatar_bridge.simulators.vts.server:VTubeStudioSimulator",
            8001,
            frozenset({"model", "fps", "popup", "broadcast", "tokens", "switches", "orders", "view"}),
        ),
        "obs": Simulated(
            "OBS", "avatar_bridge.simulators.obs.server:ObsSimulator", 4455, frozenset({"orders", "password"})
        ),
        "vmc": Simulated("a VMC receiver", "avatar_bridge.simulators.vmc.receiver:VmcSimulator", 39539),
        "nizima": Simulated(
            "nizima LIVE",
            "avatar_bridge.simulators.nizima:NizimaSimulator",
            22022,
            frozenset({"orders", "model", "popup"}),
        ),
        "warudo": Simulated("Warudo", "avatar_bridge.simulators.warudo:WarudoSimulator", 19190, frozenset({"orders"})),
        "vnyan": Simulated("VNyan", "avatar_bridge.simulators.vnyan:VNyanSimulator", 8000, frozenset({"orders"})),
        "vrchat": Simulated("VRChat", "avatar_bridge.simulators.vrchat.receiver:VRChatSimulator", 9000),
        "llm": Simulated(
            "language model",
            "avatar_bridge.simulators.llm:LanguageServer",
            11434,
            frozenset({"orders", "password", "service"}),
        ),
    }
)
"""What can be simulated, by the name of its target."""


def _flag(option: str) -> str:
    return "--set" if option == "switches" else f"--{option}"


async def simulate(target: str, given: Mapping[str, Any], out: TextIO | None = None) -> None:
    """Run the simulator of `target` until cancelled, with the options that were `given`.

    Raises UsageError for an option that this target does not have, and what the simulator raises.
    """
    stage = TARGETS[target]
    strange = [name for name in given if name not in _COMMON | stage.more]
    if strange:
        owners = [name for name, each in TARGETS.items() if strange[0] in each.more]
        takes = ", ".join(sorted(_flag(name) for name in _COMMON | stage.more))
        raise UsageError(
            f"{_flag(strange[0])} is for `simulate {' or '.join(owners) or '?'}`; `simulate {target}` takes {takes}"
        )
    arguments = {"port": stage.port, **given}
    if target == "vts":
        switches = options(arguments.pop("switches", ()))
        await simulate_vts(options=switches, out=out, **arguments)
        return
    orders = bool(arguments.pop("orders", False))
    model = arguments.pop("model", None)
    if target == "llm":
        arguments = {"service": "ollama", "key": arguments.pop("password", ""), **arguments}
    if "popup" in arguments:
        arguments["enable"] = arguments.pop("popup") == "auto_allow"
    await _show(stage, arguments, orders=orders, model=model, out=sys.stdout if out is None else out)


async def _show(
    stage: Simulated, arguments: Mapping[str, Any], *, orders: bool, model: str | None, out: TextIO
) -> None:
    """Run a simulator that describes itself: a line for whatever is new about it."""
    module, _, name = stage.location.partition(":")
    kind = getattr(import_module(module), name)
    async with kind(**arguments) as simulator:
        if model is not None:
            simulator.load_model("" if model == "none" else model)
        print(f"{stage.app} simulator: {simulator.url}", file=out, flush=True)
        async with asyncio.TaskGroup() as tasks:
            obeying = tasks.create_task(_obey(simulator.order)) if orders else None
            await _tell_lines(simulator.describe, lambda: bool(simulator.running), out)
            if obeying:
                obeying.cancel()


async def _tell_lines(describe: Callable[[], Iterable[str]], running: Callable[[], bool], out: TextIO) -> None:
    seen: set[str] = set()
    while running():
        lines = list(describe())
        for line in lines:
            if line not in seen:
                print(line, file=out, flush=True)
        seen = set(lines)
        await asyncio.sleep(_VIEW_SECONDS)


def choose_models(model: str) -> list[ModelDescription]:
    """Return the simulator's models with the wanted one first.

    `model` is a sample's name, a `.vtube.json` file or its folder, or "none" for an empty stage. Raises UsageError
    where it is none of them.
    """
    if model == "none":
        return []
    samples = dict(SAMPLES)
    if model in samples:
        first = samples.pop(model)
        return [first, *samples.values()]
    path = Path(model)
    if path.exists():
        return [read_model(path), *samples.values()]
    raise UsageError(
        f"no model {model!r}: give one of {', '.join(SAMPLES)}, a .vtube.json file, a model's folder, or none"
    )


async def simulate_vts(
    *,
    host: str = "127.0.0.1",
    port: int = 8001,
    record: Path | None = None,
    model: str = "akari",
    fps: float = 60.0,
    popup: Literal["auto_allow", "auto_deny", "wait"] = "auto_allow",
    tokens: Path | None = None,
    broadcast: bool = True,
    broadcast_host: str | None = None,
    options: Options | None = None,
    view: bool = True,
    orders: bool = False,
    out: TextIO | None = None,
) -> None:
    """Run the VTube Studio simulator until cancelled; its address is printed to `out` (standard output) first.

    `popup` says what the simulated user does with permission pop-ups, `tokens` keeps allowed plugins over restarts,
    `options` holds the other switches. With `view` the face is drawn where `out` is a terminal and the extra `view` is
    installed; elsewhere, and without, every change is a line. With `orders`, lines on standard input say what the
    user does and what goes wrong (see `simulator_orders.ORDERS`). Raises UsageError for a bad model and WorldError for
    a port or file that cannot be opened.
    """
    stream = sys.stdout if out is None else out
    simulator = VTubeStudioSimulator(
        host=host,
        port=port,
        models=choose_models(model),
        fps=fps,
        options=replace(Options() if options is None else options, popup=popup),
        record=record,
        token_store=TokenStore(tokens),
        broadcast=broadcast,
        broadcast_host=broadcast_host,
    )
    async with simulator:
        name = simulator.model.name if simulator.model is not None else "no model"
        print(f"VTube Studio simulator: {simulator.url} ({name})", file=stream, flush=True)
        async with asyncio.TaskGroup() as tasks:
            obeying = tasks.create_task(_obey(lambda line: obey(simulator, line))) if orders else None
            if not (view and find_spec("rich") and await _draw(simulator, stream)):
                await _tell(simulator, stream)
            if obeying:
                obeying.cancel()


async def _obey(order: Callable[[str], str]) -> None:
    """Carry out the lines of standard input until it ends."""
    rest = ""
    async with aclosing(stream_script("-")) as pieces:
        async for piece in pieces:
            *lines, rest = (rest + piece).split("\n")
            for line in lines:
                if answer := order(line):
                    print(answer, file=sys.stderr, flush=True)


async def _draw(simulator: VTubeStudioSimulator, stream: TextIO) -> bool:
    """Draw the simulator while it runs; False where `stream` is no terminal."""
    from rich.console import Console
    from rich.live import Live

    from avatar_bridge.simulators.vts.view import draw_simulator

    console = Console(file=stream)
    if not console.is_terminal:
        return False
    with Live(draw_simulator(simulator), console=console, auto_refresh=False) as live:
        while simulator.running:
            await asyncio.sleep(_VIEW_SECONDS)
            live.update(draw_simulator(simulator), refresh=True)
    return True


async def _tell(simulator: VTubeStudioSimulator, stream: TextIO) -> None:
    seen: dict[str, object] = {}
    while simulator.running:
        await asyncio.sleep(_VIEW_SECONDS)
        for line in changes(simulator, seen):
            print(line, file=stream, flush=True)
