"""What `soak.py` runs in a process of its own, with Python's development mode on: a show that goes wrong all the time.

`python -X dev _soak_show.py soak|chaos|long AMOUNT` prints one JSON object.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import random
import signal
import sys
import tempfile
import time
import tracemalloc
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from _soak_target import Target
from avatar_bridge.assembly import Bridge
from avatar_bridge.commands.stand_in import stand_in
from avatar_bridge.settings import DriverSettings, MotionSettings, Settings, SoundSettings, VoiceSettings
from avatar_bridge.stage.performance import Outcome

MAP = """
[actions.blush]
meaning = "blushes"
kind = "expression"
vts.hotkey = "Blush"

[actions.wave]
meaning = "waves"
kind = "gesture"
stroke = 0.2
vts.hotkey = "Wave"
keyframes.head_pitch = [[0, 0], [0.2, -10], [0.4, 0]]

[actions.nod]
meaning = "nods"
kind = "gesture"
stroke = 0.2
keyframes.head_pitch = [[0, 0], [0.2, -10], [0.4, 0]]
"""
HELD = "[blush]Banana, banana, banana, banana and banana, banana and banana. "
SCRIPT = f"{HELD}Banana, and so on.[/blush] [wave] Banana, banana. [nod] And on we go."
OPEN = 0.02


class BrokenError(Exception):
    """What the script's iterator raises."""


@dataclass
class Log:
    """What was seen."""

    faults: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    returns: list[float] = field(default_factory=list)
    calls_ms: list[float] = field(default_factory=list)


def settings(folder: Path, **drivers: DriverSettings) -> Settings:
    """Return settings with the tone voice, no sound, and the show's own map."""
    path = folder / "show.toml"
    path.write_text(MAP, encoding="utf-8")
    return Settings(
        voice=VoiceSettings(engine="tone", options={"speed": 2.0}),
        sound=SoundSettings(speaker="none"),
        motion=MotionSettings(map=str(path)),
        drivers=drivers,
    )


def interrupt(bridge: Bridge, log: Log) -> None:
    """Interrupt, and note how long the call took."""
    called = time.perf_counter()
    bridge.interrupt()
    log.calls_ms.append(1000 * (time.perf_counter() - called))


async def holds(condition: Callable[[], Awaitable[bool]], seconds: float) -> bool:
    """Return whether a condition comes true within some time."""
    until = time.perf_counter() + seconds
    while not await condition():
        if time.perf_counter() > until:
            return False
        await asyncio.sleep(0.02)
    return True


# ---------------------------------------------------------------------------------------------------------------- soak


def census() -> dict[str, float]:
    """Count what this process holds."""
    gc.collect()
    process = psutil.Process()
    return {
        "memory_mb": process.memory_info().rss / 1e6,
        "traced_mb": tracemalloc.get_traced_memory()[0] / 1e6,
        "tasks": len(asyncio.all_tasks()),
        "threads": process.num_threads(),
        "files": process.num_fds() if hasattr(process, "num_fds") else process.num_handles(),
        "children": len(process.children(recursive=True)),
    }


async def soak(seconds: float) -> dict[str, Any]:
    """Perform back to back, interrupt, replace, act and change state; count what grows."""
    rng, log = random.Random(3), Log()
    async with stand_in() as simulator:
        made = Settings(
            voice=VoiceSettings(engine="tone", options={"speed": 2.0}),
            sound=SoundSettings(speaker="none"),
            drivers={"vts": simulator.driver()},
        )
        async with Bridge.from_settings(made) as bridge:
            await bridge.ready()
            counts, performed = [], 0
            started = time.perf_counter()
            marks = [seconds * share for share in (0.25, 0.4, 0.55, 0.7, 0.85, 1.0)]
            while marks:
                await _short(bridge, rng, log)
                performed += 1
                if time.perf_counter() - started >= marks[0]:
                    if len(marks) == 6:
                        tracemalloc.start()
                    await bridge.stage.frames(90)
                    counts.append(census())
                    marks.pop(0)
            top = [str(line) for line in tracemalloc.take_snapshot().statistics("lineno")[:6]]
            tracemalloc.stop()
    return {"performed": performed, "counts": counts, "top": top, **_told(log)}


async def _short(bridge: Bridge, rng: random.Random, log: Log) -> None:
    script = rng.choice(
        ("[happy]Hello there. [nod]Well.", "[wave]Hi, hi. [smile]And [wink]on[/smile].", "One. [pause 0.2] Two? [no!")
    )
    speaking = [asyncio.create_task(bridge.perform(script))]
    for _ in range(rng.randrange(4)):
        await asyncio.sleep(rng.uniform(0.0, 0.4))
        match rng.randrange(5):
            case 0:
                interrupt(bridge, log)
            case 1:
                speaking.append(asyncio.create_task(bridge.perform(script)))
            case 2:
                bridge.act(rng.choice(["nod", "wink", "happy", "laugh"]), duration=0.5)
            case 3:
                bridge.enter(rng.choice(["idle", "listening", "thinking"]))
            case _:
                speaking[0].cancel()
    for result in await asyncio.gather(*speaking, return_exceptions=True):
        if isinstance(result, Exception):
            log.wrong.append(f"perform raised {result!r}")


# --------------------------------------------------------------------------------------------------------------- chaos


_ASKED: dict[str, list[tuple[Any, ...]]] = {
    "drop": [("drop_connections", False)],
    "drop cleanly": [("drop_connections", True)],
    "refuse": [("refuse_connections", True), ("drop_connections",), ("refuse_connections", False)],
    "api off": [("set_api_active", False), ("set_api_active", True)],
    "unload": [("unload_model",), ("load_model", "Akari", True)],
    "revoke": [("revoke",)],
}


class Chaos:
    """Two targets: everything happens to the first, nothing to the second."""

    def __init__(self, bridge: Bridge, broken: Any, steady: Any, rng: random.Random) -> None:
        self.bridge, self.broken, self.steady, self.rng = bridge, broken, steady, rng
        self.log = Log()
        self.what = ""

    def wrong(self, text: str) -> None:
        """Note what should not be."""
        self.log.wrong.append(f"{self.what}: {text}")

    async def utterance(self, kind: str) -> None:
        """Speak once, with one fault at a random moment; then look at both targets."""
        self.what = kind
        self.log.faults[kind] += 1
        before = (await self.steady.look())["hotkeys"]
        script = self._text(kind)
        speaking = asyncio.create_task(self.bridge.perform(script))
        if kind not in {*BREAKS, "hang"}:
            await self._moment(speaking, 2.5)
        if kind in {"interrupt", "replace", "cancel", "stalled text"}:
            await self._stop(kind, speaking)
        elif kind in {*BREAKS, "hang"}:
            for each in (kind, self.rng.choice(BREAKS)):
                self.what += f" and {each}" if each != kind else ""
                self.log.faults[each] += each != kind
                if each.startswith("voice") and each == kind:
                    # while it speaks the first segment
                    await asyncio.sleep(self.rng.uniform(0.0, 0.02))
                else:
                    await self._moment(speaking, 0.9)
                await self._break(each)
                await self._returned(each)
        outcome = await self._end(speaking, kind)
        if outcome is not None and not outcome.interrupted and kind != "replace":
            await self._exactly_once(outcome, before)
        await self._at_rest()

    async def _moment(self, speaking: asyncio.Task[Outcome], within: float) -> None:
        """Let a random time of at most so many seconds be heard."""
        moment = (self.bridge.stage.heard() or 0.0) + self.rng.uniform(0.0, within)
        await self.bridge.stage.until(lambda: speaking.done() or (self.bridge.stage.heard() or -1.0) > moment)

    def _text(self, kind: str) -> Any:
        async def stream(ending: str) -> AsyncIterator[str]:
            for word in SCRIPT.split(" "):
                yield word + " "
                await asyncio.sleep(0.01)
            if ending == "raising text":
                raise BrokenError("the model went away")
            await asyncio.Event().wait()

        return stream(kind) if kind in {"raising text", "stalled text"} else SCRIPT

    async def _stop(self, kind: str, speaking: asyncio.Task[Outcome]) -> None:
        if kind == "replace":
            later = asyncio.create_task(self.bridge.perform("Banana, banana."))
            await asyncio.wait({speaking})
            await self._end(later, kind)
        elif kind == "cancel":
            speaking.cancel()
        else:
            interrupt(self.bridge, self.log)
        if kind != "replace":
            for target in (self.broken, self.steady):

                async def closed(target: Any = target) -> bool:
                    return bool((await target.look())["mouth"] <= OPEN)

                if not await holds(closed, 0.3):
                    self.wrong("the mouth is open 0.3 s after the interrupt")

    async def _break(self, kind: str) -> None:
        wait = self.rng.uniform(0.1, 0.7)
        if kind in _ASKED:
            for number, (do, *arguments) in enumerate(_ASKED[kind]):
                await asyncio.sleep(wait if number else 0.0)
                await self.broken.tell(do, *arguments)
            return
        match kind:
            case "stall" | "hang":
                wait = 6.5 if kind == "hang" else wait
                await self.broken.tell("stall", wait)
                await asyncio.sleep(wait)
            case "halt":
                self.broken.stop()
                await asyncio.sleep(wait)
                self.broken.go_on()
            case "kill":
                await self.broken.kill()
                await asyncio.sleep(wait)
                await self.broken.restart()
            case "switch":
                for model in (self.rng.choice(["Bare", "Sticky", "かすみ"]), "Akari"):
                    await self.broken.tell("load_model", model)
                    await asyncio.sleep(1.8)
            case "another plugin":
                await self.broken.tell("foreign", wait)
            case "voice killed":
                self._voice(signal.SIGKILL)
            case "voice halted":
                self._voice(signal.SIGSTOP)
                await asyncio.sleep(wait)
                self._voice(signal.SIGCONT)

    def _voice(self, what: signal.Signals) -> None:
        pid = self.bridge._voice.pid  # type: ignore[attr-defined]  # noqa: SLF001
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, what)

    async def _returned(self, kind: str) -> None:
        """Wait until the broken target is driven again, with what is held."""
        since = time.perf_counter()
        driver = self.bridge.drivers[0]

        before = (await self.broken.look())["frames"]

        async def driven() -> bool:
            return bool(driver.state.status == "ready" and (await self.broken.look())["frames"] > before + 3)

        if not await holds(driven, 12.0):
            self.wrong(f"not driven again within 12 s: {driver.state}")
            return
        took = time.perf_counter() - since
        if kind not in {"stall", "halt", "another plugin", "voice killed", "voice halted"}:
            self.log.returns.append(took)
            if took > 2.0:
                self.wrong(f"driven again only after {took:.1f} s")

        def held() -> bool:
            timeline, heard = self.bridge.timeline, self.bridge.stage.heard()
            cue = next((cue for cue in timeline.cues if cue.name == "blush"), None) if timeline else None
            ends = cue.released if cue and cue.released is not None else 0.0
            return heard is not None and cue is not None and cue.at < heard < ends - 0.2

        async def on() -> bool:
            return bool((await self.broken.look())["active"]) or not held()

        if not await holds(on, 0.8):
            self.wrong("what is held is not on after the return")

    async def _end(self, speaking: asyncio.Task[Outcome], kind: str) -> Outcome | None:
        try:
            return await asyncio.wait_for(speaking, 45.0)
        except asyncio.CancelledError:
            if kind != "cancel":
                self.wrong("cancelled by nobody")
        except BrokenError:
            if kind != "raising text":
                raise
        except TimeoutError:
            self.wrong("the utterance does not end")
        except BaseException as error:  # noqa: BLE001 - this is what is looked for
            self.wrong(f"perform raised {error!r}")
        return None

    async def _exactly_once(self, outcome: Outcome, before: int) -> None:
        wanted = Counter(cue.name for cue in outcome.timeline.cues)
        body = self.bridge.stage.bodies[1]
        got = Counter(fired.action for fired in body.fired)
        if got != wanted or wanted != Counter(("blush", "wave", "nod")):
            self.wrong(f"the other target was given {dict(got)} of {dict(wanted)}; {body.diagnostics}")

        async def fired() -> bool:
            return bool((await self.steady.look())["hotkeys"] - before >= wanted["wave"])

        if not await holds(fired, 2.0) or (await self.steady.look())["hotkeys"] - before != wanted["wave"]:
            self.wrong(f"the other target executed {(await self.steady.look())['hotkeys'] - before} hotkeys")

    async def _at_rest(self) -> None:
        for name, target in (("broken", self.broken), ("steady", self.steady)):
            seen: dict[str, Any] = {}

            async def rests(target: Any = target, seen: dict[str, Any] = seen) -> bool:
                seen.update(await target.look())
                return not seen["active"] and seen["mouth"] <= OPEN

            if not await holds(rests, 2.5):
                self.wrong(f"the {name} target is not at rest: {seen}; {self.bridge.drivers[0].state}")


BREAKS = (
    *("stall", "halt", "drop", "drop cleanly", "refuse", "kill", "api off", "switch", "unload", "revoke"),
    *("another plugin", "voice killed", "voice halted"),
)
KINDS = (*BREAKS, "raising text", "stalled text", "interrupt", "replace", "cancel")


async def chaos(count: int, seed: int) -> dict[str, Any]:
    """Do at least `count` faults to one of two targets during speech."""
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with Target() as broken, Target() as steady:
            tables = {
                key: DriverSettings(
                    driver="vts",
                    url=target.url,
                    options={
                        "token_path": folder / f"{key}.json",
                        "discovery_port": None,
                        "folders": (),
                        "probe": False,
                    },
                )
                for key, target in (("broken", broken), ("steady", steady))
            }
            started = time.perf_counter()
            async with Bridge.from_settings(settings(folder, **tables)) as bridge:
                await bridge.ready()
                show = Chaos(bridge, broken, steady, rng)
                order: list[str] = []
                while show.log.faults.total() < count:
                    order = order or [*rng.sample(KINDS, len(KINDS)), "hang"]
                    await show.utterance(order.pop(0))
                speaking = asyncio.create_task(bridge.perform(SCRIPT))
                await bridge.stage.until(lambda: (bridge.stage.heard() or -1.0) > 1.0)
            show.what = "closed in mid-word"
            await asyncio.wait({speaking})
            await show._at_rest()  # noqa: SLF001
    return {"seconds": time.perf_counter() - started, **_told(show.log)}


def _told(log: Log) -> dict[str, Any]:
    return {
        "faults": dict(log.faults),
        "wrong": log.wrong,
        "returns": sorted(log.returns),
        "calls_ms": sorted(log.calls_ms),
    }


# ----------------------------------------------------------------------------------------------------------- long text


async def long(seconds: float) -> dict[str, Any]:
    """Stream a megabyte, 200,000 tags and a reply that never ends; interrupt each after some seconds."""
    told: dict[str, Any] = {}

    async def endless() -> AsyncIterator[str]:
        yield "Banana, banana and banana. "
        await asyncio.Event().wait()

    async def streamed(text: str) -> AsyncIterator[str]:
        for at in range(0, len(text), 4):
            yield text[at : at + 4]

    megabyte = "Banana, [nod]banana and banana, or whatever there is. " * 19_000
    cases: dict[str, Callable[[], Any]] = {
        "1 MB streamed in 4 characters": lambda: streamed(megabyte),
        "1 MB at once": lambda: iter([megabyte]),
        "1 MB without a full stop": lambda: streamed("banana " * 150_000),
        "200,000 tags at once": lambda: iter(["[nod]" * 200_000 + " Banana."]),
        "200,000 tags before a word": lambda: streamed("[nod]" * 200_000 + " Banana."),
        "a reply that never ends": endless,
    }
    with tempfile.TemporaryDirectory() as name:
        async with Bridge.from_settings(settings(Path(name))) as bridge:
            for kind, make in cases.items():
                log = Log()
                beat = asyncio.create_task(_beats(bridge))
                before = psutil.Process().memory_info().rss / 1e6
                speaking = asyncio.create_task(bridge.perform(make()))
                await asyncio.wait({speaking}, timeout=seconds)
                grown = psutil.Process().memory_info().rss / 1e6 - before
                interrupt(bridge, log)
                called = time.perf_counter()
                with suppress(Exception):
                    await speaking
                ended = 1000 * (time.perf_counter() - called)
                beat.cancel()
                worst = (await asyncio.gather(beat, return_exceptions=True))[0]
                told[kind] = {"call_ms": log.calls_ms[0], "ended_ms": ended, "mb": grown, "beat_ms": worst}
    return {"long": told, **_told(Log())}


async def _beats(bridge: Bridge) -> float:
    worst = 0.0
    last = time.perf_counter()
    try:
        while True:
            await bridge.stage.frames(1)
            now = time.perf_counter()
            worst, last = max(worst, now - last), now
    except asyncio.CancelledError:
        return 1000 * worst


if __name__ == "__main__":
    amount = float(sys.argv[2])
    match sys.argv[1]:
        case "chaos":
            print(json.dumps(asyncio.run(chaos(int(amount), int(sys.argv[3])))))
        case "soak":
            print(json.dumps(asyncio.run(soak(amount))))
        case _:
            print(json.dumps(asyncio.run(long(amount))))
