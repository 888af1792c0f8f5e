"""Looks around in OBS: everything that a motion map's deeds may need, in four round trips."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from avatar_bridge.drivers.obs_client import ObsClient
from avatar_bridge.errors import ProtocolError
from avatar_bridge.wire.obs import ObsError, Order
from avatar_bridge.wire.obs_deeds import Deed
from avatar_bridge.wire.obs_scenery import Item, Scenery

__all__ = ["survey"]


async def survey(client: ObsClient, deeds: Iterable[Deed]) -> Scenery:
    """Return what stands in OBS now; raises UnreachableError, ProtocolError, ObsError."""
    deeds = list(deeds)
    stage = await client.ask("GetSceneList")
    try:
        return await _read(client, deeds, stage)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ProtocolError(f"OBS told its scenes in an unknown form ({error!r}): update OBS or the bridge") from error


async def _read(client: ObsClient, deeds: list[Deed], stage: Mapping[str, Any]) -> Scenery:
    scenes = tuple(str(scene["sceneName"]) for scene in reversed(stage.get("scenes") or []))
    orders = [Order(kind) for kind in ("GetInputList", "GetSceneTransitionList", "GetHotkeyList", "GetVideoSettings")]
    orders += [Order("GetSceneItemList", {"sceneName": scene}) for scene in scenes]
    inputs, transitions, hotkeys, video, *listed = (_told(answer) for answer in await client.ask_all(orders))
    scenery = Scenery(str(stage.get("currentProgramSceneName") or ""), scenes)
    scenery.inputs = frozenset(str(each["inputName"]) for each in inputs.get("inputs") or [])
    scenery.transitions = tuple(str(each["transitionName"]) for each in transitions.get("transitions") or [])
    scenery.transition = str(transitions.get("currentSceneTransitionName") or "")
    scenery.hotkeys = frozenset(map(str, hotkeys.get("hotkeys") or []))
    scenery.frame = _frame(video)
    scenery.values["scene",] = scenery.program
    for scene, told in zip(scenes, listed, strict=True):
        _place(scenery, scene, told)
    await _details(client, scenery, deeds)
    return scenery


async def _details(client: ObsClient, scenery: Scenery, deeds: list[Deed]) -> None:
    nested = {item.source for items in scenery.items.values() for item in items if item.holds_items}
    groups = sorted(nested - set(scenery.scenes))
    muted = sorted({name for deed in deeds for name, _ in deed.mutes} & scenery.inputs)
    orders = [Order("GetGroupSceneItemList", {"sceneName": group}) for group in groups]
    orders += [Order("GetInputMute", {"inputName": name}) for name in muted]
    answers = await client.ask_all(orders)
    for group, answer in zip(groups, answers, strict=False):
        _place(scenery, group, _told(answer))
    able = set()
    for name, answer in zip(muted, answers[len(groups) :], strict=True):
        if not isinstance(answer, ObsError):
            able.add(name)
            scenery.values["mute", name] = bool(answer.get("inputMuted"))
    scenery.mutes = frozenset(able)
    filtered = sorted({source for deed in deeds if deed.filters for source in deed.sources} & scenery.sources)
    answers = await client.ask_all([Order("GetSourceFilterList", {"sourceName": source}) for source in filtered])
    for source, answer in zip(filtered, answers, strict=True):
        filters = _told(answer).get("filters") or []
        scenery.filters[source] = tuple(str(each["filterName"]) for each in filters)
        scenery.values |= {("filter", source, str(each["filterName"])): bool(each["filterEnabled"]) for each in filters}


def _place(scenery: Scenery, container: str, told: Mapping[str, Any]) -> None:
    items: list[Item] = []
    for each in reversed(told.get("sceneItems") or []):
        source = str(each["sourceName"])
        holds = bool(each.get("isGroup")) or each.get("sourceType") == "OBS_SOURCE_TYPE_SCENE"
        items.append(Item(int(each["sceneItemId"]), source, holds))
        scenery.values.setdefault(("item", container, source), bool(each.get("sceneItemEnabled")))
    scenery.items[container] = tuple(items)


def _told(answer: dict[str, Any] | ObsError) -> dict[str, Any]:
    """Return an answer's data; nothing where OBS refused (a scene that has just been removed)."""
    return {} if isinstance(answer, ObsError) else answer


def _frame(video: Mapping[str, Any]) -> float:
    rate = float(video.get("fpsNumerator") or 0) / float(video.get("fpsDenominator") or 1)
    return 1 / rate if rate > 0 else 1 / 60
