"""The websocket under the `elevenlabs` voice: one a segment, the next one opened while this one is heard."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI
from websockets.protocol import State

from avatar_bridge.credentials import Key
from avatar_bridge.errors import UsageError, VoiceError
from avatar_bridge.remote import spoken_refusal

__all__ = ["SpareSockets", "refusal"]

_OLDEST = 150.0
"""Seconds after which a spare connection is not trusted any more; the service closes idle ones after 180."""
_LARGEST = 16 << 20
_ABSENT = ("not found", "not_found", "does not exist")
_LOOPBACK = ("ws://127.", "ws://localhost", "ws://[::1]")


@dataclass(slots=True)
class _Spare:
    socket: ClientConnection
    since: float


class SpareSockets:
    """Connections to one address: `take` gives one, at once where one was made ready."""

    def __init__(self, url: str, key: Key | None, patience: float) -> None:
        self._url = url
        self._key = key
        self._patience = patience
        self._spare: _Spare | None = None
        self._making: asyncio.Task[None] | None = None

    async def take(self) -> ClientConnection:
        """Return an open connection; raises VoiceError with a remedy where there is none to be had."""
        if self._making is not None:
            await asyncio.wait({self._making})
        spare, self._spare = self._spare, None
        if spare is not None:
            if spare.socket.state is State.OPEN and time.monotonic() - spare.since < _OLDEST:
                return spare.socket
            await self.drop(spare.socket)
        return await self._connected()

    def make_ready(self) -> None:
        """Open the next connection meanwhile; that it fails is told by the next `take`."""
        if self._making is None and self._spare is None:
            self._making = asyncio.create_task(self._prepare())

    async def look(self) -> None:
        """Open a connection now, for the next `take`; raises as that does."""
        if self._spare is None:
            self._spare = _Spare(await self._connected(), time.monotonic())

    async def close(self) -> None:
        """Close what is open and nobody has taken."""
        if self._making is not None:
            self._making.cancel()
            await asyncio.gather(self._making, return_exceptions=True)
        spare, self._spare = self._spare, None
        if spare is not None:
            await self.drop(spare.socket)

    @staticmethod
    async def drop(socket: ClientConnection) -> None:
        """Close a connection at once: what it still makes is not paid for longer than needed."""
        with suppress(ConnectionClosed, OSError):
            await socket.close()

    async def _prepare(self) -> None:
        try:
            with suppress(VoiceError, UsageError):
                await self.look()
        finally:
            self._making = None

    async def _connected(self) -> ClientConnection:
        headers = {"xi-api-key": self._key.reveal()} if self._key else {}
        local = self._url.startswith(_LOOPBACK)
        try:
            return await connect(
                self._url,
                additional_headers=headers,
                compression=None,
                max_size=_LARGEST,
                open_timeout=self._patience,
                close_timeout=0.5,
                proxy=None if local else True,
            )
        except InvalidStatus as error:
            words = spoken_refusal(bytes(error.response.body or b""))
            raise VoiceError(refusal(words or "the connection", error.response.status_code, self._key)) from None
        except InvalidURI:
            raise UsageError("voice.url: expected the address of ElevenLabs as wss://HOST or https://HOST") from None
        except (OSError, TimeoutError, InvalidHandshake) as error:
            raise VoiceError(
                f"ElevenLabs cannot be reached ({type(error).__name__}: {str(error)[:120]}); is there a network, "
                "is voice.url right?"
            ) from None


def refusal(words: str, code: int | None, key: Key | None) -> str:
    """Return a refusal in words, with what to do; never with the key."""
    shown = key.hide(words) if key else words
    lower = words.lower()
    remedy = ""
    if code in (401, 403) or "api_key" in lower or "api key" in lower or "unauthor" in lower:
        remedy = f"check the key {key.place}" if key else "it wants a key: set ELEVENLABS_API_KEY, or voice.key"
    elif "quota" in lower or "credit" in lower or code == 402:
        remedy = "the account has no characters left; buy some, or set voice.fallback"
    elif code == 404 or ("voice" in lower and any(words in lower for words in _ABSENT)):
        remedy = 'set voice.options.voice to the ID of one of "My Voices"'
    elif code == 429 or "busy" in lower or "too many" in lower or "concurrent" in lower:
        remedy = "too many requests at once for the account; set voice.fallback for such moments"
    return f"ElevenLabs refused{f' ({code})' if code else ''}: {shown[:300]}{'; ' + remedy if remedy else ''}"
