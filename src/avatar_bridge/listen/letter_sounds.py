"""How an English word that no dictionary has is probably said: letters to sounds by rule."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["letter_sounds"]

_RULES: tuple[tuple[str, str], ...] = (
    ("^kn", "N"),
    ("^gn", "N"),
    ("^wr", "R"),
    ("^ps", "S"),
    ("^x", "Z"),
    ("^y(?=[aeiou])", "Y"),
    ("tion$", "SH AH N"),
    ("tion", "SH AH N"),
    ("sion$", "ZH AH N"),
    ("cious$", "SH AH S"),
    ("tious$", "SH AH S"),
    ("ture$", "CH ER"),
    ("ough$", "OW"),
    ("augh", "AO"),
    ("igh", "AY"),
    ("tch", "CH"),
    ("sch", "SH"),
    ("dge", "JH"),
    ("eau", "OW"),
    ("eye", "AY"),
    ("ch", "CH"),
    ("sh", "SH"),
    ("ph", "F"),
    ("th", "TH"),
    ("wh", "W"),
    ("gh", "G"),
    ("ck", "K"),
    ("qu", "K W"),
    ("ng$", "NG"),
    ("ng(?=[sz])", "NG"),
    ("nk", "NG K"),
    ("mb$", "M"),
    ("ee", "IY"),
    ("ea", "IY"),
    ("oo", "UW"),
    ("ou", "AW"),
    ("ow$", "OW"),
    ("ow", "AW"),
    ("oi", "OY"),
    ("oy", "OY"),
    ("ai", "EY"),
    ("ay", "EY"),
    ("ei", "EY"),
    ("ey$", "IY"),
    ("ie$", "IY"),
    ("ie", "IY"),
    ("oa", "OW"),
    ("oe$", "OW"),
    ("au", "AO"),
    ("aw", "AO"),
    ("ew", "UW"),
    ("eu", "UW"),
    ("ue$", "UW"),
    ("ui", "UW"),
    ("ar", "AA R"),
    ("er", "ER"),
    ("ir", "ER"),
    ("ur", "ER"),
    ("or", "AO R"),
    ("le$", "AH L"),
    ("es$", "Z"),
    ("ed$", "D"),
    ("a(?=[^aeiouy]e$)", "EY"),
    ("e(?=[^aeiouy]e$)", "IY"),
    ("i(?=[^aeiouy]e$)", "AY"),
    ("o(?=[^aeiouy]e$)", "OW"),
    ("u(?=[^aeiouy]e$)", "UW"),
    ("c(?=[eiy])", "S"),
    ("g(?=[eiy])", "JH"),
    ("(?<=[aeiou])s(?=[aeiou])", "Z"),
    ("x", "K S"),
    ("^y", "Y"),
    ("y$", "IY"),
    ("y", "IH"),
    ("(?<=[a-z])e$", ""),
    ("a$", "AH"),
    ("o$", "OW"),
    ("i$", "IY"),
    ("u$", "UW"),
)
_COMPILED = tuple(
    (re.compile(pattern.removeprefix("^")), pattern.startswith("^"), sounds.split()) for pattern, sounds in _RULES
)
_LETTERS = dict(
    pair.split("=")
    for pair in (
        *("a=AE", "b=B", "c=K", "d=D", "e=EH", "f=F", "g=G", "h=HH", "i=IH", "j=JH", "k=K", "l=L", "m=M", "n=N"),
        *("o=AA", "p=P", "q=K", "r=R", "s=S", "t=T", "u=AH", "v=V", "w=W", "x=K", "y=IH", "z=Z"),
    )
)


def letter_sounds(word: str) -> tuple[str, ...]:
    """Return the likely sounds of an English word in ARPAbet; empty where it has no Latin letters."""
    letters = "".join(each for each in unicodedata.normalize("NFKD", word).casefold() if "a" <= each <= "z")
    found: list[str] = []
    at = 0
    while at < len(letters):
        if at and letters[at] == letters[at - 1] and letters[at] not in "aeiou":
            at += 1
            continue
        for pattern, first, sounds in _COMPILED:
            match = pattern.match(letters, at) if not first or at == 0 else None
            if match and match.end() > at:
                found += sounds
                at = match.end()
                break
        else:
            found.append(_LETTERS[letters[at]])
            at += 1
    return tuple(found)
