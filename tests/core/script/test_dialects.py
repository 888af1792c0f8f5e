"""What tags say, dialect by dialect."""

from __future__ import annotations

import pytest

from avatar_bridge.core.script.asterisks import action, stems
from avatar_bridge.core.script.dialects import DIALECTS, Names, seconds
from avatar_bridge.core.script.parser import Script, parse

NAMES = ("wave", "nod", "smile", "happy", "joy", "look left", "blush", "dance", "cry")


def _cues(script: Script) -> list[tuple[str, float, float | None]]:
    return [(cue.name, cue.strength, cue.duration) for cue in script.cues]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.4", 0.4),
        ("2s", 2.0),
        ("400ms", 0.4),
        (".5", 0.5),
        ("1.5 s", 1.5),
        ("0,4", None),
        ("x", None),
        ("", None),
        ("5%", None),
    ],
)
def test_seconds(text: str, expected: float | None) -> None:
    assert seconds(text) == expected


def test_one_dialect_makes_prose_of_the_others() -> None:
    forms = {
        "bridge": "[wave]",
        "chatdollkit": "[anim:wave]",
        "airi": '<|ACT {"motion":"wave"}|>',
        "xml": '<mark name="wave"/>',
        "asterisk": "*waves*",
    }
    for dialect in DIALECTS:
        for form, tag in forms.items():
            script = parse(f"{tag} Hi", dialect=dialect, names=NAMES)
            fires = dialect in (form, "auto")
            assert [cue.name for cue in script.cues] == (["wave"] if fires else []), (dialect, tag)
            if not fires and form != "asterisk":
                assert script.speech == f"{tag} Hi"
    assert parse("*waves* Hi", dialect="bridge", names=NAMES).speech == "waves Hi"
    assert parse("<mark name='wave'/>Hi", dialect="ssml").cues[0].name == "wave"


@pytest.mark.parametrize(
    ("tag", "cue"),
    [
        ("[wave 0.5 2s]", ("wave", 0.5, 2.0)),
        ("[wave 2s 0.5]", ("wave", 0.5, 2.0)),
        ("[wave 0.5 2]", ("wave", 0.5, 2.0)),
        ("[WAVE intensity=50% time=400ms]", ("WAVE", 0.5, 0.4)),
        ("[look-left]", ("look-left", 1.0, None)),
        ("［ｗａｖｅ　０．５］", ("wave", 0.5, None)),
        ("[wave -1]", ("wave", 0.0, None)),
        ("[wave for=x]", ("wave", 1.0, None)),
        ("[wave for=-2s]", ("wave", 1.0, None)),
        ("[wave big]", ("wave", 1.0, None)),
        ("[face:joy 0.5]", ("joy", 0.5, None)),
        ("[emotion: Joy]", ("Joy", 1.0, None)),
        ('<|ACT {"emotion":{"name":"joy","intensity":0.3}}|>', ("joy", 0.3, None)),
        ('<|ACT {"emotion":["joy"]}|>', ("joy", 1.0, None)),
        ("<|EMOTE_HAPPY|>", ("happy", 1.0, None)),
        ("<anim type='wave' strength='0.4' duration='2s'/>", ("wave", 0.4, 2.0)),
        ('<mstts:express-as style="happy">', ("happy", 1.0, None)),
        ("<Wave/>", ("wave", 1.0, None)),
    ],
)
def test_forms_of_a_cue(tag: str, cue: tuple[str, float, float | None]) -> None:
    script = parse(f"{tag}Hi", names=NAMES)
    assert script.speech == "Hi"
    assert _cues(script) == [cue]


@pytest.mark.parametrize(
    ("tag", "duration"),
    [
        ("[pause 0.4]", 0.4),
        ("[pause]", 0.5),
        ("[pause for=2s]", 2.0),
        ("[pause x]", 0.5),
        ("[pause 99]", 30.0),
        ("[wait:1]", 1.0),
        ("<|DELAY 1.5|>", 1.5),
        ("<break/>", 0.5),
        ('<break strength="x-strong"/>', 1.0),
        ('<break time="250ms"></break>', 0.25),
    ],
)
def test_forms_of_a_pause(tag: str, duration: float) -> None:
    script = parse(f"One {tag} two", names=NAMES)
    assert script.speech == "One two"
    assert [(pause.at, pause.duration) for pause in script.pauses] == [(3, duration)]
    assert len(script.diagnostics) == (tag in ("[pause x]", "[pause 99]"))


@pytest.mark.parametrize("tag", ["[pause -1]", "[pause 0]", '<break strength="none"/>'])
def test_pauses_without_length(tag: str) -> None:
    assert parse(f"One {tag} two").pauses == ()


@pytest.mark.parametrize(
    ("tag", "nearest"),
    [
        ("[waev]", "wave"),
        ("[Look-Lfet 0.5]", "look left"),
        ("[paus 1]", "pause"),
        ("[zzz]", None),
        ("[anim:waev]", "wave"),
        ("<face name='jjoy'/>", "joy"),
        ('<|ACT {"emotion":"hapy"}|>', "happy"),
        ("【smlie】", "smile"),
    ],
)
def test_an_unknown_name_is_reported_with_the_nearest(tag: str, nearest: str | None) -> None:
    script = parse(f"Hi {tag} you", names=NAMES)
    assert (script.speech, script.cues) == ("Hi you", ())
    assert [each.suggestion for each in script.diagnostics] == [nearest]
    assert script.diagnostics[0].offset == 3


@pytest.mark.parametrize(
    "tag", ["<|ACT {broken|>", "<|ACT []|>", "<|ACT {}|>", "<|im_end|>", "<face/>", "[/]", "</face>"]
)
def test_a_broken_tag_is_reported_and_not_spoken(tag: str) -> None:
    script = parse(f"Hi {tag} you", names=NAMES)
    assert (script.speech, script.cues, len(script.diagnostics)) == ("Hi you", (), 1)


@pytest.mark.parametrize(
    "prose",
    [
        "array[0]",
        "a[i] and b[j]",
        "[1], [2024]",
        "[^1]",
        "[ ] and []",
        "a < b > c",
        "a<b",
        "x <- y",
        "I <3 you",
        "f(x) {y}",
        "A|B || C",
        ":) >_< ^_^ (*^^*)",
        "2*3*4",
        "5 * 3",
        "2**3**4",
        "snake_case_name",
        "_private",
        "C:\\Users\\x",
        "\\[x\\]",
        "$a_{i}$ and $x_1 * y_2$",
        "\\sqrt[3]{x}",
        "me@example.org",
        "a <b and c> d",
        "<b>bold</b>",
        "[red, green]",
        "x = {1: [2]}",
        "[he came back home again]",
        "[Note: so]",
        "#hashtag",
        "-5 degrees",
        "1. one",
        "wow~ so~",
        "don`t",
        "50% & more",
        "what [",
        "]",
        "h ht htt http https:// w ww www. www.x",
        "~",
        "C# and F#",
        "!important!",
    ],
)
def test_prose_stays_whole(prose: str) -> None:
    script = parse(prose, names=NAMES)
    assert script.speech == script.shown == prose
    assert script.cues == script.diagnostics == ()


def test_single_letters_behind_a_word_are_indices_without_names() -> None:
    assert parse("a[i] = b[j]").speech == "a[i] = b[j]"
    assert [cue.name for cue in parse("so [x] it is").cues] == ["x"]
    assert [cue.name for cue in parse("so[i] it is", names=["i"]).cues] == ["i"]


@pytest.mark.parametrize(
    ("word", "stem"),
    [
        ("waves", "wave"),
        ("blushes", "blush"),
        ("cries", "cry"),
        ("nodding", "nod"),
        ("dancing", "dance"),
        ("waving", "wave"),
        ("Smiling", "smile"),
        ("nod", "nod"),
        ("laughing", "laugh"),
        ("kisses", "kiss"),
    ],
)
def test_stems(word: str, stem: str) -> None:
    assert stem in list(stems(word))


def test_actions_in_asterisks() -> None:
    known = Names(NAMES)
    for text, name in (
        ("waves happily", "wave"),
        ("happily waves", "wave"),
        ("blushes", "blush"),
        ("looks left", "look left"),
    ):
        found = action(text, known, "known", alone=False)
        assert found is not None
        assert found.name == name
    assert action("happy", known, "known", alone=False) is None
    assert action("I really want to wave at you", known, "known", alone=True) is None
    always = action("gives a big smile", known, "always", alone=False)
    assert always is not None
    assert always.name == "smile"


def test_an_action_may_touch_what_follows_it() -> None:
    script = parse("*waves*Hello, 5 *3*4", names=NAMES)
    assert script.speech == "Hello, 5 *3*4"
    assert [(cue.name, cue.at) for cue in script.cues] == [("wave", 0)]


def test_emphasis_is_read_where_it_is_no_action() -> None:
    script = parse("I am *happy*, *really* so. *nod* Yes, **nod**!", names=NAMES)
    assert script.speech == "I am happy, really so. Yes, nod!"
    assert [cue.name for cue in script.cues] == ["nod"]


@pytest.mark.parametrize(
    "emoji",
    [
        "👩\u200d👩\u200d👧\u200d👦",
        "👍🏽",
        "🇯🇵",
        "1\ufe0f\u20e3",
        "#\ufe0f\u20e3",
        "*\ufe0f\u20e3",
        "❤\ufe0f\u200d🔥",
        "🙂\u200d↔\ufe0f",
        "©\ufe0f",
        "🏴\U000e0067\U000e0062\U000e007f",
    ],
)
def test_emoji_stay_whole(emoji: str) -> None:
    script = parse(f"Hi {emoji} you", dialect="bridge")
    assert (script.speech, script.shown) == ("Hi you", f"Hi {emoji} you")
    pieces = parse(f"Hi {emoji} you", dialect="emoji")
    assert all(cue.source == emoji for cue in pieces.cues)


def test_emoji_ask_for_known_expressions_once_a_word() -> None:
    script = parse("Hi 😂😂😂 you 👋", names=NAMES)
    assert [(cue.name, cue.at) for cue in script.cues] == [("happy", 3), ("wave", 6)]
    assert parse("Hi 😢", names=["wave"]).diagnostics == ()
    assert parse("yes🎉no").speech == "yes no"
    assert parse("日🎉本").speech == "日本"
