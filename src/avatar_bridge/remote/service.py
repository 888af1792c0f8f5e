"""One service behind HTTP: asked in one place, so that limits, refusals and keys are treated alike everywhere."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import logging
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

from avatar_bridge.credentials import Key
from avatar_bridge.errors import ProtocolError, UnreachableError, UsageError
from avatar_bridge.remote.event_stream import Event, EventStream
from avatar_bridge.remote.refusals import (
    BrokenOffError,
    ServiceRefusedError,
    refusal_code,
    seconds_to_wait,
    spoken_refusal,
)

if TYPE_CHECKING:
    import httpx2

__all__ = ["Patience", "Service"]

_LARGEST_REPLY = 64 << 20
_LARGEST_REFUSAL = 64 << 10
_REFUSING = 5.0
"""Seconds that the words of a refusal may take; the refusal stands without them."""
_KEPT_LOCAL = 4.0
_KEPT = 30.0
"""Seconds that an idle connection is kept: a new one costs nothing on this machine, and 0.1 s and more beyond it."""
_PLAIN = frozenset({"", "identity"})


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a service may take, in seconds."""

    connect: float = 5.0
    silence: float = 60.0
    """Between two bytes of an answer, and until its first."""
    whole: float = 600.0
    """For an answer that is read as a whole."""


class Service:
    """One service under one address; for one event loop.

    Every call raises UnreachableError where nothing answers in time, ServiceRefusedError where the service says no, and
    ProtocolError where it breaks off (BrokenOffError) or answers what it should not. No message holds the key.
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
        parts = _checked(what, url)
        if key and not (key.reveal().isascii() and key.reveal().isprintable()):
            raise UsageError(f"the key {key.place} holds characters that no key has (a line break, say): put it bare")
        self.what = what
        self.url = url.rstrip("/")
        self._key = key
        # what nobody asked to be packed cannot unpack to more than memory holds
        self._headers = {"Accept-Encoding": "identity"} | dict(headers or {})
        self._headers |= {header: f"{scheme}{key.reveal()}"} if key else {}
        self._patience = patience
        self._local = _is_local(parts.hostname or "")
        self._encrypted = parts.scheme == "https"
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
        client = self._client or await self._opened()
        import httpx2

        seconds = self._patience.silence if silence is None else silence
        try:
            async with client.stream(
                method,
                self.url + path,
                content=content if body is None else self._packed(body),
                params=params,
                headers={**({} if body is None else {"Content-Type": "application/json"}), **(headers or {})},
                timeout=httpx2.Timeout(seconds, connect=self._patience.connect),
            ) as response:
                if not 200 <= response.status_code < 300:
                    raise await self._refusal(response)
                self._check_encoding(response)
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
        except httpx2.ProxyError as error:
            raise UnreachableError(
                f"{self.what} at {self.url} is asked through a proxy (HTTP_PROXY, HTTPS_PROXY or ALL_PROXY), which "
                f"failed: {self._hidden(error)}; mend the proxy, or name the host in NO_PROXY"
            ) from None
        except (httpx2.InvalidURL, httpx2.UnsupportedProtocol) as error:
            raise UsageError(f"the address of {self.what} cannot be used: {self._hidden(error)}") from None
        except (httpx2.RequestError, httpx2.StreamError) as error:
            raise BrokenOffError(f"{self.what} at {self.url} broke off: {self._hidden(error)}") from None

    async def read(self, method: str, path: str, **arguments: Any) -> tuple[str, bytes]:
        """Return the content type and the body of an answer; the arguments are those of `stream`."""
        seconds = self._patience.whole
        try:
            async with asyncio.timeout(seconds), self.stream(method, path, **arguments) as response:
                return response.headers.get("content-type", ""), await self._whole(response, _LARGEST_REPLY)
        except TimeoutError:
            raise UnreachableError(f"{self.what} at {self.url} took more than {seconds:g} s to answer") from None

    async def json(self, method: str, path: str, **arguments: Any) -> Any:
        """Return an answer that is JSON; the arguments are those of `stream`."""
        kind, data = await self.read(method, path, **arguments)
        try:
            return json.loads(data)
        except (ValueError, RecursionError):
            raise ProtocolError(
                f"{self.what} at {self.url}{path} should answer JSON, but sent {self._hidden(kind or 'something')}: "
                f"{self.excerpt(data)}"
            ) from None

    async def events(self, path: str, *, silence: float | None = None, **arguments: Any) -> AsyncGenerator[Event, None]:
        """POST and yield the server-sent events of the answer; the arguments are those of `stream`.

        `silence`: seconds without an event, whatever comments come meanwhile; UnreachableError beyond.
        """
        seconds = self._patience.silence if silence is None else silence
        async with self.stream("POST", path, silence=seconds, **arguments) as response:
            kind = response.headers.get("content-type", "")
            if kind.partition(";")[0].strip().lower() != "text/event-stream":
                data = await self._beginning(response)
                raise ProtocolError(
                    f"{self.what} at {self.url}{path} should stream events, but sent "
                    f"{self._hidden(kind or 'something')}: {self.excerpt(data)}; is the address right?"
                )
            stream = EventStream()
            loop = asyncio.get_running_loop()
            deadline = loop.time() + seconds
            async with aclosing(response.aiter_raw()) as pieces:
                while (piece := await self._before(deadline, seconds, pieces)) is not None:
                    for event in self._checked(stream, piece):
                        yield event
                        deadline = loop.time() + seconds

    def excerpt(self, data: bytes) -> str:
        """Return the beginning of an unexpected answer, safe to print."""
        text = " ".join(self._hidden(data[:_LARGEST_REFUSAL].decode("utf-8", "replace")).split())
        return repr(text[:160])

    async def _before(self, deadline: float, seconds: float, pieces: AsyncIterator[bytes]) -> bytes | None:
        try:
            async with asyncio.timeout_at(deadline):
                return await anext(pieces, None)
        except TimeoutError:
            raise UnreachableError(f"{self.what} at {self.url} sent nothing of its answer for {seconds:g} s") from None

    def _checked(self, stream: EventStream, piece: bytes) -> list[Event]:
        try:
            return list(stream.feed(piece))
        except ProtocolError as error:
            raise ProtocolError(f"{self.what} at {self.url} sent a broken stream: {error}") from None

    def _packed(self, body: Any) -> bytes:
        try:
            # half a surrogate pair, as a model may leave one, is no text
            return json.dumps(body, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")
        except (TypeError, ValueError, RecursionError) as error:
            raise UsageError(f"what {self.what} is to be asked cannot be told in JSON: {error}") from None

    async def _opened(self) -> httpx2.AsyncClient:
        """Return the client, made in another thread: to import it takes 0.1 s, its certificates 20 ms."""
        made = await asyncio.to_thread(self._made)
        if self._client is None:
            self._client = made
        return self._client

    def _made(self) -> httpx2.AsyncClient:
        try:
            import httpx2
        except ImportError:
            raise UsageError(
                f'{self.what} needs the package httpx2; install it with: pip install "avatar-bridge[remote]"'
            ) from None
        # a proxy of the environment's must not get what is meant for this machine, and what is not encrypted needs no
        # certificates
        bare = self._local and not self._encrypted
        # its trace of headers would show a key that a service says back, its list of requests a text in an address
        for chatty in ("httpcore2", "httpx2"):
            logging.getLogger(chatty).setLevel(logging.WARNING)
        try:
            return httpx2.AsyncClient(
                headers=self._headers,
                trust_env=not self._local,
                limits=httpx2.Limits(keepalive_expiry=_KEPT_LOCAL if self._local else _KEPT),
                verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if bare else True,
            )
        except (ImportError, ValueError, OSError, httpx2.InvalidURL) as error:
            raise UsageError(
                f"{self.what} cannot be asked: a proxy or certificate that the environment names (HTTP_PROXY, "
                f"HTTPS_PROXY, ALL_PROXY, SSL_CERT_FILE, SSL_CERT_DIR) cannot be used: {type(error).__name__}"
            ) from None

    def _check_encoding(self, response: httpx2.Response) -> None:
        encoding = response.headers.get("content-encoding", "").strip().lower()
        if encoding not in _PLAIN:
            raise ProtocolError(
                f"{self.what} at {self.url} sent an answer packed with {self._hidden(encoding)[:40]!r}, which nobody "
                "asked for; does a proxy stand between?"
            )

    async def _whole(self, response: httpx2.Response, largest: int) -> bytes:
        data = bytearray()
        async with aclosing(response.aiter_raw()) as pieces:
            async for piece in pieces:
                data += piece
                if len(data) > largest:
                    raise ProtocolError(f"{self.what} at {self.url} sent more than {largest >> 20} MiB")
        return bytes(data)

    async def _beginning(self, response: httpx2.Response) -> bytes:
        """Return what comes of an answer in a little time, cut where it is long."""
        import httpx2

        data = bytearray()
        try:
            async with asyncio.timeout(_REFUSING), aclosing(response.aiter_raw()) as pieces:
                async for piece in pieces:
                    data += piece
                    if len(data) > _LARGEST_REFUSAL:
                        break
        except (TimeoutError, httpx2.RequestError):
            return bytes(data)
        return bytes(data)

    async def _refusal(self, response: httpx2.Response) -> ServiceRefusedError:
        """Return a refusal with the service's own words, wherever it keeps them."""
        status = response.status_code
        if 300 <= status < 400:
            there = self._hidden(response.headers.get("location", ""))[:200]
            return ServiceRefusedError(
                f"{self.what} at {self.url} points to another address ({status}){': ' + there if there else ''}; it is "
                "not followed, for it would get the key: if it is right, put it in the settings",
                status=status,
            )
        packed = response.headers.get("content-encoding", "").strip().lower() not in _PLAIN
        data = b"" if packed else await self._beginning(response)
        words = self._hidden(spoken_refusal(data, _LARGEST_REFUSAL))[:300]
        remedy = ""
        if status in (401, 403):
            remedy = f"; check the key {self._key.place}" if self._key else "; it wants a key, and none is set"
        return ServiceRefusedError(
            f"{self.what} at {self.url} refused ({status}){': ' + words if words else ''}{remedy}",
            status=status,
            retry_after=seconds_to_wait(response.headers),
            code=self._hidden(refusal_code(data)),
        )

    def _hidden(self, words: object) -> str:
        text = str(words) or type(words).__name__
        return self._key.hide(text) if self._key else text


def _checked(what: str, url: str) -> SplitResult:
    """Return the parts of an address; raises UsageError, which shows no secret, for one that cannot be used."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if "@" in url:
        raise UsageError(f"the address of {what} holds a name or a password (before the @): take it out and use a key")
    if "?" in url or "#" in url:
        raise UsageError(f"the address of {what} holds a ? or a #: leave out what stands from there on")
    if not good:
        raise UsageError(f"expected the address of {what} as http://HOST:PORT or https://HOST, got {url!r}")
    return parts


def _is_local(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
