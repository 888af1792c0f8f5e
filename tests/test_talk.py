"""Settings to conversations: personas, models and memories of a cast; and the example runs."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest
from minds import ScriptedMind

from avatar_bridge.assembly import Bridge, Cast
from avatar_bridge.assembly.talk import Talk, asking_of, build_conversation
from avatar_bridge.errors import ModelError, UsageError
from avatar_bridge.settings import Settings
from avatar_bridge.settings import parse_settings as parse
from avatar_bridge.stage.memory import Memory

EXAMPLE = Path(__file__).parents[1] / "examples" / "chat" / "talk.py"
QUIET = """
drivers = {}
stats.enabled = false
feelings.enabled = false
voice.engine = "tone"
sound.speaker = "none"
mind.engine = "script"
"""
ANSWER = 'mind.options = {text = "[wave]Hello.", first = 0.0}\n'
PERSONA = """
name = "Aria"
description = "A lighthouse keeper."
greetings = ["[wave]Ahoy!"]
[[lore]]
keys = ["storm"]
text = "Storms come from the west."
"""


def parse_settings(text: str) -> Settings:
    return parse(text, source="test")


def settings_of(folder: Path, text: str) -> Settings:
    memory = json.dumps(str(folder / "memory.db"))
    return parse_settings(f"{QUIET}{text}\nmemory.file = {memory}\n")


def test_each_character_has_its_own_conversation_and_they_share_a_model(tmp_path: Path) -> None:
    async def scene() -> None:
        own = "\n[characters.anna.sound]\nspeaker = 'none'\n[characters.anna.drivers]\n"
        memory = json.dumps(str(tmp_path / "memory.db"))
        settings = parse_settings(f"{QUIET}{ANSWER}\nmemory.file = {memory}\n{own}")
        cast = Cast.from_settings(settings)
        async with cast, Talk(cast) as talk:
            main, anna = await talk.conversation(), await talk.conversation("Anna")
            assert main is not anna
            assert main.model is anna.model
            assert await talk.conversation("anna") is anna
            assert (await anna.say("Hi")).cues == ("wave",)
            assert main.history.exchanges == []
            assert talk.under_way() is main
            with pytest.raises(UsageError, match="nobody"):
                await talk.conversation("nobody")
        with pytest.raises(UsageError, match="closed"):
            await talk.conversation()
        remembered = Memory(tmp_path / "memory.db")
        assert await remembered.characters() == ("anna",)
        await remembered.close()

    asyncio.run(scene())


def test_a_model_that_cannot_be_opened_or_comes_too_late_is_given_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        mind, may = ScriptedMind("Hello."), asyncio.Event()
        closed = 0

        async def close() -> None:
            nonlocal closed
            closed += 1

        async def refuse() -> None:
            raise ModelError("no such model")

        async def wait() -> None:
            await may.wait()

        monkeypatch.setattr(mind, "close", close)
        monkeypatch.setattr("avatar_bridge.assembly.talk.build_model", lambda _: (mind, ()))
        async with Cast.from_settings(settings_of(tmp_path, ANSWER)) as cast:
            talk = Talk(cast)
            monkeypatch.setattr(mind, "open", refuse)
            with pytest.raises(ModelError, match="no such model"):
                await talk.conversation()
            assert closed == 1
            monkeypatch.setattr(mind, "open", wait)
            late = asyncio.ensure_future(talk.conversation())
            for _ in range(5):
                await asyncio.sleep(0)
            await talk.close()
            may.set()
            with pytest.raises(UsageError, match="closed"):
                await late
            assert closed == 2

    asyncio.run(scene())


def test_a_persona_is_what_the_model_is_told(tmp_path: Path) -> None:
    (tmp_path / "aria.toml").write_text(PERSONA, encoding="utf-8")
    persona = json.dumps(str(tmp_path / "aria.toml"))

    async def scene() -> None:
        settings = settings_of(tmp_path, f"{ANSWER}mind.persona = {persona}\nmind.constrain = true\n")
        async with Bridge.from_settings(settings) as bridge:
            conversation, _ = build_conversation(settings, bridge)
            assert conversation.character == "aria"
            assert "A lighthouse keeper." in conversation.system
            assert "wave" in conversation.system
            assert "wave" in conversation.asking.tags
            greeted = await conversation.greet()
            assert greeted is not None
            assert greeted.heard == "Ahoy!"
            await conversation.say("Is there a storm?")
            assert conversation.history.exchanges[-1].user == "Is there a storm?"
            await conversation.close()

    asyncio.run(scene())


def test_the_settings_say_how_the_model_is_asked() -> None:
    settings = parse_settings(
        "[mind]\nmax_tokens = 1000\ntemperature = 0.5\none_moment = 3.0\none_moment_says = 'Hm.'\n"
        "[memory]\nsummary = false\n"
    )
    asking = asking_of(settings, ("nod",))
    assert (asking.max_tokens, asking.temperature, asking.longest) == (1000, 0.5, 8000)
    assert (asking.one_moment, asking.one_moment_says, asking.summary) == (3.0, "Hm.", False)
    assert asking.tags == ()


def test_the_example_runs(tmp_path: Path) -> None:
    answers = tmp_path / "answers.txt"
    story = "Once upon a time [nod] there was a bridge that went on and on. " * 3
    answers.write_text(f"[wave]Hello Ann.\n---\n{story}\n---\nNever mind.\n", encoding="utf-8")
    (tmp_path / "quiet.toml").write_text(f"{QUIET}mind.model = {json.dumps(str(answers))}\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(EXAMPLE), "quiet.toml"],
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "heard: Hello Ann.  (did: wave)"
    assert lines[1].startswith("heard until the interrupt: Once upon a time")
    assert lines[2] == "heard: Never mind."
    assert lines[-1] == "remembered: Sorry, I had to stop you. -> Never mind."
