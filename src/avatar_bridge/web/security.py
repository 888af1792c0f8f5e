"""Who may ask: the token, the Host and Origin checks, and the headers that keep a page to itself."""

from __future__ import annotations

import hmac
import ipaddress
import os
import re
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs

import platformdirs
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from avatar_bridge.errors import SettingsError
from avatar_bridge.files import read_text, write_atomically
from avatar_bridge.settings import WebSettings
from avatar_bridge.web.refusals import refusal_response

__all__ = ["TOKEN_VARIABLE", "Gate", "Place", "choose_token", "token_path"]

TOKEN_VARIABLE: Final = "AVATAR_BRIDGE_TOKEN"  # noqa: S105 - the name of the variable, not a token
"""Environment variable that wins over `web.token`."""

_TOKEN = re.compile(r"[A-Za-z0-9._~-]{16,200}")
_WITHOUT_TOKEN = ("/static/",)
_FOR_GAMES = "/v1/game"
"""The socket whose hello holds the token, so that a game with a wrong one is told in words."""
_PAGES = ("/overlay", "/studio")
_BAD_TOKEN = 4401
_FAVOUR = "use the address that avatar-bridge printed when it started, with its ?token=; a fixed one is web.token"
_HEADERS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
    "font-src 'self'; connect-src 'self' ws://{host} blob: data:; object-src 'none'; base-uri 'none'; "
    "form-action 'none'; frame-src 'none'; frame-ancestors 'none'"
)


def token_path() -> Path:
    """Return where a remembered token is kept."""
    return Path(platformdirs.user_config_dir("avatar-bridge", appauthor=False)) / "web-token"


def choose_token(
    settings: WebSettings, *, environment: Mapping[str, str] = os.environ, path: Path | None = None
) -> str:
    """Return the token of this start: the environment's, the settings', the remembered one, or a new one.

    Raises SettingsError for one that is too easy to guess or does not fit an address, WorldError where it cannot be
    kept.
    """
    given = environment.get(TOKEN_VARIABLE)
    if given:
        return _checked(given, TOKEN_VARIABLE)
    if settings.token is not None:
        return _checked(settings.token.get_secret_value(), "web.token")
    if not settings.remember:
        return secrets.token_urlsafe(32)
    place = path or token_path()
    if place.exists():
        return _checked(read_text(place, SettingsError).strip(), str(place))
    token = secrets.token_urlsafe(32)
    write_atomically(place, token + "\n", private=True)
    return token


def _checked(token: str, source: str) -> str:
    if not _TOKEN.fullmatch(token):
        raise SettingsError(
            f"{source}: expected 16 to 200 letters, digits, - or _ as the token, got {len(token)} characters that are "
            "not; leave it out for a new one each start"
        )
    return token


class Place:
    """The hosts and origins under which a server is itself."""

    def __init__(self, host: str, port: int) -> None:
        self.port = port
        address = _address(host)
        self._open = address is not None and address.is_unspecified
        names = {"localhost", "127.0.0.1", "[::1]"}
        if not self._open:
            names.add(f"[{host}]" if ":" in host else host.lower())
        self.authority = ("127.0.0.1" if self._open else f"[{host}]" if ":" in host else host) + f":{port}"
        """Host and port of the addresses that are handed out."""
        self._names = frozenset(names)

    def knows(self, authority: str) -> bool:
        """Return True where `authority` ("127.0.0.1:8787") is this server and not a name that was bent to it.

        A server on every interface also answers to any address in digits: only names can be bent (DNS rebinding).
        """
        name, port = _split(authority.lower())
        if port != self.port:
            return False
        return name in self._names or (self._open and _address(name.strip("[]")) is not None)

    def owns(self, origin: str) -> bool:
        """Return True where a page of `origin` is one of this server's own."""
        scheme, separator, authority = origin.partition("://")
        return scheme == "http" and bool(separator) and self.knows(authority)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _split(authority: str) -> tuple[str, int]:
    """Return name and port; -1 for a port that is none."""
    match = re.fullmatch(r"(\[[0-9a-f:.]+\]|[^:\[\]/@\s]+)(?::(\d{1,5}))?", authority)
    return (match[1], int(match[2] or 80)) if match else ("", -1)


class Gate:
    """Lets nobody past without the token and from a foreign page, and gives every answer its headers.

    Pure ASGI: it stands before routing, for pages, API calls and the event socket alike.
    """

    def __init__(self, app: ASGIApp, *, token: str, place: Place) -> None:
        self._app = app
        self._token = token.encode()
        self._place = place

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        sending = _with_headers(send, headers.get("host", ""), scope["path"]) if scope["type"] == "http" else send
        refusal = self._refusal(scope, headers)
        if refusal is None:
            await self._app(scope, receive, sending)
        elif scope["type"] == "websocket" and refusal.status_code == 401 and "origin" in headers:
            await _close(receive, send)
        else:
            await refusal(scope, receive, sending)

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        host = headers.getlist("host")
        if len(host) != 1 or not self._place.knows(host[0]):
            return refusal_response(
                403,
                f"this server is {self._place.authority}, the request named {', '.join(host)[:200] or 'no host'}",
                "open it by the address that avatar-bridge printed",
            )
        for origin in headers.getlist("origin"):
            if not self._place.owns(origin):
                return refusal_response(
                    403,
                    f"pages of {origin[:200]!r} may not talk to this server",
                    "open the overlay by its own http:// address, not from a file or through another site",
                )
        path: str = scope["path"]
        inside = scope["type"] == "websocket" and path == _FOR_GAMES
        if inside or path.startswith(_WITHOUT_TOKEN) or self._shown(scope, headers):
            return None
        return _page(scope) if path in _PAGES and scope["type"] == "http" else _unknown()

    def _shown(self, scope: Scope, headers: Headers) -> bool:
        """Return True where the token is the right one; compared in constant time."""
        scheme, _, bearer = headers.get("authorization", "").partition(" ")
        given = [bearer.strip()] if scheme.lower() == "bearer" else []
        given += parse_qs(scope["query_string"].decode("latin-1")).get("token", [])[:1]
        return any(hmac.compare_digest(each.encode("utf-8", "replace"), self._token) for each in given)


def _unknown() -> Response:
    return refusal_response(401, "expected the bridge's token, got none or a wrong one", _FAVOUR, _challenge())


def _challenge() -> dict[str, str]:
    return {"WWW-Authenticate": "Bearer"}


def _page(scope: Scope) -> Response:
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Avatar Bridge</title></head><body>'
        "<h1>This page needs its token</h1><p>Open it by the whole address that <code>avatar-bridge serve</code> "
        "printed, with its <code>?token=…</code>: a new one is made each start. To keep it, start with "
        "<code>--remember</code> or set <code>web.token</code> in <code>bridge.toml</code>.</p></body></html>"
    )
    del scope
    return HTMLResponse(html, 401, _challenge())


def _with_headers(send: Send, host: str, path: str) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _all_headers(host, path):
                headers[name] = value
        await send(message)

    return sending


def _all_headers(host: str, path: str) -> Iterable[tuple[str, str]]:
    yield from _HEADERS.items()
    yield "Content-Security-Policy", _POLICY.format(host=host if _split(host)[1] >= 0 else "127.0.0.1")
    yield "Cache-Control", "no-cache" if path.startswith(_WITHOUT_TOKEN) else "no-store"


async def _close(receive: Receive, send: Send) -> None:
    """Tell a page that its token is wrong: a browser hides the status of a refused handshake from it."""
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": _BAD_TOKEN, "reason": "wrong token: open the address printed"})
