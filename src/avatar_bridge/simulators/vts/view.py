"""The terminal view: a face drawn in text, parameters as bars, hotkeys, sessions; needs the extra `view`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from avatar_bridge.simulators.vts.server import VTubeStudioSimulator

__all__ = ["draw_face", "draw_simulator"]

_WIDTH = 37
_BAR = 24
_SHOWN = (
    "FaceAngleX",
    "FaceAngleY",
    "FaceAngleZ",
    "FacePositionX",
    "EyeOpenLeft",
    "EyeOpenRight",
    "EyeRightX",
    "EyeRightY",
    "Brows",
    "MouthSmile",
    "MouthOpen",
    "VoiceVolumePlusMouthOpen",
)
_MOUTHS = (("‿‿‿", "───", "⌒⌒⌒"), ("╰─╯", "╶─╴", "╭─╮"))


def _ratio(values: Mapping[str, float], name: str, low: float, high: float, rest: float = 0.0) -> float:
    value = values.get(name, rest)
    return min(max((value - low) / (high - low), 0.0), 1.0)


def _eye(opened: float, smile: float) -> str:
    if opened < 0.1:
        return "︶" if smile > 0.6 else "—"
    return "◡" if opened < 0.35 else ("◉" if opened > 0.75 else "●")


def _brow(height: float) -> str:
    return "▔▔" if height > 0.66 else ("──" if height > 0.33 else "▁▁")


def _mouth(opened: float, form: float) -> list[str]:
    column = 0 if form > 0.6 else (1 if form > 0.35 else 2)
    if opened < 0.05:
        return [_MOUTHS[0][column]]
    if opened < 0.3:
        return [_MOUTHS[1][column]]
    if opened < 0.65:
        return ["╭───╮", "╰───╯"]
    return ["╭───╮", "│   │", "╰───╯"]


def draw_face(live2d: Mapping[str, float]) -> list[str]:
    """Return nine lines of a face from Live2D parameter values; the features shift with the head's direction."""
    right = round((_ratio(live2d, "ParamAngleX", -30, 30) - 0.5) * 12)
    down = round((0.5 - _ratio(live2d, "ParamAngleY", -30, 30)) * 2)
    tilt = round((_ratio(live2d, "ParamAngleZ", -30, 30) - 0.5) * 2)
    look = round((_ratio(live2d, "ParamEyeBallX", -1, 1) - 0.5) * 4)
    smile = live2d.get("ParamEyeLSmile", 0.0)
    middle = _WIDTH // 2 + right
    rows: list[list[str]] = [[" "] * _WIDTH for _ in range(9)]

    def put(line: int, column: int, text: str) -> None:
        for offset, letter in enumerate(text):
            at = column - len(text) // 2 + offset
            if 0 <= line < len(rows) and 0 <= at < _WIDTH:
                rows[line][at] = letter

    put(0, middle, "╭" + "─" * 21 + "╮")
    for line in range(1, 8):
        put(line, middle - 11, "│")
        put(line, middle + 11, "│")
    put(8, middle, "╰" + "─" * 21 + "╯")
    eyes = 3 + down
    for side, name in ((-5, "L"), (5, "R")):
        lean = tilt if side < 0 else -tilt
        opened = _ratio(live2d, f"ParamEye{name}Open", 0, 1, 1.0)
        put(eyes - 1 + lean, middle + side, _brow(_ratio(live2d, f"ParamBrow{name}Y", -1, 1)))
        put(eyes + lean, middle + side + look, _eye(opened, smile))
    form = _ratio(live2d, "ParamMouthForm", -1, 1)
    for line, text in enumerate(_mouth(live2d.get("ParamMouthOpenY", 0.0), form)):
        put(5 + down + line, middle, text)
    return ["".join(row) for row in rows]


def _bars(simulator: VTubeStudioSimulator) -> Table:
    table = Table.grid(padding=(0, 1))
    known = simulator.studio.parameters
    for name in (*_SHOWN, *list(known.custom)[:6]):
        parameter = known.defaults.get(name) or known.custom[name]
        value = known.value(name)
        part = _ratio({name: value}, name, parameter.low, parameter.high) if parameter.high > parameter.low else 0.0
        filled = round(part * _BAR)
        table.add_row(name, Text("█" * filled + "·" * (_BAR - filled), style="cyan"), f"{value:+8.3f}")
    return table


def _state(simulator: VTubeStudioSimulator) -> list[str]:
    model = simulator.model
    lines = [f"model        {model.name if model is not None else '(none)'}"]
    lines.append(f"sessions     {len(simulator.studio.sessions)} ({', '.join(simulator.plugins) or 'no plugin'})")
    lines.append(f"expressions  {', '.join(simulator.active_expressions) or '-'}")
    lines.append(f"playing      {', '.join(simulator.studio.hotkeys.playing) or '-'}")
    lines.append(f"face found   {'yes' if simulator.studio.parameters.face_found() else 'no'}")
    lines.append(f"frames       {len(simulator.frames)} injected, {len(simulator.requests)} requests")
    if simulator.popup is not None:
        lines.append(f"pop-up       {simulator.popup.text}")
    if simulator.violations:
        lines.append(f"violation    {simulator.violations[-1]}")
    lines += [
        f"hotkey       {fired.at - simulator.studio.started:8.2f} s  {fired.name or '(no name)'}  {fired.file}"
        for fired in list(simulator.hotkeys_fired)[-5:]
    ]
    return lines


def draw_simulator(simulator: VTubeStudioSimulator) -> RenderableType:
    """Return the whole view, for a rich console."""
    face = Panel(Text("\n".join(draw_face(simulator.live2d))), width=_WIDTH + 4, title="face")
    bars = Panel(_bars(simulator), title="tracking parameters")
    title = f"VTube Studio simulator · {simulator.url}"
    return Group(Text(title, style="bold"), Columns([face, bars]), Text("\n".join(_state(simulator))))
