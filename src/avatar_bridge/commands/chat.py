"""`chat`: a typed conversation with a character that answers aloud."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from avatar_bridge.assembly import Bridge, Cast
from avatar_bridge.assembly.talk import Talk, memory_file, persona_of, remembered_as
from avatar_bridge.commands.chat_orders import Orders
from avatar_bridge.commands.finding import in_words
from avatar_bridge.commands.typed import heeding_ctrl_c, typed_lines
from avatar_bridge.core.timeline.timeline import Timeline
from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.errors import AvatarBridgeError, UsageError
from avatar_bridge.files import write_atomically
from avatar_bridge.settings import Settings
from avatar_bridge.stage.conversation import Conversation, Turn
from avatar_bridge.stage.memory import Memory

__all__ = ["as_text", "chat", "export", "forget", "turn_data"]

_MEETING = 2.0
"""Seconds that targets have to be reached before the greeting; one that is away is not waited for."""
_PAGE = 60.0
"""Seconds that the overlay has to be opened."""
_LOOK = 2
"""Frames between two looks at what was heard."""
_PROMPT = "> "


async def chat(settings: Settings, *, as_json: bool = False, character: str = "") -> bool:
    """Talk with a character, a line a turn, until the input ends; return whether every turn was answered.

    At a terminal a line that is typed while it speaks interrupts it; else each line waits for its turn.
    """
    async with _on_stage(settings, character) as (bridge, talk):
        meeting = asyncio.create_task(bridge.ready(within=_MEETING))
        try:
            conversation = await talk.conversation(character)
        except BaseException:
            meeting.cancel()
            raise
        await meeting
        name = persona_of(bridge.settings, character)[0].called
        room = _Room(bridge, conversation, name, as_json=as_json)
        room.notes([*bridge.notes, *talk.notes])
        with heeding_ctrl_c(room.ctrl_c):
            await room.talk()
        return room.answered


async def forget(settings: Settings, character: str = "") -> int:
    """Forget a character's conversation; return how many turns that were."""
    memory, name = _memory(settings, character)
    gone = await memory.forget(name)
    await _closed(memory)
    return gone


async def export(settings: Settings, out: str, character: str = "") -> int:
    """Write a character's conversation into a file (`-`: standard output), as JSON lines where it ends in .jsonl.

    Return how many turns that were.
    """
    memory, name = _memory(settings, character)
    turns = await memory.export(name)
    await _closed(memory)
    _write(turns, out, _name(settings, character))
    return len(turns)


def turn_data(turn: Turn) -> dict[str, Any]:
    """Return a turn for programs."""
    return {
        "user": turn.user,
        "heard": turn.heard,
        "shown": turn.shown,
        "interrupted": turn.interrupted,
        "cues": list(turn.cues),
        "first_word_s": _rounded(turn.first_word),
        "first_sound_s": _rounded(turn.first_sound),
        "usage": asdict(turn.usage),
        "finish": turn.finish,
        "error": turn.error,
    }


def as_text(turns: Sequence[dict[str, Any]], name: str) -> str:
    """Return remembered turns for people."""
    lines: list[str] = []
    for turn in turns:
        lines += [f"{turn['name'] or 'You'}: {turn['user']}"] if turn["user"] else []
        said = turn["said"] + " — [interrupted]" * bool(turn["interrupted"])
        lines += [f"{name}: {said}"] if said else []
    return "".join(f"{line}\n" for line in lines)


class _Room:
    """The terminal, or the pipe, around one conversation."""

    def __init__(self, bridge: Bridge, conversation: Conversation, name: str, *, as_json: bool) -> None:
        self.answered = True
        self._bridge, self._conversation, self._name = bridge, conversation, name
        self._as_json = as_json
        self._live = sys.stdin.isatty() and not as_json
        self._under_way: set[asyncio.Task[None]] = set()
        self._stops = 0
        self._over = asyncio.Event()
        self._told: set[Diagnostic] = set()
        self._shown = 0
        self._showing: Timeline | None = None

    async def talk(self) -> None:
        """Greet, then take lines until the input, or the user, ends it."""
        orders = Orders(self._bridge, self._conversation, self._name, say=_aside, write=_write)
        if self._live:
            _aside(f"You talk with {self._name}. /help tells what else can be typed.")
        self._take(self._greeted())
        if not self._live:
            await self._all_said()
        reading = asyncio.create_task(self._read(orders))
        ending = asyncio.create_task(self._over.wait())
        try:
            await asyncio.wait({reading, ending}, return_when=asyncio.FIRST_COMPLETED)
            if reading.done():
                reading.result()
            self._conversation.interrupt()
        finally:
            reading.cancel()
            ending.cancel()
            await asyncio.wait({reading, ending})
            await self._all_said()

    def ctrl_c(self) -> None:
        """Interrupt the character the first time, end the second."""
        self._stops += 1
        if self._stops > 1:
            self._over.set()
            return
        self._conversation.interrupt()
        if not self._under_way:
            _aside("Press Ctrl-C again to end.")

    def notes(self, notes: Sequence[Diagnostic]) -> None:
        """Tell notes that were not told yet."""
        for note in notes:
            if note not in self._told:
                self._told.add(note)
                _aside(f"note: {in_words(note)}")

    async def _read(self, orders: Orders) -> None:
        async for line in typed_lines():
            self._stops = 0
            if not line.strip():
                self._prompt()
            elif line.startswith("/") and not line.startswith("//"):
                if not await orders.carry_out(line[1:]):
                    return
                self._prompt()
            else:
                self._take(self._asked(line.removeprefix("/") if line.startswith("//") else line))
                if not self._live:
                    await self._all_said()

    def _take(self, turn: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(turn)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _all_said(self) -> None:
        while self._under_way:
            done, _ = await asyncio.wait(self._under_way)
            for task in done:
                task.result()

    async def _greeted(self) -> None:
        watching = asyncio.create_task(self._watch())
        try:
            turn = await self._conversation.greet()
        finally:
            watching.cancel()
        if turn is not None:
            self._tell(turn)
        self._prompt()

    async def _asked(self, line: str) -> None:
        watching = asyncio.create_task(self._watch())
        try:
            turn = await self._conversation.say(line)
        except UsageError as error:
            _aside(f"error: {error}")
            return
        finally:
            watching.cancel()
        if turn.error or not (turn.heard or turn.cues or turn.interrupted):
            self.answered = False
        self._tell(turn)
        found = [*self._conversation.diagnostics(), *self._bridge.troubles]
        self.notes([note for note in found if note.message != turn.error])
        if len(self._under_way) <= 1:
            self._prompt()

    async def _watch(self) -> None:
        """Show the answer word by word as it is heard, at a terminal."""
        while self._live:
            timeline = self._bridge.timeline
            if timeline is not None and (heard := timeline.heard(self._bridge.stage.heard() or 0.0).shown):
                self._turn_to(timeline)
                self._show(heard)
            await self._bridge.stage.frames(_LOOK)

    def _turn_to(self, timeline: Timeline) -> None:
        """Begin a new line for what was not shown yet."""
        if timeline is not self._showing:
            if self._shown:
                click.echo("")
            self._showing, self._shown = timeline, 0

    def _show(self, shown: str) -> None:
        if len(shown) > self._shown:
            head = "" if self._shown else f"{self._name}: "
            click.echo(head + shown[self._shown :], nl=False)
            sys.stdout.flush()
            self._shown = len(shown)

    def _tell(self, turn: Turn) -> None:
        if self._as_json:
            click.echo(json.dumps(turn_data(turn), ensure_ascii=False))
            sys.stdout.flush()
            return
        if self._live and turn.outcome is not None:
            self._turn_to(turn.outcome.timeline)
        if turn.shown:
            self._show(turn.shown)
            click.echo(" —" if turn.interrupted else "")
        elif self._shown:
            click.echo("")
        self._shown = 0
        sys.stdout.flush()
        if turn.error:
            _aside(f"error: {turn.error}")

    def _prompt(self) -> None:
        if self._live:
            click.echo(_PROMPT, nl=False)
            sys.stdout.flush()


@asynccontextmanager
async def _on_stage(settings: Settings, character: str) -> AsyncIterator[tuple[Bridge, Talk]]:
    """Yield the running bridge of a character and the conversations, with pages and games where they are asked for."""
    paged = settings.driven("overlay") or settings.sound.speaker == "overlay"
    if not character and not settings.characters and not paged and not settings.gaming:
        async with Bridge.from_settings(settings) as bridge, Talk(Cast(bridge)) as talk:
            yield bridge, talk
        return
    from avatar_bridge.commands.on_air import cast_on_air

    async with cast_on_air(settings) as on:
        for note in on.server.notes:
            _aside(f"note: {in_words(note)}")
        if paged:
            _aside(f"Open the overlay, in OBS or in a browser: {on.server.overlay_address}")
        if settings.sound.speaker == "overlay" and not character and not await on.onlooker.shown(_PAGE):
            _aside("No page has come up, so the conversation begins without one.")
        if settings.gaming:
            _aside(f"Let the game connect to {on.server.game_address}, token {on.server.token}")
        yield on.cast.find(character), on.server.talk


def _memory(settings: Settings, character: str) -> tuple[Memory, str]:
    own = settings.of(character) if character else settings
    return Memory(memory_file(own)), remembered_as(persona_of(own, character)[0])


def _name(settings: Settings, character: str) -> str:
    return persona_of(settings.of(character) if character else settings, character)[0].called


async def _closed(memory: Memory) -> None:
    await memory.close()
    if notes := memory.diagnostics():
        raise AvatarBridgeError(in_words(notes[0]))


def _write(turns: Sequence[dict[str, Any]], out: str, name: str) -> None:
    as_lines = "".join(json.dumps(turn, ensure_ascii=False) + "\n" for turn in turns)
    text = as_lines if out.endswith(".jsonl") else as_text(turns, name)
    if out == "-":
        click.echo(text, nl=False)
    else:
        write_atomically(Path(out), text)


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 4)


def _aside(line: str) -> None:
    click.echo(line, err=True)
