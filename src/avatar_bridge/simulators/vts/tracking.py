"""The default tracking parameters, in the order in which VTube Studio lists them."""

from __future__ import annotations

__all__ = ["TRACKING_PARAMETERS", "VOICE_PARAMETERS", "hand_parameters"]

_FINGERS = ("1_Thumb", "2_Index", "3_Middle", "4_Ring", "5_Pinky")


def hand_parameters() -> tuple[tuple[str, float, float], ...]:
    """Return name, minimum and maximum of the parameters of both hands."""
    rows: list[tuple[str, float, float]] = [
        ("HandLeftFound", 0, 1),
        ("HandRightFound", 0, 1),
        ("BothHandsFound", 0, 1),
        ("HandDistance", 0, 10),
    ]
    for side in ("Left", "Right"):
        rows += [(f"Hand{side}PositionX", 0, 10), (f"Hand{side}PositionY", -10, 10), (f"Hand{side}PositionZ", -10, 10)]
    for side in ("Left", "Right"):
        rows += [(f"Hand{side}AngleX", -180, 180), (f"Hand{side}AngleZ", -180, 180)]
    rows += [("HandLeftOpen", 0, 1), ("HandRightOpen", 0, 1)]
    rows += [(f"Hand{side}Finger_{finger}", 0, 1) for side in ("Left", "Right") for finger in _FINGERS]
    return tuple(rows)


TRACKING_PARAMETERS: tuple[tuple[str, float, float], ...] = (
    ("FacePositionX", -15, 15),
    ("FacePositionY", -15, 15),
    ("FacePositionZ", -10, 10),
    ("FaceAngleX", -30, 30),
    ("FaceAngleY", -30, 30),
    ("FaceAngleZ", -90, 90),
    ("MouthSmile", 0, 1),
    ("MouthOpen", 0, 1),
    ("Brows", 0, 1),
    ("TongueOut", 0, 1),
    ("CheekPuff", 0, 1),
    ("FaceAngry", 0, 1),
    ("BrowLeftY", 0, 1),
    ("BrowRightY", 0, 1),
    ("EyeOpenLeft", 0, 1),
    ("EyeOpenRight", 0, 1),
    ("EyeLeftX", -1, 1),
    ("EyeLeftY", -1, 1),
    ("EyeRightX", -1, 1),
    ("EyeRightY", -1, 1),
    ("MousePositionX", -1, 1),
    ("MousePositionY", -1, 1),
    ("VoiceVolume", 0, 1),
    ("VoiceFrequency", 0, 1),
    ("VoiceVolumePlusMouthOpen", 0, 1),
    ("VoiceFrequencyPlusMouthSmile", 0, 1),
    ("MouthX", -1, 1),
    *hand_parameters(),
)
"""Name, minimum and maximum; the default value is 0 for every one, even where the face rests at 0.5."""

VOICE_PARAMETERS: tuple[tuple[str, float, float], ...] = tuple(
    (f"Voice{sound}", 0, 1) for sound in ("A", "I", "U", "E", "O", "Silence")
)
"""What versions with the advanced lip-sync add."""
