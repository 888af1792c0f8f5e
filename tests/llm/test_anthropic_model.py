"""Anthropic's models against the strict stand-in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from asking import HELLO, told

from avatar_bridge.core.mind.dialogue import Finish, Image, Message, Request, ToolCall, Usage
from avatar_bridge.credentials import Key
from avatar_bridge.errors import ModelError, UsageError
from avatar_bridge.llm.anthropic import AnthropicModel
from avatar_bridge.simulators.llm import LanguageServer, Reply

TEXT = Reply().text


@asynccontextmanager
async def meeting(
    *, server: dict[str, Any] | None = None, **options: Any
) -> AsyncIterator[tuple[LanguageServer, AnthropicModel]]:
    async with LanguageServer("anthropic", **(server or {})) as stand_in:
        model = AnthropicModel(**{"model": "small", "url": stand_in.url, **options})
        try:
            yield stand_in, model
        finally:
            await model.close()


async def test_an_answer_with_thoughts_and_tools() -> None:
    reply = Reply(TEXT, "Who?", (("toolu_1", "wave", '{"hand": "left"}'), ("toolu_2", "nod", "{}")), "tool_calls")
    async with meeting(server={"replies": [reply]}) as (server, model):
        await model.open()
        answer = await told(model)
        assert (answer.text, answer.thoughts, answer.error) == (TEXT, "Who?", "")
        assert answer.calls == {0: ("toolu_1", "wave", '{"hand": "left"}'), 1: ("toolu_2", "nod", "{}")}
        assert answer.finish is not None
        assert answer.finish.reason == "tool_calls"
        assert answer.finish.usage.prompt_tokens == 20
        assert answer.finish.usage.cached_tokens == 16
        assert not server.complaints


@pytest.mark.parametrize("oddity", ["crlf", "cr", "one_byte", "no_space", "many_lines"])
async def test_oddities_of_streams_change_nothing(oddity: str) -> None:
    async with meeting() as (server, model):
        server.fault(oddity)
        answer = await told(model)
        assert (answer.text, answer.error) == (TEXT, "")
        assert answer.finish == Finish("stop", Usage(20, server.tokens, 16))


@pytest.mark.parametrize(
    ("fault", "words"),
    [("cut", "cut off"), ("half_character", "cut off"), ("broken", "no JSON"), ("error", "Overloaded")],
)
async def test_what_came_before_a_break_stands(fault: str, words: str) -> None:
    async with meeting() as (server, model):
        server.fault(fault)
        answer = await told(model)
        assert answer.text == "Hello there,"
        assert words in answer.error
        assert answer.finish is None


async def test_overload_before_and_in_the_stream_is_asked_again() -> None:
    async with meeting() as (server, model):
        server.fault("529", retry_after="0")
        server.fault("error_at_once")
        answer = await told(model)
        assert (answer.text, answer.error, len(answer.delays)) == (TEXT, "", 2)


async def test_a_message_becomes_the_services_form() -> None:
    request = Request(
        (
            Message("system", "You are Mia."),
            Message("assistant", "Hello! "),
            Message("user", "Look", images=(Image("data:image/png;base64,AAAA"), Image("https://x.test/a.png"))),
            Message("user", "at this", name="Ben"),
            Message("system", "It rains."),
            Message("assistant", "Hm.", calls=(ToolCall("t1", "see", '{"a": 1}'), ToolCall("t2", "hear", "oops"))),
            Message("tool", "a cat", call_id="t1"),
            Message("tool", "", call_id="t2"),
            Message("user", " "),
            Message("assistant", "So: "),
        ),
        tools=(
            {"type": "function", "function": {"name": "see", "description": "Look", "parameters": {"type": "object"}}},
        ),
        stop=("\n", "END"),
        temperature=1.5,
        more={"metadata": {"user_id": "u"}},
    )
    async with meeting(reasoning="off") as (server, model):
        assert (await told(model, request)).error == ""
        body = server.asked[0]
        assert "no temperature" in model.diagnostics()[0].message
    assert body == {
        "model": "small",
        "max_tokens": 1024,
        "system": [
            {"type": "text", "text": "You are Mia.", "cache_control": {"type": "ephemeral"}},
            {"type": "text", "text": "It rains."},
        ],
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "(The conversation begins.)"}]},
            {"role": "assistant", "content": [{"type": "text", "text": "Hello!"}]},
            {
                "role": "user",
                "content": [
                    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
                    {"type": "image", "source": {"type": "url", "url": "https://x.test/a.png"}},
                    {"type": "text", "text": "Look"},
                    {"type": "text", "text": "Ben: at this"},
                ],
            },
            {
                "role": "assistant",
                "content": [
                    {"type": "text", "text": "Hm."},
                    {"type": "tool_use", "id": "t1", "name": "see", "input": {"a": 1}},
                    {"type": "tool_use", "id": "t2", "name": "hear", "input": {"arguments": "oops"}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "t1", "content": "a cat"},
                    {"type": "tool_result", "tool_use_id": "t2", "content": ""},
                ],
            },
            {"role": "assistant", "content": [{"type": "text", "text": "So:"}]},
        ],
        "stop_sequences": ["END"],
        "tools": [{"name": "see", "input_schema": {"type": "object"}, "description": "Look"}],
        "thinking": {"type": "disabled"},
        "metadata": {"user_id": "u"},
        "stream": True,
    }


@pytest.mark.parametrize("url", ["data:,x", "data:image/png;base64,%%%", "data:image/png;base64"])
async def test_a_picture_that_is_none_is_refused(url: str) -> None:
    async with meeting() as (_, model):
        answer = await told(model, Request((Message("user", "x", images=(Image(url),)),)))
        assert "data:" in answer.error


async def test_keys_and_models_are_named_when_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-usual")
    async with meeting(server={"key": "right"}) as (server, model):
        with pytest.raises(ModelError, match="set the environment variable ANTHROPIC_API_KEY"):
            await model.open()
        assert not {"x-api-key", "authorization"} & set(server.seen[0].headers)
    async with meeting(server={"key": "right"}, key=Key("s3cret", "file:k")) as (_, model):
        with pytest.raises(ModelError, match="check the key file:k"):
            await model.open()
    async with meeting(server={"key": "right"}, key=Key("right", "file:k"), model="smal") as (_, model):
        assert "may be 'small', 'large'" in (await told(model)).error
    async with meeting(model="") as (_, model):
        with pytest.raises(ModelError, match="'small', 'large'"):
            await model.open()
    with pytest.raises(UsageError, match="off or on"):
        AnthropicModel(model="x", reasoning="low")


async def test_the_old_protocol_is_spoken_where_it_is_asked_for() -> None:
    key = Key("right", "file:k")
    async with meeting(server={"key": "right"}, key=key, version="2023-06-01") as (server, model):
        assert (await told(model, Request(HELLO.messages, temperature=1.5))).error == ""
        assert server.seen[0].headers["x-api-key"] == "right"
        assert "authorization" not in server.seen[0].headers
        assert server.asked[0]["temperature"] == 1.0
    async with meeting(server={"key": "right"}, key=key) as (server, model):
        assert (await told(model)).error == ""
        assert server.seen[0].headers["authorization"] == "Bearer right"
    with pytest.raises(UsageError, match="2023-06-01"):
        AnthropicModel(model="x", version="2024-01-01")


@pytest.mark.parametrize(("fault", "words"), [("402", "no balance"), ("400", "Invalid request"), ("html", "text/html")])
async def test_what_does_not_pass_is_asked_once(fault: str, words: str) -> None:
    async with meeting() as (server, model):
        server.fault(fault)
        assert words in (await told(model)).error
        assert len(server.asked) == 1


async def test_pings_and_comments_are_no_answer() -> None:
    async with meeting(stall=0.15) as (server, model):
        server.fault("stall_comments")
        assert "nothing more of it came" in (await told(model)).error
        await server.quiet()
        assert server.aborts == 1


async def test_leaving_stops_the_server_within_one_token() -> None:
    async with meeting() as (server, model):
        server.hold = 2
        reply = model.reply(HELLO)
        for _ in range(2):
            await anext(reply)
        await reply.aclose()
        await server.quiet()
        assert (server.aborts, server.tokens) == (1, 2)


async def test_an_address_may_end_with_v1() -> None:
    async with LanguageServer("anthropic") as server:
        model = AnthropicModel(model="small", url=server.url + "/v1/")
        assert (await told(model)).text == TEXT
        await model.close()
