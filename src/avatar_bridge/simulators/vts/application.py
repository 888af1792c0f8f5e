"""What concerns the application as a whole: its state, statistics, folders, lighting overlay and NDI."""

from __future__ import annotations

from typing import TYPE_CHECKING

from avatar_bridge.simulators.vts.area import Answer, Area
from avatar_bridge.simulators.vts.error_ids import ApiError
from avatar_bridge.simulators.vts.fields import JsonObject
from avatar_bridge.simulators.vts.session import Call

if TYPE_CHECKING:
    from avatar_bridge.simulators.vts.studio import Studio

__all__ = ["Application"]


class Application(Area):
    """State, statistics, folders, overlay colour, NDI, background."""

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio)
        self.background = "default_background"
        self.ndi: JsonObject = {
            "ndiActive": False,
            "useNDI5": True,
            "useCustomResolution": False,
            "customWidthNDI": 1024,
            "customHeightNDI": 512,
        }
        self._ndi_set_at = float("-inf")

    def answers(self) -> dict[str, Answer]:
        """Return the requests that this area answers."""
        return {
            "APIStateRequest": self._state,
            "StatisticsRequest": self._statistics,
            "VTSFolderInfoRequest": self._folders,
            "SceneColorOverlayInfoRequest": self._overlay,
            "NDIConfigRequest": self._ndi,
        }

    def set_background(self, name: str) -> None:
        """Change the background, as the user does."""
        self.background = name
        self.studio.events.emit("BackgroundChangedEvent", {"backgroundName": name})

    def _state(self, call: Call) -> JsonObject:
        return {
            "active": self.studio.api_active,
            "vTubeStudioVersion": self.studio.options.version,
            "currentSessionAuthenticated": call.session.authenticated,
        }

    def _statistics(self, _: Call) -> JsonObject:
        studio = self.studio
        width, height = studio.options.window
        return {
            "uptime": int((studio.now - studio.started) * 1000),
            "framerate": round(studio.fps),
            "vTubeStudioVersion": studio.options.version,
            "allowedPlugins": len(studio.authentication.store.tokens),
            "connectedPlugins": len(studio.sessions),
            "startedWithSteam": False,
            "windowWidth": width,
            "windowHeight": height,
            "windowIsFullscreen": False,
        }

    def _folders(self, _: Call) -> JsonObject:
        return {
            "models": "Live2DModels",
            "backgrounds": "Backgrounds",
            "items": "Items",
            "config": "Config",
            "logs": "Logs",
            "backup": "Backup",
        }

    def _overlay(self, _: Call) -> JsonObject:
        part = {"active": False, "colorR": 255, "colorG": 255, "colorB": 255}
        return {
            "active": False,
            "itemsIncluded": False,
            "isWindowCapture": False,
            "baseBrightness": 16,
            "colorBoost": 35,
            "smoothing": 6,
            "colorOverlayR": 255,
            "colorOverlayG": 255,
            "colorOverlayB": 255,
            "colorAvgR": 255,
            "colorAvgG": 255,
            "colorAvgB": 255,
            "leftCapturePart": dict(part),
            "middleCapturePart": dict(part),
            "rightCapturePart": dict(part),
        }

    def _ndi(self, call: Call) -> JsonObject:
        fields = call.fields
        setting = fields.flag("setNewConfig")
        if setting:
            if self.studio.now - self._ndi_set_at < self.studio.options.ndi_cooldown:
                raise ApiError(550)
            width, height = fields.integer("customWidthNDI", -1), fields.integer("customHeightNDI", -1)
            if (width, height) != (-1, -1):
                if not (256 <= width <= 8192 and 256 <= height <= 8192 and width % 16 == 0 and height % 8 == 0):
                    raise ApiError(551)
                self.ndi |= {"customWidthNDI": width, "customHeightNDI": height}
            self.ndi |= {key: fields.flag(key) for key in ("ndiActive", "useNDI5", "useCustomResolution")}
            self._ndi_set_at = self.studio.now
        return {"setNewConfig": setting, **self.ndi}
