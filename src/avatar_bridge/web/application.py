"""The web application: routes, refusals, and its description."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.types import ASGIApp

from avatar_bridge.web import api, chat, pages, proxy_speech
from avatar_bridge.web import proxy as proxy_routes
from avatar_bridge.web.avatar_files import STATIC
from avatar_bridge.web.bodies import PerformBody
from avatar_bridge.web.body_limit import BodyLimit
from avatar_bridge.web.map_form import MapForm
from avatar_bridge.web.map_routes import map_routes
from avatar_bridge.web.packed import PackedStaticFiles
from avatar_bridge.web.proxy import Proxy
from avatar_bridge.web.refusals import declared, field_words, refusal_response
from avatar_bridge.web.security import Gate, Place
from avatar_bridge.web.show import Show

__all__ = ["ROUTERS", "application", "openapi_document", "openapi_json"]

_described = APIRouter(prefix="/v1", tags=["description"])

ROUTERS: Final[tuple[APIRouter, ...]] = (
    api.router,
    chat.router,
    pages.router,
    proxy_routes.router,
    proxy_speech.router,
    _described,
)
"""Every group of routes, but those of the map's form."""

_API = "1"
"""Version of the API: the first part of its paths."""

_ABOUT = (
    "Drive a running Avatar Bridge. Every request shows the token that `avatar-bridge serve` printed, as "
    "`Authorization: Bearer …` or `?token=…`. Bodies are at most 512 kB. What happens meanwhile is told on the event "
    "socket `/v1/events` (docs/events.md)."
)


def application(
    show: Show, events: ASGIApp, games: ASGIApp, *, token: str, place: Place, proxy: Proxy | None = None
) -> ASGIApp:
    """Return the whole application, the gate in front."""
    app = _routes(*([map_routes(show.map_form, show.adopt)] if show.map_form else []))
    app.state.show = show
    app.state.proxy = proxy
    app.router.routes.insert(0, Route("/v1/chat/completions", proxy_routes.chat, methods=["POST"]))
    app.router.routes.append(WebSocketRoute("/v1/events", endpoint=events))
    app.router.routes.append(WebSocketRoute("/v1/game", endpoint=games))
    app.router.routes.append(Mount("/static", PackedStaticFiles(directory=STATIC, check_dir=False)))
    return Gate(BodyLimit(app), token=token, place=place)


def openapi_document() -> dict[str, Any]:
    """Return the OpenAPI description of the HTTP API."""
    form = MapForm("any_vts_model", Path())
    return _describe(_routes(map_routes(form, lambda _: None)))


def openapi_json() -> str:
    """Return the description as the text that is published in docs/openapi.json."""
    return json.dumps(openapi_document(), ensure_ascii=False, indent=2) + "\n"


@_described.get("/openapi.json", responses=declared())
async def openapi(request: Request) -> JSONResponse:
    """Return this description."""
    document: dict[str, Any] = request.app.openapi()
    return JSONResponse(document)


def _routes(*more: APIRouter) -> FastAPI:
    pages.know_file_types()
    app = FastAPI(title="Avatar Bridge", version=_API, openapi_url=None, docs_url=None, redoc_url=None)
    for router in (*ROUTERS, *more):
        app.include_router(router)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.openapi = lambda: _describe(app)  # type: ignore[method-assign]
    return app


def _describe(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema:
        return app.openapi_schema
    document = get_openapi(
        title=app.title, version=app.version, summary="Speak tagged text", description=_ABOUT, routes=app.routes
    )
    parts = document.setdefault("components", {})
    schemas = parts.setdefault("schemas", {})
    schemas["PerformBody"] = PerformBody.model_json_schema()
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    for operation in (each for path in document["paths"].values() for each in path.values()):
        _declare(operation)
    parts["schemas"] = dict(sorted(schemas.items()))
    parts["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer"},
        "token": {"type": "apiKey", "in": "query", "name": "token"},
    }
    document["security"] = [{"bearer": []}, {"token": []}]
    app.openapi_schema = document
    return document


def _declare(operation: dict[str, Any]) -> None:
    """Add the refusals that the gate and the body's limit may give to any operation."""
    statuses = (400, 401, 403, 413) if "requestBody" in operation else (401, 403)
    for status, refusal in declared(*statuses).items():
        if str(status) not in operation["responses"]:
            schema = {"$ref": "#/components/schemas/ErrorBody"}
            content = {"application/json": {"schema": schema}}
            operation["responses"][str(status)] = {"description": refusal["description"], "content": content}
    operation["responses"] = dict(sorted(operation["responses"].items()))


async def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    suggestion = getattr(error, "suggestion", "")
    words = str(error.detail)
    if error.status_code in (404, 405) and not suggestion:
        words = f"{request.method} {request.url.path[:200]}: {words}"
        allowed = (error.headers or {}).get("Allow")
        suggestion = f"use {allowed}; " * bool(allowed) + "GET /v1/openapi.json describes what there is"
    return refusal_response(error.status_code, words, suggestion, error.headers)


async def _gone(request: Request, error: Exception) -> JSONResponse:
    """Answer who went away in the midst of a request: nobody reads it."""
    del request, error
    return refusal_response(400, "the request broke off")


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    del request
    assert isinstance(error, RequestValidationError)
    problems = error.errors()
    if any(problem["type"] == "json_invalid" for problem in problems):
        return refusal_response(400, f"expected JSON: {problems[0].get('ctx', {}).get('error', problems[0]['msg'])}")
    return refusal_response(422, field_words(problems), "GET /v1/openapi.json describes the fields")
