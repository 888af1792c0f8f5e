"""Points 21 to 29: hotkeys, loading models, moving them."""

from __future__ import annotations

import itertools

import pytest
from vts_harness import App, client

from avatar_bridge.errors import UsageError
from avatar_bridge.simulators.vts import SAMPLES, Options, VTubeStudioSimulator

AKARI = SAMPLES["akari"]
BY_NAME = {hotkey.name: hotkey for hotkey in AKARI.hotkeys}


def test_point_21_listing_hotkeys():
    app = App()
    member = app.join()
    answer = member.ask("HotkeysInCurrentModelRequest", {"modelID": ""})
    assert (answer["modelLoaded"], answer["modelName"], answer["modelID"]) == (True, "Akari", AKARI.model_id)
    assert answer["availableHotkeys"][0] == {
        "name": "Eyes Cry",
        "type": "ToggleExpression",
        "description": "Toggles an expression",
        "file": "EyesCry.exp3.json",
        "hotkeyID": BY_NAME["Eyes Cry"].hotkey_id,
        "keyCombination": [],
        "onScreenButtonID": 1,
    }
    other = SAMPLES["nameless"]
    answer = member.ask(
        "HotkeysInCurrentModelRequest", {"modelID": other.model_id, "live2DItemFileName": "glasses.png"}
    )
    assert (answer["modelLoaded"], answer["modelName"]) == (False, other.name)
    assert {row["name"] for row in answer["availableHotkeys"]} == {""}
    answer = member.ask("HotkeysInCurrentModelRequest", {"live2DItemFileName": "Ribbon"})
    assert [row["name"] for row in answer["availableHotkeys"]] == ["Flutter", "Red", "Room"]
    assert member.error("HotkeysInCurrentModelRequest", {"modelID": "0" * 32}) == 152
    app.studio.models.begin(None)
    assert member.ask("HotkeysInCurrentModelRequest") == {
        "modelLoaded": False,
        "modelName": "",
        "modelID": "",
        "availableHotkeys": [],
    }


@pytest.mark.parametrize("wanted", ["Eyes Cry", "eyes cRY", BY_NAME["Eyes Cry"].hotkey_id])
async def test_point_22_trigger_by_name_or_id(vts_simulator: VTubeStudioSimulator, wanted: str):
    async with client(vts_simulator.url) as raw:
        answer = await raw.ask("HotkeyTriggerRequest", {"hotkeyID": wanted, "itemInstanceID": ""})
    assert answer == {"hotkeyID": BY_NAME["Eyes Cry"].hotkey_id}
    assert vts_simulator.active_expressions == ("EyesCry.exp3.json",)
    assert vts_simulator.hotkeys_fired[0].by_api


def test_point_22_the_first_of_one_name_wins_and_empty_names_never_match():
    app = App(models=[SAMPLES["sticky"], SAMPLES["nameless"]])
    member = app.join()
    answer = member.ask("HotkeyTriggerRequest", {"hotkeyID": "DARK FACE [3]"})
    assert answer["hotkeyID"] == SAMPLES["sticky"].hotkeys[1].hotkey_id
    app.studio.models.put(SAMPLES["nameless"])
    assert member.error("HotkeyTriggerRequest", {"hotkeyID": ""}) == 202
    wanted = SAMPLES["nameless"].hotkeys[2].hotkey_id
    assert member.ask("HotkeyTriggerRequest", {"hotkeyID": wanted})["hotkeyID"] == wanted


def test_point_23_errors_of_hotkeys():
    app = App()
    member = app.join()
    assert member.error("HotkeyTriggerRequest", {"hotkeyID": "Nothing"}) == 202
    assert member.error("HotkeyTriggerRequest", {"hotkeyID": "Lost file"}) == 204
    assert member.error("HotkeyTriggerRequest", {"hotkeyID": "Wave", "itemInstanceID": "none"}) == 207
    app.studio.windows_open = True
    assert member.error("HotkeyTriggerRequest", {"hotkeyID": "Wave"}) == 205
    app.studio.windows_open = False
    ribbon = member.ask("ItemLoadRequest", {"fileName": "Ribbon"})["instanceID"]
    glasses = member.ask("ItemLoadRequest", {"fileName": "glasses.png"})["instanceID"]
    assert member.ask("HotkeyTriggerRequest", {"hotkeyID": "Red", "itemInstanceID": ribbon})
    assert member.error("HotkeyTriggerRequest", {"hotkeyID": "Room", "itemInstanceID": ribbon}) == 208
    assert member.error("HotkeyTriggerRequest", {"hotkeyID": "Red", "itemInstanceID": glasses}) == 207
    app.studio.models.begin(None)
    assert member.error("HotkeyTriggerRequest", {"hotkeyID": "Wave"}) == 201


@pytest.mark.parametrize(("mode", "frames"), [("frames", 5), ("seconds", 300)])
def test_point_23_cooldown_of_one_hotkey(mode: str, frames: int):
    app = App(Options(hotkey_cooldown=mode))
    member = app.join()
    first, second = (member.send("HotkeyTriggerRequest", {"hotkeyID": "Wave"}) for _ in range(2))
    app.frame()
    taken = app.studio.frame
    app.frame(3)
    outcome = {frame["requestID"]: frame for frame in member.take()}
    assert outcome[second]["data"]["errorID"] == 203
    assert outcome[first]["data"]["hotkeyID"] == BY_NAME["Wave"].hotkey_id
    app.frame(frames - 1 - (app.studio.frame - taken) - 1)
    assert member.error("HotkeyTriggerRequest", {"hotkeyID": "Wave"}) == 203
    app.frame(3)
    assert member.ask("HotkeyTriggerRequest", {"hotkeyID": "Wave"})


def test_point_23_the_queue_holds_32():
    app = App(Options(hotkey_queue=3))
    member = app.join()
    names = ["Eyes Cry", "Eyes Love", "Angry", "Blush", "Shock"]
    ids = [member.send("HotkeyTriggerRequest", {"hotkeyID": name}) for name in names]
    app.frame(60)
    errors = {f["requestID"]: f["data"].get("errorID") for f in member.take()}
    assert [errors[i] for i in ids] == [None, None, None, 200, 200]
    assert Options().hotkey_queue == 32


def test_point_24_one_hotkey_every_five_frames():
    app = App()
    member = app.join()
    app.frame(10)
    for name in ("Eyes Cry", "Eyes Love", "Angry", "Shock"):
        member.send("HotkeyTriggerRequest", {"hotkeyID": name})
    frames = []
    for _ in range(30):
        app.frame()
        frames += [app.studio.frame for frame in member.take() if frame["messageType"] == "HotkeyTriggerResponse"]
    assert len(frames) == 4
    assert [b - a for a, b in itertools.pairwise(frames)] == [5, 5, 5]
    assert len(app.studio.expressions.active()) == 4


async def test_point_25_the_event_comes_before_the_response(vts_simulator: VTubeStudioSimulator):
    async with client(vts_simulator.url) as raw:
        await raw.ask("EventSubscriptionRequest", {"eventName": "HotkeyTriggeredEvent", "subscribe": True})
        await raw.ask("HotkeyTriggerRequest", {"hotkeyID": "eyes cry"})
        assert raw.order[-2:] == ["HotkeyTriggeredEvent", "HotkeyTriggerResponse"]
        assert await raw.event("HotkeyTriggeredEvent") == {
            "hotkeyID": BY_NAME["Eyes Cry"].hotkey_id,
            "hotkeyName": "Eyes Cry",
            "hotkeyAction": "ToggleExpression",
            "hotkeyFile": "EyesCry.exp3.json",
            "hotkeyTriggeredByAPI": True,
            "modelID": AKARI.model_id,
            "modelName": "Akari",
            "isLive2DItem": False,
        }


def test_point_25_filters_of_the_event():
    app = App()
    own, picky, shy = app.join(), app.join(), app.join()
    own.subscribe("HotkeyTriggeredEvent")
    picky.subscribe("HotkeyTriggeredEvent", onlyForAction="TriggerAnimation")
    shy.subscribe("HotkeyTriggeredEvent", ignoreHotkeysTriggeredByAPI=True)
    for name in ("Eyes Cry", "Wave"):
        own.ask("HotkeyTriggerRequest", {"hotkeyID": name})
    app.studio.hotkeys.press("Angry")
    app.frame()

    def names(frames: list[dict]) -> list[str]:
        return [f["data"]["hotkeyName"] for f in frames if f["messageType"] == "HotkeyTriggeredEvent"]

    assert names(picky.take()) == ["Wave"]
    assert names(shy.take()) == ["Angry"]
    assert names(own.take()) == ["Angry"]


def test_point_26_a_toggle_toggles():
    app = App()
    member = app.join()
    for expected in (("Angry.exp3.json",), (), ("Angry.exp3.json",)):
        member.ask("HotkeyTriggerRequest", {"hotkeyID": "Angry"})
        assert app.studio.expressions.active() == expected
        app.frame(5)
    member.ask("HotkeyTriggerRequest", {"hotkeyID": "Remove Expressions"})
    assert app.studio.expressions.active() == ()
    member.ask("HotkeyTriggerRequest", {"hotkeyID": "Blush"})
    app.wait(3.9)
    assert app.studio.expressions.active() == ("Blush.exp3.json",)
    app.wait(0.2)
    assert app.studio.expressions.active() == ()


def test_point_27_loading_a_model():
    app = App()
    member = app.join()
    member.subscribe("ModelLoadedEvent")
    other = SAMPLES["sticky"]
    started = app.now
    assert member.ask("ModelLoadRequest", {"modelID": other.model_id}) == {"modelID": other.model_id}
    assert member.ask("CurrentModelRequest")["modelLoaded"] is False
    assert member.error("ModelLoadRequest", {"modelID": AKARI.model_id}) == 153
    assert member.error("ModelLoadRequest", {"modelID": "0" * 32}) == 152
    while app.studio.models.current is None:
        app.frame()
    assert 1.1 <= app.now - started <= 1.75
    app.frame()
    assert member.take()[-1]["data"] == {"modelLoaded": True, "modelName": "Sticky", "modelID": other.model_id}
    app.wait(2.0)
    member.ask("ModelLoadRequest", {"modelID": ""})
    app.frame()
    assert app.studio.models.current is None
    app.wait(2.1)
    assert member.ask("ModelLoadRequest", {"modelID": ""}) == {"modelID": ""}
    assert member.error("ModelLoadRequest") == 150
    assert member.error("ModelLoadRequest", {"modelID": 3}) == 151
    app.wait(2.1)
    app.studio.windows_open = True
    assert member.error("ModelLoadRequest", {"modelID": AKARI.model_id}) == 154


def test_point_27_the_unload_event_follows_the_answer_and_filters_by_model():
    app = App()
    member, picky = app.join(), app.join()
    member.subscribe("ModelLoadedEvent")
    picky.subscribe("ModelLoadedEvent", modelID=[SAMPLES["bare"].model_id])
    member.send("ModelLoadRequest", {"modelID": SAMPLES["bare"].model_id})
    app.wait(2)
    frames = member.take()
    assert [f["messageType"] for f in frames] == ["ModelLoadResponse", "ModelLoadedEvent", "ModelLoadedEvent"]
    assert [f["data"]["modelName"] for f in frames[1:]] == ["Akari", "Bare"]
    assert [f["data"]["modelName"] for f in picky.take()] == ["Bare"]


def test_point_28_moving_the_model():
    app = App()
    member = app.join()
    move = {"timeInSeconds": 0, "valuesAreRelativeToModel": False}
    assert member.ask("MoveModelRequest", {**move, "positionX": 0.1, "rotation": -16.5, "size": -22.5}) == {}
    assert member.ask("CurrentModelRequest")["modelPosition"] == {
        "positionX": 0.1,
        "positionY": 0.0,
        "rotation": 343.5,
        "size": -22.5,
    }
    member.ask("MoveModelRequest", {"timeInSeconds": 0, "valuesAreRelativeToModel": True, "positionX": 0.4})
    assert member.ask("CurrentModelRequest")["modelPosition"]["positionX"] == pytest.approx(0.5)
    assert member.error("MoveModelRequest", {"timeInSeconds": 0}) == 301
    assert member.error("MoveModelRequest", {"valuesAreRelativeToModel": True}) == 301
    for wrong in ({"timeInSeconds": 2.1}, {"positionX": 1001}, {"positionY": -1001}, {"rotation": 361}, {"size": 101}):
        assert member.error("MoveModelRequest", {**move, **wrong}) == 302
    app.studio.models.begin(None)
    assert member.error("MoveModelRequest", move) == 300


def test_point_28_a_new_move_replaces_the_old():
    app = App()
    member = app.join()
    member.ask("MoveModelRequest", {"timeInSeconds": 2, "valuesAreRelativeToModel": False, "positionX": 1})
    app.wait(1)
    middle = app.studio.movement.position()["positionX"]
    assert middle == pytest.approx(0.5, abs=0.03)
    member.ask("MoveModelRequest", {"timeInSeconds": 0.5, "valuesAreRelativeToModel": False, "positionX": 0})
    app.wait(2)
    assert app.studio.movement.position()["positionX"] == 0


def test_point_29_current_model():
    app = App()
    member = app.join()
    answer = member.ask("CurrentModelRequest")
    assert answer["vtsModelName"] == "Akari.vtube.json"
    assert answer["live2DModelName"] == "Akari.model3.json"
    assert answer["hasPhysicsFile"] is True
    assert answer["timeSinceModelLoaded"] > 0
    listed = member.ask("AvailableModelsRequest")
    assert listed["numberOfModels"] == 5
    assert [row["modelLoaded"] for row in listed["availableModels"]] == [True, False, False, False, False]
    app.studio.models.begin(None)
    empty = member.ask("CurrentModelRequest")
    assert set(empty) == set(answer)
    assert empty.pop("modelPosition") == {"positionX": 0, "positionY": 0, "rotation": 0, "size": 0}
    assert all(not value for value in empty.values())


async def test_the_user_changes_models_and_presses_hotkeys(vts_simulator: VTubeStudioSimulator):
    vts_simulator.press_hotkey("Angry")
    assert vts_simulator.active_expressions == ("Angry.exp3.json",)
    with pytest.raises(UsageError, match="no hotkey"):
        vts_simulator.press_hotkey("Nothing")
    vts_simulator.load_model("Bare", instantly=True)
    assert vts_simulator.active_expressions == ()
    vts_simulator.load_model("Akari", instantly=True)
    assert vts_simulator.active_expressions == ("Angry.exp3.json",), "expressions survive a model switch"
    with pytest.raises(UsageError, match="Akari"):
        vts_simulator.load_model("Unknown")
    vts_simulator.unload_model()
    assert vts_simulator.model is None


def test_animations_tell_their_start_events_and_end():
    app = App()
    member = app.join()
    member.subscribe("ModelAnimationEvent")
    member.ask("HotkeyTriggerRequest", {"hotkeyID": "Wave"})
    app.wait(2)
    told = [(f["data"]["animationEventType"], f["data"]["animationEventData"]) for f in member.take()]
    assert told == [("Custom", "hand up"), ("End", "Anim_End")]


def test_other_actions_act():
    app = App(models=[SAMPLES["japanese"], SAMPLES["akari"], SAMPLES["sticky"]])
    member = app.join()
    member.subscribe("BackgroundChangedEvent")
    member.send("HotkeyTriggerRequest", {"hotkeyID": "夜の背景"})
    app.frame(3)
    assert member.take()[0]["data"] == {"backgroundName": "night_room"}
    app.studio.models.put(SAMPLES["sticky"])
    member.ask("HotkeyTriggerRequest", {"hotkeyID": "Akari"})
    app.wait(1.8)
    assert app.studio.models.current is SAMPLES["akari"]
    member.ask("HotkeyTriggerRequest", {"hotkeyID": "Center"})
    app.wait(0.6)
    assert app.studio.movement.position()["size"] == -60
