"""Whether a page has come up, and what is said while it has not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from avatar_bridge.commands import browser, on_air
from avatar_bridge.commands.on_air import Onlooker, show
from avatar_bridge.ports import Page
from avatar_bridge.web import Server

PAGE = cast("Page", SimpleNamespace(id=1, kind="overlay", streams=frozenset()))
SERVER = cast("Server", SimpleNamespace(overlay_address="http://127.0.0.1:1/overlay?token=x"))
FOREVER = 3600.0


def stand_in(monkeypatch: pytest.MonkeyPatch, *, opens: bool = True) -> list[str]:
    """Stand in for the user's browser; return the addresses that it was asked to open."""
    opened: list[str] = []

    def open_address(address: str) -> asyncio.Future[bool]:
        opened.append(address)
        taken: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        taken.set_result(opens)
        return taken

    monkeypatch.setattr(browser, "open_address", open_address)
    return opened


def say_in(onlooker: Onlooker, *messages: dict[str, Any]) -> None:
    for message in messages:
        onlooker.received(PAGE, message)


SHOWN = {"type": "report", "ready": True}
LOADING = {"type": "report", "ready": False}


def sound(state: str) -> dict[str, Any]:
    return {"type": "sound", "state": state}


async def test_a_page_that_shows_and_sounds_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = stand_in(monkeypatch)
    monkeypatch.setattr(on_air, "_LOADING", FOREVER)
    onlooker, said = Onlooker(), list[str]()
    waiting = asyncio.create_task(show(SERVER, onlooker, said.append))
    for message in (LOADING, sound("running")):
        say_in(onlooker, message)
        await asyncio.sleep(0)
        assert not waiting.done()
    say_in(onlooker, SHOWN)
    assert await waiting
    assert opened == [SERVER.overlay_address]
    assert said == ["The overlay opens in your browser."]


async def test_a_browser_that_wants_a_click_is_given_one(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch)
    monkeypatch.setattr(on_air, "_LOADING", FOREVER)
    monkeypatch.setattr(on_air, "_CLICK", FOREVER)
    onlooker, said = Onlooker(), list[str]()
    say_in(onlooker, SHOWN, sound("blocked"))

    def click(line: str) -> None:
        said.append(line)
        if line.startswith("Click"):
            say_in(onlooker, sound("running"))

    assert await show(SERVER, onlooker, click)
    assert said[-1] == "Click into the page, for the browser plays no sound before."


@pytest.mark.parametrize("messages", [(), (SHOWN,), (sound("running"),)])
async def test_a_page_that_does_not_come_up_holds_nothing_up(
    monkeypatch: pytest.MonkeyPatch, messages: tuple[dict[str, Any], ...]
) -> None:
    stand_in(monkeypatch)
    monkeypatch.setattr(on_air, "_LOADING", 0.01)
    onlooker, said = Onlooker(), list[str]()
    say_in(onlooker, *messages)
    assert await show(SERVER, onlooker, said.append)
    assert said[-1] == "The browser does not show it yet; the show begins without it."


async def test_without_a_browser_nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, opens=False)
    said: list[str] = []
    forget: Callable[[str], None] = said.append
    assert not await show(SERVER, Onlooker(), forget)
    assert said == []


async def test_a_browser_that_answers_when_it_is_closed_holds_nothing_up(monkeypatch: pytest.MonkeyPatch) -> None:
    forever: list[asyncio.Future[bool]] = []

    def stays(_: str) -> asyncio.Future[bool]:
        forever.append(asyncio.get_running_loop().create_future())
        return forever[0]

    monkeypatch.setattr(browser, "open_address", stays)
    monkeypatch.setattr(on_air, "_TAKING", 0.01)
    onlooker, said = Onlooker(), list[str]()
    say_in(onlooker, SHOWN, sound("running"))
    assert await show(SERVER, onlooker, said.append)
    assert said == ["The overlay opens in your browser."]
