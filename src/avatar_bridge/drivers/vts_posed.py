"""Which of VTube Studio's parameters a frame sets, and to what."""

from __future__ import annotations

from collections.abc import Mapping

from avatar_bridge.wire.vts import Injection, finite
from avatar_bridge.wire.vts_errors import named
from avatar_bridge.wire.vts_parameters import Rendering

__all__ = ["Posed"]


class Posed:
    """The model's parameters and those held over them, but for those that the app lacks or that another plugin owns."""

    def __init__(self) -> None:
        self._rendering = Rendering()
        self._held: dict[str, float] = {}
        self._unknown: set[str] = set()
        self._foreign: dict[str, float] = {}
        self._injection: Injection | None = None
        self._rebuild()

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters that a frame sets."""
        return self._injection.names if self._injection is not None else ()

    @property
    def yielding(self) -> bool:
        """True while a parameter is left to another plugin."""
        return bool(self._foreign)

    def use(self, rendering: Rendering) -> None:
        """Render for another model, which may have what the one before had not."""
        self._rendering = rendering
        self._unknown.clear()
        self._foreign.clear()
        self._rebuild()

    def hold(self, values: Mapping[str, float]) -> None:
        """Hold parameters over the frames' own values; an empty mapping ends it."""
        if values != self._held:
            self._held = dict(values)
            self._rebuild()

    def request(self, number: str, channels: Mapping[str, float]) -> str | None:
        """Return the text of the request that sets a frame; None where there is nothing to set."""
        if self._injection is None:
            return None
        table = self._table(channels)
        return self._injection.text(number, [table[name] for name in self._injection.names])

    def value(self, name: str, channels: Mapping[str, float]) -> float:
        """Return what one parameter is to be set to."""
        return finite(self._table(channels).get(name, 0.0), 0.0)

    def drop(self, name: str) -> None:
        """Leave out a parameter that this app does not have."""
        self._unknown.add(name)
        self._rebuild()

    def leave(self, name: str, until: float) -> None:
        """Leave a parameter to the plugin that owns it; `until` is when it is worth another try."""
        self._foreign[name] = until
        self._rebuild()

    def regain(self, name: str) -> bool:
        """Set a parameter again that no other plugin owns any more; False where it was not left to one."""
        if self._foreign.pop(name, None) is None:
            return False
        self._rebuild()
        return True

    def worth_trying(self, now: float) -> list[str]:
        """Return the parameters of other plugins that are worth another try."""
        return [name for name, until in self._foreign.items() if until <= now]

    def lacks(self, text: str) -> bool:
        """Return whether a refusal names what is left out by now: it answers an older frame."""
        return named(text, self._unknown | set(self._foreign)) is not None

    def _table(self, channels: Mapping[str, float]) -> dict[str, float]:
        return dict(zip(self._rendering.names, self._rendering.values(channels), strict=True)) | self._held

    def _rebuild(self) -> None:
        left_out = self._unknown | set(self._foreign)
        wanted = dict.fromkeys((*self._rendering.names, *self._held))
        names = [name for name in wanted if name not in left_out]
        self._injection = Injection(names) if names else None
