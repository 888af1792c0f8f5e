"""Items, post-processing, NDI and choosing ArtMeshes."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vts_harness import OTHER, App, Member

from avatar_bridge.simulators.vts import SAMPLES, Options
from avatar_bridge.simulators.vts.item import eased

GIF = base64.b64encode(b"GIF89a\x80\x00\x80\x00" + bytes(20)).decode()


def load(member: Member, name: str = "glasses.png", **more: object) -> str:
    return member.ask("ItemLoadRequest", {"fileName": name, "size": 0.3, **more})["instanceID"]


def test_loading_listing_and_unloading():
    app = App()
    member, other = app.join(), app.join(OTHER)
    first, second = load(member, order=4), load(member, order=4)
    theirs = load(other, "ANIM_headpat")
    everything = {
        "includeAvailableSpots": True,
        "includeItemInstancesInScene": True,
        "includeAvailableItemFiles": True,
    }
    answer = member.ask("ItemListRequest", everything)
    assert [(row["instanceID"], row["order"]) for row in answer["itemInstancesInScene"]] == [
        (first, 4),
        (second, 5),
        (theirs, 1),
    ]
    assert {4, 5, 1, 0}.isdisjoint(answer["availableSpots"])
    assert {row["fileName"]: row["loadedCount"] for row in answer["availableItemFiles"]}["glasses.png"] == 2
    assert member.ask("ItemListRequest", {})["itemInstancesInScene"] == []
    assert member.ask("ItemUnloadRequest", {"instanceIDs": [theirs]}) == {"unloadedItems": []}
    both = {"instanceIDs": [theirs], "allowUnloadingItemsLoadedByUserOrOtherPlugins": True}
    assert member.ask("ItemUnloadRequest", both) == {
        "unloadedItems": [{"instanceID": theirs, "fileName": "ANIM_headpat"}]
    }
    assert len(member.ask("ItemUnloadRequest", {"unloadAllLoadedByThisPlugin": True})["unloadedItems"]) == 2
    app.studio.windows_open = True
    assert member.error("ItemUnloadRequest", {"unloadAllInScene": True}) == 800
    assert member.error("ItemLoadRequest", {"fileName": "glasses.png"}) == 753


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ({}, 750),
        ({"fileName": "GLASSES.png"}, 751),
        ({"fileName": "glasses.png", "size": 1.1}, 757),
        ({"fileName": "glasses.png", "positionX": 1001}, 757),
        ({"fileName": "glasses.png", "fadeTime": 3}, 757),
        ({"fileName": "glasses.png", "smoothing": -0.1}, 757),
        ({"fileName": "glasses.png", "order": 99, "failIfOrderTaken": True}, 755),
        ({"fileName": "mine-123.png", "customDataBase64": GIF}, 9),
    ],
)
def test_errors_of_loading(data: dict, error: int):
    assert App().join().error("ItemLoadRequest", data) == error


def test_a_taken_order_and_a_full_scene():
    member = App().join()
    load(member, order=3)
    taken = {"fileName": "glasses.png", "order": 3, "failIfOrderTaken": True}
    assert member.error("ItemLoadRequest", taken) == 756
    for _ in range(59):
        load(member)
    assert member.error("ItemLoadRequest", {"fileName": "glasses.png"}) == 754


def test_custom_images():
    app = App(Options(popup="wait"))
    app.studio.options = Options()
    member = app.join()
    assert member.ask("PermissionRequest", {"requestedPermission": "LoadCustomImagesAsItems"})["grantSuccess"]
    custom = {"fileName": "my-cake.gif", "customDataBase64": GIF}
    answer = member.ask("ItemLoadRequest", custom)
    assert answer["fileName"].startswith("custom_")
    assert load(member, answer["fileName"])
    for wrong in ({"customDataBase64": "@"}, {"fileName": "a.gif"}, {"fileName": "my cake !.gif"}):
        assert member.error("ItemLoadRequest", {**custom, **wrong}) == 758
    app.studio.options = Options(popup="wait")
    other = {
        "fileName": "other-cake.gif",
        "customDataBase64": base64.b64encode(b"GIF89a@\x00@\x00" + bytes(9)).decode(),
    }
    asking = {**other, "customDataAskUserFirst": True}
    ids = [member.send("ItemLoadRequest", asking) for _ in range(7)]
    app.frame()
    assert [(f["requestID"], f["data"]["errorID"]) for f in member.take()] == [(ids[6], 759)]
    app.studio.popups.decide(False)
    app.studio.popups.decide(True)
    app.frame()
    assert [f["data"].get("errorID") for f in member.take()] == [760, None]
    member.send("ItemLoadRequest", {**asking, "customDataSkipAskingUserIfWhitelisted": False, "customDataAskTimer": 1})
    app.wait(0.5)
    app.studio.popups.open = app.studio.popups.open[-1:]
    app.wait(1)
    assert member.take()[-1]["data"]["errorID"] == 760


def test_moving():
    app = App()
    member = app.join()
    item = load(member)
    move = {"itemInstanceID": item, "timeInSeconds": 1, "positionX": 1, "positionY": -1000, "size": -1000}
    moves = [
        {**move, "rotation": -1000, "order": 7, "setFlip": True, "flip": True, "fadeMode": "zip"},
        {"itemInstanceID": "none"},
    ]
    answer = member.ask("ItemMoveRequest", {"itemsToMove": moves})
    assert [(row["success"], row["errorID"]) for row in answer["movedItems"]] == [(True, -1), (False, 900)]
    placed = app.studio.items.scene[0]
    assert (placed.order, placed.flipped) == (7, True)
    app.wait(1.1)
    assert placed.place == (1, 0, 0.3, 0)
    load(member, order=8)
    for change, error in (({"fadeMode": "hop"}, 901), ({"order": 8}, 902), ({"order": 0}, 902)):
        answer = member.ask("ItemMoveRequest", {"itemsToMove": [{**move, **change}]})
        assert answer["movedItems"][0]["errorID"] == error
    app.studio.windows_open = True
    answer = member.ask("ItemMoveRequest", {"itemsToMove": [{**move, "order": 20}]})
    assert answer["movedItems"][0]["errorID"] == 903


@settings(max_examples=40)
@given(st.sampled_from(["linear", "easeIn", "easeOut", "easeBoth", "overshoot", "zip"]))
def test_every_fade_starts_and_ends_where_it_should(fade: str):
    assert eased(fade, 0.0) == pytest.approx(0)
    assert eased(fade, 1.0) == pytest.approx(1)


def test_animating():
    app = App()
    member = app.join()
    item = load(member, "ANIM_headpat")
    control = {"itemInstanceID": item, "framerate": 10, "frame": 0, "setAutoStopFrames": True, "autoStopFrames": [3]}
    assert member.ask("ItemAnimationControlRequest", control) == {"frame": 0, "animationPlaying": True}
    app.wait(1)
    state = member.ask("ItemAnimationControlRequest", {"itemInstanceID": item, "opacity": 0.5, "brightness": 7})
    assert state == {"frame": 3, "animationPlaying": False}
    placed = app.studio.items.scene[0]
    assert (placed.opacity, placed.brightness, placed.rate) == (0.5, 1, 10)
    still, live = load(member, "cake.jpg"), load(member, "Ribbon")
    for change, error in (
        ({"itemInstanceID": "none"}, 850),
        ({"itemInstanceID": live}, 851),
        ({"frame": 7}, 852),
        ({"autoStopFrames": [-1]}, 852),
        ({"autoStopFrames": [0] * 1025}, 853),
        ({"itemInstanceID": still}, 854),
    ):
        assert member.error("ItemAnimationControlRequest", {**control, **change}) == error
    assert member.ask("ItemAnimationControlRequest", {"itemInstanceID": still, "opacity": 0.1})


def test_sorting_and_pinning():
    app = App()
    member = app.join()
    item = load(member, "Ribbon")
    sort = {
        "itemInstanceID": item,
        "setSplitPoint": "UseArtMeshID",
        "splitAt": "ribbon_front",
        "setFrontOrder": "UseArtMeshID",
        "withinModelOrderFront": "hair_front",
        "setBackOrder": "UseSpecialID",
        "withinModelOrderBack": "FullyInBack",
    }
    answer = member.ask("ItemSortRequest", sort)
    assert answer["loadedModelHadRequestedFrontLayer"] is True
    assert answer["loadedModelHadRequestedBackLayer"] is True
    for change, error in (
        ({"itemInstanceID": "none"}, 1250),
        ({"setFrontOrder": "Wrong"}, 1251),
        ({"setFrontOrder": "UseSpecialID"}, 1252),
        ({"withinModelOrderBack": "FullyInFront"}, 1253),
        ({"splitAt": "none"}, 1254),
    ):
        assert member.error("ItemSortRequest", {**sort, **change}) == error
    pin = {
        "itemInstanceID": item,
        "pin": True,
        "angleRelativeTo": "RelativeToModel",
        "sizeRelativeTo": "RelativeToWorld",
        "vertexPinType": "Center",
        "pinInfo": {"modelID": "", "artMeshID": "face_skin"},
    }
    assert member.ask("ItemPinRequest", pin)["isPinned"] is True
    assert app.studio.items.scene[0].pinned_mesh == "face_skin"
    weights = {"vertexID1": 1, "vertexID2": 2, "vertexID3": 3, "vertexWeight1": 0.5}
    for change, error in (
        ({"itemInstanceID": "none"}, 1050),
        ({"angleRelativeTo": "x"}, 1051),
        ({"pinInfo": {"modelID": SAMPLES["bare"].model_id}}, 1052),
        ({"pinInfo": {"artMeshID": "none"}}, 1053),
        ({"vertexPinType": "Provided", "pinInfo": weights}, 1054),
    ):
        assert member.error("ItemPinRequest", {**pin, **change}) == error
    assert member.ask("ItemPinRequest", {"itemInstanceID": item, "pin": False})["isPinned"] is False


def test_post_processing():
    app = App()
    member = app.join()
    member.subscribe("PostProcessingEvent")
    answer = member.ask("PostProcessingListRequest", {"effectIDFilter": ["CHROMATIC_aberration", "ascii"]})
    assert (answer["effectCountBeforeFilter"], answer["configCountBeforeFilter"]) == (29, 258)
    assert answer["effectCountAfterFilter"] == 2
    assert answer["postProcessingEffects"] == answer["postProcessingPresets"] == []
    values = [
        {"configID": "backlight-strength", "configValue": "80"},
        {"configID": "Bloom_StreakVertical", "configValue": "TRUE"},
        {"configID": "Bloom_StreakColorTint", "configValue": "220308FF"},
    ]
    update = {"postProcessingOn": True, "setPostProcessingValues": True, "postProcessingValues": values}
    assert member.ask("PostProcessingUpdateRequest", update) == {
        "postProcessingActive": True,
        "presetIsActive": False,
        "activePreset": "",
        "activeEffectCount": 1,
    }
    filled = member.ask(
        "PostProcessingListRequest", {"fillPostProcessingEffectsArray": True, "effectIDFilter": ["Backlight"]}
    )
    strength = filled["postProcessingEffects"][0]["configEntries"][0]
    assert (strength["enumID"], strength["floatValue"], strength["activationConfig"]) == ("Backlight_Strength", 1, True)
    preset = {"postProcessingOn": True, "setPostProcessingPreset": True, "presetToSet": "soft_glow"}
    member.send("PostProcessingUpdateRequest", preset)
    app.frame()
    event, answer = member.take()
    assert event["data"] == {"currentOnState": True, "currentPreset": "soft_glow"}
    assert answer["data"]["activePreset"] == "soft_glow"
    for change, error in (
        ({"postProcessingFadeTime": 2.1}, 1201),
        ({"setPostProcessingPreset": True}, 1202),
        ({"postProcessingValues": [{"configID": "No_Such", "configValue": "1"}]}, 1204),
        ({"postProcessingValues": [{"configID": "Bloom_Strength", "configValue": "much"}]}, 1204),
        ({"postProcessingValues": [values[0], {**values[0], "configID": "BACKLIGHT_Strength"}]}, 1205),
        ({"postProcessingValues": [{"configID": "ModelGlitch_StrengthWiggle", "configValue": "1"}]}, 1206),
    ):
        assert member.error("PostProcessingUpdateRequest", {**update, **change}) == error
    assert member.error("PostProcessingUpdateRequest", {**preset, "presetToSet": "none"}) == 1203
    assert member.error("PostProcessingListRequest", {"effectIDFilter": ["x"] * 513}) == 1150
    assert member.ask("PostProcessingUpdateRequest", {"postProcessingOn": True, "randomizeAll": True})
    app.studio.windows_open = True
    assert member.error("PostProcessingUpdateRequest", update) == 1200


def test_ndi():
    app = App()
    member = app.join()
    wanted = {"setNewConfig": True, "ndiActive": True, "customWidthNDI": 1920, "customHeightNDI": 1080}
    assert member.ask("NDIConfigRequest", wanted)["customWidthNDI"] == 1920
    assert member.error("NDIConfigRequest", wanted) == 550
    assert member.ask("NDIConfigRequest", {})["ndiActive"] is True
    app.wait(3.1)
    assert member.error("NDIConfigRequest", {**wanted, "customWidthNDI": 1000}) == 551


def test_choosing_art_meshes_waits_for_the_user():
    app = App()
    member = app.join()
    app.studio.options = Options(popup="wait")
    member.send("ArtMeshSelectionRequest", {"requestedArtMeshCount": 2, "activeArtMeshes": ["hair_back"]})
    app.wait(1)
    assert member.take() == []
    assert member.error("ArtMeshSelectionRequest", {}) == 1001
    app.studio.popups.decide(True, "art_meshes")
    app.frame()
    answer = member.take()[0]["data"]
    assert answer["success"] is True
    assert answer["activeArtMeshes"] == ["hair_back", "face_skin"]
    assert len(answer["inactiveArtMeshes"]) == 5
    assert member.error("ArtMeshSelectionRequest", {"activeArtMeshes": ["none"]}) == 1002
    assert member.error("ArtMeshSelectionRequest", {"activeArtMeshes": ["face_skin"] * 1025}) == 1003
    app.studio.models.begin(None)
    assert member.error("ArtMeshSelectionRequest", {}) == 1000
