"""Points 30 to 32: expressions and tints."""

from __future__ import annotations

import pytest
from vts_harness import OTHER, App, client

from avatar_bridge.simulators.vts import SAMPLES, Options, VTubeStudioSimulator

WHITE = {"colorR": 255, "colorG": 255, "colorB": 255, "colorA": 255}


async def test_point_30_activation_without_an_event(vts_simulator: VTubeStudioSimulator):
    async with client(vts_simulator.url) as raw:
        await raw.ask("EventSubscriptionRequest", {"eventName": "HotkeyTriggeredEvent", "subscribe": True})
        on = {"expressionFile": "Angry.exp3.json", "fadeTime": 0.5, "active": True}
        assert await raw.ask("ExpressionActivationRequest", on) == {}
        assert vts_simulator.active_expressions == ("Angry.exp3.json",)
        await raw.ask("ExpressionActivationRequest", on)
        assert vts_simulator.active_expressions == ("Angry.exp3.json",)
        await raw.ask("ExpressionActivationRequest", {**on, "active": False})
        assert vts_simulator.active_expressions == ()
        assert not raw.events


def test_point_30_errors():
    app = App()
    member = app.join()
    assert member.error("ExpressionActivationRequest", {"active": True}) == 650
    assert member.error("ExpressionActivationRequest", {"expressionFile": "Angry", "active": True}) == 650
    assert member.error("ExpressionActivationRequest", {"expressionFile": "x.exp3.json", "active": True}) == 651
    app.studio.models.begin(None)
    assert member.error("ExpressionActivationRequest", {"expressionFile": "x.exp3.json", "active": True}) == 652


def test_point_30_fading_in_and_out():
    app = App(models=[SAMPLES["sticky"]])
    member = app.join()
    mouth = {"expressionFile": "shout.exp3.json"}
    member.ask("ExpressionActivationRequest", {**mouth, "active": True, "fadeTime": 9})
    app.wait(1)
    assert app.studio.live2d.values()["ParamMouthOpenY"] == pytest.approx(0.4, abs=0.02), "fades are at most 2 s"
    app.wait(1.1)
    assert app.studio.live2d.values()["ParamMouthOpenY"] == pytest.approx(0.8)
    member.ask("ExpressionActivationRequest", {**mouth, "active": False, "fadeTime": 0})
    app.wait(1)
    assert app.studio.live2d.values()["ParamMouthOpenY"] == pytest.approx(0.4, abs=0.02), "out as long as in"
    app.wait(1.1)
    assert app.studio.live2d.values()["ParamMouthOpenY"] == 0


def test_point_31_state_of_expressions():
    app = App()
    member = app.join()
    member.ask("HotkeyTriggerRequest", {"hotkeyID": "Blush"})
    app.wait(1)
    answer = member.ask("ExpressionStateRequest", {"details": True, "expressionFile": "", "modelID": "ignored"})
    assert (answer["modelLoaded"], answer["modelName"]) == (True, "Akari")
    rows = {row["name"]: row for row in answer["expressions"]}
    blush = rows["Blush"]
    assert (blush["file"], blush["active"], blush["deactivateWhenKeyIsLetGo"]) == ("Blush.exp3.json", True, False)
    assert blush["autoDeactivateAfterSeconds"] is True
    assert 2.5 < blush["secondsRemaining"] < 3.1
    assert blush["parameters"] == [{"name": "ParamCheek", "value": 1.0}]
    assert blush["usedInHotkeys"] == [{"name": "Blush", "id": SAMPLES["akari"].hotkeys[3].hotkey_id}]
    assert "secondsSinceLastActive" in blush
    assert rows["Angry"]["active"] is False
    one = member.ask("ExpressionStateRequest", {"details": False, "expressionFile": "Angry.exp3.json"})["expressions"]
    assert [row["name"] for row in one] == ["Angry"]
    assert one[0]["usedInHotkeys"] == one[0]["parameters"] == []
    assert member.error("ExpressionStateRequest", {"expressionFile": "Angry"}) == 600
    assert member.error("ExpressionStateRequest", {"expressionFile": "no.exp3.json"}) == 601
    app.studio.models.begin(None)
    assert member.ask("ExpressionStateRequest") == {
        "modelLoaded": False,
        "modelName": "",
        "modelID": "",
        "expressions": [],
    }


def test_point_31_only_documented_fields():
    member = App(Options(undocumented_fields=False)).join()
    assert "secondsSinceLastActive" not in member.ask("ExpressionStateRequest")["expressions"][0]


def test_point_32_tinting():
    app = App()
    member = app.join()
    color = {"colorR": 255, "colorG": 150, "colorB": 0, "colorA": 255}

    def tint(color: object, **matcher: object) -> int:
        data = {"colorTint": color, "artMeshMatcher": matcher}
        return member.ask("ColorTintRequest", data)["matchedArtMeshes"]

    assert tint(color, nameContains=["EYE_white"]) == 2
    assert tint(color, nameExact=["Mouth_Line"]) == 1
    assert tint(color, tagExact=["HAIR"]) == 2
    assert tint(color, tagContains=["bac"]) == 1
    assert tint(color, artMeshNumber=[0, 1, 99]) == 2
    assert tint(color, artMeshGroupIDExact=[SAMPLES["akari"].art_mesh_groups[0].group_id.upper()]) == 2
    assert tint(color, tintAll=True) == 7
    assert tint(color) == 0
    assert app.studio.art_meshes.tints["hair_front"].color == (255, 150, 0, 255)
    assert tint(WHITE, nameExact=["hair_front"]) == 1
    assert "hair_front" not in app.studio.art_meshes.tints
    for wrong in ({**color, "colorR": 256}, {**color, "colorA": -1}, {"colorR": 1, "colorG": 1, "colorB": 1}):
        assert member.error("ColorTintRequest", {"colorTint": wrong, "artMeshMatcher": {"tintAll": True}}) == 252
    assert member.error("ColorTintRequest", {"artMeshMatcher": {"tintAll": True}}) == 251
    assert member.error("ColorTintRequest", {"colorTint": color}) == 251
    listed = member.ask("ArtMeshListRequest")
    assert (listed["numberOfArtMeshNames"], listed["artMeshTags"]) == (7, ["back", "hair"])
    app.studio.models.begin(None)
    assert member.error("ColorTintRequest", {"colorTint": color, "artMeshMatcher": {"tintAll": True}}) == 250
    assert member.ask("ArtMeshListRequest")["modelLoaded"] is False


def test_point_32_tints_go_with_their_session():
    app = App()
    first, second = app.join(), app.join(OTHER)
    for member, name in ((first, "face_skin"), (second, "hair_front")):
        member.ask("ColorTintRequest", {"colorTint": {**WHITE, "colorR": 0}, "artMeshMatcher": {"nameExact": [name]}})
    first.leave()
    assert set(app.studio.art_meshes.tints) == {"hair_front"}
