"""GET and PUT /v1/map: the motion map as the studio's form reads, checks and saves it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from avatar_bridge.core.motion.motion_map import MotionMap
from avatar_bridge.errors import MotionMapError, WorldError
from avatar_bridge.web.map_edit import Change
from avatar_bridge.web.map_form import MapForm, StaleMapError

__all__ = ["MapChange", "MapChanges", "map_routes"]


class MapChange(BaseModel):
    """What becomes of one action."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    action: str = Field(min_length=1, max_length=100, description="Its name in the map; a new name adds an action.")
    values: dict[str, JsonValue] = Field(
        default_factory=dict, description="Keys with their new values; null takes a key away, absent keys stay."
    )
    remove: bool = Field(False, description="Take the whole action away.")


class MapChanges(BaseModel):
    """Changes to the motion map, made all together or not at all."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={"examples": [{"changes": [{"action": "nod", "values": {"stroke": 0.36}}]}]},
    )

    changes: list[MapChange] = Field(max_length=500)

    def plain(self) -> list[Change]:
        """Return them as the form takes them."""
        return [Change(each.action, each.values, each.remove) for each in self.changes]


class MapFault(BaseModel):
    """One fault of a map."""

    message: str
    action: str = ""
    key: str = ""
    line: int | None = None
    nearest: str | None = Field(None, description="The nearest right name.")


class MapProblems(BaseModel):
    """What would be wrong; empty where nothing is."""

    problems: list[MapFault]


class MapRefusal(BaseModel):
    """Why nothing was saved, and what to do."""

    error: str
    suggestion: str = ""
    problems: list[MapFault] = []


class MapSaved(BaseModel):
    """Where the map was written to."""

    path: str
    copied: bool = Field(description="True where the package's map was copied, which is never written itself.")
    note: str
    etag: str


class MapAsForm(BaseModel):
    """The motion map: its actions, what can be written in one, and the file's text."""

    model_config = ConfigDict(extra="allow")

    name: str
    path: str
    packaged: bool = Field(description="True for a map of the package: saving writes a copy to `saves_to`.")
    saves_to: str
    etag: str = Field(description="Goes into If-Match when saving.")
    toml: str
    actions: list[dict[str, Any]]
    problems: list[MapFault]


_CHECKED: Final[dict[int | str, dict[str, Any]]] = {
    412: {"model": MapRefusal, "description": "The file was changed by somebody else since it was read."},
    422: {"model": MapRefusal, "description": "The map would not validate; `problems` names action and key."},
    428: {"model": MapRefusal, "description": "If-Match is missing."},
    500: {"model": MapRefusal, "description": "The file cannot be written."},
}


def map_routes(form: MapForm, adopt: Callable[[MotionMap], None]) -> APIRouter:
    """Return the routes of one form; `adopt` gets every saved map, so that the next utterance plays by it."""
    router = APIRouter(prefix="/v1/map", tags=["map"])

    @router.get("", response_model=MapAsForm, summary="The motion map as a form")
    async def read() -> JSONResponse:
        shown = await asyncio.to_thread(form.read)
        return JSONResponse(shown, headers={"ETag": shown["etag"]})

    @router.post("/check", response_model=MapProblems, summary="What would be wrong with changes", responses=_at(422))
    async def check(body: MapChanges) -> dict[str, Any]:
        found = await asyncio.to_thread(form.check, body.plain())
        return {"problems": [asdict(problem) for problem in found]}

    @router.put("", response_model=MapSaved, summary="Save changes", responses=_CHECKED)
    async def save(body: MapChanges, if_match: Annotated[str | None, Header()] = None) -> JSONResponse:
        if if_match is None:
            return _refused(428, "expected the header If-Match", "send the etag that GET /v1/map gave")
        try:
            saved = await asyncio.to_thread(form.save, body.plain(), if_match)
        except StaleMapError as error:
            return _refused(412, str(error), "GET /v1/map again")
        except MotionMapError as error:
            found = await asyncio.to_thread(form.check, body.plain())
            return _refused(422, str(error), "mend the fields that `problems` names", [asdict(each) for each in found])
        except WorldError as error:
            return _refused(500, str(error), "make room or choose another folder, then save again")
        adopt(saved.motion_map)
        answer = {"path": str(saved.path), "copied": saved.copied, "note": saved.note, "etag": saved.etag}
        return JSONResponse(answer, headers={"ETag": saved.etag})

    return router


def _at(*codes: int) -> dict[int | str, dict[str, Any]]:
    return {code: _CHECKED[code] for code in codes}


def _refused(code: int, error: str, suggestion: str, problems: list[dict[str, Any]] | None = None) -> JSONResponse:
    return JSONResponse({"error": error, "suggestion": suggestion, "problems": problems or []}, code)
