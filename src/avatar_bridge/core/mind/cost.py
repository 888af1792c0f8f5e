"""What an utterance costs: tokens, characters, seconds of sound and of computing, and money by a table of prices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

__all__ = ["Price", "Spent", "money", "total"]


class Price(Protocol):
    """What a model or a voice costs, in some currency."""

    @property
    def input(self) -> float:
        """For a million tokens asked."""
        ...

    @property
    def output(self) -> float:
        """For a million tokens answered."""
        ...

    @property
    def characters(self) -> float:
        """For a thousand characters spoken."""
        ...

    @property
    def audio(self) -> float:
        """For a minute of sound."""
        ...

    @property
    def cpu(self) -> float:
        """For an hour of one processor core."""
        ...


@dataclass(frozen=True, slots=True)
class Spent:
    """What one utterance took, or several together."""

    utterances: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    characters: int = 0
    """Characters given to the voice."""
    audio: float = 0.0
    """Seconds of sound that were made."""
    cpu: float = 0.0
    """Seconds of one core: the voice's, the model's and the bridge's own."""
    money: float = 0.0
    """In the currency of the prices."""

    def __add__(self, other: Spent) -> Spent:
        """Return both together."""
        return Spent(
            self.utterances + other.utterances,
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.characters + other.characters,
            self.audio + other.audio,
            self.cpu + other.cpu,
            self.money + other.money,
        )


def total(each: Iterable[Spent]) -> Spent:
    """Return several together."""
    return sum(each, Spent())


def money(spent: Spent, prices: Mapping[str, Price], *, voice: str, model: str = "") -> float:
    """Return what `spent` costs by the tables of prices; what has no table costs nothing.

    `voice`: the voice's name. `model`: its backend and name, as `openai/gpt-5-mini`; a table of that name counts, else
    one of the backend's. The table `machine` says what computing costs.
    """
    cost = 0.0
    if (price := prices.get(voice)) is not None:
        cost += spent.characters / 1e3 * price.characters + spent.audio / 60.0 * price.audio
    if (price := prices.get(model) or prices.get(model.partition("/")[0])) is not None:
        cost += (spent.prompt_tokens * price.input + spent.completion_tokens * price.output) / 1e6
    if (price := prices.get("machine")) is not None:
        cost += spent.cpu / 3600.0 * price.cpu
    return cost
