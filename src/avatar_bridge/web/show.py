"""The running show as the HTTP API sees it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import aclosing
from typing import Annotated, Any

from fastapi import Depends, Request

from avatar_bridge.assembly import Bridge, Cast
from avatar_bridge.assembly.talk import Talk
from avatar_bridge.core.motion.motion_map import MotionMap
from avatar_bridge.core.timeline.timeline import HeardText
from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.errors import AvatarBridgeError, UsageError
from avatar_bridge.stage.conversation import Conversation, Turn
from avatar_bridge.stage.performance import Outcome
from avatar_bridge.web.avatar_files import AvatarFiles
from avatar_bridge.web.map_form import MapForm
from avatar_bridge.web.refusals import Refusal
from avatar_bridge.web.state import ShowState

__all__ = ["OnStage", "Show", "Speaking"]

_INTERRUPTING = 0.05
"""Seconds between two interrupts when the show closes."""

_log = logging.getLogger(__name__)


class Speaking:
    """One utterance that was asked for, from the request to its outcome."""

    def __init__(self, number: int, task: asyncio.Task[Outcome]) -> None:
        self.number = number
        self._task = task

    async def outcome(self) -> Outcome:
        """Wait for the end; giving up the wait does not end the utterance. Raises what its text raised."""
        return await asyncio.shield(self._task)


class Show:
    """A bridge with what the server adds: its state, its files, and the utterances that were asked for."""

    def __init__(
        self,
        bridge: Bridge,
        state: ShowState,
        files: AvatarFiles,
        map_form: MapForm | None = None,
        cast: Cast | None = None,
        talk: Talk | None = None,
    ) -> None:
        self.bridge = bridge
        """The main character's."""
        self.cast = cast or Cast(bridge)
        self.talk = talk or Talk(self.cast)
        self.state = state
        self.files = files
        self.map_form = map_form
        """The motion map's form; None where the map is no file."""
        self._asked: set[asyncio.Task[Any]] = set()
        self._closed = False

    def find(self, character: str = "") -> Bridge:
        """Return a character's bridge, empty for the main one; raises Refusal for one that is not there."""
        try:
            return self.cast.find(character)
        except UsageError as error:
            raise Refusal(404, str(error), "[characters.NAME] in bridge.toml adds one") from None

    async def perform(self, script: str | AsyncIterable[str], *, character: str = "") -> Speaking:
        """Begin to speak, interrupting what the character is saying; return once the utterance has begun.

        Giving up the wait before that ends it; nobody else could.
        Raises Refusal where something newer took the floor before it began, the bridge closes, or there is no such
        character.
        """
        bridge = self.find(character)
        if self._closed:
            raise Refusal(409, "the bridge closes", "start it again")
        began: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(bridge.perform(self._marked(bridge, script, began)))
        self._asked.add(task)
        task.add_done_callback(self._ended)
        waiting: set[asyncio.Future[Any]] = {task, began}
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            task.cancel()
            raise
        if not began.done():
            raise Refusal(409, "something newer took the floor before this began", "send it again if it still matters")
        return Speaking(began.result(), task)

    async def say(self, text: str, *, name: str = "", character: str = "") -> asyncio.Task[Turn]:
        """Ask a character something, interrupting what it says; return what waits for the turn.

        Giving up the wait does not end the turn. Raises Refusal where the bridge closes, there is no such character,
        or its model cannot be had.
        """
        self.find(character)
        if self._closed:
            raise Refusal(409, "the bridge closes", "start it again")
        try:
            conversation = await self.talk.conversation(character)
        except AvatarBridgeError as error:
            raise Refusal(503, str(error), "avatar-bridge doctor tells what is there; [mind] names the model") from None
        if self._closed:
            raise Refusal(409, "the bridge closes", "start it again")
        task = asyncio.create_task(self._said(conversation, text, name))
        self._asked.add(task)
        task.add_done_callback(self._ended)
        return task

    def interrupt(self, character: str = "") -> HeardText:
        """Stop a character, its thinking too, and return what was heard; raises Refusal for one that is not there."""
        bridge = self.find(character)
        conversation = self.talk.under_way(character)
        return bridge.interrupt() if conversation is None else conversation.interrupt()

    def act(self, name: str, *, strength: float = 1.0, duration: float | None = None, character: str = "") -> str:
        """Perform one action of a character's motion map at once and return its name there.

        Raises Refusal for an action or a character that is not there, and once the bridge has closed.
        """
        bridge = self.find(character)
        motion_map = bridge.motion_map
        action = motion_map.find(name)
        if action is None:
            nearest = motion_map.nearest(name)
            raise Refusal(
                404,
                f"the motion map {motion_map.name!r} has no action {name!r}",
                f"did you mean {nearest!r}?" if nearest else "GET /v1/actions lists them",
            )
        try:
            bridge.act(action.name, strength=strength, duration=duration)
        except UsageError as error:
            raise Refusal(409, str(error), "start the bridge again") from None
        return action.name

    def adopt(self, motion_map: MotionMap) -> None:
        """Let all who play by the main character's map play by `motion_map` from their next utterance on."""
        if self._closed:
            return
        for bridge in self.cast:
            if bridge.settings.motion.map == self.bridge.settings.motion.map:
                bridge.adopt(motion_map)

    async def close(self) -> None:
        """Stop what is being said and wait until every request has its outcome."""
        self._closed = True
        self.talk.interrupt()
        self.cast.interrupt()
        while self._asked:
            await asyncio.wait(self._asked, timeout=_INTERRUPTING)
            # one that had been asked for had not begun
            self.talk.interrupt()
            self.cast.interrupt()
        await self.talk.close()

    async def _said(self, conversation: Conversation, text: str, name: str) -> Turn:
        try:
            return await conversation.say(text, name=name)
        finally:
            notes, self.talk.notes = self.talk.notes, []
            for note in (*notes, *conversation.diagnostics()):
                self.state.note(note)

    @staticmethod
    async def _marked(
        bridge: Bridge, script: str | AsyncIterable[str], began: asyncio.Future[int]
    ) -> AsyncGenerator[str, None]:
        """Yield the script; that it is read at all says that its utterance has the floor."""
        if not began.done():
            began.set_result(bridge.utterance)
        if isinstance(script, str):
            yield script
            return
        if isinstance(script, AsyncGenerator):
            async with aclosing(script):
                async for piece in script:
                    yield piece
            return
        async for piece in script:
            yield piece

    def _ended(self, task: asyncio.Task[Any]) -> None:
        """Let nothing go unsaid that an utterance failed with."""
        self._asked.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is None:
            return
        if isinstance(error, AvatarBridgeError):
            self.state.note(Diagnostic(str(error)))
        else:
            _log.error("an utterance failed", exc_info=error)
            self.state.note(Diagnostic(f"an utterance failed: {error!r}", suggestion="please report this defect"))


def _show(request: Request) -> Show:
    show: Any = request.app.state.show
    assert isinstance(show, Show)
    return show


OnStage = Annotated[Show, Depends(_show)]
"""A route's parameter: the running show."""
