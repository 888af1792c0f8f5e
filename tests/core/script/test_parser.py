"""The parser as a whole: order of events, words of cues, spans, errors."""

from __future__ import annotations

import pytest

from avatar_bridge.core.script.parser import Parser, Script, parse
from avatar_bridge.core.vocabulary import Cue, Pause, Release, Text
from avatar_bridge.errors import UsageError


def _word(script: Script, index: int) -> str:
    return script.speech[script.cues[index].at :].split()[0]


def test_the_designs_example() -> None:
    script = parse(
        "Hi there! [wave] I'm [smile 0.8]so happy[/smile] you came. [pause 0.4] [nod for=1s] Let's play!",
        names=["wave", "smile", "nod"],
    )
    assert script.speech == script.shown == "Hi there! I'm so happy you came. Let's play!"
    assert [(cue.id, cue.name, _word(script, cue.id)) for cue in script.cues] == [
        (0, "wave", "I'm"),
        (1, "smile", "so"),
        (2, "nod", "Let's"),
    ]
    assert (script.cues[1].strength, script.cues[2].duration) == (0.8, 1.0)
    assert script.cues[0].source == "[wave]"
    assert script.cues[0].offset == 10
    assert script.releases == (Release(1, "smile", script.speech.index(" you")),)
    assert script.pauses == (Pause(script.speech.index(" Let's"), 0.4, "[pause 0.4]", 59),)
    assert script.diagnostics == ()


def test_text_flows_while_a_cue_waits_for_its_word() -> None:
    parser = Parser()
    parser.feed("Well [wave]... ")
    assert parser.events() == [Text(0, "Well...", 0, "Well...")]
    parser.feed("so")
    cue, text = parser.events()
    assert isinstance(cue, Cue)
    assert cue.at == 8
    assert text == Text(7, " so", 7, " so")


def test_a_cue_without_a_word_comes_at_the_close() -> None:
    parser = Parser()
    parser.feed("Bye. [wave] ")
    assert [type(event) for event in parser.events()] == [Text]
    parser.close()
    assert [(cue.name, cue.at) for cue in parser.events() if isinstance(cue, Cue)] == [("wave", 4)]
    assert parser.events() == []


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("ama[go]zing grace", "amazing"),
        ("amazing[go] grace", "grace"),
        ("don[go]'t go", "don't"),
        ("don't[go]ed go", "don'ted"),
        ('[go]"Quoted"', "Quoted"),
        ("[go] $5 only", "5"),
        ("नम[go]स्ते", "नमस्ते"),
        ("e\u0301t[go]e\u0301 là", "e\u0301te\u0301"),
        ("日本[go]語", "語"),
        ("สวัส[go]ดี", "ดี"),
        ("good[go]日", "日"),
        ("가[go]다 나", "가다"),
        ("שלום [go] עולם", "עולם"),
        ("one[go]two", "onetwo"),
        ("one[go][up]two", "onetwo"),
        ("one[go] [up]two", "two"),
    ],
)
def test_the_word_of_a_cue(text: str, word: str) -> None:
    script = parse(text)
    assert script.speech.startswith(word, script.cues[0].at)


@pytest.mark.parametrize(
    ("text", "speech"),
    [
        ("[go]Hi", "Hi"),
        ("[go] Hi", "Hi"),
        ("\n[go]\nHi", "Hi"),
        ("Hi [go]", "Hi"),
        ("Hi [go] [up] you", "Hi you"),
        ("Hi[go] you", "Hi you"),
        ("Hi [go]you", "Hi you"),
        ("Hi [go], you", "Hi, you"),
        ("Hi [go]: you", "Hi: you"),
        ("Hi [go] :)", "Hi :)"),
        ("Hi [go] .5", "Hi .5"),
        ("Hi [go]... you", "Hi... you"),
        ("(Hi [go])", "(Hi)"),
        ("one.\n\n[go]\n\ntwo", "one.\n\ntwo"),
        ("one.\n[go] two", "one.\ntwo"),
        ("one [go]\ntwo", "one\ntwo"),
        ("a  b", "a  b"),
    ],
)
def test_a_removed_tag_leaves_no_gap(text: str, speech: str) -> None:
    script = parse(text)
    assert script.speech == script.shown == speech


def test_spans_close_from_within() -> None:
    script = parse("[a]one [b]two [a]three[/a] four[/]five[/a]")
    assert [(each.cue, each.name) for each in script.releases] == [(2, "a"), (1, "b"), (0, "a")]
    assert [script.speech[: each.at].split()[-1] for each in script.releases] == ["three", "four", "fourfive"]


def test_an_empty_span_starts_before_it_ends() -> None:
    script = parse("Hi [a][/a] word")
    assert script.releases[0].at == script.cues[0].at == 3
    kinds = [type(event).__name__ for event in _all("[a][/a] word")]
    assert kinds == ["Cue", "Release", "Text"]


def _all(text: str) -> list[object]:
    parser = Parser()
    parser.feed(text)
    parser.close()
    return list(parser.events())


@pytest.mark.parametrize("ending", ["\n", "", " " + "x" * 250])
def test_an_unclosed_tag_is_released_as_text(ending: str) -> None:
    script = parse(f"Hi [wave{ending}", names=["wave"])
    assert script.speech == f"Hi [wave{ending}"
    assert script.cues == ()


def test_an_unclosed_tag_is_held_for_200_characters_and_no_longer() -> None:
    parser = Parser()
    parser.feed("Hi [" + "x" * 200)
    assert parser.events() == [Text(0, "Hi", 0, "Hi")]
    parser.feed("xx")
    assert sum(len(event.spoken) for event in parser.events() if isinstance(event, Text)) == 204


def test_what_is_shown_and_what_is_said_keep_their_own_offsets() -> None:
    parser = Parser()
    for piece in ("Great 🎉", "! See https://www.a.org/b", " now"):
        parser.feed(piece)
    parser.close()
    texts = [event for event in parser.events() if isinstance(event, Text)]
    assert "".join(text.spoken for text in texts) == "Great! See a.org now"
    assert "".join(text.shown for text in texts) == "Great 🎉! See https://www.a.org/b now"
    for text in texts:
        assert "Great! See a.org now".startswith(text.spoken, text.at)


@pytest.mark.parametrize("text", ["\ufeffHi\0 there", "Hi\x1b there", "Hi there\ud83d"])
def test_what_cannot_be_said_is_dropped_from_the_speech(text: str) -> None:
    assert parse(text).speech == "Hi there"


@pytest.mark.parametrize("text", ["می\u200cخواهم", "क्\u200dष", "\u202eabc\u202c", "e\u0301", "\u00a0x", "A\u200bB"])
def test_what_is_text_survives(text: str) -> None:
    assert parse(text).speech == text


@pytest.mark.parametrize("breaks", ["\n", "\r\n", "\r"])
def test_line_breaks_of_every_system(breaks: str) -> None:
    script = parse(f"one{breaks}{breaks}# two{breaks}```{breaks}x{breaks}```{breaks}- three")
    assert script.speech == "one\n\ntwo\nthree"
    assert script.shown == "one\n\ntwo\nx\n- three"


def test_unclosed_blocks_are_reported() -> None:
    assert "never closed" in parse("Hi <think>no [wave]").diagnostics[0].message
    code = parse("Hi\n```\nx = [wave]")
    assert (code.speech, code.shown, code.cues) == ("Hi", "Hi\nx = [wave]", ())
    assert code.diagnostics[0].offset == 3


def test_wrong_use_is_told() -> None:
    with pytest.raises(UsageError, match="expected one of: auto, bridge"):
        Parser(dialect="klingon")
    parser = Parser()
    parser.close()
    parser.close()
    with pytest.raises(UsageError, match="begin a new Parser"):
        parser.feed("late")


def test_pieces_may_be_empty() -> None:
    assert parse(["", "Hi", "", " you", ""]) == parse("Hi you")
    assert parse("") == Script("", "")
