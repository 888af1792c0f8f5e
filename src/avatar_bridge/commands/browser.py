"""The user's browser: which one it is, and an address opened in it."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import webbrowser
from pathlib import PurePath

__all__ = ["found", "open_address"]

_OF_TEXT = frozenset({"www-browser", "links", "elinks", "links2", "lynx", "w3m"})
"""Browsers that show text in the terminal: they would take it over, and play nothing."""


def found() -> str:
    """Return the name of the browser that a page would be opened in, "" where there is none that shows pictures."""
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return ""
    name = PurePath(getattr(browser, "name", "")).name
    return "" if name in _OF_TEXT else name or "the system's browser"


def open_address(address: str) -> asyncio.Future[bool]:
    """Open an address in the user's browser; the future tells whether there is one that took it.

    It may tell only once the browser is closed: some (the variable BROWSER names one) stay in the foreground. So it is
    asked in a thread that neither the show nor the program's end waits for.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[bool] = loop.create_future()

    def tell(taken: bool) -> None:
        if not answer.done():
            answer.set_result(taken)

    def ask() -> None:
        taken = bool(found()) and webbrowser.open(address)
        with contextlib.suppress(RuntimeError):  # the program has ended meanwhile
            loop.call_soon_threadsafe(tell, taken)

    threading.Thread(target=ask, name="browser", daemon=True).start()
    return answer
