"""The text of a drafted motion map: what a model's hotkeys and expressions mean, each with confidence and reason."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import tomlkit
from tomlkit.items import Table

from avatar_bridge.core.motion.action import RESERVED
from avatar_bridge.core.motion.motion_map import MotionMap
from avatar_bridge.core.motion.naming import Lexicon, Match, bare_name
from avatar_bridge.core.motion.naming_content import classify, opens_mouth
from avatar_bridge.core.vocabulary import name_key
from avatar_bridge.drivers.vts_model import Model
from avatar_bridge.wire.vts_bindings import expression_stem, find_expression
from avatar_bridge.wire.vts_replies import Expression, Hotkey

__all__ = ["Draft"]

_SURE = 0.5
_SINGLE = {"TriggerAnimation": "gesture", "ChangeIdleAnimation": "scene", "MoveModel": "scene"}
_MEANINGS = {"expression": "a {} face", "face_overlay": "shows {}", "gesture": "{}", "prop": "{}", "scene": "{}"}
_KINDS = {"face_overlay": "expression"}
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


@dataclass(frozen=True, slots=True)
class _Feature:
    """One thing that the model can show: an expression, or a hotkey that is none."""

    label: str
    file: str
    key: str
    """`expression` or `hotkey`."""
    value: str
    type: str
    match: Match | None
    moves_mouth: bool = False


class Draft:
    """Drafts a map that extends `base` for one model."""

    def __init__(self, model: Model, lexicon: Lexicon, base: str, base_map: MotionMap) -> None:
        self._model = model
        self._lexicon = lexicon
        self._base, self._base_map = base, base_map
        self._taken: set[str] = set()

    def text(self) -> str:
        """Return TOML that loads: recognised features as actions, the doubtful and the inverse ones as comments."""
        document = tomlkit.document()
        for line in self._head():
            document.add(tomlkit.comment(line))
        document.add(tomlkit.nl())
        document.add("name", self._model.name or "My model")
        document.add("extends", self._base)
        document.add(tomlkit.nl())
        features = list(self._features())
        sure = [feature for feature in features if _usable(feature)]
        actions = tomlkit.table(is_super_table=True)
        for feature in sorted(sure, key=lambda feature: -(feature.match.confidence if feature.match else 0)):
            self._add(actions, feature)
        if sure:
            document.add("actions", actions)
        text = tomlkit.dumps(document)
        rest = [line for feature in features if not _usable(feature) for line in self._doubtful(feature)]
        return text.rstrip() + "\n" + ("\n" + "\n".join(rest) + "\n" if rest else "")

    def _head(self) -> Iterator[str]:
        yield f"Drafted from the model {_plain(self._model.name)!r} (ModelID {_plain(self._model.id)})."
        yield "Every action has its confidence (1 = sure) and its reason above it. Look at each in VTube Studio,"
        yield "delete what is wrong, and take the # away from what you recognise at the end."
        for diagnostic in self._model.calibration.diagnostics:
            yield f"Note: {_plain(diagnostic.message)}"

    def _features(self) -> Iterator[_Feature]:
        named: dict[str, Hotkey] = {}
        for hotkey in self._model.hotkeys:
            file = self._toggled(hotkey)
            if file is not None and not (file in named and named[file].name):
                named[file] = hotkey
        for expression in self._model.expressions:
            owner = named.get(expression.file)
            yield self._expression(expression, owner)
        for hotkey in self._model.hotkeys:
            if self._toggled(hotkey) is None:
                match = self._lexicon.feature(hotkey.name, hotkey.file)
                yield _Feature(hotkey.name, hotkey.file, "hotkey", hotkey.id, hotkey.type, match)

    def _toggled(self, hotkey: Hotkey) -> str | None:
        if hotkey.type != "ToggleExpression" or not hotkey.file:
            return None
        return find_expression(hotkey.file, self._model.expressions)

    def _expression(self, expression: Expression, hotkey: Hotkey | None) -> _Feature:
        label = hotkey.name if hotkey is not None and hotkey.name else expression.name
        values = {parameter.name: parameter.value for parameter in expression.parameters}
        match = self._lexicon.feature(label, expression.file)
        by_content = classify(values, self._lexicon)
        if by_content is not None and (match is None or match.confidence < by_content.confidence):
            match = by_content
        return _Feature(
            label, expression.file, "expression", expression.file, "ToggleExpression", match, opens_mouth(values)
        )

    def _add(self, actions: Table, feature: _Feature) -> None:
        match = feature.match
        if match is None:
            return
        name, inherited = self._name(match, feature)
        table = tomlkit.table()
        table.add(tomlkit.comment(f"{match.confidence:.2f}: {_plain(match.reason)}"))
        if feature.moves_mouth:
            table.add(tomlkit.comment("Note: it moves the mouth itself: lip-sync is distorted while it is on."))
        if feature.key == "hotkey" and feature.label:
            table.add(tomlkit.comment(f"The hotkey is called {_plain(feature.label)!r}."))
        if not inherited:
            kind = self._kind(match, feature)
            table.add("meaning", _MEANINGS[match.kind].format(match.concept.replace("_", " ")))
            table.add("kind", kind)
            if kind == "gesture" and feature.key == "expression":
                table.add("duration", 2.0)
        table.add(tomlkit.key(["vts", feature.key]), feature.value)
        table.add(tomlkit.nl())
        actions.add(name, table)

    def _kind(self, match: Match, feature: _Feature) -> str:
        return _SINGLE.get(feature.type) or _KINDS.get(match.kind, match.kind)

    def _name(self, match: Match, feature: _Feature) -> tuple[str, bool]:
        """Return a name that is free, and whether the base map has the action already.

        An expression does not take the place of a gesture's motion: it gets a name of its own beside it.
        """
        known = self._base_map.find(match.concept)
        moves = known is not None and bool(known.keyframes) and feature.key == "expression"
        if known is not None and not moves and name_key(known.name) not in self._taken:
            self._taken.add(name_key(known.name))
            return known.name, True
        label = re.sub(r"[^a-z0-9]+", "_", bare_name(feature.label or feature.file).casefold()).strip("_")
        numbered = (f"{match.concept}_{number}" for number in range(2, 10_000))
        for candidate in (match.concept, label, *([f"{match.concept}_face"] if moves else []), *numbered):
            key = name_key(candidate)
            if key and key not in self._taken and key not in RESERVED and self._base_map.find(candidate) is None:
                self._taken.add(key)
                return candidate, False
        raise AssertionError("ten thousand names of one concept are taken")

    def _doubtful(self, feature: _Feature) -> Iterator[str]:
        match = feature.match
        shown = _plain(feature.label or expression_stem(feature.file) or feature.value)
        yield ""
        if match is None:
            yield f"# {shown!r} ({feature.type}): neither its name nor its content tells what it is."
        elif match.inverse:
            yield f"# {shown!r} ({feature.type}): {_plain(match.reason)}. Not bound to a cue."
        elif match.concept in {"reset", "neutral"}:
            yield f"# {shown!r} ({feature.type}): {_plain(match.reason)}. Not needed: the bridge switches off itself."
        else:
            guess = f"perhaps {match.concept}, {match.confidence:.2f}: {_plain(match.reason)}"
            yield f"# {shown!r} ({feature.type}): {guess}"
        kind = "gesture" if feature.type == "TriggerAnimation" else "expression"
        sample = tomlkit.document()
        sample.add("meaning", "say here what it shows")
        sample.add("kind", kind)
        sample.add(tomlkit.key(["vts", feature.key]), feature.value)
        yield "# [actions.choose_a_name]"
        yield from (f"# {line}" for line in tomlkit.dumps(sample).strip().splitlines())


def _usable(feature: _Feature) -> bool:
    match = feature.match
    return (
        match is not None
        and not match.inverse
        and match.confidence >= _SURE
        and match.concept not in {"reset", "neutral", "idle"}
        and (feature.type in {"ToggleExpression", *_SINGLE} or match.kind == "scene")
    )


def _plain(text: str) -> str:
    return _CONTROL.sub(" ", text)
