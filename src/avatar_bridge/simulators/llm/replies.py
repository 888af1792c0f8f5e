"""What a stand-in answers, and all that can be wrong with an answer."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["FAULTS", "REFUSALS", "SHAPES", "Reply", "bent", "tokens"]

REFUSALS = frozenset({"400", "401", "402", "403", "404", "408", "422", "429", "500", "503", "529"})
"""Faults that are a status in place of an answer."""

SHAPES = frozenset(
    {
        "broken", "half_character", "error", "error_at_once", "cut", "no_done", "no_finish", "endless", "empty",
        "only_tags", "only_thinking", "only_thinking_reasoning", "only_thinking_inline", "crlf", "cr", "one_byte",
        "empty_choices", "tool_calls", "usage_everywhere", "stall_mid", "stall_comments", "finish_with_text",
        "empty_finish", "unnamed_finish", "no_space", "many_lines", "split_pair", "unended",
    }
)  # fmt: skip
"""Faults and oddities within the stream of an answer."""

FAULTS = REFUSALS | SHAPES | {"stall", "html", "gzip", "redirect", "quota", "echo_key", "nested", "drop"}
"""Everything that `LanguageServer.fault` takes."""

_TOKEN = re.compile(r"\s*\S{1,5}|\s+$")


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer."""

    text: str = "Hello there, it is good to see you. [wave] What shall we do?"
    reasoning: str = ""
    calls: tuple[tuple[str, str, str], ...] = ()
    """Tool calls: id, name, arguments as JSON."""
    finish: str = "stop"


def tokens(text: str) -> list[str]:
    """Return a text in pieces as a model makes them."""
    return _TOKEN.findall(text)


def bent(reply: Reply, fault: str) -> Reply:
    """Return the answer that a fault makes of an answer."""
    if fault == "empty":
        return Reply("")
    if fault == "only_tags":
        return Reply("[wave] [smile]")
    if fault.startswith("only_thinking"):
        return Reply("<think>Who is it? Hm.</think>") if fault.endswith("inline") else Reply("", "Who is it? Hm.")
    if fault == "tool_calls":
        return Reply("", calls=(("call_1", "wave", '{"hand": "left"}'), ("call_2", "nod", "{}")), finish="tool_calls")
    return reply
