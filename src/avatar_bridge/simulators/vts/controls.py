"""What a test or a person does to the simulated application, and what they can see of it."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from avatar_bridge.simulators.vts.hotkeys import FiredHotkey
from avatar_bridge.simulators.vts.item import Item
from avatar_bridge.simulators.vts.log import InjectedFrame
from avatar_bridge.simulators.vts.model import ModelDescription
from avatar_bridge.simulators.vts.popups import Popup, PopupKind

if TYPE_CHECKING:
    from avatar_bridge.simulators.vts.studio import Studio

__all__ = ["Controls"]


class Controls:
    """The user's side of the simulator; what it changes shows from the next render frame on."""

    studio: Studio

    @property
    def parameters(self) -> dict[str, float]:
        """The value of every tracking parameter, as of the last render frame."""
        return self.studio.parameters.values()

    @property
    def live2d(self) -> dict[str, float]:
        """The value of every Live2D parameter of the model: what its face shows."""
        return self.studio.live2d.values()

    @property
    def frames(self) -> deque[InjectedFrame]:
        """Every accepted injection, oldest first."""
        return self.studio.parameters.injection.frames

    @property
    def hotkeys_fired(self) -> deque[FiredHotkey]:
        """Every hotkey that was executed, oldest first."""
        return self.studio.hotkeys.fired

    @property
    def active_expressions(self) -> tuple[str, ...]:
        """The files of the expressions that are on."""
        return self.studio.expressions.active()

    @property
    def model(self) -> ModelDescription | None:
        """The model on the stage; None while none is loaded or one is loading."""
        return self.studio.models.current

    @property
    def items(self) -> tuple[Item, ...]:
        """The items in the scene."""
        return tuple(self.studio.items.scene)

    @property
    def tints(self) -> dict[str, tuple[int, ...]]:
        """The colour of every tinted ArtMesh."""
        return {name: tint.color for name, tint in self.studio.art_meshes.tints.items()}

    @property
    def popup(self) -> Popup | None:
        """The pop-up that has been open longest."""
        return self.studio.popups.open[0] if self.studio.popups.open else None

    @property
    def violations(self) -> deque[str]:
        """What clients did that the app only puts up with: wrong types, undocumented spellings."""
        return self.studio.violations

    @property
    def plugins(self) -> tuple[str, ...]:
        """The names of the authenticated plugins, a name for each session."""
        return tuple(session.plugin.name for session in self.studio.sessions if session.plugin is not None)

    def allow(self, kind: PopupKind | None = None) -> None:
        """Answer the oldest pop-up (of a kind) with yes; UsageError when none is open."""
        self.studio.popups.decide(True, kind)

    def deny(self, kind: PopupKind | None = None) -> None:
        """Answer the oldest pop-up (of a kind) with no; UsageError when none is open."""
        self.studio.popups.decide(False, kind)

    def revoke(self, plugin: str | None = None) -> int:
        """Take back the token of a plugin (of all without a name); return how many tokens there were."""
        return self.studio.authentication.revoke(plugin)

    def load_model(self, model: ModelDescription | str, instantly: bool = False) -> None:
        """Load a model by description, ID, name or file; it takes its 1.1 to 1.7 s unless `instantly`."""
        if isinstance(model, str):
            model = self.studio.models.find(model)
        elif model not in self.studio.models.available:
            self.studio.models.available.append(model)
        if instantly:
            self.studio.models.put(model)
        else:
            self.studio.models.begin(model)

    def unload_model(self) -> None:
        """Take the model off the stage."""
        self.studio.models.begin(None)

    def press_hotkey(self, name_or_id: str) -> None:
        """Press a hotkey on the keyboard; UsageError when the model has none of that name or ID."""
        self.studio.hotkeys.press(name_or_id)

    def set_expression(self, file: str, active: bool) -> None:
        """Switch an expression as the user does, without an event."""
        model = self.model
        expression = model.expression(file) if model is not None else None
        if expression is not None:
            self.studio.expressions.set(expression, active)

    def track(self, found: bool = True, **values: float) -> None:
        """Let a face tracker deliver these values from now on; without any it delivers nothing."""
        self.studio.parameters.tracker_found = found
        self.studio.parameters.tracker = dict(values)

    def open_windows(self, is_open: bool = True) -> None:
        """Open or close a window that keeps models, hotkeys and items from changing."""
        self.studio.windows_open = is_open

    def change_model_config(self, hotkeys: bool = True) -> None:
        """Tell that the user changed the model's settings."""
        identity = self.studio.models.identity()
        data = {"modelID": identity["modelID"], "modelName": identity["modelName"], "hotkeyConfigChanged": hotkeys}
        self.studio.events.emit("ModelConfigChangedEvent", data)

    def set_background(self, name: str) -> None:
        """Change the background."""
        self.studio.application.set_background(name)

    def connect_editor(self, connected: bool = True) -> None:
        """Connect the Live2D Cubism Editor, or disconnect it."""
        self.studio.events.editor_connected = connected
        self.studio.events.emit("Live2DCubismEditorConnectedEvent", self.studio.events.editor_state())

    def click(self, x: float, y: float, button: int = 0) -> None:
        """Click into the window at -1..1 each way; the two topmost ArtMeshes are hit where the model is."""
        studio, model = self.studio, self.model
        hit = studio.movement.contains(x, y)
        names = model.art_meshes[:2] if hit and model is not None else ()
        identity = studio.models.identity()
        width, height = studio.options.window
        data = {
            "modelLoaded": identity["modelLoaded"],
            "loadedModelID": identity["modelID"],
            "loadedModelName": identity["modelName"],
            "modelWasClicked": hit,
            "mouseButtonID": button,
            "clickPosition": {"x": x, "y": y},
            "windowSize": {"x": width, "y": height},
            "clickedArtMeshCount": len(names),
            "artMeshHits": [_hit(order, name, identity["modelID"]) for order, name in enumerate(names)],
        }
        studio.events.emit("ModelClickedEvent", data, lambda c: hit or c.get("onlyClicksOnModel", True) is False)


def _hit(order: int, name: str, model_id: str) -> dict[str, object]:
    corner: dict[str, object] = {f"vertexID{number}": number - 1 for number in (1, 2, 3)}
    weights = {"vertexWeight1": 0.25, "vertexWeight2": 0.25, "vertexWeight3": 0.5}
    info = {"modelID": model_id, "artMeshID": name, "angle": 0.0, "size": 1.0, **corner, **weights}
    return {"artMeshOrder": order, "isMasked": False, "hitInfo": info}
