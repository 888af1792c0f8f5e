"""The `game` speaker: a game plays the voice of one character, and its own audio clock is the playhead."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from avatar_bridge.audio.remote import Player, RemoteSpeaker
from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.ports import Game, GameAbilities, Games
from avatar_bridge.wire import game as messages
from avatar_bridge.wire.game_binary import sound_messages

__all__ = ["GameSpeaker"]


class GameSpeaker(RemoteSpeaker):
    """A Speaker in a game: the first one that claims the character's sound has it, the next gets it when that is gone.

    It also attends the character's games (`ports.GameAttendant`). While no game plays, the wall clock keeps the time.
    """

    what = "game"
    remedy = "see that the game answers pings, and tells `start` on the bridge's clock"

    def __init__(self, games: Games, *, character: str = "", now: Callable[[], float] = time.perf_counter) -> None:
        """Play `character` through `games`, keeping time by `now` (monotonic seconds, the clock that they are told)."""
        super().__init__(now)
        self._games = games
        self._number = games.enter(character)
        self._called = f"the voice of {character!r}" if character else "the voice"
        self._here: dict[int, Game] = {}
        self._claims: dict[int, Game] = {}
        self._attending = False
        self._elsewhere = False

    @property
    def game_id(self) -> int | None:
        """The game that has the sound."""
        return None if self._player is None else self._player.id

    async def open(self) -> None:
        """Look out for games; there may be none yet."""
        await super().open()
        if not self._attending:
            self._attending = True
            self._games.attend(self._number, self)

    def begin(self) -> None:
        """Start a new utterance; whoever claimed the sound while another speaker played has it from now on."""
        if self._elsewhere:
            self._elsewhere = False
            if self._player is not None:
                self._tell_turn(self._player)
        super().begin()

    def stand_by(self) -> None:
        """Count an utterance that another speaker plays: a game that claims the sound has it from the next one on."""
        self._elsewhere = True
        self._count()
        if self._player is not None:
            self._tell_turn(self._player)

    def joined(self, game: Game, abilities: GameAbilities) -> None:
        """Remember a game that shows the character; it plays once it claims the sound."""
        del abilities
        if game.id not in self._here and self._player is not None:
            game.tell(self._turn_of_another())
        self._here[game.id] = game

    def left(self, game: Game) -> None:
        """Let the next game play where the one that is gone did."""
        self._here.pop(game.id, None)
        self._claims.pop(game.id, None)
        if self.game_id == game.id:
            self._pass_on()

    def received(self, game: Game, message: Mapping[str, Any]) -> None:
        """Learn which game wants the sound, and what the one that has it has played."""
        kind = message.get("type")
        if kind == "sound":
            self._claim(game) if message.get("claim") is True else self._give_up(game)
        elif kind == "playing" and game.id == self.game_id:
            try:
                late_ms = float(message.get("late_ms") or 0.0)
                self._believe(int(message["utterance"]), float(message["start"]), late_ms)
            except (KeyError, TypeError, ValueError, OverflowError):
                text = f"the game {game.name!r} tells of its playing what cannot be read"
                self._once("nonsense", Diagnostic(text, suggestion="see `playing` in docs/game-protocol.md"))

    def _claim(self, game: Game) -> None:
        if "sound" not in game.capabilities:
            words = 'to play sound, name "sound" among the capabilities in hello'
            game.tell(messages.turn(self._number, has=False, words=words))
            return
        self._here[game.id] = game
        self._claims.setdefault(game.id, game)
        if self._player is None:
            self._give(game)
        elif self.game_id == game.id:
            self._tell_turn(game)
        else:
            game.tell(self._turn_of_another())
            self._once(
                f"claim {game.id}",
                Diagnostic(
                    f"the games {self._holder!r} and {game.name!r} both claim {self._called}; {self._holder!r} has it",
                    suggestion="let only one of them claim the sound",
                ),
            )

    def _give_up(self, game: Game) -> None:
        self._claims.pop(game.id, None)
        if self.game_id == game.id:
            self._pass_on()
        if self._player is None:
            game.tell(messages.turn(self._number, has=False, words=f"nobody plays {self._called} now"))
        else:
            game.tell(self._turn_of_another())

    def _turn_of_another(self) -> str:
        words = f"{self._holder!r} plays {self._called}; whoever claimed it next gets it when that is gone"
        return messages.turn(self._number, has=False, holder=self._holder, words=words)

    @property
    def _holder(self) -> str:
        holder = None if self._player is None else self._here.get(self._player.id)
        return "" if holder is None else holder.name

    def _pieces(self, utterance: int, first: int, pcm: NDArray[np.int16]) -> Iterator[bytes]:
        return sound_messages(self._number, utterance, first, pcm)

    def _next_player(self) -> Player | None:
        return next(iter(self._claims.values()), None)

    def _tell_turn(self, player: Player) -> None:
        if self._elsewhere:
            words = f"{self._called} sounds elsewhere until this utterance ends; the next one is yours"
            player.tell(messages.turn(self._number, has=False, words=words))
            return
        player.tell(messages.turn(self._number, has=True, holder=self._holder))
        for game in self._here.values():
            if game.id != player.id:
                game.tell(self._turn_of_another())

    def _tell_stop(self, player: Player, utterance: int, heard: float) -> None:
        # whoever takes speech is told by the driver, in the same breath
        holder = self._here.get(player.id)
        if holder is not None and "speech" not in holder.capabilities:
            player.tell(messages.cancel(self._number, utterance, max(heard, 0.0)))

    def _tell_end(self, player: Player, utterance: int, samples: int) -> None:
        player.tell(messages.sound_end(self._number, utterance, samples))

    def _silence(self) -> Diagnostic:
        return Diagnostic(
            f"no game plays {self._called}; the show goes on without it",
            suggestion="start the game, and let it claim the sound",
        )
