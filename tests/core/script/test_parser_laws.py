"""What holds for every script: the chunk law, bounded holding, nothing lost, sound offsets, linear time."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avatar_bridge.core.script.dialects import DIALECTS
from avatar_bridge.core.script.parser import Parser, parse
from avatar_bridge.core.vocabulary import Cue, Diagnostic, Pause, Release, ScriptEvent, Text

NAMES = ("smile", "wave", "joy", "happy", "look left", "i")

_PIECES = (
    *'[]<>*_|/\\"{}()`~#!-+=.,:;@&$%',
    *("'", "[[", "**", "***", "__", "``", "```", "````", "~~", "~~~", "【", "】", "［", "］", "，", "。", "…"),
    *(" ", "  ", "\t", "\n", "\r\n", "\r", "\u3000", "\u2028", "\0", "\x1b", "\ufeff", "\ud83d", "\ude00"),
    *(
        "😀",
        "👩\u200d👩\u200d👧",
        "👍🏽",
        "🇯🇵",
        "🇯",
        "1\ufe0f\u20e3",
        "\u200d",
        "\ufe0f",
        "\u20e3",
        "©",
        "©\ufe0f",
        "🎉",
    ),
    *("a", "i", "word", "Smile", "語", "日本", "한국", "สวัสดี", "שלום", "مرحبا", "नमस्ते", "e\u0301", "2.5", "10", "x_y"),
    *("[wave]", "[smile 0.8]", "[/smile]", "[/]", "[pause 0.4]", "[waev]", "[smile, wave]", "[look left 2s]", "[i]"),
    *(
        "【wave】",
        "［joy］",
        "[face:joy]",
        "[x](http://a.b/c)",
        "![alt](b.png)",
        "](",
        "- [x] ",
        "# ",
        "> ",
        "- ",
        "---",
    ),
    *(
        "<think>",
        "</think>",
        "<THINKING a=1>",
        "</thinking >",
        "<thi",
        "</",
        '<|ACT {"emotion":"joy"}|>',
        "<|DELAY 1|>",
    ),
    *("<|", "|>", '<face name="joy"/>', '<break time="1s"/>', "<smile>", "</smile>", "<mark ", "<https://a.b>", "<br>"),
    *(
        "*waves*",
        "*waves happily*",
        "**b**",
        "_i_",
        "`c`",
        "https://",
        "http://a.b/c?d=(e).",
        "www.a.b",
        "h",
        "ht",
        "w",
    ),
    *("\n```py\n", "\n```\n", "\n| a | b |\n", "|--|\n", "\\[", "\\*", "\\", "me@x.org", " *", "* "),
)

_hostile = st.one_of(
    st.lists(st.sampled_from(_PIECES), max_size=14).map("".join),
    st.text(alphabet="[]<>*_|/\\\"'{}`~ \n\u200d😀【】ahw.!", max_size=24),
    st.builds(
        lambda piece, count, rest: piece * count + rest,
        st.sampled_from(_PIECES),
        st.integers(20, 280),
        st.sampled_from(_PIECES),
    ),
)
_dialects = st.sampled_from((*DIALECTS, "auto", "auto"))
_names = st.sampled_from((None, NAMES))


def _merged(events: Iterable[ScriptEvent]) -> list[ScriptEvent]:
    merged: list[ScriptEvent] = []
    for event in events:
        last = merged[-1] if merged else None
        if isinstance(event, Text) and isinstance(last, Text):
            merged[-1] = Text(last.at, last.spoken + event.spoken, last.shown_at, last.shown + event.shown)
        else:
            merged.append(event)
    return merged


def _events(pieces: Iterable[str], **options: object) -> list[ScriptEvent]:
    parser = Parser(**options)  # type: ignore[arg-type]
    events: list[ScriptEvent] = []
    for piece in pieces:
        parser.feed(piece)
        events += parser.events()
    parser.close()
    return _merged([*events, *parser.events()])


@settings(max_examples=250, deadline=None)
@given(text=_hostile, dialect=_dialects, names=_names)
def test_every_cut_gives_the_same_events(text: str, dialect: str, names: tuple[str, ...] | None) -> None:
    options = {"dialect": dialect, "names": names}
    whole = _events([text], **options)
    assert _events(text, **options) == whole
    for cut in range(1, len(text) if len(text) < 60 else 0):
        assert _events([text[:cut], text[cut:]], **options) == whole


@settings(max_examples=150, deadline=None)
@given(text=_hostile, sizes=st.lists(st.integers(1, 9), min_size=1, max_size=8), drained=st.booleans())
def test_every_stride_gives_the_same_events(text: str, sizes: list[int], drained: bool) -> None:
    pieces, start = [], 0
    while start < len(text):
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(text[start : start + size])
        start += size
    whole = _events([text], names=NAMES)
    if drained:
        assert _events(pieces, names=NAMES) == whole
    else:
        parser = Parser(names=NAMES)
        for piece in pieces:
            parser.feed(piece)
        parser.close()
        assert _merged(parser.events()) == whole


@settings(max_examples=150, deadline=None)
@given(text=_hostile, dialect=_dialects)
def test_at_most_one_unfinished_tag_is_held_back(text: str, dialect: str) -> None:
    parser = Parser(dialect=dialect, names=NAMES)
    parser.feed(text)
    shown = sum(len(event.shown) for event in parser.events() if isinstance(event, Text))
    whole = parse(text, dialect=dialect, names=NAMES).shown
    held_back = whole[shown:].strip()  # white space before the tag waits with it
    assert len(held_back) <= 256


@settings(max_examples=250, deadline=None)
@given(text=_hostile, dialect=_dialects, names=_names)
def test_offsets_are_consistent(text: str, dialect: str, names: tuple[str, ...] | None) -> None:
    speech = shown = 0
    script = parse(text, dialect=dialect, names=names)
    numbers = []
    for event in _events([text], dialect=dialect, names=names):
        if isinstance(event, Text):
            assert (event.at, event.shown_at) == (speech, shown)
            assert script.speech.startswith(event.spoken, event.at)
            assert script.shown.startswith(event.shown, event.shown_at)
            speech, shown = speech + len(event.spoken), shown + len(event.shown)
        elif isinstance(event, Cue):
            numbers.append(event.id)
            assert 0 <= event.at <= len(script.speech)
            assert event.at == len(script.speech) or script.speech[event.at].isalnum()
            assert text[event.offset :].startswith(event.source)
        elif isinstance(event, Release):
            held = next(cue for cue in script.cues if cue.id == event.cue)
            assert held.at <= event.at <= len(script.speech)
        elif isinstance(event, Pause):
            assert event.at == speech
            assert 0 < event.duration <= 30
        else:
            assert isinstance(event, Diagnostic)
            assert event.offset is not None
            assert 0 <= event.offset < len(text)
    assert numbers == list(range(len(numbers)))
    assert (speech, shown) == (len(script.speech), len(script.shown))
    assert not any(char < " " and char not in "\t\n" for char in script.speech)
    script.speech.encode("utf-8")


@settings(max_examples=200, deadline=None)
@given(
    words=st.lists(
        st.sampled_from(("tea", "Ωmega", "語", "12", "x-y", "don't", "(so)", "a[0]", "1.5", "ok!")), min_size=1
    )
)
def test_plain_prose_passes_verbatim(words: list[str]) -> None:
    for text in ("  ".join(words), "\n\n".join(words) + "\n", " " + " ".join(words)):
        script = parse(text)
        assert script.speech == script.shown == text


@settings(max_examples=200, deadline=None)
@given(
    words=st.lists(st.sampled_from(("tea", "語", "12", "Ωx")), min_size=1, max_size=8),
    tags=st.lists(
        st.sampled_from(
            ("[wave]", "[smile 0.5]", "[waev]", "[pause 1]", "【joy】", "<think>no</think>", '<face name="joy"/>', "😀")
        ),
        max_size=6,
    ),
    seed=st.randoms(use_true_random=False),
)
def test_tags_leave_the_speech_as_if_they_were_not_there(words: list[str], tags: list[str], seed: object) -> None:
    mixed = [*words]
    for tag in tags:
        mixed.insert(seed.randint(0, len(mixed)), tag)  # type: ignore[attr-defined]
    assert parse(" ".join(mixed), names=NAMES).speech == " ".join(words)


@pytest.mark.parametrize(
    "piece",
    [
        "[",
        "*",
        "_",
        "`",
        "~",
        "<",
        "【",
        "［",
        "[a",
        " *a",
        "![",
        "[a](",
        "<a ",
        "https://",
        "<think>",
        "h",
        "\\",
        "|",
        "-",
    ],
)
def test_repeated_marks_take_work_in_proportion(piece: str) -> None:
    calls = _work(piece, 300), _work(piece, 1200)
    assert calls[1] <= 6 * calls[0] + 2000


def _work(piece: str, count: int) -> int:
    """Count the calls that reading takes, character by character."""
    import sys

    calls = 0

    def count_call(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    parser, text = Parser(), piece * count
    before: Callable[..., object] | None = sys.getprofile()
    sys.setprofile(count_call)
    try:
        for char in text:
            parser.feed(char)
        parser.close()
    finally:
        sys.setprofile(before)  # type: ignore[arg-type]
    return calls


@pytest.mark.parametrize("piece", ["[", "<think>", "*", "【", "`", "<", "[a]("])
def test_megabytes_of_a_mark_are_read_and_the_buffer_stays_small(piece: str) -> None:
    parser = Parser()
    for _ in range(8):
        parser.feed(piece * (32768 // len(piece)))
        parser.events()
        assert len(parser._cursor.buffer) <= 4096
        assert len(parser._cursor.skips) <= 64
    parser.close()
    parser.events()
