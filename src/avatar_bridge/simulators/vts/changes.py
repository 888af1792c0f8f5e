"""What happens in the simulator, told line by line."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from avatar_bridge.simulators.vts.server import VTubeStudioSimulator

__all__ = ["changes"]


def changes(simulator: VTubeStudioSimulator, seen: dict[str, object]) -> list[str]:
    """Return a line for whatever changed since the last call; `seen` is the caller's memory, empty at first."""
    studio = simulator.studio
    now: dict[str, object] = {
        "sessions": tuple((session.number, session.claimed) for session in studio.sessions),
        "model": simulator.model.name if simulator.model is not None else "(none)",
        "expressions": simulator.active_expressions,
        "pop-up": simulator.popup.text if simulator.popup is not None else "",
        "hotkeys": len(simulator.hotkeys_fired),
        "violations": len(simulator.violations),
    }
    at = f"{studio.now - studio.started:9.2f} s"
    lines = []
    for key, value in now.items():
        if seen.get(key) == value or (not seen and not value):
            continue
        if key == "hotkeys":
            count = len(simulator.hotkeys_fired) - int(str(seen.get(key, 0)))
            fired = list(simulator.hotkeys_fired)[-count:]
            lines += [f"{at}  hotkey: {one.name or '(no name)'} {one.file}".rstrip() for one in fired]
        elif key == "violations":
            lines.append(f"{at}  violation: {simulator.violations[-1]}")
        elif isinstance(value, tuple):
            shown = ", ".join(" ".join(map(str, one)) if isinstance(one, tuple) else str(one) for one in value)
            lines.append(f"{at}  {key}: {shown or '-'}")
        else:
            lines.append(f"{at}  {key}: {value or '-'}")
    seen.clear()
    seen.update(now)
    return lines
