"""How far each VTube Studio input has to go on one model: its rest, its full size, and what moves the body.

From the model's `.vtube.json`, else from a nudge that was read back, else from what most models have (counted over 20
public ones: the mouth is full at about half of MouthOpen in 11 of 19, the eyes' X is inverted in 18 of 18, neutral
MouthSmile and Brows are 0.5 and not 0).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.wire.vtube_json import ModelFile, Row

__all__ = ["DEFAULT", "NUDGE", "REST", "Calibration", "Span", "calibrate", "nudged"]


@dataclass(frozen=True, slots=True)
class Span:
    """An input's values at the amounts -1 (`low`), 0 (`rest`) and 1 (`high`)."""

    rest: float
    low: float
    high: float

    def at(self, amount: float) -> float:
        """Return the input's value at an amount from -1 to 1."""
        return self.rest + (amount * (self.high - self.rest) if amount >= 0 else amount * (self.rest - self.low))


@dataclass(frozen=True, slots=True)
class Calibration:
    """A span for every input, and the body channels that the model derives from the head."""

    spans: Mapping[str, Span]
    derived: frozenset[str]
    diagnostics: tuple[Diagnostic, ...] = ()


_SPANS = {
    "FaceAngleX": Span(0.0, -30.0, 30.0),
    "FaceAngleY": Span(0.0, -20.0, 20.0),
    "FaceAngleZ": Span(0.0, -30.0, 30.0),
    "FacePositionX": Span(0.0, -15.0, 15.0),
    "FacePositionY": Span(0.0, -15.0, 15.0),
    "FacePositionZ": Span(0.0, -10.0, 10.0),
    "EyeOpenLeft": Span(1.0, 0.0, 1.0),
    "EyeOpenRight": Span(1.0, 0.0, 1.0),
    "EyeLeftX": Span(0.0, 1.0, -1.0),
    "EyeRightX": Span(0.0, 1.0, -1.0),
    "EyeLeftY": Span(0.0, -1.0, 1.0),
    "EyeRightY": Span(0.0, -1.0, 1.0),
    "Brows": Span(0.5, 0.0, 1.0),
    "BrowLeftY": Span(0.5, 0.0, 1.0),
    "BrowRightY": Span(0.5, 0.0, 1.0),
    "MouthOpen": Span(0.0, 0.0, 0.7),
    "MouthSmile": Span(0.5, 0.0, 1.0),
    "VoiceVolumePlusMouthOpen": Span(0.0, 0.0, 0.7),
    "VoiceFrequencyPlusMouthSmile": Span(0.5, 0.0, 1.0),
}
_DERIVED = {"ParamBodyAngleX": "body_yaw", "ParamBodyAngleY": "body_pitch", "ParamBodyAngleZ": "body_roll"}

DEFAULT = Calibration(_SPANS, frozenset(_DERIVED.values()))
"""For a model of which nothing is known: nearly all derive the body from the head."""

_SIGNED = {
    "FaceAngleX": "ParamAngleX",
    "FaceAngleY": "ParamAngleY",
    "FaceAngleZ": "ParamAngleZ",
    "EyeLeftX": "ParamEyeBallX",
    "EyeRightX": "ParamEyeBallX",
    "EyeLeftY": "ParamEyeBallY",
    "EyeRightY": "ParamEyeBallY",
    "Brows": "ParamBrowLY",
    "BrowLeftY": "ParamBrowLY",
    "BrowRightY": "ParamBrowRY",
    "MouthSmile": "ParamMouthForm",
    "VoiceFrequencyPlusMouthSmile": "ParamMouthForm",
}
_MOUTHS = {"MouthOpen": "ParamMouthOpenY", "VoiceVolumePlusMouthOpen": "ParamMouthOpenY"}
_EYES = {"EyeOpenLeft": "ParamEyeLOpen", "EyeOpenRight": "ParamEyeROpen"}
_SMOOTH_MOUTH = 40.0


def calibrate(file: ModelFile | None) -> Calibration:
    """Return the spans of a model from its file (or the rows that a nudge gave); DEFAULT for None."""
    if file is None:
        return DEFAULT
    spans = dict(_SPANS)
    for name, target in _SIGNED.items():
        row = file.row(name, target)
        if row is not None:
            spans[name] = _signed(row, spans[name], degrees=name.startswith("FaceAngle"))
    for name, target in _MOUTHS.items():
        row = file.row(name, target)
        if row is not None:
            spans[name] = _weight(row, spans[name])
    for name, target in _EYES.items():
        row = file.row(name, target)
        if row is not None:
            spans[name] = _lid(row, spans[name])
    derived = frozenset(channel for target, channel in _DERIVED.items() if file.moves("FaceAngle", target))
    return Calibration(spans, derived, tuple(_warnings(file)))


def _signed(row: Row, known: Span, *, degrees: bool) -> Span:
    full = 30.0 if degrees else 1.0
    rest, low, high = row.source_at(0.0), row.source_at(-full), row.source_at(full)
    if rest is None or low is None or high is None or low == high:
        return known
    return Span(rest, low, high)


def _weight(row: Row, known: Span) -> Span:
    rest, high = row.source_at(0.0), row.source_at(1.0)
    if rest is None or high is None or rest == high:
        return known
    return Span(rest, rest, high)


def _lid(row: Row, known: Span) -> Span:
    closed, rest = row.source_at(0.0), row.source_at(1.0)
    if closed is None or rest is None or closed == rest:
        return known
    wide = row.source_high if abs(row.target_high) >= abs(row.target_low) else row.source_low
    return Span(rest, closed, wide)


def _warnings(file: ModelFile) -> list[Diagnostic]:
    found = [
        Diagnostic(
            f"The model {file.name!r} smooths its mouth by {row.smoothing:g} of 100: lip-sync lags and looks mumbled.",
            suggestion=f"In VTube Studio, set the smoothing of {row.source} -> {row.target} to 0..10.",
        )
        for row in file.rows
        if row.source in _MOUTHS and row.smoothing >= _SMOOTH_MOUTH
    ]
    if not any(row.source in {*_MOUTHS, "VoiceA", "JawOpen"} for row in file.rows) and file.rows:
        found.append(
            Diagnostic(
                f"No input of the model {file.name!r} moves its mouth: lip-sync cannot be seen.",
                suggestion="In VTube Studio, add a parameter MouthOpen -> ParamMouthOpenY to the model.",
            )
        )
    return found


REST: Mapping[str, float] = {name: span.rest for name, span in _SPANS.items()}
"""The pose before a nudge."""

NUDGE: Mapping[str, float] = {
    **REST,
    "FaceAngleX": 6.0,
    "FaceAngleY": 5.0,
    "FaceAngleZ": 6.0,
    "MouthOpen": 0.25,
    "VoiceVolumePlusMouthOpen": 0.25,
    "EyeOpenLeft": 0.5,
    "EyeOpenRight": 0.5,
}
"""A small pose whose effect tells a model's gains."""

_MOVED = 0.2  # of a degree: more than breathing and physics do to a body in half a second
_SEEN = 0.02


def nudged(model_id: str, before: Mapping[str, float], after: Mapping[str, float]) -> ModelFile:
    """Return the rows that explain how the model's parameters went from REST (`before`) to NUDGE (`after`).

    Only what two readings can tell: mouth and eye gains (taken as proportional) and whether the body follows the head.
    """
    rows: list[Row] = []
    for source, target in (*_MOUTHS.items(), *_EYES.items()):
        start, end = before.get(target), after.get(target)
        if start is None or end is None or abs(end - start) < _SEEN:
            continue
        gain = end / NUDGE[source]
        if 0.3 <= gain <= 4.0:
            rows.append(Row(source, target, 0.0, 1.0, 0.0, max(gain, 1.0 if source in _EYES else gain)))
    for target in _DERIVED:
        axis = target[-1]
        start, end = before.get(target), after.get(target)
        if start is not None and end is not None and abs(end - start) >= _MOVED:
            rows.append(Row(f"FaceAngle{axis}", target, -30.0, 30.0, -10.0, 10.0))
    return ModelFile(model_id, "", _angles() + tuple(rows), {})


def _angles() -> tuple[Row, ...]:
    limits: Sequence[tuple[str, float]] = (("X", 30.0), ("Y", 20.0), ("Z", 30.0))
    return tuple(Row(f"FaceAngle{axis}", f"ParamAngle{axis}", -limit, limit, -30.0, 30.0) for axis, limit in limits)
