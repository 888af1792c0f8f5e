"""A conversation: who has the floor, what the model is asked, what was heard of its answer, what is remembered."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from typing import Any, Self

from avatar_bridge.core.mind.dialogue import Image, Request
from avatar_bridge.core.mind.history import Exchange, History
from avatar_bridge.core.timeline.heard_source import heard_source
from avatar_bridge.core.timeline.timeline import HeardText
from avatar_bridge.core.timeline.turn_taking import Enter, Floor, Over, SayFiller
from avatar_bridge.core.vocabulary import Diagnostic, State
from avatar_bridge.errors import AvatarBridgeError, UsageError
from avatar_bridge.ports import LanguageModel
from avatar_bridge.stage.answer import Answer
from avatar_bridge.stage.memory import Memory
from avatar_bridge.stage.performance import Outcome
from avatar_bridge.stage.recollection import Recollection
from avatar_bridge.stage.turn import Asking, Note, Performer, Turn, turn_of

__all__ = ["Asking", "Conversation", "Note", "Performer", "Turn"]

_LONGEST_TEXT = 20_000
_MOST_DIAGNOSTICS = 200
_YIELDING = 3.0
"""Seconds that an interrupted turn may take to be over before the next is asked all the same."""
_JOTTING = 1.0
"""Seconds between two notes of what was heard so far: what a crash may lose of an answer."""


class Conversation:
    """A character that is talked to: `turn = await conversation.say("Hello!")`.

    What is said while it thinks or speaks interrupts it. The history keeps what was heard.
    """

    def __init__(
        self,
        model: LanguageModel,
        performer: Performer,
        *,
        system: str = "",
        note: Note | None = None,
        history: History | None = None,
        memory: Memory | None = None,
        character: str = "",
        asking: Asking | None = None,
        greeting: str = "",
        now: Callable[[], float] | None = None,
        cut: Callable[[str, str], str] = heard_source,
        heard: Callable[[], HeardText | None] | None = None,
        told: Callable[[Turn], None] | None = None,
    ) -> None:
        """`system`: what the model is told once and for all, `note`: what it is told this time, from what was said.

        `character`: under which name it is remembered; `now`: a clock in seconds, the event loop's when None.
        `cut` returns the start of a script that says what was heard of it. The model is opened and closed by whoever
        made it, and so is the memory. `heard` returns what was heard so far of what the performer performs, so that
        a crash does not lose it. `told` is given every turn when it is over.
        """
        self.history = history or History()
        self.asking = asking = asking or Asking()
        self.greeting = greeting
        self.character = character
        self.model = model
        self._performer = performer
        self.system = system
        self._note = note
        self._past = Recollection(model, self.history, memory, character, summary=asking.summary)
        self._now = now or (lambda: asyncio.get_running_loop().time())
        self._cut = cut
        self._heard = heard
        self._told = told
        self._floor = Floor(filler=asking.one_moment if asking.one_moment_says.strip() else None)
        self._answer: Answer | None = None
        self._answering = False
        self._filler: asyncio.Task[None] | None = None
        self._latest: asyncio.Future[None] | None = None
        self._diagnostics: list[Diagnostic] = []

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def state(self) -> State:
        """What the character does: it listens, thinks, speaks, or nothing."""
        return self._floor.state

    def diagnostics(self) -> list[Diagnostic]:
        """Return and forget what went wrong since the last call, the model's and the memory's notes included."""
        found = [*self._diagnostics, *self.model.diagnostics(), *self._past.diagnostics()]
        self._diagnostics = []
        return found

    async def open(self) -> None:
        """Remember what was said before, and let the model read it; the first turn does without."""
        await self._past.open()
        if self._latest is None:
            self._past.rest(self.system)

    async def close(self) -> None:
        """Interrupt the character, let its turn end, and stop what is done in the background."""
        self.interrupt()
        if self._latest is not None:
            await asyncio.wait({self._latest}, timeout=_YIELDING)
        await self._past.close()

    async def greet(self) -> Turn | None:
        """Say the greeting where nothing was said before; None where something was, or there is none."""
        await self._past.open()
        known = any(each.user or each.said or each.images for each in self.history.exchanges)
        if not self.greeting.strip() or known or self.history.summary:
            return None
        return await self._taken(Exchange(), self.greeting)

    async def say(self, text: str, images: Sequence[Image] = (), name: str = "") -> Turn:
        """Ask the character something and return once its answer was heard, interrupted or refused.

        `name`: who asks, where several people do. Raises UsageError for a text that is empty or too long; whatever
        the model or its server does wrong is told in the turn.
        """
        if not text.strip() and not images:
            raise UsageError("expected something to say, got an empty text")
        if len(text) > _LONGEST_TEXT:
            raise UsageError(f"expected at most {_LONGEST_TEXT} characters at once, got {len(text)}; say it in parts")
        return await self._taken(Exchange(text, name=name, images=tuple(images)))

    def interrupt(self) -> HeardText:
        """Stop the character in one act, and the model's work at its server; return what was heard."""
        self._floor.interrupt(self._now())
        return self._carry_out() or self._performer.interrupt()

    def listen(self, attentive: bool = True, *, barges: bool = False) -> None:
        """The user begins to speak or type, or has stopped without asking; `barges`: over the character."""
        if attentive:
            self._floor.began(self._now(), barges=barges)
        else:
            self._floor.ended(self._now())
        self._carry_out()

    def sounded(self) -> None:
        """Learn that what the performer performs is heard from now on."""
        if self._answering:
            self._floor.sounded(self._floor.turn)
            self._carry_out()

    async def forget(self) -> int:
        """Forget the conversation, in the file too; return how many turns that were."""
        self.interrupt()
        if self._latest is not None:
            await asyncio.wait({self._latest}, timeout=_YIELDING)
        return await self._past.forget()

    async def export(self) -> list[dict[str, Any]]:
        """Return every turn that is remembered, oldest first: `at`, `name`, `user`, `said`, `interrupted`, `tools`."""
        return await self._past.export()

    async def _taken(self, asked: Exchange, script: str | None = None) -> Turn:
        """Take a turn once the one before it is over; `script` is what is said without asking the model."""
        turn = self._floor.asked(self._now())
        began = self._now()
        self._carry_out()
        before, over = self._latest, asyncio.get_running_loop().create_future()
        self._latest = over
        keeping = asyncio.ensure_future(self._past.begin(asked))
        try:
            await self._past.open()
            if before is not None:
                await asyncio.wait({before}, timeout=_YIELDING)
            if not self._is_current(turn):
                await self._past.finish(keeping, asked)
                done = turn_of(asked, None, interrupted=True)
            elif script is not None:
                done = await self._spoken(turn, asked, script, keeping)
            else:
                done = await self._answered(turn, asked, began, keeping)
        except BaseException:
            self._floor.failed(turn, self._now())
            self._carry_out()
            raise
        finally:
            over.set_result(None)
        if self._told is not None:
            self._told(done)
        return done

    async def _spoken(self, turn: int, asked: Exchange, script: str, keeping: asyncio.Future[int]) -> Turn:
        jot = self._jot(turn, keeping, lambda heard: Exchange(asked.user, self._cut(script, heard), interrupted=True))
        performed: list[Outcome] = []
        said, stopped = "", True
        try:
            outcome = await self._performed(turn, script, performed, jot)
        finally:
            if performed:
                stopped = performed[0].interrupted
                said = script if not stopped else self._cut(script, performed[0].heard.speech)
            await asyncio.shield(self._past.finish(keeping, Exchange(asked.user, said, interrupted=stopped)))
        self._end(turn, "", stopped=stopped)
        return turn_of(asked, outcome, said=said, interrupted=stopped)

    async def _answered(self, turn: int, asked: Exchange, began: float, keeping: asyncio.Future[int]) -> Turn:
        request = self._request(asked, await self._past.prepare(asked))
        answer = self._answer = Answer(self.model, request, carry=self.asking.carry, longest=self.asking.longest)
        performed: list[Outcome] = []
        first_word: float | None = None
        waited = began
        try:
            await self._until_worded(turn, answer)
            first_word = self._now() - began if answer.worded else None
            if self._filler is not None:
                await asyncio.wait({self._filler})
            if answer.worded and self._is_current(turn):
                waited = self._now()
                jot = self._jot(turn, keeping, lambda heard: self._exchange(asked, answer, heard, stopped=True))
                await self._performed(turn, answer.texts(), performed, jot)
        finally:
            answer.stop()
            await answer.ended()
            outcome = performed[0] if performed else None
            stopped = not self._is_current(turn) or (outcome is not None and outcome.interrupted)
            heard = outcome.heard.speech if outcome is not None else None
            exchange = self._exchange(asked, answer, heard, stopped=stopped)
            await asyncio.shield(self._past.finish(keeping, exchange))
        if not stopped:
            self._tell(answer)
            if answer.error and outcome is None and self.asking.sorry:
                outcome = await self._performed(turn, self.asking.sorry, [])
        self._end(turn, answer.error, stopped=stopped)
        return turn_of(
            asked,
            outcome,
            said=exchange.said,
            interrupted=stopped,
            error="" if stopped else answer.error,
            finish=answer.finish,
            usage=answer.usage,
            first_word=first_word,
            first_sound=outcome.first_audio + waited - began if outcome and outcome.first_audio is not None else None,
        )

    def _request(self, asked: Exchange, lately: tuple[str, ...]) -> Request:
        asking = self.asking
        note = self._note(lately) if self._note is not None else ""
        return Request(
            self.history.messages(self.system, asked, note=note),
            tags=asking.tags,
            tools=asking.tools,
            max_tokens=asking.max_tokens,
            temperature=asking.temperature,
        )

    async def _until_worded(self, turn: int, answer: Answer) -> None:
        """Wait for the answer's first word, or its end; say meanwhile that it takes a moment, where that is due."""
        told = 0
        while self._is_current(turn) and not answer.worded and not answer.over:
            due = self._floor.next_due()
            try:
                async with asyncio.timeout(None if due is None else max(0.0, due - self._now())):
                    await answer.news.wait()
            except TimeoutError:
                self._floor.advance(self._now())
            answer.news.clear()
            for seconds in answer.delays[told:]:
                self._floor.delayed(turn, self._now() + seconds, self._now())
            told = len(answer.delays)
            self._carry_out()
        if answer.worded:
            self._floor.worded(turn)

    async def _performed(
        self,
        turn: int,
        script: str | AsyncGenerator[str, None],
        performed: list[Outcome],
        jot: Coroutine[Any, Any, None] | None = None,
    ) -> Outcome:
        """Perform a script, and put what became of it into `performed`, even where the caller is cancelled."""
        self._answering = True
        task = asyncio.ensure_future(self._performer.perform(script))
        jotting = asyncio.create_task(jot) if jot is not None else None
        try:
            await asyncio.wait({task})
        finally:
            if jotting is not None:
                jotting.cancel()
            if not task.done():
                self._performer.interrupt()
                await asyncio.wait({task}, timeout=_YIELDING)
                task.cancel()
            if turn == self._floor.turn:
                self._answering = False
            if task.done() and not task.cancelled() and task.exception() is None:
                performed.append(task.result())
        if performed and performed[-1].first_audio is not None:
            self._floor.sounded(turn)
        return task.result()

    async def _jot(self, turn: int, keeping: asyncio.Future[int], exchange: Callable[[str], Exchange]) -> None:
        """Keep what was heard so far, again and again, as `exchange` makes it of the heard text."""
        kept, noted = await asyncio.shield(keeping), ""
        while self._heard is not None and self._is_current(turn):
            await asyncio.sleep(_JOTTING)
            heard = self._heard()
            if heard is not None and heard.speech.strip() and heard.speech != noted:
                noted = heard.speech
                await self._past.jot(kept, exchange(noted))

    def _exchange(self, asked: Exchange, answer: Answer, heard: str | None, *, stopped: bool) -> Exchange:
        """Return what a history keeps of a turn: of the answer what was heard of it; None where nothing was spoken."""
        source = answer.source
        if stopped or heard is None:
            source = self._cut(source, heard or "")
        said, between = answer.kept(source)
        return Exchange(asked.user, said, asked.name, asked.images, stopped or bool(said and answer.error), between)

    def _end(self, turn: int, error: str, *, stopped: bool) -> None:
        now = self._now()
        if not stopped and not error:
            self._floor.spoken(turn, now)
        elif not stopped:
            self._floor.failed(turn, now)
        elif self._is_current(turn):
            self._floor.interrupt(now)
        self._carry_out()
        if self._floor.state in ("idle", "listening"):
            self._past.rest(self.system)

    def _tell(self, answer: Answer) -> None:
        notes = list(answer.diagnostics)
        if answer.error:
            notes.append(Diagnostic(answer.error))
        elif answer.finish == "content_filter":
            notes.append(Diagnostic("the model's server withheld the answer, or its end, by its content filter"))
        elif not answer.worded:
            but = " but its thinking" * bool(answer.thought or answer.source.strip())
            notes.append(Diagnostic(f"the model answered nothing{but}", suggestion="ask again, or raise max_tokens"))
        self._diagnostics = [*self._diagnostics, *notes][-_MOST_DIAGNOSTICS:]

    def _is_current(self, turn: int) -> bool:
        return turn == self._floor.turn and self._floor.state in ("thinking", "speaking")

    def _carry_out(self) -> HeardText | None:
        """Do what the floor asks for; return what was heard where it asks for silence."""
        heard: HeardText | None = None
        for event in self._floor.events():
            match event:
                case Enter(state):
                    with contextlib.suppress(UsageError):  # the bridge has closed
                        # between its words a speaker does what the stage makes of it
                        self._performer.enter("idle" if state == "speaking" else state)
                case SayFiller():
                    self._filler = asyncio.create_task(self._say_filler())
                case Over(_, how):
                    heard = self._stop_work(silence=how != "answered")
                case _:
                    pass
        return heard

    async def _say_filler(self) -> None:
        try:
            await self._performer.perform(self.asking.one_moment_says)
        except AvatarBridgeError as error:
            self._diagnostics.append(Diagnostic(str(error)))

    def _stop_work(self, *, silence: bool) -> HeardText | None:
        """End the model's work, and where there is to be silence, what is said of it."""
        heard = None
        if self._answer is not None:
            self._answer.stop()
            self._answer.news.set()
        if silence and (self._answering or self._filler is not None):
            heard = self._performer.interrupt()
        self._answer = None
        self._answering = False
        self._filler = None
        return heard
