"""The Pipecat plugin in real pipelines, in an environment of its own: a voice that hums, a transport at real pace."""

from __future__ import annotations

import os
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from framework_scenes import scenes_of

from avatar_bridge.errors import UsageError

PYTHON = "AVATAR_BRIDGE_PIPECAT_PYTHON"
SHOW = Path(__file__).parent.parent / "peers" / "pipecat" / "show.py"
WORDS = ["Hi", "there,", "my", "friend.", "I", "am", "so", "glad", "that", "you", "came!"]
ALL = "Hi there, my friend. I am so glad that you came!"

real = pytest.mark.peer(only_with=PYTHON)


@pytest.fixture(scope="module")
def scenes() -> dict[str, Any]:
    return scenes_of(PYTHON, SHOW, 'pip install "avatar-bridge[pipecat]"')


def test_without_pipecat_the_remedy_is_told() -> None:
    try:
        import pipecat  # type: ignore[import-not-found,unused-ignore]  # noqa: F401
    except ImportError:
        with pytest.raises(UsageError, match="the Pipecat plugin needs more packages"):
            import avatar_bridge.plugins.pipecat  # noqa: F401


@real
@pytest.mark.parametrize("scene", ["timed", "estimated", "tagged", "plays"])
def test_tags_are_never_spoken_and_the_whole_reply_is_heard(scenes: dict[str, Any], scene: str) -> None:
    seen = scenes[scene]
    assert seen["texts"] == ALL
    assert " ".join(seen["asked"]) == ALL
    assert " ".join(seen["spoken"]) == ALL
    (outcome,) = seen["outcomes"]
    assert outcome["heard"] == ALL
    assert outcome["complete"]
    assert (seen["started"], seen["stopped"]) == (1, 1)


@real
@pytest.mark.parametrize("scene", ["timed", "tagged"])
def test_words_and_cues_meet_the_times_of_the_voice(scenes: dict[str, Any], scene: str) -> None:
    (outcome,) = scenes[scene]["outcomes"]
    assert outcome["timing"] == "words"
    assert outcome["duration"] == pytest.approx(2.75)
    times = dict(outcome["words"])
    for index, word in enumerate(WORDS):
        assert times[word.rstrip(",.!")] == pytest.approx(0.25 * index, abs=0.02)
    assert [(name, word) for name, _, word in outcome["cues"]] == [("nod", "my"), ("smile", "so")]
    assert [at for _, at, _ in outcome["cues"]] == [times["my"], times["so"]]


@real
def test_a_voice_without_times_is_placed_sentence_by_sentence(scenes: dict[str, Any]) -> None:
    (outcome,) = scenes["estimated"]["outcomes"]
    assert dict(outcome["words"])["I"] == pytest.approx(1.0)
    assert [(name, word) for name, _, word in outcome["cues"]] == [("nod", "my"), ("smile", "so")]


@real
def test_the_context_keeps_the_tags_or_not(scenes: dict[str, Any]) -> None:
    assert scenes["timed"]["messages"] == [ALL]
    assert scenes["tagged"]["messages"] == [
        "Hi there, [nod] my friend. I am [smile 0.8]so glad [/smile] that you came!"
    ]


@real
def test_several_utterances_are_heard_one_after_the_other(scenes: dict[str, Any]) -> None:
    seen = scenes["several"]
    assert [each["heard"].strip() for each in seen["outcomes"]] == ["One two.", "Three four.", "", "Five six."]
    assert all(each["complete"] and not each["interrupted"] for each in seen["outcomes"])
    cues = [[(name, word) for name, _, word in each["cues"]] for each in seen["outcomes"]]
    assert cues == [[("wave", "One")], [("nod", "four")], [("smile", None)], [("nod", "six")]]
    assert "".join(seen["messages"]).count("[") == 0
    assert (seen["started"], seen["stopped"]) == (3, 3)


@real
def test_an_interruption_keeps_what_was_heard_and_the_next_reply_is_whole(scenes: dict[str, Any]) -> None:
    seen = scenes["interrupted"]
    cut, whole = seen["outcomes"]
    assert cut["interrupted"]
    assert cut["heard"] == "Hi there, my friend."
    assert 1.125 <= cut["at"] < 2.0
    assert seen["after"] == [None]
    assert whole["heard"] == "Yes, sure."
    assert [at for _, at in whole["words"]] == [pytest.approx(0.0, abs=0.02), pytest.approx(0.25, abs=0.02)]
    assert seen["messages"][0].startswith("Hi there, my friend.")
    assert "glad" not in seen["messages"][0]


@real
def test_every_frame_goes_through_as_it_is_in_its_order(scenes: dict[str, Any]) -> None:
    assert scenes["forwarded"] == {"same": True, "untouched": True, "up": []}
    kinds = scenes["timed"]["through"]
    assert kinds[:2] == ["AggregatedTextFrame", "TTSStartedFrame"]
    assert kinds[-1] == "TTSStoppedFrame"
    assert all(pair != ("TTSStoppedFrame", "TTSAudioRawFrame") for pair in pairwise(kinds))


@real
def test_where_the_bridge_plays_the_transport_gets_no_sound(scenes: dict[str, Any]) -> None:
    silence_at_the_end = 2.0
    assert scenes["plays"]["played"] == pytest.approx(silence_at_the_end)
    assert scenes["timed"]["played"] == pytest.approx(2.75 + silence_at_the_end, abs=0.05)


@real
def test_the_example_runs(tmp_path: Path) -> None:
    if not os.environ.get(PYTHON):
        pytest.skip(f"needs an environment of its own, named by {PYTHON}")
    example = Path(__file__).parents[2] / "examples" / "pipecat" / "speaking.py"
    done = subprocess.run(
        [os.environ[PYTHON], str(example)],
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "heard: Hi! Nice that you are here." in done.stdout
