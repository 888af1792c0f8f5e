"""The character's voice for other programs, in OpenAI's form of speech."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import soundfile
import soxr
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from avatar_bridge.core.vocabulary import Samples
from avatar_bridge.errors import AvatarBridgeError, UsageError
from avatar_bridge.web.proxy import Proxy, proxy_error, proxy_of
from avatar_bridge.web.show import OnStage, Show

__all__ = ["encoded", "router"]

_RATE: Final = 24_000
"""Samples a second of all that is given out: what programs expect of `pcm`."""
_LONGEST: Final = 8192
"""Characters of one request; OpenAI takes half as many."""

router = APIRouter(prefix="/v1/audio", include_in_schema=False)


@dataclass(frozen=True, slots=True)
class _Form:
    kind: str
    write: Callable[[Samples], bytes]


def _file(form: str, subtype: str, rate: int = _RATE) -> Callable[[Samples], bytes]:
    def write(samples: Samples) -> bytes:
        out = io.BytesIO()
        fitting = samples if rate == _RATE else soxr.resample(samples, _RATE, rate)
        soundfile.write(out, fitting, rate, format=form, subtype=subtype)
        return out.getvalue()

    return write


def _raw(samples: Samples) -> bytes:
    return (np.clip(samples, -1.0, 1.0) * 32767.0).astype("<i2").tobytes()


_FORMS: Mapping[str, _Form] = MappingProxyType(
    {
        "mp3": _Form("audio/mpeg", _file("MP3", "MPEG_LAYER_III")),
        "wav": _Form("audio/wav", _file("WAV", "PCM_16")),
        "flac": _Form("audio/flac", _file("FLAC", "PCM_16")),
        "opus": _Form("audio/ogg", _file("OGG", "OPUS", 48_000)),
        "pcm": _Form(f"audio/pcm;rate={_RATE};channels=1", _raw),
    }
)


def encoded(samples: Samples, form: str) -> tuple[str, bytes]:
    """Return content type and bytes of sound at 24 kHz in a `response_format`; raises UsageError for an unknown one."""
    if form not in _FORMS:
        raise UsageError(f"expected a response_format out of {', '.join(_FORMS)}, got {form!r}")
    return _FORMS[form].kind, _FORMS[form].write(samples)


@router.post("/speech", response_model=None)
async def speech(request: Request, show: OnStage) -> Response:
    """Speak a text, its tags left out: give its sound, or perform it and give as much silence."""
    try:
        proxy = proxy_of(request)
        text, form = _asked(await request.body())
        samples = await _spoken(proxy, show, text)
        kind, data = await asyncio.to_thread(encoded, samples, form)
    except AvatarBridgeError as error:
        return proxy_error(error)
    return Response(data, media_type=kind)


@router.get("/voices")
async def voices(request: Request, show: OnStage) -> JSONResponse:
    """List the one voice there is."""
    try:
        proxy_of(request)
    except AvatarBridgeError as error:
        return proxy_error(error)
    name = show.bridge.settings.web.name or "character"
    return JSONResponse({"voices": [{"id": "avatar-bridge", "name": name}]})


@router.get("/models")
async def models(request: Request) -> JSONResponse:
    """List the one model of speech there is."""
    try:
        proxy_of(request)
    except AvatarBridgeError as error:
        return proxy_error(error)
    return JSONResponse({"models": [{"id": "avatar-bridge"}]})


def _asked(data: bytes) -> tuple[str, str]:
    try:
        body: Any = json.loads(data)
    except ValueError:
        body = None
    if not isinstance(body, dict) or not isinstance(body.get("input"), str) or not body["input"].strip():
        raise UsageError("expected a JSON object with input, the text to speak")
    if len(body["input"]) > _LONGEST:
        raise UsageError(f"expected at most {_LONGEST} characters of input, got {len(body['input'])}")
    form = body.get("response_format") or "mp3"
    if form not in _FORMS:
        raise UsageError(f"expected a response_format out of {', '.join(_FORMS)}, got {str(form)[:40]!r}")
    return body["input"], form


async def _spoken(proxy: Proxy, show: Show, text: str) -> Samples:
    bridge = show.bridge
    if proxy.settings.speech == "sound":
        return await bridge.voiced(text, _RATE)
    speaking = await show.perform(text)
    stage = bridge.stage
    timeline = bridge.timeline
    if timeline is None:
        return np.zeros(0, np.float32)
    await stage.until(lambda: timeline.closed or stage.utterance != speaking.number or stage.timeline is not timeline)
    return np.zeros(round(timeline.duration * _RATE), np.float32)
