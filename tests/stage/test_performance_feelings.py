"""Expressions that the text alone asks for are on the timeline when its words are placed."""

from __future__ import annotations

import asyncio

from players import Parser, Segmenter, ToneVoice, Witness, new_mixer, prepare_here
from stories import MAP
from virtual_time import VirtualClock, run

from avatar_bridge.audio.silent import SilentSpeaker
from avatar_bridge.core.script.feelings import FIRST_ID, Feelings
from avatar_bridge.core.timeline.timeline import Timeline
from avatar_bridge.stage.body import Body
from avatar_bridge.stage.feeling import Classifier, Question
from avatar_bridge.stage.performance import Performance
from avatar_bridge.stage.stage import Stage

FACES = [
    name for action in MAP.actions.values() if action.kind == "expression" for name in (action.name, *action.aliases)
]


class Certain:
    """Says one thing of everything."""

    def ask(self, text: str) -> Question:
        del text
        return Answered()


class Answered(Question):
    def answer(self) -> str | None:
        return "neutral"


async def perform(script: str, *, felt: bool = True, classifier: Classifier | None = None) -> Timeline:
    stage = Stage([Body(Witness(), new_mixer())], SilentSpeaker(now=VirtualClock().time), VirtualClock())
    beat = asyncio.create_task(stage.run())
    timeline = Timeline(MAP)
    performance = Performance(
        script,
        stage=stage,
        voice=ToneVoice(),
        timeline=timeline,
        parser=Parser(names=MAP.names()),
        segmenter=Segmenter(),
        preparing=prepare_here,
        feelings=Feelings(FACES, strength=0.3) if felt else None,
        classifier=classifier,
    )
    try:
        await performance.run()
    finally:
        beat.cancel()
    return timeline


def test_a_feeling_meets_the_first_word_and_ends_with_a_plain_sentence() -> None:
    text = "I'm so happy that you are all here with me! The train leaves from platform four at eight in the evening."
    timeline = run(perform(text))
    (cue,) = timeline.cues
    assert (cue.id, cue.action.name, cue.strength) == (FIRST_ID, "smile", 0.3)
    assert cue.at == timeline.words[0].at
    plain = next(word for word in timeline.words if word.text == "The")
    assert cue.released is not None
    assert timeline.words[0].at < cue.released <= plain.at
    assert not run(perform(text, felt=False)).cues
    assert not run(perform(text, felt=False, classifier=Certain())).cues
    assert not run(perform(text, classifier=Certain())).cues


def test_a_feeling_stands_before_the_tags_of_its_segment() -> None:
    timeline = run(perform("So happy, [nod]yes!"))
    assert [cue.action.name for cue in timeline.cues] == ["smile", "nod"]
    assert timeline.cues[0].at < timeline.cues[1].at
