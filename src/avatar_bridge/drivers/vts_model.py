"""Reads the running model: its hotkeys, expressions, inputs, and how far its inputs have to go."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from avatar_bridge.drivers.vts_client import VTubeStudioClient
from avatar_bridge.drivers.vts_folders import find_model_file, model_folders
from avatar_bridge.errors import ProtocolError
from avatar_bridge.wire import vts_replies as replies
from avatar_bridge.wire.vts_calibration import DEFAULT, NUDGE, REST, Calibration, calibrate, nudged
from avatar_bridge.wire.vts_errors import ApiError
from avatar_bridge.wire.vtube_json import ModelFile

__all__ = ["Model", "is_local", "read_model"]

_SETTLE = 0.35
"""Seconds until a pose shows in the model's parameters, most smoothing included."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model as it stands in the app; `id` is empty while none is loaded."""

    id: str = ""
    name: str = ""
    hotkeys: tuple[replies.Hotkey, ...] = ()
    expressions: tuple[replies.Expression, ...] = ()
    inputs: frozenset[str] = frozenset()
    calibration: Calibration = DEFAULT
    framerate: float = 60.0


def is_local(url: str) -> bool:
    """Return whether the address is this machine's own loopback."""
    try:
        return urlsplit(url).hostname in {"127.0.0.1", "localhost", "::1"}
    except ValueError:
        return False


async def read_model(
    client: VTubeStudioClient,
    *,
    folders: Sequence[Path] | None = None,
    local: bool = True,
    probe: bool = False,
    known: Mapping[str, Calibration] | None = None,
) -> Model:
    """Return the model on screen, an empty one while none is loaded.

    `folders` are where model files lie (None: Steam's), looked at only when the app is `local`; `probe` says whether a
    nudge may be made for a model whose file is not found; `known` are earlier calibrations by model id, for where
    there is no file.
    Raises UnreachableError and ProtocolError.
    """
    current = await client.ask(replies.CurrentModel, "CurrentModel")
    if not current.loaded:
        return Model()
    hotkeys, expressions, inputs, framerate = await asyncio.gather(
        client.ask(replies.Hotkeys, "HotkeysInCurrentModel"),
        client.ask(replies.Expressions, "ExpressionState", {"details": True}),
        client.ask(replies.InputParameters, "InputParameterList"),
        _framerate(client),
    )
    names = frozenset(parameter.name for parameter in (*inputs.default, *inputs.custom))
    file = await _file(current, folders) if local else None
    calibration = calibrate(file) if file is not None else (known or {}).get(current.id)
    if calibration is None:
        calibration = calibrate(await _nudge(client, current.id, names) if probe else None)
    return Model(current.id, current.name, hotkeys.hotkeys, expressions.expressions, names, calibration, framerate)


async def _framerate(client: VTubeStudioClient) -> float:
    try:
        return (await client.ask(replies.Statistics, "Statistics")).framerate or 60.0
    except (ApiError, ProtocolError):
        return 60.0


async def _file(current: replies.CurrentModel, folders: Sequence[Path] | None) -> ModelFile | None:
    def search() -> ModelFile | None:
        return find_model_file(current.id, current.file, model_folders() if folders is None else folders)

    return await asyncio.to_thread(search)


async def _nudge(client: VTubeStudioClient, model_id: str, names: frozenset[str]) -> ModelFile | None:
    """Hold two small poses and read what they did; None where the app does not let us."""
    try:
        before = await _held(client, REST, names)
        after = await _held(client, NUDGE, names)
    except ApiError:
        return None
    return nudged(model_id, before, after)


async def _held(client: VTubeStudioClient, pose: Mapping[str, float], names: frozenset[str]) -> dict[str, float]:
    values = [{"id": name, "value": value} for name, value in pose.items() if name in names]
    await client.request("InjectParameterData", {"faceFound": True, "mode": "set", "parameterValues": values})
    await asyncio.sleep(_SETTLE)
    answer = await client.ask(replies.Live2DParameters, "Live2DParameterList")
    return {parameter.name: parameter.value for parameter in answer.parameters}
