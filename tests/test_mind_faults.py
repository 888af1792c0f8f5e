"""Whatever a model's server does, a conversation goes on: what came is spoken and kept, the mouth closes."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest
from players import ToneVoice, Witness, prepare_here
from stories import MAP

from avatar_bridge.assembly import Bridge
from avatar_bridge.assembly.minds import build_model
from avatar_bridge.assembly.talk import build_conversation
from avatar_bridge.audio.silent import SilentSpeaker
from avatar_bridge.settings import Settings, override
from avatar_bridge.simulators.llm import LanguageServer, Reply
from avatar_bridge.stage.conversation import Conversation, Turn

KEY = "sk-s3cret-and-long-enough-7141"
TEXT = "One two [nod]three four five. Six [bow]seven eight nine ten, and that is all."
SPOKEN = "One two three four five. Six seven eight nine ten, and that is all."
BEGUN = "One two"
STEP = 0.2
"""Seconds of sound that are heard between two frames."""


@dataclass
class Scene:
    talk: Conversation
    bridge: Bridge
    server: LanguageServer
    witness: Witness

    async def rests(self) -> None:
        """Hold that nobody speaks, thinks, or generates any more."""
        await self.bridge.stage.frames(2)
        assert self.talk.state == "idle"
        assert (self.bridge.stage.timeline, self.bridge.stage.doing) == (None, "idle")
        assert self.witness.frames[-1][1].values["mouth_open"] == 0.0
        async with asyncio.timeout(10):
            await self.server.quiet()

    def acted(self) -> list[str]:
        return [command.action for _, command in self.witness.commands if command.kind == "act"]


@asynccontextmanager
async def scene(service: str, **mind: Any) -> AsyncIterator[Scene]:
    async with LanguageServer(service, replies=(Reply(TEXT),), key=KEY) as server:
        table = {"engine": service, "url": server.url, "model": "small", "key": "env:MY_KEY", "stall": 0.3}
        settings = override(
            Settings(drivers={}),
            {f"mind.{name}": value for name, value in (table | mind).items()} | {"feelings.enabled": False},
        )
        model, _ = build_model(settings.mind)
        witness = Witness(native=frozenset(MAP.actions))
        bridge = Bridge(
            voice=ToneVoice(cost=0.0),
            speaker=SilentSpeaker(now=lambda: STEP * len(witness.frames)),
            drivers=[witness],
            motion_map=MAP,
            preparing=prepare_here,
            settings=settings,
        )
        await model.open()
        async with bridge:
            talk, _ = build_conversation(settings, bridge, model=model)
            async with talk:
                yield Scene(talk, bridge, server, witness)
        await model.close()


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    caplog.set_level(logging.DEBUG)


@dataclass(frozen=True)
class Fault:
    """One thing that a server does, and what is to come of it."""

    name: str
    says: str
    """What the user is told."""
    heard: str = ""
    """How what is heard begins; nothing is where it is empty."""
    aborts: int = 0
    times: int = 1
    first_token: float = 10.0


REFUSED = [
    Fault("401", r"check the key env:MY_KEY"),
    Fault("402", r"no balance"),
    Fault("404", r"Not found"),
    Fault("429", r"(?i)busy|rate limit|wait|later", times=50, first_token=0.4),
    Fault("503", r"(?i)loading|busy|wait", times=50, first_token=0.4),
    Fault("529", r"(?i)overloaded|busy|wait", times=50, first_token=0.4),
    Fault("echo_key", r"\[key\]|check the key env:MY_KEY"),
    Fault("html", r"text/html"),
    Fault("nested", r"500|had an error", times=50, first_token=0.4),
    Fault("drop", r"(?i)reached|broke|closed|cut", times=50),
    Fault("stall", r"no answer began within 0.4 s", aborts=1, first_token=0.4),
]
BROKEN = [
    Fault("stall_mid", r"nothing more of it came", BEGUN, aborts=1),
    Fault("stall_comments", r"nothing more of it came", BEGUN, aborts=1),
    Fault("broken", r"no JSON", BEGUN),
    Fault("half_character", r"cut off", BEGUN),
    Fault("cut", r"cut off", BEGUN),
    Fault("error", r"(?i)engine died|overloaded", BEGUN),
    Fault("error_at_once", r"(?i)engine died|overloaded", times=50, first_token=0.4),
    Fault("endless", r"did not end within 200|no answer began", aborts=1, first_token=2.0),
]
SILENT = [
    Fault("empty", r"answered nothing.*max_tokens"),
    Fault("only_tags", r"", ""),
    Fault("only_thinking", r"answered nothing.*max_tokens"),
    Fault("only_thinking_reasoning", r"answered nothing.*max_tokens"),
    Fault("only_thinking_inline", r"answered nothing but its thinking.*max_tokens"),
]
BY_FORM = {"401", "529", "stall", "stall_mid", "error", "half_character", "cut", "only_thinking", "empty", "endless"}
"""What each form of a stream has its own way for."""
CASES = [
    *(("vllm", fault) for fault in (*REFUSED, *BROKEN, *SILENT)),
    *(("anthropic", fault) for fault in (*REFUSED, *BROKEN, *SILENT) if fault.name in BY_FORM),
    *(("llama_server", fault) for fault in SILENT),
]


def told(turn: Turn, talk: Conversation) -> str:
    return " | ".join([turn.error, *(f"{note.message} ({note.suggestion})" for note in talk.diagnostics())])


@pytest.mark.parametrize(("service", "fault"), CASES, ids=[f"{service}-{fault.name}" for service, fault in CASES])
async def test_a_fault_ends_a_turn_well_and_the_next_one_works(
    service: str, fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    async with scene(service, first_token=fault.first_token) as on:
        on.talk.asking = replace(on.talk.asking, longest=200)
        on.server.fault(fault.name, times=fault.times)
        turn = await on.talk.say("Hello!")
        said = told(turn, on.talk)
        await on.rests()
        assert re.search(fault.says, said), said
        assert turn.heard.startswith(fault.heard.strip())
        assert bool(turn.heard) == bool(fault.heard) or fault.name == "endless"
        assert "[" not in turn.heard
        assert "think" not in turn.heard
        assert on.talk.history.exchanges[-1].said == turn.said
        assert on.server.aborts == fault.aborts
        assert on.server.tokens < 3000
        on.server._faults.clear()
        on.witness.commands.clear()
        again = await on.talk.say("And now?")
        assert (again.heard, again.error, again.said) == (SPOKEN, "", TEXT)
        await on.rests()
        assert on.acted() == ["nod", "bow"]
        assert not on.server.complaints, on.server.complaints
        roles = [message["role"] for message in on.server.asked[-1]["messages"] if message["role"] != "system"]
        assert roles == ["user", "assistant"] * (len(roles) // 2) + ["user"]
        everything = [said, told(again, on.talk), caplog.text, repr(on.talk.history), repr(on.bridge.troubles)]
        assert not [each for each in everything if KEY in each or "s3cret" in each]
