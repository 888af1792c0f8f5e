"""A show to whose first target everything happens, and to whose second nothing may happen."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from _soak_parts import OPEN, SCRIPT, BrokenError, Log, holds, interrupt, seen, settings
from _soak_target import Target
from avatar_bridge.assembly import Bridge
from avatar_bridge.settings import DriverSettings
from avatar_bridge.stage.performance import Outcome

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
    return {"seconds": time.perf_counter() - started, **seen(show.log)}
