"""The models that the simulated nizima LIVE can show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["SAMPLES", "Asset", "NizimaModel", "NizimaParameter"]


@dataclass(frozen=True, slots=True)
class NizimaParameter:
    """One Live2D parameter of a model."""

    id: str
    low: float
    high: float
    default: float = 0.0


@dataclass(frozen=True, slots=True)
class Asset:
    """A motion or an expression: what the user calls it, and its file."""

    name: str
    path: str


@dataclass(frozen=True, slots=True)
class NizimaModel:
    """One model on the screen."""

    id: str
    name: str
    parameters: tuple[NizimaParameter, ...]
    motions: tuple[Asset, ...] = ()
    expressions: tuple[Asset, ...] = ()
    hotkeys: frozenset[str] = frozenset()
    """Keys that the user has given something to do on this model."""


_STANDARD = (
    *(NizimaParameter(f"ParamAngle{axis}", -30, 30) for axis in "XYZ"),
    *(NizimaParameter(f"ParamBodyAngle{axis}", -10, 10) for axis in "XYZ"),
    *(NizimaParameter(f"ParamEye{side}Open", 0, 1.2, 1) for side in "LR"),
    *(NizimaParameter(f"ParamEye{side}Smile", 0, 1) for side in "LR"),
    *(NizimaParameter(f"ParamEyeBall{axis}", -1, 1) for axis in "XY"),
    *(NizimaParameter(f"ParamBrow{side}{what}", -1, 1) for side in "LR" for what in ("Y", "Form", "Angle")),
    NizimaParameter("ParamMouthForm", -1, 1),
    NizimaParameter("ParamMouthOpenY", 0, 1),
    NizimaParameter("ParamCheek", 0, 1),
    NizimaParameter("ParamBreath", 0, 1),
)

_FOLDER = "C:/Models"

SAMPLES: Mapping[str, NizimaModel] = MappingProxyType(
    {
        "natori": NizimaModel(
            "1",
            "Natori",
            _STANDARD,
            motions=(
                Asset("Wave", f"{_FOLDER}/natori/motions/wave.motion3.json"),
                Asset("お辞儀", f"{_FOLDER}/natori/motions/bow.motion3.json"),
            ),
            expressions=(
                Asset("Smile", f"{_FOLDER}/natori/exp/Smile.exp3.json"),
                Asset("Blushing", f"{_FOLDER}/natori/exp/Blushing.exp3.json"),
            ),
            hotkeys=frozenset({"F1", "Ctrl+1"}),
        ),
        "vowels": NizimaModel(
            "2", "Vowels", (*_STANDARD, *(NizimaParameter(f"Param{vowel}", 0, 1) for vowel in "AIUEO"))
        ),
        "bare": NizimaModel("3", "Bare", (NizimaParameter("ParamMouthOpenY", 0, 2),)),
    }
)
"""Models by name: natori (motions, expressions, hotkeys), vowels (a mouth shape each), bare (nothing but a mouth)."""
