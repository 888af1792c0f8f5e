"""What a VMC frame costs, beside python-osc's builder; how evenly frames arrive; what a receiver's faults do."""

from __future__ import annotations

import asyncio
import json
import math
import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping

import numpy as np
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder

from avatar_bridge.commands.bench import Figure
from avatar_bridge.core.motion.motion_map import load_motion_map
from avatar_bridge.core.vocabulary import Frame
from avatar_bridge.drivers.vmc import VmcDriver
from avatar_bridge.ports import Command
from avatar_bridge.simulators.vmc import VmcSimulator
from avatar_bridge.wire.osc import read
from avatar_bridge.wire.vmc import Performer

MAP = '[actions.heart]\nmeaning = "hearts"\nkind = "expression"\nvmc.blend = "Heart"\n'
RATE = 60
LISTENER = """
import json, sys, threading, time
from pythonosc.dispatcher import Dispatcher
from pythonosc.osc_server import BlockingOSCUDPServer
dispatcher, at, types = Dispatcher(), [], set()
def take(address, *values):
    if address == "/VMC/Ext/Blend/Apply":
        at.append(time.perf_counter())
    types.add((address, "".join(type(value).__name__[0] for value in values)))
dispatcher.set_default_handler(take)
server = BlockingOSCUDPServer(("127.0.0.1", 0), dispatcher)
print(server.server_address[1], flush=True)
threading.Thread(target=lambda: (sys.stdin.read(), server.shutdown())).start()
server.serve_forever(poll_interval=0.05)
print(json.dumps([at, sorted(types)]))
"""
TYPES = {
    ("/VMC/Ext/OK", "i"),
    ("/VMC/Ext/T", "f"),
    ("/VMC/Ext/Root/Pos", "sfffffff"),
    ("/VMC/Ext/Bone/Pos", "sfffffff"),
    ("/VMC/Ext/Blend/Val", "sf"),
    ("/VMC/Ext/Blend/Apply", ""),
}


def values(at: float) -> Mapping[str, float]:
    """Return a frame in which head, arms and mouth move."""
    swing = math.sin(4.0 * at)
    arms = {f"{side}_{part}_z": 30.0 * swing for side in ("left", "right") for part in ("upper_arm", "hand")}
    return {"head_yaw": 10 * swing, "aa": 0.5 + 0.4 * swing, "mouth_open": 0.9, "happy": 0.5, "breath": 0.4, **arms}


def measure(quick: bool) -> Iterable[Figure]:
    """Encode frames both ways, send them at 60 Hz to a python-osc server, then to one that is killed and hangs."""
    for perfect in (False, True):
        yield _cost(400 if quick else 2000, perfect=perfect)
    yield from asyncio.run(_rhythm(6.0 if quick else 30.0))
    yield from asyncio.run(_faults(20 if quick else 200))


def _cost(count: int, *, perfect: bool) -> Figure:
    performer = Performer(clips=["Heart"], perfect_sync=perfect)
    frame = values(0.3)
    size = sum(map(len, performer.frame(0.0, frame)))
    rows = [(message.address, message.arguments) for each in performer.frame(0.0, frame) for message in read(each)]

    def theirs() -> None:
        builder = OscBundleBuilder(IMMEDIATELY)
        for address, arguments in rows:
            message = OscMessageBuilder(address)
            for argument in arguments:
                message.add_arg(argument)
            builder.add_content(message.build())
        builder.build()

    ours = _seconds(lambda: performer.frame(0.0, frame), count)
    reference = _seconds(theirs, max(count // 20, 10))
    return Figure(
        f"a VMC frame{' with PerfectSync' if perfect else ''} ({len(rows)} messages, {size} bytes), posed and encoded",
        1e6 * ours,
        "us",
        reference=1e6 * reference,
        reference_name="python-osc's builder, encoding alone",
    )


def _seconds(call: Callable[[], object], count: int) -> float:
    call()
    laps: list[float] = []
    for _ in range(5):
        begin = time.perf_counter()
        for _ in range(count // 5):
            call()
        laps.append((time.perf_counter() - begin) / (count // 5))
    return float(np.median(laps))


async def _rhythm(seconds: float) -> list[Figure]:
    listener = await asyncio.create_subprocess_exec(
        sys.executable, "-c", LISTENER, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert listener.stdout is not None
    port = int(await listener.stdout.readline())
    driver = VmcDriver(motion_map=load_motion_map(MAP, source="bench"), url=f"127.0.0.1:{port}")
    running = asyncio.create_task(driver.run())
    await driver.ready()
    loop = asyncio.get_running_loop()
    woken: list[float] = []
    spent: list[float] = []
    first = loop.time() + 0.1
    for tick in range(int(seconds * RATE)):
        future = loop.create_future()
        loop.call_at(first + tick / RATE, future.set_result, None)
        await future
        begin = time.perf_counter()
        driver.send_frame(Frame(tick / RATE, values(tick / RATE)))
        woken.append(begin)
        spent.append(time.perf_counter() - begin)
    await asyncio.sleep(0.1)
    arrived, types = json.loads((await listener.communicate(b""))[0])
    await driver.close()
    running.cancel()
    return _figures(np.array(woken), np.array(spent), np.array(arrived), {tuple(each) for each in types})


async def _feed(driver: VmcDriver) -> None:
    loop = asyncio.get_running_loop()
    begin, tick = loop.time(), 0
    while True:
        tick += 1
        driver.send_frame(Frame(tick / RATE, values(tick / RATE)))
        await asyncio.sleep(max(begin + tick / RATE - loop.time(), 0.0))


async def _faults(rounds: int) -> list[Figure]:
    """Kill or hang one of two receivers in mid-speech, again and again; the other must not feel it."""
    chance = random.Random(4)
    back: list[float] = []
    unheld = 0
    async with VmcSimulator(port=0) as healthy:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        driver = VmcDriver(motion_map=load_motion_map(MAP, source="bench"), url=f"{healthy.port},{port}")
        tasks = [asyncio.create_task(driver.run()), asyncio.create_task(_feed(driver))]
        driver.send_command(Command("act", 0.0, "heart"))
        await healthy.wait(60)
        begin, before = time.perf_counter(), healthy.count
        for _ in range(rounds):
            if chance.random() < 0.5:
                await asyncio.sleep(chance.uniform(0.0, 0.2))
            else:
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as hung:
                    hung.bind(("127.0.0.1", port))
                    await asyncio.sleep(chance.uniform(0.0, 0.2))
            async with VmcSimulator(port=port) as returned:
                at = time.perf_counter()
                frame = await returned.wait(1)
                back.append(time.perf_counter() - at)
                unheld += frame.blends["Heart"] < 0.5
        seconds, frames = time.perf_counter() - begin, healthy.count - before
        raised = sum(task.done() for task in tasks)
        wrong = sum(healthy.complaints.values())
        await driver.close()
        for task in tasks:
            task.cancel()
    return [
        Figure(f"exceptions in {rounds} kills, stalls and restarts", float(raised), "", "0", raised == 0),
        Figure("longest wait for a frame after the return", max(back), "s", "<= 2", max(back) <= 2.0),
        Figure("returns without the held blendshape", float(unheld), "", "0", unheld == 0),
        Figure("frames a second at the healthy receiver", frames / seconds, "Hz", note=f"{wrong} against the rules"),
    ]


def _figures(
    woken: np.ndarray[tuple[int], np.dtype[np.float64]],
    spent: np.ndarray[tuple[int], np.dtype[np.float64]],
    arrived: np.ndarray[tuple[int], np.dtype[np.float64]],
    types: set[tuple[str, ...]],
) -> list[Figure]:
    count, within = len(woken), arrived[(arrived >= woken[0]) & (arrived <= woken[-1] + 0.1)]
    seconds = float(woken[-1] - woken[0])
    jitter, ticks = (float(np.percentile(np.abs(np.diff(each) * 1000 - 1000 / RATE), 99)) for each in (within, woken))
    return [
        Figure("frames that a python-osc server received", len(within) / count * 100, "%", "100", len(within) >= count),
        Figure("frames a second at the server", (len(within) - 1) / float(within[-1] - within[0]), "Hz"),
        Figure(
            "messages typed otherwise than the protocol says", float(len(types ^ TYPES)), "kinds", "0", types == TYPES
        ),
        Figure(
            "jitter of the frames' spacing at the server, p99",
            jitter,
            "ms",
            "<= reference + 2",
            jitter <= ticks + 2.0,
            ticks,
            "the sending loop's own",
        ),
        Figure("CPU of sending at 60 Hz", 100 * float(spent.sum()) / seconds, "% of a core"),
        Figure("handing a frame over, p99", 1000 * float(np.percentile(spent, 99)), "ms"),
    ]
