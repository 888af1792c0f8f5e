"""Conversations on virtual time: what is asked, heard and remembered, whatever the model does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from minds import ScriptedMind, Step, words
from players import ToneVoice, Witness, prepare_here
from stories import MAP
from virtual_time import VirtualClock, run

from avatar_bridge.assembly import Bridge
from avatar_bridge.audio.silent import SilentSpeaker
from avatar_bridge.core.mind.dialogue import Delayed, Delta, Finish, Reasoning, ToolCall, ToolDelta, Usage
from avatar_bridge.core.mind.history import INTERRUPTED, History
from avatar_bridge.core.script.parser import parse
from avatar_bridge.core.timeline.heard_source import heard_source
from avatar_bridge.core.timeline.timeline import HeardText
from avatar_bridge.errors import ModelError, UsageError
from avatar_bridge.stage import conversation
from avatar_bridge.stage.conversation import Asking, Conversation, Turn
from avatar_bridge.stage.memory import Memory

LONG = "This is a [nod] sentence of a story that goes on. " * 12


class Stage:
    """A conversation with all that it is made of."""

    def __init__(
        self, mind: ScriptedMind, driver: Witness, voice: ToneVoice, bridge: Bridge, talk: Conversation
    ) -> None:
        self.mind, self.driver, self.voice, self.bridge, self.talk = mind, driver, voice, bridge, talk

    def roles(self) -> list[str]:
        """Return who says what in the last request, the system's text left out."""
        return [f"{message.role}: {message.text}" for message in self.mind.asked[-1].messages[1:]]

    async def hears(self, seconds: float) -> None:
        await self.bridge.stage.until(lambda: (self.bridge.stage.heard() or 0.0) > seconds)


@asynccontextmanager
async def stage(*answers: str | Sequence[Step], **more: Any) -> AsyncIterator[Stage]:
    clock, driver, voice, mind = VirtualClock(), Witness(), ToneVoice(), ScriptedMind(*answers)
    bridge = Bridge(
        voice=voice,
        speaker=SilentSpeaker(now=clock.time),
        drivers=[driver],
        motion_map=MAP,
        clock=clock,
        preparing=prepare_here,
    )
    async with bridge:
        cut = partial(heard_source, names=MAP.names())
        talk = Conversation(mind, bridge, system="You are Aria.", now=clock.time, cut=cut, **more)
        async with talk:
            yield Stage(mind, driver, voice, bridge, talk)


def test_it_answers_and_remembers() -> None:
    async def scene() -> None:
        async with stage("[nod]Hello Ann.", "You are Ann.") as on:
            turn = await on.talk.say("Hi, I am Ann.")
            assert (turn.heard, turn.said, turn.cues) == ("Hello Ann.", "[nod]Hello Ann.", ("nod",))
            assert not turn.interrupted
            assert not turn.error
            assert turn.first_word == pytest.approx(0.2)
            assert turn.first_sound is not None
            assert turn.first_sound > 0.2
            await on.talk.say("Who am I?")
            assert on.roles() == ["user: Hi, I am Ann.", "assistant: [nod]Hello Ann.", "user: Who am I?"]
            assert on.mind.asked[-1].messages[0].text.startswith("You are Aria.")
            assert on.talk.diagnostics() == []
            assert on.talk.state == "idle"

    run(scene())


def test_it_thinks_before_it_speaks() -> None:
    async def scene() -> None:
        async with stage([3.0, *words("Well. Yes.")]) as on:
            saying = asyncio.ensure_future(on.talk.say("Is it so?"))
            await asyncio.sleep(1.0)
            assert (on.talk.state, on.bridge.stage.doing) == ("thinking", "thinking")
            await on.hears(0.2)
            assert on.bridge.stage.doing == "speaking"
            await saying
            assert (on.talk.state, on.bridge.stage.doing) == ("idle", "idle")

    run(scene())


def test_an_interrupt_stops_the_model_and_keeps_what_was_heard() -> None:
    async def scene() -> None:
        async with stage(words(LONG, every=0.05), "Sorry.") as on:
            saying = asyncio.ensure_future(on.talk.say("Tell me a story."))
            await on.hears(1.5)
            heard = on.talk.interrupt()
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert on.mind.closed_early == 1, "the model works on"
            assert on.driver.commands[-1][1].kind == "reset"
            turn = await saying
            assert turn.interrupted
            assert turn.heard == heard.speech.strip() != ""
            assert LONG.startswith(turn.said)
            assert parse(turn.said, names=MAP.names()).speech == turn.heard, "it keeps what nobody heard"
            assert on.talk.history.exchanges[0].said == turn.said
            assert on.talk.state == "idle"
            await on.talk.say("Go on.")
            assert on.roles()[1] == f"assistant: {turn.said} {INTERRUPTED}"

    run(scene())


def test_a_new_question_interrupts_and_is_the_only_one_answered() -> None:
    async def scene() -> None:
        async with stage(words(LONG, every=0.3), "Right.") as on:
            first = asyncio.ensure_future(on.talk.say("one"))
            await on.hears(1.0)
            second = asyncio.ensure_future(on.talk.say("two"))
            third = asyncio.ensure_future(on.talk.say("three"))
            turns = await asyncio.gather(first, second, third)
            assert [turn.interrupted for turn in turns] == [True, True, False]
            assert turns[2].heard == "Right."
            assert len(on.mind.asked) == 2
            assert on.roles()[-1] == "user: two\nthree"

    run(scene())


def test_an_interrupt_while_it_thinks_leaves_no_answer() -> None:
    async def scene() -> None:
        async with stage([60.0, Finish("stop")], "Now.") as on:
            saying = asyncio.ensure_future(on.talk.say("one"))
            await asyncio.sleep(1.0)
            on.talk.interrupt()
            turn = await saying
            assert (turn.interrupted, turn.said, on.mind.closed_early) == (True, "", 1)
            await on.talk.say("two")
            assert on.roles() == ["user: one\ntwo"]
            assert VirtualClock().time() < 30.0

    run(scene())


def test_whoever_takes_the_stage_ends_the_models_work() -> None:
    async def scene() -> None:
        async with stage(words(LONG, every=0.3)) as on:
            saying = asyncio.ensure_future(on.talk.say("one"))
            await on.hears(1.0)
            await on.bridge.perform("An announcement.")
            turn = await saying
            assert turn.interrupted
            assert on.mind.closed_early == 1
            assert on.talk.state == "idle"

    run(scene())


def test_a_cancelled_call_closes_the_mouth_and_remembers() -> None:
    async def scene() -> None:
        async with stage(words(LONG, every=0.3), "Yes.") as on:
            saying = asyncio.ensure_future(on.talk.say("one"))
            await on.hears(1.5)
            saying.cancel()
            with pytest.raises(asyncio.CancelledError):
                await saying
            assert on.mind.closed_early == 1
            assert on.driver.commands[-1][1].kind == "reset"
            await on.talk.say("two")
            assert INTERRUPTED in on.roles()[1]
            assert on.roles()[1].startswith("assistant: This is a")

    run(scene())


def test_a_greeting_that_is_cancelled_is_remembered_as_far_as_it_was_heard() -> None:
    async def scene() -> None:
        async with stage("Yes.", greeting=LONG) as on:
            greeting = asyncio.ensure_future(on.talk.greet())
            await on.hears(1.5)
            greeting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await greeting
            (kept,) = on.talk.history.exchanges
            assert kept.interrupted
            assert LONG.startswith(kept.said)
            assert "sentence" in kept.said
            assert await on.talk.greet() is None

    run(scene())


def test_a_greeting_that_nobody_heard_is_said_again() -> None:
    async def scene() -> None:
        async with stage("Yes.", greeting="Hello there.") as on:
            greeting = asyncio.ensure_future(on.talk.greet())
            await asyncio.sleep(0)
            greeting.cancel()
            await asyncio.wait({greeting})
            again = await on.talk.greet()
            assert again is not None
            assert again.heard == "Hello there."

    run(scene())


SOON = 0.05


@pytest.mark.parametrize(
    ("steps", "said", "note"),
    [
        ([Finish("stop")], "", "answered nothing"),
        ([Delta("  \n"), Finish("stop")], "", "answered nothing"),
        ([Delta("[nod]"), Finish("stop")], "[nod]", ""),
        ([Delta("<think>I could say hi."), Finish("length")], "", "but its thinking"),
        ([Reasoning("I could say hi."), Finish("length")], "", "but its thinking"),
        ([Delta("<think>hm</think>"), Delta("Hi."), Finish("stop")], "Hi.", ""),
        ([Reasoning("Let me think."), SOON, Delta("Hi."), Finish("stop")], "Hi.", ""),
        ([Finish("content_filter")], "", "withheld"),
        ([Delta("One two three."), Finish("content_filter")], "One two three.", "withheld"),
        ([ModelError("the key env:KEY is wrong; set another")], "", "the key env:KEY is wrong"),
        ([Delta("One two three. "), SOON, ModelError("it broke off")], "One two three.", "it broke off"),
        ([Delta("One two three. "), SOON], "One two three.", "broke off"),
        ([ToolDelta(0, "1", "look", "{}"), Finish("tool_calls")], "", "look"),
    ],
)
def test_whatever_the_model_does_the_show_goes_on(steps: list[Step], said: str, note: str) -> None:
    async def scene() -> None:
        async with stage(steps, "All is well.") as on:
            turn = await on.talk.say("Hello?")
            assert turn.said == said
            assert not turn.interrupted
            assert bool(turn.error) == any(isinstance(step, ModelError) for step in steps) or "broke off" in note
            notes = " ".join(each.message for each in on.talk.diagnostics())
            assert note in notes
            assert "think" not in " ".join(on.voice.asked)
            assert on.talk.state == "idle"
            assert (await on.talk.say("And now?")).heard == "All is well."
            assert all(message.text.strip() for message in on.mind.asked[-1].messages)
            assert "think>" not in str(on.mind.asked[-1].messages)

    run(scene())


def test_an_endless_answer_is_ended() -> None:
    async def scene() -> None:
        async with stage([Delta("and so on ")] * 5000, asking=Asking(longest=100)) as on:
            turn = await on.talk.say("Tell me.")
            assert turn.finish == "longest"
            assert 60 < len(turn.said) <= 120
            assert on.mind.closed_early == 1
            assert on.mind.asked[0].max_tokens == 400

    run(scene())


def test_where_no_answer_can_be_had_it_says_so_if_it_may() -> None:
    async def scene() -> None:
        async with stage([ModelError("nothing listens there")], asking=Asking(sorry="Oh dear.")) as on:
            turn = await on.talk.say("Hello?")
            assert (turn.heard, turn.said, turn.error) == ("Oh dear.", "", "nothing listens there")

    run(scene())


@pytest.mark.parametrize(
    ("steps", "times"),
    [
        ([5.0, *words("Here I am.")], 1),
        ([1.0, *words("Here I am.")], 0),
        ([Delayed("busy", 4.0), 4.0, *words("Here I am.")], 1),
        ([Delayed("busy", 1.0), 1.0, *words("Here I am.")], 0),
        ([Delta("<think>hm"), 5.0, Delta("</think>Here I am."), Finish("stop")], 1),
        ([Reasoning("hm"), 30.0, *words("Here I am.")], 1),
        ([3.2, *words("Here I am.", first=0.0)], 1),
    ],
)
def test_it_says_that_it_takes_a_moment_once(steps: list[Step], times: int) -> None:
    async def scene() -> None:
        async with stage(steps, asking=Asking(one_moment=3.0, one_moment_says="One moment. [nod]")) as on:
            asked = VirtualClock().time()
            saying = asyncio.ensure_future(on.talk.say("Hello?"))
            if times and isinstance(steps[0], Delayed):
                await asyncio.sleep(SOON)
                assert on.bridge.utterance == 1, "a wait that is announced is told at once"
            turn = await saying
            assert sum("One moment" in text for text in on.voice.asked) == times
            assert turn.heard == turn.said == "Here I am."
            assert on.talk.diagnostics() == []
            assert VirtualClock().time() - asked < 45.0

    run(scene())


def test_an_interrupt_stops_what_is_said_meanwhile() -> None:
    async def scene() -> None:
        says = "Just wait a little while, I will be with you in a moment or two."
        async with stage([60.0, Finish("stop")], asking=Asking(one_moment=1.0, one_moment_says=says)) as on:
            saying = asyncio.ensure_future(on.talk.say("Hello?"))
            await on.hears(0.5)
            on.talk.interrupt()
            assert on.driver.commands[-1][1].kind == "reset"
            assert (await saying).interrupted
            assert on.bridge.timeline is None

    run(scene())


def test_a_question_stops_what_is_said_meanwhile() -> None:
    async def scene() -> None:
        says = "Just wait a little while, I will be with you in a moment or two."
        asking = Asking(one_moment=1.0, one_moment_says=says)
        async with stage([60.0, Finish("stop")], "Here.", asking=asking) as on:
            first = asyncio.ensure_future(on.talk.say("Hello?"))
            await on.hears(0.5)
            second = asyncio.ensure_future(on.talk.say("Hello!"))
            await asyncio.sleep(0)
            assert on.driver.commands[-1][1].kind == "reset"
            assert (await first).interrupted
            assert (await second).heard == "Here."

    run(scene())


def test_a_summary_gives_way_to_a_question() -> None:
    async def scene() -> None:
        slow: list[Step] = [30.0, Delta("They talked."), Finish("stop")]
        answers: list[Any] = ["An answer of some words. " * 12] * 3 + [slow, "Quick.", slow]
        async with stage(*answers, history=History(tokens=300)) as on:
            for index in range(3):
                await on.talk.say(f"Question {index}.")
            await asyncio.sleep(1.0)
            assert len(on.mind.asked) == 4, "it sums up"
            turn = await on.talk.say("And now?")
            assert turn.heard == "Quick."
            assert on.mind.closed_early == 1
            await asyncio.sleep(60.0)
            assert on.talk.history.summary == "They talked."

    run(scene())


def test_tools_are_carried_out_and_asked_again() -> None:
    async def scene() -> None:
        called: list[ToolCall] = []

        async def carry(call: ToolCall) -> str:
            called.append(call)
            await asyncio.sleep(1.0)
            if len(called) == 2:
                raise UsageError("no such place")
            return "rain"

        first: list[Step] = [
            Delta("Let me look."),
            ToolDelta(0, "a", "weather", '{"pla'),
            ToolDelta(0, arguments='ce": 1}'),
            ToolDelta(1, "", "weather", "{}"),
            Finish("tool_calls", Usage(10, 5)),
        ]
        tools = ({"type": "function"},)
        async with stage(first, "It rains.", "Yes.", asking=Asking(carry=carry, tools=tools)) as on:
            turn = await on.talk.say("How is it?")
            assert turn.heard == "Let me look. It rains."
            assert [call.arguments for call in called] == ['{"place": 1}', "{}"]
            assert turn.usage.prompt_tokens == 10
            again = on.mind.asked[1].messages[-3:]
            assert [message.role for message in again] == ["assistant", "tool", "tool"]
            assert [message.text for message in again] == ["Let me look.", "rain", "error: no such place"]
            assert again[2].call_id == again[0].calls[1].id != ""
            assert on.mind.asked[0].tools == tools
            await on.talk.say("Sure?")
            assert on.roles()[1:5] == [
                "assistant: Let me look.",
                "tool: rain",
                "tool: error: no such place",
                "assistant: It rains.",
            ]

    run(scene())


def test_a_model_that_only_calls_tools_is_ended() -> None:
    async def scene() -> None:
        async def carry(call: ToolCall) -> str:
            return call.name

        async with stage([ToolDelta(0, "a", "look", "{}"), Finish("tool_calls")], asking=Asking(carry=carry)) as on:
            assert (await on.talk.say("Well?")).heard == ""
            assert len(on.mind.asked) == 4
            assert "more than 4 times" in on.talk.diagnostics()[0].message

    run(scene())


def test_it_greets_once_and_remembers_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"

    async def scene(*answers: str) -> tuple[Turn | None, list[str]]:
        memory = Memory(path)
        async with stage(*answers, memory=memory, character="aria", greeting="[nod]Welcome!") as on:
            greeted = await on.talk.greet()
            await on.talk.say("Do you know me?")
            roles = on.roles()
        await memory.close()
        assert memory.diagnostics() == []
        return greeted, roles

    greeted, _ = asyncio.run(scene("No."))  # in real time, for the memory works in a thread
    assert greeted is not None
    assert greeted.heard == "Welcome!"
    greeted, roles = asyncio.run(scene("Yes."))
    assert greeted is None
    assert roles[1:] == [
        "assistant: [nod]Welcome!",
        "user: Do you know me?",
        "assistant: No.",
        "user: Do you know me?",
    ]


def test_what_was_heard_so_far_is_in_the_file_before_the_answer_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversation, "_JOTTING", 0.01)
    told: list[HeardText] = []

    async def scene() -> None:
        memory, later = Memory(tmp_path / "memory.db"), Memory(tmp_path / "memory.db")
        async with stage(words(LONG), memory=memory, character="aria", heard=lambda: told[-1] if told else None) as on:
            saying = asyncio.ensure_future(on.talk.say("Tell me a story."))
            await on.hears(0.6)
            assert on.bridge.timeline is not None
            told.append(on.bridge.timeline.heard(0.6))
            while not (kept := (await later.export("aria"))[0]["said"]):  # noqa: ASYNC110 - a file tells nobody
                await asyncio.sleep(0)
            assert LONG.startswith(kept)
            assert parse(kept, names=MAP.names()).speech.strip() == told[0].speech.strip()
            assert (await later.load("aria")).exchanges[0].interrupted
            await on.hears(1.0)
            on.talk.interrupt()
            turn = await saying
            assert [row["said"] for row in await later.export("aria")] == [turn.said]
        await memory.close()
        await later.close()

    asyncio.run(scene())  # in real time, for the memory works in a thread


def test_what_has_no_room_is_summed_up_between_turns() -> None:
    async def scene() -> None:
        async with stage("An answer of some words. " * 3, history=History(tokens=300)) as on:
            for index in range(10):
                await on.talk.say(f"Question {index}, with some words in it, too.")
                await asyncio.sleep(5.0)
            summing = [request for request in on.mind.asked if "record" in request.messages[0].text[:40]]
            assert summing
            assert "An answer" in on.talk.history.summary
            last = next(request for request in reversed(on.mind.asked) if request not in summing)
            assert "(a record, no instructions):\nAn answer of some words." in last.messages[0].text
            assert "Question 0" not in str(last.messages)

    run(scene())


def test_without_the_model_the_first_sentences_stay() -> None:
    async def scene() -> None:
        asking = Asking(summary=False)
        async with stage("An answer. " * 8, history=History(tokens=300), asking=asking) as on:
            for index in range(10):
                await on.talk.say(f"Question {index}. With some words in it, too.")
                await asyncio.sleep(1.0)
            assert len(on.mind.asked) == 10
            assert "User: Question 3." in on.talk.history.summary

    run(scene())


def test_it_forgets(tmp_path: Path) -> None:
    async def scene() -> None:
        memory = Memory(tmp_path / "memory.db")
        async with stage("Yes.", memory=memory) as on:
            await on.talk.say("Remember this.")
            assert [row["user"] for row in await on.talk.export()] == ["Remember this."]
            assert await on.talk.forget() == 1
            assert await on.talk.export() == []
            await on.talk.say("Hello.")
            assert on.roles() == ["user: Hello."]
        await memory.close()

    asyncio.run(scene())


@pytest.mark.parametrize("text", ["", "  \n", "x" * 20_001])
def test_what_cannot_be_asked_is_refused(text: str) -> None:
    async def scene() -> None:
        async with stage("Yes.") as on:
            with pytest.raises(UsageError, match="expected"):
                await on.talk.say(text)
            assert on.mind.asked == []

    run(scene())


def test_a_users_tags_do_nothing() -> None:
    async def scene() -> None:
        async with stage("As you say.") as on:
            turn = await on.talk.say("[nod] Say [explode]!")
            assert turn.cues == ()
            assert on.roles() == ["user: (nod) Say (explode)!"]

    run(scene())


def test_what_was_said_calls_to_mind_what_the_character_knows() -> None:
    async def scene() -> None:
        def note(lately: Sequence[str]) -> str:
            return "Tea grows on hills." if "tea" in " ".join(lately[-2:]) else ""

        async with stage("Tea it is.", "Yes.", note=note) as on:
            await on.talk.say("I like tea.")
            asked = on.mind.asked[0].messages[-1].text
            assert "Tea grows on hills." in asked
            assert asked.endswith("I like tea.")
            await on.talk.say("Good.")
            assert "hills" not in str(on.mind.asked[1].messages)

    run(scene())


ACTS = st.lists(st.tuples(st.sampled_from(["say", "interrupt", "listen", "wait"]), st.floats(0.0, 3.0)), max_size=8)
ANSWERS = st.sampled_from(
    [
        words("Yes. [nod] It is so, my friend."),
        [2.0, Finish("stop")],
        [1.0, Delta("Half of "), ModelError("it broke off")],
        [Delayed("busy", 2.0), 2.0, Delta("Late."), Finish("stop")],
        [Delta("<think>never ends")],
    ]
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ACTS, st.lists(ANSWERS, min_size=1, max_size=3))
def test_every_turn_ends_and_nothing_stays_open(acts: list[tuple[str, float]], answers: list[list[Step]]) -> None:
    async def scene() -> None:
        async with stage(*answers, asking=Asking(one_moment=1.0)) as on:
            turns: list[asyncio.Task[Turn]] = []
            for what, later in acts:
                if what == "say":
                    turns.append(asyncio.ensure_future(on.talk.say(f"question {len(turns)}")))
                elif what == "interrupt":
                    on.talk.interrupt()
                elif what == "listen":
                    on.talk.listen(barges=later > 1.5)
                await asyncio.sleep(later)
            done = await asyncio.gather(*turns)
            assert on.talk.state in ("idle", "listening")
            assert [each.user for each in on.talk.history.exchanges] == [turn.user for turn in done]
            for turn, exchange in zip(done, on.talk.history.exchanges, strict=True):
                assert exchange.said == turn.said
            assert on.bridge.timeline is None
            await asyncio.sleep(10.0)
            assert on.bridge.timeline is None, "something spoke on"

    run(scene())
