"""What a VTube Studio model is, as data: hotkeys, expressions, Live2D parameters and what drives them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = [
    "HOTKEY_ACTIONS",
    "Animation",
    "ArtMeshGroup",
    "Binding",
    "Expression",
    "ExpressionTarget",
    "Hotkey",
    "Live2DParameter",
    "ModelDescription",
    "PhysicsGroup",
]

HOTKEY_ACTIONS = {
    "Unset": "No action set for hotkey",
    "TriggerAnimation": "Triggers an animation",
    "ChangeIdleAnimation": "Changes the idle animation",
    "ToggleExpression": "Toggles an expression",
    "RemoveAllExpressions": "Removes all expressions",
    "MoveModel": "Moves the Live2D model",
    "ChangeBackground": "Changes the background",
    "ReloadMicrophone": "Reloads the microphone",
    "ReloadTextures": "Reloads the textures",
    "CalibrateCam": "Calibrates the camera",
    "ChangeVTSModel": "Changes the VTS model",
    "TakeScreenshot": "Takes a screenshot",
    "ScreenColorOverlay": "Toggles the screen color overlay",
    "RemoveAllItems": "Removes all items",
    "ToggleItemScene": "Toggles an item scene",
    "DownloadRandomWorkshopItem": "Downloads a random workshop item",
    "ExecuteItemAction": "Executes a hotkey of a Live2D item",
    "ArtMeshColorPreset": "Loads an ArtMesh color preset",
    "ToggleTracker": "Toggles the tracker",
    "ToggleTwitchFeature": "Toggles a Twitch feature",
    "LoadEffectPreset": "Loads a post-processing preset",
    "ToggleLive2DEditorAPI": "Toggles the Live2D editor connection",
    "WebItemAction": "Triggers a web item action",
    "ToggleModelSound": "Toggles model and item sounds",
}
"""Every action a hotkey can have, with a description for people."""


@dataclass(frozen=True, slots=True)
class Hotkey:
    """One hotkey, in the order of the user interface."""

    hotkey_id: str
    """32 hex characters in real models."""
    name: str
    """May be empty: then only the ID triggers it."""
    action: str
    file: str = ""
    on_screen_button: int = -1
    """1..8, or -1 for none."""
    fade_seconds: float = 0.5
    deactivate_after_seconds: float | None = None
    deactivate_on_key_up: bool = False
    file_missing: bool = False
    """The file it names does not exist: triggering it is error 204."""
    position: tuple[float, float, float, float] | None = None
    """x, y, rotation (degrees) and size that a MoveModel hotkey goes to."""


@dataclass(frozen=True, slots=True)
class ExpressionTarget:
    """One Live2D parameter of an expression."""

    name: str
    value: float
    blend: Literal["Add", "Multiply", "Overwrite"] = "Add"


@dataclass(frozen=True, slots=True)
class Expression:
    """One `.exp3.json` file."""

    file: str
    targets: tuple[ExpressionTarget, ...] = ()

    @property
    def name(self) -> str:
        """The file name without its ending, as the API gives it."""
        return self.file.removesuffix(".exp3.json")


@dataclass(frozen=True, slots=True)
class Live2DParameter:
    """A parameter of the Live2D model."""

    name: str
    low: float
    high: float
    default: float = 0.0


@dataclass(frozen=True, slots=True)
class Binding:
    """How a tracking parameter (`source`, empty for none) drives a Live2D parameter (`target`)."""

    source: str
    target: str
    source_low: float
    source_high: float
    target_low: float
    target_high: float
    clamp: bool = True
    """Hold the input within its range; without it the line goes on."""
    smoothing: float = 0.0
    """0..100."""
    breathing: bool = False
    """Breathes by itself where it has no source."""


@dataclass(frozen=True, slots=True)
class PhysicsGroup:
    """A physics group with the multipliers that the user set (0..2)."""

    group_id: str
    name: str
    strength: float = 1.0
    wind: float = 1.0


@dataclass(frozen=True, slots=True)
class ArtMeshGroup:
    """A named group of ArtMeshes."""

    group_id: str
    name: str
    art_meshes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Animation:
    """A `.motion3.json` file: its length in seconds and its own events (time, text)."""

    file: str
    duration: float = 1.5
    events: tuple[tuple[float, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ModelDescription:
    """A whole model. It is data: write your own, take a sample, or read one from disk (`read_model`)."""

    name: str
    model_id: str
    """32 hex characters."""
    hotkeys: tuple[Hotkey, ...] = ()
    expressions: tuple[Expression, ...] = ()
    parameters: tuple[Live2DParameter, ...] = ()
    bindings: tuple[Binding, ...] = ()
    animations: tuple[Animation, ...] = ()
    idle_animation: str = ""
    art_meshes: tuple[str, ...] = ()
    art_mesh_tags: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """ArtMesh and its tags."""
    art_mesh_groups: tuple[ArtMeshGroup, ...] = ()
    physics_groups: tuple[PhysicsGroup, ...] = ()
    vts_file: str = ""
    icon_file: str = ""
    live2d_file: str = ""
    position: tuple[float, float, float, float] = (0.0, 0.0, 0.0, -70.0)
    """x, y, rotation in degrees and size when it is loaded."""

    @property
    def vts_model_name(self) -> str:
        """The `.vtube.json` file name."""
        return self.vts_file or f"{self.name}.vtube.json"

    @property
    def live2d_model_name(self) -> str:
        """The `.model3.json` file name."""
        return self.live2d_file or f"{self.name}.model3.json"

    def expression(self, file: str) -> Expression | None:
        """Return the expression with that file name, its folder left out on either side."""
        wanted = file.replace("\\", "/").rsplit("/", 1)[-1]
        for expression in self.expressions:
            if expression.file == file or expression.file.replace("\\", "/").rsplit("/", 1)[-1] == wanted:
                return expression
        return None
