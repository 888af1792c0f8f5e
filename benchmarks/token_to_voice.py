"""What the bridge adds between a model's token and the text at the voice: reading tags, cutting, handing over.

Replies with tags come at 100 tokens a second, as events of a scripted model and over HTTP from the stand-in of a
model's server. Time runs from the moment that the deciding token is there (the model's event; the bytes read from the
socket) until the voice is asked for the segment which that token completed. Segments that a timer cut, because the
sound was about to run dry, or that waited for the voice to finish the one before, are counted apart: no token decided
them.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import numpy as np

from avatar_bridge import registry
from avatar_bridge.audio.silent import SilentSpeaker
from avatar_bridge.commands.bench import Figure
from avatar_bridge.core.mind.dialogue import Delta, Message, ReplyEvent, Request
from avatar_bridge.core.script.parser import Parser
from avatar_bridge.core.script.segmenter import Segmenter
from avatar_bridge.core.timeline.timeline import Timeline
from avatar_bridge.core.vocabulary import Diagnostic, Segment, SpokenSegment
from avatar_bridge.llm.openai import OpenAIModel
from avatar_bridge.llm.script import ScriptModel
from avatar_bridge.ports import LanguageModel, VoiceAbilities
from avatar_bridge.remote import Event, EventStream, service
from avatar_bridge.simulators.llm import LanguageServer, Reply
from avatar_bridge.stage.beat import Beat
from avatar_bridge.stage.clock import SystemClock
from avatar_bridge.stage.performance import Performance, warm_up
from avatar_bridge.stage.stage import Stage

_CORPUS = Path(__file__).parent / "corpora" / "a.jsonl"
_TAGS = ("[nod]", "[smile]", "[wave]", "[tilt]")
_BETWEEN = 0.01
_REQUEST = Request((Message("user", "Tell me."),))
_SENTENCE = re.compile(r"[.!?。！？…]\s")


class _Watch:
    """When the latest token was there, and what became of the segments."""

    def __init__(self) -> None:
        self.at = 0.0
        self.decided: dict[str, float] = {}
        self.added: list[float] = []
        self.apart = 0


class _Voice:
    """Says next to nothing, at once, and tells when it was asked."""

    abilities = VoiceAbilities()

    def __init__(self, watch: _Watch) -> None:
        self._watch = watch
        self.busy = 0

    async def open(self) -> None:
        """Do nothing."""

    async def speak(self, text: str) -> AsyncGenerator[SpokenSegment, None]:
        """Yield a moment of silence."""
        now = time.perf_counter()
        decided = self._watch.decided.pop(text, None)
        if decided is None:
            self._watch.apart += 1
        else:
            self._watch.added.append(1000 * (now - decided))
        yield SpokenSegment(np.zeros(400, np.float32), 16_000)

    def diagnostics(self) -> list[Diagnostic]:
        """Return nothing."""
        return []

    async def close(self) -> None:
        """Do nothing."""


class _Cutter(Segmenter):
    """The segmenter, which tells which token decided a segment."""

    def __init__(self, watch: _Watch) -> None:
        super().__init__()
        self._watch, self._fed = watch, False
        self.waiting: list[Segment] = []

    def feed(self, event: object) -> None:
        self._fed = True
        super().feed(event)  # type: ignore[arg-type]

    def segments(self) -> list[Segment]:
        ready = super().segments()
        if ready and self._fed and len(ready) == 1 and not self.waiting:
            self._watch.decided[ready[0].text] = self._watch.at
        self.waiting += ready
        self._fed = False
        return ready


async def _tokens(model: LanguageModel, watch: _Watch, *, stamp: bool) -> AsyncGenerator[str, None]:
    reply: AsyncGenerator[ReplyEvent, None] = model.reply(_REQUEST)
    async with aclosing(reply):
        async for event in reply:
            if isinstance(event, Delta):
                if stamp:
                    watch.at = time.perf_counter()
                yield event.text


async def _performed(model: LanguageModel, watch: _Watch, replies: int, *, stamp: bool) -> None:
    """Perform replies with all of the bridge but a target."""
    motion_map = registry.read_map("mascot")
    clock = SystemClock()
    for _ in range(replies):
        speaker = SilentSpeaker()
        stage = Stage([], speaker, clock)
        beat = Beat(clock)
        beat.add(stage)
        beating = asyncio.create_task(beat.run())
        cutter = _Cutter(watch)
        timeline = Timeline(motion_map)
        place = timeline.place

        def placed(segment: Segment, prepared: object, place: object = place, cutter: _Cutter = cutter) -> object:
            cutter.waiting.remove(segment)
            return place(segment, prepared)  # type: ignore[operator]

        timeline.place = placed  # type: ignore[method-assign, assignment]
        performance = Performance(
            _tokens(model, watch, stamp=stamp),
            stage=stage,
            voice=_Voice(watch),
            timeline=timeline,
            parser=Parser(names=motion_map.names()),
            segmenter=cutter,
        )
        try:
            await performance.run()
        finally:
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)


async def _bare(model: LanguageModel, watch: _Watch, replies: int) -> None:
    """Hand whole sentences to the voice by a plain loop and a queue, as a script of thirty lines does."""
    for _ in range(replies):
        queue: asyncio.Queue[str | None] = asyncio.Queue()
        voice = _Voice(watch)

        async def speak(queue: asyncio.Queue[str | None] = queue, voice: _Voice = voice) -> None:
            while (text := await queue.get()) is not None:
                async for _ in voice.speak(text):
                    pass

        speaking = asyncio.create_task(speak())
        held = ""
        async with aclosing(_tokens(model, watch, stamp=True)) as tokens:
            async for token in tokens:
                held += token
                if _SENTENCE.search(held):
                    watch.decided[held] = watch.at
                    queue.put_nowait(held)
                    held = ""
        queue.put_nowait(None)
        await speaking


def _replies(count: int) -> list[str]:
    texts = []
    for line in _CORPUS.read_text(encoding="utf-8").splitlines()[:count]:
        sentences = re.split(r"(?<=[.!?。！？]) ", json.loads(line)["marked"].replace("|", ""))
        texts.append(" ".join(f"{_TAGS[at % 4]}{sentence}" for at, sentence in enumerate(sentences)))
    return texts


def _script(texts: list[str]) -> str:
    """Return the replies as a scripted model's lines, four characters a token."""
    lines = []
    for text in texts:
        pieces = [text[at : at + 4] for at in range(0, len(text), 4)]
        lines += [json.dumps({"at": 0.1 + _BETWEEN * at, "text": piece}) for at, piece in enumerate(pieces)]
        lines.append(json.dumps({"finish": "stop"}))
    return "\n".join(lines)


@asynccontextmanager
async def _served(texts: list[str], watch: _Watch) -> AsyncIterator[OpenAIModel]:
    """Give a model behind HTTP, and have the watch told when bytes come."""

    class Stamped(EventStream):
        def feed(self, data: bytes) -> Iterable[Event]:  # type: ignore[override]
            watch.at = time.perf_counter()
            return super().feed(data)

    service.EventStream = Stamped  # type: ignore[misc]
    async with LanguageServer("ollama", replies=[Reply(text) for text in texts], pace=_BETWEEN) as server:
        model = OpenAIModel(name="ollama", model="small", url=server.url)
        try:
            yield model
        finally:
            await model.close()
            service.EventStream = EventStream  # type: ignore[misc]


async def _run(texts: list[str]) -> tuple[_Watch, _Watch, _Watch]:
    await warm_up()
    scripted, served, bare = _Watch(), _Watch(), _Watch()
    warm = ScriptModel(text=_script(texts[:1]), clock=SystemClock())
    await _performed(warm, _Watch(), 1, stamp=True)
    await _performed(ScriptModel(text=_script(texts), clock=SystemClock()), scripted, len(texts), stamp=True)
    await _bare(ScriptModel(text=_script(texts), clock=SystemClock()), bare, len(texts))
    async with _served(texts, served) as model:
        await _performed(model, served, len(texts), stamp=False)
    return scripted, served, bare


def measure(quick: bool) -> Iterable[Figure]:
    """Yield p50 and p99 in milliseconds for a scripted model and for one behind HTTP, beside a bare loop."""
    texts = _replies(8 if quick else 40)
    scripted, served, bare = asyncio.run(_run(texts))
    for name, watch in (("from the model's event", scripted), ("from the bytes of its server", served)):
        for share in (50, 99):
            value = float(np.percentile(watch.added, share))
            yield Figure(
                f"added between token and voice, {name}, p{share}",
                value,
                "ms",
                "<= 1" if share == 99 else "",
                value <= 1.0 if share == 99 else None,
                float(np.percentile(bare.added, share)),
                "bare loop that cuts at sentence ends",
                f"{len(watch.added)} segments; {watch.apart} more that no token decided",
            )
