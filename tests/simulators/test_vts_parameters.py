"""Points 33 to 42: parameters and injection."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vts_harness import OTHER, App, Member, client

from avatar_bridge.errors import ProtocolError
from avatar_bridge.simulators.vts import SAMPLES, Options, VTubeStudioSimulator

NEW = {"parameterName": "MyNewParamName", "explanation": "new", "min": -50, "max": 50, "defaultValue": 10}


def inject(member: Member, *values: dict, **more: object) -> dict:
    return member.ask("InjectParameterDataRequest", {"parameterValues": list(values), **more})


def refused(member: Member, *values: object, **more: object) -> int:
    return member.error("InjectParameterDataRequest", {"parameterValues": list(values), **more})


def value(member: Member, name: str) -> float:
    return member.ask("ParameterValueRequest", {"name": name})["value"]


async def test_point_33_injection(vts_simulator: VTubeStudioSimulator):
    async with client(vts_simulator.url) as raw:
        await raw.ask("ParameterCreationRequest", NEW)
        data = {
            "faceFound": False,
            "mode": "set",
            "parameterValues": [
                {"id": "FaceAngleX", "value": 12.31},
                {"id": "MyNewParamName", "weight": 0.8, "value": 0.7},
            ],
        }
        assert await raw.ask("InjectParameterDataRequest", data) == {}
    frame = vts_simulator.frames[0]
    assert frame.values == {"FaceAngleX": 12.31, "MyNewParamName": 0.7}
    assert frame.weights == {"MyNewParamName": 0.8}
    assert (frame.plugin, frame.mode, frame.face_found) == ("Raw Client", "set", False)
    logged = [r for r in vts_simulator.requests if r.message_type == "InjectParameterDataRequest"]
    assert logged[0].at == frame.at <= logged[0].answered_at


@pytest.mark.parametrize("values", [None, [], {"id": "MouthOpen", "value": 1}, "MouthOpen", 3])
def test_point_34_no_data_is_450(values: object):
    assert App().join().error("InjectParameterDataRequest", {"parameterValues": values}) == 450


def test_point_34_one_bad_value_spoils_the_whole_request():
    member = App().join()
    good = {"id": "MouthOpen", "value": 1}
    assert refused(member, good, {"id": "NoSuch", "value": 1}) == 453
    assert refused(member, good, {"id": "ParamMouthOpenY", "value": 1}) == 453
    assert refused(member, good, {"id": "FaceAngleX", "value": 1_000_001}) == 451
    assert refused(member, good, {"id": "FaceAngleX", "value": -1e300}) == 451
    assert refused(member, good, {"id": "FaceAngleX", "value": 10**400}) == 451
    assert refused(member, good, {"id": "FaceAngleX", "value": 1, "weight": 1.1}) == 452
    assert refused(member, good, {"id": "FaceAngleX", "value": 1, "weight": -0.1}) == 452
    assert refused(member, good, mode="multiply") == 455
    assert value(member, "MouthOpen") == 0
    answer = member.answer("InjectParameterDataRequest", {"parameterValues": [{"id": "X1", "value": 1}]})
    assert answer["data"]["message"].startswith("Parameter X1 not found. Did you create it yet?")


@pytest.mark.parametrize(("case", "error"), [("exact", 455), ("any", None)])
def test_point_34_the_case_of_the_mode_is_a_switch(case: str, error: int | None):
    app = App(Options(mode_case=case))
    member = app.join()
    answer = member.answer(
        "InjectParameterDataRequest", {"mode": "Set", "parameterValues": [{"id": "MouthOpen", "value": 1}]}
    )
    assert answer["data"].get("errorID") == error
    assert "'Set'" in app.studio.violations[-1]


def test_point_35_a_value_that_is_not_sent_again_is_lost_after_a_second():
    app = App()
    member = app.join()
    inject(member, {"id": "MouthOpen", "value": 0.6})
    app.wait(0.9)
    assert app.studio.parameters.value("MouthOpen") == 0.6
    app.wait(0.15)
    assert value(member, "MouthOpen") == 0
    app.studio.parameters.tracker = {"MouthOpen": 0.25}
    inject(member, {"id": "MouthOpen", "value": 0.6})
    assert value(member, "MouthOpen") == 0.6
    app.wait(1.1)
    assert value(member, "MouthOpen") == 0.25
    member.ask("ParameterCreationRequest", NEW)
    inject(member, {"id": "MyNewParamName", "value": 99})
    assert value(member, "MyNewParamName") == 99, "min and max clamp nothing"
    app.wait(1.1)
    assert value(member, "MyNewParamName") == 10


def test_point_36_one_owner_sets_and_any_number_adds():
    app = App()
    first, second, third = app.join(), app.join(OTHER), app.join({**OTHER, "pluginName": "Third"})
    inject(first, {"id": "FaceAngleX", "value": 10})
    assert refused(second, {"id": "MouthOpen", "value": 1}, {"id": "FaceAngleX", "value": 1}) == 454
    assert value(first, "MouthOpen") == 0
    inject(second, {"id": "FaceAngleX", "value": 3, "weight": 0.1}, mode="add")
    inject(third, {"id": "FaceAngleX", "value": 4}, mode="add")
    assert value(first, "FaceAngleX") == 17
    app.wait(1.05)
    inject(second, {"id": "FaceAngleX", "value": 1})
    assert refused(first, {"id": "FaceAngleX", "value": 1}) == 454
    second.leave()
    inject(first, {"id": "FaceAngleX", "value": 2})
    assert value(first, "FaceAngleX") == 2


@settings(max_examples=60, deadline=None)
@given(st.floats(-100, 100), st.floats(-1e6, 1e6), st.floats(0, 1))
def test_point_37_weight_mixes_with_the_tracker(tracked: float, injected: float, weight: float):
    app = App()
    app.studio.parameters.tracker = {"FaceAngleY": tracked}
    member = app.join()
    inject(member, {"id": "FaceAngleY", "value": injected, "weight": weight})
    assert app.studio.parameters.value("FaceAngleY") == pytest.approx((1 - weight) * tracked + weight * injected)


def test_point_38_wrong_types_become_defaults_and_are_noted():
    app = App()
    member = app.join()
    inject(member, {"id": "MouthOpen", "value": "0.7"})
    assert value(member, "MouthOpen") == 0
    assert "value should be a number, got str" in app.studio.violations[-1]
    inject(member, {"id": "MouthOpen", "value": 0.7, "weight": "0.1"})
    assert value(member, "MouthOpen") == 0.7
    inject(member, {"id": "MouthOpen", "value": True}, faceFound="yes")
    assert value(member, "MouthOpen") == 0


async def test_point_38_strict_types_fail_the_check():
    async with VTubeStudioSimulator(options=Options(types="strict")) as vts, client(vts.url) as raw:
        vts.check()
        await raw.ask("InjectParameterDataRequest", {"parameterValues": [{"id": "MouthOpen", "value": "1"}]})
        with pytest.raises(ProtocolError, match="value should be a number, got str"):
            vts.check()


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"parameterName": "abc"}, 350),
        ({"parameterName": "x" * 33}, 350),
        ({"parameterName": "with space"}, 350),
        ({"parameterName": "naïveName"}, 350),
        ({"parameterName": None}, 350),
        ({"min": -1_000_001}, 351),
        ({"max": 1e9}, 351),
        ({"defaultValue": 10**400}, 351),
        ({"explanation": "x" * 256}, 353),
        ({"parameterName": "MouthOpen"}, 354),
        ({"parameterName": "mouthopen"}, 354),
    ],
)
def test_point_39_creation_errors(change: dict, error: int):
    assert App().join().error("ParameterCreationRequest", {**NEW, **change}) == error


def test_point_39_creating_updating_deleting():
    app = App()
    first, second = app.join(), app.join(OTHER)
    assert first.ask("ParameterCreationRequest", NEW) == {"parameterName": "MyNewParamName"}
    assert first.ask("ParameterCreationRequest", {**NEW, "max": 70, "explanation": None})
    assert first.ask("ParameterValueRequest", {"name": "MyNewParamName"}) == {
        "name": "MyNewParamName",
        "addedBy": "Raw Client",
        "value": 10,
        "min": -50,
        "max": 70,
        "defaultValue": 10,
    }
    assert second.error("ParameterCreationRequest", NEW) == 352
    assert second.error("ParameterDeletionRequest", {"parameterName": "MyNewParamName"}) == 402
    assert second.error("ParameterDeletionRequest", {"parameterName": "Nothing"}) == 401
    assert second.error("ParameterDeletionRequest", {"parameterName": "MouthOpen"}) == 403
    assert second.error("ParameterDeletionRequest", {}) == 400
    inject(first, {"id": "MyNewParamName", "value": 5})
    assert first.ask("ParameterDeletionRequest", {"parameterName": "MyNewParamName"})
    assert refused(first, {"id": "MyNewParamName", "value": 5}) == 453


def test_point_39_limits():
    app = App()
    for plugin in range(3):
        member = app.join({**OTHER, "pluginName": f"Plugin {plugin}"})
        ids = [
            member.send("ParameterCreationRequest", {**NEW, "parameterName": f"Plugin{plugin}Number{n}"})
            for n in range(101)
        ]
        app.frame()
        errors = {f["requestID"]: f["data"].get("errorID") for f in member.take()}
        assert [errors[i] for i in ids] == [None] * 100 + [355]
    assert app.join().error("ParameterCreationRequest", NEW) == 356


def test_point_40_value_of_one_parameter():
    member = App().join()
    assert member.ask("ParameterValueRequest", {"name": "MouthOpen"}) == {
        "name": "MouthOpen",
        "addedBy": "VTube Studio",
        "value": 0,
        "min": 0,
        "max": 1,
        "defaultValue": 0,
    }
    assert member.error("ParameterValueRequest", {"name": "NoSuch"}) == 500
    answer = member.answer("ParameterValueRequest", {"id": "MouthOpen"})
    assert answer["data"] == {"errorID": 500, "message": "You have to provide a parameter name."}


async def test_point_41_list_of_parameters(vts_simulator: VTubeStudioSimulator):
    async with client(vts_simulator.url) as raw:
        answer = await raw.ask("InputParameterListRequest")
    rows = answer["defaultParameters"]
    assert [row["name"] for row in rows[:5]] == [
        "FacePositionX",
        "FacePositionY",
        "FacePositionZ",
        "FaceAngleX",
        "FaceAngleY",
    ]
    assert {row["defaultValue"] for row in rows} == {0}
    limits = {row["name"]: (row["min"], row["max"]) for row in rows}
    assert limits["FaceAngleZ"] == (-90, 90)
    assert limits["HandRightFinger_5_Pinky"] == (0, 1)
    assert limits["VoiceSilence"] == (0, 1)
    assert len(json.dumps(answer)) > 1016
    assert answer["customParameters"] == []


def test_point_41_old_versions_have_no_voice_sounds():
    member = App(Options(voice_parameters=False)).join()
    names = {row["name"] for row in member.ask("InputParameterListRequest")["defaultParameters"]}
    assert "VoiceA" not in names
    assert {"VoiceVolume", "VoiceFrequencyPlusMouthSmile"} <= names


def test_point_42_a_plugin_can_say_that_a_face_is_there():
    app = App()
    member = app.join()
    member.subscribe("TrackingStatusChangedEvent")
    inject(member, {"id": "MouthOpen", "value": 1}, faceFound=True)
    assert member.ask("FaceFoundRequest") == {"found": True}
    app.wait(1.1)
    assert member.ask("FaceFoundRequest") == {"found": False}
    inject(member, {"id": "MouthOpen", "value": 1})
    assert member.ask("FaceFoundRequest") == {"found": False}


def test_point_42_the_status_event():
    app = App()
    member = app.join()
    member.subscribe("TrackingStatusChangedEvent")
    member.send(
        "InjectParameterDataRequest", {"faceFound": True, "parameterValues": [{"id": "HandLeftFound", "value": 1}]}
    )
    app.wait(1.5)
    events = [f["data"] for f in member.take() if f["messageType"] == "TrackingStatusChangedEvent"]
    assert events == [
        {"faceFound": True, "leftHandFound": True, "rightHandFound": False},
        {"faceFound": False, "leftHandFound": False, "rightHandFound": False},
    ]


def live2d(member: Member) -> dict[str, float]:
    return {row["name"]: row["value"] for row in member.ask("Live2DParameterListRequest")["parameters"]}


def test_the_body_follows_the_head_and_mouths_are_full_early():
    member = App(models=[SAMPLES["sticky"]]).join()
    inject(
        member,
        {"id": "FaceAngleX", "value": 15},
        {"id": "MouthOpen", "value": 0.48},
        {"id": "EyeRightX", "value": 0.5},
        {"id": "MouthSmile", "value": 0.5},
    )
    values = live2d(member)
    assert values["ParamAngleX"] == pytest.approx(15)
    assert values["ParamBodyAngleX"] == pytest.approx(5)
    assert values["ParamMouthOpenY"] == 1, "0.48 x 2.1, held at the parameter's maximum"
    assert values["ParamEyeBallX"] == pytest.approx(-0.5)
    assert values["ParamMouthForm"] == pytest.approx(0)
    assert values["ParamBrowLY"] == -1, "brows that nobody sends are down: their rest is 0.5"


def test_voice_volume_plus_mouth_open_follows_the_mouth():
    member = App(models=[SAMPLES["akari"]]).join()
    inject(member, {"id": "MouthOpen", "value": 0.6})
    assert live2d(member)["ParamMouthOpenY"] == pytest.approx(0.6)
    inject(member, {"id": "VoiceVolumePlusMouthOpen", "value": 0.2})
    assert live2d(member)["ParamMouthOpenY"] == pytest.approx(0.2)
    plain = App(Options(voice_plus_mouth=False), [SAMPLES["akari"]]).join()
    inject(plain, {"id": "MouthOpen", "value": 0.6})
    assert live2d(plain)["ParamMouthOpenY"] == 0


def test_smoothing_is_a_switch():
    app = App(Options(smoothing=True), [SAMPLES["sticky"]])
    member = app.join()
    for _ in range(3):
        inject(member, {"id": "FaceAngleX", "value": 30})
    part = app.studio.live2d.values()["ParamAngleX"]
    assert 0 < part < 30
    for _ in range(60):
        inject(member, {"id": "FaceAngleX", "value": 30})
    assert app.studio.live2d.values()["ParamAngleX"] == pytest.approx(30, abs=0.1)


def test_no_model_no_live2d_parameters():
    assert App(models=[]).join().ask("Live2DParameterListRequest") == {
        "modelLoaded": False,
        "modelName": "",
        "modelID": "",
        "parameters": [],
    }
