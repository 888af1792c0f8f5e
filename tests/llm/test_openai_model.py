"""OpenAI-compatible models against the strict stand-in: every oddity, every fault, every service's own way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from asking import HELLO, told
from raw_http import answer, raw_server

from avatar_bridge.core.mind.dialogue import Delta, Finish, Image, Message, Request, ToolCall, Usage
from avatar_bridge.core.mind.grammar import gbnf
from avatar_bridge.credentials import Key
from avatar_bridge.errors import ModelError, UsageError
from avatar_bridge.llm import presets
from avatar_bridge.llm.openai import OpenAIModel
from avatar_bridge.ports import LanguageModel
from avatar_bridge.simulators.llm import LanguageServer, Reply

TEXT = "Hello there, it is good to see you. [wave] What shall we do?"
LOCAL = ["ollama", "llama_server", "vllm", "lmstudio"]


@asynccontextmanager
async def meeting(
    service: str = "ollama", *, server: dict[str, Any] | None = None, **options: Any
) -> AsyncIterator[tuple[LanguageServer, OpenAIModel]]:
    async with LanguageServer(service, **(server or {})) as stand_in:
        if service == "openai":
            options.setdefault("max_tokens_field", "max_completion_tokens")
        model = OpenAIModel(**{"name": service, "model": "small", "url": stand_in.url, **options})
        try:
            yield stand_in, model
        finally:
            await model.close()


@pytest.mark.parametrize("service", ["openai", *LOCAL, "openrouter"])
async def test_every_service_is_asked_as_it_wants_and_understood(service: str) -> None:
    async with meeting(service, server={"replies": [Reply(TEXT, "Who is it?")]}) as (server, model):
        await model.open()
        said = await told(model)
        assert (said.text, said.thoughts, said.error) == (TEXT, "Who is it?", "")
        assert said.finish == Finish("stop", Usage(20, server.tokens, 16))
        assert not server.complaints
        named: LanguageModel = model
        assert named.name == service


@pytest.mark.parametrize(
    "oddity",
    ["no_done", "crlf", "cr", "one_byte", "empty_choices", "usage_everywhere", "finish_with_text", "empty_finish",
     "unnamed_finish", "no_space", "many_lines", "unended"],
)  # fmt: skip
async def test_oddities_of_streams_change_nothing(oddity: str) -> None:
    async with meeting() as (server, model):
        server.fault(oddity)
        said = await told(model)
        assert (said.text, said.error) == (TEXT, "")
        assert said.finish is not None
        assert said.finish.reason == "stop"


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("cut", "cut off"),
        ("half_character", "cut off"),
        ("no_finish", "cut off"),
        ("broken", "no JSON"),
        ("error", "The engine died"),
    ],
)
async def test_what_came_before_a_break_stands_and_the_break_is_told(fault: str, words: str) -> None:
    async with meeting("vllm") as (server, model):
        server.fault(fault)
        said = await told(model)
        assert TEXT.startswith(said.text)
        assert said.text
        assert words in said.error
        assert said.finish is None
        assert (await told(model)).text == TEXT


async def test_a_stream_that_is_dropped_after_its_head_is_asked_again() -> None:
    async with meeting() as (server, model):
        server.fault("drop")
        said = await told(model)
        assert (said.text, said.error, len(said.delays)) == (TEXT, "", 1)


async def test_an_error_before_the_first_word_is_asked_again() -> None:
    async with meeting() as (server, model):
        server.fault("error_at_once")
        said = await told(model)
        assert (said.text, said.error) == (TEXT, "")
        assert "The engine died" in said.delays[0].reason


@pytest.mark.parametrize("status", ["408", "429", "500", "503", "529"])
async def test_what_passes_is_asked_again_and_told(status: str) -> None:
    async with meeting("llama_server") as (server, model):
        server.fault(status, times=2, retry_after="0")
        said = await told(model)
        assert (said.text, len(said.delays), len(server.asked)) == (TEXT, 2, 3)
        assert f"({status})" in said.delays[0].reason
        assert 0.0 < said.delays[0].seconds < 1.0


async def test_a_server_that_loads_is_waited_for_no_longer_than_one_may() -> None:
    async with meeting("llama_server", model="", first_token=0.2) as (server, model):
        server.loading = True
        await model.open()
        said = await told(model)
        assert "Loading model" in said.error
        assert "first_token" in said.error
        server.loading = False
        assert (await told(model)).text == TEXT


async def test_a_wait_beyond_the_deadline_is_not_begun() -> None:
    async with meeting() as (server, model):
        server.fault("429", retry_after="3600")
        said = await told(model)
        assert not said.delays
        assert "would be past the 60 s" in said.error


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("400", "Invalid request"),
        ("401", "check the key env:A_KEY"),
        ("402", "no balance left"),
        ("403", "check the key env:A_KEY"),
        ("404", "Not found"),
        ("422", "Unprocessable"),
        ("html", "sent text/html"),
        ("redirect", "points to another address"),
        ("gzip", "nobody asked for"),
    ],
)
async def test_what_does_not_pass_is_asked_once_and_said_with_its_remedy(fault: str, words: str) -> None:
    async with meeting("vllm", key=Key("s3cret-key", "env:A_KEY")) as (server, model):
        server.fault(fault)
        said = await told(model)
        assert words in said.error
        assert len(server.asked) == 1
        assert not said.events


async def test_a_spent_quota_is_no_rate_limit() -> None:
    async with meeting("openai") as (server, model):
        server.fault("quota")
        said = await told(model)
        assert "no balance left" in said.error
        assert not said.delays


async def test_a_key_that_is_wrong_is_named_by_its_place_and_never_shown() -> None:
    server_side = {"key": "right-key"}
    async with meeting("vllm", server=server_side, key=Key("s3cret-wrong-key", "file:key.txt")) as (server, model):
        with pytest.raises(ModelError, match=r"check the key file:key.txt") as error:
            await model.open()
        assert "s3cret" not in str(error.value)
        server.key = ""
        server.fault("echo_key")
        said = await told(model)
        assert "[key]" in said.error
        assert "s3cret" not in said.error


async def test_without_a_key_the_places_for_one_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VLLM_API_KEY", "usual")
    async with meeting("vllm", server={"key": "right"}) as (server, model):
        with pytest.raises(ModelError, match="check the key env:VLLM_API_KEY"):
            await model.open()
        assert server.seen[0].headers["authorization"] == "Bearer usual"
    monkeypatch.delenv("VLLM_API_KEY")
    async with meeting("vllm", server={"key": "right"}) as (_, model):
        with pytest.raises(ModelError, match="set the environment variable VLLM_API_KEY"):
            await model.open()


async def test_the_usual_key_never_goes_to_another_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-usual")
    monkeypatch.setenv("OPENROUTER_API_KEY", "sk-usual")
    for name in ("openai", "openrouter"):
        async with LanguageServer("openrouter") as server:
            model = OpenAIModel(name=name, model="small", url=server.url)
            await told(model)
            await model.close()
            assert "authorization" not in server.seen[-1].headers


@pytest.mark.parametrize("service", ["openai", "ollama", "vllm", "openrouter"])
async def test_a_wrong_model_names_those_that_there_are(service: str) -> None:
    async with meeting(service, model="smal", server={"models": ("large", "small")}) as (_, model):
        said = await told(model)
        assert "'smal' is none of its models: [mind] model may be 'small', 'large'" in said.error
    async with meeting("ollama", model="qwen", server={"models": ("qwen:latest",)}) as (_, model):
        await model.open()


async def test_no_model_takes_the_first_that_speaks_and_says_so() -> None:
    async with meeting("lmstudio", model="", server={"models": ("text-embedding-a", "b")}) as (server, model):
        await model.open()
        assert "'b'" in model.diagnostics()[0].message
        assert not model.diagnostics()
        assert (await told(model)).text == TEXT
        assert server.asked[0]["model"] == "b"
    async with meeting("vllm", model="") as (server, model):
        assert (await told(model)).text == TEXT
        assert server.asked[0]["model"] == "small"
    async with meeting("ollama", model="", server={"models": ()}) as (_, model):
        with pytest.raises(ModelError, match="has no model yet"):
            await model.open()
    async with meeting("openrouter", model="") as (_, model):
        with pytest.raises(ModelError, match=r"each has its price: 'small', 'large'"):
            await model.open()


async def test_the_context_is_learnt_from_the_server() -> None:
    for service in ("vllm", "openrouter", "llama_server"):
        async with meeting(service) as (_, model):
            assert model.abilities.context is None
            await model.open()
            assert model.abilities.context == 8192


async def test_answers_share_a_connection() -> None:
    async with meeting("vllm") as (server, model):
        await model.open()
        for _ in range(3):
            assert (await told(model)).text == TEXT
        assert server.connections == 1


async def test_another_program_at_the_usual_port_is_passed_by(monkeypatch: pytest.MonkeyPatch) -> None:
    page = answer(200, b"<h1>My blog</h1>", Content_Type="text/html")
    async with raw_server([page]) as blog, LanguageServer("llama_server") as here:
        moved = replace(presets.PRESETS["llama_server"], urls=(blog.url, here.url))
        monkeypatch.setattr(presets, "PRESETS", {**presets.PRESETS, "llama_server": moved})
        model = OpenAIModel(name="llama_server")
        assert (await told(model)).text == TEXT
        await model.close()


async def test_an_address_without_its_v1_is_told() -> None:
    async with LanguageServer("ollama") as server:
        model = OpenAIModel(name="ollama", model="small", url=server.url.removesuffix("/v1"))
        with pytest.raises(ModelError, match="with /v1"):
            await model.open()
        said = await told(model)
        await model.close()
        assert "with /v1?" in said.error


async def test_nothing_there_is_asked_thrice_and_told_with_how_to_start_it() -> None:
    async with LanguageServer("ollama") as server:
        pass
    model = OpenAIModel(name="ollama", model="small", url=server.url)
    with pytest.raises(ModelError, match="start Ollama"):
        await model.open()
    said = await told(model)
    await model.close()
    assert len(said.delays) == 2
    assert "start Ollama" in said.error


async def test_the_first_of_the_usual_places_that_answers_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    async with LanguageServer("llama_server") as gone:
        pass
    async with LanguageServer("llama_server") as here:
        moved = replace(presets.PRESETS["llama_server"], urls=(gone.url, here.url))
        monkeypatch.setattr(presets, "PRESETS", {**presets.PRESETS, "llama_server": moved})
        model = OpenAIModel(name="llama_server")
        await model.open()
        assert (await told(model)).text == TEXT
        await model.close()
    model = OpenAIModel(name="llama_server")
    with pytest.raises(ModelError, match=r"answers neither at .* nor at .*start it"):
        await model.open()
    await model.close()


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("stall", "no answer began within 0.15 s"),
        ("stall_mid", "nothing more of it came for 0.15 s"),
        ("stall_comments", "nothing more of it came for 0.15 s"),
    ],
)
async def test_a_stall_is_noticed_and_let_go(fault: str, words: str) -> None:
    async with meeting("vllm", first_token=0.15 if fault == "stall" else 30.0, stall=0.15) as (server, model):
        server.fault(fault)
        said = await told(model)
        assert words in said.error
        assert len(said.text) == (0 if fault == "stall" else len("Hello there,"))
        await server.quiet()
        assert server.aborts == 1


async def test_a_model_that_only_thinks_is_stopped_at_the_deadline() -> None:
    async with meeting("vllm", first_token=0.2, server={"replies": [Reply("x", "hm " * 5000)], "pace": 0.001}) as (
        server,
        model,
    ):
        said = await told(model)
        assert 'reasoning = "off"' in said.error
        assert not said.text
        await server.quiet()
        assert server.aborts == 1


async def test_an_endless_reply_is_bounded() -> None:
    async with meeting(longest=500) as (server, model):
        server.fault("endless")
        said = await told(model)
        assert "no end" in said.error
        assert len(said.text) <= 500
        await server.quiet()
        assert server.aborts == 1


@pytest.mark.parametrize(
    ("fault", "text", "thoughts"),
    [
        ("empty", "", ""),
        ("only_tags", "[wave] [smile]", ""),
        ("only_thinking", "", "Who is it? Hm."),
        ("only_thinking_reasoning", "", "Who is it? Hm."),
        ("only_thinking_inline", "<think>Who is it? Hm.</think>", ""),
    ],
)
async def test_answers_with_nothing_to_say_are_answers(fault: str, text: str, thoughts: str) -> None:
    async with meeting() as (server, model):
        server.fault(fault)
        said = await told(model)
        assert (said.text, said.thoughts, said.error) == (text, thoughts, "")
        assert said.finish is not None


async def test_halves_of_a_character_are_joined() -> None:
    async with meeting() as (server, model):
        server.fault("split_pair")
        said = await told(model)
        assert said.text == TEXT.replace("there,", "there,😀")
        said.text.encode()


async def test_tool_calls_come_in_pieces_with_their_numbers() -> None:
    async with meeting("openai") as (server, model):
        server.fault("tool_calls")
        said = await told(model)
        assert said.calls == {0: ("call_1", "wave", '{"hand": "left"}'), 1: ("call_2", "nod", "{}")}
        assert said.finish is not None
        assert said.finish.reason == "tool_calls"


@pytest.mark.parametrize("service", ["ollama", "vllm"])
async def test_leaving_stops_the_server_within_one_token(service: str) -> None:
    async with meeting(service) as (server, model):
        server.hold = 3
        before = asyncio.all_tasks()
        reply = model.reply(HELLO)
        got = [await anext(reply) for _ in range(3)]
        assert all(isinstance(event, Delta) for event in got)
        await reply.aclose()
        await server.quiet()
        assert (server.aborts, server.tokens) == (1, 3)
        assert not {task for task in asyncio.all_tasks() - before if "_meet" not in repr(task)}


async def test_a_cancelled_reply_is_let_go_while_it_is_waited_for() -> None:
    async with meeting() as (server, model):
        server.hold = 1
        heard = asyncio.Event()

        async def listen() -> None:
            async for _ in model.reply(HELLO):
                heard.set()

        task = asyncio.create_task(listen())
        await heard.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await server.quiet()
        assert server.aborts == 1


async def test_pictures_tools_and_calls_are_told_in_the_services_form() -> None:
    request = Request(
        (
            Message("user", "Look!", images=(Image("data:image/png;base64,AAAA"),), name="mia_1"),
            Message("assistant", calls=(ToolCall("call_1", "see", "{}"),)),
            Message("tool", "a cat", call_id="call_1"),
            Message("user", "And?", name="雪 さん"),
        ),
        tools=({"type": "function", "function": {"name": "see", "parameters": {"type": "object"}}},),
        max_tokens=7,
        temperature=0.5,
        stop=("\n\n",),
        more={"top_p": 0.9, "stream": False, "n": 4, "stream_options": {"include_obfuscation": False}},
    )
    async with meeting("openai", seed=5, reasoning="off", extra={"user": "u"}) as (server, model):
        assert (await told(model, request)).text == TEXT
        body = server.asked[0]
    assert body.pop("messages") == [
        {
            "role": "user",
            "name": "mia_1",
            "content": [
                {"type": "text", "text": "Look!"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
            ],
        },
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "see", "arguments": "{}"}}],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": "a cat"},
        {"role": "user", "content": "雪 さん: And?"},
    ]
    assert body == {
        "model": "small",
        "max_completion_tokens": 7,
        "temperature": 0.5,
        "stop": ["\n\n"],
        "tools": [{"type": "function", "function": {"name": "see", "parameters": {"type": "object"}}}],
        "seed": 5,
        "reasoning_effort": "none",
        "user": "u",
        "top_p": 0.9,
        "stream": True,
        "stream_options": {"include_obfuscation": False, "include_usage": True},
    }


@pytest.mark.parametrize(
    ("service", "effort", "fields"),
    [
        ("ollama", "off", {"reasoning_effort": "none"}),
        ("llama_server", "off", {"chat_template_kwargs": {"enable_thinking": False}}),
        ("vllm", "high", {"chat_template_kwargs": {"enable_thinking": True}, "reasoning_effort": "high"}),
        ("openrouter", "off", {"reasoning": {"effort": "none"}}),
    ],
)
async def test_thinking_is_told_in_each_services_way(service: str, effort: str, fields: dict[str, Any]) -> None:
    async with meeting(service, reasoning=effort) as (server, model):
        assert (await told(model)).error == ""
        assert fields.items() <= server.asked[0].items()


@pytest.mark.parametrize(
    ("service", "field", "where"),
    [
        ("llama_server", "", ("grammar",)),
        ("vllm", "", ("structured_outputs", "grammar")),
        ("ollama", "", ()),
        ("llama_server", "none", ()),
    ],
)
async def test_tags_are_constrained_where_the_server_can(service: str, field: str, where: tuple[str, ...]) -> None:
    async with meeting(service, grammar_field=field) as (server, model):
        assert model.abilities.tags == bool(where)
        assert (await told(model, Request(HELLO.messages, tags=("wave", "nod")))).text == TEXT
        assert (await told(model)).text == TEXT
        tool = {"type": "function", "function": {"name": "see"}}
        assert (await told(model, Request(HELLO.messages, tags=("wave",), tools=(tool,)))).text == TEXT
        body, *others = server.asked
    for name in where:
        body = body[name]
    assert not where or body == gbnf(("wave", "nod"))
    assert not any(each.keys() & {"grammar", "structured_outputs", "guided_grammar"} for each in others)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"name": "lmstudio", "reasoning": "off"}, "set it in the program itself"),
        ({"reasoning": "loud"}, "expected reasoning as off"),
        ({"max_tokens_field": "tokens"}, "max_completion_tokens"),
        ({"grammar_field": "gbnf"}, "expected grammar_field"),
        ({"extra": [1]}, "expected extra as a table"),
        ({"name": "mine", "url": None}, "needs an address"),
        ({"url": "localhost:1"}, "expected the address"),
    ],
)
def test_options_that_cannot_be_are_refused_at_once(options: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        OpenAIModel(**{"name": "openai", "model": "x", "url": "http://127.0.0.1:1/v1", **options})


async def test_more_of_a_request_wins_over_its_own_limit() -> None:
    async with meeting("vllm", extra={"top_k": 3}) as (server, model):
        request = Request(HELLO.messages, max_tokens=5, more={"max_completion_tokens": 9, "top_k": 4})
        assert (await told(model, request)).error == ""
        assert "max_tokens" not in server.asked[0]
        assert (server.asked[0]["max_completion_tokens"], server.asked[0]["top_k"]) == (9, 4)
