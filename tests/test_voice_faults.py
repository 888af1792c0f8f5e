"""A voice that spoils its sound loses the segment to its fallback: told once, each word said, each cue on its word."""

from __future__ import annotations

import pytest
from any_voice import ENGLISH, VOICES, Who
from players import Witness, prepare_here
from stories import MAP

from avatar_bridge.assembly import Bridge
from avatar_bridge.assembly.parts import build_voice
from avatar_bridge.audio.silent import SilentSpeaker
from avatar_bridge.settings import FeelingsSettings, Settings

SERVED = [who for who in VOICES if who.remote and who.name not in ("edge", "elevenlabs", "wyoming")]
WORDED = {"openai", "gpt_sovits", "style_bert_vits2"}
"""Those whose stand-ins make their sound of words here, and spoil none of it."""
CASES = [
    *((who, fault, True) for who in SERVED for fault in ("html", "cut", "empty")),
    *((who, "silent", True) for who in SERVED if who.name not in WORDED),
    *((who, "truncated", True) for who in SERVED if who.name not in {*WORDED, "kokoro_fastapi"}),
    *((who, "html", False) for who in SERVED),
]
STEP = 0.2
SPEECH = "Hello there, my friends. I am glad that you came. Shall we begin the story now? It is long."


@pytest.mark.parametrize(
    ("who", "fault", "fallback"), CASES, ids=lambda each: each.name if isinstance(each, Who) else str(each)
)
async def test_the_show_goes_on(who: Who, fault: str, *, fallback: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    witness = Witness(native=frozenset(MAP.actions))
    async with who.make(monkeypatch, fault) as setting:
        voice, _ = build_voice(setting.settings(fallback=["tone"] if fallback else []))
        bridge = Bridge(
            voice=voice,
            speaker=SilentSpeaker(now=lambda: STEP * len(witness.frames)),
            drivers=[witness],
            motion_map=MAP,
            preparing=prepare_here,
            settings=Settings(feelings=FeelingsSettings(enabled=False)),
        )
        async with bridge:
            outcome = await bridge.perform(ENGLISH, keep_audio=True)
            troubles = [each.message for each in bridge.troubles]
            assert bridge.stage.timeline is None
    unspoken = [note.message for note in outcome.timeline.diagnostics if "was not spoken" in note.message]
    acted = [command.action for _, command in witness.commands if command.kind == "act"]
    assert outcome.heard.complete
    assert witness.frames[-1][1].values["mouth_open"] == 0.0
    if not fallback:
        assert len(unspoken) == len(outcome.timeline.segments)
        return
    assert not unspoken
    assert [each for each in troubles if "failed" in each] == [troubles[0]]
    assert "'tone' speaks for it" in troubles[0]
    assert outcome.timeline.speech == SPEECH
    assert acted == ["nod", "bow", "smile"]
    for cue in outcome.timeline.cues:
        word = next(word for word in outcome.timeline.words if word.char >= cue.char)
        assert cue.at == pytest.approx(word.at)
        assert word.duration > 0
