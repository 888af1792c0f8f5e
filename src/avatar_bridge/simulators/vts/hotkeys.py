"""Hotkeys: the list, the queue of which one is executed every five frames, and what each does."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from avatar_bridge.errors import UsageError
from avatar_bridge.simulators.vts.area import Answer, Area
from avatar_bridge.simulators.vts.error_ids import ApiError
from avatar_bridge.simulators.vts.fields import JsonObject
from avatar_bridge.simulators.vts.items import Item
from avatar_bridge.simulators.vts.model import HOTKEY_ACTIONS, Animation, Hotkey, ModelDescription
from avatar_bridge.simulators.vts.session import Call

if TYPE_CHECKING:
    from avatar_bridge.simulators.vts.studio import Studio

__all__ = ["FiredHotkey", "Hotkeys"]

_FRAMES = 5
_LONG_COOLDOWN = 5.0
_WITH_FILE = frozenset(
    {"TriggerAnimation", "ChangeIdleAnimation", "ToggleExpression", "ChangeVTSModel", "ChangeBackground"}
)
_FOR_ITEMS = frozenset({"TriggerAnimation", "ChangeIdleAnimation", "ToggleExpression", "RemoveAllExpressions"})


@dataclass(frozen=True, slots=True)
class FiredHotkey:
    """A hotkey that was executed, at seconds of `time.perf_counter()` (the render frame)."""

    at: float
    hotkey_id: str
    name: str
    action: str
    file: str
    by_api: bool
    session: int | None


@dataclass(slots=True, eq=False)
class _Playing:
    animation: Animation
    started: float
    told: float


class Hotkeys(Area):
    """The hotkeys of the current model and of Live2D items."""

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio)
        self.fired: deque[FiredHotkey] = deque(maxlen=studio.options.log_limit)
        self._queue: deque[tuple[Call, Hotkey, Item | None]] = deque()
        self._executed_frame = -_FRAMES
        self._last: dict[str, tuple[int, float]] = {}
        self._playing: list[_Playing] = []

    def answers(self) -> dict[str, Answer]:
        """Return the requests that this area answers."""
        return {"HotkeysInCurrentModelRequest": self._list, "HotkeyTriggerRequest": self._trigger}

    @property
    def waiting(self) -> int:
        """How many hotkeys are queued."""
        return len(self._queue)

    @property
    def playing(self) -> tuple[str, ...]:
        """The files of the animations that play."""
        return tuple(playing.animation.file for playing in self._playing)

    def model_gone(self) -> None:
        """Refuse what was queued for the model that is gone, and stop its animations."""
        for call, _, item in tuple(self._queue):
            if item is None:
                call.refuse(ApiError(201))
        self._queue = deque(entry for entry in self._queue if entry[2] is not None)
        self._playing.clear()
        self._last.clear()

    def advance(self) -> None:
        """Execute one waiting hotkey every five frames; let animations run."""
        if self._queue and self.studio.frame - self._executed_frame >= _FRAMES:
            call, hotkey, item = self._queue.popleft()
            self._executed_frame = self.studio.frame
            self._execute(hotkey, call, item)
            call.answer({"hotkeyID": hotkey.hotkey_id})
        for playing in tuple(self._playing):
            self._play(playing)

    def press(self, name_or_id: str) -> None:
        """Press a hotkey as the user does: it is executed at once, outside the queue."""
        model = self.studio.models.current
        hotkey = _find(model.hotkeys if model is not None else (), name_or_id)
        if hotkey is None:
            raise UsageError(f"no hotkey {name_or_id!r} in the loaded model")
        self._execute(hotkey, None, None)

    def _list(self, call: Call) -> JsonObject:
        model_id, item_file = call.fields.text("modelID"), call.fields.text("live2DItemFileName")
        models = self.studio.models
        if model_id:
            model = next((m for m in models.available if m.model_id.lower() == model_id.lower()), None)
            if model is None:
                raise ApiError(152)
            return _listed(model, model is models.current)
        if item_file:
            file = self.studio.items.file(item_file)
            if file is None or file.kind != "Live2D":
                raise ApiError(152)
            rows = [_row(hotkey) for hotkey in file.hotkeys]
            return {"modelLoaded": False, "modelName": file.name, "modelID": "", "availableHotkeys": rows}
        if models.current is None:
            return {**models.identity(), "availableHotkeys": []}
        return _listed(models.current, True)

    def _trigger(self, call: Call) -> None:
        wanted, instance = call.fields.text("hotkeyID"), call.fields.text("itemInstanceID")
        item = None
        if instance:
            item = self.studio.items.instance(instance)
            if item is None or item.file.kind != "Live2D":
                raise ApiError(207)
            hotkeys = item.file.hotkeys
        else:
            model = self.studio.models.current
            if model is None:
                raise ApiError(201)
            hotkeys = model.hotkeys
        hotkey = _find(hotkeys, wanted)
        if hotkey is None:
            raise ApiError(202)
        if item is not None and hotkey.action not in _FOR_ITEMS:
            raise ApiError(208)
        if hotkey.file_missing or hotkey.action == "Unset":
            raise ApiError(204, f"{hotkey.action} {hotkey.file}".strip())
        if self.studio.windows_open:
            raise ApiError(205)
        if self._cooling(hotkey):
            raise ApiError(203)
        if len(self._queue) >= self.studio.options.hotkey_queue:
            raise ApiError(200)
        self._last[hotkey.hotkey_id] = (self.studio.frame, self.studio.now)
        self._queue.append((call, hotkey, item))

    def _cooling(self, hotkey: Hotkey) -> bool:
        if hotkey.hotkey_id not in self._last:
            return False
        frame, at = self._last[hotkey.hotkey_id]
        if self.studio.options.hotkey_cooldown == "seconds":
            return self.studio.now - at < _LONG_COOLDOWN
        return self.studio.frame - frame < _FRAMES

    def _execute(self, hotkey: Hotkey, call: Call | None, item: Item | None) -> None:
        studio = self.studio
        by_api = call is not None
        session = call.session.number if call is not None else None
        self.fired.append(
            FiredHotkey(studio.now, hotkey.hotkey_id, hotkey.name, hotkey.action, hotkey.file, by_api, session)
        )
        identity = studio.models.identity()

        def wanted(config: JsonObject) -> bool:
            if by_api and config.get("ignoreHotkeysTriggeredByAPI") is True:
                return False
            return config.get("onlyForAction") in {None, "", hotkey.action}

        data = {
            "hotkeyID": hotkey.hotkey_id,
            "hotkeyName": hotkey.name,
            "hotkeyAction": hotkey.action,
            "hotkeyFile": hotkey.file if hotkey.action in _WITH_FILE else "",
            "hotkeyTriggeredByAPI": by_api,
            "modelID": item.instance_id if item is not None else identity["modelID"],
            "modelName": item.file.name if item is not None else identity["modelName"],
            "isLive2DItem": item is not None,
        }
        studio.events.emit("HotkeyTriggeredEvent", data, wanted)
        if item is None:
            self._act(hotkey)

    def _act(self, hotkey: Hotkey) -> None:
        studio, action = self.studio, hotkey.action
        if action == "ToggleExpression":
            studio.expressions.toggle(hotkey)
        elif action == "RemoveAllExpressions":
            studio.expressions.clear()
        elif action == "TriggerAnimation":
            self._start(hotkey.file)
        elif action == "MoveModel" and hotkey.position is not None:
            studio.movement.go(hotkey.position, hotkey.fade_seconds)
        elif action == "ChangeBackground":
            studio.application.set_background(hotkey.file)
        elif action == "ChangeVTSModel":
            model = next((m for m in studio.models.available if m.vts_model_name == hotkey.file), None)
            if model is not None:
                studio.models.begin(model)
        elif action == "RemoveAllItems":
            studio.items.clear()
        elif action == "LoadEffectPreset":
            studio.post_processing.load_preset(hotkey.file or hotkey.name)

    def _start(self, file: str) -> None:
        model = self.studio.models.current
        known = model.animations if model is not None else ()
        animation = next((animation for animation in known if animation.file == file), Animation(file))
        self._playing.append(_Playing(animation, self.studio.now, 0.0))
        self._tell(animation, "Start", 0.0, "Anim_Start")

    def _play(self, playing: _Playing) -> None:
        gone = self.studio.now - playing.started
        for at, text in playing.animation.events:
            if playing.told <= at < min(gone, playing.animation.duration):
                self._tell(playing.animation, "Custom", at, text)
        playing.told = gone
        if gone >= playing.animation.duration:
            self._playing.remove(playing)
            self._tell(playing.animation, "End", playing.animation.duration, "Anim_End")

    def _tell(self, animation: Animation, kind: str, at: float, text: str) -> None:
        identity = self.studio.models.identity()
        data = {
            "animationEventType": kind,
            "animationEventTime": at,
            "animationEventData": text,
            "animationName": animation.file,
            "animationLength": animation.duration,
            "isIdleAnimation": False,
            "modelID": identity["modelID"],
            "modelName": identity["modelName"],
            "isLive2DItem": False,
        }
        self.studio.events.emit("ModelAnimationEvent", data)


def _find(hotkeys: tuple[Hotkey, ...], wanted: str) -> Hotkey | None:
    """Return the hotkey by ID, else the first by name, case ignored; an empty name never matches."""
    for hotkey in hotkeys:
        if hotkey.hotkey_id == wanted:
            return hotkey
    key = wanted.casefold()
    return next((hotkey for hotkey in hotkeys if key and hotkey.name.casefold() == key), None)


def _listed(model: ModelDescription, loaded: bool) -> JsonObject:
    rows = [_row(hotkey) for hotkey in model.hotkeys]
    return {"modelLoaded": loaded, "modelName": model.name, "modelID": model.model_id, "availableHotkeys": rows}


def _row(hotkey: Hotkey) -> JsonObject:
    return {
        "name": hotkey.name,
        "type": hotkey.action,
        "description": HOTKEY_ACTIONS.get(hotkey.action, hotkey.action),
        "file": hotkey.file if hotkey.action in _WITH_FILE else "",
        "hotkeyID": hotkey.hotkey_id,
        "keyCombination": [],
        "onScreenButtonID": hotkey.on_screen_button,
    }
