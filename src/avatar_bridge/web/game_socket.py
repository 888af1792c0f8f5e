"""The game socket, `/v1/game`: hello, token and version, and what games say from then on (docs/game-protocol.md)."""

from __future__ import annotations

import asyncio
import hmac
import itertools
import logging
from collections.abc import Mapping
from typing import Any, Final, TypeGuard

from starlette.types import Receive, Scope, Send

from avatar_bridge.core.vocabulary import GameEvent
from avatar_bridge.errors import ProtocolError
from avatar_bridge.ports import Clock
from avatar_bridge.web.game_seat import GameSeat, abilities_of
from avatar_bridge.web.games import WebGames
from avatar_bridge.web.outlet import Outlet, encoded, serve_on_line
from avatar_bridge.wire import game as messages
from avatar_bridge.wire.game_reports import (
    Abilities,
    ActRequest,
    Event,
    GameMessage,
    Hello,
    Interrupt,
    Ping,
    Report,
    Say,
    parsed,
    read,
)

__all__ = ["HELLO_WITHIN", "MOST_STRANGERS", "GameSocket"]

HELLO_WITHIN: Final = 5.0
"""Seconds in which a connection says hello."""
MOST_STRANGERS: Final = 32
"""Connections that have not said a good hello yet."""
_AT_ONCE: Final = 16
"""Messages of one game that are taken before everybody else has a turn."""
_REASON: Final = 120
"""Bytes of words that go into a close frame, which holds 123."""
_MOST_TOLD: Final = 50
"""Types that a game is told about, once each."""

_CODES: Final[dict[messages.Refusal, int]] = {"hello": 4400, "token": 4401, "version": 4426, "full": 4503}

_log = logging.getLogger(__name__)


class GameSocket:
    """The ASGI endpoint of the socket."""

    def __init__(self, games: WebGames, clock: Clock, *, token: str, version: str) -> None:
        self._games = games
        self._clock = clock
        self._token = token.encode()
        self._version = version
        self._strangers = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection until it ends."""
        await serve_on_line(scope, receive, send, self._serve)

    async def _serve(self, line: Outlet, receive: Receive) -> None:
        hello = await self._greeted(line, receive)
        if hello is None:
            return
        game = self._games.admit(
            line,
            hello,
            now=self._clock.time(),
            version=self._version,
            protocol=min(hello.protocol, messages.PROTOCOL),
        )
        try:
            await self._listen(line, game, receive)
        finally:
            self._games.leave(game)

    async def _greeted(self, line: Outlet, receive: Receive) -> Hello | None:
        """Return a game's hello where it may come in; else it was told why not."""
        if self._strangers >= MOST_STRANGERS:
            _refuse(line, "full", f"{MOST_STRANGERS} connections have not said hello yet; try again in a moment")
            return None
        self._strangers += 1
        try:
            async with asyncio.timeout(HELLO_WITHIN):
                first = await _next(receive)
            if first is None:
                return None
            if isinstance(first, bytes):
                raise ProtocolError("expected a hello as text, got binary data")
            return self._judged(line, parsed(first))
        except TimeoutError:
            _refuse(line, "hello", f"expected a hello within {HELLO_WITHIN:g} s, got none")
        except ProtocolError as error:
            _refuse(line, "hello", str(error))
        finally:
            self._strangers -= 1
        return None

    def _judged(self, line: Outlet, first: Mapping[str, Any]) -> Hello | None:
        if first["type"] != "hello":
            raise ProtocolError(f"expected a hello first, got {ascii(first['type'])[:80]}")
        newest, oldest = first.get("protocol"), first.get("oldest", first.get("protocol"))
        # before all else: a game of another version may say the rest of its hello otherwise
        if _is_number(newest) and _is_number(oldest):
            oldest = min(oldest, newest)
            if newest < messages.OLDEST or oldest > messages.PROTOCOL:
                _refuse(line, "version", _versions(oldest, newest))
                return None
        said = read(first)
        assert isinstance(said, Hello)
        if not hmac.compare_digest(said.token.encode("utf-8", "replace"), self._token):
            came = "a wrong one" if said.token else "none"
            _refuse(
                line,
                "token",
                f"expected the bridge's token, got {came}; use the token that avatar-bridge printed when it started, "
                "a fixed one is web.token in bridge.toml",
            )
            return None
        if not self._games.characters:
            _refuse(line, "hello", "this bridge shows no character to games; start it with: --driver game")
            return None
        return said

    async def _listen(self, line: Outlet, game: GameSeat, receive: Receive) -> None:
        for count in itertools.count(1):
            text = await _next(receive)
            if text is None:
                return
            if count % _AT_ONCE == 0:
                await asyncio.sleep(0)  # what is there already is received without waiting
            try:
                if isinstance(text, bytes):
                    raise ProtocolError("expected text with a JSON object, got binary data")
                self._take(game, read(parsed(text)))
            except ProtocolError as error:
                if not game.faults.take(self._clock.time()):
                    line.hang_up(_CODES["hello"], "too many messages that cannot be read")
                    return
                self._say(game, str(error))

    def _take(self, game: GameSeat, said: GameMessage | str) -> None:
        if isinstance(said, Ping):
            game.tell(messages.pong(said.sent, self._clock.time()))
        elif isinstance(said, str):
            self._unknown(game, said)
        elif isinstance(said, Hello):
            raise ProtocolError("hello: expected one at the beginning, got another; connect anew to say it again")
        elif isinstance(said, Event):
            self._event(game, said)
        elif isinstance(said, Report):
            for number in tuple(game.characters):
                self._games.hear(game, number, said.model_dump())
        elif isinstance(said, Say | Interrupt | ActRequest):
            self._request(game, said)
        elif isinstance(said, Abilities):
            self._games.learn(game, self._own(game, said.type, said.character), abilities_of(said))
        else:
            self._games.hear(game, self._own(game, said.type, said.character), said.model_dump())

    def _own(self, game: GameSeat, kind: str, character: int) -> int:
        """Return a character's number; raises ProtocolError for one that the game does not show."""
        if character not in game.characters:
            shown = ", ".join(map(str, game.characters)) or "none"
            raise ProtocolError(
                f"{kind}: character: expected a number that the welcome gave this game ({shown}), got {character}"
            )
        return character

    def _event(self, game: GameSeat, said: Event) -> None:
        named = "" if said.character is None else self._games.characters[self._own(game, "event", said.character)]
        if not game.events.take(self._clock.time()):
            self._say(game, "more than 100 events a second: some were left out", "tell what changes, not every tick")
        elif self._games.on_event is not None:
            self._contained(
                self._games.on_event, GameEvent(name=said.name, character=named, data=said.data, game=game.name)
            )

    def _request(self, game: GameSeat, said: Say | Interrupt | ActRequest) -> None:
        character = self._own(game, said.type, said.character)
        if not game.requests.take(self._clock.time()):
            words = "more than 20 requests a second"
            game.tell(messages.result(said.id, ok=False, words=words, suggestion="wait for the result of one"))
        elif self._games.on_request is None:
            game.tell(messages.result(said.id, ok=False, words="this bridge takes no requests from games"))
        else:
            self._contained(self._games.on_request, game, character, said.model_dump())

    def _unknown(self, game: GameSeat, kind: str) -> None:
        if kind not in game.told and len(game.told) < _MOST_TOLD:
            game.told.add(kind)
            self._say(game, f"the type {ascii(kind)[:80]} is not known here; it is left out", "see the game protocol")

    def _say(self, game: GameSeat, words: str, suggestion: str | None = None) -> None:
        if game.notes.take(self._clock.time()):
            game.tell(messages.note(words, suggestion=suggestion))

    def _contained(self, listener: Any, *told: Any) -> None:
        """Let nothing that a listener raises end a game's connection."""
        try:
            listener(*told)
        except Exception:  # noqa: BLE001 - whoever listens may be anybody's; it is reported
            _log.exception("a listener to games failed")


async def _next(receive: Receive) -> str | bytes | None:
    """Return the next message; None at the end."""
    event = await receive()
    if event["type"] != "websocket.receive":
        return None
    text: str | None = event.get("text")
    return text if text is not None else bytes(event.get("bytes") or b"")


def _refuse(line: Outlet, code: messages.Refusal, words: str) -> None:
    """Tell a game in words that it may not come in, then close."""
    line.put(encoded(messages.refused(code, words)))
    line.hang_up(_CODES[code], _reason(words))


def _reason(words: str) -> str:
    """Return as many whole words as a close frame has room for."""
    said = words.encode("utf-8", "replace")
    if len(said) <= _REASON:
        return words
    return said[: _REASON - 3].decode("utf-8", "ignore").rpartition(" ")[0] + "…"


def _is_number(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1_000_000


def _versions(oldest: int, newest: int) -> str:
    ours = f"{messages.OLDEST}" if messages.OLDEST == messages.PROTOCOL else f"{messages.OLDEST} to {messages.PROTOCOL}"
    theirs = f"{newest}" if oldest == newest else f"{oldest} to {newest}"
    newer = oldest > messages.PROTOCOL
    advice = "update Avatar Bridge, or use an older client" if newer else "update the game's Avatar Bridge client"
    return f"this bridge speaks version {ours} of the game protocol, the game {theirs}; {advice}"
