"""Several characters on one stage: the main one and those of `[characters.NAME]`, each with its own floor."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from avatar_bridge import registry
from avatar_bridge.assembly.bridge import Bridge
from avatar_bridge.assembly.events import GameEvents
from avatar_bridge.assembly.parts import Served, build_voice
from avatar_bridge.assembly.voices import Voices
from avatar_bridge.core.motion.action import nearest_name
from avatar_bridge.core.motion.motion_map import MotionMap
from avatar_bridge.core.vocabulary import GameEvent, name_key
from avatar_bridge.errors import UsageError
from avatar_bridge.ports import Audience, Games
from avatar_bridge.settings import Settings, read_settings
from avatar_bridge.stage.beat import Beat
from avatar_bridge.stage.clock import SystemClock

__all__ = ["Cast"]


class Cast:
    """The bridges of all characters. They share one beat; those that speak alike share a voice.

    async with Cast.from_settings("bridge.toml", games=games) as cast:
        await cast.find("anna").perform("Hi! [wave]")
    """

    def __init__(self, main: Bridge, others: Mapping[str, Bridge] | None = None, *, beat: Beat | None = None) -> None:
        """`beat`: the one that the bridges were made with, which runs while the cast is open."""
        self.main = main
        self._bridges = {"": main, **(others or {})}
        self._keys = {name_key(name): bridge for name, bridge in self._bridges.items()}
        self._beat = beat
        self._events = GameEvents()
        self._undo: AsyncExitStack | None = None

    @classmethod
    def from_settings(
        cls,
        settings: Settings | Path | str | None = None,
        *,
        audience: Audience | None = None,
        games: Games | None = None,
    ) -> Self:
        """Return the cast that `bridge.toml` (or the settings given) describes; nothing is started yet.

        Raises SettingsError, MotionMapError or UsageError where the settings cannot be used.
        """
        chosen = settings if isinstance(settings, Settings) else read_settings(Path(settings) if settings else None)
        voices, maps, beat = Voices(build_voice), dict[str, MotionMap](), Beat(SystemClock())

        def bridge(own: Settings, served: Served) -> Bridge:
            of = own.settled(pages=served.audience is not None, games=games is not None).motion.map
            if of not in maps:
                maps[of] = registry.read_map(of)
            return Bridge.assembled(own, served, voices, motion_map=maps[of], beat=beat)

        main = bridge(chosen, Served(audience, games))
        others = {name: bridge(chosen.of(name), Served(None, games, name)) for name in chosen.characters}
        return cls(main, others, beat=beat)

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as undo:
            if self._beat is not None:
                tasks = await undo.enter_async_context(asyncio.TaskGroup())
                beating = tasks.create_task(self._beat.run())
                undo.callback(beating.cancel)
            for bridge in self:
                await undo.enter_async_context(bridge)
            undo.callback(self.interrupt)
            undo.callback(self._events.close)
            self._undo = undo.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._undo is not None:
            await self._undo.__aexit__(None, None, None)

    def __iter__(self) -> Iterator[Bridge]:
        return iter(self._bridges.values())

    def __len__(self) -> int:
        return len(self._bridges)

    @property
    def names(self) -> tuple[str, ...]:
        """The characters' names, the main one's first, which is empty."""
        return tuple(self._bridges)

    def find(self, character: str) -> Bridge:
        """Return the bridge of a character; raises UsageError with the nearest name for one that is not there."""
        bridge = self._keys.get(name_key(character))
        if bridge is None:
            known = [name for name in self._bridges if name]
            nearest = nearest_name(character, known)
            hint = f"; did you mean {nearest!r}?" if nearest else ""
            there = f"one of {', '.join(map(repr, known))}, or none for the main one" if known else "none"
            raise UsageError(f"expected as character {there}, got {character!r}{hint}")
        return bridge

    def interrupt(self) -> None:
        """Stop everything that any character says, in one act."""
        for bridge in self:
            bridge.interrupt()

    def events(self) -> AsyncIterator[GameEvent]:
        """Return what happens in games, to any character, from now on until the cast closes; as `Bridge.events`."""
        return self._events.listen()

    def happened(self, event: GameEvent) -> None:
        """Tell whoever listens what happened in a game: here, and at the character it concerns, or at all."""
        self._events.tell(event)
        for bridge in self:
            if not event.character or name_key(event.character) == name_key(bridge.character):
                bridge.happened(event)
