"""Small utterances with times that a reader can check by hand."""

from __future__ import annotations

import numpy as np

from avatar_bridge.core.motion.motion_map import MotionMap, load_motion_map
from avatar_bridge.core.script.parser import Parser
from avatar_bridge.core.speech.alignment import Alignment
from avatar_bridge.core.timeline.timeline import Prepared, Timeline
from avatar_bridge.core.vocabulary import MouthCurve, Segment, Word

RATE = 1000
WORD = 0.4
"""Every word lasts this long, wherever it stands; every tenth character is stressed."""

MAP = load_motion_map(
    """
name = "test"
description = "a few actions"

[actions.nod]
meaning = "yes"
kind = "gesture"
stroke = 0.2
duration = 0.6
keyframes.head_pitch = [[0.0, 0], [0.2, -10], [0.6, 0]]

[actions.bow]
meaning = "thanks"
kind = "gesture"
stroke = 0.7
duration = 1.5
group = "body"
keyframes.body_pitch = [[0.0, 0], [0.7, -8], [1.5, 0]]

[actions.smile]
meaning = "friendly"
kind = "expression"
stroke = 0.1
minimum_hold = 0.3
channels.mouth_smile = 0.5

[actions.angry]
meaning = "cross"
kind = "expression"
channels.angry = 1.0

[actions.hat]
meaning = "puts on the hat"
kind = "prop"
vts.hotkey = "Hat"
""",
    source="test.toml",
)


def segments(text: str, *, size: int = 4) -> list[Segment]:
    """Cut a text after every `size` words."""
    cut: list[Segment] = []
    words = text.split(" ")
    at = 0
    for index in range(0, len(words), size):
        piece = " ".join(words[index : index + size])
        cut.append(Segment(len(cut), piece, at, final=index + size >= len(words)))
        at += len(piece) + 1
    return cut


def prepared(segment: Segment) -> Prepared:
    """Speak a segment: every word takes `WORD` seconds."""
    words = []
    char = 0
    for index, text in enumerate(segment.text.split(" ")):
        words.append(Word(text.strip(".,!?"), char, index * WORD, WORD, stressed=index % 2 == 0))
        char += len(text) + 1
    samples = np.zeros(round(len(words) * WORD * RATE), np.float32)
    count = round(len(words) * WORD * 100)
    mouth = MouthCurve(100.0, np.full(count, 0.5, np.float32), np.zeros((count, 5), np.float32))
    return Prepared(samples, RATE, Alignment(tuple(words), "words", 0.0, ()), mouth)


def told(script: str, motion_map: MotionMap = MAP) -> tuple[Timeline, str]:
    """Return a timeline that knows a script's events, and the script's speech."""
    parser = Parser(names=motion_map.names())
    parser.feed(script)
    parser.close()
    timeline = Timeline(motion_map)
    for event in parser.events():
        timeline.feed(event)
    return timeline, timeline.speech


def performed(script: str, motion_map: MotionMap = MAP) -> Timeline:
    """Return a closed timeline of a script, every word `WORD` seconds long."""
    timeline, speech = told(script, motion_map)
    for segment in segments(speech):
        timeline.place(segment, prepared(segment))
    timeline.close()
    return timeline


__all__ = ["MAP", "RATE", "WORD", "performed", "prepared", "segments", "told"]
