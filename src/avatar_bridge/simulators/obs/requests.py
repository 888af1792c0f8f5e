"""What the simulated OBS does with each request, from the protocol document."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

from avatar_bridge.simulators.obs.fields import Fields, Refusal
from avatar_bridge.simulators.obs.studio import Item, Studio

__all__ = ["Requests"]

_SCENES, _INPUTS, _TRANSITIONS, _FILTERS, _OUTPUTS, _ITEMS, _MEDIA = (1 << bit for bit in (2, 3, 4, 5, 6, 7, 8))
_MEDIA_ACTIONS: Final = ("NONE", "PLAY", "PAUSE", "STOP", "RESTART", "NEXT", "PREVIOUS")
_NUMBERS: Final = frozenset(
    {"positionX", "positionY", "rotation", "scaleX", "scaleY", "boundsWidth", "boundsHeight", "alignment"}
)
_CROPS: Final = frozenset({"cropTop", "cropBottom", "cropLeft", "cropRight"})
Emit = Callable[[int, str, Mapping[str, Any]], None]
Answer = dict[str, Any] | None


class Requests:
    """Every request that is known, by its type; `emit` takes intent, type and data of an event."""

    def __init__(self, studio: Studio, emit: Emit) -> None:
        self._studio = studio
        self._emit = emit
        self._leaving: asyncio.TimerHandle | None = None
        self._known: dict[str, Callable[[Fields], Answer]] = {
            name.removeprefix("do_"): getattr(self, name) for name in dir(self) if name.startswith("do_")
        }

    def carry_out(self, request_type: str, data: object) -> Answer:
        """Return the data of the answer; raises Refusal."""
        known = self._known.get(request_type)
        if known is None:
            raise Refusal(204, "Your request type is not valid.")
        return known(Fields(data))

    def do_GetVersion(self, _: Fields) -> Answer:  # noqa: N802
        """Tell the versions."""
        versions = {"obsVersion": "30.2.2", "obsWebSocketVersion": "5.5.2", "rpcVersion": 1, "platform": "simulated"}
        return {**versions, "availableRequests": sorted(self._known), "supportedImageFormats": []}

    def do_GetStudioModeEnabled(self, _: Fields) -> Answer:  # noqa: N802
        """Tell whether studio mode is on."""
        return {"studioModeEnabled": self._studio.studio_mode}

    def do_GetVideoSettings(self, _: Fields) -> Answer:  # noqa: N802
        """Tell the frame rate and the canvas."""
        size = {"baseWidth": 1920, "baseHeight": 1080, "outputWidth": 1920, "outputHeight": 1080}
        return {"fpsNumerator": round(self._studio.fps * 1000), "fpsDenominator": 1000, **size}

    def do_GetSceneList(self, _: Fields) -> Answer:  # noqa: N802
        """Tell the scenes, the lowest first."""
        names = list(reversed(self._studio.scenes))
        scenes = [{"sceneIndex": index, "sceneName": name} for index, name in enumerate(names)]
        return {"currentProgramSceneName": self._studio.program, "currentPreviewSceneName": None, "scenes": scenes}

    def do_GetCurrentProgramScene(self, _: Fields) -> Answer:  # noqa: N802
        """Tell the scene on air."""
        return {"currentProgramSceneName": self._studio.program}

    def do_SetCurrentProgramScene(self, fields: Fields) -> Answer:  # noqa: N802
        """Go to a scene through the current transition."""
        scene = fields.text("sceneName")
        self._scene(scene)
        studio, name = self._studio, self._studio.transition
        if scene == studio.program:
            return None
        studio.program = scene
        self._emit(_TRANSITIONS, "SceneTransitionStarted", {"transitionName": name})
        if self._leaving is not None:
            self._leaving.cancel()
        length = studio.transitions[name] or 0
        self._leaving = asyncio.get_running_loop().call_later(length / 1000, self._arrive, scene, name)
        return None

    def do_GetSceneItemList(self, fields: Fields) -> Answer:  # noqa: N802
        """Tell the items of a scene, the lowest first."""
        return {"sceneItems": [self._item(item) for item in self._scene(fields.text("sceneName"))]}

    def do_GetGroupSceneItemList(self, fields: Fields) -> Answer:  # noqa: N802
        """Tell the items of a group."""
        name = fields.text("sceneName")
        if name in self._studio.scenes:
            raise Refusal(602, "The specified source is not a group. (Is scene)")
        if name not in self._studio.groups:
            raise Refusal(600, f"No source was found by the name of `{name}`.")
        return {"sceneItems": [self._item(item) for item in self._studio.groups[name]]}

    def do_SetSceneItemEnabled(self, fields: Fields) -> Answer:  # noqa: N802
        """Show or hide an item."""
        container, item = self._found(fields)
        enabled = fields.switch("sceneItemEnabled")
        if item.enabled != enabled:
            item.enabled = enabled
            told = {"sceneName": container, "sceneItemId": item.id, "sceneItemEnabled": enabled}
            self._emit(_ITEMS, "SceneItemEnableStateChanged", told)
        return None

    def do_GetSceneItemTransform(self, fields: Fields) -> Answer:  # noqa: N802
        """Tell where an item stands."""
        return {"sceneItemTransform": dict(self._found(fields)[1].transform)}

    def do_SetSceneItemTransform(self, fields: Fields) -> Answer:  # noqa: N802
        """Place an item."""
        _, item = self._found(fields)
        given = Fields(fields.table("sceneItemTransform"))
        known = [name for name in (*_NUMBERS, *_CROPS) if given.has(name)]
        if not known and not given.has("boundsType"):
            raise Refusal(703, "You have not provided any valid transform changes.")
        bounds = [name for name in known if name.startswith("bounds")]
        values = {name: given.number(name, 1.0 if name in bounds else -90001.0, 90001.0) for name in known}
        item.transform |= values
        return None

    def do_GetSourceFilterList(self, fields: Fields) -> Answer:  # noqa: N802
        """Tell the filters of a source."""
        filters = self._studio.filters.get(self._source(fields.text("sourceName")), [])
        told = [
            {"filterName": each.name, "filterEnabled": each.enabled, "filterIndex": index, "filterKind": "color_filter"}
            for index, each in enumerate(filters)
        ]
        return {"filters": told}

    def do_SetSourceFilterEnabled(self, fields: Fields) -> Answer:  # noqa: N802
        """Switch a filter."""
        source, name = self._source(fields.text("sourceName")), fields.text("filterName")
        found = next((each for each in self._studio.filters.get(source, []) if each.name == name), None)
        if found is None:
            raise Refusal(600, f"No filter was found in the source `{source}` with the name `{name}`.")
        enabled = fields.switch("filterEnabled")
        if found.enabled != enabled:
            found.enabled = enabled
            told = {"sourceName": source, "filterName": name, "filterEnabled": enabled}
            self._emit(_FILTERS, "SourceFilterEnableStateChanged", told)
        return None

    def do_GetInputList(self, _: Fields) -> Answer:  # noqa: N802
        """Tell the inputs."""
        return {"inputs": [{"inputName": name, "inputKind": each.kind} for name, each in self._studio.inputs.items()]}

    def do_GetInputMute(self, fields: Fields) -> Answer:  # noqa: N802
        """Tell whether an input is mute."""
        return {"inputMuted": self._sound(fields.text("inputName"))}

    def do_SetInputMute(self, fields: Fields) -> Answer:  # noqa: N802
        """Mute an input or let it be heard."""
        name = fields.text("inputName")
        before, muted = self._sound(name), fields.switch("inputMuted")
        if before != muted:
            self._studio.inputs[name].muted = muted
            self._emit(_INPUTS, "InputMuteStateChanged", {"inputName": name, "inputMuted": muted})
        return None

    def do_TriggerMediaInputAction(self, fields: Fields) -> Answer:  # noqa: N802
        """Play, pause or stop a medium."""
        name, action = fields.text("inputName"), fields.text("mediaAction")
        word = action.removeprefix("OBS_WEBSOCKET_MEDIA_INPUT_ACTION_")
        medium = self._input(name)
        if word not in _MEDIA_ACTIONS or word == action:
            raise Refusal(400, "You have specified an invalid media input action.")
        if medium.media is not None:
            states = {"PLAY": "PLAYING", "RESTART": "PLAYING", "PAUSE": "PAUSED", "STOP": "STOPPED"}
            medium.media = f"OBS_MEDIA_STATE_{states[word]}" if word in states else medium.media
        self._emit(_MEDIA, "MediaInputActionTriggered", {"inputName": name, "mediaAction": action})
        return None

    def do_GetHotkeyList(self, _: Fields) -> Answer:  # noqa: N802
        """Tell the hotkeys."""
        return {"hotkeys": list(self._studio.hotkeys)}

    def do_TriggerHotkeyByName(self, fields: Fields) -> Answer:  # noqa: N802
        """Press a hotkey."""
        name = fields.text("hotkeyName")
        if name not in self._studio.hotkeys:
            raise Refusal(600, "No hotkeys were found by that name.")
        self._studio.pressed.append(name)
        return None

    def do_TriggerHotkeyByKeySequence(self, fields: Fields) -> Answer:  # noqa: N802
        """Press keys."""
        key = fields.text("keyId") if fields.has("keyId") else ""
        pressed = fields.table("keyModifiers") if fields.has("keyModifiers") else {}
        if not key.startswith("OBS_KEY_"):
            raise Refusal(703, "Your provided request fields cannot be used to trigger a hotkey.")
        self._studio.pressed.append("+".join([*sorted(name for name, held in pressed.items() if held), key]))
        return None

    def do_GetSceneTransitionList(self, _: Fields) -> Answer:  # noqa: N802
        """Tell the transitions."""
        told = [
            {"transitionName": name, "transitionFixed": ms is None} for name, ms in self._studio.transitions.items()
        ]
        return {"currentSceneTransitionName": self._studio.transition, "transitions": told}

    def do_SetCurrentSceneTransition(self, fields: Fields) -> Answer:  # noqa: N802
        """Choose the transition."""
        name = fields.text("transitionName")
        if name not in self._studio.transitions:
            raise Refusal(600, "No scene transition was found by that name.")
        if name != self._studio.transition:
            self._studio.transition = name
            self._emit(_TRANSITIONS, "CurrentSceneTransitionChanged", {"transitionName": name})
        return None

    def do_StartStream(self, _: Fields) -> Answer:  # noqa: N802
        """Go live."""
        if self._studio.streaming:
            raise Refusal(500)
        self._stream(on=True)
        return None

    def do_StopStream(self, _: Fields) -> Answer:  # noqa: N802
        """End the stream."""
        if not self._studio.streaming:
            raise Refusal(501)
        self._stream(on=False)
        return None

    def do_SendStreamCaption(self, fields: Fields) -> Answer:  # noqa: N802
        """Put a caption into the stream."""
        text = fields.text("captionText", empty=True)
        if not self._studio.streaming:
            raise Refusal(501)
        self._studio.captions.append(text)
        return None

    def _stream(self, *, on: bool) -> None:
        self._studio.streaming = on
        state = f"OBS_WEBSOCKET_OUTPUT_{'STARTED' if on else 'STOPPED'}"
        self._emit(_OUTPUTS, "StreamStateChanged", {"outputActive": on, "outputState": state})

    def _arrive(self, scene: str, transition: str) -> None:
        self._leaving = None
        self._emit(_SCENES, "CurrentProgramSceneChanged", {"sceneName": scene})
        self._emit(_TRANSITIONS, "SceneTransitionVideoEnded", {"transitionName": transition})
        self._emit(_TRANSITIONS, "SceneTransitionEnded", {"transitionName": transition})

    def _scene(self, name: str) -> list[Item]:
        if name in self._studio.scenes:
            return self._studio.scenes[name]
        if name in self._studio.inputs or name in self._studio.groups:
            raise Refusal(602, "The specified source is not a scene.")
        raise Refusal(600, f"No source was found by the name of `{name}`.")

    def _found(self, fields: Fields) -> tuple[str, Item]:
        container = fields.text("sceneName")
        items = self._studio.groups[container] if container in self._studio.groups else self._scene(container)
        number = int(fields.number("sceneItemId", 0))
        item = next((each for each in items if each.id == number), None)
        if item is None:
            raise Refusal(600, f"No scene items were found in scene `{container}` with the ID `{number}`.")
        return container, item

    def _source(self, name: str) -> str:
        if name in self._studio.inputs or name in self._studio.scenes or name in self._studio.groups:
            return name
        raise Refusal(600, f"No source was found by the name of `{name}`.")

    def _input(self, name: str) -> Any:
        if self._source(name) not in self._studio.inputs:
            raise Refusal(602, "The specified source is not an input.")
        return self._studio.inputs[name]

    def _sound(self, name: str) -> bool:
        muted: bool | None = self._input(name).muted
        if muted is None:
            raise Refusal(604, "The specified input does not support audio.")
        return muted

    def _item(self, item: Item) -> dict[str, Any]:
        kind = "SCENE" if item.source in self._studio.scenes or item.source in self._studio.groups else "INPUT"
        group = item.source in self._studio.groups if kind == "SCENE" else None
        told = {"sceneItemId": item.id, "sourceName": item.source, "sourceType": f"OBS_SOURCE_TYPE_{kind}"}
        return {**told, "isGroup": group, "sceneItemEnabled": item.enabled, "sceneItemTransform": dict(item.transform)}
