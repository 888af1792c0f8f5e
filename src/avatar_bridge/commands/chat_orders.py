"""What can be typed in a chat beside what is said: orders that begin with a slash."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import Any

from avatar_bridge.assembly import Bridge
from avatar_bridge.errors import AvatarBridgeError
from avatar_bridge.stage.conversation import Conversation

__all__ = ["ORDERS", "Orders"]

ORDERS = {
    "interrupt": "stop the character (so does Ctrl-C)",
    "act NAME": "let it do something of its motion map",
    "forget": "forget the conversation",
    "export FILE": "write the conversation down; .jsonl for programs",
    "quit": "end (so does Ctrl-C, twice)",
    "help": "this",
}


class Orders:
    """Carries out what is typed behind a slash, and says what came of it."""

    def __init__(
        self,
        bridge: Bridge,
        conversation: Conversation,
        name: str,
        *,
        say: Callable[[str], None],
        write: Callable[[Sequence[dict[str, Any]], str, str], None],
    ) -> None:
        """`write` gets the turns, the file's name and the character's."""
        self._bridge, self._conversation, self._name = bridge, conversation, name
        self._say, self._write = say, write

    async def carry_out(self, order: str) -> bool:
        """Carry out an order, given without its slash; return False where the chat is to end."""
        word, _, rest = order.strip().partition(" ")
        try:
            return await self._do(word.lower(), rest.strip())
        except AvatarBridgeError as error:
            self._say(f"error: {error}")
            return True

    async def _do(self, word: str, rest: str) -> bool:
        match word:
            case "quit" | "exit" | "q":
                return False
            case "interrupt":
                self._conversation.interrupt()
            case "act" if rest:
                self._bridge.act(rest)
            case "forget":
                self._say(f"{self._name} has forgotten {await self._conversation.forget()} turns.")
            case "export" if rest:
                turns = await self._conversation.export()
                self._write(turns, rest, self._name)
                self._say(f"{len(turns)} turns are written to {rest if rest != '-' else 'standard output'}.")
            case "help":
                for order, meaning in ORDERS.items():
                    self._say(f"/{order:<12} {meaning}")
            case _:
                self._say(self._unknown(word))
        return True

    @staticmethod
    def _unknown(word: str) -> str:
        known = {order.partition(" ")[0]: order for order in ORDERS}
        if word in known:
            return f"error: expected /{known[word]}"
        nearest = get_close_matches(word, known, 1)
        hint = f"did you mean /{known[nearest[0]]}?" if nearest else "/help tells what there is"
        return f"error: there is no /{word[:40]}; {hint} (begin with // to say something that begins with a slash)"
