"""Script to timeline to subtitles to VTube Studio's messages, with the deterministic `tone` voice.

`scripts/regold` rewrites the files; look at the difference before it is committed.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from virtual_time import VirtualClock, run

from avatar_bridge import registry
from avatar_bridge.commands.render import Rendering, compose
from avatar_bridge.core.timeline.player import Begin, End, Player
from avatar_bridge.core.vocabulary import VISEMES, Diagnostic
from avatar_bridge.drivers.vts_switches import Switches
from avatar_bridge.ports import Command
from avatar_bridge.settings import Settings
from avatar_bridge.wire import subtitles, timeline_json, vts
from avatar_bridge.wire.vts_bindings import bind, durations
from avatar_bridge.wire.vts_parameters import INPUTS
from avatar_bridge.wire.vts_parameters import Rendering as Inputs
from avatar_bridge.wire.vts_replies import Expression, Expressions, Hotkey

HERE = Path(__file__).parent
MAP = HERE / "target.toml"
SCRIPTS = sorted(path.stem for path in (HERE / "scripts").glob("*.txt"))
KINDS = ["timeline.json", "subtitles.srt", "subtitles.vtt", "vts_frames.json", "vts_requests.json"]
EVERY = 0.5
"""Seconds between the frames that are kept."""
HOTKEYS = (
    Hotkey(hotkeyID="0a1b2c3d", name="Wave", type="TriggerAnimation", file="wave.motion3.json"),
    Hotkey(hotkeyID="4e5f6a7b", name="Happy", type="ToggleExpression", file="happy.exp3.json"),
)
EXPRESSIONS = (Expression(file="smile.exp3.json", name="smile"), Expression(file="happy.exp3.json", name="happy"))


@cache
def composed(script: str) -> Rendering:
    settings = Settings.model_validate({"voice": {"engine": "tone"}, "motion": {"map": str(MAP), "seed": 7}})
    text = (HERE / "scripts" / f"{script}.txt").read_text(encoding="utf-8")
    return asyncio.run(compose(text, settings))


@cache
def golden(script: str, kind: str) -> str:
    """Return what a file should hold now."""
    rendering = composed(script)
    captions = subtitles.subtitles(rendering.timeline)
    match kind:
        case "timeline.json":
            return laid_out(shortened(timeline_json.document(rendering.timeline).model_dump()))
        case "subtitles.srt":
            return subtitles.to_srt(captions)
        case "subtitles.vtt":
            return subtitles.to_vtt(captions)
        case "vts_frames.json":
            return laid_out(frames(rendering))
        case _:
            return laid_out({"requests": run(requests(rendering))})


def shortened(data: dict[str, Any]) -> dict[str, Any]:
    """Keep one row of the mouth a tenth of a second, as text."""
    mouth = data.pop("mouth")
    step = round(mouth["rate"] / 10)
    names = ("open", *VISEMES)
    rows = range(0, len(mouth["open"]), step)
    data["mouth"] = [f"{i / mouth['rate']:.1f} " + " ".join(f"{mouth[name][i]:.3f}" for name in names) for i in rows]
    return data


def frames(rendering: Rendering) -> dict[str, Any]:
    """Return the injections of every half second, one line a parameter."""
    inputs = Inputs(INPUTS)
    injection = vts.Injection(inputs.names)
    kept = rendering.frames[:: round(EVERY * 60)]
    messages = [
        json.loads(injection.text(f"f{index}", inputs.values(kept[index].values))) for index in range(len(kept))
    ]
    assert [item["id"] for item in messages[-1]["data"]["parameterValues"]] == list(inputs.names)
    columns = {
        name: [round(message["data"]["parameterValues"][column]["value"], 3) + 0.0 for message in messages]
        for column, name in enumerate(inputs.names)
    }
    envelope = {**messages[0], "data": {**messages[0]["data"], "parameterValues": []}}
    return {"envelope": [envelope], "at": [round(frame.at, 3) for frame in kept], **columns}


class Recorder:
    """Stands where the connection does: remembers requests with their time, answers that nothing is on."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self._on: set[str] = set()

    async def request(self, kind: str, data: dict[str, Any]) -> None:
        message = json.loads(vts.request(f"{kind}Request", data, str(len(self.sent))))
        self.sent.append({"at": round(VirtualClock().time(), 3), **message})
        if kind == "ExpressionActivation":
            (self._on.add if data["active"] else self._on.discard)(data["expressionFile"])

    async def ask(self, _answer: object, _kind: str, _data: dict[str, Any]) -> Expressions:
        return Expressions(
            expressions=tuple(Expression(file=item.file, active=item.file in self._on) for item in EXPRESSIONS)
        )


async def requests(rendering: Rendering) -> list[dict[str, Any]]:
    """Return what VTube Studio is asked while the utterance is played on virtual time, at 60 Hz."""
    motion_map = registry.read_map(MAP)
    bindings, missing = bind(motion_map, HOTKEYS, EXPRESSIONS)
    assert missing == []
    troubles: list[tuple[str, Diagnostic]] = []
    held: list[dict[str, Any]] = []
    clock = VirtualClock()
    recorder = Recorder()
    switches = Switches(
        durations(motion_map),
        lambda key, note: troubles.append((key, note)),
        lambda inputs: held.append({"at": round(clock.time(), 3), "held": dict(inputs)}),
        clock.time,
    )
    switches.use("golden", bindings, 60.0)
    running = asyncio.create_task(switches.run(recorder))  # type: ignore[arg-type]
    player = Player(rendering.timeline)
    frame = 0
    while not player.done:
        at = frame / 60
        frame += 1
        await clock.wait_until(at)
        for due in player.advance(at, frozenset(bindings)):
            match due:
                case Begin(native=True):
                    cue = due.cue
                    switches.command(Command("act", due.due, cue.name, cue.id, cue.strength, cue.duration))
                case End(native=True):
                    switches.command(Command("release", due.due, due.cue.name, due.cue.id))
                case _:
                    pass
    await asyncio.sleep(1.0)
    running.cancel()
    assert troubles == []
    inputs = [now for now, before in zip(held[1:], held, strict=False) if now["held"] != before["held"]]
    return sorted(recorder.sent + inputs, key=lambda item: item["at"])


def laid_out(data: dict[str, Any]) -> str:
    """Return JSON with one line an entry, so that a difference shows what changed."""
    parts = []
    for key, value in data.items():
        if isinstance(value, list) and value and not isinstance(value[0], int | float):
            lines = ",\n".join("  " + json.dumps(item, ensure_ascii=False) for item in value)
            parts.append(f" {json.dumps(key)}: [\n{lines}\n ]")
        else:
            parts.append(f" {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def alike(now: Any, then: Any) -> bool:
    """Compare JSON values; frames may differ in the last digit, since sines do between machines."""
    if isinstance(now, float | int) and isinstance(then, float | int):
        return math.isclose(now, then, abs_tol=0.0021)
    if isinstance(now, list) and isinstance(then, list):
        return len(now) == len(then) and all(map(alike, now, then))
    if isinstance(now, dict) and isinstance(then, dict):
        return now.keys() == then.keys() and all(alike(now[key], then[key]) for key in now)
    return bool(now == then)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("script", SCRIPTS)
def test_a_performance_is_the_golden_one(script: str, kind: str) -> None:
    path = HERE / script / kind
    now = golden(script, kind)
    if os.environ.get("REGOLD"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(now, encoding="utf-8", newline="\n")
    then = path.read_text(encoding="utf-8")
    if kind == "vts_frames.json":
        assert alike(json.loads(now), json.loads(then)), "the frames differ; see scripts/regold"
    else:
        assert now == then


def test_the_goldens_hold_what_they_are_for() -> None:
    everything = json.loads((HERE / "everything" / "timeline.json").read_text(encoding="utf-8"))
    assert everything["timing"] == "phonemes"
    assert {cue["name"] for cue in everything["cues"]} >= {"happy", "wave", "think", "nod", "smile", "shake", "bow"}
    assert [note["message"] for note in everything["diagnostics"]]


@pytest.mark.parametrize("script", SCRIPTS)
def test_what_is_switched_on_is_switched_off(script: str) -> None:
    asked = json.loads((HERE / script / "vts_requests.json").read_text(encoding="utf-8"))["requests"]
    assert {item.get("messageType") for item in asked} >= {"ExpressionActivationRequest"}
    switched = [item["data"] for item in asked if item.get("messageType") == "ExpressionActivationRequest"]
    for file in {data["expressionFile"] for data in switched}:
        states = [data["active"] for data in switched if data["expressionFile"] == file]
        assert states == [True, False] * (len(states) // 2)
