"""The doctor's look at the pages: their packages, address, port, token, avatar, and the browser."""

from __future__ import annotations

import http.client
import os
from collections.abc import Iterator

from avatar_bridge import registry
from avatar_bridge.commands import browser
from avatar_bridge.commands.finding import Finding
from avatar_bridge.errors import AvatarBridgeError
from avatar_bridge.settings import Settings, WebSettings

__all__ = ["look_at_pages"]

_ANSWER = 2.0
"""Seconds that whoever has the port has to answer."""


def look_at_pages(settings: Settings) -> Iterator[Finding]:
    """Yield what is found of the overlay and the studio; blocks while somebody else's port is asked who it is."""
    missing = registry.missing_packages("web")
    if missing:
        yield Finding("pages", "missing", f"{', '.join(missing)} not installed", registry.remedy("web"))
    else:
        yield _address(settings.web)
        yield _avatar(settings.web)
    if _switched_off(settings):
        yield Finding("overlay", "ok", "switched off in your settings: the pages open, but no avatar moves in them")
    name = browser.found()
    if name:
        yield Finding("browser", "ok", f"{name}; the demo opens the overlay in it")
    else:
        remedy = "open the printed address in OBS, or in a browser on this machine"
        yield Finding("browser", "missing", "none that shows pictures", remedy)


def _address(web: WebSettings) -> Finding:
    from avatar_bridge.web.server import bind

    try:
        listening, note = bind(web.host, web.port)
    except AvatarBridgeError as error:
        return Finding("pages", "missing", str(error), "mend web.host and web.port in your settings")
    port = listening.getsockname()[1]
    listening.close()
    if note is None and web.port:
        return Finding("pages", "ok", f"{_overlay(web, web.port)}, {_token(web)}")
    if note is None:
        return Finding("pages", "ok", f"at any free port, since web.port is 0, {_token(web)}")
    if _is_bridge(web.host, web.port):
        detail = f"a bridge runs already: {_overlay(web, web.port)}; another one would be at port {port}"
        return Finding("pages", "ok", detail)
    return Finding("pages", "missing", f"{note.message}, {_token(web)}", note.suggestion or "")


def _overlay(web: WebSettings, port: int) -> str:
    """Return the overlay's address without its token: what a doctor prints is shown to others."""
    from avatar_bridge.web.security import Place

    return f"http://{Place(web.host, port).authority}/overlay?token=…"


def _token(web: WebSettings) -> str:
    from avatar_bridge.web.security import TOKEN_VARIABLE, token_path

    if os.environ.get(TOKEN_VARIABLE):
        return f"with the token of {TOKEN_VARIABLE}"
    if web.token is not None:
        return "with the token of web.token"
    if web.remember:
        return f"with the token in {token_path()}"
    return "with a new token each start (--remember keeps it for OBS)"


def _is_bridge(host: str, port: int) -> bool:
    """Return True where a bridge of ours answers: it alone refuses a request without token in these words."""
    here = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104 - compared, not listened on
    connection = http.client.HTTPConnection(here, port, timeout=_ANSWER)
    try:
        connection.request("GET", "/v1/state")
        answer = connection.getresponse()
        return answer.status == 401 and b"avatar-bridge" in answer.read(2000)
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _avatar(web: WebSettings) -> Finding:
    from avatar_bridge.web.avatar_files import AvatarFiles

    try:
        files = AvatarFiles(web)
    except AvatarBridgeError as error:
        return Finding(
            "avatar", "broken", str(error), 'mend the key in your settings, or leave it out: web.avatar = "mascot"'
        )
    for note in files.notes:
        return Finding("avatar", "missing", note.message, note.suggestion or "")
    clips = f", {len(files.clips)} clips" if files.clips else ""
    return Finding("avatar", "ok", f"{files.avatar['name']} ({files.avatar['kind']}){clips}")


def _switched_off(settings: Settings) -> bool:
    tables = [table for name, table in settings.drivers.items() if (table.driver or name) == "overlay"]
    return bool(tables) and not any(table.enabled for table in tables)
