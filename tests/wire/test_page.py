"""What pages are told, byte for byte, and what is believed of what they say."""

from __future__ import annotations

import base64
import json
import math
import os
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stories import performed
from wire_stories import spoken_by_tone

from avatar_bridge.core.motion.rig import BONES, CHANNELS, FACE_CHANNELS
from avatar_bridge.errors import ProtocolError
from avatar_bridge.wire import page
from avatar_bridge.wire.captions import CaptionFlow
from avatar_bridge.wire.page_binary import BONE_ORDER, CHANNEL_ORDER, motion_frame, pcm16, sound_messages
from avatar_bridge.wire.page_reports import Hello, PageReport, Ping, Playing, SoundState, read

GOLDEN = Path(__file__).parents[1] / "golden" / "page_messages.jsonl"
SCRIPT = "Hi [nod]there, <b>friend</b>! [smile]See you 今日[/smile]."


def utterance_messages() -> list[str]:
    """Return everything that is told of one utterance, and one of each other message."""
    timeline = performed(SCRIPT)
    samples = np.linspace(-1.0, 1.0, 400).astype(np.float32)
    told = [
        page.segment(
            7,
            placed,
            words=[word for word in timeline.words if placed.char <= word.char < placed.char + len(placed.text)],
            phonemes=timeline.phonemes,
            mouth=timeline.mouth.starting(placed.at),
            samples=samples,
            rate=1000,
        )
        for placed in timeline.segments
    ]
    first, captions = CaptionFlow().grow(timeline, -1.0)
    return [
        page.utterance(7),
        *told,
        page.cues(7, timeline.cues),
        page.captions(7, first, captions),
        page.clock(7, now=1234.56789012, heard=-0.0612345678, running=False),
        page.closed(7, timeline.duration),
        page.ended(7, heard=1.25, complete=False, shown="Hi there, <b>"),
        page.act("wave", "/v1/clips/wave.vrma", at=1234.5, strength=0.8),
        page.release("wave", at=1236.5),
        page.reset(),
        page.turn(has=True),
        page.stop(7),
        page.sound_end(7, 529200),
        page.pong(12.5, 1234.5),
        page.state({"version": "1", "doing": "idle"}),
        page.fired(7, driver="vts", action="nod", written="Nod", due=0.3, late_ms=1.23456, native=False),
        page.note("the voice lost its voice", suggestion="give it tea", level="info"),
        page.latency(7, {"script": 1.0, "total": 123.456}),
    ]


def test_the_messages_are_the_golden_ones() -> None:
    now = "".join(message + "\n" for message in utterance_messages())
    if os.environ.get("REGOLD"):
        GOLDEN.write_text(now, encoding="utf-8", newline="\n")
    assert now == GOLDEN.read_text(encoding="utf-8")


def test_the_welcome_says_what_frames_hold() -> None:
    told = json.loads(
        page.welcome(page=3, now=1.5, version="1.2", avatar={"kind": "svg"}, speaker="Ann", clips={"wave": "/w"})
    )
    assert told["channels"] == [channel.name for channel in FACE_CHANNELS]
    assert told["bones"] == [f"{bone}_{axis}" for bone in BONES for axis in "xyz"]
    assert told["resting_pose"]["left_upper_arm_z"] < 0
    assert (told["type"], told["id"], told["protocol"], told["avatar"]) == ("welcome", 3, 1, {"kind": "svg"})


def test_a_segment_holds_its_mouth_and_its_waveform() -> None:
    timeline = spoken_by_tone("Banana, banana!")
    (placed,) = timeline.segments
    curve = timeline.mouth.starting(placed.at)
    assert curve is not None
    samples = np.zeros(1001, np.float32)
    samples[990] = -0.5
    told = json.loads(
        page.segment(1, placed, words=timeline.words, phonemes=(), mouth=curve, samples=samples, rate=1000)
    )
    opened = np.frombuffer(base64.b64decode(told["mouth"]["open"]), np.uint8) / 255
    shapes = np.frombuffer(base64.b64decode(told["mouth"]["shapes"]), np.uint8).reshape(-1, 5) / 255
    assert opened == pytest.approx(curve.open, abs=0.5 / 255 + 1e-6)
    assert shapes == pytest.approx(curve.shapes, abs=0.5 / 255 + 1e-6)
    peaks = list(base64.b64decode(told["waveform"]["peaks"]))
    assert len(peaks) == 51
    assert [index for index, peak in enumerate(peaks) if peak] == [49]
    assert peaks[49] == 128


def test_text_from_a_model_is_sent_whatever_it_holds() -> None:
    told = page.note("half a pair: \ud83d, </script>, \u2028, \x00")
    assert json.loads(told.encode("utf-8"))["message"] == "half a pair: \ud83d, </script>, \u2028, \x00"


@pytest.mark.parametrize("wrong", [math.nan, math.inf])
def test_a_number_that_is_none_is_not_sent(wrong: float) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        page.clock(1, now=1.0, heard=wrong, running=True)


def decoded(frame: bytes) -> tuple[int, float, dict[str, float]]:
    kind, zero, bones, sequence, at = struct.unpack_from("<BBHId", frame)
    assert (kind, zero) == (1, 0)
    count = len(CHANNEL_ORDER)
    values: dict[str, float] = dict(zip(CHANNEL_ORDER, struct.unpack_from(f"<{count}f", frame, 16), strict=True))
    for index in range(bones):
        number, steps = struct.unpack_from("<Hh", frame, 16 + 4 * count + 4 * index)
        values[BONE_ORDER[number]] = steps / 50
    assert len(frame) == 16 + 4 * count + 4 * bones
    return sequence, at, values


VALUES = st.dictionaries(
    st.sampled_from([*CHANNELS]),
    st.floats(-180.0, 180.0, width=32),
    max_size=60,
)


@settings(max_examples=100, deadline=None)
@given(VALUES, st.integers(0, 2**33), st.floats(0.0, 1e9))
def test_a_frame_comes_through(values: dict[str, float], sequence: int, at: float) -> None:
    number, when, told = decoded(motion_frame(sequence, at, values))
    assert number == sequence % 2**32
    assert when == at
    rest = {channel.name: channel.rest for channel in FACE_CHANNELS}
    for name, value in (rest | values).items():
        assert told[name] == pytest.approx(value, abs=0.0101 if name in BONE_ORDER else 1e-9)
    assert told.keys() == (rest | values).keys()


def test_what_the_rig_does_not_have_is_left_out_and_what_is_too_far_is_held() -> None:
    _, _, told = decoded(motion_frame(1, 0.0, {"tail_wag": 1.0, "spine_x": 1e9}))
    assert "tail_wag" not in told
    assert told["spine_x"] == pytest.approx(655.34)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 60_000), st.integers(0, 2**31))
def test_sound_is_cut_into_half_seconds_and_loses_nothing(length: int, offset: int) -> None:
    pcm = pcm16(np.linspace(-1.5, 1.5, length).astype(np.float32))
    got: list[np.ndarray] = []
    for message in sound_messages(9, offset, pcm):
        kind, zero, spare, utterance, at, rate = struct.unpack_from("<BBHIII", message)
        assert (kind, zero, spare, utterance, rate) == (2, 0, 0, 9, 48_000)
        assert at == offset + sum(map(len, got))
        got.append(np.frombuffer(message, "<i2", offset=16))
        assert len(got[-1]) <= 24_000
    whole = np.concatenate(got) if got else np.zeros(0, np.int16)
    assert whole.tolist() == pcm.tolist()
    assert len(pcm) == 0 or (pcm.min(), pcm.max()) == (-32767, 32767 if length > 1 else -32767)


SAID: list[tuple[dict[str, Any], Any]] = [
    (
        {"type": "hello", "kind": "overlay", "streams": ["speech", "sound"], "name": "main", "colour": "red"},
        Hello(type="hello", kind="overlay", streams=("speech", "sound"), name="main"),
    ),
    ({"type": "ping", "sent": 12.5}, Ping(type="ping", sent=12.5)),
    ({"type": "sound", "state": "blocked"}, SoundState(type="sound", state="blocked", detail="")),
    (
        {"type": "playing", "utterance": 7, "start": 12, "late_ms": 1.0, "latency_ms": None},
        Playing(type="playing", utterance=7, start=12.0, late_ms=1.0, latency_ms=None),
    ),
    ({"type": "report"}, PageReport(type="report")),
    ({"type": "dance"}, None),
    ({"type": ["hello"]}, None),
]


@pytest.mark.parametrize(("said", "meant"), SAID, ids=str)
def test_what_a_page_says_is_read(said: dict[str, Any], meant: object) -> None:
    assert read(said) == meant


NONSENSE: list[tuple[dict[str, Any], str]] = [
    ({"type": "hello", "kind": "spy"}, "kind"),
    ({"type": "hello", "kind": "overlay", "streams": ["speech"] * 99}, "streams"),
    ({"type": "hello", "kind": "overlay", "streams": ["all"]}, "streams.0"),
    ({"type": "hello", "kind": "overlay", "name": "n" * 1000}, "name"),
    ({"type": "ping", "sent": "now"}, "sent"),
    ({"type": "ping", "sent": math.inf}, "sent"),
    ({"type": "playing", "utterance": True, "start": 1.0}, "utterance"),
    ({"type": "playing", "utterance": 1.0, "start": 1.0}, "utterance"),
    ({"type": "playing", "utterance": 2**40, "start": 1.0}, "utterance"),
    ({"type": "playing", "utterance": 1, "start": math.nan}, "start"),
    ({"type": "playing", "utterance": 1}, "start"),
    ({"type": "report", "problems": [{"message": 5}]}, "problems.0.message"),
    ({"type": "report", "fps": [60]}, "fps"),
]


@pytest.mark.parametrize(("said", "place"), NONSENSE, ids=str)
def test_nonsense_is_refused_by_name(said: dict[str, Any], place: str) -> None:
    with pytest.raises(ProtocolError, match=place):
        read(said)
