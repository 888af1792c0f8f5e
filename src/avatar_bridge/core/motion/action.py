"""What a motion map says that a cue does: the model of one action and the checks on it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Annotated, Any, Final, Literal, TypeAlias, cast, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    Strict,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from avatar_bridge.core.motion.fingers import CURLS
from avatar_bridge.core.motion.keyframes import Clip
from avatar_bridge.core.motion.rig import CHANNELS
from avatar_bridge.core.vocabulary import name_key

__all__ = ["KINDS", "PAIRS", "RESERVED", "TARGETS", "Action", "Kind", "Problem", "nearest_name"]

Kind = Literal["gesture", "expression", "prop", "scene"]
"""gesture: a motion with a stroke; expression: a held face; prop and scene: what a target switches on or shows."""

KINDS: Final[tuple[str, ...]] = get_args(Kind)

TARGETS: Final = (
    "vts",
    "vmc",
    "vrm",
    "overlay",
    "game",
    "unity",
    "godot",
    "obs",
    "nizima",
    "warudo",
    "vnyan",
    "vrchat",
    "png",
    "osc",
)
"""The targets whose tables an action may hold (`vts.hotkey = "Nod"`)."""

PAIRS: Final[Mapping[str, tuple[str, str]]] = {
    "blink": ("blink_left", "blink_right"),
    "brow": ("brow_left", "brow_right"),
}
"""Short names that stand for a left and a right channel together."""

RESERVED: Final = frozenset({name_key("pause")})
"""Names that the script grammar keeps for itself."""

_BRACKETS = frozenset("[]/=<>|\n\r\t")
_DEFAULTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "gesture": {"group": "gesture", "fade_in": 0.1, "fade_out": 0.3, "minimum_hold": 0.0, "weight": 1.0, "linger": 0.0},
    "expression": {
        "group": "expression",
        "fade_in": 0.5,
        "fade_out": 1.0,
        "minimum_hold": 1.5,
        "weight": 0.8,
        "linger": 0.4,
    },
    "prop": {"fade_in": 0.2, "fade_out": 0.3, "minimum_hold": 0.0, "weight": 1.0, "linger": 0.0},
    "scene": {"fade_in": 0.2, "fade_out": 0.3, "minimum_hold": 0.0, "weight": 1.0, "linger": 0.0},
}
_TOLERANCE = 1e-6

Problem: TypeAlias = tuple[tuple[str | int, ...], str]


def nearest_name(name: str, known: Iterable[str]) -> str | None:
    """Return the one of `known` that is spelt most like `name`, as it is written there; None when none is near."""
    by_key = {name_key(candidate): candidate for candidate in sorted(known)}
    key = name_key(name)
    if key in by_key:
        return by_key[key]
    close = difflib.get_close_matches(key, by_key, n=1, cutoff=0.6)
    if close:
        return by_key[close[0]]
    holding = [candidate for candidate in by_key if len(key) >= 3 and key in candidate]
    return by_key[min(holding, key=len)] if holding else None


def _problem_list(problems: list[Problem]) -> PydanticCustomError:
    """Return several problems, each with its place below the model, as one validation error."""
    text = "; ".join(f"{'.'.join(map(str, path))}: {message}" if path else message for path, message in problems)
    return PydanticCustomError("motion_map", "{text}", {"text": text, "problems": problems})


def _known_channel(name: str) -> str:
    if name in CHANNELS or name in PAIRS or name in CURLS:
        return name
    near = nearest_name(name, (*CHANNELS, *PAIRS, *CURLS))
    hint = f'did you mean "{near}"?' if near else "the channels are listed in docs/motion-maps.md"
    raise PydanticCustomError("channel", "{text}", {"text": f'unknown channel "{name}"; {hint}'})


def _visible(text: str) -> str:
    if not text.strip():
        raise PydanticCustomError("empty", "expected a text, got an empty one")
    return text


Number = Annotated[float, Strict(), Field(allow_inf_nan=False)]
Seconds = Annotated[float, Strict(), Field(ge=0, le=600, allow_inf_nan=False)]
Share = Annotated[float, Strict(), Field(ge=0, le=1, allow_inf_nan=False)]
Name = Annotated[str, AfterValidator(_visible)]
ChannelName = Annotated[str, AfterValidator(_known_channel)]
Key = tuple[Annotated[float, Strict(), Field(ge=0, le=600, allow_inf_nan=False)], Number]
Scalar = Annotated[bool, Strict()] | Annotated[int, Strict()] | Annotated[float, Strict()] | Annotated[str, Strict()]
TargetValue = Scalar | list[Scalar] | dict[str, Scalar]


class Action(BaseModel):
    """What a cue does: keyframes that play once, channels that are held, and a table for each target that does better.

    Times are seconds; keys are `(seconds from the clip's start, value)` in the channel's unit, offsets from rest.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name
    meaning: Name = Field(description="What it says, in a few words; told to the language model.")
    kind: Kind = Field(description="gesture: moves once; expression: is held; prop, scene: a target's own.")
    stroke: Seconds = Field(0.0, description="Seconds from the start to the moment that must meet the word.")
    duration: Seconds | None = Field(None, description="Seconds it lasts; a held one without it holds until released.")
    cooldown: Seconds = Field(0.0, description="Seconds after its end before it may start again.")
    group: Name | None = Field(None, description="Exclusive group: a new member replaces the old (default: the kind).")
    replaces: tuple[str, ...] = Field((), description="Further groups whose members end when this begins.")
    minimum_hold: Seconds = Field(0.0, description="Seconds that a held pose stays at least (expression: 1.5).")
    fade_in: Seconds = Field(0.0, description="Seconds from nothing to the full pose (expression: 0.5).")
    fade_out: Seconds = Field(0.0, description="Seconds from the full pose to nothing (expression: 1.0).")
    weight: Share = Field(1.0, description="Share of the pose shown at strength 1 (expression: 0.8).")
    linger: Share = Field(0.0, description="Share left for some seconds after a release (expression: 0.4).")
    mirror: bool = Field(False, description="Left and right may be exchanged from play to play.")
    loop: tuple[Seconds, Seconds] | None = Field(
        None, description="[from, to]: the part that repeats while a duration lasts; equal times freeze the pose."
    )
    aliases: tuple[Name, ...] = Field((), description="Other names for it.")
    keyframes: dict[ChannelName, tuple[Key, ...]] = Field(
        default_factory=dict, description="channel = [[seconds, value], ...], offsets from rest."
    )
    channels: dict[ChannelName, Number] = Field(default_factory=dict, description="The pose that is held.")
    targets: dict[str, dict[str, TargetValue]] = Field(
        default_factory=dict, description="A target's own way of doing it, by target."
    )

    @property
    def exclusive(self) -> str:
        """The group within which a new action replaces the old: `group`, or its own name where it has none."""
        return self.group if self.group is not None else self.name

    @property
    def length(self) -> float:
        """Seconds of its keyframes, or its duration where that is longer; 0 for a pose that is simply held."""
        last = max((keys[-1][0] for keys in self.keyframes.values()), default=0.0)
        return max(last, self.duration or 0.0)

    @model_validator(mode="before")
    @classmethod
    def _gather(cls, data: Any, info: ValidationInfo) -> Any:
        """Move the targets' tables below `targets` and fill in what the kind gives."""
        if not isinstance(data, Mapping):
            return data
        known = (*TARGETS, *cast("Iterable[str]", (info.context or {}).get("targets", ())))
        fields: dict[str, Any] = {key: value for key, value in data.items() if key not in known}
        tables = {key: value for key, value in data.items() if key in known}
        if tables:
            fields["targets"] = {**fields.get("targets", {}), **tables}
        return {**_DEFAULTS.get(str(fields.get("kind")), {}), **fields}

    @field_validator("name", "aliases")
    @classmethod
    def _sayable(cls, value: str | tuple[str, ...]) -> str | tuple[str, ...]:
        for name in (value,) if isinstance(value, str) else value:
            if not name_key(name):
                raise PydanticCustomError("name", "expected a name with a letter or digit in it")
            if name_key(name) in RESERVED:
                text = f'"{name}" belongs to the script grammar; choose another name'
                raise PydanticCustomError("name", "{text}", {"text": text})
            if _BRACKETS & set(name):
                text = f'"{name}" cannot be written as a tag; leave out [ ] / = < > |'
                raise PydanticCustomError("name", "{text}", {"text": text})
        return value

    @field_validator("keyframes", "channels")
    @classmethod
    def _written_out(cls, value: dict[str, Any]) -> dict[str, Any]:
        """Write short names out as their channels; the narrower name stands: a hand, then a finger, then a joint."""
        channels: dict[str, Any] = {}
        for name in sorted((name for name in CURLS if name in value), key=lambda name: -len(CURLS[name])):
            content = {sign: _signed(value[name], sign) for sign in (1.0, -1.0)}
            channels |= {channel: content[sign] for channel, sign in CURLS[name].items()}
        for name in (name for name in value if name in PAIRS):
            channels |= dict.fromkeys(PAIRS[name], value[name])
        short = CURLS.keys() | PAIRS.keys()
        return {**channels, **{channel: content for channel, content in value.items() if channel not in short}}

    @model_validator(mode="after")
    def _check(self) -> Action:
        problems = [*self._content_problems(), *self._time_problems()]
        for channel, keys in self.keyframes.items():
            problems += _key_problems(channel, keys)
        for channel, value in self.channels.items():
            problems += [(("channels", channel), text) for text in _range_problem(channel, value)]
        if not problems:
            problems += self._loop_problems()
        if problems:
            raise _problem_list(problems)
        return self

    def _content_problems(self) -> Iterator[Problem]:
        if not (self.keyframes or self.channels or self.targets):
            what = "channels" if self.kind == "expression" else "keyframes"
            yield (), f"it does nothing: expected {what} or a table for a target (vts.hotkey, say)"
        if self.kind == "gesture" and self.channels:
            yield ("channels",), 'a gesture moves by keyframes; expected kind = "expression" for a held pose'

    def _time_problems(self) -> Iterator[Problem]:
        last = max((keys[-1][0] for keys in self.keyframes.values() if keys), default=None)
        if last is not None and self.duration is not None and last > self.duration + _TOLERANCE and not self.channels:
            yield ("duration",), f"the last key stands at {last:g} s, after the end at {self.duration:g} s"
        end = self.duration if self.duration is not None else last
        if end is not None and self.stroke > end + _TOLERANCE:
            yield ("stroke",), f"expected a moment within the action's {end:g} s, got {self.stroke:g}"

    def _loop_problems(self) -> Iterator[Problem]:
        if self.loop is None:
            return
        begin, end = self.loop
        if not self.keyframes:
            yield ("loop",), "there are no keyframes to repeat"
        elif not begin <= end <= self.length + _TOLERANCE or begin < self.stroke:
            yield (
                ("loop",),
                (
                    f"expected two times in order, from the stroke ({self.stroke:g}) to the end ({self.length:g}), "
                    f"got [{begin:g}, {end:g}]"
                ),
            )
        else:
            clip = Clip(self.keyframes)
            first, second = clip.at(begin), clip.at(end)
            for channel, value in first.items():
                span = CHANNELS[channel].high - CHANNELS[channel].low
                if abs(second[channel] - value) > 0.01 * span:
                    yield (
                        ("loop",),
                        (
                            f"{channel} is {value:.3g} where the loop begins and {second[channel]:.3g} where it ends; "
                            "expected the same value, or it would snap"
                        ),
                    )


def _signed(content: Any, sign: float) -> Any:
    """Return keys or a held value with the sign that the joint of one side takes."""
    if isinstance(content, float):
        return content * sign
    return tuple((at, value * sign) for at, value in content)


def _range_problem(channel: str, value: float) -> list[str]:
    low, high = CHANNELS[channel].low, CHANNELS[channel].high
    return [] if low <= value <= high else [f"expected {low:g} to {high:g}, got {value:g}"]


def _key_problems(channel: str, keys: tuple[tuple[float, float], ...]) -> Iterator[Problem]:
    path = ("keyframes", channel)
    if not keys:
        yield path, "expected at least one [seconds, value], got none"
    for (earlier, _), (later, _) in pairwise(keys):
        if later <= earlier:
            yield path, f"keyframes are out of order: {later:g} s follows {earlier:g} s; expected rising times"
    for at, value in keys:
        for text in _range_problem(channel, value):
            yield path, f"{text} at {at:g} s"
