"""From a motion map to the instructions that tell a language model which tags there are."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from avatar_bridge.core.motion.action import Action
from avatar_bridge.core.motion.motion_map import MotionMap
from avatar_bridge.core.vocabulary import name_key

__all__ = ["BUDGET", "CHARS_PER_TOKEN", "instructions"]

BUDGET = 350
"""Tokens that the instructions should stay below."""

CHARS_PER_TOKEN = 4
"""Characters of English a token, by the usual rule of thumb."""

_CLAUSE = re.compile(r"[;:,.(]")
_RULES = (
    "Your reply is spoken by an animated character. Put tags in square brackets right before the word they "
    "belong to; tags are never spoken. Write a tag only where it says something the words alone do not: about one "
    "motion every second sentence, never two at one word. A face stays until the next one. Use these tags only."
)


def instructions(motion_map: MotionMap, *, performed: Collection[str] | None = None, persona: str = "") -> str:
    """Return instructions for a language model: the tags, what they mean, when and how often to use them, examples.

    `performed` names the actions that the targets can show (None: all of the map); `persona` is put in front. Meanings
    are cut to their first clause where the whole would pass `BUDGET` tokens.
    """
    wanted = None if performed is None else {name_key(name) for name in performed}
    actions = [action for action in motion_map.actions.values() if wanted is None or name_key(action.name) in wanted]
    if not actions:
        return persona.strip()
    text = _text(actions, short=False)
    if len(text) > BUDGET * CHARS_PER_TOKEN:
        text = _text(actions, short=True)
    return f"{persona.strip()}\n\n{text}" if persona.strip() else text


def _text(actions: Sequence[Action], *, short: bool) -> str:
    lines = [_RULES]
    for title, kinds in (
        ("Motions", ("gesture",)),
        ("Faces", ("expression",)),
        ("Things and scenes", ("prop", "scene")),
    ):
        entries = [_entry(action, short=short) for action in actions if action.kind in kinds]
        if entries:
            lines.append(f"{title}: {'; '.join(entries)}.")
    lines += _examples(actions)
    return "\n".join(lines)


def _entry(action: Action, *, short: bool) -> str:
    meaning = _CLAUSE.split(action.meaning, maxsplit=1)[0].strip() if short else action.meaning.strip()
    if name_key(meaning) == name_key(action.name):
        return action.name
    return f"{action.name} = {meaning}"


def _examples(actions: Sequence[Action]) -> list[str]:
    """Return two examples made of the map's own tags."""
    gestures = [action.name for action in actions if action.kind == "gesture"]
    faces = [action.name for action in actions if action.kind == "expression"]
    others = [action.name for action in actions if action.kind not in ("gesture", "expression")]
    first = _pick(("wave", "smallbow", "nod"), gestures or faces or others)
    second = _pick(("think", "tilt", "shrug"), gestures or others or faces)
    face = _pick(("happy", "smile"), faces or gestures or others)
    other = _pick(("surprised", "worried", "sad"), faces or others or gestures)
    return [
        f"Example: [{face}]Hi there! I'm [{first}]so glad you came.",
        f"Example: [{other}]Really? [{second}]Let me see what we can do.",
    ]


def _pick(preferred: Sequence[str], names: Sequence[str]) -> str:
    by_key = {name_key(name): name for name in names}
    return next((by_key[key] for key in preferred if key in by_key), names[0])
