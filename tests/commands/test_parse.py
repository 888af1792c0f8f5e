"""`parse`: the report for programs and for people."""

from __future__ import annotations

import json

import pytest

from avatar_bridge.commands.parse import report, text_report
from avatar_bridge.errors import UsageError

_SCRIPT = "Hi there! [wave] I'm [smile 0.8]so happy[/smile] you came. [pause 0.4] [nod for=1s side=left] Bye! [waev]"
_NAMES = ("wave", "smile", "nod")


def test_the_form_of_the_report() -> None:
    found = report(_SCRIPT, names=_NAMES)
    assert found["speech"] == found["shown"] == "Hi there! I'm so happy you came. Bye!"
    assert found["cues"] == [
        {"name": "wave", "at": 10, "args": {}, "source": "[wave]"},
        {"name": "smile", "at": 14, "args": {"strength": 0.8}, "source": "[smile 0.8]", "end": 22},
        {"name": "pause", "at": 32, "args": {"duration": 0.4}, "source": "[pause 0.4]"},
        {"name": "nod", "at": 33, "args": {"duration": 1.0, "side": "left"}, "source": "[nod for=1s side=left]"},
    ]
    assert found["diagnostics"] == [
        {
            "message": "there is no action named 'waev': the tag is left out",
            "offset": _SCRIPT.index("[waev]"),
            "suggestion": "wave",
        }
    ]
    assert json.loads(json.dumps(found)) == found


@pytest.mark.parametrize("chunk", [1, 2, 7, 1000])
def test_the_chunk_does_not_show(chunk: int) -> None:
    whole = report(_SCRIPT, names=_NAMES)
    assert report(_SCRIPT, names=_NAMES, chunk=chunk) == whole
    assert report(iter([_SCRIPT[:30], _SCRIPT[30:]]), names=_NAMES, chunk=chunk) == whole
    assert report(iter([_SCRIPT[:30], _SCRIPT[30:]]), names=_NAMES) == whole


@pytest.mark.parametrize(
    ("tag", "args"),
    [
        ("[nod]", {}),
        ("[nod 1]", {"strength": 1.0}),
        ("[nod 100%]", {"strength": 1.0}),
        ("[nod strength=1.0]", {"strength": 1.0}),
        ("[nod for=1]", {"duration": 1.0}),
        ("[nod 1s]", {"duration": 1.0}),
        ("<mark name='nod' strength='1'/>", {"strength": 1.0}),
    ],
)
def test_arguments_appear_only_where_they_are_written(tag: str, args: dict[str, float]) -> None:
    assert report(f"{tag} Hi")["cues"][0]["args"] == args


def test_wrong_use_is_told() -> None:
    with pytest.raises(UsageError, match="at least 1 character, not 0"):
        report("Hi", chunk=0)
    with pytest.raises(UsageError, match="there is no dialect 'x'"):
        text_report("Hi", dialect="x")


def test_the_report_for_people() -> None:
    assert text_report(_SCRIPT, names=_NAMES).splitlines() == [
        "Hi there! I'm so happy you came. Bye!",
        "          ^1  ^2                ^3,4",
        "",
        '  1 wave  on "I\'m"',
        '  2 smile  strength 0.8  on "so" to "happy"',
        '  3 pause  duration 0.4  before "Bye"',
        '  4 nod  duration 1  side left  on "Bye"',
        f"  ! at {_SCRIPT.index('[waev]')}: there is no action named 'waev': the tag is left out; did you mean 'wave'?",
    ]


def test_marks_stand_under_wide_and_wrapped_text() -> None:
    assert text_report("日本[nod]語\n\nbye [nod]").splitlines()[:4] == ["日本語", "    ^1", "bye", "   ^2"]
    lines = text_report("word " * 40 + "[nod]last").splitlines()
    assert all(len(line) <= 96 for line in lines)
    marked = next(index for index, line in enumerate(lines) if "^1" in line)
    assert lines[marked - 1].startswith("last", lines[marked].index("^"))
    assert text_report("") == "(nothing is said)"
    assert text_report("[nod]").splitlines() == ["(nothing is said)", "", "  1 nod  at the end"]
