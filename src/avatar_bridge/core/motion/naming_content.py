"""What an expression shows, told from the Live2D parameters that it sets; for expressions whose names say nothing.

The rules fit the vendor's public samples. Four in ten real expressions set standard parameters; anger against
sadness is the weak pair.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from avatar_bridge.core.motion.naming import Lexicon, Match

__all__ = ["classify", "opens_mouth"]

_MOUTH = ("ParamMouthOpenY", "ParamMouthOpen", "PARAM_MOUTH_OPEN_Y")
_Values = Mapping[str, float]
_Rule = tuple[str, str, float, str, Callable[[_Values], bool]]


def opens_mouth(parameters: Mapping[str, float]) -> bool:
    """Return whether an expression moves the mouth itself, so that lip-sync is distorted while it is on."""
    return any(abs(parameters.get(name, 0.0)) > 0.05 for name in _MOUTH)


def classify(parameters: Mapping[str, float], lexicon: Lexicon | None = None) -> Match | None:
    """Return what an expression with these parameters most likely shows, or None.

    With a lexicon, the name of a single parameter that the maker named (`ParamTear`) counts too.
    """
    if not parameters:
        return None
    values = {_standard(name): value for name, value in parameters.items()}
    for concept, kind, confidence, reason, holds in _RULES:
        if holds(values):
            return Match(concept, kind, confidence, f"content: {reason}")
    moved = [name for name, value in parameters.items() if abs(value) > 0.05]
    if lexicon is not None and len(moved) == 1:
        match = lexicon.match(_standard(moved[0]))
        if match is not None and not match.inverse:
            return Match(match.concept, match.kind, 0.5, f"content: it sets {moved[0]}")
    return None


def _standard(name: str) -> str:
    """Return a parameter's name without its prefix, Cubism 2's PARAM_EYE_L_SMILE as EyeLSmile."""
    if name.startswith("PARAM_"):
        return "".join(part.capitalize() for part in name[6:].split("_"))
    return name.removeprefix("Param")


def _eyes(values: _Values, low: float, high: float) -> bool:
    found = [values[name] for name in ("EyeLOpen", "EyeROpen") if name in values]
    return len(found) == 2 and all(low <= value <= high for value in found)


def _smiling(values: _Values) -> bool:
    return values.get("EyeLSmile", 0.0) >= 0.5 and values.get("EyeRSmile", 0.0) >= 0.5


def _mean(values: _Values, *names: str) -> float:
    found = [values[name] for name in names if name in values]
    return sum(found) / len(found) if found else 0.0


def _frowning(values: _Values) -> bool:
    brows = _mean(values, "BrowLAngle", "BrowRAngle", "BrowLForm", "BrowRForm")
    return brows <= -0.25 and values.get("MouthForm", 0.0) < 0.0


def _wink(values: _Values) -> bool:
    left, right = values.get("EyeLOpen"), values.get("EyeROpen")
    shut = [value is not None and (value <= -0.5 or value == 0.0) for value in (left, right)]
    opened = [value is None or value >= 0.5 for value in (left, right)]
    return (shut[0] and opened[1]) or (shut[1] and opened[0])


def _shut(values: _Values) -> bool:
    """Eyes lowered by an addition, or by nothing else than a zero; zeros among other zeros are a neutral face."""
    lowered = _eyes(values, -2.0, -0.5)
    return (
        lowered
        or (_eyes(values, 0.0, 0.05) and any(abs(value) > 0.05 for value in values.values()))
        or (_eyes(values, 0.0, 0.05) and len(values) <= 2)
    )


_RULES: tuple[_Rule, ...] = (
    ("happy", "expression", 0.75, "smiling eyes, shut", lambda v: _smiling(v) and (_shut(v) or _eyes(v, -2, 0.3))),
    ("smile", "expression", 0.7, "smiling eyes", _smiling),
    (
        "blush",
        "face_overlay",
        0.75,
        "red cheeks",
        lambda v: max(v.get("Cheek", 0.0), v.get("Tere", 0.0)) >= 0.5,
    ),
    ("star_eyes", "face_overlay", 0.5, "an effect in the eyes", lambda v: abs(v.get("EyeEffect", 0.0)) >= 0.5),
    (
        "surprised",
        "expression",
        0.7,
        "eyes wide or pupils small",
        lambda v: _eyes(v, 1.05, 4.0) or v.get("EyeBallForm", 0.0) <= -0.3,
    ),
    (
        "angry",
        "expression",
        0.5,
        "brows down and together, mouth down (anger and sadness are hard to tell)",
        lambda v: _frowning(v) and abs(_mean(v, "BrowLX", "BrowRX")) >= 0.1,
    ),
    ("sad", "expression", 0.45, "brows and mouth down (sadness and anger are hard to tell)", _frowning),
    ("wink", "expression", 0.6, "one eye shut", _wink),
    ("closed_eyes", "expression", 0.65, "eyes shut", _shut),
    ("pout", "expression", 0.6, "cheeks puffed", lambda v: v.get("CheekPuff", 0.0) >= 0.5),
    ("tongue_out", "face_overlay", 0.6, "tongue out", lambda v: v.get("TongueOut", v.get("Tongue", 0.0)) >= 0.5),
    ("smile", "expression", 0.5, "mouth corners up", lambda v: v.get("MouthForm", 0.0) >= 0.3),
    ("sad", "expression", 0.4, "mouth corners down", lambda v: v.get("MouthForm", 0.0) <= -0.3),
    ("neutral", "expression", 0.6, "nothing is moved", lambda v: all(abs(value) <= 0.05 for value in v.values())),
)
