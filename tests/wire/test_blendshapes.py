"""The face as blendshapes: names, sums, and no eye that closes twice."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from avatar_bridge.core.motion.rig import EXPRESSIONS, FACE_CHANNELS
from avatar_bridge.core.vocabulary import VISEMES
from avatar_bridge.wire.blendshapes import ARKIT, VRM0_NAMES, arkit, vrm

FRAMES = st.fixed_dictionaries(
    {channel.name: st.floats(channel.low, channel.high) for channel in FACE_CHANNELS if channel.unit != "degrees"}
)


def test_arkit_has_its_52_names() -> None:
    assert len(set(ARKIT)) == 52
    assert {"jawOpen", "mouthSmileLeft", "eyeBlinkRight", "browInnerUp", "tongueOut", "noseSneerLeft"} <= set(ARKIT)


def test_every_preset_has_both_names() -> None:
    assert list(vrm({})) == list(VRM0_NAMES)
    assert (VRM0_NAMES["happy"], VRM0_NAMES["sad"], VRM0_NAMES["aa"], VRM0_NAMES["blinkLeft"]) == (
        "Joy",
        "Sorrow",
        "A",
        "Blink_L",
    )


@given(FRAMES)
def test_weights_stay_within_0_and_1(values: dict[str, float]) -> None:
    for found in (vrm(values), vrm(values, eyes=True, version=1), arkit(values), arkit(values, eyes=True)):
        assert all(0.0 <= weight <= 1.0 for weight in found.values())
    found = vrm(values)
    assert sum(found[name] for name in EXPRESSIONS) <= 1.0 + 1e-6
    assert max(found["blinkLeft"], found["blinkRight"]) + found["blink"] <= 1.0 + 1e-6
    assert min(found["blinkLeft"], found["blinkRight"]) == 0.0


@given(FRAMES)
def test_a_quiet_mouth_is_closed(values: dict[str, float]) -> None:
    still = values | dict.fromkeys(("mouth_open", *VISEMES), 0.0)
    assert all(vrm(still)[name] == 0.0 for name in VISEMES)
    assert arkit(still)["jawOpen"] == 0.0


def test_a_blink_is_one_blink_and_a_wink_one_eye() -> None:
    both = vrm({"blink_left": 1.0, "blink_right": 1.0})
    assert (both["blink"], both["blinkLeft"], both["blinkRight"]) == (1.0, 0.0, 0.0)
    wink = vrm({"blink_left": 1.0})
    assert (wink["blink"], wink["blinkLeft"], wink["blinkRight"]) == (0.0, 1.0, 0.0)


def test_an_old_models_smile_keeps_the_lids_to_itself() -> None:
    smiling = {"happy": 1.0, "blink_left": 1.0, "blink_right": 1.0, "aa": 1.0, "mouth_open": 1.0}
    assert vrm(smiling)["blink"] < 0.11
    assert vrm(smiling)["aa"] == 0.5
    assert vrm(smiling, version=1)["blink"] == 1.0


def test_a_yawn_opens_the_mouth_without_a_viseme() -> None:
    assert vrm({"mouth_open": 0.8})["aa"] == 0.8
    assert arkit({"mouth_open": 1.0})["jawOpen"] == 0.7


def test_looking_to_screen_right_is_the_characters_left() -> None:
    face = arkit({"gaze_x": 1.0}, eyes=True)
    assert (face["eyeLookOutLeft"], face["eyeLookInRight"], face["eyeLookInLeft"]) == (1.0, 1.0, 0.0)
    assert vrm({"gaze_x": 1.0}, eyes=True)["lookLeft"] == 1.0
    assert not any(weight for name, weight in arkit({"gaze_x": 1.0, "gaze_y": 1.0}).items() if "Look" in name)


def test_vowels_differ_in_arkit() -> None:
    shapes = {viseme: tuple(arkit({viseme: 1.0, "mouth_open": 1.0}).values()) for viseme in VISEMES}
    assert len(set(shapes.values())) == 5
    assert arkit({"ou": 1.0})["mouthPucker"] > 0.5 > arkit({"aa": 1.0})["mouthPucker"]
    assert arkit({"ih": 1.0})["mouthUpperUpRight"] == arkit({"ih": 1.0})["mouthUpperUpLeft"] > 0
