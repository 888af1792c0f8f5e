"""The LiveKit plugin in real AgentSessions, in an environment of its own: a model that recites, a voice that hums."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from framework_scenes import scenes_of

from avatar_bridge.errors import UsageError

PYTHON = "AVATAR_BRIDGE_LIVEKIT_PYTHON"
SHOW = Path(__file__).parent.parent / "peers" / "livekit" / "show.py"
SAID = ["Good day.", "Hi there, my friend. I am so glad that you came!", "", "One two."]
TAGGED = ["Good [wave] day.", "Hi there, [nod] my friend. I am [smile 0.8]so glad[/smile] that you came!"]
TAGGED += ["[wave]", "One [nod] two."]
CUES = [[("wave", "day")], [("nod", "my"), ("smile", "so")], [("wave", None)], [("nod", "two")]]
REPLIES = ["streaming", "sentences", "plain", "transformed", "chained", "tail"]
INTERRUPTED = ["interrupted", "interrupted_plain", "interrupted_chained"]

real = pytest.mark.peer(only_with=PYTHON)


@pytest.fixture(scope="module")
def scenes() -> dict[str, Any]:
    return scenes_of(PYTHON, SHOW, 'pip install "avatar-bridge[livekit]"')


def test_without_livekit_the_remedy_is_told() -> None:
    try:
        import livekit.agents  # type: ignore[import-not-found,unused-ignore]  # noqa: F401
    except ImportError:
        with pytest.raises(UsageError, match="the LiveKit plugin needs more packages"):
            import avatar_bridge.plugins.livekit  # noqa: F401


@real
@pytest.mark.parametrize("scene", REPLIES)
def test_tags_are_never_spoken_and_act_on_their_words(scenes: dict[str, Any], scene: str) -> None:
    seen = scenes[scene]
    assert " ".join(text for text in seen["asked"] if text) == " ".join(text for text in SAID if text)
    assert seen["heard"] == [[text, True] for text in SAID]
    cues = [[(name, word) for name, _, word in each["cues"]] for each in seen["timelines"]]
    assert cues == CUES


@real
@pytest.mark.parametrize("scene", ["streaming", "plain", "transformed", "chained"])
def test_timed_words_are_used_as_they_are(scenes: dict[str, Any], scene: str) -> None:
    for timeline in (each for each in scenes[scene]["timelines"] if each["words"]):
        assert timeline["timing"] == "words"
        base = timeline["silence"]
        for index, (_, at) in enumerate(timeline["words"]):
            assert at - base == pytest.approx(0.25 * index, abs=0.002)


@real
def test_sentences_that_a_plain_voice_speaks_are_told_apart(scenes: dict[str, Any]) -> None:
    timeline = scenes["sentences"]["timelines"][1]
    assert dict(timeline["words"])["I"] == pytest.approx(1.0, abs=0.05)


@real
@pytest.mark.parametrize("scene", REPLIES)
def test_playback_is_told_exactly_once_a_segment(scenes: dict[str, Any], scene: str) -> None:
    events = scenes[scene]["events"]
    assert [event[0] for event in events] == ["started", "finished"] * 3
    positions = [event[1] for event in events if event[0] == "finished"]
    assert positions == [pytest.approx(seconds, abs=0.06) for seconds in (0.5, 2.75, 0.5)]
    assert not any(event[2] for event in events if event[0] == "finished")


@real
def test_history_and_page_keep_the_tags_or_not(scenes: dict[str, Any]) -> None:
    assert [text for text, _ in scenes["streaming"]["messages"]] == TAGGED
    assert [text for text, _ in scenes["plain"]["messages"]] == [text for text in SAID if text]
    assert "[" not in scenes["plain"]["page"]


@real
@pytest.mark.parametrize("scene", INTERRUPTED)
def test_an_interruption_tells_where_and_what_was_heard(scenes: dict[str, Any], scene: str) -> None:
    seen = scenes[scene]
    tagged = scene != "interrupted_plain"
    heard = "Hi there, [nod] my friend." if tagged else "Hi there, my friend."
    assert [event[0] for event in seen["events"]] == ["started", "finished"] * 2
    _, position, interrupted, transcript = seen["events"][1]
    assert 1.1 <= position < 2.0
    assert interrupted
    assert transcript == heard
    assert seen["messages"] == [[heard, True], ["Yes, [nod] sure.", False]]
    assert seen["heard"] == [["Hi there, my friend.", False], ["Yes, sure.", True]]
    assert seen["after"] is None


@real
def test_the_room_plays_every_sound_and_is_cleared_once(scenes: dict[str, Any]) -> None:
    assert scenes["chained"]["played"] == pytest.approx(3.75)
    assert scenes["chained"]["calls"].count("play") == 3
    assert "clear" not in scenes["chained"]["calls"]


@real
def test_the_example_runs(tmp_path: Path) -> None:
    if not os.environ.get(PYTHON):
        pytest.skip(f"needs an environment of its own, named by {PYTHON}")
    example = Path(__file__).parents[2] / "examples" / "livekit" / "speaking.py"
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
