"""The models that the simulator brings along; each stands for a kind that real users have."""

from __future__ import annotations

import hashlib

from avatar_bridge.simulators.vts.model import (
    Animation,
    ArtMeshGroup,
    Binding,
    Expression,
    ExpressionTarget,
    Hotkey,
    Live2DParameter,
    ModelDescription,
    PhysicsGroup,
)

__all__ = ["SAMPLES"]

_FACE = (
    ("ParamAngleX", -30, 30, 0),
    ("ParamAngleY", -30, 30, 0),
    ("ParamAngleZ", -30, 30, 0),
    ("ParamBodyAngleX", -10, 10, 0),
    ("ParamBodyAngleY", -10, 10, 0),
    ("ParamBodyAngleZ", -10, 10, 0),
    ("ParamEyeLOpen", 0, 2, 1),
    ("ParamEyeROpen", 0, 2, 1),
    ("ParamEyeLSmile", 0, 1, 0),
    ("ParamEyeRSmile", 0, 1, 0),
    ("ParamEyeBallX", -1, 1, 0),
    ("ParamEyeBallY", -1, 1, 0),
    ("ParamBrowLY", -1, 1, 0),
    ("ParamBrowRY", -1, 1, 0),
    ("ParamBrowLForm", -1, 1, 0),
    ("ParamBrowRForm", -1, 1, 0),
    ("ParamMouthForm", -1, 1, 0),
    ("ParamMouthOpenY", 0, 1, 0),
    ("ParamCheek", 0, 1, 0),
    ("ParamBreath", 0, 1, 0),
)

_MESHES = ("face_skin", "eye_white_left", "eye_white_right", "mouth_inner", "mouth_line", "hair_front", "hair_back")


def _id(text: str) -> str:
    return hashlib.md5(text.encode("utf-8"), usedforsecurity=False).hexdigest()


def _bindings(mouth_source: str = "MouthOpen", mouth_high: float = 2.1) -> tuple[Binding, ...]:
    head = [
        Binding("FaceAngleX", "ParamAngleX", -30, 30, -30, 30, smoothing=15),
        Binding("FaceAngleY", "ParamAngleY", -20, 20, -30, 30, smoothing=15),
        Binding("FaceAngleZ", "ParamAngleZ", -30, 30, -30, 30, smoothing=30),
        Binding("FaceAngleX", "ParamBodyAngleX", -30, 30, -10, 10, smoothing=20),
        Binding("FaceAngleY", "ParamBodyAngleY", -30, 30, -10, 10, smoothing=20),
        Binding("FaceAngleZ", "ParamBodyAngleZ", -30, 30, -10, 10, smoothing=20),
    ]
    face = [
        Binding("EyeOpenLeft", "ParamEyeLOpen", 0, 1, 0, 1.9, smoothing=10),
        Binding("EyeOpenRight", "ParamEyeROpen", 0, 1, 0, 1.9, smoothing=10),
        Binding("EyeRightX", "ParamEyeBallX", -1, 1, 1, -1, smoothing=8),
        Binding("EyeRightY", "ParamEyeBallY", -1, 1, -1, 1, smoothing=8),
        Binding("MouthSmile", "ParamEyeLSmile", 0, 1, 0, 1, smoothing=10),
        Binding("MouthSmile", "ParamEyeRSmile", 0, 1, 0, 1, smoothing=10),
        Binding("MouthSmile", "ParamMouthForm", 0, 1, -1, 1),
        Binding("MouthSmile", "ParamCheek", 0, 1, 0.5, 1, smoothing=45),
        Binding("Brows", "ParamBrowLY", 0, 1, -1, 1, smoothing=10),
        Binding("Brows", "ParamBrowRY", 0, 1, -1, 1, smoothing=10),
        Binding("Brows", "ParamBrowLForm", 0, 1, -1, 1, smoothing=15),
        Binding("Brows", "ParamBrowRForm", 0, 1, -1, 1, smoothing=15),
        Binding(mouth_source, "ParamMouthOpenY", 0, 1, 0, mouth_high),
        Binding("", "ParamBreath", 0, 0, 0, 1, breathing=True),
    ]
    return (*head, *face)


def _parameters(*more: tuple[str, float, float, float]) -> tuple[Live2DParameter, ...]:
    return tuple(Live2DParameter(name, low, high, default) for name, low, high, default in (*_FACE, *more))


def _expression(file: str, *targets: tuple[str, float]) -> Expression:
    return Expression(f"{file}.exp3.json", tuple(ExpressionTarget(name, value) for name, value in targets))


def _toggle(model: str, name: str, file: str, button: int = -1, seconds: float | None = None) -> Hotkey:
    hotkey_id = _id(f"{model}/{name}/{file}")
    return Hotkey(hotkey_id, name, "ToggleExpression", f"{file}.exp3.json", button, deactivate_after_seconds=seconds)


def _akari() -> ModelDescription:
    expressions = (
        _expression("EyesCry", ("ParamTears", 1.0), ("ParamBrowLForm", -0.6), ("ParamBrowRForm", -0.6)),
        _expression("EyesLove", ("ParamEyeHeart", 1.0)),
        _expression("Angry", ("ParamBrowLY", -0.7), ("ParamBrowRY", -0.7), ("ParamMouthForm", -0.8)),
        _expression("Blush", ("ParamCheek", 1.0)),
        _expression("Shock", ("ParamEyeLOpen", 0.5), ("ParamEyeROpen", 0.5), ("ParamShadow", 1.0)),
    )
    return ModelDescription(
        name="Akari",
        model_id=_id("model/Akari"),
        hotkeys=(
            _toggle("Akari", "Eyes Cry", "EyesCry", 1),
            _toggle("Akari", "Eyes Love", "EyesLove", 2),
            _toggle("Akari", "Angry", "Angry", 3),
            _toggle("Akari", "Blush", "Blush", 4, seconds=4.0),
            _toggle("Akari", "Shock", "Shock"),
            Hotkey(_id("Akari/Wave"), "Wave", "TriggerAnimation", "wave.motion3.json", 5),
            Hotkey(_id("Akari/Nod"), "Nod", "TriggerAnimation", "nod.motion3.json"),
            Hotkey(_id("Akari/Reset"), "Remove Expressions", "RemoveAllExpressions", on_screen_button=8),
            Hotkey(_id("Akari/Center"), "Center", "MoveModel", position=(0.0, -0.2, 0.0, -60.0)),
            Hotkey(_id("Akari/Lost"), "Lost file", "TriggerAnimation", "gone.motion3.json", file_missing=True),
        ),
        expressions=expressions,
        parameters=_parameters(("ParamTears", 0, 1, 0), ("ParamEyeHeart", 0, 1, 0), ("ParamShadow", 0, 1, 0)),
        bindings=_bindings("VoiceVolumePlusMouthOpen", 1.0),
        animations=(
            Animation("wave.motion3.json", 1.6, ((0.5, "hand up"),)),
            Animation("nod.motion3.json", 0.8),
            Animation("idle.motion3.json", 6.0),
        ),
        idle_animation="idle.motion3.json",
        art_meshes=_MESHES,
        art_mesh_tags=(("hair_front", ("hair",)), ("hair_back", ("hair", "back"))),
        art_mesh_groups=(ArtMeshGroup(_id("Akari/hair"), "Model Hair", ("hair_front", "hair_back")),),
        physics_groups=(
            PhysicsGroup("PhysicsSetting1", "Hair Front Physics"),
            PhysicsGroup("PhysicsSetting2", "Clothes Physics", 1.0, 1.5),
        ),
        icon_file="icon.png",
    )


def _nameless() -> ModelDescription:
    files = {
        "脸红": (("ParamCheek", 1.0),),
        "星星眼": (("Param36", 1.0),),
        "黑脸": (("Param37", 1.0),),
        "眼泪": (("Param38", 1.0), ("ParamBrowLForm", -0.5)),
        "爱心眼吐舌": (("Param39", 1.0),),
        "expression1": (("ParamBrowLY", -1.0), ("ParamBrowRY", -1.0), ("ParamMouthForm", -0.7)),
    }
    return ModelDescription(
        name="兔兔",
        model_id=_id("model/nameless"),
        hotkeys=tuple(_toggle("nameless", "", file) for file in files),
        expressions=tuple(_expression(file, *targets) for file, targets in files.items()),
        parameters=_parameters(*((f"Param{number}", 0, 1, 0) for number in range(36, 40))),
        bindings=_bindings(),
        art_meshes=_MESHES,
        physics_groups=(PhysicsGroup("PhysicsSetting1", "头发"), PhysicsGroup("PhysicsSetting2", "")),
    )


def _japanese() -> ModelDescription:
    motions = {"うなずき": "unazuki", "手を振る": "te_wo_furu", "お辞儀": "ojigi"}
    return ModelDescription(
        name="かすみ",
        model_id=_id("model/japanese"),
        hotkeys=(
            *(
                Hotkey(_id(f"japanese/{name}"), name, "TriggerAnimation", f"{file}.motion3.json")
                for name, file in motions.items()
            ),
            _toggle("japanese", "照れ", "tere"),
            _toggle("japanese", "がーん", "gaan"),
            _toggle("japanese", "涙", "namida"),
            _toggle("japanese", "帽子オフ", "bousi off"),
            Hotkey(_id("japanese/reset"), "リセット", "RemoveAllExpressions"),
            Hotkey(_id("japanese/background"), "夜の背景", "ChangeBackground", "night_room"),
        ),
        expressions=(
            _expression("tere", ("ParamCheek", 1.0)),
            _expression("gaan", ("ParamShadow", 1.0), ("ParamEyeLOpen", 0.3), ("ParamEyeROpen", 0.3)),
            _expression("namida", ("ParamTears", 1.0)),
            _expression("bousi off", ("ParamHat", -1.0)),
        ),
        parameters=_parameters(("ParamShadow", 0, 1, 0), ("ParamTears", 0, 1, 0), ("ParamHat", 0, 1, 1)),
        bindings=_bindings(mouth_high=1.0),
        animations=(
            Animation("unazuki.motion3.json", 0.7),
            Animation("te_wo_furu.motion3.json", 1.8),
            Animation("ojigi.motion3.json", 1.4),
        ),
        art_meshes=_MESHES,
    )


def _bare() -> ModelDescription:
    return ModelDescription(
        name="Bare",
        model_id=_id("model/bare"),
        parameters=_parameters(),
        bindings=_bindings(),
        art_meshes=("body",),
    )


def _sticky() -> ModelDescription:
    return ModelDescription(
        name="Sticky",
        model_id=_id("model/sticky"),
        hotkeys=(
            _toggle("sticky", "F5 Jacket off", "jacket_off"),
            _toggle("sticky", "Dark Face [3]", "dark_face"),
            _toggle("sticky", "Shout", "shout"),
            _toggle("sticky", "dark face [3]", "dark_face_2"),
            Hotkey(_id("sticky/model"), "Akari", "ChangeVTSModel", "Akari.vtube.json"),
        ),
        expressions=(
            _expression("jacket_off", ("ParamJacket", -1.0)),
            _expression("dark_face", ("ParamShadow", 1.0)),
            _expression("shout", ("ParamMouthOpenY", 0.8), ("ParamMouthForm", -0.5)),
            _expression("dark_face_2", ("ParamShadow", 0.5)),
        ),
        parameters=_parameters(("ParamJacket", 0, 1, 1), ("ParamShadow", 0, 1, 0)),
        bindings=_bindings(),
        art_meshes=_MESHES,
        physics_groups=(PhysicsGroup("PhysicsSetting1", "Hair"),),
    )


SAMPLES = {
    "akari": _akari(),
    "nameless": _nameless(),
    "japanese": _japanese(),
    "bare": _bare(),
    "sticky": _sticky(),
}
"""By short name: English hotkeys; hotkeys without names; Japanese names and motions; none; toggles that stay on, an
expression that pushes the mouth, two hotkeys of one name."""
