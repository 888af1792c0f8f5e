"""The vectors of the game protocol: the bridge's encoders make them, the reference client passes them."""

from __future__ import annotations

import base64
import json
import os
from typing import Any

import pytest
from game_parts import (
    BinaryError,
    ClockSync,
    CueKeeper,
    MotionFrame,
    MotionSampler,
    MouthSampler,
    SoundRing,
    read_motion,
    read_sound,
)
from game_vectors import FOLDER, MADE, encoded, vectors

from avatar_bridge.errors import ProtocolError
from avatar_bridge.wire import game_reports

ABOUT = 1e-4


def cases(name: str, key: str = "cases") -> list[Any]:
    return [pytest.param(case, id=case["name"]) for case in vectors(name)[key]]


@pytest.mark.parametrize("name", sorted(MADE))
def test_the_golden_vectors_are_what_the_encoders_make(name: str) -> None:
    now = encoded(MADE[name]())
    path = FOLDER / f"{name}.json"
    if os.environ.get("REGOLD"):
        path.write_text(now, encoding="utf-8", newline="\n")
    assert now == path.read_text(encoding="utf-8")


def test_every_file_of_vectors_can_be_read_by_anybody() -> None:
    for path in sorted(FOLDER.glob("*.json")):
        text = path.read_text(encoding="utf-8")
        assert text.isascii(), path.name
        assert json.loads(text)["about"]


def at_path(message: Any, path: str) -> Any:
    for key in path.split("."):
        message = message[int(key) if isinstance(message, list) else key]
    return message


@pytest.mark.parametrize("case", cases("messages", "reads"))
def test_what_the_bridge_says_holds_what_is_to_be_read(case: dict[str, Any]) -> None:
    message = json.loads(case["text"])
    assert message["type"] == case["type"]
    for path, value in case.get("values", {}).items():
        assert at_path(message, path) == (pytest.approx(value, abs=ABOUT) if type(value) is float else value), path
    for path, count in case.get("counts", {}).items():
        assert len(at_path(message, path)) == count, path
    for path, values in case.get("bytes", {}).items():
        assert list(base64.b64decode(at_path(message, path))) == values, path
    for path, beginning in case.get("starts", {}).items():
        assert at_path(message, path).startswith(beginning), path
    assert case.get("ignored") or case.get("values")


@pytest.mark.parametrize("case", cases("messages", "writes"))
def test_what_a_game_says_is_taken(case: dict[str, Any]) -> None:
    told = case["message"]
    said = game_reports.read(game_reports.parsed(json.dumps(told)))
    assert not isinstance(said, str)
    dumped = json.loads(json.dumps(said.model_dump()))
    for key, value in told.items():
        assert dumped[key] == value, key


@pytest.mark.parametrize("text", vectors("messages")["bad"])
def test_what_is_no_message_is_none(text: str) -> None:
    with pytest.raises(ProtocolError, match="expected"):
        game_reports.parsed(text)


@pytest.mark.parametrize("case", cases("motion"))
def test_motion_is_read(case: dict[str, Any]) -> None:
    layout = case.get("layout") or vectors("motion")
    sequence, frames = read_motion(base64.b64decode(case["binary"]), len(layout["channels"]), len(layout["bones"]))
    assert sequence == case["sequence"]
    assert [(frame.character, frame.at) for frame in frames] == [
        (told["character"], told["at"]) for told in case["frames"]
    ]
    for frame, told in zip(frames, case["frames"], strict=True):
        assert list(frame.channels) == pytest.approx(told["channels"], abs=ABOUT)
        assert {layout["bones"][bone]: value for bone, value in frame.bones.items()} == pytest.approx(
            told["bones"], abs=ABOUT
        )


@pytest.mark.parametrize("case", cases("motion", "bad"))
def test_motion_that_is_broken_is_refused(case: dict[str, Any]) -> None:
    layout = vectors("motion")
    with pytest.raises(BinaryError):
        read_motion(base64.b64decode(case["binary"]), len(layout["channels"]), len(layout["bones"]))


@pytest.mark.parametrize("case", cases("sound"))
def test_sound_is_read(case: dict[str, Any]) -> None:
    sound = read_sound(base64.b64decode(case["binary"]))
    assert (sound.character, sound.utterance, sound.offset, sound.rate, list(sound.samples)) == (
        case["character"],
        case["utterance"],
        case["offset"],
        case["rate"],
        case["samples"],
    )


@pytest.mark.parametrize("case", cases("sound", "bad"))
def test_sound_that_is_broken_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(BinaryError):
        read_sound(base64.b64decode(case["binary"]))


@pytest.mark.parametrize("case", cases("clock"))
def test_the_clock_is_kept(case: dict[str, Any]) -> None:
    sync = ClockSync()
    for sample in case["samples"]:
        sync.take(sample["sent"], sample["now"], sample["received"])
        assert sync.offset == (None if sample["offset"] is None else pytest.approx(sample["offset"], abs=1e-6)), sample
        if "settled" in sample:
            assert sync.settled(sample["received"]) == sample["settled"], sample


@pytest.mark.parametrize("case", cases("mouth"))
def test_the_mouth_is_sampled(case: dict[str, Any]) -> None:
    sampler = MouthSampler()
    for mouth in case["mouths"]:
        sampler.take(mouth)
    for sample in case["samples"]:
        assert sampler.sample(sample["time"]) == pytest.approx((sample["open"], *sample["shapes"]), abs=ABOUT), sample


@pytest.mark.parametrize("case", cases("sampling"))
def test_motion_is_sampled(case: dict[str, Any]) -> None:
    layout = vectors("motion")
    for sample in case["samples"]:
        sampler = MotionSampler()
        for frame in case["frames"][: sample.get("after")]:
            sampler.take(
                MotionFrame(
                    0,
                    frame["at"],
                    tuple(frame["channels"].get(name, 0.0) for name in layout["channels"]),
                    {layout["bones"].index(name): value for name, value in frame["bones"].items()},
                )
            )
        shown = sampler.sample(sample["time"])
        if sample["channels"] is None:
            assert shown is None
            continue
        assert shown is not None
        for name, value in sample["channels"].items():
            assert shown[0][layout["channels"].index(name)] == pytest.approx(value, abs=ABOUT), sample
        for name, value in sample["bones"].items():
            assert shown[1].get(layout["bones"].index(name), 0.0) == pytest.approx(value, abs=ABOUT), sample


@pytest.mark.parametrize("case", cases("playhead"))
def test_the_sound_is_played(case: dict[str, Any]) -> None:
    ring = SoundRing(latency=case["latency_ms"] / 1000.0)
    for step in case["steps"]:
        for chunk in step.get("arrive", ()):
            ring.take(chunk["offset"], [1] * chunk["samples"])
        if "end" in step:
            ring.finish(step["end"])
        if step.get("cancel"):
            ring.cancel()
        taken, told = ring.pull(step["dsp"], 960)
        report = None
        if told:
            assert ring.start is not None
            report = pytest.approx(
                {
                    "start": ring.start + case["offset"],
                    "late_ms": ring.late * 1000.0,
                    "latency_ms": ring.latency * 1000.0,
                    "underruns": ring.underruns,
                },
                abs=ABOUT,
            )
        assert (len(taken), ring.position) == (step["taken"], step["position"]), step
        assert step["report"] == report, step


@pytest.mark.parametrize("case", cases("cues"))
def test_cues_begin(case: dict[str, Any]) -> None:
    keeper = CueKeeper()
    for tick in case["ticks"]:
        if "tell" in tick:
            keeper.tell(tick["tell"])
        if "release" in tick:
            keeper.release(tick["release"])
        if tick.get("utterance"):
            keeper = keeper.follow()
        if tick.get("ended"):
            keeper.end()
        if tick.get("cancel"):
            keeper.cancel()
        if tick.get("reset"):
            keeper.reset()
        begun, left, ended = keeper.tick(tick["heard"])
        assert [cue["id"] for cue in begun] == tick["begin"], tick
        assert sorted(cue["id"] for cue in left) == tick["left_out"], tick
        assert [cue["name"] for cue in ended] == tick["ends"], tick
