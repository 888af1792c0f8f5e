"""Subtitles of a timeline as SubRip (`.srt`) and WebVTT (`.vtt`)."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from avatar_bridge.core.timeline.timeline import Timeline
from avatar_bridge.wire.line_breaking import LINE_WIDTH, LONGEST, PAUSE, columns, ends_sentence, may_break

__all__ = ["LINE_WIDTH", "Subtitle", "columns", "subtitles", "to_srt", "to_vtt"]


@dataclass(frozen=True, slots=True)
class Subtitle:
    """One caption: `text` of at most two lines, shown from `at` for `duration` seconds."""

    at: float
    duration: float
    text: str


@dataclass(frozen=True, slots=True)
class _Piece:
    text: str
    at: float
    end: float


def subtitles(timeline: Timeline) -> list[Subtitle]:
    """Return the captions of a timeline: cut at sentences, pauses and two lines; none overlap."""
    groups: list[list[_Piece]] = []
    for piece in _pieces(timeline):
        group = groups[-1] if groups else None
        if group is None or _breaks(group, piece):
            groups.append([piece])
        else:
            group.append(piece)
    captions: list[Subtitle] = []
    for index, group in enumerate(groups):
        end = group[-1].end + 0.2
        if index + 1 < len(groups):
            end = min(end, groups[index + 1][0].at)
        text = _wrap("".join(piece.text for piece in group))
        if text:
            captions.append(Subtitle(group[0].at, max(end - group[0].at, 0.001), text))
    return captions


def to_srt(captions: Sequence[Subtitle]) -> str:
    """Return captions as SubRip text."""
    blocks = (
        f"{number}\n{_stamp(caption.at, ',')} --> {_stamp(caption.at + caption.duration, ',')}\n{caption.text}\n"
        for number, caption in enumerate(captions, 1)
    )
    return "\n".join(blocks)


def to_vtt(captions: Sequence[Subtitle]) -> str:
    """Return captions as WebVTT text; markup in the text stays text."""
    blocks = (
        f"{_stamp(caption.at, '.')} --> {_stamp(caption.at + caption.duration, '.')}\n"
        f"{html.escape(caption.text, quote=False)}\n"
        for caption in captions
    )
    return "WEBVTT\n\n" + "\n".join(blocks)


def _pieces(timeline: Timeline) -> Iterable[_Piece]:
    shown = timeline.shown
    words = timeline.words
    start = 0
    for index, word in enumerate(words):
        last = index + 1 == len(words)
        end = len(shown) if last else timeline.shown_offset(words[index + 1].char)
        if end > start:
            yield _Piece(shown[start:end], word.at, word.at + word.duration)
            start = end


def _breaks(group: Sequence[_Piece], piece: _Piece) -> bool:
    text = "".join(item.text for item in group)
    full = _lines(text + piece.text) is None
    long = piece.end - group[0].at > LONGEST
    pause = piece.at - group[-1].end > PAUSE
    sentence = ends_sentence(text.rstrip()) or "\n" in text.strip(" ")
    return full or long or pause or sentence


def _wrap(text: str) -> str:
    lines = _lines(text)
    return " ".join(text.split()) if lines is None else "\n".join(lines)


def _lines(text: str) -> tuple[str, ...] | None:
    """Return a text as one line or two that balance; None where it does not fit."""
    text = " ".join(text.split())
    width = columns(text)
    if width <= LINE_WIDTH:
        return (text,)
    if width > 2 * LINE_WIDTH + 1:
        return None
    spaces = [match.start() for match in re.finditer(" ", text)]
    anywhere = [place for place in range(1, len(text)) if may_break(text[place - 1], text[place])]
    for places in (spaces, anywhere):
        best = min(places, key=lambda place: abs(columns(text[:place]) - width / 2), default=0)
        lines = text[:best].rstrip(), text[best:].lstrip()
        if best and max(map(columns, lines)) <= LINE_WIDTH:
            return lines
    return None


def _stamp(seconds: float, point: str) -> str:
    milliseconds = round(seconds * 1000)
    hours, rest = divmod(milliseconds, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    whole, thousandths = divmod(rest, 1000)
    return f"{hours:02}:{minutes:02}:{whole:02}{point}{thousandths:03}"
