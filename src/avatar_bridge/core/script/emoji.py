"""Emoji: shown, never said, and each a feeling or a gesture."""

from __future__ import annotations

from types import MappingProxyType

__all__ = ["EMOJI_STARTS", "MEANINGS", "SEQUENCE", "TEXT_STYLE", "meaning"]

EMOJI_STARTS = (
    "\u231a\u231b\u23e9-\u23ec\u23f0\u23f3\u25fd\u25fe\u2600-\u27bf\u2b1b\u2b1c\u2b50\u2b55\U0001f000-\U0001faff"
)
"""Inside of a regex class: characters that are pictures by themselves (and symbols nobody reads aloud)."""

TEXT_STYLE = (
    "\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u2199\u21a9\u21aa\u2328\u23cf\u23ed-\u23ef\u23f1\u23f2\u23f8-\u23fa"
    "\u24c2\u25aa\u25ab\u25b6\u25c0\u25fb\u25fc\u2934\u2935\u2b05-\u2b07\u3030\u303d\u3297\u3299"
)
"""Inside of a regex class: characters that are pictures only before U+FE0F (Unicode's emoji-data, text default)."""

_DRESS = r"[\ufe0f\u20e3\U0001f3fb-\U0001f3ff]{0,3}[\U000e0020-\U000e007f]{0,16}"

SEQUENCE = (
    rf"(?:[0-9#*]\ufe0f?\u20e3|(?:[\U0001f1e6-\U0001f1ff]{{2}}|[{EMOJI_STARTS}]|[{TEXT_STYLE}](?=\ufe0f)){_DRESS}"
    rf"(?:\u200d[{EMOJI_STARTS}{TEXT_STYLE}]{_DRESS}){{0,9}}\u200d?)"
)
"""Regex of one whole emoji: joined with ZWJ, toned, flags, keycaps, tag sequences."""

_TABLE = (
    ("😀😃😄😁😊🙂☺🥰😇🤗🌞🎉🥳✨💖💕❤💗💓😺😸💛🧡💚💙💜", ("happy", "joy", "smile", "fun")),
    ("😆😂🤣😅😹", ("laugh", "happy", "joy", "smile")),
    ("🤭", ("giggle", "laugh", "happy", "joy")),
    ("😢😭😿🥺💔😞😔🙁☹😟😥", ("sad", "sorrow", "cry")),
    ("😠😡🤬👿💢😤", ("angry", "anger")),
    ("😮😲😱😯🤯🙀😳❗‼⁉", ("surprised", "surprise", "gasp")),
    ("😌😴💤🥱", ("relaxed", "sleepy", "fun")),
    ("🤔💭", ("think", "thinking", "curious")),
    ("🙈", ("shy", "happy", "smile")),
    ("😏😼", ("smug", "smirk", "smile")),
    ("😉😜", ("wink", "smile", "happy")),
    ("😒🙄", ("pout", "annoyed", "angry")),
    ("👋", ("wave", "hello")),
    ("🙏🙇", ("bow", "thanks")),
    ("👍", ("thumbs up", "nod", "happy")),
    ("👎", ("thumbs down", "shake", "sad")),
    ("👏", ("clap", "applause", "happy")),
    ("💃🕺🎶🎵♪♫", ("dance", "dance sway", "sing", "happy")),
    ("🤷", ("shrug",)),
    ("🙅", ("shake", "no")),
    ("🙆", ("nod", "yes")),
    ("💪", ("excited", "cheer", "happy")),
    ("😎", ("cool", "smug", "happy")),
    ("🤩", ("excited", "happy", "joy")),
    ("😘😚😙😗💋", ("kiss", "happy", "smile")),
)

MEANINGS = MappingProxyType({char: names for chars, names in _TABLE for char in chars if char != "\ufe0f"})
"""What an emoji's first character asks for, best name first; the motion map's names and aliases decide."""


def meaning(sequence: str) -> tuple[str, ...]:
    """Return the names that a whole emoji sequence may mean, best first; a gesture may come after a person."""
    return next((MEANINGS[char] for char in sequence if char in MEANINGS), ())
