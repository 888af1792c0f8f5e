"""The doctor's look at voices beyond the usual ones, the aligner, and files of other formats."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from speech_services.openai import SpeechServer
from speech_services.voicevox import VoicevoxEngine

from avatar_bridge import registry
from avatar_bridge.commands import doctor_voices
from avatar_bridge.commands.doctor_voices import look_at_sounds, look_at_voices
from avatar_bridge.commands.finding import Finding
from avatar_bridge.settings import Settings


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("OPENAI_API_KEY", "ELEVENLABS_API_KEY"):
        monkeypatch.delenv(variable, raising=False)


async def found(voice: dict[str, Any], **settings: Any) -> dict[str, Finding]:
    read = Settings.model_validate({"voice": voice, **settings})
    return {finding.name: finding async for finding in look_at_voices(read)}


async def test_a_program_that_answers_is_ready_and_says_nothing() -> None:
    async with VoicevoxEngine() as engine:
        findings = await found({"engine": "voicevox", "url": engine.url})
        assert findings == {"voice voicevox": Finding("voice voicevox", "ok", "ready; tells every sound")}
        assert not engine.of("/synthesis")
        wrong = (await found({"engine": "voicevox", "url": engine.url, "options": {"speaker": "四国めた"}}))[
            "voice voicevox"
        ]
        assert wrong.status == "broken"
        assert "四国めたん" in wrong.detail


async def test_a_program_that_does_not_run_says_what_to_start() -> None:
    async with VoicevoxEngine() as engine:
        url = engine.url
    finding = (await found({"engine": "voicevox", "url": url}))["voice voicevox"]
    assert finding.status == "broken", "nobody speaks in its place"
    assert "start VOICEVOX" in finding.detail
    assert finding.remedy
    behind = await found({"engine": "voicevox", "url": url, "fallback": ["tone"]})
    assert behind["voice voicevox"].status == "missing", "it goes without"


async def test_a_program_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_voices, "_ANSWER", 0.2)
    clients: list[asyncio.StreamWriter] = []
    silent = await asyncio.start_server(lambda _, writer: clients.append(writer), "127.0.0.1", 0)
    async with silent:
        url = f"http://127.0.0.1:{silent.sockets[0].getsockname()[1]}"
        finding = (await found({"engine": "voicevox", "url": url}))["voice voicevox"]
    for client in clients:
        client.close()
    assert finding.detail == "no answer for 0.2 s"


async def test_keys_are_named_by_their_place(monkeypatch: pytest.MonkeyPatch) -> None:
    finding = (await found({"engine": "elevenlabs"}))["voice elevenlabs"]
    assert finding.status == "broken"
    assert "env:ELEVENLABS_API_KEY is missing" in finding.detail
    monkeypatch.setenv("MY_KEY", "sk-secret-of-mine")
    async with SpeechServer(key="another") as server:
        voice = {"engine": "openai", "url": f"{server.url}/v1", "key": "env:MY_KEY"}
        wrong = (await found(voice))["voice openai"]
        assert (await found({**voice, "key": "env:NO_KEY"}))["voice openai"].status == "broken"
    assert wrong.status == "broken"
    assert "env:MY_KEY" in wrong.detail
    assert "sk-secret" not in str(wrong)


async def test_a_voice_without_an_address_or_with_a_wrong_name_is_broken() -> None:
    assert "voice.url" in (await found({"engine": "openai"}))["voice openai"].detail
    finding = (await found({"engine": "voicevax"}))["voice voicevax"]
    assert finding.status == "broken"
    assert "did you mean 'voicevox'" in finding.detail


async def test_those_behind_it_and_those_of_characters_are_looked_at() -> None:
    async with VoicevoxEngine() as engine:
        there = {"engine": "voicevox", "url": engine.url}
        findings = await found(
            {"engine": "tone", "fallback": ["tone", there]},
            characters={"anna": {"voice": {"engine": "aivisspeech", "url": engine.url}}, "guard": {"voice": there}},
        )
    assert list(findings) == ["fallback voice voicevox", "voice aivisspeech of anna"], "one voice is looked at once"
    assert all(finding.status == "ok" for finding in findings.values())


async def test_large_models_are_not_loaded_but_their_files_are_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "find_spec", lambda _: object())
    assert "loaded when it speaks" in (await found({"engine": "kokoro"}))["voice kokoro"].detail
    gone = {"engine": "coqui", "options": {"model": str(tmp_path), "speaker_wav": [str(tmp_path / "me.wav")]}}
    finding = (await found(gone))["voice coqui"]
    assert finding.status == "broken"
    assert "me.wav" in finding.detail
    assert "voice.options.speaker_wav" in finding.remedy
    by_name = {"engine": "coqui", "options": {"model": "tts_models/en/ljspeech/vits", "download": True}}
    assert (await found(by_name))["voice coqui"].status == "ok"


async def test_what_is_not_installed_has_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "find_spec", lambda _: None)
    for engine, extra in {"kokoro": "kokoro", "edge": "edge", "openjtalk": "openjtalk", "voicevox": "remote"}.items():
        finding = (await found({"engine": engine, "fallback": ["tone"]}))[f"voice {engine}"]
        assert finding.status == "missing"
        assert f'avatar-bridge[{extra}]"' in finding.remedy
    aligner, files = look_at_sounds(Settings())
    assert 'avatar-bridge[align]"' in aligner.remedy
    assert "pydub" in files.detail
    assert 'avatar-bridge[formats]"' in files.remedy


def test_ffmpeg_and_the_aligner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "find_spec", lambda _: object())
    monkeypatch.setattr("shutil.which", lambda name: None if name == "ffprobe" else f"/usr/bin/{name}")
    aligner, files = look_at_sounds(Settings())
    assert aligner.status == "ok"
    assert (files.status, files.detail.partition(" ")[0]) == ("missing", "ffprobe")
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    aligner, files = look_at_sounds(Settings.model_validate({"voice": {"align": False}}))
    assert files.status == "ok"
    assert aligner.detail.startswith("switched off")
