"""The sounds of American English as recognisers write them (ARPAbet), and as the IPA does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

__all__ = ["SOUNDS", "from_ipa", "to_ipa"]


def _table(rows: str) -> dict[str, str]:
    pairs = (pair.partition("=") for pair in rows.split())
    return {name: value.replace("+", " ") for name, _, value in pairs}


SOUNDS: Mapping[str, str] = MappingProxyType(
    _table(
        "AA=ɑ AE=æ AH=ʌ AO=ɔ AW=aʊ AY=aɪ EH=ɛ ER=ɝ EY=eɪ IH=ɪ IY=i OW=oʊ OY=ɔɪ UH=ʊ UW=u "
        "B=b CH=tʃ D=d DH=ð F=f G=ɡ HH=h JH=dʒ K=k L=l M=m N=n NG=ŋ P=p R=ɹ S=s SH=ʃ T=t TH=θ V=v W=w Y=j Z=z ZH=ʒ"
    )
)
"""IPA by ARPAbet symbol."""

_SCHWA = "ə"
_STRESSED_AH = 0.075
"""Seconds from which on an AH is taken for a stressed one: it opens the mouth, a schwa hardly does."""

_IPA: Mapping[str, str] = MappingProxyType(
    {ipa: symbol for symbol, ipa in SOUNDS.items()}
    | _table(
        "a=AA ɐ=AH ə=AH ᵊ=AH ɚ=ER ɜ=ER ɒ=AA o=OW e=EY ᵻ=IH ɨ=IH y=UW ø=ER œ=ER ɯ=UW ʉ=UW ɵ=UH ɘ=AH ɤ=OW ɪə=IY+ER "
        "əʊ=OW ɔː=AO oː=AO əl=AH+L n̩=AH+N l̩=AH+L m̩=AH+M iə=IY+AH aɪɚ=AY+ER aɪə=AY+AH aʊɚ=AW+ER ɛə=EH ʊə=UH "
        "ɾ=D r=R ʁ=R ɻ=R g=G ɫ=L ɬ=L x=K ç=HH ɣ=G β=V ɸ=F ʋ=V ɲ=N+Y ʎ=L+Y c=K ɟ=G q=K ʈ=T ɖ=D ts=T+S dz=D+Z "
        "ɕ=SH ʑ=ZH tɕ=CH dʑ=JH ʂ=SH ʐ=ZH ħ=HH ɦ=HH ʍ=W ɥ=W"
    )
)
_LONGEST = max(map(len, _IPA))


def from_ipa(symbols: Iterable[str]) -> tuple[str, ...]:
    """Return IPA as ARPAbet sounds, the nearest ones where English has none; stress and what is no sound is dropped."""
    text = "".join(symbols).replace("ˈ", "").replace("ˌ", "").replace("͡", "")
    found: list[str] = []
    at = 0
    while at < len(text):
        for length in range(min(_LONGEST, len(text) - at), 0, -1):
            known = _IPA.get(text[at : at + length])
            if known is not None:
                found += known.split()
                at += length
                break
        else:
            at += 1
    return tuple(found)


def to_ipa(symbol: str, duration: float, word: Sequence[str]) -> str:
    """Return the IPA of a sound of `word` that lasts `duration` seconds; empty for silence.

    AH is two vowels: the stressed one, and the schwa of whatever is said weakly.
    """
    if symbol == "AH":
        alone = sum(sound in _VOWELS for sound in word) == 1 and len(word) > 2
        return SOUNDS["AH"] if duration >= _STRESSED_AH and (alone or duration >= 1.2 * _STRESSED_AH) else _SCHWA
    return SOUNDS.get(symbol, "")


_VOWELS = frozenset(list(SOUNDS)[:15])
