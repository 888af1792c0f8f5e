"""What games are told, byte for byte, and what is believed of what they say; the published schema holds for both."""

from __future__ import annotations

import copy
import json
import math
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from game_parts import read_motion, read_sound
from game_schemas import judged
from game_vectors import vectors
from hypothesis import given, settings
from hypothesis import strategies as st
from stories import performed

from avatar_bridge.core.motion.rig import CHANNELS, FACE_CHANNELS
from avatar_bridge.errors import ProtocolError
from avatar_bridge.wire import game, game_reports
from avatar_bridge.wire.captions import CaptionFlow
from avatar_bridge.wire.game_binary import character_frame, motion, sound_messages
from avatar_bridge.wire.game_schema import TOLD, schema
from avatar_bridge.wire.page_binary import BONE_ORDER, CHANNEL_ORDER

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "game_messages.jsonl"
SCHEMA = ROOT / "docs" / "game-protocol.schema.json"
SCRIPT = "Hi [nod]there, <b>friend</b>! [smile]See you 今日[/smile]."


def utterance_messages() -> list[str]:
    """Return everything that is told of one utterance, and one of each other message."""
    timeline = performed(SCRIPT)
    told = [
        game.segment(
            2,
            7,
            placed,
            words=[word for word in timeline.words if placed.char <= word.char < placed.char + len(placed.text)],
            mouth=timeline.mouth.starting(placed.at),
        )
        for placed in timeline.segments
    ]
    first, captions = CaptionFlow().grow(timeline, -1.0)
    return [
        game.utterance(2, 7),
        *told,
        game.segment(2, 7, timeline.segments[0], words=timeline.words[:1], mouth=None, corrected=True),
        game.cues(2, 7, timeline.cues, {"nod": {"trigger": "Nod"}}),
        game.captions(2, 7, first, captions),
        game.clock(2, 7, now=1234.56789012, heard=-0.0612345678, running=False),
        game.closed(2, 7, timeline.duration),
        game.cancel(2, 7, 0.61803),
        game.ended(2, 7, heard=1.25, complete=False, shown="Hi there, <b>"),
        game.act(2, "wave", kind="gesture", at=1234.5, strength=0.8, native={"trigger": "Wave"}),
        game.act(2, "sit", kind="prop", at=1234.5, duration=2.0),
        game.release(2, "wave", cue=3, at=1.23456),
        game.release(2, "wave"),
        game.reset(2),
        game.state(2, "listening"),
        game.turn(2, has=False, holder="Farm", words="Farm has the sound"),
        game.sound_end(2, 7, 529200),
        game.pong(12.5, 1234.5),
        game.note("the type 'x' is not known here", suggestion="see the game protocol"),
        game.result("a1", ok=True),
        game.refused("full", "too many"),
        game.welcome(
            session=3, now=1.5, version="1.2", characters=[(2, "anna")], unknown=[("ana", "nobody is 'ana'", "anna")]
        ),
    ]


def test_the_golden_messages_are_the_ones_that_are_sent() -> None:
    now = "".join(message + "\n" for message in utterance_messages())
    if os.environ.get("REGOLD"):
        GOLDEN.write_text(now, encoding="utf-8", newline="\n")
    assert now == GOLDEN.read_text(encoding="utf-8")


def test_the_golden_schema_is_the_published_one() -> None:
    now = json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"
    if os.environ.get("REGOLD"):
        SCHEMA.write_text(now, encoding="utf-8", newline="\n")
    assert now == SCHEMA.read_text(encoding="utf-8")


def test_the_schema_holds_for_every_message_and_vector() -> None:
    told = [json.loads(text) for text in utterance_messages()]
    assert {message["type"] for message in told} == {
        model.model_fields["type"].annotation.__args__[0]  # type: ignore[union-attr]
        for model in TOLD
    }
    for message in told:
        judged("from_bridge", message)
    for case in vectors("messages")["reads"]:
        if not case.get("ignored"):
            judged("from_bridge", json.loads(case["text"]), strictly=False)
    for case in vectors("messages")["writes"]:
        judged("from_game", case["message"])


@pytest.mark.parametrize(
    ("side", "message"),
    [
        ("from_bridge", {"type": "pong", "sent": 1}),
        ("from_bridge", {"type": "reset", "character": 65536}),
        ("from_bridge", {"type": "ping", "sent": 1.0}),
        ("from_game", {"type": "sound", "character": 0}),
        ("from_game", {"type": "pong", "sent": 1.0, "now": 2.0}),
    ],
)
def test_the_schema_holds_nothing_else(side: Any, message: dict[str, Any]) -> None:
    with pytest.raises(AssertionError):
        judged(side, message, strictly=False)


@pytest.mark.parametrize("wrong", [math.nan, math.inf])
def test_a_number_that_is_none_is_not_sent(wrong: float) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        game.clock(0, 1, now=1.0, heard=wrong, running=True)


VALUES = st.dictionaries(st.sampled_from([*CHANNELS]), st.floats(-180.0, 180.0, width=32), max_size=60)


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(st.integers(0, 0xFFFF), st.tuples(st.floats(0.0, 1e9), VALUES), max_size=5), st.integers(0, 2**33)
)
def test_frames_come_through(told: dict[int, tuple[float, dict[str, float]]], sequence: int) -> None:
    packed = [character_frame(number, at, values) for number, (at, values) in told.items()]
    number, frames = read_motion(motion(sequence, packed), len(CHANNEL_ORDER), len(BONE_ORDER))
    assert number == sequence % 2**32
    assert [(frame.character, frame.at) for frame in frames] == [(each, at) for each, (at, _) in told.items()]
    rest = {channel.name: channel.rest for channel in FACE_CHANNELS}
    for frame, (_, values) in zip(frames, told.values(), strict=True):
        shown = dict(zip(CHANNEL_ORDER, frame.channels, strict=True))
        shown |= {BONE_ORDER[bone]: degrees for bone, degrees in frame.bones.items()}
        assert shown.keys() == (rest | values).keys()
        for name, value in (rest | values).items():
            assert shown[name] == pytest.approx(value, abs=0.0101 if name in BONE_ORDER else 1e-9)


def test_what_the_rig_does_not_have_is_left_out_and_what_is_too_far_is_held() -> None:
    packed = motion(1, [character_frame(1, 0.0, {"tail_wag": 1.0, "spine_x": 1e9, "spine_y": -1e9, "head_yaw": 2.0})])
    _, (frame,) = read_motion(packed, len(CHANNEL_ORDER), len(BONE_ORDER))
    assert frame.bones == {BONE_ORDER.index("spine_x"): 655.34, BONE_ORDER.index("spine_y"): -655.34}
    assert frame.channels[0] == 2.0


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 0xFFFF), st.integers(0, 2**32 - 1), st.integers(0, 2**31), st.integers(0, 60_000))
def test_sound_comes_through(character: int, utterance: int, offset: int, count: int) -> None:
    pcm = (np.arange(count) % 65_536 - 32_768).astype(np.int16)
    pieces = [read_sound(binary) for binary in sound_messages(character, utterance, offset, pcm)]
    assert [sample for piece in pieces for sample in piece.samples] == pcm.tolist()
    place = offset
    for piece in pieces:
        assert (piece.character, piece.utterance, piece.offset, piece.rate) == (character, utterance, place, 48_000)
        assert 0 < len(piece.samples) <= 24_000
        place += len(piece.samples)


def outcome(text: str) -> tuple[Any, str | None]:
    """Return what a text was read as, or why it was not."""
    try:
        return game_reports.read(game_reports.parsed(text)), None
    except ProtocolError as error:
        return None, str(error)


WRITES = [case["message"] for case in vectors("messages")["writes"]]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(WRITES), st.data())
def test_a_message_with_one_thing_wrong_is_read_or_refused_in_words(
    message: dict[str, Any], data: st.DataObject
) -> None:
    changed = copy.deepcopy(message)
    key = data.draw(st.sampled_from([key for key in message if key != "type"]))
    changed[key] = data.draw(JSON)
    said, refusal = outcome(json.dumps(changed))
    if refusal is not None:
        assert refusal.startswith(message["type"])
        assert "expected" in refusal
        assert len(refusal.encode()) < 400
    else:
        json.dumps(said.model_dump(), allow_nan=False)


@settings(max_examples=300, deadline=None)
@given(st.text() | st.text(alphabet='{}[]",:0123456789.eE-+\\utnrfalse type'))
def test_no_text_breaks_the_reader(text: str) -> None:
    _, refusal = outcome(text)
    assert refusal is None or "expected" in refusal
