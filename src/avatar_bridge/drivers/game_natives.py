"""What games can do by themselves with a character, held against what the motion map names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from avatar_bridge.core.motion.action import nearest_name
from avatar_bridge.core.motion.motion_map import Action, MotionMap
from avatar_bridge.core.vocabulary import Diagnostic, name_key
from avatar_bridge.ports import Abilities, Game, GameAbilities

__all__ = ["Body", "Natives", "abilities_of", "natives_of"]

_KEYS = ("trigger", "state", "clip", "expression")
"""Keys of a map's table that name something of a game's body, in the order in which they are looked for."""
_COMMON = "game"

Natives = Mapping[str, Mapping[str, str]]
"""By action: what a game performs by itself, `{"trigger": "Nod"}`, or `{"action": "dance"}` under the map's name."""


@dataclass(slots=True)
class Body:
    """A game that shows the character, and what it does by itself with it."""

    game: Game
    abilities: GameAbilities
    natives: dict[str, dict[str, str]] = field(default_factory=dict)


def natives_of(
    motion_map: MotionMap, game: Game, abilities: GameAbilities
) -> tuple[dict[str, dict[str, str]], list[Diagnostic]]:
    """Return what the game performs by itself of the map's actions, and what the map names and the game lacks.

    A game that takes no speech is not told of cues, so it can perform none.
    """
    natives: dict[str, dict[str, str]] = {}
    missing: list[Diagnostic] = []
    if "speech" not in game.capabilities:
        return natives, missing
    by_key = {name_key(name): name for name in abilities.actions}
    for action in motion_map.actions.values():
        wanted = _wanted(action, game.engine)
        found = next(((key, name) for key, name in wanted if name in abilities.natives.get(key, ())), None)
        if found is not None:
            natives[action.name] = {found[0]: found[1]}
        elif name_key(action.name) in by_key:
            natives[action.name] = {"action": by_key[name_key(action.name)]}
        elif wanted:
            missing.append(_lack(action, game, *wanted[0], abilities.natives.get(wanted[0][0], frozenset())))
    return natives, missing


def abilities_of(motion_map: MotionMap, bodies: Iterable[Body]) -> Abilities:
    """Return what the games together perform by themselves, and note at each what it does of that.

    That is what every game has that is moved or told of cues; and what some game has where channels could not do it.
    """
    shown: list[Body] = []
    missing: list[Diagnostic] = []
    for body in bodies:
        body.natives, lacks = natives_of(motion_map, body.game, body.abilities)
        missing += lacks
        if body.game.capabilities & {"speech", "motion"}:
            shown.append(body)
    common = {name for name in motion_map.actions if shown and all(name in body.natives for body in shown)}
    some = {name for body in shown for name in body.natives}
    alone = {name for name in some if not _moves(motion_map.actions[name])}
    actions = frozenset(common | alone)
    for body in shown:
        body.natives = {name: native for name, native in body.natives.items() if name in actions}
    return Abilities(actions, diagnostics=tuple(dict.fromkeys(missing)))


def _wanted(action: Action, engine: str) -> list[tuple[str, str]]:
    """Return what the map names for a game of this engine, by key."""
    tables = [action.targets.get(target, {}) for target in dict.fromkeys((engine.lower(), _COMMON))]
    return [(key, str(table[key])) for table in tables for key in _KEYS if isinstance(table.get(key), str)]


def _moves(action: Action) -> bool:
    return bool(action.keyframes or action.channels)


def _lack(action: Action, game: Game, key: str, name: str, known: Iterable[str]) -> Diagnostic:
    instead = "channels move it instead" if _moves(action) else "so it does not show there"
    nearest = nearest_name(name, known)
    return Diagnostic(
        f"the action {action.name!r} names the {key} {name!r}, which the game {game.name!r} does not have; {instead}",
        suggestion=f"did you mean {nearest!r}?" if nearest else f"give the game's body a {key} of that name",
    )
