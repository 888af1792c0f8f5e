"""The bundled model is real here: small enough to be asked."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from avatar_bridge import registry
from avatar_bridge.core.mind.dialogue import Delta, Finish, Image, Message, Reasoning, ReplyEvent, Request, ToolCall
from avatar_bridge.errors import ModelError, UsageError
from avatar_bridge.llm.xllamacpp import XllamacppEngine

if registry.missing_packages("xllamacpp"):
    pytest.skip("the extra `mind` is not installed", allow_module_level=True)


@pytest.fixture(scope="module")
def engine() -> XllamacppEngine:
    return XllamacppEngine(context=1024, seed=7)


def asked(text: str, system: str = "You are Mina, a cheerful girl.", **more: Any) -> Request:
    return Request((Message("system", system), Message("user", text)), **more)


def said(events: Iterator[ReplyEvent]) -> tuple[str, Finish]:
    *pieces, finish = events
    assert isinstance(finish, Finish)
    return "".join(piece.text for piece in pieces if isinstance(piece, Delta)), finish


def test_an_answer_comes_token_by_token_and_tells_its_cost(engine: XllamacppEngine) -> None:
    events = list(engine.reply(asked("Who are you?", max_tokens=12, temperature=0.0)))
    deltas = [event for event in events if isinstance(event, Delta) and event.text]
    assert len(deltas) >= 6
    finish = events[-1]
    assert isinstance(finish, Finish)
    assert finish.reason == "length"
    assert finish.usage.completion_tokens == 12
    assert finish.usage.prompt_tokens > 20
    assert said(engine.reply(asked("Who are you?", max_tokens=12, temperature=0.0)))[0] == said(iter(events))[0]
    assert engine.abilities.context == 1024 - 256
    assert engine.abilities.local
    assert engine.abilities.tags


def test_what_was_read_ahead_is_not_read_again(engine: XllamacppEngine) -> None:
    system = "You like rain, and books, and tea. " * 20
    assert all(event == Delta("") for event in engine.read_ahead(Request((Message("system", system),))))
    first = said(engine.reply(asked("Hello!", system, max_tokens=4)))[1].usage
    assert first.cached_tokens is not None
    assert first.prompt_tokens - first.cached_tokens < 20
    said(engine.reply(asked("Sum up: a, b, c.", "You sum up.", max_tokens=2)))
    again = said(engine.reply(asked("What now?", system, max_tokens=4)))[1].usage
    assert again.prompt_tokens - again.cached_tokens < 20


def test_it_can_be_given_up_while_it_reads_and_while_it_writes(engine: XllamacppEngine) -> None:
    with closing(engine.reply(asked("word " * 700))) as reading:  # type: ignore[type-var]
        assert next(reading) == Delta("")
    with closing(engine.reply(asked("Tell me a long story.", max_tokens=900))) as writing:  # type: ignore[type-var]
        assert any(isinstance(event, Delta) and event.text for event in writing)
    began = time.process_time()
    time.sleep(0.2)
    assert time.process_time() - began < 0.1, "it goes on writing for nobody"


@pytest.mark.parametrize("small", [True, False])
def test_tags_are_held_to_a_grammar(small: bool) -> None:
    engine = XllamacppEngine(context=512, seed=3, small=small)
    request = asked("Greet me!", "Begin each sentence with a tag like [dance] or [wave]. [dance]Hi! [dance]Yes!")
    for number in range(3):
        text, _ = said(engine.reply(replace(request, tags=("wave", "nod"), max_tokens=30 + number)))
        for tag in re.findall(r"\[([^\[\]]*)\]", text.replace("[[", "")):
            assert tag.split(" ")[0].strip("/") in ("wave", "nod", "pause", ""), text
    with pytest.raises(ModelError, match="refused"):
        list(engine.reply(replace(request, tags=("wave",), more={"grammar": "root ::= ("})))


def test_stop_words_and_own_fields_pass(engine: XllamacppEngine) -> None:
    fixed = {"grammar": 'root ::= "one two three"'}
    assert said(engine.reply(asked("Count.", more=fixed)))[0] == "one two three"
    text, finish = said(engine.reply(asked("Count.", more=fixed, stop=("two",))))
    assert (text.strip(), finish.reason) == ("one", "stop")


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (Request(()), "asked nothing"),
        (Request((Message("user", "look", images=(Image("data:"),)),)), "sees no pictures"),
        (Request((Message("user", "do"),), tools=({"type": "function"},)), "knows no tools"),
        (asked("word " * 1500), r"has 15\d\d tokens, but the model .* has room for 1024: lower tokens in \[memory\]"),
        (asked("hi", more={"grammar": "root ::= ("}), "refused the request: .*grammar"),
        (asked("hi", more={"messages": 3}), "refused the request"),
    ],
)
def test_what_does_not_fit_is_said_in_words(engine: XllamacppEngine, request_: Request, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        list(engine.reply(request_))
    assert said(engine.reply(asked("Hi \ud800!", max_tokens=2)))[1].usage.completion_tokens == 2


def test_a_broken_model_is_named(tmp_path: Path) -> None:
    for name, content, message in (
        ("page.gguf", b"<html>", "no whole GGUF"),
        ("cut.gguf", b"GGUF" + b"\3" + b"\0" * 40, "cannot be loaded: the file is broken"),
    ):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(ModelError, match=message) as raised:
            XllamacppEngine(model=str(path))
        assert str(path) in str(raised.value)
    with pytest.raises(UsageError, match="threads: expected 1 or more, got 0"):
        XllamacppEngine(threads=0)


def test_the_bundled_model_uses_the_tags_that_its_prompt_explains(engine: XllamacppEngine) -> None:
    system = "Tags are happy, sad, wave, nod, think, shake and surprised."
    answers = [
        said(engine.reply(asked(text, system, max_tokens=60)))[0] for text in ("Hello!", "I won!", "Can you dance?")
    ]
    tags = [tag.partition("]")[0] for answer in answers for tag in answer.split("[")[1:]]
    assert tags
    assert set(tags) <= {"happy", "sad", "wave", "nod", "think", "shake", "surprised"}


THINKING = (
    "{% if tools %}Tools: {{ tools | tojson }}{% endif %}{% for m in messages %}<|im_start|>{{ m.role }}\n"
    "{% if m.reasoning_content %}<think>\n{{ m.reasoning_content }}\n</think>\n\n{% endif %}{{ m.content }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n<think>\n{% endif %}"
)


def test_thoughts_are_told_apart_and_tools_stand_in_the_history() -> None:
    engine = XllamacppEngine(context=512, template=THINKING, thinking=True, small=False)
    fixed = {"grammar": 'root ::= "so so.\\n</think>\\n\\nHello <think>hm</think>there"'}
    events = list(engine.reply(asked("Hi!", more=fixed)))
    thought = "".join(event.text for event in events if isinstance(event, Reasoning))
    assert thought.split() == ["so", "so.hm"] or thought.split() == ["so", "so.", "hm"]
    assert said(iter(events))[0].strip() == "Hello there"
    assert engine.abilities.tools
    weather = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}
    call = Message("assistant", calls=(ToolCall("call1", "weather", "{}"),))
    messages = (Message("user", "Is it sunny?"), call, Message("tool", "rain", call_id="call1"))
    usage = said(engine.reply(Request(messages, tools=(weather,), max_tokens=3)))[1].usage
    assert usage.prompt_tokens is not None
    assert usage.prompt_tokens > 40
