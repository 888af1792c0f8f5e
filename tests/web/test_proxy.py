"""Programs that take the bridge for their model's server: the official client gets its text, the character speaks."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import httpx2
import numpy as np
import openai
import pytest
import soundfile
from minds import ScriptedMind

from avatar_bridge.assembly import Bridge
from avatar_bridge.commands.on_air import OnAir, cast_on_air
from avatar_bridge.core.timeline.timeline import HeardText
from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.settings import Settings, override
from avatar_bridge.simulators.llm import LanguageServer, Reply
from avatar_bridge.web.proxy_reply import Reply as PassingReply
from avatar_bridge.web.show import Show
from avatar_bridge.web.upstream import Upstream

REPLY = Reply("Hi! [nod] I'm *really* glad. [smile]See `[nod]`.")
SHOWN = "Hi! I'm *really* glad. See `[nod]`."
SPOKEN = "Hi! I'm really glad."


def settings(model: LanguageServer, **changes: Any) -> Settings:
    table = {"voice.engine": "tone", "voice.speed": 3.0, "sound.speaker": "none", "stats.enabled": False, "web.port": 0}
    mind = {"mind.engine": "openai", "mind.url": model.url}
    more = {key.replace("__", "."): value for key, value in changes.items()}
    return override(Settings(drivers={}), {**table, **mind, **more})


@asynccontextmanager
async def proxied(
    *replies: Reply, hold: int | None = None, **changes: Any
) -> AsyncIterator[tuple[Any, OnAir, LanguageServer]]:
    async with LanguageServer(replies=replies or (REPLY,)) as model:
        model.hold = hold
        async with cast_on_air(settings(model, **changes)) as on:
            client = openai.AsyncOpenAI(base_url=f"{on.server.address}/v1", api_key=on.server.token, max_retries=0)
            try:
                yield client, on, model
            finally:
                await client.close()


async def performed(on: OnAir) -> str:
    """Wait until something was performed to its end; return the speech."""
    stage = on.cast.main.stage
    await stage.until(lambda: stage.timeline is not None)
    timeline = stage.timeline
    assert timeline is not None
    await stage.until(lambda: stage.timeline is None)
    return timeline.speech


def asked(model: str = "small", **more: Any) -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": "Hello!"}], **more}


async def test_a_streamed_reply_is_performed_and_comes_without_its_tags() -> None:
    async with proxied() as (client, on, model):
        performing = asyncio.create_task(performed(on))
        chunks = [chunk async for chunk in await client.chat.completions.create(**asked(stream=True))]
        assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == SHOWN
        assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
        assert (await performing).startswith(SPOKEN)
        (body,) = model.asked
        assert "[nod]" in body["messages"][0]["content"] or "nod =" in body["messages"][0]["content"]
        assert body["messages"][0]["role"] == "system"


async def test_what_a_reply_costs_is_counted() -> None:
    async with proxied() as (client, on, _):
        performing = asyncio.create_task(performed(on))
        options = {"include_usage": True}
        stream = await client.chat.completions.create(**asked(stream=True, stream_options=options))
        usage = [chunk.usage async for chunk in stream][-1]
        await performing
        assert usage.completion_tokens > 5
        session = on.cast.main.ledger.session
        assert (session.prompt_tokens, session.completion_tokens) == (usage.prompt_tokens, usage.completion_tokens)


async def test_what_a_reply_costs_is_counted_where_the_program_does_not_ask() -> None:
    async with proxied() as (client, on, model):
        performing = asyncio.create_task(performed(on))
        chunks = [chunk async for chunk in await client.chat.completions.create(**asked(stream=True))]
        await performing
        assert all(chunk.choices for chunk in chunks), "a program that did not ask for it is told what it cost"
        assert on.cast.main.ledger.session.completion_tokens > 5
        assert model.asked[0]["stream_options"] == {"include_usage": True}
        answer = await client.chat.completions.create(**asked("small (silent)"))
        assert answer.usage.completion_tokens > 5


async def test_a_whole_reply_is_performed_too() -> None:
    async with proxied() as (client, on, _):
        performing = asyncio.create_task(performed(on))
        answer = await client.chat.completions.create(**asked())
        assert answer.choices[0].message.content == SHOWN
        assert answer.choices[0].finish_reason == "stop"
        assert (await performing).startswith(SPOKEN)


async def test_the_tags_stay_where_the_settings_say_so() -> None:
    async with proxied(proxy__tags=True, proxy__prompt=False) as (client, on, model):
        performing = asyncio.create_task(performed(on))
        answer = await client.chat.completions.create(**asked())
        assert answer.choices[0].message.content == REPLY.text
        await performing
        assert model.asked[0]["messages"] == asked()["messages"]


@pytest.mark.parametrize(
    ("body", "changes"),
    [
        (asked("small (silent)"), {}),
        (asked(), {"proxy__perform": False}),
        ({"model": "small", "messages": [{"role": "user", "content": "### Task:\nGenerate a title"}]}, {}),
    ],
)
async def test_what_is_for_the_program_itself_is_not_performed(body: dict[str, Any], changes: dict[str, Any]) -> None:
    async with proxied(**changes) as (client, on, model):
        answer = await client.chat.completions.create(**body)
        assert answer.choices[0].message.content == SHOWN
        assert on.cast.main.utterance == 0
        assert model.asked[0]["model"] == "small"
        assert model.asked[0]["messages"] == body["messages"]


async def test_the_models_are_listed_each_also_as_silent() -> None:
    async with proxied() as (client, _, _):
        names = [each.id async for each in client.models.list()]
        assert names == ["small", "small (silent)", "large", "large (silent)"]


async def test_reasoning_and_tool_calls_pass_and_are_not_spoken() -> None:
    async with proxied(
        Reply("Well, hello.", reasoning="Who is it?"), Reply("", calls=(("c1", "look", "{}"),))
    ) as found:
        client, on, _ = found
        performing = asyncio.create_task(performed(on))
        chunks = [chunk async for chunk in await client.chat.completions.create(**asked(stream=True))]
        told = [chunk.choices[0].delta.model_extra or {} for chunk in chunks if chunk.choices]
        thought = "".join(str(each.get("reasoning_content") or each.get("reasoning") or "") for each in told)
        assert thought == "Who is it?"
        assert await performing == "Well, hello."
        tools = [{"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}]
        answer = await client.chat.completions.create(**asked(tools=tools))
        (call,) = answer.choices[0].message.tool_calls
        assert (call.id, call.function.name, call.function.arguments) == ("c1", "look", "{}")


@pytest.mark.parametrize(("fault", "status"), [("401", 401), ("429", 429), ("503", 503)])
async def test_a_refusal_of_the_server_is_passed_on_in_its_form(fault: str, status: int) -> None:
    async with proxied() as (client, _, model):
        model.fault(fault)
        with pytest.raises(openai.APIStatusError) as caught:
            await client.chat.completions.create(**asked(stream=True))
        assert caught.value.status_code == status
        assert "refused" in str(caught.value)


async def test_a_server_that_is_not_there_is_said() -> None:
    async with proxied(mind__url="http://127.0.0.1:9/v1") as (client, _, _):
        with pytest.raises(openai.APIStatusError) as caught:
            await client.chat.completions.create(**asked())
        assert caught.value.status_code == 503
        assert "cannot be reached" in str(caught.value)


async def test_an_answer_that_breaks_off_says_so_and_what_came_is_kept() -> None:
    async with proxied(Reply("One two three four five six seven.")) as (client, _, model):
        model.fault("error")
        text = ""
        stream = await client.chat.completions.create(**asked(stream=True))

        async def read() -> None:
            nonlocal text
            async for chunk in stream:
                text += chunk.choices[0].delta.content or "" if chunk.choices else ""

        with pytest.raises(openai.APIError, match="broke off"):
            await read()
        assert text.startswith("One")


class Ends:
    """Follows a bridge and keeps what was heard of each utterance."""

    def __init__(self, bridge: Bridge) -> None:
        self.heard: list[HeardText] = []
        bridge.follow(self)

    def began(self, *_: Any) -> None:
        pass

    def grew(self, *_: Any) -> None:
        pass

    def ended(self, heard: HeardText) -> None:
        self.heard.append(heard)


async def test_who_gives_up_before_an_utterance_began_does_not_get_it() -> None:
    class Busy:
        ended = False

        async def perform(self, _: Any) -> None:
            try:
                await asyncio.Event().wait()
            finally:
                self.ended = True

    busy: Any = Busy()
    cast: Any = SimpleNamespace(find=lambda _: busy)
    nothing: Any = None
    asking = asyncio.create_task(Show(busy, nothing, nothing, cast=cast, talk=cast).perform("Hello."))
    for _ in range(3):
        await asyncio.sleep(0)
    asking.cancel()
    await asyncio.wait({asking})
    await asyncio.sleep(0)
    assert busy.ended


def test_what_waits_to_be_spoken_does_not_grow_with_an_endless_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("avatar_bridge.web.proxy_reply._LONGEST", 50)
    reply = PassingReply(None)
    chunk = {"choices": [{"index": 0, "delta": {"content": "on and on "}}]}
    passed = [reply.take(chunk) for _ in range(1000)]
    assert passed == [[chunk]] * 1000
    assert reply._pieces.qsize() == 5


async def test_a_program_that_hangs_up_stops_the_model_and_the_character() -> None:
    async with proxied(Reply("One two three. " * 50), hold=12) as (client, on, model):
        stream = await client.chat.completions.create(**asked(stream=True))
        bridge = on.cast.main
        await bridge.stage.until(lambda: (bridge.stage.heard() or -1.0) > 0.0)
        ends = Ends(bridge)
        await stream.close()
        await bridge.stage.until(lambda: bridge.stage.timeline is None)
        assert not ends.heard[0].complete
        await asyncio.wait_for(model.quiet(), 10)
        assert model.aborts == 1


@pytest.mark.parametrize("stream", [True, False])
async def test_a_program_that_hangs_up_before_the_first_word_stops_the_model(stream: bool) -> None:
    async with proxied(hold=0) as (client, on, model):
        asking = asyncio.create_task(client.chat.completions.create(**asked(stream=stream)))
        while not (asking.done() if stream else model.busy):
            await on.cast.main.stage.frames(1)
        if stream:
            await asking.result().close()
        asking.cancel()
        await asyncio.wait({asking})
        await asyncio.wait_for(model.quiet(), 10)
        assert model.aborts == 1


async def test_a_bridge_that_closes_ends_an_answer_under_way(caplog: pytest.LogCaptureFixture) -> None:
    async with LanguageServer(replies=(REPLY,)) as model:
        model.hold = 0
        async with cast_on_air(settings(model)) as on:
            client = openai.AsyncOpenAI(base_url=f"{on.server.address}/v1", api_key=on.server.token, max_retries=0)
            stream = await client.chat.completions.create(**asked(stream=True))
        await asyncio.wait_for(model.quiet(), 10)
        assert model.aborts == 1
        await stream.close()
        await client.close()
    assert "Traceback" not in caplog.text


async def test_a_program_that_hangs_up_on_a_whole_answer_stops_the_model_and_the_character() -> None:
    async with proxied(Reply("One two three. " * 50), hold=12) as (client, on, model):
        asking = asyncio.create_task(client.chat.completions.create(**asked()))
        bridge = on.cast.main
        await bridge.stage.until(lambda: (bridge.stage.heard() or -1.0) > 0.0)
        ends = Ends(bridge)
        asking.cancel()
        await asyncio.wait({asking})
        await bridge.stage.until(lambda: bridge.stage.timeline is None)
        assert not ends.heard[0].complete
        await asyncio.wait_for(model.quiet(), 10)
        assert model.aborts == 1


async def test_what_the_model_has_to_tell_is_told_in_the_studio(monkeypatch: pytest.MonkeyPatch) -> None:
    mind, note = ScriptedMind("Hi."), Diagnostic("it is a small one")
    monkeypatch.setattr(mind, "diagnostics", lambda: [Diagnostic("it was replaced")])
    monkeypatch.setattr("avatar_bridge.web.upstream.build_model", lambda _: (mind, (note,)))
    monkeypatch.setattr("avatar_bridge.assembly.talk.build_model", lambda _: (mind, (Diagnostic("it is shared"),)))
    async with proxied(memory__enabled=False) as (client, on, _), httpx2.AsyncClient() as web:

        async def notes() -> list[str]:
            headers = {"Authorization": f"Bearer {on.server.token}"}
            told = (await web.get(f"{on.server.address}/v1/state", headers=headers)).json()["notes"]
            return [each["message"] for each in told]

        await client.chat.completions.create(**asked("small (silent)"))
        assert {"it is a small one", "it was replaced"} <= set(await notes())
        assert "it is shared" not in await notes()
        headers = {"Authorization": f"Bearer {on.server.token}"}
        body = {"text": "Hello!", "wait": True}
        assert (await web.post(f"{on.server.address}/v1/chat", json=body, headers=headers)).status_code == 200
        assert "it is shared" in await notes()


async def test_one_answer_is_asked_for_at_a_time() -> None:
    async with proxied() as (client, _, model):
        await client.chat.completions.create(**asked("small (silent)", n=3))
        assert "n" not in model.asked[0]


async def test_chunks_of_odd_shape_pass_or_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9}
    deltas: list[Any] = [
        {"role": "assistant", "content": None, "tool_calls": None},
        {"tool_calls": [None, {"index": None, "id": "c", "function": {"name": "look", "arguments": None}}]},
        {"tool_calls": [{"function": "none"}]},
        None,
        {"content": "Hi!"},
    ]

    async def chat(*_: Any) -> AsyncGenerator[dict[str, Any], None]:
        yield {"choices": None}
        for delta in deltas:
            yield {"id": "x", "choices": [{"index": 0, "delta": delta}], "usage": {**usage, "completion_tokens": 1}}
        yield {"id": "x", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": usage}

    monkeypatch.setattr(Upstream, "chat", chat)
    async with proxied() as (client, on, _):
        answer = await client.chat.completions.create(**asked("small (silent)"))
        assert answer.choices[0].message.content == "Hi!"
        assert answer.choices[0].message.tool_calls[0].function.name == "look"
        session = on.cast.main.ledger.session
        assert (session.prompt_tokens, session.completion_tokens) == (7, 2)


async def test_an_interrupt_stops_the_model_and_ends_the_answer() -> None:
    async with proxied(Reply("One two three. " * 50), hold=12) as (client, on, model):
        stream = await client.chat.completions.create(**asked(stream=True))
        bridge = on.cast.main
        await bridge.stage.until(lambda: (bridge.stage.heard() or -1.0) > 0.0)
        bridge.interrupt()
        reasons = [chunk.choices[0].finish_reason async for chunk in stream if chunk.choices]
        assert reasons[-1] == "stop"
        await asyncio.wait_for(model.quiet(), 10)
        assert model.aborts == 1


async def test_what_is_no_request_is_refused_in_the_clients_form() -> None:
    async with proxied() as (_, on, _), httpx2.AsyncClient() as client:
        headers = {"Authorization": f"Bearer {on.server.token}"}
        address = f"{on.server.address}/v1/chat/completions"
        for body in (b"no JSON", b"[]", b'{"messages": []}', b'{"messages": "x"}'):
            answer = await client.post(address, content=body, headers=headers)
            assert answer.status_code == 400
            assert "expected" in answer.json()["error"]["message"]
        assert (await client.post(address, content=json.dumps(asked()))).status_code == 401
        long = json.dumps(asked(padding="x" * 2_000_000))
        assert (await client.post(address, content=long, headers=headers)).status_code != 413


ODD = [
    {"max_tokens": float("inf")},
    {"temperature": float("nan"), "max_tokens": True},
    {"tools": 5, "stop": 5},
    {"stop": [1, None]},
    {"model": None},
    {"messages": [None]},
    {"messages": [{"role": []}]},
    {"messages": [{"role": "user", "content": [None, {"type": "image_url", "image_url": {"url": 5}}]}]},
    {"messages": [{"role": "assistant", "tool_calls": 5}, {"role": "user", "content": "Hi"}]},
]


@pytest.mark.parametrize("service", ["openai", "anthropic"])
async def test_whatever_a_program_asks_it_is_answered_or_refused_in_words(service: str) -> None:
    async with LanguageServer(service, replies=(Reply("Hi."),)) as model:
        named = {"mind__engine": service, "mind__model": "small", "proxy__perform": False}
        async with cast_on_air(settings(model, **named)) as on, httpx2.AsyncClient() as client:
            headers = {"Authorization": f"Bearer {on.server.token}"}
            bodies = [json.dumps(asked() | odd).encode() for odd in ODD]
            for body in (*bodies, b'{"messages": ' + b"[" * 100_000):
                address = f"{on.server.address}/v1/chat/completions"
                answer = await client.post(address, content=body, headers=headers)
                assert answer.status_code in (200, 400, 422), (body[:80], answer.text)
                assert answer.status_code == 200 or answer.json()["error"]["message"]


async def test_a_bridge_that_is_no_model_server_says_so() -> None:
    async with proxied(proxy__enabled=False) as (client, _, _):
        with pytest.raises(openai.NotFoundError, match="no model server"):
            await client.models.list()


async def test_a_model_of_another_kind_answers_in_the_same_form() -> None:
    async with LanguageServer("anthropic", replies=(REPLY,), models=("claude",)) as model:
        changed = settings(model, mind__engine="anthropic", mind__model="claude")
        async with cast_on_air(changed) as on:
            client = openai.AsyncOpenAI(base_url=f"{on.server.address}/v1", api_key=on.server.token, max_retries=0)
            performing = asyncio.create_task(performed(on))
            assert [each.id async for each in client.models.list()] == ["claude", "claude (silent)"]
            answer = await client.chat.completions.create(**asked("claude"))
            assert answer.choices[0].message.content == SHOWN
            assert answer.usage is not None
            assert (await performing).startswith(SPOKEN)
            await client.close()


@pytest.mark.parametrize("form", ["mp3", "wav", "flac", "opus"])
async def test_the_voice_speaks_any_text_in_the_form_that_is_asked_for(form: Any) -> None:
    async with proxied() as (client, on, _):
        answer = await client.audio.speech.create(model="x", voice="y", input="Hi [nod] there.", response_format=form)
        samples, rate = soundfile.read(io.BytesIO(answer.content))
        alone, plain = (
            await on.cast.main.voiced("Hi [nod] there.", 24000),
            await on.cast.main.voiced("Hi there.", 24000),
        )
        assert len(samples) / rate == pytest.approx(len(alone) / 24000, abs=0.12)
        assert len(alone) == len(plain)
        assert np.abs(samples).max() > 0.05
        assert on.cast.main.utterance == 0


async def test_speech_is_performed_and_silence_given_where_the_settings_say_so() -> None:
    async with proxied(proxy__speech="perform") as (client, on, _):
        performing = asyncio.create_task(performed(on))
        answer = await client.audio.speech.create(model="x", voice="y", input="Hi [nod]there.", response_format="pcm")
        assert not any(answer.content)
        assert await performing == "Hi there."
        assert len(answer.content) / 48000 > 0.3


async def test_speech_that_cannot_be_is_refused_in_words() -> None:
    async with proxied() as (client, _, _):
        for wrong, words in (
            ({"response_format": "aac"}, "mp3, wav"),
            ({"input": " "}, "input"),
            ({"input": "x" * 9000}, "8192"),
        ):
            with pytest.raises(openai.BadRequestError, match=words):
                await client.audio.speech.create(**{"model": "x", "voice": "y", "input": "Hi.", **wrong})
