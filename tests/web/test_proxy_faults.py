"""A server that misbehaves behind the proxy: the program is told in its own form, and the next reply is performed."""

from __future__ import annotations

import asyncio
from typing import Any

import openai
import pytest
from test_proxy import REPLY, SHOWN, asked, proxied

from avatar_bridge.simulators.llm import Reply

LATER = "The next one. "
"""What is answered after the fault."""


async def read(client: Any, **more: Any) -> tuple[str, str, str]:
    """Return text, finish reason and error of a streamed answer."""
    text, reason = "", ""
    try:
        async for chunk in await client.chat.completions.create(**asked(stream=True, **more)):
            for choice in chunk.choices:
                text += choice.delta.content or ""
                reason = choice.finish_reason or reason
    except openai.APIError as error:
        return text, reason, str(error)
    return text, reason, ""


@pytest.mark.parametrize(
    ("fault", "shown", "told"),
    [
        ("crlf", SHOWN, ""),
        ("one_byte", SHOWN, ""),
        ("no_done", SHOWN, ""),
        ("finish_with_text", SHOWN, ""),
        ("empty_choices", SHOWN, ""),
        ("usage_everywhere", SHOWN, ""),
        ("split_pair", None, ""),
        ("half_character", None, None),
        ("empty", "", ""),
        ("only_tags", "", ""),
        ("only_thinking", "", ""),
        ("only_thinking_reasoning", "", ""),
        ("only_thinking_inline", None, ""),
        ("broken", None, "JSON"),
        ("error", None, "broke off"),
        ("error_at_once", "", "broke off"),
        ("cut", None, "broke off"),
        ("html", "", "should stream events"),
        ("402", "", "refused (402)"),
        ("404", "", "refused (404)"),
        ("529", "", "refused (529)"),
        ("drop", "", None),
    ],
)
async def test_a_fault_is_told_and_the_next_reply_is_performed(fault: str, shown: str | None, told: str | None) -> None:
    async with proxied(REPLY, Reply(LATER)) as (client, on, model):
        model.fault(fault)
        text, _, error = await read(client)
        assert "[" not in text.replace("`[nod]`", "")
        assert shown is None or text.strip() == shown
        assert told is None or told in error or (not told and not error), error
        stage = on.cast.main.stage
        await stage.until(lambda: stage.timeline is None)
        await asyncio.wait_for(model.quiet(), 10)
        before = stage.utterance
        assert (await read(client))[0].strip() in (LATER.strip(), SHOWN)
        await stage.until(lambda: stage.utterance > before and stage.timeline is None)


async def test_an_endless_reply_ends_when_the_program_has_enough() -> None:
    async with proxied() as (client, on, model):
        model.fault("endless")
        stream = await client.chat.completions.create(**asked(stream=True))
        async for _ in stream:
            if model.tokens > 40:
                break
        await stream.close()
        await asyncio.wait_for(model.quiet(), 10)
        stage = on.cast.main.stage
        await stage.until(lambda: stage.timeline is None)
        assert model.aborts == 1
        assert model.tokens < 100_000


async def test_a_key_that_a_server_echoes_does_not_reach_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", "sk-very-secret-1234567890")
    async with proxied(mind__key="env:A_KEY") as (client, _, model):
        model.fault("echo_key")
        _, _, error = await read(client)
        assert "env:A_KEY" in error
        assert "very-secret" not in error
