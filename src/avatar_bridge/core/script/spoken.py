"""What is said against what is shown: two texts grown side by side, with the cues that wait for their word."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain

from avatar_bridge.core.script.lane import Lane, is_spaced
from avatar_bridge.core.vocabulary import Cue, Diagnostic, Pause, Release, ScriptEvent, Text, name_key

__all__ = ["Writer"]

_WORD_START = re.compile(r"[^\W_]")
_SENTENCE_ENDS = ("", *".!?…。！？~～♪")
_APOSTROPHES = "'’"
_LONGEST_WORD = 256
_MOST_OPEN = 256
_LONGEST_RUN = 2048


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
        "_coming",
        "_count",
        "_events",
        "_first_waiting",
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
        self._tail: list[str] = []
        self._waiting: list[_Waiting | Release] = []
        self._coming: set[str] = set()
        self._first_waiting = 0
        self._open: deque[tuple[int, str, str]] = deque(maxlen=_MOST_OPEN)
        self._count = 0

    @property
    def waits(self) -> bool:
        """True while a cue waits for its word."""
        return bool(self._waiting)

    @property
    def between_sentences(self) -> bool:
        """True at the start and behind the end of a sentence."""
        self._settle()
        return self._speech.last in _SENTENCE_ENDS

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

    def pause(self, duration: float, *, source: str, offset: int) -> None:
        """Delay the speech by `duration` seconds from here on."""
        self._emit(Pause(self._speech_end(), duration, source, offset))

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
        self._coming.add(name_key(name))
        behind = self._speech.joined and is_spaced(self._speech.last)
        self._waiting.append(_Waiting(cue, self._speech.length, self._word_start() if behind else None))

    def repeats(self, name: str) -> bool:
        """Return True when a cue of that name already waits for the coming word."""
        return name_key(name) in self._coming

    def release(self, name: str | None, family: str) -> bool:
        """End the innermost span of that family, or of that name; False when none is open."""
        key = None if name is None else name_key(name)
        for index in range(len(self._open) - 1, -1, -1):
            number, opened, kind = self._open[index]
            if kind == family and (key is None or name_key(opened) == key):
                del self._open[index]
                self._settle()
                event = Release(number, opened, self._speech_end())
                if number >= self._first_waiting:
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

    def follow(self, text: str) -> Text | None:
        """Say and show `text` and return it as the only event; None where more than that is going on."""
        speech, shown = self._speech, self._shown
        if (
            self._run
            or self._events
            or self._speech_parts
            or self._shown_parts
            or speech.cut
            or shown.cut
            or speech.held != shown.held
        ):
            return None
        out = speech.add(text)
        shown.follow(speech, out)
        at, shown_at, length = self._speech_at, self._shown_at, len(out)
        self._speech_at = at + length
        self._shown_at = shown_at + length
        self._tail.append(out)
        if len(self._tail) > 2 * _LONGEST_WORD:
            self._forget()
        return Text(at, out, shown_at, out)

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
            speech, shown = self._speech, self._shown
            alike = speech.held == shown.held and not speech.cut and not shown.cut
            spoken = speech.add(text)
            self._speech_parts.append(spoken)
            if alike:
                shown.follow(speech, spoken)
            else:
                spoken = shown.add(text)
            self._shown_parts.append(spoken)

    def _speech_end(self) -> int:
        self._settle()
        return self._speech.length

    def _flush(self) -> None:
        said, seen = self._speech_parts, self._shown_parts
        if not said and not seen:
            return
        spoken = said[0] if len(said) == 1 else "".join(said)
        shown = seen[0] if len(seen) == 1 else "".join(seen)
        said.clear()
        seen.clear()
        if spoken or shown:
            self._events.append(Text(self._speech_at, spoken, self._shown_at, shown))
            self._speech_at += len(spoken)
            self._shown_at += len(shown)
            self._tail.append(spoken)
            if len(self._tail) > 2 * _LONGEST_WORD:
                self._forget()

    def _forget(self) -> None:
        """Keep only what may still hold the word of a cue."""
        self._tail = ["".join(self._tail)[-_LONGEST_WORD:]]

    def _emit(self, event: ScriptEvent) -> None:
        self._settle()
        self._flush()
        self._events.append(event)

    def _recent(self) -> str:
        """Return the last part of the speech, enough to hold a word."""
        parts: list[str] = []
        length = 0
        for part in chain(reversed(self._speech_parts), reversed(self._tail)):
            parts.append(part)
            length += len(part)
            if length >= _LONGEST_WORD:
                break
        return "".join(reversed(parts))[-_LONGEST_WORD:]

    def _word_start(self) -> int:
        recent = self._recent()
        start = len(recent)
        while start and (
            is_spaced(recent[start - 1])
            or (recent[start - 1] in _APOSTROPHES and start > 1 and is_spaced(recent[start - 2]))
        ):
            start -= 1
        while start < len(recent) and not recent[start].isalnum():
            start += 1
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
        self._coming.clear()
        self._first_waiting = self._count
