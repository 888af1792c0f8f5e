"""Words of a text in any script: where they stand, how long they take to say, which of them carry an accent."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

__all__ = ["TextWord", "accented", "language", "pause_after", "split_words"]

_HAN = "\u2e80-\u2fdf\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_HIRAGANA = "\u3041-\u309f"
_KATAKANA = "\u30a0-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9f"
_UNSPACED = "\u0e01-\u0e2e\u0e30\u0e32\u0e33\u0e40-\u0e46\u0e81-\u0ec6\u1000-\u109f\u1780-\u17ff"
_MARK = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u064b-\u065f\u0670"
    "\u0900-\u0903\u093a-\u094f\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u200c\u200d"
)
_LETTER = rf"(?:(?![{_HAN}{_HIRAGANA}{_KATAKANA}{_UNSPACED}])[^\W\d_][{_MARK}]*)"

_WORD = re.compile(
    rf"""
    (?P<number>(?:(?<!\w)[-−+])?[$€£¥₩]?\d+(?:[.,:/'’\-–]\d+)*(?:(?:st|nd|rd|th|s|[ap]m|[kKMGT]?[a-zA-Z]{{0,2}})\b)?(?:\s?[%°€]C?)?)
    | (?P<initials>(?:(?<!\w)[^\W\d_]\.){{2,}}(?:[^\W\d_](?!\w))?)
    | (?P<word>{_LETTER}+(?:['’\-‑·]{_LETTER}+)*)
    | (?P<han>[{_HAN}]+)
    | (?P<katakana>[{_KATAKANA}]+)
    | (?P<hiragana>[{_HIRAGANA}]{{1,4}})
    | (?P<unspaced>[{_UNSPACED}][{_MARK}]*)
    | (?P<sign>[&+=@%])
    """,
    re.VERBOSE,
)

Kind = Literal["word", "number", "initials", "han", "katakana", "hiragana", "unspaced", "sign"]

_STRONG = frozenset(".!?…。！？;:；：—\n")
_WEAK = frozenset(",、，–()（）「」『』")


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


_FUNCTION_WORDS = MappingProxyType(
    {
        "en": _listed(
            "a an the and or but if then so as of to in on at by for from with into onto over under about than that "
            "this these those it its it's he she we they you i me him her us them my your his our their is are was "
            "were be been am do does did have has had will would can could shall should may might must not i'm you're "
            "he's she's we're they're i've i'll that's there's there who which what when where how just some any "
            "up out"
        ),
        "es": _listed(
            "el la los las un una unos unas y o pero si de del a al en con por para sin sobre que se lo le les me te "
            "nos su sus mi tu es son era fue ser está están hay no como más muy ya yo él ella este esta ese esa"
        ),
        "fr": _listed(
            "le la les un une des du de et ou mais si à au aux en dans par pour sans sur avec que qui ne pas se ce "
            "cette ces il elle on nous vous ils elles je tu me te lui leur mon ma mes ton son sa ses est sont était "
            "être c'est j'ai y d'un d'une l'on plus"
        ),
        "de": _listed(
            "der die das den dem des ein eine einen einem einer und oder aber wenn dann so als von zu zum zur in im "
            "auf an am bei für mit aus nach über unter um dass es er sie wir ihr ich mich mir dich dir ihn ihm uns "
            "euch mein dein sein ist sind war waren bin hat habe haben wird nicht auch nur noch schon wie was"
        ),
    }
)


@dataclass(frozen=True, slots=True)
class TextWord:
    """A word of a text; `char` is its offset there."""

    text: str
    char: int
    kind: Kind

    @property
    def end(self) -> int:
        """Offset behind the word's last character."""
        return self.char + len(self.text)


def split_words(text: str) -> tuple[TextWord, ...]:
    """Return the words of a text in order.

    Latin and other spaced scripts by word with inner apostrophes and hyphens; a number with its signs is one word;
    Chinese and Thai by character; Japanese by runs of one script, of at most four hiragana.
    """
    japanese = re.search(f"[{_HIRAGANA}{_KATAKANA}]", text) is not None
    words: list[TextWord] = []
    for match in _WORD.finditer(text):
        kind: Kind = match.lastgroup  # type: ignore[assignment]
        if kind == "han" and not japanese:
            words += (TextWord(letter, match.start() + i, kind) for i, letter in enumerate(match.group()))
        else:
            words.append(TextWord(match.group(), match.start(), kind))
    return tuple(words)


def language(words: Sequence[TextWord]) -> str:
    """Return en, es, fr or de, whose function words are the most frequent among `words`; en where none is."""
    plain = [word.text.casefold().replace("’", "'") for word in words]
    return max(_FUNCTION_WORDS, key=lambda code: sum(word in _FUNCTION_WORDS[code] for word in plain))


def accented(words: Sequence[TextWord]) -> tuple[bool, ...]:
    """Return for each word whether it carries meaning rather than grammar: the words that may bear an accent."""
    function_words = _FUNCTION_WORDS[language(words)]
    return tuple(_is_content(word, function_words) for word in words)


def _is_content(word: TextWord, function_words: frozenset[str]) -> bool:
    match word.kind:
        case "han" | "katakana" | "number" | "initials":
            return True
        case "word":
            return word.text.casefold().replace("’", "'") not in function_words
        case _:
            return False


def pause_after(text: str, word: TextWord, following: TextWord | None) -> float:
    """Return how likely a pause stands between a word and the following one: 1 after a sentence, 0.6 after a comma."""
    between = text[word.end : following.char if following else len(text)]
    if _STRONG.intersection(between):
        return 1.0
    return 0.6 if _WEAK.intersection(between) or " - " in between else 0.0
