"""Where to cut a stream of speech for the voice: first piece early, later pieces as large as the reserve allows.

The text is read once, character by character in effect: every decision is taken at a place in the text and from the
text before it, so the way the stream was cut into events cannot show. Lengths are measured as weight: a letter of an
alphabet weighs 1, an ideograph, a kana or a hangul syllable 2, because they take about twice as long to say.
"""

from __future__ import annotations

import re
from collections import deque

from avatar_bridge.core.script.boundaries import after_stop, resolve
from avatar_bridge.core.script.chinese import CHINESE_ENDINGS, CHINESE_OPENINGS, chinese_joint
from avatar_bridge.core.script.joints import Joint
from avatar_bridge.core.script.nesting import Nesting
from avatar_bridge.core.script.pacing import LONGEST, Pacing
from avatar_bridge.core.script.phrases import before_word, is_settled, last_resort, settled
from avatar_bridge.core.script.unspaced import (
    HIRAGANA,
    IDEOGRAPHIC_MARKS,
    IDEOGRAPHS,
    KANA_PARTICLES,
    MARKS,
    japanese_joint,
    kana_joint,
    leans_left,
    mark_joint,
    parts,
)
from avatar_bridge.core.vocabulary import Pause, ScriptEvent, Segment, Text

__all__ = ["Segmenter"]

_UNSPACED = HIRAGANA + IDEOGRAPHIC_MARKS + IDEOGRAPHS
_TOKEN = re.compile(rf"(\s+)|([{HIRAGANA}]+)|([{IDEOGRAPHIC_MARKS}])|([{IDEOGRAPHS}]+)|[^\s{_UNSPACED}]+")
_HIRAGANA_RUN = 2
_MARK = 3
_WIDE = re.compile(rf"[{_UNSPACED}\uac00-\ud7a3]")
_LEANING_RUN = re.compile(r"[!?;:,.…‽%»”’)\]}\"'*_~]+\Z")
_NONE = Joint.NONE
_LAST = Joint.LAST
_SPEAKING_KANA = re.compile("[はがをにもてとらでどば]")
_STRIDE = 1024
_LONGEST_WORD = 64
_INSIDE = re.compile("[0-9A-Za-z\u00c0-\u02af\uac00-\ud7a3]+")
_STALL = 0.6
"""Seconds without text after which a stop at the end of what has arrived counts as the end of a sentence."""


class Segmenter:
    """Fed with script events and drained of segments; `hear` tells it how urgent the next piece is."""

    def __init__(self, *, rate: float = 15.0) -> None:
        """Start an utterance spoken at `rate` letters a second (an ideograph counts as two letters)."""
        self._pacing = Pacing(_checked(rate))
        self._nesting = Nesting()
        self._ready: list[Segment] = []
        self._index = 0
        self._closed = False
        self._buffer = ""
        self._origin = 0
        self._start = 0
        self._cursor = 0
        self._weight = 0.0
        self._pauses: deque[tuple[int, float]] = deque()
        self._silence = 0.0
        self._kana = False
        self._begin_afresh()

    def feed(self, event: ScriptEvent) -> None:
        """Take the next script event; everything but Text and Pause is ignored. Raises ValueError after close."""
        if self._closed:
            raise ValueError("the segmenter is closed: start a new one for the next utterance")
        if isinstance(event, Text):
            spoken = event.spoken
            if len(spoken) <= _STRIDE:
                self._buffer += spoken
                # The inside of a word decides nothing: most tokens that only lengthen one end here.
                if (
                    not (self._begun and spoken.isascii() and spoken.isalnum())
                    or len(self._buffer) - self._cursor > _LONGEST_WORD
                ):
                    self._advance()
                return
            for start in range(0, len(spoken), _STRIDE):
                self._buffer += spoken[start : start + _STRIDE]
                self._advance()
        elif isinstance(event, Pause):
            self._pauses.append((event.at, event.duration))
            if self._cursor == len(self._buffer) and (not self._cursor or self._buffer[-1].isspace()):
                self._rest(self._cursor)
                self._trim()

    def close(self) -> None:
        """Say that the text is complete; what is left becomes the last segment. Closing again does nothing."""
        if self._closed:
            return
        self._closed = True
        end = len(self._buffer)
        self._weight += end - self._cursor
        self._rest(end)
        text = self._buffer[self._start :]
        at = self._origin + self._start + len(text) - len(text.lstrip())
        self._put(text.strip(), at, final=True)

    def hear(self, unheard: float, *, idle: float = 0.0) -> None:
        """Say how urgent the next piece is; call it on a timer too, for it may make a segment ready.

        `unheard` is the seconds of audio that are synthesised or requested but not heard yet (`duration` estimates a
        requested text); pieces that were not drained yet are added here. `idle` is the seconds since the last event
        was fed: when the stream stalls and the audio is about to run dry, a complete clause is not held back.
        """
        waiting = sum(self.duration(segment.text) + segment.pause for segment in self._ready)
        self._pacing.reserve = max(0.0, unheard) + waiting
        if self._closed:
            return
        self._decide()
        if idle >= _STALL / 2 and self._pacing.is_dry:
            self._release(settled=idle >= _STALL)
        self._trim()

    def segments(self) -> list[Segment]:
        """Return and forget the segments that are ready."""
        ready, self._ready = self._ready, []
        return ready

    def duration(self, text: str) -> float:
        """Estimate the seconds that `text` takes to say at the present rate."""
        return self._pacing.seconds(len(text) + len(_WIDE.findall(text)))

    @property
    def rate(self) -> float:
        """Letters a second of the voice; set it when the voice turns out faster or slower."""
        return self._pacing.rate

    @rate.setter
    def rate(self, rate: float) -> None:
        self._pacing.rate = _checked(rate)

    def _begin_afresh(self) -> None:
        self._word = ""
        self._lead = ""
        self._gap = False
        self._line = True
        self._opens = True
        self._next_opens = True
        self._begun = False
        self._joint = _NONE
        self._held: tuple[int, float, Joint] | None = None
        """A place that the word after next may still spoil: offset, weight, joint."""
        self._nesting.forget()

    def _advance(self) -> None:
        match = _TOKEN.match
        while token := match(self._buffer, self._cursor):
            kind = token.lastindex
            if kind == 1:
                self._pass_space(token[0])
            elif kind:
                self._pass_letters(token[0], kind)
            elif not self._pass_run(token.start(), token.end()):
                break
        if self._start:
            self._trim()

    def _trim(self) -> None:
        if self._start:
            self._buffer = self._buffer[self._start :]
            self._origin += self._start
            self._cursor -= self._start
            self._start = 0

    def _pass_space(self, space: str) -> None:
        self._cursor_rest()
        self._cursor += len(space)
        if self._start == self._cursor - len(space):
            self._start = self._cursor
        elif not self._gap:
            self._weight += 1
        self._gap = True
        if "\n" in space:
            self._line = True
        self._cursor_rest()

    def _cursor_rest(self) -> None:
        if self._pauses and self._pauses[0][0] <= self._origin + self._cursor:
            self._rest(self._cursor)

    def _pass_run(self, start: int, end: int) -> bool:
        """Read a run of letters and marks; False while its end has not arrived."""
        if not self._begun:
            self._open_run(start)
        if end - start > LONGEST:
            end = start + LONGEST
            self._pacing.offer(Joint.WORD, self._origin + end, self._weight + LONGEST)
        elif end == len(self._buffer):
            return False
        self._close_run(self._buffer[start:end], start)
        return True

    def _open_run(self, start: int) -> None:
        """Judge the place before a run by the run's first character."""
        first = self._buffer[start]
        if not self._word and not self._gap and not leans_left(first):
            self._cursor_rest()
        self._begun = True
        self._joint = _NONE
        opens = self._line or self._word.endswith(":")
        if start > self._start and (self._gap or not self._word):
            self._joint = self._joint_before(start, first)
            if self._joint >= Joint.CLAUSE or not self._word:
                self._offer(start, self._joint)
        self._next_opens = opens or self._joint is Joint.SENTENCE

    def _joint_before(self, start: int, first: str) -> Joint:
        if self._word:
            joint = after_stop(self._word, self._lead, first, fresh=self._opens)
            numbered = self._opens and joint is _NONE and self._word[-1] in ".)"
            return Joint.SENTENCE if self._line and not numbered else joint
        left = self._buffer[max(self._start, start - 8) : start].rstrip()
        if self._line and self._gap:
            return Joint.SENTENCE
        marked = mark_joint(left, first) if left else _NONE
        if marked is None:
            return _NONE if self._gap or not self._kana else japanese_joint(left, first)
        return marked

    def _close_run(self, run: str, start: int) -> None:
        """Judge the place before a run by the whole run, and take the run as the word to the left of the next."""
        if self._held:
            place, weight, held = self._held
            self._held = None
            if place > self._origin + self._start:
                self._offer(place - self._origin, settled(held, self._lead, self._word, run), weight)
        if self._word and self._gap and start > self._start:
            joint = self._joint
            if joint is Joint.UNSETTLED:
                joint = resolve(self._lead, self._word, run)
                self._next_opens = self._next_opens or joint is Joint.SENTENCE
                self._offer(start, joint)
            elif joint is _NONE:
                joint = before_word(self._lead, self._word, run)
                if joint is _NONE and self._pacing.is_first:
                    joint = last_resort(self._word, run)
                if not is_settled(joint, run) and not self._pacing.is_late(self._weight + len(run)):
                    self._held = (self._origin + start, self._weight, joint)
                else:
                    self._offer(start, joint)
        if not run.isalnum():
            self._nesting.read(run, self._weight)
        if self._word and len(self._word) < _LONGEST_WORD and _LEANING_RUN.match(run):
            self._word += run
        else:
            self._lead, self._word = self._word, run
            self._opens = self._next_opens
        self._gap = self._line = self._begun = False
        if "\uac00" <= run[0] <= "\ud7a3":
            self._pacing.thicken(syllabic=True)
            self._weight += len(run)
        self._weight += len(run)
        self._cursor = start + len(run)
        if self._weight >= self._pacing.alarm:
            self._settle()

    def _pass_letters(self, text: str, kind: int) -> None:
        """Read ideographs, kana or one ideographic mark: within a stretch of one kind only Chinese has joints."""
        self._judge_letter(text[0])
        self._word = self._lead = ""
        self._held = None
        self._gap = self._line = False
        self._pacing.thicken(syllabic=False)
        if kind == _HIRAGANA_RUN:
            self._kana = True
        elif kind == _MARK:
            self._nesting.read(text, self._weight)
        self._step()
        if text in "。！？" and self._pacing.is_late(self._weight) and not self._nesting.inside(self._weight):
            self._offer(self._cursor, Joint.SENTENCE)
        rest = len(text) - 1
        silent = kind != _HIRAGANA_RUN or not (text[0] in KANA_PARTICLES or _SPEAKING_KANA.search(text))
        if self._kana and silent and not self._pauses and self._weight + 2 * rest < self._pacing.alarm:
            self._cursor += rest
            self._weight += 2 * rest
            return
        for char in text[1:]:
            self._judge_letter(char)
            self._step()

    def _step(self) -> None:
        self._cursor += 1
        self._weight += 2
        if self._weight >= self._pacing.alarm:
            self._settle()

    def _judge_letter(self, char: str) -> None:
        """Judge the place before an ideograph, a kana or an ideographic mark."""
        here = self._cursor
        if self._pauses and parts(self._buffer[here - 1 : here], char):
            self._cursor_rest()
        if here <= self._start:
            return
        if self._word or self._gap:
            self._judge_after_run(here, char)
        elif (last := self._buffer[here - 1]) in MARKS:
            left = self._buffer[max(self._start, here - 8) : here]
            self._offer(here, mark_joint(left, char) or _NONE)
        elif self._kana:
            if "\u3041" <= last <= "\u309f":
                left = self._buffer[max(self._start, here - 6) : here]
                judge = kana_joint if "\u3041" <= char <= "\u309f" else japanese_joint
                self._offer(here, judge(left, char))
        elif here - self._start > 1 and (last in CHINESE_OPENINGS or self._buffer[here - 2] in CHINESE_ENDINGS):
            # It takes two characters to know a conjunction: the place is judged one character later.
            left = self._buffer[max(self._start, here - 9) : here - 1]
            self._offer(here - 1, chinese_joint(left, last + char), self._weight - 2)

    def _judge_after_run(self, here: int, char: str) -> None:
        """Judge the place between a run or white space and an ideograph."""
        left = self._buffer[max(self._start, here - 8) : here].rstrip()
        joint = mark_joint(left, char) if left else _NONE
        if self._line and self._gap:
            joint = Joint.SENTENCE
        elif joint is None and self._gap and not self._word:
            joint = Joint.CLAUSE
        self._offer(here, joint or _NONE)

    def _offer(self, here: int, joint: Joint, weight: float | None = None) -> None:
        if joint < _LAST:
            return
        if self._nesting.inside(self._weight):
            joint = Joint.INNER if joint >= Joint.CLAUSE else Joint.BOUND if joint >= Joint.WEAK else Joint.LAST
        if self._pacing.offer(joint, self._origin + here, self._weight if weight is None else weight):
            self._decide()

    def _decide(self) -> None:
        while place := self._pacing.choice(self._weight):
            self._cut(place[0] - self._origin, place[1])

    def _settle(self) -> None:
        self._decide()
        if self._weight - self._pacing.start >= 2 * LONGEST:
            self._cut(self._cursor, self._weight)

    def _cut(self, end: int, weight: float) -> None:
        text = self._buffer[self._start : end]
        at = self._origin + self._start + len(text) - len(text.lstrip())
        self._start = end
        if stripped := text.strip():
            self._pacing.cut(self._origin + end, weight)
            self._put(stripped, at)
        else:
            self._pacing.start = weight

    def _put(self, text: str, at: int, *, final: bool = False) -> None:
        self._ready.append(Segment(self._index, text, at, self._silence, final))
        self._index += 1
        self._pacing.reserve += self._silence
        self._silence = 0.0

    def _rest(self, end: int) -> None:
        """Cut at `end` for the pauses that are due there."""
        due = 0.0
        while self._pauses and (self._closed or self._pauses[0][0] <= self._origin + end):
            due += self._pauses.popleft()[1]
        if not due:
            return
        self._cut(end, self._weight)
        self._silence += due
        self._begin_afresh()

    def _release(self, *, settled: bool) -> None:
        """Let go of what is complete: the stream stalls."""
        place = self._pacing.release()
        if place is not None:
            self._cut(place[0] - self._origin, place[1])
        if settled and not self._nesting.inside(self._weight) and self._ends_here():
            if self._begun:
                self._close_run(self._buffer[self._cursor :], self._cursor)
            self._cut(self._cursor, self._weight)
            self._begin_afresh()

    def _ends_here(self) -> bool:
        """Return whether what has arrived ends with a whole sentence if nothing else follows."""
        if self._begun:
            word, lead, opens = self._buffer[self._cursor :], self._word, self._next_opens
        else:
            word, lead, opens = self._word, self._lead, self._opens
        if not word:
            return self._buffer[self._start :].rstrip()[-1:] in {"。", "！", "？"}
        numeral = word[-1] == "." and word[-2:-1].isdigit()
        return not numeral and after_stop(word, lead, "A", fresh=opens) is Joint.SENTENCE


def _checked(rate: float) -> float:
    if not rate > 0:
        raise ValueError(f"rate must be more than 0 letters a second, not {rate}: a usual voice has 15")
    return rate
