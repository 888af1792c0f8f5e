"""Loading, unloading and listing models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from avatar_bridge.errors import UsageError
from avatar_bridge.simulators.vts.area import Answer, Area
from avatar_bridge.simulators.vts.error_ids import ApiError
from avatar_bridge.simulators.vts.fields import JsonObject
from avatar_bridge.simulators.vts.model import ModelDescription
from avatar_bridge.simulators.vts.session import Call

if TYPE_CHECKING:
    from avatar_bridge.simulators.vts.studio import Studio

__all__ = ["Models"]


class Models(Area):
    """The models on the disk, and the one on the stage."""

    def __init__(self, studio: Studio, available: Sequence[ModelDescription]) -> None:
        super().__init__(studio)
        self.available = list(available)
        self.current: ModelDescription | None = self.available[0] if self.available else None
        self.loading: ModelDescription | None = None
        self.loaded_at = studio.now
        self.load_ms = 1300 if self.current is not None else 0
        self._done_at = 0.0
        self._requested_at = float("-inf")

    def answers(self) -> dict[str, Answer]:
        """Return the requests that this area answers."""
        return {
            "CurrentModelRequest": self._current,
            "AvailableModelsRequest": self._list,
            "ModelLoadRequest": self._load,
        }

    def find(self, wanted: str) -> ModelDescription:
        """Return the model with that ID, name or file; UsageError names those there are."""
        for model in self.available:
            if wanted in {model.model_id, model.name, model.vts_model_name}:
                return model
        names = ", ".join(model.name for model in self.available) or "none"
        raise UsageError(f"no model {wanted!r} in the simulator: there are {names}")

    def identity(self) -> JsonObject:
        """Return modelLoaded, modelName and modelID as many answers have them."""
        model = self.current
        if model is None:
            return {"modelLoaded": False, "modelName": "", "modelID": ""}
        return {"modelLoaded": True, "modelName": model.name, "modelID": model.model_id}

    def begin(self, model: ModelDescription | None) -> None:
        """Take the current model off the stage and start loading another, if any."""
        self._unload()
        if model is not None:
            low, high = self.studio.options.model_load_seconds
            self._done_at = self.studio.now + self.studio.random.uniform(low, high)
            self.load_ms = round((self._done_at - self.studio.now) * 1000)
            self.loading = model

    def advance(self) -> None:
        """Finish loading when its time has come."""
        if self.loading is not None and self.studio.now >= self._done_at:
            self.put(self.loading)

    def put(self, model: ModelDescription) -> None:
        """Set a model on the stage at once."""
        if self.current is not None:
            self._unload()
        self.loading, self.current, self.loaded_at = None, model, self.studio.now
        self.studio.movement.reset()
        self._tell(model, True)

    def _unload(self) -> None:
        old, self.current, self.loading = self.current, None, None
        self.studio.hotkeys.model_gone()
        self.studio.physics.model_gone()
        self.studio.art_meshes.model_gone()
        if old is not None:
            self._tell(old, False)

    def _tell(self, model: ModelDescription, loaded: bool) -> None:
        def wanted(config: JsonObject) -> bool:
            only = config.get("modelID")
            return not isinstance(only, list) or not only or model.model_id.lower() in [str(i).lower() for i in only]

        data = {"modelLoaded": loaded, "modelName": model.name, "modelID": model.model_id}
        self.studio.events.emit("ModelLoadedEvent", data, wanted)

    def _current(self, _: Call) -> JsonObject:
        model = self.current
        shown = model or ModelDescription("", "", vts_file=" ", live2d_file=" ")
        return {
            **self.identity(),
            "vtsModelName": shown.vts_model_name.strip(),
            "vtsModelIconName": shown.icon_file,
            "live2DModelName": shown.live2d_model_name.strip(),
            "modelLoadTime": self.load_ms if model else 0,
            "timeSinceModelLoaded": int((self.studio.now - self.loaded_at) * 1000) if model else 0,
            "numberOfLive2DParameters": len(shown.parameters),
            "numberOfLive2DArtmeshes": len(shown.art_meshes),
            "hasPhysicsFile": bool(shown.physics_groups),
            "numberOfTextures": 1 if model else 0,
            "textureResolution": 4096 if model else 0,
            "modelPosition": self.studio.movement.position() if model else _NOWHERE,
        }

    def _list(self, _: Call) -> JsonObject:
        rows = [
            {
                "modelLoaded": model is self.current,
                "modelName": model.name,
                "modelID": model.model_id,
                "vtsModelName": model.vts_model_name,
                "vtsModelIconName": model.icon_file,
            }
            for model in self.available
        ]
        return {"numberOfModels": len(rows), "availableModels": rows}

    def _load(self, call: Call) -> JsonObject | None:
        if not call.fields.has("modelID"):
            raise ApiError(150)
        wanted = call.fields.data["modelID"]
        if not isinstance(wanted, str):
            raise ApiError(151)
        model = next((model for model in self.available if model.model_id.lower() == wanted.lower()), None)
        if wanted and model is None:
            raise ApiError(152)
        if self.studio.now - self._requested_at < self.studio.options.model_load_cooldown:
            raise ApiError(153)
        if self.studio.windows_open or self.loading is not None:
            raise ApiError(154)
        self._requested_at = self.studio.now
        call.answer({"modelID": wanted})
        self.begin(model)
        return None


_NOWHERE: JsonObject = {"positionX": 0.0, "positionY": 0.0, "rotation": 0.0, "size": 0.0}
