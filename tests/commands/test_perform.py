"""What `perform` tells afterwards, to people and to programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from players import ToneVoice, Witness, prepare_here
from stories import MAP
from virtual_time import VirtualClock, run

from avatar_bridge import registry
from avatar_bridge.assembly import Bridge
from avatar_bridge.audio.silent import SilentSpeaker
from avatar_bridge.commands import perform as command
from avatar_bridge.commands.perform import acted_lines, gathered, outcome_data, outcome_lines
from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.ports import Acted, TargetState
from avatar_bridge.settings import Settings
from avatar_bridge.stage.performance import Outcome

MISSING = Diagnostic("bow: the model has no hotkey 'Bow'.", None, "Bow2")


def performed(script: str, *drivers: Witness) -> tuple[Bridge, Outcome]:
    async def scene() -> tuple[Bridge, Outcome]:
        clock = VirtualClock()
        bridge = Bridge(
            voice=ToneVoice(),
            speaker=SilentSpeaker(now=clock.time),
            drivers=list(drivers),
            motion_map=MAP,
            clock=clock,
            preparing=prepare_here,
            notes=(Diagnostic("no sound: none there.", None, "plug one in"),),
        )
        async with bridge:
            return bridge, await bridge.perform(script)

    return run(scene())


def test_programs_get_everything_as_json() -> None:
    driver = Witness(name="vts", native=frozenset({"hat"}))
    driver.state = TargetState("ready", "", 2.0, 9, 0, (MISSING, MISSING))
    bridge, outcome = performed("One [nod] two [hat] three [dance] four.", driver)
    data = json.loads(json.dumps(outcome_data(bridge, outcome)))
    assert data["heard"].split() == ["One", "two", "three", "four."]
    assert data["complete"] is True
    assert data["duration_s"] == pytest.approx(outcome.timeline.duration, abs=1e-3)
    assert data["first_audio_s"] >= 0
    assert [(item["driver"], item["action"]) for item in data["actions"]] == [("vts", "nod"), ("vts", "hat")]
    assert all(abs(item["late_ms"]) < 20 for item in data["actions"])
    assert data["targets"] == {"vts": {"status": "ready", "detail": ""}}
    messages = [note["message"] for note in data["diagnostics"]]
    assert messages.count(MISSING.message) == 1, "each is told once"
    assert messages[0] == "no sound: none there."
    assert any("dance" in message for message in messages)


def test_people_get_a_line_each_and_none_when_all_went_well() -> None:
    driver = Witness(name="vts")
    driver.state = TargetState("refused", "The question was answered with Deny.", diagnostics=(MISSING,))
    bridge, outcome = performed("One [waev] two.", driver)
    lines = list(outcome_lines(bridge, outcome))
    assert "note: no sound: none there. (plug one in)" in lines
    assert "note: bow: the model has no hotkey 'Bow'. (Bow2)" in lines
    assert lines[-1] == "note: vts is refused: The question was answered with Deny."
    assert len(lines) == len(set(lines)) == 4
    bridge, outcome = performed("One two.", Witness())
    bridge.notes.clear()
    assert list(outcome_lines(bridge, outcome)) == []


class Teller(Witness):
    """A driver whose target tells that it acted, 10 ms after it was told."""

    def acted(self) -> list[Acted]:
        told = [Acted(command.action, at + 0.01, command.cue) for at, command in self.commands if command.kind == "act"]
        self.commands = [each for each in self.commands if each[1].kind != "act"]
        return told


def test_when_each_target_acted_is_told_where_it_tells() -> None:
    teller = Teller(name="game", native=frozenset({"hat"}))
    bridge, outcome = performed("One [nod] two [hat] three four.", teller, Witness(name="vmc"))
    rows = {(row["driver"], row["action"]): row for row in outcome_data(bridge, outcome)["actions"]}
    told = rows["game", "hat"]
    assert told["off_ms"] == pytest.approx(10.0, abs=0.1)
    assert told["seen_s"] == pytest.approx(told["due_s"] + 0.01, abs=2e-4)
    assert all("seen_s" not in row for key, row in rows.items() if key != ("game", "hat"))
    head, *lines = acted_lines(bridge)
    assert head.split() == ["action", "target", "due", "s", "acted", "s", "off", "ms"]
    assert [line.split()[:2] for line in lines] == [["nod", "game"], ["nod", "vmc"], ["hat", "game"], ["hat", "vmc"]]
    assert lines[2].split()[-1] == "10.0"
    assert "sent" in lines[3]


def test_what_comes_while_a_target_is_not_ready_is_missed_and_not_done() -> None:
    driver = Witness(name="vts")
    driver.state = TargetState("unreachable", "Start it.")
    bridge, outcome = performed("One [nod] two [hat] three.", driver)
    data = outcome_data(bridge, outcome)
    assert data["actions"] == []
    (missed,) = [each for each in data["diagnostics"] if "missed" in each["message"]]
    assert missed["message"].startswith("vts was unreachable and missed 'nod'")
    assert missed["suggestion"] == "Start it."


def test_more_actions_than_anyone_counts_are_all_told() -> None:
    driver = Witness(name="vts", native=frozenset({"hat"}))
    bridge, outcome = performed("[hat] one two three " * 80, driver)
    assert len(outcome.timeline.cues) > 70
    assert len(outcome_data(bridge, outcome)["actions"]) == len(outcome.timeline.cues)
    assert gathered(bridge, outcome) == bridge.notes


@pytest.mark.parametrize("as_json", [True, False])
async def test_the_whole_command(as_json: bool, tmp_path: Path, capsys: Any) -> None:
    script = tmp_path / "script.txt"
    script.write_text("Hi [nod] you.", encoding="utf-8")
    settings = Settings.model_validate(
        {"voice": {"engine": "tone", "speed": 3.0}, "sound": {"speaker": "none"}, "drivers": {}}
    )
    await command.perform(str(script), settings, as_json=as_json)
    captured = capsys.readouterr()
    assert (json.loads(captured.out)["heard"] == "Hi you.") if as_json else captured.out == ""
    assert captured.err == ""


async def test_what_is_missed_is_told_before_anything_is_said_and_once(
    tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "script.txt"
    script.write_text("Hi [nodd] you.", encoding="utf-8")
    monkeypatch.setattr(registry, "missing_packages", lambda name: () if name == "tone" else (name,))
    settings = Settings.model_validate({"voice": {"speed": 3.0}, "sound": {"speaker": "none"}, "drivers": {}})
    await command.perform(str(script), settings, as_json=False)
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("note: the voice 'piper' is not installed, so 'tone' speaks")
    assert "nodd" in second
