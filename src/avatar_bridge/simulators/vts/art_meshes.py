"""ArtMeshes: listing, tinting, and asking the user to choose some."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from avatar_bridge.simulators.vts.area import Answer, Area
from avatar_bridge.simulators.vts.error_ids import ApiError
from avatar_bridge.simulators.vts.fields import Fields, JsonObject
from avatar_bridge.simulators.vts.model import ModelDescription
from avatar_bridge.simulators.vts.session import Call, Session

if TYPE_CHECKING:
    from avatar_bridge.simulators.vts.studio import Studio

__all__ = ["ArtMeshes", "Tint"]

_SELECTION_LIMIT = 1024
_CHANNELS = ("colorR", "colorG", "colorB", "colorA")


@dataclass(frozen=True, slots=True)
class Tint:
    """The colour of one ArtMesh, red, green, blue and alpha 0..255, and the session that gave it."""

    color: tuple[int, ...]
    mix: float
    session: int


class ArtMeshes(Area):
    """The ArtMeshes of the loaded model and their tints."""

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio)
        self.tints: dict[str, Tint] = {}

    def answers(self) -> dict[str, Answer]:
        """Return the requests that this area answers."""
        return {
            "ArtMeshListRequest": self._list,
            "ColorTintRequest": self._tint,
            "ArtMeshSelectionRequest": self._select,
        }

    def model_gone(self) -> None:
        """Forget the tints with the model."""
        self.tints.clear()

    def left(self, session: Session) -> None:
        """Reset what the session tinted."""
        self.tints = {name: tint for name, tint in self.tints.items() if tint.session != session.number}

    def _list(self, _: Call) -> JsonObject:
        model = self.studio.models.current
        names = list(model.art_meshes) if model is not None else []
        tags = sorted({tag for _, own in model.art_mesh_tags for tag in own}) if model is not None else []
        groups = [
            {
                "groupID": group.group_id,
                "groupName": group.name,
                "numberOfArtMeshesInGroup": len(group.art_meshes),
                "artMeshNames": list(group.art_meshes),
            }
            for group in (model.art_mesh_groups if model is not None else ())
        ]
        return {
            "modelLoaded": model is not None,
            "numberOfArtMeshNames": len(names),
            "numberOfArtMeshTags": len(tags),
            "artMeshNames": names,
            "artMeshTags": tags,
            "numberOfArtMeshGroups": len(groups),
            "artMeshGroups": groups,
        }

    def _tint(self, call: Call) -> JsonObject:
        model = self.studio.models.current
        if model is None:
            raise ApiError(250)
        if not call.fields.has("colorTint") or not call.fields.has("artMeshMatcher"):
            raise ApiError(251)
        tint = call.fields.object("colorTint")
        color = tuple(tint.integer(channel, -1) for channel in _CHANNELS)
        mix = tint.number("mixWithSceneLightingColor", 1.0)
        if not all(0 <= channel <= 255 for channel in color):
            raise ApiError(252)
        matched = _matched(model, call.fields.object("artMeshMatcher"))
        for name in matched:
            if color == (255, 255, 255, 255):
                self.tints.pop(name, None)
            else:
                self.tints[name] = Tint(color, min(max(mix, 0.0), 1.0), call.session.number)
        return {"matchedArtMeshes": len(matched)}

    def _select(self, call: Call) -> None:
        model = self.studio.models.current
        if model is None:
            raise ApiError(1000)
        if self.studio.windows_open or self.studio.popups.count("art_meshes"):
            raise ApiError(1001)
        active = call.fields.texts("activeArtMeshes")
        if len(active) > _SELECTION_LIMIT:
            raise ApiError(1003)
        for name in active:
            if name not in model.art_meshes:
                raise ApiError(1002, name[:100])
        wanted = call.fields.integer("requestedArtMeshCount")

        def decide(allowed: bool) -> None:
            chosen = [name for name in model.art_meshes if name in active]
            if allowed:
                rest = [name for name in model.art_meshes if name not in chosen]
                count = min(wanted, len(model.art_meshes)) if wanted > 0 else max(len(chosen), 1)
                chosen = (chosen + rest)[:count]
            others = [name for name in model.art_meshes if name not in chosen]
            call.answer({"success": allowed, "activeArtMeshes": chosen, "inactiveArtMeshes": others})

        text = call.fields.text("textOverride")
        fits = 4 <= len(text) <= 1024
        self.studio.popups.ask("art_meshes", text if fits else "Select ArtMeshes for the plugin.", decide)


def _matched(model: ModelDescription, matcher: Fields) -> list[str]:
    """Return the ArtMeshes that any criterion picks; case is ignored."""
    if matcher.flag("tintAll"):
        return list(model.art_meshes)
    numbers = set(matcher.integers("artMeshNumber"))
    exact = {text.casefold() for text in matcher.texts("nameExact")}
    contains = [text.casefold() for text in matcher.texts("nameContains") if text]
    tag_exact = {text.casefold() for text in matcher.texts("tagExact")}
    tag_contains = [text.casefold() for text in matcher.texts("tagContains") if text]
    groups = {text.casefold() for text in matcher.texts("artMeshGroupIDExact")}
    grouped = {
        name for group in model.art_mesh_groups if group.group_id.casefold() in groups for name in group.art_meshes
    }
    tags = {name: [tag.casefold() for tag in own] for name, own in model.art_mesh_tags}
    found = []
    for number, name in enumerate(model.art_meshes):
        folded, own = name.casefold(), tags.get(name, [])
        by_name = number in numbers or folded in exact or name in grouped or any(part in folded for part in contains)
        if by_name or any(tag in tag_exact or any(part in tag for part in tag_contains) for tag in own):
            found.append(name)
    return found
