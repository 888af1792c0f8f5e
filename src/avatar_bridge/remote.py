"""The HTTP client of every service: time-outs, size limits, refusals in plain words, keys kept out of them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from avatar_bridge.credentials import Key
from avatar_bridge.errors import ProtocolError, RefusedError, UnreachableError, UsageError

if TYPE_CHECKING:
    import httpx2

__all__ = ["Event", "Patience", "Service", "ServiceRefusedError", "spoken_refusal"]

_LARGEST_REPLY = 64 << 20
_LARGEST_EVENT = 8 << 20
_LARGEST_REFUSAL = 64 << 10
_PASSING = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_LOOPBACK = ("127.", "localhost", "[::1]", "::1")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a service may take, in seconds."""

    connect: float = 5.0
    silence: float = 60.0
    """Between two bytes of an answer, and until its first."""


@dataclass(frozen=True, slots=True)
class Event:
    """One server-sent event."""

    name: str
    data: str


class ServiceRefusedError(RefusedError):
    """A service answered with a status that says no."""

    def __init__(self, message: str, *, status: int, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after
        """Seconds that the service asks to wait."""

    @property
    def passing(self) -> bool:
        """True where asking again later may help: busy, loading, too many requests."""
        return self.status in _PASSING


class Service:
    """One service under one address; for one event loop.

    Every call raises UnreachableError where nothing answers in time, ServiceRefusedError where the service says no, and
    ProtocolError where it breaks off or answers what it should not. No message holds the key.
    """

    def __init__(
        self,
        what: str,
        url: str,
        *,
        key: Key | None = None,
        header: str = "Authorization",
        scheme: str = "Bearer ",
        headers: Mapping[str, str] | None = None,
        patience: Patience = Patience(),
    ) -> None:
        """`what`: what it is called in messages; `header`, `scheme`: how the key is shown."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise UsageError(f"expected the address of {what} as http://HOST:PORT or https://HOST, got {url!r}")
        if parts.username or parts.password:
            raise UsageError(f"the address of {what} holds a password: take it out and use a key")
        self.what = what
        self.url = url.rstrip("/")
        self._key = key
        self._headers = dict(headers or {}) | ({header: f"{scheme}{key.reveal()}"} if key else {})
        self._patience = patience
        self._local = (parts.hostname or "").startswith(_LOOPBACK)
        self._client: httpx2.AsyncClient | None = None

    async def close(self) -> None:
        """Close every connection."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    @asynccontextmanager
    async def stream(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        content: bytes | None = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        silence: float | None = None,
    ) -> AsyncIterator[httpx2.Response]:
        """Ask for `path` (appended to the address) and give the answer once its status is good; its body streams."""
        import httpx2

        client = self._opened()
        seconds = self._patience.silence if silence is None else silence
        try:
            async with client.stream(
                method,
                self.url + path,
                json=body,
                content=content,
                params=params,
                headers=headers,
                timeout=httpx2.Timeout(seconds, connect=self._patience.connect),
            ) as response:
                if not 200 <= response.status_code < 300:
                    raise await self._refusal(response)
                yield response
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            raise UnreachableError(
                f"{self.what} cannot be reached at {self.url} ({self._hidden(error)}); "
                "is it running, is the address right?"
            ) from None
        except httpx2.TimeoutException:
            raise UnreachableError(
                f"{self.what} at {self.url} was silent for {seconds:g} s; is it overloaded?"
            ) from None
        except httpx2.InvalidURL as error:
            raise UsageError(f"the address of {self.what} cannot be used: {self._hidden(error)}") from None
        except (httpx2.RequestError, httpx2.StreamError) as error:
            raise ProtocolError(f"{self.what} at {self.url} broke off: {self._hidden(error)}") from None

    async def read(self, method: str, path: str, **arguments: Any) -> tuple[str, bytes]:
        """Return the content type and the body of an answer; the arguments are those of `stream`."""
        async with self.stream(method, path, **arguments) as response:
            return response.headers.get("content-type", ""), await self._whole(response, _LARGEST_REPLY)

    async def json(self, method: str, path: str, **arguments: Any) -> Any:
        """Return an answer that is JSON; the arguments are those of `stream`."""
        kind, data = await self.read(method, path, **arguments)
        try:
            return json.loads(data)
        except ValueError:
            raise ProtocolError(
                f"{self.what} at {self.url}{path} should answer JSON, but sent {kind or 'something'}: "
                f"{self.excerpt(data)}"
            ) from None

    async def events(self, path: str, *, silence: float | None = None, **arguments: Any) -> AsyncGenerator[Event, None]:
        """POST and yield the server-sent events of the answer; the arguments are those of `stream`.

        `silence`: seconds without an event, whatever comments come meanwhile; UnreachableError beyond.
        """
        import httpx2

        seconds = self._patience.silence if silence is None else silence
        async with self.stream("POST", path, silence=seconds, **arguments) as response:
            kind = response.headers.get("content-type", "")
            if kind.partition(";")[0].strip().lower() != "text/event-stream":
                data = await self._whole(response, _LARGEST_REFUSAL)
                raise ProtocolError(
                    f"{self.what} at {self.url}{path} should stream events, but sent {kind or 'something'}: "
                    f"{self.excerpt(data)}"
                )
            source = aiter(httpx2.EventSource(response, max_event_size=_LARGEST_EVENT))
            while True:
                try:
                    async with asyncio.timeout(seconds):
                        event = await anext(source, None)
                except TimeoutError:
                    raise UnreachableError(
                        f"{self.what} at {self.url} sent nothing of its answer for {seconds:g} s"
                    ) from None
                except httpx2.SSEError as error:
                    raise ProtocolError(
                        f"{self.what} at {self.url} sent a broken stream: {self._hidden(error)}"
                    ) from None
                if event is None:
                    return
                yield Event(event.event, event.data)

    def excerpt(self, data: bytes) -> str:
        """Return the beginning of an unexpected answer, safe to print."""
        text = " ".join(data[:400].decode("utf-8", "replace").split())
        return repr(self._hidden(text)[:160])

    def _opened(self) -> httpx2.AsyncClient:
        if self._client is None:
            try:
                import httpx2
            except ImportError:
                raise UsageError(
                    f'{self.what} needs the package httpx2; install it with: pip install "avatar-bridge[remote]"'
                ) from None
            # a proxy of the environment's must not get what is meant for this machine
            self._client = httpx2.AsyncClient(headers=self._headers, trust_env=not self._local)
        return self._client

    async def _whole(self, response: httpx2.Response, largest: int) -> bytes:
        data = bytearray()
        async for piece in response.aiter_bytes():
            data += piece
            if len(data) > largest:
                raise ProtocolError(f"{self.what} at {self.url} sent more than {largest >> 20 or 1} MiB")
        return bytes(data)

    async def _refusal(self, response: httpx2.Response) -> ServiceRefusedError:
        """Return a refusal with the service's own words, wherever it keeps them."""
        data = bytearray()
        async for piece in response.aiter_bytes():
            data += piece
            if len(data) > _LARGEST_REFUSAL:
                break
        status = response.status_code
        words = self._hidden(spoken_refusal(bytes(data)))
        remedy = ""
        if status in (401, 403):
            where = f"the key {self._key.place}" if self._key else "it wants a key, and none is set"
            remedy = f"; check {where}" if self._key else f"; {where}"
        after = response.headers.get("retry-after", "")
        return ServiceRefusedError(
            f"{self.what} at {self.url} refused ({status}){': ' + words if words else ''}{remedy}",
            status=status,
            retry_after=float(after) if after.replace(".", "", 1).isdecimal() else None,
        )

    def _hidden(self, words: object) -> str:
        text = str(words) or type(words).__name__
        return self._key.hide(text) if self._key else text


def spoken_refusal(data: bytes) -> str:
    """Return what a service says in the body of an error: OpenAI's, FastAPI's and plain forms; "" for none."""
    try:
        found: Any = json.loads(data)
    except ValueError:
        text = " ".join(data.decode("utf-8", "replace").split())
        return "" if text.startswith("<") else text[:300]
    for _ in range(4):
        if isinstance(found, list) and found:
            found = found[0]
        if not isinstance(found, dict):
            break
        found = next((found[key] for key in ("error", "detail", "message", "msg", "Exception") if found.get(key)), None)
    return " ".join(found.split())[:300] if isinstance(found, str) else ""
