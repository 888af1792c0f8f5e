"""A lead set by eye: the search, the clap and the flash together, and what is written."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from players import Witness, prepare_here
from virtual_time import VirtualClock, run

from avatar_bridge.assembly import Bridge
from avatar_bridge.audio.silent import SilentSpeaker
from avatar_bridge.commands.calibrate import Calibration, Led, calibrate, hold_still, keep_lead
from avatar_bridge.commands.clap import PERIOD, ClapVoice, clap_map, clap_sound, claps
from avatar_bridge.errors import SettingsError, UsageError
from avatar_bridge.settings import Settings, override, read_settings
from avatar_bridge.simulators.vts.server import VTubeStudioSimulator


@given(st.floats(0.0, 0.9))
def test_whoever_says_honestly_what_he_sees_comes_within_10_ms(true: float) -> None:
    search = Calibration(0.0)
    for _ in range(40):
        if abs(search.lead - true) <= 0.01:
            break
        assert search.answer("l" if search.lead < true else "e")
    assert abs(search.lead - true) <= 0.01


@pytest.mark.parametrize("word", ["", "what", "-20", "nan", "inf", "5000", "l e"])
def test_what_is_no_answer_changes_nothing(word: str) -> None:
    search = Calibration(0.05)
    assert not search.answer(word)
    assert search.lead == 0.05


def test_a_number_is_milliseconds() -> None:
    search = Calibration(0.05)
    assert search.answer("120 ms")
    assert search.lead == pytest.approx(0.12)


def test_the_clap_stands_out_of_silence() -> None:
    sound = clap_sound()
    assert len(sound) == round(PERIOD * 48_000)
    loud = np.flatnonzero(np.abs(sound) > 0.05)
    assert loud[0] == pytest.approx(0.7 * 48_000, abs=20)
    assert loud[-1] < 0.8 * 48_000


@pytest.mark.parametrize("lead", [0.0, 0.1, 0.25])
def test_the_eyes_shut_a_lead_before_each_clap(lead: float) -> None:
    async def scene() -> None:
        clock = VirtualClock()
        driver = Witness()
        led = Led(driver, lead)
        speaker = SilentSpeaker(now=clock.time)
        bridge = Bridge(
            voice=ClapVoice(),
            speaker=speaker,
            drivers=[led],
            motion_map=clap_map(),
            clock=clock,
            preparing=prepare_here,
        )
        async with bridge:
            hold_still(bridge)
            playing = asyncio.create_task(bridge.perform(claps()))
            begun = clock.time()
            while (bridge.stage.heard() or 0.0) < 5.0:
                await clock.wait_until(clock.time() + 0.1)
            offset = clock.time() - (bridge.stage.heard() or 0.0)
            bridge.interrupt()
            await playing
        shut = [frame.at for _, frame in driver.frames if frame.at > begun and frame.values["blink_left"] > 0.9]
        onsets = [at for before, at in zip([-1.0, *shut], shut, strict=False) if at - before > 0.5]
        clapped = [offset + 0.7 + PERIOD * index for index in range(3)]
        for onset, clap in zip(onsets, clapped, strict=False):
            assert onset == pytest.approx(clap - lead, abs=0.035)
        assert len(onsets) >= 3

    run(scene())


async def answering(*lines: str) -> AsyncIterator[str]:
    for line in lines:
        await asyncio.sleep(0)
        yield line


async def test_it_ends_with_the_lead_in_the_file(tmp_path: Path) -> None:
    file = tmp_path / "bridge.toml"
    async with VTubeStudioSimulator(port=0, broadcast=False) as simulator:
        file.write_text(
            f'# mine\n[sound]\nrecord = "{(tmp_path / "clap.wav").as_posix()}"\n'
            f'[drivers.vts]  # the model\nurl = "{simulator.url}"\n'
            f'options = {{ token_path = "{(tmp_path / "token.json").as_posix()}" }}\n',
            encoding="utf-8",
        )
        out = io.StringIO()
        answers = answering("l\nhm\n", "90\no", "k\n")
        lead = await calibrate("vts", read_settings(file), answers=answers, out=out)
    assert lead == pytest.approx(0.09)
    text = file.read_text(encoding="utf-8")
    assert "# mine" in text
    assert "# the model" in text
    assert read_settings(file).drivers["vts"].lead == pytest.approx(0.09)
    assert 'got "hm"' in out.getvalue()


async def test_whoever_leaves_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "bridge.toml"
    async with VTubeStudioSimulator(port=0, broadcast=False) as simulator:
        text = (
            f'[sound]\nrecord = "{(tmp_path / "clap.wav").as_posix()}"\n[drivers.vts]\nurl = "{simulator.url}"\n'
            f'options = {{ token_path = "{(tmp_path / "token.json").as_posix()}" }}\n'
        )
        file.write_text(text, encoding="utf-8")
        assert await calibrate("vts", read_settings(file), answers=answering("l\nq\n"), out=io.StringIO()) is None
    assert file.read_text(encoding="utf-8") == text


def test_a_file_without_targets_keeps_the_ones_it_had_by_default(tmp_path: Path) -> None:
    file = tmp_path / "bridge.toml"
    file.write_text("# nothing yet\n", encoding="utf-8")
    settings = override(read_settings(file), {"drivers.vmc.url": "udp://127.0.0.1:39539"})
    keep_lead(settings, "vmc", 0.0621)
    kept = read_settings(file)
    assert set(kept.drivers) == {"vts", "vmc"}
    assert kept.drivers["vmc"].url == "udp://127.0.0.1:39539"
    assert kept.drivers["vmc"].lead == pytest.approx(0.062)
    assert "# nothing yet" in file.read_text(encoding="utf-8")


def test_a_file_that_cannot_be_edited_is_left_and_the_line_is_told(tmp_path: Path) -> None:
    file = tmp_path / "bridge.toml"
    settings = override(read_settings(_written(file, "")), {})
    file.write_text("drivers = 3\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"\[drivers.vts\] lead = 0.05"):
        keep_lead(settings, "vts", 0.05)
    assert file.read_text(encoding="utf-8") == "drivers = 3\n"


@pytest.mark.parametrize("name", ["overlay", "game", "obs"])
async def test_what_keeps_time_by_itself_is_not_calibrated(name: str) -> None:
    with pytest.raises(UsageError, match="needs no calibration"):
        await calibrate(name, Settings(), answers=answering(), out=io.StringIO())


async def test_nobody_can_calibrate_without_a_sound() -> None:
    with pytest.raises(UsageError, match="a sound that you can hear"):
        await calibrate("vts", override(Settings(), {"sound.speaker": "none"}), answers=answering(), out=io.StringIO())


def _written(file: Path, text: str) -> Path:
    file.write_text(text, encoding="utf-8")
    return file
