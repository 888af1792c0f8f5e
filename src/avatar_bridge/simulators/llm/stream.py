"""Sending an answer's events: whole, or bent, cut and stalled as a fault says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import cycle
from typing import Protocol

from avatar_bridge.simulators.llm.exchange import Exchange

__all__ = ["Sender", "sent"]

_BEAT = 0.005
"""Seconds between the comments that keep a stalled stream alive."""
_ENDS = {"crlf": "\r\n", "cr": "\r"}
_PAIR = r'{"choices": [{"index": 0, "delta": {"content": "%s"}, "finish_reason": null}]}'


class Sender(Protocol):
    """What sending needs of its server."""

    service: str
    after: int
    tokens: int

    async def pause(self, exchange: Exchange, made: int) -> None:
        """Wait as long as there is between two tokens."""
        ...


async def sent(server: Sender, exchange: Exchange, frames: Iterator[tuple[bool, str, str]], fault: str) -> None:
    """Send every event, or as many as the fault leaves."""
    made = 0
    if fault == "error_at_once":
        await _struck(server, exchange, fault)
        return
    if fault == "endless":
        frames = cycle(list(frames)[1:2])
    for token, name, data in frames:
        await exchange.send(b"")
        if token and made == server.after and await _struck(server, exchange, fault):
            return
        await _put(exchange, name, data, fault)
        if token:
            made += 1
            server.tokens += 1
            await server.pause(exchange, made)
    if server.service != "anthropic" and fault != "no_done":
        await _put(exchange, "", "[DONE]", "unended" if fault == "unended" else fault)
    await exchange.end()


async def _put(exchange: Exchange, name: str, data: str, fault: str) -> None:
    space = "" if fault == "no_space" else " "
    lines = [f"event:{space}{name}"] if name else []
    if fault == "many_lines" and data.startswith("{"):
        data = json.dumps(json.loads(data), indent=1, ensure_ascii=False)
    lines += [f"data:{space}{line}" for line in data.split("\n")]
    lines += [] if fault == "unended" and data == "[DONE]" else ["", ""]
    packed = _ENDS.get(fault, "\n").join(lines).encode()
    if fault == "one_byte":
        for at in range(len(packed)):
            await exchange.send(packed[at : at + 1])
    else:
        await exchange.send(packed)


async def _struck(server: Sender, exchange: Exchange, fault: str) -> bool:
    """Do what a fault does in mid-answer; return whether the answer is over by it."""
    if fault == "stall_mid":
        await exchange.wait(None)
    elif fault == "stall_comments":
        while True:
            await exchange.send(b": keep-alive\n\n")
            await exchange.wait(_BEAT)
    elif fault == "broken":
        await exchange.send(b'data: {"choices": [{"index": 0, "del\n\n')
    elif fault == "half_character":
        await exchange.send('data: {"choices": [{"index": 0, "delta": {"content": "こ'.encode()[:-1])
    elif fault == "split_pair":
        await _put(exchange, "", _PAIR % r"\ud83d", "")
        await _put(exchange, "", _PAIR % r"\ude00", "")
        return False
    elif fault in ("error", "error_at_once"):
        await _put(exchange, "error" if server.service == "anthropic" else "", _error(server.service), "")
        if server.service == "vllm":
            await _put(exchange, "", "[DONE]", "")
    elif fault != "cut":
        return False
    await exchange.end()
    return True


def _error(service: str) -> str:
    if service == "anthropic":
        return json.dumps({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}})
    error = {"message": "The engine died", "type": "server_error", "param": None, "code": None}
    return json.dumps({"error": error})
