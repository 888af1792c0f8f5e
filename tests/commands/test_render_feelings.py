"""A rendering shows the faces that a performance would: those that the words alone ask for, too."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from players import ToneVoice, Witness, prepare_here
from virtual_time import VirtualClock, run

from avatar_bridge import registry
from avatar_bridge.assembly import Bridge
from avatar_bridge.audio.silent import SilentSpeaker
from avatar_bridge.commands import render as command
from avatar_bridge.core.timeline.timeline import Timeline
from avatar_bridge.settings import FeelingsSettings, Settings
from avatar_bridge.stage.feeling import WorkerClassifier

SCRIPTS = [
    "I'm so happy that you are all here with me! The train leaves from platform four at eight in the evening.",
    "So happy, [nod]yes! [angry]No, I am glad.[/angry] That is so sad, I miss them all terribly. Well, it is seven.",
    "Great 🎉 we won! But that makes me so angry, I hate it. It opens at nine, and it closes at ten o'clock.",
    "[wave]Nothing is felt in the timetable of the bus.",
]


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "build_voice", lambda _: (ToneVoice(cost=0.0), ()))


def shown(timeline: Timeline) -> list[tuple[str, int, float, bool]]:
    return [(cue.name, cue.char, round(cue.strength, 3), cue.released is not None) for cue in timeline.cues]


def performed(script: str, settings: Settings) -> Timeline:
    async def scene() -> Timeline:
        clock = VirtualClock()
        bridge = Bridge(
            voice=ToneVoice(cost=0.0),
            speaker=SilentSpeaker(now=clock.time),
            drivers=[Witness(now=clock.time)],
            motion_map=registry.read_map(settings.motion.map),
            clock=clock,
            preparing=prepare_here,
            settings=settings,
        )
        async with bridge:
            return (await bridge.perform(script)).timeline

    return run(scene())


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("enabled", [True, False])
async def test_a_rendering_feels_as_a_performance_does(script: str, *, enabled: bool) -> None:
    settings = Settings(feelings=FeelingsSettings(enabled=enabled, strength=0.3)).settled()
    rendered = (await command.compose(script, settings)).timeline
    live = await asyncio.to_thread(performed, script, settings)
    assert shown(rendered) == shown(live)
    inferred = [cue for cue in rendered.cues if cue.strength == 0.3]
    assert bool(inferred) == (enabled and script is not SCRIPTS[3])


async def test_what_a_classifier_says_counts_in_a_rendering(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "stage"))
    monkeypatch.setattr(
        "avatar_bridge.assembly.faces.WorkerClassifier", lambda *_: WorkerClassifier("worker_engines:Feeler", {})
    )
    settings = Settings(feelings=FeelingsSettings(classifier="any"))
    rendering = await command.compose("I am so happy, they wrote: neutral", settings)
    assert (shown(rendering.timeline), rendering.notes) == ([], ())
    rendering = await command.compose("The bus leaves at seven, they wrote: angry", settings)
    assert [name for name, *_ in shown(rendering.timeline)] == ["angry"]


async def test_a_classifier_that_cannot_be_loaded_is_told_and_the_lexicon_judges(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("avatar_bridge.assembly.faces._CLASSIFIER", "no_such_module:Nothing")
    settings = Settings(feelings=FeelingsSettings(classifier="any"))
    rendering = await command.compose("I am so happy!", settings)
    assert any("the words alone tell the feelings" in note.message for note in rendering.notes)
    assert rendering.timeline.cues
