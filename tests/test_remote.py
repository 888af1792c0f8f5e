"""The HTTP client: events however they are cut, refusals in words, limits, and a key that nobody sees."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import logging
import re
import threading
import traceback
import zlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from raw_http import answer, raw_server

from avatar_bridge.credentials import Key
from avatar_bridge.errors import AvatarBridgeError, ProtocolError, UnreachableError, UsageError
from avatar_bridge.remote import (
    BrokenOffError,
    Event,
    EventStream,
    Patience,
    Service,
    ServiceRefusedError,
    spoken_refusal,
)
from avatar_bridge.simulators.llm import LanguageServer

SECRET = "sk-proj-0123456789abcdefABCDEF_+/=&%"
KEY = Key(SECRET, "env:TEST_KEY")


def service(url: str, **arguments: Any) -> Service:
    arguments.setdefault("patience", Patience(connect=5.0, silence=5.0, whole=5.0))
    return Service("the test", url, key=KEY, **arguments)


async def collect(events: AsyncIterator[Event], into: list[str]) -> None:
    async for event in events:
        into.append(event.data)  # noqa: PERF401 - what came before an error counts


async def refused(url: str, path: str = "/x") -> str:
    asked = service(url)
    try:
        with pytest.raises(AvatarBridgeError) as error:
            await asked.json("GET", path)
    finally:
        await asked.close()
    return str(error.value)


def read(data: bytes, cuts: list[int]) -> list[Event]:
    stream = EventStream()
    ends = sorted({min(cut, len(data)) for cut in cuts} | {len(data)})
    found, start = [], 0
    for end in ends:
        found += list(stream.feed(data[start:end]))
        start = end
    return found


def by_the_book(text: str) -> list[Event]:
    """The standard's algorithm over the whole text."""
    found: list[Event] = []
    name, data = "", None
    for line in re.split("\r\n|\n|\r", text.removeprefix("\ufeff"))[:-1]:
        if not line:
            if data is not None:
                found.append(Event(name or "message", data))
            name, data = "", None
        elif not line.startswith(":"):
            field, _, value = line.partition(":")
            value = value[1:] if value[:1] == " " else value
            if field == "event":
                name = value
            elif field == "data":
                data = value if data is None else f"{data}\n{value}"
    return found


LINES = st.sampled_from(
    ["data: a", "data:b", "data:  c", "data", "event: ping", "event:", ": alive", ":", "id: 7", "retry: 5", "",
     "データ: x", "data: 日本語 🎉", "data: x: y", "datas: no", " data: no"]
)  # fmt: skip


@given(
    lines=st.lists(st.tuples(LINES, st.sampled_from(["\n", "\r\n", "\r"])), max_size=20),
    cuts=st.lists(st.integers(0, 200), max_size=30),
    mark=st.booleans(),
)
def test_any_cut_of_the_bytes_gives_the_events_of_the_standard(
    lines: list[tuple[str, str]], cuts: list[int], mark: bool
) -> None:
    text = ("\ufeff" if mark else "") + "".join(line + end for line, end in lines)
    data = text.encode()
    assert read(data, cuts) == by_the_book(text)
    assert read(data, list(range(len(data)))) == by_the_book(text)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_an_event_is_there_with_the_last_byte_that_it_needs(end: str) -> None:
    stream = EventStream()
    data = f"data: a{end}{end}".encode()
    enough = data if end != "\r\n" else data[:-1]
    assert list(stream.feed(enough)) == [Event("message", "a")]
    assert list(stream.feed(data[len(enough) :] + b"data: b\n\n")) == [Event("message", "b")]


def test_half_a_character_at_the_end_is_none_and_wrong_bytes_are_marked() -> None:
    assert read("data: é".encode()[:-1], []) == []
    assert read(b"data: \xff\n\n", []) == [Event("message", "\ufffd")]


def test_an_event_without_end_is_refused_but_comments_may_go_on() -> None:
    stream = EventStream(100)
    for _ in range(100):
        assert not list(stream.feed(b": alive and well\n"))
    with pytest.raises(ProtocolError, match="no end"):
        list(stream.feed(b"data: 789\n" * 12))
    with pytest.raises(ProtocolError, match="no end"):
        list(EventStream(100).feed(b"data: " + b"x" * 100))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"error": {"message": "bad\\nthing", "code": 7}}', "bad thing"),
        (b'{"error": "plain"}', "plain"),
        (b'{"detail": [{"loc": ["body"], "msg": "field required"}]}', "field required"),
        (b'{"detail": "not here"}', "not here"),
        (b"just words", "just words"),
        (b"<html>no</html>", ""),
        (b"", ""),
        (b"[" * 100_000, ("[" * 100_000)[:300]),
        (b"null", "null"),
    ],
)
def test_a_refusal_is_read_wherever_its_words_stand(body: bytes, words: str) -> None:
    assert spoken_refusal(body) == words


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("localhost:80", "expected the address"),
        ("ftp://x", "expected the address"),
        ("http://", "expected the address"),
        ("http://[::1", "expected the address"),
        ("http://h:99999", "expected the address"),
        ("http://me:hunter2@h", "password"),
        ("http://me:hunter2@[::1", "password"),
        ("http://h/v1?key=hunter2", "leave out"),
    ],
)
def test_an_address_that_cannot_be_used_is_named_without_its_secrets(url: str, words: str) -> None:
    with pytest.raises(UsageError, match=words) as error:
        Service("the test", url)
    assert "hunter2" not in str(error.value)


def test_a_key_with_a_line_break_never_reaches_a_header() -> None:
    with pytest.raises(UsageError, match="env:X") as error:
        Service("the test", "http://h", key=Key("abc\r\nX-Evil: 1", "env:X"))
    assert "abc" not in str(error.value)


@pytest.mark.parametrize("spelt", [SECRET, "sk-proj-0123456789abcdefABCDEF_%2B%2F%3D%26%25"])
async def test_a_key_that_the_service_says_back_is_not_shown(spelt: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    echo = ("." * 280 + spelt + " " + spelt).encode()
    for status, kind in ((401, "application/json"), (200, "text/html"), (302, "text/plain")):
        async with raw_server([answer(status, echo, Content_Type=kind, Location=f"http://x/{spelt}")]) as raw:
            asked = service(raw.url)
            with pytest.raises(AvatarBridgeError) as error:
                await asked.json("GET", "/x")
            await asked.close()
            assert f"Bearer {SECRET}" in raw.heads[0]
        shown = "".join(traceback.format_exception(error.value)) + repr(vars(error.value)) + repr(asked) + caplog.text
        assert SECRET[:12] not in shown
        assert base64.b64encode(SECRET.encode()).decode() not in shown
    assert "TEST_KEY" in repr(KEY)


async def test_refusals_tell_status_words_wait_and_what_to_do() -> None:
    body = b'{"error": {"message": "slow down", "code": "rate_limit_exceeded", "type": "requests"}}'
    async with raw_server([answer(429, body, Retry_After="7")]) as raw:
        asked = service(raw.url)
        with pytest.raises(ServiceRefusedError, match=r"refused \(429\): slow down") as error:
            await asked.json("GET", "/x")
        await asked.close()
    assert (error.value.status, error.value.retry_after, error.value.code) == (429, 7.0, "rate_limit_exceeded")
    assert error.value.passing
    async with raw_server([answer(401, b"")]) as raw:
        assert "check the key env:TEST_KEY" in await refused(raw.url)
        bare = Service("the test", raw.url)
        with pytest.raises(ServiceRefusedError, match="it wants a key, and none is set"):
            await bare.json("GET", "/x")
        await bare.close()


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("1.5", 1.5),
        ("9" * 400, None),
        ("nan", None),
        ("-3", None),
        ("soon", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
    ],
)
async def test_the_wait_that_is_asked_for_is_a_number_or_a_date(value: str, seconds: float | None) -> None:
    async with raw_server([answer(503, b"", Retry_After=value)]) as raw:
        asked = service(raw.url)
        with pytest.raises(ServiceRefusedError) as error:
            await asked.json("GET", "/x")
        await asked.close()
    assert error.value.retry_after == seconds


async def test_a_spent_balance_does_not_pass() -> None:
    body = b'{"error": {"message": "You exceeded your quota", "type": "insufficient_quota", "code": null}}'
    async with raw_server([answer(429, body)]) as raw:
        asked = service(raw.url)
        with pytest.raises(ServiceRefusedError) as error:
            await asked.json("GET", "/x")
        await asked.close()
    assert not error.value.passing


async def test_a_redirect_is_told_and_not_followed() -> None:
    async with raw_server([]) as there, raw_server([answer(308, b"", Location=f"{there.url}/v2")]) as raw:
        told = await refused(raw.url)
        assert not there.heads
    assert "points to another address (308)" in told
    assert "/v2" in told


async def test_nothing_there_is_said_with_the_address() -> None:
    async with raw_server([]) as raw:
        pass
    told = await refused(raw.url)
    assert raw.url in told
    assert "is it running" in told


async def test_an_answer_that_is_no_json_shows_its_beginning() -> None:
    async with raw_server([answer(200, b"<h1>Log in</h1>" * 50, Content_Type="text/html")]) as raw:
        told = await refused(raw.url)
    assert "should answer JSON, but sent text/html" in told
    assert "<h1>Log in</h1>" in told
    assert len(told) < 400
    async with raw_server([answer(200, b"[" * 100_000)]) as raw:
        assert "should answer JSON" in await refused(raw.url)


async def test_an_answer_that_breaks_off_says_so() -> None:
    async with raw_server([b"HTTP/1.1 200 X\r\nContent-Length: 100\r\n\r\nshort"]) as raw:
        assert "broke off" in await refused(raw.url)
    async with raw_server([b"what is this\r\n\r\n"]) as raw:
        assert "broke off" in await refused(raw.url)


async def test_packed_answers_are_refused_for_what_they_may_unpack_to() -> None:
    bomb = gzip.compress(b"\0" * (8 << 20))
    for encoding, body in (("gzip", bomb), ("deflate", zlib.compress(b"{}")), ("br", b"{}")):
        async with raw_server([answer(200, body, Content_Encoding=encoding)]) as raw:
            assert "which nobody asked for" in await refused(raw.url)
            assert "accept-encoding: identity" in raw.heads[0].lower()
    async with raw_server([answer(500, bomb, Content_Encoding="gzip")]) as raw:
        assert "refused (500)" in await refused(raw.url)


async def test_an_answer_beyond_every_measure_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("avatar_bridge.remote.service._LARGEST_REPLY", 1 << 20)
    async with raw_server([b"HTTP/1.1 200 X\r\nConnection: close\r\n\r\n", *[b"x" * (1 << 19)] * 3], hang=True) as raw:
        assert "more than 1 MiB" in await refused(raw.url)


async def test_a_refusal_whose_words_never_end_stands_without_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("avatar_bridge.remote.service._REFUSING", 0.05)
    async with raw_server([b"HTTP/1.1 500 X\r\nContent-Length: 99\r\n\r\n", b'{"err'], hang=True) as raw:
        assert "refused (500)" in await refused(raw.url)


async def test_silence_is_measured_between_events_whatever_comments_come() -> None:
    async with LanguageServer("ollama") as server:
        server.fault("stall_comments")
        asked = Service("the test", server.url)
        body = {"model": "small", "messages": [{"role": "user", "content": "hi"}], "stream": True}
        got: list[str] = []
        with pytest.raises(UnreachableError, match=r"sent nothing of its answer for 0\.1 s"):
            await collect(asked.events("/chat/completions", body=body, silence=0.1), got)
        assert len(got) == 4
        await asked.close()


async def test_events_of_another_kind_are_shown() -> None:
    async with raw_server([answer(200, b"<p>Hello", Content_Type="text/html")]) as raw:
        asked = service(raw.url)
        with pytest.raises(ProtocolError, match=r"should stream events, but sent text/html: '<p>Hello'"):
            await collect(asked.events("/x"), [])
        await asked.close()


async def test_a_cut_in_mid_event_breaks_off() -> None:
    head = b"HTTP/1.1 200 X\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with raw_server([head, b"9\r\ndata: a\n\n\r\n", b"40\r\ndata: {"]) as raw:
        asked = service(raw.url)
        got: list[str] = []
        with pytest.raises(BrokenOffError):
            await collect(asked.events("/x"), got)
        assert got == ["a"]
        await asked.close()


async def test_closing_the_events_closes_the_connection_at_once() -> None:
    async with LanguageServer("ollama") as server:
        server.hold = 2
        asked = Service("the test", server.url)
        body = {"model": "small", "messages": [{"role": "user", "content": "hi"}], "stream": True}
        events = asked.events("/chat/completions", body=body)
        for _ in range(3):
            await anext(events)
        await events.aclose()
        await server.quiet()
        assert (server.aborts, server.tokens) == (1, 2)
        await asked.close()


async def test_a_cancelled_question_leaves_nothing_behind() -> None:
    async with raw_server([b"HTTP/1.1 200 X\r\n"], hang=True) as raw:
        before = asyncio.all_tasks()
        asked = service(raw.url)
        task = asyncio.create_task(asked.json("GET", "/x"))
        await raw.met.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asked.close()
        assert not {each for each in asyncio.all_tasks() - before if "meet" not in repr(each)}


async def test_a_proxy_of_the_environment_gets_nothing_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    async with raw_server([answer(200, b"{}")]) as raw:
        for url in (raw.url, raw.url.replace("127.0.0.1", "localhost")):
            asked = service(url)
            assert await asked.json("GET", "/x") == {}
            await asked.close()
    far = service("http://models.invalid")
    with pytest.raises(UnreachableError):
        await far.json("GET", "/x")
    await far.close()


@pytest.mark.parametrize(("name", "value"), [("ALL_PROXY", "foo://x"), ("SSL_CERT_FILE", "/nowhere/at/all.pem")])
async def test_what_is_wrong_in_the_environment_is_named(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(UsageError, match="SSL_CERT_FILE"):
        await service("https://models.invalid").json("GET", "/x")


async def test_what_no_json_can_say_is_the_askers_fault_and_half_a_character_is_none() -> None:
    asked = service("http://127.0.0.1:1")
    with pytest.raises(UsageError, match="JSON"):
        await asked.json("POST", "/x", body={"a": float("nan")})
    await asked.close()
    async with raw_server([answer(200, b"{}")]) as raw:
        asked = service(raw.url)
        await asked.json("POST", "/x", body={"a": "x\ud83d", "b": "é"})
        await asked.close()
        assert json.loads(raw.bodies[0]) == {"a": "x?", "b": "é"}
        assert "content-type: application/json" in raw.heads[0].lower()


async def test_the_client_is_made_beside_the_loop_and_shared_by_those_who_ask_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    threads: list[int] = []
    made = Service._made

    def watched(asked: Service) -> Any:
        threads.append(threading.get_ident())
        return made(asked)

    monkeypatch.setattr(Service, "_made", watched)
    async with LanguageServer() as model:
        asked = Service("the test", model.url)
        await asyncio.gather(*(asked.json("GET", "/models") for _ in range(3)))
        client = asked._client
        await asked.json("GET", "/models")
        assert asked._client is client
        await asked.close()
    assert len(threads) == 3
    assert threading.get_ident() not in threads
