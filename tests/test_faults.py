"""Everything that may go wrong, end to end: a clear sentence, nothing else lost.

Each item of bad input and each fault, and the tests that hold it (`test_the_table_is_true` looks them up):

    VTube Studio absent                  tests/commands/test_command_line.py::test_the_trace_has_a_line_for_each_frame
                                         tests/drivers/test_vts_driver.py::test_nothing_there
    closed mid-word                      tests/test_faults.py::test_whatever_vtube_studio_does_every_word_is_spoken
                                         tests/drivers/test_vts_driver.py::test_a_closed_app_is_found_again_and_holds_are_restored
    hung but connected                   tests/test_faults.py::test_whatever_vtube_studio_does_every_word_is_spoken
                                         tests/drivers/test_vts_driver.py::test_a_hung_app_is_said_and_left
    API switched off                     tests/test_faults.py::test_whatever_vtube_studio_does_every_word_is_spoken
                                         tests/drivers/test_vts_simulated.py::test_the_api_switched_off_and_on
    pop-up denied or left open           tests/test_faults.py::test_an_unanswered_or_denied_pop_up_costs_the_target_only
                                         tests/drivers/test_vts_simulated.py::test_the_pop_up_denied_and_left_open
    token revoked                        tests/test_faults.py::test_whatever_vtube_studio_does_every_word_is_spoken
                                         tests/drivers/test_vts_simulated.py::test_a_revoked_token_leads_to_a_new_question
    no model loaded                      tests/test_faults.py::test_whatever_vtube_studio_does_every_word_is_spoken
                                         tests/drivers/test_vts_simulated.py::test_no_model
    model without a needed hotkey        tests/test_faults.py::test_a_model_that_lacks_a_hotkey_is_named_with_the_nearest
    another plugin owning the parameter  tests/drivers/test_vts_simulated.py::test_another_plugin_owns_the_mouth
    voice worker killed                  tests/test_faults.py::test_a_worker_that_dies_hangs_or_starves_loses_no_word
                                         tests/stage/test_worker.py::test_killed_from_outside_in_mid_answer_and_while_idle
    voice worker hung                    tests/test_faults.py::test_a_worker_that_dies_hangs_or_starves_loses_no_word
    voice worker out of memory           tests/test_faults.py::test_a_worker_that_dies_hangs_or_starves_loses_no_word
    text it cannot say: another script   tests/test_faults.py::test_what_the_voice_refuses_is_left_out_and_said
                                         tests/tts/test_piper.py::test_another_script_is_refused_with_a_remedy
    only emoji, only punctuation         tests/test_bridge.py::test_a_script_without_words_ends_by_itself
                                         tests/commands/test_command_line.py::test_input_without_words_is_no_failure
    a map with a wrong key               tests/test_faults.py::test_a_wrong_map_is_refused_before_anything_starts
                                         tests/core/motion/test_motion_map.py::test_a_fault_names_file_line_key_and_the_nearest_right_name
    a wrong type                         tests/test_faults.py::test_a_wrong_map_is_refused_before_anything_starts
    an unknown channel                   tests/test_faults.py::test_a_wrong_map_is_refused_before_anything_starts
    keyframes out of order               tests/test_faults.py::test_a_wrong_map_is_refused_before_anything_starts
    a cycle of exclusive groups          tests/test_faults.py::test_a_wrong_map_is_refused_before_anything_starts
                                         tests/core/motion/test_motion_map.py::test_a_cycle_of_exclusive_groups_is_refused
    input that is empty                  tests/commands/test_command_line.py::test_input_without_words_is_no_failure
                                         tests/commands/test_render.py::test_any_script_gives_every_file_whole
    1 MB without a full stop             tests/test_faults.py::test_a_megabyte_without_a_full_stop_is_cut_into_pieces
                                         tests/commands/test_render.py::test_a_long_text_without_a_full_stop_is_rendered_in_pieces
    not UTF-8                            tests/commands/test_command_line.py::test_input_that_is_not_utf8_says_where
                                         tests/commands/test_reading.py::test_a_broken_byte_is_named_by_its_place
    a closed pipe                        tests/commands/test_command_line.py::test_a_closed_pipe_is_quiet
    no sound card                        tests/test_faults.py::test_without_a_sound_card_the_show_runs_on_the_wall_clock
                                         tests/audio/test_local.py::test_no_library_and_no_package_say_what_to_do
    a card that vanishes                 tests/audio/test_local.py::test_a_device_that_vanishes_and_returns_costs_sound_and_no_time
    a full disk while rendering          tests/commands/test_render.py::test_a_full_disk_leaves_what_was_there
                                         tests/commands/test_render.py::test_a_file_that_grows_too_large_is_one_plain_line
                                         tests/test_faults.py::test_a_full_disk_ends_the_trace_and_not_the_show
                                         tests/audio/test_wall_speakers.py::test_a_full_disk_ends_the_recording_and_not_the_show
    Ctrl-C at any moment                 tests/commands/test_command_line.py::test_a_request_to_end_leaves_without_a_traceback
                                         tests/test_faults.py::test_ctrl_c_closes_the_mouth_and_switches_off
                                         tests/test_faults.py::test_ctrl_c_while_rendering_leaves_no_half_a_file
                                         tests/test_bridge.py::test_an_interrupt_is_one_act
"""  # noqa: E501

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from players import ToneVoice, Witness, prepare_here
from stories import MAP
from virtual_time import VirtualClock, run

from avatar_bridge.assembly import Bridge
from avatar_bridge.audio.silent import SilentSpeaker
from avatar_bridge.commands.perform import outcome_lines
from avatar_bridge.core.motion.motion_map import load_motion_map
from avatar_bridge.core.script.parser import Parser
from avatar_bridge.core.script.segmenter import Segmenter
from avatar_bridge.drivers.vts import VTubeStudioDriver
from avatar_bridge.errors import MotionMapError, SpeakerError
from avatar_bridge.ports import Driver, Voice
from avatar_bridge.settings import Settings
from avatar_bridge.simulators.vts import Options, VTubeStudioSimulator
from avatar_bridge.stage.performance import Outcome
from avatar_bridge.stage.worker import WorkerVoice
from avatar_bridge.tts.tone import ToneEngine

ROOT = Path(__file__).parents[1]
SCRIPT = "[blush] Banana, banana, [wave] banana, banana, and so on."
VTS_MAP = """
[actions.blush]
meaning = "blushes"
kind = "expression"
vts.hotkey = "Blush"

[actions.wave]
meaning = "waves"
kind = "gesture"
vts.hotkey = "Wavee"
keyframes.head_pitch = [[0, 0], [0.2, -10], [0.4, 0]]
"""


def table() -> Iterator[tuple[str, str]]:
    yield from re.findall(r"(tests/\S+\.py)::(test_\w+)$", __doc__ or "", re.MULTILINE)


@pytest.mark.parametrize(("path", "name"), sorted(set(table())))
def test_the_table_is_true(path: str, name: str) -> None:
    text = (ROOT / path).read_text(encoding="utf-8")
    assert re.search(rf"^(async )?def {name}\(", text, re.MULTILINE), f"{path} has no {name}"


class QuickVoice(ToneVoice):
    """The tone voice, three times as fast."""

    def __init__(self) -> None:
        super().__init__(cost=0.0)
        self._engine = ToneEngine(speed=3.0)


def bridge_of(driver: Driver, voice: Voice | None = None, **more: Any) -> Bridge:
    return Bridge(
        voice=voice or QuickVoice(),
        speaker=SilentSpeaker(),
        drivers=[driver],
        motion_map=load_motion_map(VTS_MAP, source="faults.toml"),
        preparing=prepare_here,
        **more,
    )


def driver_of(sim: VTubeStudioSimulator, folder: Path) -> VTubeStudioDriver:
    return VTubeStudioDriver(
        motion_map=load_motion_map(VTS_MAP, source="faults.toml"),
        url=sim.url,
        token_path=folder / "token.json",
        folders=(),
        probe=False,
        discovery_port=None,
    )


async def heard_of(bridge: Bridge, seconds: float) -> None:
    await bridge.stage.until(lambda: (bridge.stage.heard() or 0.0) > seconds)


def speech_of(outcome: Outcome) -> str:
    assert outcome.heard.complete
    assert not outcome.interrupted
    return outcome.heard.speech.strip()


FAULTS: dict[str, Callable[[VTubeStudioSimulator], object]] = {
    "closed": lambda sim: sim.refuse_connections() or sim.drop_connections(),
    "hung": lambda sim: sim.stall(),
    "api off": lambda sim: sim.set_api_active(False),
    "revoked": lambda sim: sim.revoke(),
    "no model": lambda sim: sim.unload_model(),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_whatever_vtube_studio_does_every_word_is_spoken(fault: str, tmp_path: Path) -> None:
    async with VTubeStudioSimulator() as sim:
        driver = driver_of(sim, tmp_path)
        async with bridge_of(driver) as bridge:
            await bridge.ready()
            assert driver.state.status == "ready"
            speaking = asyncio.ensure_future(bridge.perform(SCRIPT))
            await heard_of(bridge, 0.3)
            FAULTS[fault](sim)
            assert speech_of(await speaking) == "Banana, banana, banana, banana, and so on."
            sim.resume()
            sim.refuse_connections(False)
            sim.set_api_active(True)
            if fault == "no model":
                assert "no model" in driver.state.detail
                sim.load_model("Akari", instantly=True)
            await sim.until(lambda: driver.state.status == "ready" and sim.active_expressions == ())


@pytest.mark.parametrize("answer", ["wait", "auto_deny"])
async def test_an_unanswered_or_denied_pop_up_costs_the_target_only(answer: Any, tmp_path: Path) -> None:
    async with VTubeStudioSimulator(options=Options(popup=answer)) as sim:
        driver = driver_of(sim, tmp_path)
        async with bridge_of(driver) as bridge:
            await bridge.ready(within=0.3)
            outcome = await bridge.perform("Banana, banana.")
            assert speech_of(outcome) == "Banana, banana."
            (line,) = [line for line in outcome_lines(bridge, outcome) if line.startswith("note: vts is ")]
        assert line.startswith("note: vts is waiting: " if answer == "wait" else "note: vts is refused: ")
        assert len(line) > 40, "it says what to do"


async def test_a_model_that_lacks_a_hotkey_is_named_with_the_nearest(tmp_path: Path) -> None:
    async with VTubeStudioSimulator() as sim:
        async with bridge_of(driver_of(sim, tmp_path)) as bridge:
            await bridge.ready()
            outcome = await bridge.perform("[wave] Banana, banana.")
            lines = list(outcome_lines(bridge, outcome))
        assert [line for line in lines if "no hotkey 'Wavee'" in line and "(Wave" in line], lines
        lowest = min(frame.values["FaceAngleY"] for frame in sim.frames)
        assert lowest < -4, "it is acted by channels instead"


@pytest.mark.parametrize("fault", ["die", "hang", "starve", "crash"])
async def test_a_worker_that_dies_hangs_or_starves_loses_no_word(
    fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(ROOT / "tests" / "stage")
    settings = {"once": str(tmp_path / "once")}
    voice = WorkerVoice("worker_engines:Obedient", settings, reply_timeout=2.0)
    driver = Witness()
    async with bridge_of(driver, voice) as bridge:
        outcome = await bridge.perform(f"One two {fault} four.")
        assert speech_of(outcome) == f"One two {fault} four."
        assert outcome.timeline.duration == pytest.approx(0.04), "each word's 10 ms, once"
        assert bridge.troubles, "and it is told"


async def test_what_the_voice_refuses_is_left_out_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "tests" / "stage")
    voice = WorkerVoice("worker_engines:Obedient", {})
    async with bridge_of(Witness(), voice) as bridge:
        outcome = await bridge.perform("[wave] refuse this.")
        assert outcome.heard.complete
        assert any("it cannot say that" in line and "refuse this." in line for line in outcome_lines(bridge, outcome))
        assert [cue.name for cue in outcome.timeline.cues] == ["wave"]
        again = await bridge.perform("One two three.")
        assert speech_of(again) == "One two three."


GOOD = """
groups.a = { replaces = ["b"] }
groups.b = {}
[actions.nod]
meaning = "yes"
kind = "gesture"
group = "a"
stroke = 0.2
duration = 0.6
keyframes.head_pitch = [[0.0, 0], [0.2, -10], [0.6, 0]]
"""


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("stroke", "strok", 'did you mean "stroke"'),
        ("0.2\nd", '"soon"\nd', "expected a valid number"),
        ("head_pitch", "head_pich", 'did you mean "head_pitch"'),
        ("[0.6, 0]", "[0.1, 0]", "out of order"),
        ("groups.b = {}", 'groups.b = { replaces = ["a"] }', "cycle|circle|each other"),
    ],
)
def test_a_wrong_map_is_refused_before_anything_starts(old: str, new: str, expected: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(GOOD, encoding="utf-8")
    settings = Settings.model_validate({"voice": {"engine": "tone"}, "motion": {"map": str(path)}, "drivers": {}})
    Bridge.from_settings(settings)
    assert old in GOOD
    path.write_text(GOOD.replace(old, new), encoding="utf-8")
    with pytest.raises(MotionMapError, match=expected) as caught:
        Bridge.from_settings(settings)
    assert re.search(rf"{re.escape(str(path))}, line \d+: ", str(caught.value))


@pytest.mark.parametrize("piece", ["word and ", "これは長い", "x", "a, b; c: "])
def test_a_megabyte_without_a_full_stop_is_cut_into_pieces(piece: str) -> None:
    text = piece * (1_000_000 // len(piece.encode()))
    parser, segmenter = Parser(), Segmenter()
    count = longest = length = 0
    for start in range(0, len(text), 4096):
        parser.feed(text[start : start + 4096])
        for event in parser.events():
            segmenter.feed(event)
        for segment in segmenter.segments():
            count, length, longest = count + 1, length + len(segment.text), max(longest, len(segment.text))
    parser.close()
    for event in parser.events():
        segmenter.feed(event)
    segmenter.close()
    for segment in segmenter.segments():
        count, length, longest = count + 1, length + len(segment.text), max(longest, len(segment.text))
    assert count > 500
    assert longest < 2000
    assert length >= len(text.rstrip()) - count, "only blanks between pieces may go"


class NoCard(SilentSpeaker):
    async def open(self) -> None:
        raise SpeakerError("no sound device is there; connect one.")


async def test_without_a_sound_card_the_show_runs_on_the_wall_clock() -> None:
    bridge = Bridge(voice=QuickVoice(), speaker=NoCard(), drivers=[Witness()], motion_map=MAP, preparing=prepare_here)
    async with bridge:
        outcome = await bridge.perform("Hi.")
        lines = list(outcome_lines(bridge, outcome))
    assert speech_of(outcome) == "Hi."
    assert any("no sound device is there" in line and "wall clock" in line for line in lines)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_a_full_disk_ends_the_trace_and_not_the_show() -> None:
    async def scene() -> None:
        clock = VirtualClock()
        bridge = Bridge(
            voice=ToneVoice(),
            speaker=SilentSpeaker(now=clock.time),
            drivers=[driver := Witness()],
            motion_map=MAP,
            clock=clock,
            preparing=prepare_here,
            settings=Settings(trace=Path("/dev/full")),
        )
        async with bridge:
            outcome = await bridge.perform("This is a sentence, [nod] and this is another one. " * 6)
            lines = list(outcome_lines(bridge, outcome))
        assert outcome.heard.complete
        assert len(driver.frames) > 600
        assert any("trace" in line and "disk is full" in line for line in lines), lines

    run(scene())


@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT is delivered to one process by POSIX systems only")
async def test_ctrl_c_closes_the_mouth_and_switches_off(tmp_path: Path) -> None:
    (tmp_path / "map.toml").write_text(VTS_MAP, encoding="utf-8")
    async with VTubeStudioSimulator() as sim:
        (tmp_path / "bridge.toml").write_text(
            f'[voice]\nengine = "tone"\n[sound]\nspeaker = "none"\n[motion]\nmap = "{tmp_path.as_posix()}/map.toml"\n'
            f'[drivers.vts]\nurl = "{sim.url}"\noptions = {{ token_path = "{tmp_path.as_posix()}/token.json" }}\n',
            encoding="utf-8",
        )
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "avatar_bridge", "perform", "-", "--settings", "bridge.toml"),
            cwd=tmp_path,
            stdin=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        assert child.stdin
        child.stdin.write(b"[blush] " + b"Banana, banana, banana. " * 40)
        child.stdin.close()
        await sim.until(lambda: sim.active_expressions and sim.frames[-1].values["MouthOpen"] > 0.3, 30.0)
        child.send_signal(signal.SIGINT)
        _, errors = await asyncio.wait_for(child.communicate(), 30)
        assert sim.frames[-1].values["MouthOpen"] == pytest.approx(0.0, abs=0.02)
        assert sim.active_expressions == ()
    assert child.returncode == 1
    assert b"Traceback" not in errors
    assert errors.rstrip().endswith(b"stopped")


@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT is delivered to one process by POSIX systems only")
def test_ctrl_c_while_rendering_leaves_no_half_a_file(tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text("Here is a sentence. " * 20_000, encoding="utf-8")
    arguments = ["render", "long.txt", "--out", "out", "--voice", "tone"]
    child = subprocess.Popen([sys.executable, "-m", "avatar_bridge", *arguments], cwd=tmp_path, stderr=subprocess.PIPE)
    ends = time.monotonic() + 30
    while not psutil.Process(child.pid).children():
        assert time.monotonic() < ends, "the voice was never started"
        time.sleep(0.02)
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate(timeout=30)
    assert (child.returncode, errors.strip()) == (1, b"stopped")
    assert not (tmp_path / "out").exists()
