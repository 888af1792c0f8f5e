"""The stand-in for language model services is one to the services' own clients, and strict."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from avatar_bridge.errors import UsageError, WorldError
from avatar_bridge.remote import Service, ServiceRefusedError
from avatar_bridge.simulators.llm import FAULTS, LanguageServer, Reply

TEXT = Reply().text
HI = [{"role": "user", "content": "hi"}]


def sdk(name: str) -> Any:
    return pytest.importorskip(name, reason=f"the package {name} is not installed: pip install {name}")


@pytest.mark.peer
@pytest.mark.parametrize("service", ["openai", "ollama", "llama_server", "vllm", "lmstudio", "openrouter"])
@pytest.mark.parametrize("fault", ["", "crlf", "one_byte", "no_done", "empty_choices", "usage_everywhere"])
async def test_openais_own_client_gets_the_text(service: str, fault: str) -> None:
    openai = sdk("openai")
    async with LanguageServer(service, key="right") as server:
        if fault:
            server.fault(fault)
        async with openai.AsyncOpenAI(base_url=server.url, api_key="right", max_retries=0) as client:
            assert [model.id async for model in client.models.list()] == ["small", "large"]
            stream = await client.chat.completions.create(
                model="small", messages=HI, stream=True, stream_options={"include_usage": True}
            )
            text, finish, usage = "", None, None
            async for chunk in stream:
                for choice in chunk.choices:
                    text += choice.delta.content or ""
                    finish = choice.finish_reason or finish
                usage = chunk.usage or usage
        assert (text, finish) == (TEXT, "stop")
        assert usage.prompt_tokens_details.cached_tokens == 16
        assert not server.complaints


@pytest.mark.peer
async def test_openais_own_client_understands_tools_refusals_and_errors() -> None:
    openai = sdk("openai")
    async with LanguageServer("openai", key="right") as server:
        async with openai.AsyncOpenAI(base_url=server.url, api_key="wrong", max_retries=0) as client:
            with pytest.raises(openai.AuthenticationError, match="Incorrect API key provided: wro"):
                await client.chat.completions.create(model="small", messages=HI)
        async with openai.AsyncOpenAI(base_url=server.url, api_key="right", max_retries=0) as client:
            reply = await client.chat.completions.create(model="small", messages=HI)
            assert reply.choices[0].message.content == TEXT
            for fault, kind in (("429", openai.RateLimitError), ("500", openai.InternalServerError)):
                server.fault(fault)
                with pytest.raises(kind):
                    await client.chat.completions.create(model="small", messages=HI)
            with pytest.raises(openai.NotFoundError, match="does not exist"):
                await client.chat.completions.create(model="none", messages=HI)
            server.fault("tool_calls")
            arguments = ""
            async for chunk in await client.chat.completions.create(model="small", messages=HI, stream=True):
                for call in chunk.choices[0].delta.tool_calls or []:
                    arguments += call.function.arguments if call.index == 0 else ""
            assert json.loads(arguments) == {"hand": "left"}
            server.fault("error")
            stream = await client.chat.completions.create(model="small", messages=HI, stream=True)
            with pytest.raises(openai.APIError, match="The engine died"):
                [chunk async for chunk in stream]


@pytest.mark.peer
@pytest.mark.parametrize("fault", ["", "crlf", "one_byte"])
async def test_anthropics_own_client_gets_the_message(fault: str) -> None:
    anthropic = sdk("anthropic")
    reply = Reply(TEXT, "Who?", (("toolu_1", "wave", '{"hand": "left"}'),), "tool_calls")
    async with LanguageServer("anthropic", key="right", replies=[reply]) as server:
        if fault:
            server.fault(fault)
        async with anthropic.AsyncAnthropic(base_url=server.url, api_key="right", max_retries=0) as client:
            assert [model.id async for model in client.models.list()] == ["small", "large"]
            async with client.messages.stream(model="small", max_tokens=50, system="s", messages=HI) as stream:
                text = "".join([piece async for piece in stream.text_stream])
                message = await stream.get_final_message()
        assert text == TEXT
        assert [block.type for block in message.content] == ["thinking", "text", "tool_use"]
        assert message.content[2].input == {"hand": "left"}
        assert (message.stop_reason, message.usage.cache_read_input_tokens) == ("tool_use", 16)
        assert not server.complaints


@pytest.mark.peer
async def test_anthropics_own_client_understands_refusals() -> None:
    anthropic = sdk("anthropic")
    async with LanguageServer("anthropic", key="right") as server:
        for key, fault, status in (("wrong", "", 401), ("right", "529", 529), ("right", "402", 402)):
            async with anthropic.AsyncAnthropic(base_url=server.url, api_key=key, max_retries=0) as client:
                if fault:
                    server.fault(fault)
                with pytest.raises(anthropic.APIStatusError) as error:
                    await client.messages.create(model="small", max_tokens=5, messages=HI)
                assert error.value.status_code == status
        async with anthropic.AsyncAnthropic(base_url=server.url, api_key="right", max_retries=0) as client:
            server.fault("error")
            with pytest.raises(anthropic.APIStatusError, match="Overloaded"):
                async with client.messages.stream(model="small", max_tokens=5, messages=HI) as stream:
                    await stream.get_final_message()


async def refused(server: LanguageServer, body: Any, path: str = "/chat/completions", **headers: str) -> str:
    asked = Service("it", server.url)
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    try:
        with pytest.raises(ServiceRefusedError) as error:
            await asked.json("POST", path, body=body, headers=named)
    finally:
        await asked.close()
    return str(error.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"temprature": 1}, "Unrecognized request argument supplied: temprature"),
        ({"temperature": 3}, "from 0 to 2"),
        ({"temperature": True}, "Invalid type for 'temperature'"),
        ({"messages": []}, "empty array"),
        ({"messages": [{"role": "ghost", "content": "x"}]}, "role"),
        ({"messages": [{"role": "user", "content": None}]}, "got null"),
        ({"messages": [{"role": "user", "content": "x", "name": "a b"}]}, "does not match pattern"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "tool_call_id"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": "x"}]}]}, "Invalid part"),
        ({"stream_options": {}}, "only allowed when 'stream'"),
        ({"max_tokens": 3}, "Use 'max_completion_tokens'"),
        ({"model": "none"}, "does not exist"),
        ({"reasoning_effort": "wild"}, "reasoning_effort"),
        ([], "could not parse"),
    ],
)
async def test_what_openai_does_not_take_is_refused(change: Any, words: str) -> None:
    async with LanguageServer("openai") as server:
        body = {"model": "small", "messages": HI, **change} if isinstance(change, dict) else change
        assert words in await refused(server, body)
        assert server.complaints
        assert not server.asked


async def test_services_differ_in_what_they_take() -> None:
    for service, field in (("ollama", "grammar"), ("ollama", "tool_choice"), ("lmstudio", "max_completion_tokens")):
        async with LanguageServer(service) as server:
            assert field in await refused(server, {"model": "small", "messages": HI, field: "x"})
    async with LanguageServer("llama_server") as server:
        assert "with tools" in await refused(server, {"model": "any", "messages": HI, "grammar": "x", "tools": []})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"max_tokens": 0}, "greater than or equal to 1"),
        ({"temperature": 1.0}, "temperature: Extra inputs"),
        ({"messages": [{"role": "assistant", "content": "x"}]}, "first message"),
        ({"messages": [*HI, {"role": "assistant", "content": "x "}]}, "trailing whitespace"),
        ({"messages": [{"role": "user", "content": " "}]}, "non-empty"),
        ({"messages": [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a"}]}]}, "unexpected"),
        ({"system": [{"type": "image"}]}, "Input tag 'image'"),
        ({"stop_sequences": ["\n"]}, "non-whitespace"),
        ({"tools": [{"name": "x"}]}, "input_schema"),
        ({"model": "none"}, "model: none"),
    ],
)
async def test_what_anthropic_does_not_take_is_refused(change: dict[str, Any], words: str) -> None:
    async with LanguageServer("anthropic") as server:
        body = {"model": "small", "messages": HI, "max_tokens": 5, **change}
        assert words in await refused(server, body, "/v1/messages", anthropic_version="2026-10-21")
        assert "header is required" in await refused(server, body, "/v1/messages")


async def test_what_is_asked_can_be_recorded(tmp_path: Path) -> None:
    path = tmp_path / "asked.jsonl"
    async with LanguageServer("ollama", record=path) as server:
        asked = Service("it", server.url)
        await asked.json("POST", "/chat/completions", body={"model": "small", "messages": HI})
        await asked.close()
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [row["kind"] for row in rows] == ["request", "asked"]
    assert rows[1]["body"]["messages"] == HI


async def test_a_port_that_is_taken_and_names_that_are_none() -> None:
    async with LanguageServer("ollama") as server:
        with pytest.raises(WorldError, match="choose another with --port"):
            await LanguageServer("ollama", port=server.port).__aenter__()
        with pytest.raises(UsageError, match="stall_mid"):
            server.fault("fire")
    with pytest.raises(UsageError, match="llama_server"):
        LanguageServer("skynet")
    assert "429" in FAULTS


async def test_what_is_no_http_harms_nobody() -> None:
    async with LanguageServer("ollama") as server:
        for sent in (b"\r\n\r\n", b"GET /\r\n\r\n", b"POST /x HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"\xff" * 99):
            reader, writer = await asyncio.open_connection(server.host, server.port)
            writer.write(sent)
            writer.write_eof()
            assert await reader.read() == b""
            writer.close()
            await writer.wait_closed()
        asked = Service("it", server.url)
        assert (await asked.json("GET", "/models"))["object"] == "list"
        await asked.close()
