"""The item scene: listing, loading and unloading items."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from avatar_bridge.simulators.vts.area import Answer, Area
from avatar_bridge.simulators.vts.error_ids import ApiError
from avatar_bridge.simulators.vts.fields import Fields, JsonObject
from avatar_bridge.simulators.vts.images import decode_base64, image_kind_and_size
from avatar_bridge.simulators.vts.item import SAMPLE_ITEMS, Item, ItemFile
from avatar_bridge.simulators.vts.item_control import ItemControl
from avatar_bridge.simulators.vts.session import Call, Session

if TYPE_CHECKING:
    from avatar_bridge.simulators.vts.studio import Studio

__all__ = ["Item", "Items"]

_ALLOWED = 60
_ORDERS = tuple(order for order in range(-30, 31) if order != 0)
_PROMPTS = 6
_CUSTOM_BYTES = 5 * 1024 * 1024
_CUSTOM_NAME = re.compile(r"[A-Za-z0-9-]+\.(jpg|png|gif)")
_RANGES = {"size": (0.0, 1.0), "positionX": (-1000.0, 1000.0), "positionY": (-1000.0, 1000.0)}
_MORE_RANGES = {"fadeTime": (0.0, 2.0), "smoothing": (0.0, 1.0)}


class Items(Area):
    """All items in the scene, at most one for each order."""

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio)
        self.files: list[ItemFile] = list(SAMPLE_ITEMS)
        self.scene: list[Item] = []
        self._control = ItemControl(self)
        self._whitelist: set[tuple[str, str]] = set()
        self._at = studio.now

    def answers(self) -> dict[str, Answer]:
        """Return the requests that this area answers."""
        return {
            "ItemListRequest": self._list,
            "ItemLoadRequest": self._load,
            "ItemUnloadRequest": self._unload,
            **self._control.answers(),
        }

    def file(self, name: str) -> ItemFile | None:
        """Return the item file of that name; case counts."""
        return next((file for file in self.files if file.name == name), None)

    def instance(self, instance_id: str) -> Item | None:
        """Return the item in the scene with that instance ID."""
        return next((item for item in self.scene if item.instance_id == instance_id), None)

    def free_orders(self) -> list[int]:
        """Return the orders that no item takes."""
        taken = {item.order for item in self.scene}
        return [order for order in _ORDERS if order not in taken]

    def advance(self) -> None:
        """Move and animate what moves."""
        step, self._at = self.studio.now - self._at, self.studio.now
        for item in self.scene:
            item.advance(self.studio.now, step)

    def left(self, session: Session) -> None:
        """Remove the items that go with the session."""
        for item in tuple(self.scene):
            if item.session == session.number:
                self._remove(item)

    def clear(self) -> None:
        """Remove every item."""
        for item in tuple(self.scene):
            self._remove(item)

    def tell(self, item: Item, kind: str) -> None:
        """Send an ItemEvent."""

        def wanted(config: JsonObject) -> bool:
            ids, names = config.get("itemInstanceIDs") or [], config.get("itemFileNames") or []
            if not isinstance(ids, list) or not isinstance(names, list) or not (ids or names):
                return True
            return item.instance_id in ids or any(isinstance(n, str) and n in item.file.name for n in names)

        data = {
            "itemEventType": kind,
            "itemInstanceID": item.instance_id,
            "itemFileName": item.file.name,
            "itemPosition": {"x": item.place[0], "y": item.place[1]},
        }
        self.studio.events.emit("ItemEvent", data, wanted)

    def _remove(self, item: Item) -> None:
        self.scene.remove(item)
        self.tell(item, "Removed")

    def _list(self, call: Call) -> JsonObject:
        fields = call.fields
        name, instance = fields.text("onlyItemsWithFileName"), fields.text("onlyItemsWithInstanceID")
        shown = [
            item
            for item in self.scene
            if (not name or item.file.name == name) and (not instance or item.instance_id == instance)
        ]
        files = [file for file in self.files if not name or file.name == name]
        return {
            "itemsInSceneCount": len(self.scene),
            "totalItemsAllowedCount": _ALLOWED,
            "canLoadItemsRightNow": not self.studio.windows_open,
            "availableSpots": self.free_orders() if fields.flag("includeAvailableSpots") else [],
            "itemInstancesInScene": [_row(i) for i in shown] if fields.flag("includeItemInstancesInScene") else [],
            "availableItemFiles": [self._file_row(file) for file in files]
            if fields.flag("includeAvailableItemFiles")
            else [],
        }

    def _file_row(self, file: ItemFile) -> JsonObject:
        count = sum(item.file.name == file.name for item in self.scene)
        return {"fileName": file.name, "type": file.kind, "loadedCount": count}

    def _load(self, call: Call) -> None:
        fields = call.fields
        name = fields.text("fileName")
        if not name:
            raise ApiError(750)
        custom = fields.text("customDataBase64")
        if custom and not self.studio.authentication.granted(call.session, "LoadCustomImagesAsItems"):
            raise ApiError(9, "LoadCustomImagesAsItems")
        known = None if custom else self.file(name)
        if not custom and known is None:
            raise ApiError(751, name[:100])
        for key, (low, high) in (_RANGES | _MORE_RANGES).items():
            if not low <= fields.number(key) <= high:
                raise ApiError(757, f"{key} has to be between {low:g} and {high:g}.")
        if self.studio.windows_open:
            raise ApiError(753)
        order = self._free_order(fields)
        if known is not None:
            call.answer(self._put(call, known, order))
            return
        self._load_custom(call, name, custom, order)

    def _free_order(self, fields: Fields) -> int:
        wanted, free = fields.integer("order", 1), self.free_orders()
        if not free or len(self.scene) >= _ALLOWED:
            raise ApiError(754)
        if wanted in free:
            return wanted
        if fields.flag("failIfOrderTaken"):
            raise ApiError(756 if wanted in _ORDERS else 755, str(wanted))
        higher = [order for order in free if order > wanted]
        return higher[0] if higher else free[-1]

    def _put(self, call: Call, file: ItemFile, order: int) -> JsonObject:
        fields, session = call.fields, call.session
        x, y = fields.number("positionX"), fields.number("positionY")
        item = Item(
            instance_id=self.studio.new_id(),
            file=file,
            order=order,
            place=(x, y, fields.number("size", 0.32), fields.number("rotation")),
            owner=session.plugin,
            session=session.number if fields.flag("unloadWhenPluginDisconnects") else None,
            smoothing=fields.number("smoothing"),
            censored=fields.flag("censored"),
            flipped=fields.flag("flipped"),
            locked=fields.flag("locked"),
            rate=file.rate,
        )
        self.scene.append(item)
        self.tell(item, "Added")
        return {"instanceID": item.instance_id, "fileName": file.name}

    def _load_custom(self, call: Call, name: str, text: str, order: int) -> None:
        data = decode_base64(text)
        image = None if data is None else image_kind_and_size(data)
        if data is None or image is None:
            raise ApiError(758, "it is no PNG, JPG or GIF in base64.")
        kind, width, height = image
        if not (64 <= width <= 2048 and 64 <= height <= 2048) or len(data) >= _CUSTOM_BYTES:
            raise ApiError(758, "sides have to be between 64 and 2048 pixels, the data smaller than 5 MB.")
        if not 8 <= len(name) <= 32 or not _CUSTOM_NAME.fullmatch(name):
            raise ApiError(758, "the file name has to be alphanumeric, 8 to 32 characters with .jpg, .png or .gif.")
        digest = hashlib.sha256(data).hexdigest()
        stored = f"custom_{digest[:16]}.{kind.lower()}"
        key = (call.session.owner.name, digest)

        def put(allowed: bool) -> None:
            if call.session.closed or not allowed:
                call.refuse(ApiError(760))
                return
            file = self.file(stored) or ItemFile(stored, kind)
            if self.file(stored) is None:
                self.files.append(file)
            self._whitelist.add(key)
            free = self.free_orders()
            if not free:
                call.refuse(ApiError(754))
                return
            call.answer(self._put(call, file, order if order in free else free[-1]))

        skip = key in self._whitelist and call.fields.flag("customDataSkipAskingUserIfWhitelisted", True)
        if not call.fields.flag("customDataAskUserFirst") or skip:
            put(True)
            return
        if self.studio.popups.count("item") >= _PROMPTS:
            raise ApiError(759)
        seconds = call.fields.number("customDataAskTimer")
        self.studio.popups.ask("item", f"Load the item {name}?", put, seconds if seconds > 0 else None)

    def _unload(self, call: Call) -> JsonObject:
        if self.studio.windows_open:
            raise ApiError(800)
        fields, owner = call.fields, call.session.plugin
        others = fields.flag("allowUnloadingItemsLoadedByUserOrOtherPlugins")
        ids, names = set(fields.texts("instanceIDs")), set(fields.texts("fileNames"))
        everything, own = fields.flag("unloadAllInScene"), fields.flag("unloadAllLoadedByThisPlugin")
        gone = []
        for item in tuple(self.scene):
            mine = item.owner == owner
            named = item.instance_id in ids or item.file.name in names
            if everything or (own and mine) or (named and (mine or others)):
                gone.append({"instanceID": item.instance_id, "fileName": item.file.name})
                self._remove(item)
        return {"unloadedItems": gone}


def _row(item: Item) -> JsonObject:
    return {
        "fileName": item.file.name,
        "instanceID": item.instance_id,
        "order": item.order,
        "type": item.file.kind,
        "censored": item.censored,
        "flipped": item.flipped,
        "locked": item.locked,
        "smoothing": item.smoothing,
        "framerate": item.rate,
        "frameCount": item.file.frames,
        "currentFrame": int(item.frame) if item.file.animated else -1,
        "pinnedToModel": bool(item.pinned_model),
        "pinnedModelID": item.pinned_model,
        "pinnedArtMeshID": item.pinned_mesh,
        "groupName": "",
        "sceneName": "",
        "fromWorkshop": False,
    }
