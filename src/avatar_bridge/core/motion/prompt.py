"""From a motion map to the instructions that tell a language model which tags there are."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from avatar_bridge.core.motion.action import Action
from avatar_bridge.core.motion.motion_map import MotionMap
from avatar_bridge.core.vocabulary import name_key

__all__ = ["BUDGET", "CHARS_PER_TOKEN", "FORMS", "Form", "instructions", "prompt_tokens"]

BUDGET = 350
"""Tokens that the instructions should stay below; a map of more than 36 actions has as much more."""

CHARS_PER_TOKEN = 3.4
"""Characters of these instructions a token: what tokenizers with small vocabularies make of them."""

_USUAL = 36
_WIDE = re.compile("[\u1100-\u11ff\u2e80-\ua4cf\uac00-\ud7ff\uf900-\ufaff\uff00-\uffef\U0001f000-\U0003ffff]")
_CLAUSE = re.compile(r"[;:,.(]")


@dataclass(frozen=True, slots=True)
class Form:
    """How a dialect writes tags; `{}` stands for the name."""

    motion: str
    face: str

    def tag(self, action: Action) -> str:
        """Return the tag of an action."""
        return (self.face if action.kind == "expression" else self.motion).replace("{}", action.name)

    @property
    def told(self) -> str:
        """How to write one, for the model."""
        motion, face = (form.replace("{}", "NAME") for form in (self.motion, self.face))
        return f"as {motion}" if motion == face else f"as {motion}, faces as {face}"


_BRACKETS = Form("[{}]", "[{}]")
FORMS: Mapping[str, Form] = MappingProxyType(
    {
        "auto": _BRACKETS,
        "bridge": _BRACKETS,
        "chatdollkit": Form("[anim:{}]", "[face:{}]"),
        "airi": Form('<|ACT {"motion":"{}"}|>', '<|ACT {"emotion":"{}"}|>'),
        "xml": Form('<motion name="{}"/>', '<face name="{}"/>'),
        "ssml": Form('<mark name="{}"/>', '<mark name="{}"/>'),
        "asterisk": Form("*{}*", "*{}*"),
    }
)
"""The dialects that name actions; emoji name none."""

_EMOJI = (
    "Your reply is spoken by an animated character. Emoji are never spoken: each shows on its face or as a gesture. "
    "Put one right before the sentence it belongs to, and about one every second sentence.\n"
    "Example: 😊 I'm so glad you came.\nExample: 🤔 Let me see what we can do."
)
_RULES = (
    "Your reply is spoken by an animated character. Tags move it and are never spoken. Write a tag {told}, right "
    "before the word it belongs to, never last. Use one only where words are not enough: about one motion every two "
    "sentences, a face when the mood changes; it stays until the next. There are no others:"
)
_KINDS = (("Motions", ("gesture",)), ("Faces", ("expression",)), ("Things", ("prop", "scene")))
_MOTIONS = (
    ("wave", "{}Hi there!"),
    ("think", "Hmm, {}let me see."),
    ("nod", "Yes, {}of course."),
    ("shake", "No, {}not at all."),
    ("smallbow", "{}Thank you so much."),
    ("shrug", "I {}really don't know."),
    ("tilt", "{}Tell me more."),
    ("laugh", "{}That was a good one!"),
)
_FACES = (
    ("happy", "{}I'm so glad you came."),
    ("surprised", "{}Oh, is that so?"),
    ("sad", "{}I'm sorry to hear that."),
    ("smile", "{}Good to see you."),
    ("joy", "{}I'm so glad you came."),
)
_ANY = "{}Look at this."


def instructions(
    motion_map: MotionMap,
    *,
    performed: Collection[str] | None = None,
    persona: str = "",
    dialect: str = "auto",
) -> str:
    """Return instructions for a language model: the tags, what they mean, when and how often to use them, examples.

    `performed` names the actions that the targets can show (None: all of the map); `persona` is put in front. `dialect`
    is how the script is read: one of `FORMS`, or emoji. Meanings are cut to their first clause where the whole would
    pass `BUDGET` tokens.
    """
    wanted = None if performed is None else {name_key(name) for name in performed}
    actions = [action for action in motion_map.actions.values() if wanted is None or name_key(action.name) in wanted]
    if not actions:
        return persona.strip()
    if dialect == "emoji":
        text = _EMOJI
    else:
        form = FORMS.get(dialect, _BRACKETS)
        text = _text(actions, form, short=False)
        if prompt_tokens(text) >= BUDGET:
            text = _text(actions, form, short=True)
    return f"{persona.strip()}\n\n{text}" if persona.strip() else text


def prompt_tokens(text: str) -> int:
    """Return about how many tokens instructions take, rather too many than too few."""
    wide = len(_WIDE.findall(text))
    return round((len(text) - wide) / CHARS_PER_TOKEN + 1.5 * wide + 0.5)


def _text(actions: Sequence[Action], form: Form, *, short: bool) -> str:
    lines = [_RULES.replace("{told}", form.told)]
    for title, kinds in _KINDS:
        entries = [_entry(action, short=short) for action in actions if action.kind in kinds]
        if entries:
            lines.append(f"{title}: {'; '.join(entries)}.")
    return "\n".join((*lines, *_examples(actions, form)))


def _entry(action: Action, *, short: bool) -> str:
    meaning = _CLAUSE.split(action.meaning, maxsplit=1)[0].strip() if short else action.meaning.strip()
    if not meaning or name_key(meaning) == name_key(action.name):
        return action.name
    return f"{action.name} = {meaning}"


def _examples(actions: Sequence[Action], form: Form) -> list[str]:
    """Return two examples made of the map's own tags, each with a motion and a face where there are both."""
    motions = _scenes([action for action in actions if action.kind == "gesture"], _MOTIONS, form)
    faces = _scenes([action for action in actions if action.kind == "expression"], _FACES, form)
    others = _scenes([action for action in actions if action.kind in ("prop", "scene")], (), form)
    told = []
    for at in range(2):
        parts = [scenes[at % len(scenes)] for scenes in (motions, faces) if scenes] or [others[at % len(others)]]
        told.append(f"Example: {' '.join(parts)}")
    return told


def _scenes(actions: Sequence[Action], known: Sequence[tuple[str, str]], form: Form) -> list[str]:
    """Return sentences with tags of these actions: of those that have a sentence of their own, and of two at least."""
    by_key = {name_key(action.name): action for action in actions}
    of_its_own = {key: scene for key, scene in known if key in by_key}
    rest = [key for key in by_key if key not in of_its_own][: max(0, 2 - len(of_its_own))]
    return [
        scene.replace("{}", form.tag(by_key[key]))
        for key, scene in (*of_its_own.items(), *((key, _ANY) for key in rest))
    ]
