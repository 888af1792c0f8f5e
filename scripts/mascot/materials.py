"""The materials: MToon over one painted texture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .glb import Container
from .paint import atlas, blush, linear, outlines
from .png import png

__all__ = ["BLUSH_COLOUR", "EXTENSIONS", "append", "pictures"]

EXTENSIONS = ("KHR_materials_unlit", "VRMC_materials_mtoon")
BLUSH_COLOUR = (1.0, 1.0, 1.0)
_BLUSH_REST = 0.26

_LOOKS: Mapping[str, tuple[int, float, int]] = {
    # colour of the shade, outline in metres (0: none), colour of the outline
    "skin": (0xF3BDB4, 0.0014, 0x8A4A4E),
    "face": (0xF3BDB4, 0.0, 0),
    "hair": (0xC9BDEB, 0.0013, 0x463A78),
    "cloth": (0xC6C4E4, 0.0016, 0x2C2A50),
    "ink": (0xFFFFFF, 0.0, 0),
    "blush": (0xFFFFFF, 0.0, 0),
}


def _material(name: str, shade: int, outline: float, line: int) -> dict[str, Any]:
    texture = {"index": 1 if name == "blush" else 0}
    toon: dict[str, Any] = {
        "specVersion": "1.0",
        "shadeColorFactor": linear(shade),
        "shadeMultiplyTexture": texture,
        "shadingToonyFactor": 0.88,
        "shadingShiftFactor": 0.18 if name in ("skin", "face") else -0.02,
        "giEqualizationFactor": 0.9,
        "rimLightingMixFactor": 1.0,
        "parametricRimColorFactor": [0.10, 0.08, 0.12] if name in ("hair", "cloth") else [0.0, 0.0, 0.0],
        "parametricRimFresnelPowerFactor": 4.5,
        "outlineWidthMode": "worldCoordinates" if outline else "none",
        "outlineWidthFactor": outline,
        "outlineColorFactor": linear(line),
        "outlineLightingMixFactor": 0.0,
    }
    if name == "hair":
        toon["outlineWidthMultiplyTexture"] = {"index": 2}
    if name == "blush":
        toon |= {"transparentWithZWrite": False, "renderQueueOffsetNumber": 0}
    made: dict[str, Any] = {
        "name": name,
        "pbrMetallicRoughness": {
            "baseColorFactor": [*BLUSH_COLOUR, _BLUSH_REST] if name == "blush" else [1.0, 1.0, 1.0, 1.0],
            "baseColorTexture": texture,
            "metallicFactor": 0.0,
            "roughnessFactor": 1.0,
        },
        "extensions": {"KHR_materials_unlit": {}, "VRMC_materials_mtoon": toon},
    }
    if name in ("cloth", "hair", "ink"):
        made["doubleSided"] = True
    if name == "blush":
        made["alphaMode"] = "BLEND"
    return made


def append(file: Container) -> dict[str, int]:
    """Append every material; return name to place. The textures 0 to 2 are those of `pictures`."""
    return {name: file.add("materials", _material(name, *look)) for name, look in _LOOKS.items()}


def pictures(file: Container) -> None:
    """Append the textures, last in the file."""
    file.image("paint", png(atlas()))
    file.image("blush", png(blush()))
    file.image("outlines", png(outlines()))
