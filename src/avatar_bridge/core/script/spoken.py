"""What is said against what is shown: two texts grown side by side, with the cues that wait for their word."""

from __future__ import annotations

import re
import unicodedata
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from avatar_bridge.core.vocabulary import Cue, Diagnostic, Pause, Release, ScriptEvent, Text, name_key

__all__ = ["SPACED_WORD", "Lane", "Writer", "is_spaced", "is_word"]

_RUN_ON = (
    "\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u1950-\u19df\u1a20-\u1aaf"  # Thai to Tai Tham
    "\u2e80-\u2fff\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3038-\u303c\u3040-\u312f\u31a0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uaa60-\uaa7f\uf900-\ufaff\uff66-\uff9f\U0001aff0-\U0001b16f\U00020000-\U0003ffff"
)
"""Scripts that write no spaces between words."""

SPACED_WORD = rf"[^\W{_RUN_ON}]"
"""Regex class: a word character of a script that puts spaces between words."""

_IS_SPACED = re.compile(SPACED_WORD)
_IS_RUN_ON = re.compile(f"[{_RUN_ON}]")
_WORD_START = re.compile(r"[^\W_]")
_JOINT = re.compile(r"(\s*)([:;.]?)")
_CLOSING = frozenset(",!?…)]}»”’、。，．！？；：）］｝」』】〉》،؛؟।")
_APOSTROPHES = "'’"
_INVISIBLE = "_\u200c\u200d"
_LONGEST_GAP = 256
_LONGEST_WORD = 256
_MOST_OPEN = 256
_LONGEST_RUN = 2048


def is_word(char: str) -> bool:
    """Return True for a character that can stand inside a word: letters, digits, combining marks, joiners."""
    return char.isalnum() or char in _INVISIBLE or unicodedata.category(char)[0] == "M"


def is_spaced(char: str) -> bool:
    """Return True for a word character of a script that puts spaces between words."""
    return bool(char) and is_word(char) and _IS_RUN_ON.match(char) is None


class Lane:
    """One of the two texts. It closes the gap that a removed piece of markup leaves behind.

    White space is held until the next visible character tells whether it stays: beside a removed piece only one
    side's white space is kept, none at the start, none before punctuation. Text without markup passes verbatim.
    """

    __slots__ = ("_after", "_cut", "_gap", "_held", "last", "length")

    def __init__(self) -> None:
        self.length = 0
        """Characters written so far."""
        self.last = ""
        """The last character written."""
        self._held = ""
        self._after = ""
        self._cut = False
        self._gap = False

    @property
    def joined(self) -> bool:
        """True when the next character would follow the last one directly."""
        return not self._held and not self._after

    def add(self, text: str) -> str:
        """Take more text; return what is settled by it."""
        if self._cut:
            self._after += text
            joint = _JOINT.match(self._after)
            if joint is not None and joint.end() == len(self._after):
                self._after = joint[1][:_LONGEST_GAP] + joint[2]
                return ""
            text = self._join()
        body = text.rstrip()
        if body:
            out = self._held + body
            self._held = text[len(body) :]
        else:
            out = ""
            self._held += text
        if len(self._held) > _LONGEST_GAP:
            out += self._held[:-_LONGEST_GAP]
            self._held = self._held[-_LONGEST_GAP:]
        if out:
            self.length += len(out)
            self.last = out[-1]
        return out

    def remove(self, *, gap: bool = False) -> str:
        """Note that a piece of source leaves nothing here; return what is settled by it.

        `gap` asks for a space where the removed piece was all that stood between two words.
        """
        out = ""
        if self._cut and self._after.strip():
            out = self.add(self._join(at_end=True))
            self._cut = True
        elif self._cut:
            self._held = _wider(self._held, self._after)
        self._cut = True
        self._after = ""
        self._gap = gap or (self._gap and not out)
        return out

    def finish(self) -> str:
        """Return what was still held; white space beside a removed piece is dropped at the end."""
        if not self._cut:
            out, self._held = self._held, ""
        else:
            out = self._join(at_end=True).rstrip() if self._after.strip() else ""
            self._held = self._after = ""
            self._cut = False
        self.length += len(out)
        self.last = out[-1:] or self.last
        return out

    def _join(self, *, at_end: bool = False) -> str:
        rest = self._after.lstrip()
        glue = _wider(self._held, self._after[: len(self._after) - len(rest)][:_LONGEST_GAP])
        if not self.length:
            glue = ""
        elif "\n" not in glue and _closes(rest, at_end=at_end):
            glue = ""
        elif not glue and self._gap and is_spaced(self.last) and is_spaced(rest[:1]):
            glue = " "
        self._held = self._after = ""
        self._cut = self._gap = False
        return glue + rest


def _wider(before: str, after: str) -> str:
    """Return the white space that stays of the two sides of a removed piece: the one with more line breaks."""
    return after if after.count("\n") > before.count("\n") or not before else before


def _closes(text: str, *, at_end: bool) -> bool:
    """Return True where `text` starts with punctuation that takes no space before it; `.5` and `:)` do not."""
    first, second = text[:1], text[1:2]
    if first in _CLOSING:
        return True
    if first == ".":
        return not second.isdigit()
    return first in {":", ";"} and (second.isspace() or (at_end and not second))


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A cue whose word has not come yet."""

    cue: Cue
    written: int
    """Length of the speech when the tag was met."""
    word: int | None
    """Start of the word that the tag stands behind or in."""


class Writer:
    """Takes pieces of script in order and turns them into events; merges adjacent text."""

    __slots__ = (
        "_count",
        "_events",
        "_open",
        "_run",
        "_shown",
        "_shown_at",
        "_shown_parts",
        "_speech",
        "_speech_at",
        "_speech_parts",
        "_tail",
        "_waiting",
    )

    def __init__(self) -> None:
        self._events: list[ScriptEvent] = []
        self._run: list[str] = []
        self._speech = Lane()
        self._shown = Lane()
        self._speech_parts: list[str] = []
        self._shown_parts: list[str] = []
        self._speech_at = 0
        self._shown_at = 0
        self._tail = ""
        self._waiting: list[_Waiting | Release] = []
        self._open: deque[tuple[int, str, str]] = deque(maxlen=_MOST_OPEN)
        self._count = 0

    @property
    def waits(self) -> bool:
        """True while a cue waits for its word."""
        return bool(self._waiting)

    def both(self, text: str) -> None:
        """Say and show `text`."""
        if self._waiting:
            self.say(text, text)
            return
        self._run.append(text)
        if len(self._run) > _LONGEST_RUN:
            self._settle()

    def say(self, spoken: str, shown: str) -> None:
        """Say `spoken` where `shown` is shown."""
        self._settle()
        if self._waiting and (start := _WORD_START.search(spoken)):
            at = start.start()
            same = spoken == shown
            self._put(spoken[:at], shown[:at] if same else "")
            self._flush()
            first = spoken[at]
            self._speech_parts.append(self._speech.add(first))
            if same:
                self._shown_parts.append(self._shown.add(first))
            self._resolve(self._speech.length - 1, first)
            self._put(spoken[at + 1 :], shown[at + 1 :] if same else shown)
        else:
            self._put(spoken, shown)

    def show(self, text: str, *, gap: bool = False) -> None:
        """Show `text` and say nothing; `gap`: it parts the words on its two sides."""
        self._settle()
        self._speech_parts.append(self._speech.remove(gap=gap))
        self._shown_parts.append(self._shown.add(text))

    def voice(self, text: str) -> None:
        """Say `text` and show nothing."""
        self._settle()
        self._speech_parts.append(self._speech.add(text))

    def remove(self) -> None:
        """Note that a piece of source is neither said nor shown."""
        self._settle()
        self._speech_parts.append(self._speech.remove())
        self._shown_parts.append(self._shown.remove())

    def diagnose(self, message: str, offset: int, suggestion: str | None = None) -> None:
        """Report something the user should know."""
        self._emit(Diagnostic(message, offset, suggestion))

    def pause(self, duration: float) -> None:
        """Delay the speech by `duration` seconds from here on."""
        self._emit(Pause(self._speech_end(), duration))

    def cue(
        self,
        name: str,
        *,
        strength: float = 1.0,
        duration: float | None = None,
        options: Mapping[str, str] | None = None,
        source: str,
        offset: int,
        family: str = "",
    ) -> None:
        """Let an instruction wait for the next word; `family` names the kind of closing tag that may release it."""
        self._settle()
        cue = Cue(self._count, name, 0, strength, duration, options or {}, source, offset)
        self._count += 1
        if family:
            self._open.append((cue.id, name, family))
        behind = self._speech.joined and is_spaced(self._speech.last)
        self._waiting.append(_Waiting(cue, self._speech.length, self._word_start() if behind else None))

    def repeats(self, name: str) -> bool:
        """Return True when a cue of that name already waits for the coming word."""
        key = name_key(name)
        return any(isinstance(each, _Waiting) and name_key(each.cue.name) == key for each in self._waiting)

    def release(self, name: str | None, family: str) -> bool:
        """End the innermost span of that family, or of that name; False when none is open."""
        key = None if name is None else name_key(name)
        for index in range(len(self._open) - 1, -1, -1):
            number, opened, kind = self._open[index]
            if kind == family and (key is None or name_key(opened) == key):
                del self._open[index]
                self._settle()
                event = Release(number, opened, self._speech_end())
                if any(isinstance(each, _Waiting) and each.cue.id == number for each in self._waiting):
                    self._waiting.append(event)
                else:
                    self._emit(event)
                return True
        return False

    def finish(self) -> None:
        """Settle everything that waits: the speech ends here."""
        self._settle()
        self._speech_parts.append(self._speech.finish())
        self._shown_parts.append(self._shown.finish())
        self._flush()
        self._resolve(self._speech.length, "")

    def events(self) -> list[ScriptEvent]:
        """Return and forget the events so far."""
        self._settle()
        self._flush()
        events = self._events
        self._events = []
        return events

    def _put(self, spoken: str, shown: str) -> None:
        if spoken:
            self._speech_parts.append(self._speech.add(spoken))
        if shown:
            self._shown_parts.append(self._shown.add(shown))

    def _settle(self) -> None:
        run = self._run
        if run:
            text = run[0] if len(run) == 1 else "".join(run)
            run.clear()
            self._speech_parts.append(self._speech.add(text))
            self._shown_parts.append(self._shown.add(text))

    def _speech_end(self) -> int:
        self._settle()
        return self._speech.length

    def _flush(self) -> None:
        if not self._speech_parts and not self._shown_parts:
            return
        spoken, shown = "".join(self._speech_parts), "".join(self._shown_parts)
        self._speech_parts.clear()
        self._shown_parts.clear()
        if spoken or shown:
            self._events.append(Text(self._speech_at, spoken, self._shown_at, shown))
            self._speech_at += len(spoken)
            self._shown_at += len(shown)
            if spoken:
                self._tail = (self._tail + spoken)[-_LONGEST_WORD:]

    def _emit(self, event: ScriptEvent) -> None:
        self._settle()
        self._flush()
        self._events.append(event)

    def _recent(self) -> str:
        """Return the last part of the speech, enough to hold a word."""
        parts, length = [], 0
        for part in reversed(self._speech_parts):
            parts.append(part)
            length += len(part)
            if length >= _LONGEST_WORD:
                break
        return (self._tail + "".join(reversed(parts)))[-_LONGEST_WORD:]

    def _word_start(self) -> int:
        recent = self._recent()
        start = len(recent)
        while start and (
            is_spaced(recent[start - 1])
            or (recent[start - 1] in _APOSTROPHES and start > 1 and is_spaced(recent[start - 2]))
        ):
            start -= 1
        return self._speech.length - len(recent) + start

    def _resolve(self, at: int, first: str) -> None:
        """Give every waiting cue its word: the one that starts with `first` at offset `at` of the speech."""
        recent = ""
        places: dict[int, int] = {}
        for each in self._waiting:
            if isinstance(each, Release):
                self._events.append(Release(each.cue, each.name, max(each.at, places[each.cue])))
                continue
            place = at
            if each.word is not None and is_spaced(first):
                recent = recent or self._recent()
                between = recent[len(recent) - (at + 1 - each.written) : -1] if at > each.written else ""
                if at == each.written or (len(between) == at - each.written and not between.strip(_APOSTROPHES)):
                    place = each.word
            cue = each.cue
            places[cue.id] = place
            self._events.append(
                Cue(cue.id, cue.name, place, cue.strength, cue.duration, cue.options, cue.source, cue.offset)
            )
        self._waiting.clear()
