from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avatar_bridge.audio.reel import Reel

RATE, BLOCK, LATENCY = 1000, 10, 0.05


class Device:
    """Pulls a block every 10 ms, heard 50 ms later."""

    def __init__(self, reel: Reel) -> None:
        self.reel = reel
        self.now = 0.0
        self.played: list[np.ndarray] = []

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds * RATE / BLOCK)):
            self.played.append(self.reel.pull(BLOCK, self.now + LATENCY))
            self.now += BLOCK / RATE

    @property
    def sound(self) -> np.ndarray:
        return np.concatenate(self.played)


def ramp(start: int, count: int) -> np.ndarray:
    return np.arange(start, start + count, dtype=np.float32)


def test_what_is_heard_lags_behind_what_is_pulled_by_the_latency() -> None:
    reel = Reel(RATE, LATENCY)
    device = Device(reel)
    reel.begin()
    assert reel.heard(0.0) == -LATENCY
    reel.write(ramp(1, 300))
    device.run(0.2)
    assert reel.heard(device.now) == pytest.approx(0.15)
    assert reel.queued(device.now) == pytest.approx(0.15)
    assert device.sound[:200].tolist() == ramp(1, 200).tolist()


def test_it_stands_still_while_dry_and_runs_on_after_the_finish() -> None:
    reel = Reel(RATE, LATENCY)
    device = Device(reel)
    reel.begin()
    reel.write(ramp(1, 100))
    device.run(1.0)
    assert reel.heard(device.now) == pytest.approx(0.1)
    reel.write(ramp(101, 100))
    device.run(0.1)
    assert reel.heard(device.now) == pytest.approx(0.15)
    device.run(0.5)
    assert reel.heard(device.now) == pytest.approx(0.2)
    reel.finish(device.now)
    assert reel.heard(device.now) == pytest.approx(0.2)
    assert reel.heard(device.now + 0.3) == pytest.approx(0.5)
    assert reel.queued(device.now + 0.3) == 0.0


def test_it_runs_on_from_the_end_of_the_sound_when_it_was_finished_before() -> None:
    reel = Reel(RATE, LATENCY)
    device = Device(reel)
    reel.begin()
    reel.write(ramp(1, 100))
    reel.finish(0.0)
    device.run(0.4)
    assert reel.heard(device.now) == pytest.approx(0.35)


def test_the_next_utterance_follows_the_tail_of_this_one() -> None:
    reel = Reel(RATE, LATENCY)
    device = Device(reel)
    reel.begin()
    reel.write(ramp(1, 200))
    reel.finish(0.0)
    device.run(0.1)
    reel.begin()
    reel.write(ramp(1001, 200))
    assert reel.heard(device.now) == pytest.approx(-0.15)
    device.run(0.1)
    device.run(0.1)
    assert reel.heard(device.now) == pytest.approx(0.05)
    assert device.sound[195:205].tolist() == [196, 197, 198, 199, 200, 1001, 1002, 1003, 1004, 1005]


def test_a_stop_fades_at_once_and_forgets_the_rest() -> None:
    reel = Reel(RATE, LATENCY)
    device = Device(reel)
    reel.begin()
    reel.write(np.ones(500, np.float32))
    device.run(0.2)
    assert reel.stop(device.now) == pytest.approx(0.15)
    reel.write(np.ones(100, np.float32))
    device.run(0.2)
    assert reel.heard(device.now) == pytest.approx(0.15)
    assert reel.queued(device.now) == 0.0
    fade = device.sound[200:206]
    assert fade[0] == 1.0
    assert (np.diff(fade) <= 0).all()
    assert not device.sound[205:].any()
    reel.begin()
    reel.write(ramp(1, 50))
    device.run(0.1)
    assert device.sound[400:450].tolist() == ramp(1, 50).tolist()
    assert reel.heard(device.now) == pytest.approx(0.05)


def test_a_device_that_asks_late_after_a_stop_gets_silence_and_no_fade() -> None:
    reel = Reel(RATE, LATENCY)
    reel.begin()
    reel.write(np.ones(500, np.float32))
    assert reel.pull(BLOCK, 0.05, 0.0).all()
    reel.stop(0.001)
    assert not reel.pull(BLOCK, 0.07, 0.02).any()


@pytest.mark.parametrize("position", [0.1, 0.2, 0.7])
def test_an_utterance_that_was_pulled_whole_still_ends_after_a_skip(position: float) -> None:
    reel = Reel(RATE, LATENCY)
    device = Device(reel)
    reel.begin()
    reel.write(ramp(1, 200))
    reel.finish(0.0)
    device.run(0.2)
    device.now = 1.0
    reel.skip(position, 1.0)
    assert reel.heard(1.0) == pytest.approx(position)
    device.run(0.5)
    assert reel.heard(device.now) == pytest.approx(position + 0.5)


@given(st.integers(0, 300), st.integers(0, 30))
def test_skipping_forgets_exactly_what_was_missed(skipped: int, blocks: int) -> None:
    reel = Reel(RATE, LATENCY)
    device = Device(reel)
    reel.begin()
    for start in (1, 101, 201):
        reel.write(ramp(start, 100))
    device.run(blocks * BLOCK / RATE)
    reel.skip(skipped / RATE, device.now)
    before = reel.heard(device.now)
    device.run(0.4)
    pulled = max(skipped, min(blocks * BLOCK, 300))
    rest = device.sound[blocks * BLOCK :]
    assert rest[: 300 - pulled].tolist() == ramp(pulled + 1, 300 - pulled).tolist()
    assert not rest[300 - pulled :].any()
    assert before >= skipped / RATE - 1e-9
    assert reel.heard(device.now) == pytest.approx(0.3)


@given(st.lists(st.tuples(st.sampled_from(["write", "pull", "look", "finish"]), st.integers(1, 80)), max_size=40))
def test_it_never_goes_back_nor_ahead_of_what_was_written(steps: list[tuple[str, int]]) -> None:
    reel = Reel(RATE, LATENCY)
    device = Device(reel)
    reel.begin()
    last, written, finished = -LATENCY, 0, False
    for kind, count in steps:
        if kind == "write" and not finished:
            reel.write(ramp(written + 1, count))
            written += count
        elif kind == "pull":
            device.run(count * BLOCK / RATE)
        elif kind == "finish":
            reel.finish(device.now)
            finished = True
        heard = reel.heard(device.now)
        assert heard >= last - 1e-9
        assert finished or heard <= written / RATE + 1e-9
        last = heard
    if device.played:
        sound = device.sound
        assert (sound[sound > 0] == ramp(1, int((sound > 0).sum()))).all()
