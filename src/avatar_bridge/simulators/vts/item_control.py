"""Moving, animating, sorting and pinning items."""

from __future__ import annotations

from typing import TYPE_CHECKING

from avatar_bridge.simulators.vts.area import Answer
from avatar_bridge.simulators.vts.error_ids import ApiError
from avatar_bridge.simulators.vts.fields import Fields, JsonObject
from avatar_bridge.simulators.vts.item import Item, ItemMove
from avatar_bridge.simulators.vts.model import ModelDescription
from avatar_bridge.simulators.vts.session import Call

if TYPE_CHECKING:
    from avatar_bridge.simulators.vts.items import Items

__all__ = ["ItemControl"]

_MOVES = 64
_STOPS = 1024
_FADES = frozenset({"linear", "easeIn", "easeOut", "easeBoth", "overshoot", "zip"})
_ANGLES = frozenset({"RelativeToWorld", "RelativeToCurrentItemRotation", "RelativeToModel", "RelativeToPinPosition"})
_SIZES = frozenset({"RelativeToWorld", "RelativeToCurrentItemSize"})
_PINS = frozenset({"Provided", "Center", "Random"})
_SETS = frozenset({"Unchanged", "UseArtMeshID"})


class ItemControl:
    """The requests that change an item in the scene."""

    def __init__(self, items: Items) -> None:
        self._items = items

    def answers(self) -> dict[str, Answer]:
        """Return the requests that this part answers."""
        return {
            "ItemAnimationControlRequest": self._animate,
            "ItemMoveRequest": self._move,
            "ItemSortRequest": self._sort,
            "ItemPinRequest": self._pin,
        }

    def _find(self, fields: Fields, error_id: int) -> Item:
        instance = fields.text("itemInstanceID")
        item = self._items.instance(instance)
        if item is None:
            raise ApiError(error_id, instance[:100])
        return item

    def _animate(self, call: Call) -> JsonObject:
        fields = call.fields
        item = self._find(fields, 850)
        if item.file.kind == "Live2D":
            raise ApiError(851)
        rate, frame = fields.number("framerate", -1.0), fields.integer("frame", -1)
        set_stops, set_play = fields.flag("setAutoStopFrames"), fields.flag("setAnimationPlayState")
        if not item.file.animated and (rate != -1.0 or frame != -1 or set_stops or set_play):
            raise ApiError(854)
        stops = fields.integers("autoStopFrames") if set_stops else []
        if len(stops) > _STOPS:
            raise ApiError(853)
        for index in stops if frame == -1 else [*stops, frame]:
            if not 0 <= index < item.file.frames:
                raise ApiError(852, str(index))
        if rate != -1.0:
            item.rate = min(max(rate, 0.1), 120.0)
        if frame != -1:
            item.frame = float(frame)
        if set_stops:
            item.stops = frozenset(stops)
        if set_play:
            item.playing = fields.flag("animationPlayState")
        item.brightness = _unless_kept(fields.number("brightness", -1.0), item.brightness)
        item.opacity = _unless_kept(fields.number("opacity", -1.0), item.opacity)
        return {"frame": int(item.frame), "animationPlaying": item.file.animated and item.playing}

    def _move(self, call: Call) -> JsonObject:
        entries = call.fields.objects("itemsToMove")[:_MOVES]
        latest = {entry.text("itemInstanceID"): entry for entry in entries}
        rows = []
        for instance, entry in latest.items():
            error = self._move_one(instance, entry)
            rows.append({"itemInstanceID": instance, "success": error == -1, "errorID": error})
        return {"movedItems": rows}

    def _move_one(self, instance: str, entry: Fields) -> int:
        """Move one item; return the error number, -1 for none."""
        item = self._items.instance(instance)
        if item is None:
            return 900
        seconds = min(max(entry.number("timeInSeconds"), 0.0), 30.0)
        fade = entry.text("fadeMode", "linear") or "linear"
        if fade not in _FADES:
            return 901
        order = entry.integer("order", -1000)
        if order > -1000 and order != item.order:
            if self._items.studio.windows_open:
                return 903
            if order not in self._items.free_orders():
                return 902
            item.order = order
        keys = ("positionX", "positionY", "size", "rotation")
        wanted = [entry.number(key, -1000.0) for key in keys]
        old = item.place
        kept = [new if new > -1000 else was for new, was in zip(wanted, old, strict=True)]
        x, y, size, rotation = kept
        end = (min(x, 1000.0), min(y, 1000.0), min(max(size, 0.0), 1.0), min(rotation, 1e6))
        if entry.flag("setFlip"):
            item.flipped = entry.flag("flip")
        if seconds <= 0:
            item.move, item.place = None, end
        else:
            item.move = ItemMove(old, end, self._items.studio.now, seconds, fade)
        return -1

    def _sort(self, call: Call) -> JsonObject:
        fields = call.fields
        item = self._find(fields, 1250)
        live2d = item.file.kind == "Live2D"
        model = self._items.studio.models.current
        front, front_at = fields.text("setFrontOrder") or "Unchanged", fields.text("withinModelOrderFront")
        back, back_at = fields.text("setBackOrder") or "Unchanged", fields.text("withinModelOrderBack")
        split = fields.text("setSplitPoint") or "Unchanged"
        if front not in _SETS | {"UseSpecialID"}:
            raise ApiError(1251, front[:100])
        if live2d and (back not in _SETS | {"UseSpecialID"} or split not in _SETS):
            raise ApiError(1251, (split if split not in _SETS else back)[:100])
        if self._items.studio.windows_open:
            raise ApiError(1255)
        if front == "UseSpecialID" and front_at not in {"FullyInFront", "FullyInBack"}:
            raise ApiError(1252, front_at[:100])
        if live2d and back == "UseSpecialID" and back_at != "FullyInBack":
            raise ApiError(1253, back_at[:100])
        if live2d and split == "UseArtMeshID" and fields.text("splitAt") not in item.file.art_meshes:
            raise ApiError(1254, fields.text("splitAt")[:100])
        identity = self._items.studio.models.identity()
        return {
            "itemInstanceID": item.instance_id,
            "modelLoaded": identity["modelLoaded"],
            "modelID": identity["modelID"],
            "modelName": identity["modelName"],
            "loadedModelHadRequestedFrontLayer": _has_layer(model, front, front_at),
            "loadedModelHadRequestedBackLayer": live2d and _has_layer(model, back, back_at),
        }

    def _pin(self, call: Call) -> JsonObject:
        fields = call.fields
        item = self._find(fields, 1050)
        if fields.flag("pin"):
            self._pin_to(item, fields)
        else:
            item.pinned_model = item.pinned_mesh = ""
        pinned = bool(item.pinned_model)
        return {"isPinned": pinned, "itemInstanceID": item.instance_id, "itemFileName": item.file.name}

    def _pin_to(self, item: Item, fields: Fields) -> None:
        angle, size = fields.text("angleRelativeTo"), fields.text("sizeRelativeTo")
        kind = fields.text("vertexPinType")
        for value, known in ((angle, _ANGLES), (size, _SIZES), (kind, _PINS)):
            if value not in known:
                raise ApiError(1051, value[:100])
        info = fields.object("pinInfo")
        model, wanted = self._items.studio.models.current, info.text("modelID")
        if model is None or (wanted and wanted.lower() != model.model_id.lower()):
            raise ApiError(1052, wanted[:100])
        mesh = info.text("artMeshID")
        if mesh and mesh not in model.art_meshes:
            raise ApiError(1053, mesh[:100])
        if kind == "Provided":
            vertices = [info.integer(f"vertexID{number}", -1) for number in (1, 2, 3)]
            weights = [info.number(f"vertexWeight{number}") for number in (1, 2, 3)]
            if min(vertices) < 0 or not abs(sum(weights) - 1.0) <= 1e-3:
                raise ApiError(1054, "vertex IDs and weights that add up to 1 are needed.")
        item.move = None
        item.pinned_model = model.model_id
        item.pinned_mesh = mesh or self._items.studio.random.choice(model.art_meshes or ("",))


def _has_layer(model: ModelDescription | None, way: str, name: str) -> bool:
    if model is None or way == "Unchanged":
        return False
    return way == "UseSpecialID" or name in model.art_meshes


def _unless_kept(value: float, old: float) -> float:
    return old if value == -1.0 else min(max(value, 0.0), 1.0)
