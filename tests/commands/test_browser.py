"""The user's browser: found, asked, and never waited for."""

from __future__ import annotations

import asyncio
import threading
import webbrowser
from types import SimpleNamespace

import pytest

from avatar_bridge.commands import browser

ADDRESS = "http://127.0.0.1:1/overlay?token=x"


def installed(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(webbrowser, "get", lambda: SimpleNamespace(name=name))


@pytest.mark.parametrize(
    ("name", "told"),
    [("firefox", "firefox"), ("/usr/bin/chromium", "chromium"), ("", "the system's browser"), ("/usr/bin/w3m", "")],
)
def test_which_browser_it_is(monkeypatch: pytest.MonkeyPatch, name: str, told: str) -> None:
    installed(monkeypatch, name)
    assert browser.found() == told


async def test_a_machine_without_a_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> None:
        raise webbrowser.Error("could not locate runnable browser")

    monkeypatch.setattr(webbrowser, "get", none)
    assert browser.found() == ""
    assert not await browser.open_address(ADDRESS)


async def test_a_browser_of_text_is_never_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, "lynx")
    monkeypatch.setattr(webbrowser, "open", lambda _: pytest.fail("it would take the terminal over"))
    assert not await browser.open_address(ADDRESS)


@pytest.mark.parametrize("takes", [True, False])
async def test_what_the_browser_answers(monkeypatch: pytest.MonkeyPatch, takes: bool) -> None:
    asked: list[str] = []

    def opened(address: str) -> bool:
        asked.append(address)
        return takes

    installed(monkeypatch, "firefox")
    monkeypatch.setattr(webbrowser, "open", opened)
    assert await browser.open_address(ADDRESS) == takes
    assert asked == [ADDRESS]


def test_a_browser_that_stays_in_the_foreground_holds_no_one_up(monkeypatch: pytest.MonkeyPatch) -> None:
    closed, opened = threading.Event(), threading.Event()

    def stays(_: str) -> bool:
        opened.set()
        return closed.wait(60)

    installed(monkeypatch, "mine")
    monkeypatch.setattr(webbrowser, "open", stays)

    async def program() -> bool:
        answer = browser.open_address(ADDRESS)
        await asyncio.to_thread(opened.wait, 60)
        return answer.done()

    assert not asyncio.run(program()), "the program ends, whether the browser was closed or not"
    asking = next(each for each in threading.enumerate() if each.name == "browser")
    closed.set()
    asking.join(60)
    assert not asking.is_alive()
