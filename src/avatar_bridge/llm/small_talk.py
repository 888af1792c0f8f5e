"""What a very small model needs to hold a conversation: turns to imitate, and few sentences. Rules alone it ignores."""

from __future__ import annotations

import re
from dataclasses import replace

from avatar_bridge.core.mind.dialogue import Message, Request

__all__ = ["small_talk"]

_TURNS = (
    ("Hi!", "[wave]Hi there! [happy]I'm so glad you came."),
    ("I lost my keys.", "[sad]Oh no, that is a pity! [nod]We will find them."),
    ("What do you like?", "[think]Hmm, let me see. [happy]I like music and long walks."),
    ("Are you a real person?", "[shake]No, I'm only made of pixels! [happy]I talk with you all day."),
    ("My cat can open doors!", "[surprised]Really? [happy]What a clever cat!"),
)
_TAG = re.compile(r"\[(\w+)\]")
_NAMES = tuple(dict.fromkeys(name for _, answer in _TURNS for name in _TAG.findall(answer)))
_ENOUGH = 3
"""Tags of the turns that a system text must name to be one that explains tags."""


def small_talk(request: Request) -> tuple[Request, str]:
    """Return the request with turns to imitate behind its system text, and a grammar (GBNF) of one to three sentences.

    Tags in both are those that are asked for, or that the system text names; where it explains none, the request comes
    back as it was, with no grammar.
    """
    count = next((at for at, message in enumerate(request.messages) if message.role != "system"), len(request.messages))
    said = {word.casefold() for message in request.messages[:count] for word in re.findall(r"\w+", message.text)}
    known = [name for name in _NAMES if name in (request.tags or said)]
    if len(known) < _ENOUGH and not request.tags:
        return request, ""
    turns: list[Message] = []
    for asked, answer in _TURNS:
        told = _TAG.sub(lambda tag: tag[0] if tag[1] in known else "", answer)
        turns += [Message("user", asked), Message("assistant", told)]
    messages = (*request.messages[:count], *turns, *request.messages[count:])
    return replace(request, messages=messages), _grammar(request.tags or known)


def _grammar(names: tuple[str, ...] | list[str]) -> str:
    tags = " | ".join('"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"' for name in names)
    return (
        'root ::= sentence (" " sentence)? (" " sentence)?\n'
        'sentence ::= ("[" tag "]")? text\n'
        f"tag ::= {tags}\n"
        "text ::= [^\\[\\]\\n.!?*()] [^\\[\\]\\n.!?*()]+ [.!?]\n"
    )
