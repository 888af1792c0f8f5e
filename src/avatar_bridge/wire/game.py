"""What the bridge tells games, as text: one function a message of the game socket (docs/game-protocol.md).

`character` is the number that the welcome gave. Every `now`, and `at` of act, is in seconds of the bridge's clock;
times of an utterance are seconds from its first audio sample. Values that are not finite raise ValueError: JSON has no
word for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal

from avatar_bridge.core.motion.rig import RESTING_POSE
from avatar_bridge.core.timeline.timeline import PlacedCue, PlacedSegment
from avatar_bridge.core.vocabulary import MouthCurve, State, Word
from avatar_bridge.wire.captions import Caption
from avatar_bridge.wire.page_binary import BONE_ORDER, CHANNEL_ORDER, SOUND_RATE
from avatar_bridge.wire.telling import captions_told, cue_told, message, mouth_told, rounded, words_told

__all__ = [
    "OLDEST",
    "PROTOCOL",
    "act",
    "cancel",
    "captions",
    "clock",
    "closed",
    "cues",
    "ended",
    "note",
    "pong",
    "refused",
    "release",
    "reset",
    "result",
    "segment",
    "sound_end",
    "state",
    "turn",
    "utterance",
    "welcome",
]

PROTOCOL: Final = 1
"""The newest version of the game protocol that is spoken here."""
OLDEST: Final = 1
"""The oldest one."""

Refusal = Literal["token", "version", "hello", "full"]


def welcome(
    *,
    session: int,
    now: float,
    version: str,
    characters: Iterable[tuple[int, str]],
    unknown: Iterable[tuple[str, str, str | None]] = (),
    protocol: int = PROTOCOL,
) -> str:
    """Return the answer to a hello: what frames hold, the characters (number, name), and the names nobody has.

    `unknown` holds the name as it was asked for, what is wrong in words, and the nearest name there is.
    """
    return message(
        "welcome",
        protocol=protocol,
        version=version,
        session=session,
        now=rounded(now, 6),
        rate=SOUND_RATE,
        channels=CHANNEL_ORDER,
        bones=BONE_ORDER,
        resting_pose=dict(RESTING_POSE),
        characters=[{"number": number, "name": name} for number, name in characters],
        unknown=[{"name": name, "message": words, "nearest": nearest} for name, words, nearest in unknown],
    )


def refused(code: Refusal, words: str) -> str:
    """Return that a game is not let in, in words; the connection is closed next."""
    return message("refused", code=code, message=words, protocol=PROTOCOL)


def pong(sent: float, now: float) -> str:
    """Return the answer to a ping."""
    return message("pong", sent=sent, now=rounded(now, 6))


def note(words: str, *, suggestion: str | None = None) -> str:
    """Return something that the game's maker should know, in plain words."""
    return message("note", message=words, suggestion=suggestion)


def result(request: str, *, ok: bool, words: str = "", suggestion: str | None = None) -> str:
    """Return what became of the say or act with the id `request`."""
    return message("result", id=request, ok=ok, message=words, suggestion=suggestion)


def turn(character: int, *, has: bool, holder: str = "", words: str = "") -> str:
    """Return whether the game plays the character's sound from now on, and who does where it does not."""
    return message("turn", character=character, has=has, holder=holder, message=words)


def state(character: int, doing: State) -> str:
    """Return what the character does from now on."""
    return message("state", character=character, state=doing)


def utterance(character: int, number: int) -> str:
    """Return the beginning of an utterance: everything of an older one is over."""
    return message("utterance", character=character, utterance=number)


def segment(
    character: int,
    number: int,
    placed: PlacedSegment,
    *,
    words: Iterable[Word],
    mouth: MouthCurve | None,
    corrected: bool = False,
) -> str:
    """Return a segment with its words and mouth; word times are of the utterance.

    `corrected`: it was told before, and its words and mouth stand at better times now.
    """
    return message(
        "corrected" if corrected else "segment",
        character=character,
        utterance=number,
        index=placed.index,
        text=placed.text,
        at=rounded(placed.at),
        duration=rounded(placed.duration),
        silence=rounded(placed.silence),
        words=words_told(words),
        mouth=mouth_told(mouth, placed.at),
    )


def cues(
    character: int, number: int, placed: Sequence[PlacedCue], natives: Mapping[str, Mapping[str, str]] | None = None
) -> str:
    """Return every cue that has its place so far; replaces what was told before.

    `natives` holds, by the name of the action, what the game performs by itself: `{"trigger": "Nod"}`; an action that
    it knows under the map's own name is `{"action": "dance"}`.
    """
    by_name = natives or {}
    return message(
        "cues",
        character=character,
        utterance=number,
        cues=[
            {
                **cue_told(cue),
                "kind": cue.action.kind,
                "strength": rounded(cue.strength),
                "native": _native(by_name.get(cue.name)),
            }
            for cue in placed
        ],
    )


def captions(character: int, number: int, first: int, shown: Sequence[Caption]) -> str:
    """Return the captions from index `first` on; replaces what was told of those."""
    return message("captions", character=character, utterance=number, **{"from": first}, captions=captions_told(shown))


def clock(character: int, number: int, *, now: float, heard: float, running: bool) -> str:
    """Return where the utterance is: `heard` seconds were heard at `now`; not `running` means that it stands still."""
    return message(
        "clock",
        character=character,
        utterance=number,
        now=rounded(now, 6),
        heard=rounded(heard, 6),
        running=running,
    )


def closed(character: int, number: int, duration: float) -> str:
    """Return that no segment follows."""
    return message("closed", character=character, utterance=number, duration=rounded(duration))


def cancel(character: int, number: int, heard: float) -> str:
    """Return that the utterance is interrupted: silence and a closed mouth at once."""
    return message("cancel", character=character, utterance=number, heard=rounded(heard))


def ended(character: int, number: int, *, heard: float, complete: bool, shown: str) -> str:
    """Return that the utterance is over; `shown` is what was heard of it, as it is written."""
    return message("ended", character=character, utterance=number, heard=rounded(heard), complete=complete, shown=shown)


def act(
    character: int,
    action: str,
    *,
    kind: str,
    at: float,
    strength: float = 1.0,
    duration: float | None = None,
    native: Mapping[str, str] | None = None,
) -> str:
    """Return that the character does `action` at `at` (bridge's clock), outside any script."""
    return message(
        "act",
        character=character,
        action=action,
        kind=kind,
        at=rounded(at, 6),
        strength=rounded(strength),
        duration=None if duration is None else rounded(duration),
        native=_native(native),
    )


def release(character: int, action: str, *, cue: int | None = None, at: float | None = None) -> str:
    """Return that what `action` switched on ends at `at` of the utterance; None: now."""
    return message("release", character=character, action=action, cue=cue, at=None if at is None else rounded(at))


def reset(character: int) -> str:
    """Return that everything that the character's actions switched on ends now."""
    return message("reset", character=character)


def sound_end(character: int, number: int, samples: int) -> str:
    """Return that no sound follows the first `samples` of the utterance."""
    return message("sound_end", character=character, utterance=number, samples=samples)


def _native(table: Mapping[str, str] | None) -> dict[str, Any] | None:
    return None if table is None else dict(table)
