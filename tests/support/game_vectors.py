"""The test vectors of the game protocol: what every client of it must read, write, keep and begin.

What the bridge sends is made by its own encoders; what a client makes of it is worked out by hand and written here.
"""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from avatar_bridge.core.vocabulary import MouthCurve, Word
from avatar_bridge.wire import game
from avatar_bridge.wire.captions import Caption, CaptionWord
from avatar_bridge.wire.game_binary import character_frame, motion, sound_messages
from avatar_bridge.wire.page_binary import BONE_ORDER, CHANNEL_ORDER

FOLDER = Path(__file__).parents[1] / "vectors" / "game"
TOLERANCE = 1e-4


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def cue(number: int, name: str, kind: str, at: float, start: float, **more: Any) -> Any:
    plain = {"duration": None, "released": None, "strength": 1.0, "written": name, "char": 0}
    return SimpleNamespace(
        id=number, name=name, at=at, start=start, action=SimpleNamespace(kind=kind), **{**plain, **more}
    )


def read_case(name: str, text: str, kind: str, /, **more: Any) -> dict[str, Any]:
    return {"name": name, "text": text, "type": kind, **more}


def reads() -> list[dict[str, Any]]:
    curve = MouthCurve(
        100.0, np.array([0.0, 1.0, 0.4], np.float32), np.array([[0] * 5, [1, 0, 0, 0, 0], [0, 0.4, 0, 0, 0.6]], "f4")
    )
    placed: Any = SimpleNamespace(index=0, text="Hi there!", at=0.25, duration=1.5, silence=0.25)
    words = [Word("Hi", 0, 0.3, 0.2), Word("there!", 3, 0.55, 0.4)]
    welcome = game.welcome(
        session=3,
        now=1234.567891,
        version="0.1.0",
        characters=[(0, "anna"), (7, "Bö")],
        unknown=[("ana", "no character is called 'ana'", "anna"), ("x", "no character is called 'x'", None)],
    )
    told_cues = game.cues(
        0,
        7,
        [
            cue(0, "wave", "gesture", 0.55, 0.3, duration=1.2, written="Wave", char=3, strength=0.8),
            cue(1, "happy", "expression", 0.3, 0.3, released=0.95),
            cue(2, "dance", "gesture", 0.95, -0.05),
        ],
        {"wave": {"trigger": "Nod"}, "dance": {"action": "dance"}},
    )
    shown = Caption(0.3, 1.75, ((CaptionWord("Hi ", 0.3, 0.5),), (CaptionWord("there! 今日", 0.55, 0.95),)))
    return [
        read_case(
            "welcome",
            welcome,
            "welcome",
            values={
                "protocol": 1,
                "version": "0.1.0",
                "session": 3,
                "now": 1234.567891,
                "rate": 48000,
                "channels.0": "head_yaw",
                f"channels.{len(CHANNEL_ORDER) - 1}": "surprised",
                "bones.0": "hips_x",
                "resting_pose.left_upper_arm_z": -68.0,
                "characters.0.number": 0,
                "characters.0.name": "anna",
                "characters.1.number": 7,
                "characters.1.name": "Bö",
                "unknown.0.name": "ana",
                "unknown.0.nearest": "anna",
                "unknown.1.nearest": None,
            },
            counts={"channels": len(CHANNEL_ORDER), "bones": len(BONE_ORDER), "characters": 2, "unknown": 2},
        ),
        read_case(
            "refused: a wrong token",
            game.refused("token", "expected the bridge's token, got another"),
            "refused",
            values={"code": "token", "message": "expected the bridge's token, got another", "protocol": 1},
        ),
        read_case(
            "refused: a wrong version",
            game.refused("version", "this bridge speaks 1, the game 2 to 3"),
            "refused",
            values={"code": "version", "message": "this bridge speaks 1, the game 2 to 3"},
        ),
        read_case("pong", game.pong(12.5, 1234.5), "pong", values={"sent": 12.5, "now": 1234.5}),
        read_case(
            "pong with exponents",
            '{"type":"pong","sent":1.25e1,"now":-5E-2}',
            "pong",
            values={"sent": 12.5, "now": -0.05},
        ),
        read_case(
            "pong with whole numbers",
            '{"type":"pong","sent":12,"now":0}',
            "pong",
            values={"sent": 12.0, "now": 0.0},
        ),
        read_case(
            "note",
            game.note("no such key", suggestion="leave it out"),
            "note",
            values={"message": "no such key", "suggestion": "leave it out"},
        ),
        read_case("note without suggestion", game.note("hm"), "note", values={"message": "hm", "suggestion": None}),
        read_case(
            "escapes",
            '{"type":"note","message":"a\\"b\\\\c\\/d\\n\\t\\u00e4\\u4eca \\ud83d\\ude42 e","suggestion":null}',
            "note",
            values={"message": 'a"b\\c/d\n\tä今 🙂 e'},
        ),
        read_case(
            "characters that are not escaped",
            '{"type":"note","message":"ä今🙂\u2028","suggestion":""}',
            "note",
            values={"message": "ä今🙂\u2028", "suggestion": ""},
        ),
        read_case(
            "half of a pair: it or U+FFFD stands there, and the rest is read",
            '{"type":"note","message":"half: \\ud83d!","suggestion":"ok"}',
            "note",
            values={"suggestion": "ok"},
            starts={"message": "half: "},
        ),
        read_case(
            "white space, keys in any order, unknown keys, a key twice (the last counts)",
            ' { "future" : [ {"deep":[1,[2,{"a":null}]]} , true ] , "now" : 1 , "now" :2.5,\n"sent":7, "type":"pong"}',
            "pong",
            values={"sent": 7.0, "now": 2.5},
        ),
        read_case("an unknown type", '{"type":"weather","sun":1}', "weather", ignored=True),
        read_case(
            "the greatest numbers",
            '{"type":"utterance","character":65535,"utterance":4294967295}',
            "utterance",
            values={"character": 65535, "utterance": 4294967295},
        ),
        read_case(
            "an integer beyond 2^53 in an unknown key",
            '{"type":"utterance","character":1,"utterance":8,"big":123456789012345678901234567890}',
            "utterance",
            values={"character": 1, "utterance": 8},
        ),
        read_case(
            "result, refused",
            game.result("a1", ok=False, words="nothing to say", suggestion="give it text"),
            "result",
            values={"id": "a1", "ok": False, "message": "nothing to say", "suggestion": "give it text"},
        ),
        read_case(
            "turn: yours",
            game.turn(0, has=True),
            "turn",
            values={"character": 0, "has": True, "holder": "", "message": ""},
        ),
        read_case(
            "turn: another's",
            game.turn(2, has=False, holder="Other Game", words="Other Game has the sound"),
            "turn",
            values={"character": 2, "has": False, "holder": "Other Game", "message": "Other Game has the sound"},
        ),
        read_case("state", game.state(0, "thinking"), "state", values={"character": 0, "state": "thinking"}),
        read_case("utterance", game.utterance(0, 7), "utterance", values={"character": 0, "utterance": 7}),
        read_case(
            "segment",
            game.segment(0, 7, placed, words=words, mouth=curve),
            "segment",
            values={
                "character": 0,
                "utterance": 7,
                "index": 0,
                "text": "Hi there!",
                "at": 0.25,
                "duration": 1.5,
                "silence": 0.25,
                "words.0.text": "Hi",
                "words.0.char": 0,
                "words.1.text": "there!",
                "words.1.at": 0.55,
                "words.1.duration": 0.4,
                "words.1.char": 3,
                "mouth.at": 0.25,
                "mouth.rate": 100.0,
                "mouth.open": "AP9m",
                "mouth.shapes": "AAAAAAD/AAAAAABmAACZ",
            },
            counts={"words": 2},
            bytes={"mouth.open": [0, 255, 102], "mouth.shapes": [0] * 5 + [255, 0, 0, 0, 0, 0, 102, 0, 0, 153]},
        ),
        read_case(
            "segment at better times",
            game.segment(0, 7, placed, words=[replace(words[0], at=0.35), words[1]], mouth=curve, corrected=True),
            "corrected",
            values={
                "character": 0,
                "utterance": 7,
                "index": 0,
                "at": 0.25,
                "duration": 1.5,
                "words.0.at": 0.35,
                "words.1.at": 0.55,
                "mouth.open": "AP9m",
            },
            counts={"words": 2},
        ),
        read_case(
            "segment that is silent",
            game.segment(3, 7, placed, words=[], mouth=None),
            "segment",
            values={"character": 3, "mouth.open": "", "mouth.shapes": "", "mouth.rate": 100.0},
            counts={"words": 0},
            bytes={"mouth.open": []},
        ),
        read_case(
            "cues",
            told_cues,
            "cues",
            values={
                "character": 0,
                "utterance": 7,
                "cues.0.id": 0,
                "cues.0.name": "wave",
                "cues.0.kind": "gesture",
                "cues.0.at": 0.55,
                "cues.0.start": 0.3,
                "cues.0.duration": 1.2,
                "cues.0.released": None,
                "cues.0.strength": 0.8,
                "cues.0.written": "Wave",
                "cues.0.char": 3,
                "cues.0.native.trigger": "Nod",
                "cues.1.kind": "expression",
                "cues.1.duration": None,
                "cues.1.released": 0.95,
                "cues.1.native": None,
                "cues.2.start": -0.05,
                "cues.2.native.action": "dance",
            },
            counts={"cues": 3},
        ),
        read_case("no cues", game.cues(0, 7, []), "cues", values={"utterance": 7}, counts={"cues": 0}),
        read_case(
            "captions",
            game.captions(0, 7, 2, [shown]),
            "captions",
            values={
                "from": 2,
                "captions.0.at": 0.3,
                "captions.0.end": 1.75,
                "captions.0.lines.0.0.text": "Hi ",
                "captions.0.lines.1.0.text": "there! 今日",
                "captions.0.lines.1.0.at": 0.55,
                "captions.0.lines.1.0.end": 0.95,
            },
            counts={"captions": 1, "captions.0.lines": 2},
        ),
        read_case(
            "clock",
            game.clock(0, 7, now=1234.567891, heard=-0.061235, running=False),
            "clock",
            values={"utterance": 7, "now": 1234.567891, "heard": -0.061235, "running": False},
        ),
        read_case("closed", game.closed(0, 7, 1.75), "closed", values={"utterance": 7, "duration": 1.75}),
        read_case("cancel", game.cancel(0, 7, 0.62), "cancel", values={"utterance": 7, "heard": 0.62}),
        read_case(
            "ended",
            game.ended(0, 7, heard=1.75, complete=True, shown="Hi there! 今日"),
            "ended",
            values={"utterance": 7, "heard": 1.75, "complete": True, "shown": "Hi there! 今日"},
        ),
        read_case(
            "act",
            game.act(0, "wave", kind="gesture", at=1234.5, strength=0.5, native={"trigger": "Wave"}),
            "act",
            values={
                "action": "wave",
                "kind": "gesture",
                "at": 1234.5,
                "strength": 0.5,
                "duration": None,
                "native.trigger": "Wave",
            },
        ),
        read_case(
            "act that comes as motion",
            game.act(1, "sit", kind="prop", at=1.0, duration=2.5),
            "act",
            values={"character": 1, "action": "sit", "duration": 2.5, "native": None},
        ),
        read_case(
            "release at a time",
            game.release(0, "sit", cue=3, at=1.25),
            "release",
            values={"character": 0, "action": "sit", "cue": 3, "at": 1.25},
        ),
        read_case("release now", game.release(0, "sit"), "release", values={"action": "sit", "cue": None, "at": None}),
        read_case("reset", game.reset(4), "reset", values={"character": 4}),
        read_case("sound_end", game.sound_end(0, 7, 84000), "sound_end", values={"utterance": 7, "samples": 84000}),
    ]


BAD_TEXTS = [
    "",
    "nonsense",
    "[]",
    "7",
    "null",
    "{}",
    '{"type":7}',
    '{"type":"pong","sent":1,"now":2',
    '{"type":"pong","sent":NaN,"now":2}',
    '{"type":"pong","sent":1,"now":2}}',
    "{'type':'pong'}",
    '{"type":"pong","sent":01,"now":2}',
    '{"type":"no\nte"}',
    '{"type":"note","message":"\\x"}',
    "[" * 5000,
]

WRITES: list[tuple[str, dict[str, Any]]] = [
    (
        "hello",
        {
            "type": "hello",
            "protocol": 1,
            "oldest": 1,
            "token": "abcdefghijklmnop",
            "client": {"name": 'My "Game" 今日', "engine": "unity", "version": "0.1.0"},
            "capabilities": ["sound", "motion", "speech", "captions"],
            "characters": [
                {
                    "name": "anna",
                    "sound": True,
                    "actions": ["dance"],
                    "natives": {"trigger": ["Nod", "Wave"], "state": ["Sit"], "clip": [], "expression": ["happy"]},
                }
            ],
        },
    ),
    (
        "hello of the main character only",
        {
            "type": "hello",
            "protocol": 1,
            "oldest": 1,
            "token": "",
            "client": {"name": "g", "engine": "godot", "version": "1"},
            "capabilities": [],
            "characters": [],
        },
    ),
    ("ping", {"type": "ping", "sent": 17.25}),
    ("sound claimed", {"type": "sound", "character": 0, "claim": True}),
    ("sound given up", {"type": "sound", "character": 2, "claim": False}),
    ("abilities", {"type": "abilities", "character": 1, "actions": [], "natives": {"trigger": ["Nod"]}}),
    (
        "playing",
        {
            "type": "playing",
            "character": 0,
            "utterance": 7,
            "start": 1234.567891,
            "late_ms": 12.5,
            "latency_ms": 21.25,
            "underruns": 1,
        },
    ),
    (
        "acted on a cue",
        {"type": "acted", "character": 0, "utterance": 7, "cue": 3, "action": "wave", "at": 1234.5},
    ),
    (
        "acted outside a script",
        {"type": "acted", "character": 0, "utterance": None, "cue": None, "action": "wave", "at": 1234.5},
    ),
    (
        "report",
        {
            "type": "report",
            "margin_ms": -3.5,
            "late_frames": 2,
            "fps": 60.0,
            "problems": [{"message": "no blendshape 'aa'\n", "suggestion": "name one"}],
        },
    ),
    ("event", {"type": "event", "name": "player_near", "character": 0, "data": {"distance": 1.5, "who": ["é", None]}}),
    ("event of nobody", {"type": "event", "name": "button", "character": None, "data": {}}),
    ("say", {"type": "say", "character": 0, "text": 'Hi! [wave] 🙂 "\\\t\u0001', "id": "a1"}),
    ("interrupt", {"type": "interrupt", "character": 0}),
    ("act", {"type": "act", "character": 0, "action": "wave", "strength": 0.5, "duration": None, "id": "b2"}),
]


def messages() -> dict[str, Any]:
    return {
        "about": "reads: what the bridge sends; `values` are paths into it (numbers index lists), `counts` lengths of "
        "lists, `bytes` what base64 decodes to, `starts` beginnings of strings; `ignored`: nothing happens. bad: texts "
        "that are reported and left out, never fatal. writes: what a client sends, equal as JSON, whatever the order.",
        "tolerance": TOLERANCE,
        "reads": reads(),
        "bad": BAD_TEXTS,
        "writes": [{"name": name, "message": message} for name, message in WRITES],
    }


REST = dict.fromkeys(CHANNEL_ORDER, 0.0)


def _frame(number: int, at: float, face: dict[str, float], bones: dict[str, float]) -> tuple[bytes, dict[str, Any]]:
    values = REST | face
    told = {"character": number, "at": at, "channels": [values[name] for name in CHANNEL_ORDER], "bones": bones}
    return character_frame(number, at, values | bones), told


def _motion_case(name: str, sequence: int, *frames: tuple[bytes, dict[str, Any]]) -> dict[str, Any]:
    binary = motion(sequence, [packed for packed, _ in frames])
    return {"name": name, "binary": b64(binary), "sequence": sequence, "frames": [told for _, told in frames]}


def motion_vectors() -> dict[str, Any]:
    one = _frame(0, 1234.5, {"head_yaw": 12.5, "mouth_open": 0.25, "surprised": 1.0}, {})
    two = _frame(
        65535, 0.125, {"gaze_x": -0.5}, {"hips_x": 1.5, "left_upper_arm_z": -68.02, "right_little_distal_z": 655.34}
    )
    whole = motion(1, [one[0], two[0]])
    return {
        "about": "Binary messages of kind 1. `channels` in the welcome's order, `bones` degrees beside resting_pose, "
        "those that are not named 0. A case with `layout` is read as if the welcome had named these. bad: left out.",
        "tolerance": TOLERANCE,
        "channels": list(CHANNEL_ORDER),
        "bones": list(BONE_ORDER),
        "cases": [
            _motion_case("one character", 1, one),
            _motion_case("two characters, bones", 4294967295, one, two),
            _motion_case("nobody", 2),
            {
                "name": "a bridge with fewer channels and bones",
                "layout": {"channels": ["head_yaw", "mouth_open"], "bones": ["hips_x", "hips_y"]},
                "binary": "AQABAAMAAAACAAEAAAAAAAAA+D8AAIBAAAAAPwEAzv8=",
                "sequence": 3,
                "frames": [{"character": 2, "at": 1.5, "channels": [4.0, 0.5], "bones": {"hips_y": -1.0}}],
            },
        ],
        "bad": [
            {"name": "empty", "binary": ""},
            {"name": "a head only", "binary": b64(motion(1, [])[:5])},
            {"name": "cut in the last bone", "binary": b64(whole[:-1])},
            {"name": "cut in the first character", "binary": b64(whole[:40])},
            {"name": "more characters said than there are", "binary": b64(whole[:2] + b"\x09\x00" + whole[4:])},
            {"name": "an unknown kind", "binary": b64(b"\x63" + whole[1:])},
            {"name": "a bone that the welcome did not name", "binary": b64(whole[:-4] + b"\xff\xff" + whole[-2:])},
        ],
    }


def sound_vectors() -> dict[str, Any]:
    def case(name: str, character: int, utterance: int, offset: int, samples: list[int]) -> dict[str, Any]:
        (binary,) = sound_messages(character, utterance, offset, np.array(samples, np.int16))
        return {
            "name": name,
            "binary": b64(binary),
            "character": character,
            "utterance": utterance,
            "offset": offset,
            "rate": 48000,
            "samples": samples,
        }

    first = case("from the start", 0, 7, 0, [0, 1, -1, 32767, -32767])
    binary = base64.b64decode(first["binary"])
    return {
        "about": "Binary messages of kind 2: 16-bit mono samples, full scale 32767. bad: reported and left out.",
        "tolerance": TOLERANCE,
        "cases": [
            first,
            case("further on, the greatest numbers", 65535, 4294967295, 4294967294, [256, -256]),
            {**case("one sample", 1, 1, 480, [-32768]), "name": "the lowest sample"},
        ],
        "bad": [
            {"name": "empty", "binary": ""},
            {"name": "a head cut short", "binary": b64(binary[:15])},
            {"name": "half a sample", "binary": b64(binary[:-1])},
            {"name": "a rate of 0", "binary": b64(binary[:12] + bytes(4) + binary[16:])},
        ],
    }


def encoded(document: dict[str, Any]) -> str:
    """Return a vector file's text: escaped to ASCII, a case a line."""
    lines = []
    for key, value in document.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            told = "[\n  " + ",\n  ".join(json.dumps(each) for each in value) + "\n ]"
        else:
            told = json.dumps(value)
        lines.append(f" {json.dumps(key)}: {told}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


MADE = {"messages": messages, "motion": motion_vectors, "sound": sound_vectors}
"""The files that the bridge's encoders make; the others are written by hand."""


def vectors(name: str) -> dict[str, Any]:
    """Return what a file of vectors holds."""
    document: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return document


__all__ = ["FOLDER", "MADE", "encoded", "vectors"]
