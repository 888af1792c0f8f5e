"""Draw a motion map's actions as curves, to be looked at: `python scripts/plot_actions.py [MAP] --out DIR`.

Needs matplotlib, which the project itself does not: `pip install matplotlib`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib.pyplot as plt

from avatar_bridge.core.motion.action import Action
from avatar_bridge.core.motion.mixer import Mixer
from avatar_bridge.registry import read_map

RATE = 60
ANGLES = {
    "head_yaw": "C0",
    "head_pitch": "C3",
    "head_roll": "C2",
    "body_yaw": "C0",
    "body_pitch": "C3",
    "body_roll": "C2",
}
FACE = {
    "blink_left": "k",
    "blink_right": "0.6",
    "brow_left": "C4",
    "brow_right": "C9",
    "mouth_smile": "C1",
    "mouth_open": "C5",
    "gaze_x": "C0",
    "gaze_y": "C3",
    "eye_smile": "C8",
    "eye_wide": "C7",
    "cheek": "C6",
    "position_x": "c",
    "position_y": "g",
    "position_z": "m",
}


def curves(action: Action) -> dict[str, list[float]]:
    """Play the action once over an idle face and return each channel's values at 60 Hz."""
    mixer = Mixer()
    seconds = (action.length or 2.5) + 1.0 + (2.5 if action.channels else 0.0)
    frames = []
    for tick in range(int(seconds * RATE)):
        if tick == 0:
            mixer.play(action, stroke_at=action.stroke, now=0.0, cue=3)
        if action.channels and tick == int(2.5 * RATE):
            mixer.release(3, action.name, tick / RATE)
        frames.append(mixer.advance(tick / RATE, None).values)
    return {channel: [frame[channel] for frame in frames] for channel in (*ANGLES, *FACE)}


def draw(actions: list[Action], path: Path) -> None:
    """Draw up to eight actions on one sheet."""
    figure, axes = plt.subplots(len(actions), 2, figsize=(15, 2.3 * len(actions)), squeeze=False)
    for (left, right), action in zip(axes, actions, strict=True):
        values = curves(action)
        time = [tick / RATE for tick in range(len(values["head_yaw"]))]
        for axis, channels in ((left, ANGLES), (right, FACE)):
            for channel, colour in channels.items():
                if any(abs(value) > 1e-6 for value in values[channel]):
                    style = "--" if channel.startswith(("body", "position")) else "-"
                    axis.plot(time, values[channel], style, color=colour, lw=1.3, label=channel)
            axis.axvline(action.stroke, color="0.5", lw=0.8, ls=":")
            axis.axhline(0, color="0.8", lw=0.6)
            axis.legend(fontsize=6, loc="upper right", ncol=2)
        left.set_ylim(-20, 20)
        right.set_ylim(-1.05, 1.05)
        left.set_title(f"{action.name}: {action.meaning}", fontsize=9, loc="left")
    figure.tight_layout()
    figure.savefig(path, dpi=70)
    plt.close(figure)


def main() -> None:
    """Write one PNG for every eight actions."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("map", nargs="?", default="any_vts_model")
    parser.add_argument("--out", type=Path, default=Path("build/actions"))
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    actions = list(read_map(arguments.map).actions.values())
    for first in range(0, len(actions), 8):
        draw(actions[first : first + 8], arguments.out / f"actions_{first:02d}.png")


if __name__ == "__main__":
    main()
