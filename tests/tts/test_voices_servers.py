"""Voices of other programs as the settings name them: what the page shows builds, and a bridge performs with them."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from players import Witness, prepare_here
from speech_services.coeiroink import CoeiroinkServer
from speech_services.gpt_sovits import REFERENCE, SovitsServer
from speech_services.kokoro_fastapi import KokoroServer
from speech_services.openai import SpeechServer
from speech_services.style_bert_vits2 import StyleBertServer
from speech_services.voicevox import VoicevoxEngine
from stories import MAP

from avatar_bridge import registry
from avatar_bridge.assembly import Bridge
from avatar_bridge.assembly.parts import build_voice
from avatar_bridge.audio.silent import SilentSpeaker
from avatar_bridge.errors import SettingsError
from avatar_bridge.settings import OneVoiceSettings, Settings, parse_settings

PAGE = Path(__file__).parents[2] / "docs" / "voices-servers.md"
BLOCKS = re.findall(r"^```toml\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
MINE = {"voicevox", "aivisspeech", "coeiroink", "openai", "kokoro_fastapi", "gpt_sovits", "style_bert_vits2"}


@pytest.mark.parametrize("block", BLOCKS)
def test_what_the_page_shows_can_be_built(block: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-x")
    settings: Settings = parse_settings(block, source="voices-servers.md")
    assert settings.voice.engine in registry.names("voice_services")
    build_voice(settings.voice)


def test_the_page_shows_every_voice() -> None:
    assert {parse_settings(block, source="x").voice.engine for block in BLOCKS} == MINE


@pytest.mark.parametrize("name", sorted(MINE))
def test_a_wrong_option_is_named_with_the_nearest_right_one(name: str) -> None:
    with pytest.raises(SettingsError, match="did you mean 'patience'"):
        build_voice(OneVoiceSettings(engine=name, url="http://127.0.0.1:1", options={"patienc": 3}))


ENGLISH = "Hello there. [nod] I am glad that you came."
JAPANESE = "こんにちは。[nod]私はアバターです。"


@pytest.mark.parametrize(
    ("name", "service", "text", "timing"),
    [
        ("voicevox", VoicevoxEngine(), JAPANESE, "phonemes"),
        ("aivisspeech", VoicevoxEngine(aivis=True), JAPANESE, "estimated"),
        ("coeiroink", CoeiroinkServer(), JAPANESE, "phonemes"),
        ("openai", SpeechServer(), ENGLISH, "estimated"),
        ("kokoro_fastapi", KokoroServer(), ENGLISH, "words"),
        ("gpt_sovits", SovitsServer(), ENGLISH, "estimated"),
        ("style_bert_vits2", StyleBertServer(), ENGLISH, "estimated"),
    ],
    ids=["voicevox", "aivisspeech", "coeiroink", "openai", "kokoro_fastapi", "gpt_sovits", "style_bert_vits2"],
)
async def test_a_bridge_performs_with_it(
    name: str, service: VoicevoxEngine | CoeiroinkServer | SpeechServer, text: str, timing: str
) -> None:
    async with service:
        options = {"reference": REFERENCE} if name == "gpt_sovits" else {}
        url = f"{service.url}/v1" if name == "openai" else service.url
        voice, _ = build_voice(OneVoiceSettings(engine=name, url=url, options=options, speed=1.25))
        bridge = Bridge(
            voice=voice,
            speaker=SilentSpeaker(now=lambda: 10 * time.perf_counter()),
            drivers=[Witness(now=time.perf_counter)],
            motion_map=MAP,
            preparing=prepare_here,
        )
        async with bridge:
            outcome = await bridge.perform(text, keep_audio=True)
    assert not outcome.interrupted
    assert outcome.timeline.timing == timing
    assert len(outcome.samples) / outcome.rate == pytest.approx(outcome.timeline.duration, abs=0.3)
    (cue,) = outcome.timeline.cues
    word = next(word for word in outcome.timeline.words if word.char >= cue.char)
    assert cue.at == pytest.approx(word.at, abs=1e-6)
