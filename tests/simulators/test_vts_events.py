"""Points 43 to 50: events, physics, statistics, discovery, the end of a session."""

from __future__ import annotations

import json
import socket
import time

import pytest
from vts_harness import OTHER, App, client
from websockets.exceptions import ConnectionClosed

from avatar_bridge.simulators.vts import SAMPLES, Options, VTubeStudioSimulator


def subscription(name: str, subscribe: bool = True, **config: object) -> dict:
    return {"eventName": name, "subscribe": subscribe, "config": config}


async def test_point_43_subscribing(vts_simulator: VTubeStudioSimulator):
    async with client(vts_simulator.url) as raw:
        await raw.ask("EventSubscriptionRequest", subscription("TestEvent"))
        assert await raw.ask("EventSubscriptionRequest", subscription("ModelLoadedEvent")) == {
            "subscribedEventCount": 2,
            "subscribedEvents": ["TestEvent", "ModelLoadedEvent"],
        }


@pytest.mark.parametrize(
    ("name", "config", "error"),
    [
        ("NoSuchEvent", {}, 950),
        ("", {}, 950),
        ("ArtMeshTrackingEvent", {}, 950),
        ("ArtMeshOutlineEvent", {}, 950),
        ("ExpressionToggledEvent", {}, 950),
        ("TestEvent", {"testMessageForEvent": "x" * 33}, 100000),
        ("ModelLoadedEvent", {"modelID": ["short"]}, 100050),
        ("HotkeyTriggeredEvent", {"onlyForAction": "Dance"}, 100100),
    ],
)
def test_point_43_errors(name: str, config: dict, error: int):
    assert App().join().error("EventSubscriptionRequest", subscription(name, **config)) == error


def test_point_44_the_test_event_comes_every_second():
    app = App()
    member = app.join()
    member.subscribe("TestEvent", testMessageForEvent="hello")
    app.wait(3.2)
    events = member.take()
    assert [event["data"]["yourTestMessage"] for event in events] == ["hello"] * 3
    counters = [event["data"]["counter"] for event in events]
    assert counters == list(range(counters[0], counters[0] + 3))
    member.subscribe("TestEvent", testMessageForEvent="changed")
    app.wait(1.1)
    assert member.take()[-1]["data"]["yourTestMessage"] == "changed"


def test_point_44_adversarial_order():
    app = App(Options(event_order="adversarial"))
    member = app.join()
    member.send("EventSubscriptionRequest", subscription("TestEvent"))
    member.send("EventSubscriptionRequest", subscription("ModelMovedEvent"))
    app.frame()
    kinds = [frame["messageType"] for frame in member.take()]
    assert kinds == ["TestEvent", "ModelMovedEvent", "EventSubscriptionResponse", "EventSubscriptionResponse"]


@pytest.mark.parametrize("mode", ["random", "subscription"])
def test_point_44_the_request_id_of_events_is_a_switch(mode: str):
    app = App(Options(event_request_id=mode))
    member = app.join()
    member.send("EventSubscriptionRequest", subscription("TestEvent"), requestID="mine")
    app.wait(2.5)
    ids = [frame["requestID"] for frame in member.take() if frame["messageType"] == "TestEvent"]
    assert len(set(ids)) == (1 if mode == "subscription" else len(ids))
    assert ("mine" in ids) == (mode == "subscription")


def test_point_45_events_that_come_at_once():
    app = App()
    member = app.join()
    for _ in range(2):
        member.send("EventSubscriptionRequest", subscription("ModelMovedEvent"))
        member.send("EventSubscriptionRequest", subscription("Live2DCubismEditorConnectedEvent"))
    app.frame()
    kinds = [f["messageType"] for f in member.take() if f["messageType"].endswith("Event")]
    assert kinds == ["ModelMovedEvent", "Live2DCubismEditorConnectedEvent", "ModelMovedEvent"]
    app.studio.models.begin(None)
    member.send("EventSubscriptionRequest", subscription("ModelMovedEvent"))
    app.frame()
    assert [f["messageType"] for f in member.take()] == ["EventSubscriptionResponse"]


def test_point_45_every_moved_frame_is_told():
    app = App()
    member = app.join()
    member.subscribe("ModelMovedEvent")
    member.ask("MoveModelRequest", {"timeInSeconds": 0.5, "valuesAreRelativeToModel": False, "positionX": 1})
    app.wait(1)
    places = [f["data"]["modelPosition"]["positionX"] for f in member.take()]
    assert len(places) >= 28
    assert places == sorted(places)
    assert places[-1] == 1


def test_point_46_unsubscribing():
    app = App()
    member = app.join()
    member.subscribe("TestEvent")
    member.subscribe("ModelMovedEvent")
    answer = member.ask("EventSubscriptionRequest", subscription("TestEvent", subscribe=False))
    assert answer["subscribedEvents"] == ["ModelMovedEvent"]
    again = member.ask("EventSubscriptionRequest", subscription("TestEvent", subscribe=False))
    assert again == answer
    assert member.error("EventSubscriptionRequest", subscription("NoSuch", subscribe=False)) == 950
    assert member.ask("EventSubscriptionRequest", {"subscribe": False}) == {
        "subscribedEventCount": 0,
        "subscribedEvents": [],
    }
    member.subscribe("TestEvent")
    member.leave()
    fresh = app.join()
    app.wait(1.1)
    assert fresh.take() == []


def test_outline_comes_fifteen_times_a_second():
    app = App()
    member = app.join()
    member.subscribe("ModelOutlineEvent")
    app.wait(2)
    events = member.take()
    assert 28 <= len(events) <= 31
    assert len(events[0]["data"]["convexHull"]) >= 3


async def test_events_of_the_user(vts_simulator: VTubeStudioSimulator):
    names = ["BackgroundChangedEvent", "ModelConfigChangedEvent", "ModelClickedEvent"]
    async with client(vts_simulator.url) as raw:
        for name in names:
            await raw.ask("EventSubscriptionRequest", subscription(name))
        await raw.ask("EventSubscriptionRequest", subscription("Live2DCubismEditorConnectedEvent"))
        assert (await raw.event("Live2DCubismEditorConnectedEvent"))["connected"] is False
        vts_simulator.set_background("beach")
        vts_simulator.change_model_config(hotkeys=True)
        vts_simulator.click(5, 5)
        vts_simulator.click(0, 0)
        vts_simulator.connect_editor()
        assert (await raw.event("BackgroundChangedEvent")) == {"backgroundName": "beach"}
        assert (await raw.event("ModelConfigChangedEvent"))["hotkeyConfigChanged"] is True
        click = await raw.event("ModelClickedEvent")
        assert (click["modelWasClicked"], click["clickedArtMeshCount"]) == (True, 2)
        assert (await raw.event("Live2DCubismEditorConnectedEvent"))["connected"] is True


def test_point_47_physics():
    app = App()
    first, second = app.join(), app.join(OTHER)
    hair = {"id": "PhysicsSetting1", "value": 1.5, "setBaseValue": False, "overrideSeconds": 2}
    wind = {"id": "", "value": 850, "setBaseValue": True, "overrideSeconds": 60}
    assert first.ask("SetCurrentModelPhysicsRequest", {"strengthOverrides": [hair], "windOverrides": [wind]}) == {}
    assert [(o.kind, o.value) for o in app.studio.physics.overrides] == [("strength", 1.5), ("wind", 100)]
    state = second.ask("GetCurrentModelPhysicsRequest")
    assert (state["apiPhysicsOverrideActive"], state["apiPhysicsOverridePluginName"]) == (True, "Raw Client")
    assert state["physicsGroups"][0]["strengthMultiplier"] == 1, "overrides are not reflected"
    assert second.error("SetCurrentModelPhysicsRequest", {"strengthOverrides": [hair]}) == 702
    app.wait(4.8)
    assert second.error("SetCurrentModelPhysicsRequest", {"strengthOverrides": [hair]}) == 702
    app.wait(0.3)
    assert second.ask("SetCurrentModelPhysicsRequest", {"strengthOverrides": [{**hair, "overrideSeconds": 0}]}) == {}
    app.wait(0.4)
    assert len(app.studio.physics.overrides) == 1
    app.wait(0.2)
    assert not app.studio.physics.overrides
    for wrong, error in (
        ({}, 703),
        ({"strengthOverrides": [{**hair, "id": "No"}]}, 704),
        ({"strengthOverrides": [{"id": "PhysicsSetting1"}]}, 705),
        ({"strengthOverrides": [hair, hair]}, 706),
    ):
        assert first.error("SetCurrentModelPhysicsRequest", wrong) == error
    app.studio.models.put(SAMPLES["bare"])
    assert first.error("SetCurrentModelPhysicsRequest", {"strengthOverrides": [hair]}) == 701
    app.studio.models.begin(None)
    assert first.error("SetCurrentModelPhysicsRequest", {"strengthOverrides": [hair]}) == 700


def test_point_48_statistics_count_live_sessions():
    app = App()
    member = app.join()
    assert member.ask("StatisticsRequest")["connectedPlugins"] == 1
    other = app.join(OTHER)
    answer = member.ask("StatisticsRequest")
    assert (answer["connectedPlugins"], answer["allowedPlugins"], answer["framerate"]) == (2, 2, 60)
    assert (answer["windowWidth"], answer["windowHeight"]) == (1280, 720)
    other.leave()
    assert member.ask("StatisticsRequest")["connectedPlugins"] == 1
    assert member.ask("VTSFolderInfoRequest")["models"] == "Live2DModels"
    assert member.ask("SceneColorOverlayInfoRequest")["active"] is False


async def test_point_49_discovery():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.setblocking(False)
        options = Options(broadcast_seconds=0.05)
        heard: list[dict] = []

        def listen() -> bool:
            try:
                heard.append(json.loads(listener.recv(4096)))
            except BlockingIOError:
                return False
            return True

        port = listener.getsockname()[1]
        async with VTubeStudioSimulator(broadcast=port, broadcast_host="127.0.0.1", options=options) as vts:
            await vts.until(listen)
            vts.set_api_active(False)
            await vts.until(lambda: listen() and heard[-1]["data"]["active"] is False)
            assert heard[0]["data"].pop("instanceID") == heard[-1]["data"].pop("instanceID")
            assert heard[0]["data"] == {
                "active": True,
                "port": vts.port,
                "windowTitle": "VTube Studio",
                "trackingPort": 21412,
            }
    first = heard[0]
    assert first["messageType"] == first["requestID"] == "VTubeStudioAPIStateBroadcast"
    assert abs(first["timestamp"] - time.time() * 1000) < 60_000
    assert Options().broadcast_seconds == 2


@pytest.mark.parametrize("way", ["close", "abort", "drop", "away"])
async def test_point_50_what_ends_with_a_session(vts_simulator: VTubeStudioSimulator, way: str):
    vts = vts_simulator
    async with client(vts.url, OTHER) as watcher:
        await watcher.ask("EventSubscriptionRequest", subscription("ItemEvent"))
        async with client(vts.url) as raw:
            tint = {"colorTint": {"colorR": 0, "colorG": 0, "colorB": 0, "colorA": 255}}
            await raw.ask("ColorTintRequest", {**tint, "artMeshMatcher": {"tintAll": True}})
            await raw.ask("ItemLoadRequest", {"fileName": "cake.jpg", "unloadWhenPluginDisconnects": True})
            await raw.ask("ItemLoadRequest", {"fileName": "glasses.png"})
            await raw.ask("InjectParameterDataRequest", {"parameterValues": [{"id": "MouthOpen", "value": 1}]})
            await raw.ask("EventSubscriptionRequest", subscription("TestEvent"))
            assert (len(vts.items), len(vts.tints), vts.parameters["MouthOpen"]) == (2, 7, 1)
            if way == "close":
                await raw.socket.close()
            elif way == "abort":
                raw.socket.transport.abort()
            else:
                mine = next(s for s in vts.studio.sessions if s.plugin and s.plugin.name == "Raw Client")
                others = {s: c for s, c in vts._open.items() if s is not mine}
                kept = dict(vts._open)
                for session in others:
                    del vts._open[session]
                vts.drop_connections(clean=way == "away")
                vts._open.update(kept)
                with pytest.raises(ConnectionClosed):
                    await raw.receive()
        await vts.until(lambda: len(vts.studio.sessions) == 1)
        assert [item.file.name for item in vts.items] == ["glasses.png"]
        assert vts.tints == {}
        assert vts.parameters["MouthOpen"] == 0
        removed = [await watcher.event("ItemEvent") for _ in range(3)]
        assert [event["itemEventType"] for event in removed] == ["Added", "Added", "Removed"]
