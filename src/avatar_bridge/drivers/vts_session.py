"""Opens a session with VTube Studio: the stored token, else the question to the user, and the events to hear of."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine

from avatar_bridge.drivers.vts_client import VTubeStudioClient
from avatar_bridge.drivers.vts_latency import Latency
from avatar_bridge.drivers.vts_stream import FrameStream
from avatar_bridge.drivers.vts_switches import Switches
from avatar_bridge.drivers.vts_token import TokenFile
from avatar_bridge.errors import AvatarBridgeError, RefusedError, WorldError
from avatar_bridge.wire.vts_errors import POPUP_OPEN, ApiError
from avatar_bridge.wire.vts_replies import Authentication, Token, read

__all__ = ["authenticate", "drive", "subscribe"]

POPUP_TIMEOUT = 300.0
"""Seconds for which the answer to the pop-up is waited before it is asked for again."""
BUSY = 1.0
"""Seconds until the question is put again while another plugin's is open."""
_FAREWELL = 1.5
_ECHO_EVERY = 2.0
_EVENTS = ("ModelLoadedEvent", "ModelConfigChangedEvent")


async def authenticate(
    client: VTubeStudioClient,
    tokens: TokenFile,
    *,
    plugin: str,
    developer: str,
    wait: Callable[[str], None],
) -> str | None:
    """Open the session; `wait` is told, in one sentence, what is asked of the user.

    Returns a remark where the token could not be stored, else None. Raises RefusedError where the user said no,
    UnreachableError where the app went away.
    """
    token = tokens.read()
    if token is not None:
        if (await _enter(client, plugin, developer, token)).authenticated:
            return None
        tokens.forget()
    token = await _ask(client, plugin, developer, wait)
    remark = None
    try:
        await asyncio.to_thread(tokens.write, token)
    except WorldError as error:
        remark = f"The permission could not be stored, so VTube Studio will ask again: {error}"
    answer = await _enter(client, plugin, developer, token)
    if not answer.authenticated:
        raise RefusedError(f"VTube Studio granted a token and then refused it: {answer.reason or 'no reason given'}")
    return remark


async def subscribe(client: VTubeStudioClient) -> None:
    """Ask to be told of model switches; an app that does not offer an event goes without."""
    for name in _EVENTS:
        try:
            await client.request("EventSubscription", {"eventName": name, "subscribe": True, "config": {}})
        except ApiError:
            continue


async def _enter(client: VTubeStudioClient, plugin: str, developer: str, token: str) -> Authentication:
    data = {"pluginName": plugin, "pluginDeveloper": developer, "authenticationToken": token}
    return read(Authentication, await client.request("Authentication", data))


async def _ask(client: VTubeStudioClient, plugin: str, developer: str, wait: Callable[[str], None]) -> str:
    data = {"pluginName": plugin, "pluginDeveloper": developer}
    while True:
        wait(f"VTube Studio asks whether {plugin!r} may control it: press Allow in VTube Studio.")
        try:
            answer = await client.request("AuthenticationToken", data, timeout_s=POPUP_TIMEOUT)
        except ApiError as error:
            if error.error_id != POPUP_OPEN:
                raise
            wait(str(error))
            await asyncio.sleep(BUSY)
            continue
        return read(Token, answer).token


async def drive(
    client: VTubeStudioClient, stream: FrameStream, switches: Switches, follow: Coroutine[None, None, None]
) -> None:
    """Send frames and commands and `follow` events until cancelled, then take it all back.

    Where the connection fails, what is held stays held for the next one.
    Raises what ended it: UnreachableError, ApiError, ProtocolError.
    """
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(follow)
            tasks.create_task(stream.run(client))
            tasks.create_task(stream.mend(client))
            tasks.create_task(switches.run(client))
            tasks.create_task(_listen_for_echoes(client, stream.latency))
    except asyncio.CancelledError:
        with contextlib.suppress(AvatarBridgeError, TimeoutError):
            async with asyncio.timeout(_FAREWELL):
                await asyncio.gather(stream.close(client), switches.close(client))
        raise
    except BaseExceptionGroup as group:
        stream.forget()
        raise _first(group) from group


async def _listen_for_echoes(client: VTubeStudioClient, latency: Latency) -> None:
    """Measure the way to the app every two seconds."""
    while True:
        trip = await client.echo()
        if trip is not None:
            latency.echo(trip)
        await asyncio.sleep(_ECHO_EVERY)


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
