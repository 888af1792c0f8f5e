"""`simulate` for every target: the same command, each with its own options, and no others."""

from __future__ import annotations

import asyncio
import io
import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import pytest
from websockets.asyncio.client import connect

from avatar_bridge.cli import cli
from avatar_bridge.cli.tools import SERVICES
from avatar_bridge.commands.simulate import TARGETS, simulate
from avatar_bridge.credentials import Key
from avatar_bridge.errors import UsageError
from avatar_bridge.remote import Service, ServiceRefusedError
from avatar_bridge.simulators.llm import SERVICES as LANGUAGE_SERVICES
from avatar_bridge.simulators.llm import LanguageServer


class Printed(io.StringIO):
    def __init__(self) -> None:
        super().__init__()
        self.changed = asyncio.Event()

    def write(self, text: str) -> int:
        self.changed.set()
        return super().write(text)

    async def until(self, text: str) -> str:
        async with asyncio.timeout(20):
            while text not in self.getvalue():
                self.changed.clear()
                await self.changed.wait()
        return self.getvalue()


def test_the_command_offers_every_target() -> None:
    choice = cli.commands["simulate"].params[0].type
    assert isinstance(choice, click.Choice)
    assert set(choice.choices) == set(TARGETS)


@pytest.mark.parametrize("target", sorted(TARGETS))
async def test_every_target_starts_says_where_it_is_and_stops(target: str) -> None:
    out = Printed()
    extra: dict[str, Any] = {"broadcast": False} if target == "vts" else {}
    running = asyncio.create_task(simulate(target, {"port": 0, **extra}, out))
    text = await out.until("simulator: ")
    await out.until("\n")
    assert text.startswith(f"{TARGETS[target].app} simulator: ")
    assert "127.0.0.1:" in out.getvalue()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_every_target_is_described_as_it_is(target: str) -> None:
    described = TARGETS[target]
    module, _, name = described.location.partition(":")
    kind = getattr(import_module(module), name)
    assert hasattr(kind, "describe") or target == "vts"
    assert not described.more & {"orders"} or target == "vts" or hasattr(kind, "order")


async def test_what_happens_is_a_line_and_a_record(tmp_path: Path) -> None:
    out, record = Printed(), tmp_path / "record.jsonl"
    running = asyncio.create_task(simulate("warudo", {"port": 0, "record": record}, out))
    await out.until("\n")
    url = (await out.until("simulator: ws")).split()[2]
    async with connect(url) as connection:
        await connection.send('{"action": "wave", "data": 1}')
        await connection.send('{"action": "wave", "data": 1}')
        await connection.send("wave")
        await out.until("1 action: wave 1\n2 action: wave 1\n3 fault: not JSON")
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    rows = [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()]
    assert [row["kind"] for row in rows][:4] == ["connect", "action", "action", "fault"]


async def test_a_language_model_of_any_service_is_asked_and_fails_when_told_to(tmp_path: Path) -> None:
    out, record = Printed(), tmp_path / "record.jsonl"
    options = {"port": 0, "record": record, "service": "openai", "password": "sk-right"}
    running = asyncio.create_task(simulate("llm", options, out))
    url = (await out.until("/v1\n")).split()[3]
    service = Service("it", url, key=Key("sk-right", "here"))
    body = {"model": "small", "messages": [{"role": "user", "content": "hi"}]}
    assert (await service.json("POST", "/chat/completions", body=body))["choices"]
    with pytest.raises(ServiceRefusedError):
        await service.json("POST", "/chat/completions", body=body | {"temprature": 1})
    await service.close()
    await out.until("1 asked: small, 1 messages")
    await out.until("1 against the rules: ")
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    rows = [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()]
    assert [row["kind"] for row in rows] == ["request", "asked", "request"]


def test_orders_to_a_language_model() -> None:
    server = LanguageServer("ollama")
    assert server.order("") == ""
    assert server.order("429 2") == "done: 429 2"
    assert server.order("loading on") == "done: loading on"
    assert server.loading
    assert server.order("explode").startswith("there is no order 'explode'; these are understood: loading, 400")
    assert server.order("429 often") == "not understood: '429 often'"
    assert SERVICES == LANGUAGE_SERVICES


async def test_nizimas_options() -> None:
    out = Printed()
    running = asyncio.create_task(simulate("nizima", {"port": 0, "model": "vowels", "popup": "wait"}, out))
    await out.until("model: Vowels")
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    with pytest.raises(UsageError, match="there are Natori"):
        await simulate("nizima", {"port": 0, "model": "Nobody"}, out)


@pytest.mark.parametrize(
    ("target", "option", "message"),
    [
        ("nizima", "fps", "--fps is for `simulate vts`; `simulate nizima` takes --host, --model, --orders, --popup"),
        ("warudo", "switches", "--set is for `simulate vts`"),
        ("vmc", "orders", "--orders is for `simulate vts or obs or nizima or warudo or vnyan or llm`"),
        ("vts", "password", "--password is for `simulate obs or llm`"),
    ],
)
async def test_an_option_of_another_target_is_refused_in_words(target: str, option: str, message: str) -> None:
    with pytest.raises(UsageError) as refused:
        await simulate(target, {option: "x"})
    assert message in str(refused.value)


def test_on_the_command_line() -> None:
    program = [sys.executable, "-m", "avatar_bridge", "simulate", "vnyan", "--port", "0", "--orders"]
    with subprocess.Popen(
        program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith("VNyan simulator: ws://127.0.0.1:")
        process.stdin.write("explode\nstall 0.1\n")
        process.stdin.flush()
        assert "there is no order 'explode'" in process.stderr.readline()
        assert process.stderr.readline() == "done: stall 0.1\n"
        process.terminate()
        process.communicate(timeout=20)
    refused = subprocess.run([*program, "--fps", "30"], capture_output=True, text=True, encoding="utf-8", check=False)
    assert refused.returncode == 2
    assert "--fps is for `simulate vts`" in refused.stderr
