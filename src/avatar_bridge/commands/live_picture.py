"""The picture of what happens on stage; needs the extra `view`."""

from __future__ import annotations

import re

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from avatar_bridge.assembly import Bridge
from avatar_bridge.commands.finding import in_words
from avatar_bridge.commands.live_view import word_of
from avatar_bridge.core.timeline.timeline import Timeline
from avatar_bridge.core.vocabulary import MouthShape
from avatar_bridge.stage.body import Fired

__all__ = ["Picture", "drawing"]

_RATE = 15
_ACTIONS = 5
_BAR = 16
_BEFORE, _AFTER = 200, 200
_LINE = re.compile(r"\n+")
_STATUS_STYLES = {"ready": "green", "waiting": "yellow", "connecting": "yellow", "unreachable": "red", "refused": "red"}


def drawing(picture: Picture) -> Live | None:
    """Return what draws the picture on stderr while it is entered; None where stderr is no terminal."""
    console = Console(stderr=True)
    if not console.is_terminal or console.is_dumb_terminal:
        return None
    return Live(get_renderable=picture.render, console=console, refresh_per_second=_RATE, transient=False)


class Picture:
    """Draws one picture of the bridge as it was at the last look.

    Looking is for the bridge's own thread: its speaker, voice and drivers are asked. Drawing may be for another, such
    as the terminal's refresh thread.
    """

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge
        self._last: Timeline | None = None
        self._heard = 0.0
        self.look()

    def look(self) -> None:
        """Take note of how the bridge is now."""
        stage = self._bridge.stage
        timeline = self._bridge.timeline
        if timeline is not None:
            self._last = timeline
            self._heard = max(stage.heard() or 0.0, 0.0)
        self._bodies = [(body.driver.name, body.driver.state, tuple(body.fired)) for body in stage.bodies]
        self._told = [*self._bridge.notes[-2:], *self._bridge.troubles[-2:]]

    def render(self) -> RenderableType:
        """Return the picture as it was at the last look."""
        shown = self._last
        if shown is None:
            return Group(Text("getting ready …", style="dim"), self._targets(), self._notes())
        title = f"{self._heard:6.2f} s of {shown.duration:.2f} s{'' if shown.closed else ' so far'}"
        speech = Panel(_words(shown, self._heard), title=title, title_align="left", border_style="cyan", padding=(0, 1))
        fired = sorted((item for _, _, latest in self._bodies for item in latest), key=_due)
        return Group(
            speech, _mouth(shown.mouth_at(self._heard)), _actions(fired, shown), self._targets(), self._notes()
        )

    def _targets(self) -> RenderableType:
        """Return a line a target, and below it what its driver says."""
        text = Text()
        for name, state, fired in self._bodies:
            lates = [item.late_ms for item in fired]
            parts = [
                f"answers in {state.latency_ms:.1f} ms" if state.latency_ms is not None else "",
                f"latest action {lates[-1]:.1f} ms late" if lates else "",
                f"{state.sent_frames} frames" if state.sent_frames else "",
                f"{state.dropped_frames} dropped" if state.dropped_frames else "",
            ]
            text.append(name, style="bold")
            text.append(f"  {state.status}", style=_STATUS_STYLES.get(state.status, "dim"))
            text.append("".join(f", {part}" for part in parts if part) + "\n")
            if state.detail:
                text.append(f"  {state.detail}\n", style="dim")
        text.rstrip()
        return text

    def _notes(self) -> RenderableType:
        return Text("\n".join(map(in_words, self._told)), style="yellow")


def _due(fired: Fired) -> float:
    return fired.due


def _words(timeline: Timeline, heard: float) -> Text:
    """Return the speech around the word that is heard, from the start of its line or a sentence before."""
    speech = timeline.speech
    current = None
    for word in timeline.words:
        if word.at > heard:
            break
        current = word
    at = current.char if current else 0
    first = max((match.end() for match in _LINE.finditer(speech, max(0, at - _BEFORE), at)), default=0)
    if first == 0 and at > _BEFORE:
        first = speech.find(" ", at - _BEFORE) + 1
    last = speech.find(" ", at + _AFTER)
    text = Text(speech[first : last if last > 0 else len(speech)], style="dim")
    if current:
        text.stylize("not dim", 0, at - first)
        if heard < current.at + current.duration + 0.1:
            text.stylize("bold reverse cyan", at - first, at - first + len(current.text))
    return text


def _mouth(shape: MouthShape) -> Text:
    width = round(shape.open * _BAR)
    vowels = {"aa": shape.aa, "ih": shape.ih, "ou": shape.ou, "ee": shape.ee, "oh": shape.oh}
    vowel = max(vowels, key=lambda name: vowels[name]) if max(vowels.values()) > 0.05 else ""
    side = (_BAR - width) // 2
    rest = _BAR - width - side
    return Text.assemble(("mouth  ", "dim"), " " * side, ("█" * width or "─", "magenta"), " " * rest, f"  {vowel:2}")


def _actions(fired: list[Fired], timeline: Timeline) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    for item in fired[-_ACTIONS:]:
        how = "its own" if item.native else "by channels"
        name = Text(f" {item.action} ", style="bold black on bright_yellow")
        table.add_row(f"{item.due:7.2f} s", name, word_of(timeline, item), Text(f"{item.driver}, {how}", style="dim"))
    return table
