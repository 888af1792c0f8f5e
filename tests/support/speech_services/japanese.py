"""Japanese sentences with their readings, and kana as moras: what an engine's own front end would find.

A sentence is written as words `surface/READING` (a word in kana needs no reading); `|` parts accent phrases, 、 is a
pause, ？ a question.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

__all__ = ["SENTENCES", "Mora", "Phrase", "Sentence", "moras", "sentence"]

_WRITTEN = (
    "今日/キョー は/ワ|とても|天気/テンキ が|いい です ね。",
    "こんにちは/コンニチワ、私/ワタシ は/ワ|アバター です。",
    "明日/アシタ は/ワ|友達/トモダチ と|映画/エーガ を|見/ミ に|行き/イキ ます。",
    "本当/ホントー に|そう|思い/オモイ ます か？",
    "日本/ニホン の|料理/リョーリ は/ワ|世界/セカイ 中/ジュー で|人気/ニンキ が|あり ます。",
    "ちょっと|待って/マッテ ください、すぐ に|戻り/モドリ ます。",
    "このゲーム/コノゲーム は/ワ|とても|難しい/ムズカシイ けど|楽しい/タノシイ よ。",
    "配信/ハイシン を|見/ミ て くれ て、ありがとう/アリガトー ございます。",
    "東京/トーキョー から|大阪/オーサカ まで|新幹線/シンカンセン で|行っ/イッ た。",
    "みんな、元気/ゲンキ に し て い た？",
    "2026年/ニセンニジューロクネン に、AI/エーアイ が|100人/ヒャクニン の|VTuber/ブイチューバー を|救っ/スクッ た。",
    "母/ハハ は/ワ|花/ハナ が|好き/スキ です。",
    "庭/ニワ に は/ワ|二羽/ニワ|鶏/ニワトリ が|いる。",
    "え、マジ で？　超/チョー|ウケる ん だ けど！",
    "お母/オカー さん へ/エ の|手紙/テガミ を|書こ/カコ う と|思っ/オモッ て い ます。",
    "続き/ツヅキ は/ワ|3/サン 時/ジ|15/ジューゴ 分/フン から です よ。",
    "彼女/カノジョ は/ワ|静か/シズカ に|本/ホン を|読ん/ヨン で い る。",
    "フォロー ありがとう/アリガトー！　ファン の|皆/ミナ さん、大好き/ダイスキ！",
)
_ROWS = {
    "": "アイウエオ", "k": "カキクケコ", "s": "サ_スセソ", "t": "タ__テト", "n": "ナニヌネノ", "h": "ハヒ_ヘホ",
    "m": "マミムメモ", "y": "ヤ_ユ_ヨ", "r": "ラリルレロ", "w": "ワ____", "g": "ガギグゲゴ", "z": "ザ_ズゼゾ",
    "d": "ダ__デド", "b": "バビブベボ", "p": "パピプペポ",
}  # fmt: skip
_KANA = {kana: (row, vowel) for row, kanas in _ROWS.items() for kana, vowel in zip(kanas, "aiueo", strict=True)}
_KANA |= {"シ": ("sh", "i"), "チ": ("ch", "i"), "ツ": ("ts", "u"), "フ": ("f", "u"), "ジ": ("j", "i"), "ヂ": ("j", "i")}
_KANA |= {"ヅ": ("z", "u"), "ヲ": ("", "o"), "ン": ("", "N"), "ッ": ("", "cl"), "ヴ": ("v", "u")}
_SMALL = {"ャ": "a", "ュ": "u", "ョ": "o", "ァ": "a", "ィ": "i", "ゥ": "u", "ェ": "e", "ォ": "o"}
_SOFT = {"k": "ky", "g": "gy", "n": "ny", "h": "hy", "b": "by", "p": "py", "m": "my", "r": "ry"}
_VOWELS = dict(zip("aiueo", "アイウエオ", strict=True))


@dataclass(frozen=True)
class Mora:
    text: str
    consonant: str
    vowel: str

    def length(self, place: int, part: str) -> float:
        """Seconds, as uneven as a model's, the same for the same place."""
        noise = zlib.crc32(f"{self.text}{place}{part}".encode()) % 10_000 / 10_000
        return 0.035 + 0.05 * noise if part == "consonant" else 0.07 + 0.09 * noise


@dataclass
class Phrase:
    moras: list[Mora] = field(default_factory=list)
    words: list[tuple[int, int]] = field(default_factory=list)
    """Offset in the text of each word that begins here, and the mora it begins with."""
    pause: bool = False
    asks: bool = False


@dataclass(frozen=True)
class Sentence:
    text: str
    phrases: tuple[Phrase, ...]


def katakana(text: str) -> str:
    return "".join(chr(ord(each) + 0x60) if "ぁ" <= each <= "ゖ" else each for each in text)


def moras(reading: str) -> list[Mora]:
    """Return kana as moras; a character that is none is read as ア."""
    found: list[Mora] = []
    for kana in katakana(reading):
        if kana in _SMALL and found:
            before = found.pop()
            soft = _SOFT.get(before.consonant, before.consonant) if kana in "ャュョ" else before.consonant
            found.append(Mora(before.text + kana, soft, _SMALL[kana]))
        elif kana == "ー" and found:
            vowel = found[-1].vowel
            found.append(Mora(_VOWELS.get(vowel, "ア"), "", vowel if vowel in _VOWELS else "a"))
        elif kana in _KANA:
            found.append(Mora(kana, *_KANA[kana]))
        elif kana.isalnum():
            found.append(Mora("ア", "", "a"))
    return found


def sentence(text: str) -> Sentence:
    """Return a text as the front end reads it: a known sentence exactly, another by its kana."""
    for known in SENTENCES:
        if known.text == text.strip():
            return known
    return _parsed(" ".join(text))


def _parsed(written: str) -> Sentence:
    text, phrases = "", [Phrase()]
    for token in _tokens(written):
        phrase = phrases[-1]
        if token == "\u3000":
            text += token
            continue
        if token in "|、。？！?,.!":
            text += "" if token == "|" else token
            phrase.pause = token in "、,"
            phrase.asks = token in "？?"
            if phrase.moras:
                phrases.append(Phrase())
            continue
        surface, _, reading = token.partition("/")
        sounds = moras(reading or surface)
        if sounds:
            phrase.words.append((len(text), len(phrase.moras)))
        phrase.moras += sounds
        text += surface
    return Sentence(text, tuple(phrase for phrase in phrases if phrase.moras))


def _tokens(written: str) -> Iterator[str]:
    word = ""
    for character in written:
        if character in " \u3000|、。？！?,.!":
            if word:
                yield word
            word = ""
            if character != " ":
                yield character
        else:
            word += character
    if word:
        yield word


SENTENCES = tuple(map(_parsed, _WRITTEN))
