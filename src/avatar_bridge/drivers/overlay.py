"""The driver for the overlay: frames and clips for whatever pages are open."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from avatar_bridge.core.motion.action import nearest_name
from avatar_bridge.core.motion.motion_map import MotionMap
from avatar_bridge.core.vocabulary import Diagnostic, Frame
from avatar_bridge.errors import ProtocolError
from avatar_bridge.ports import Abilities, Audience, Command, Page, TargetState
from avatar_bridge.wire import page as messages
from avatar_bridge.wire.page_binary import motion_frame
from avatar_bridge.wire.page_reports import PageReport, read

__all__ = ["OverlayDriver"]

_LEAD = 0.04
"""Seconds that frames are made ahead: a page has two of them in hand when the first is to be seen."""
_SHORT_WAIT = 0.2
_CLIP = "clip"
_SUFFIX = ".vrma"


class OverlayDriver:
    """Drives the avatars in the pages; implements `ports.Driver` and `ports.Attendant`.

    An action whose table names a clip (`overlay.clip = "wave"`) that is at hand is played by the pages; everything else
    goes as channels. Nothing is encoded while nobody asked for motion.
    """

    target: ClassVar[str] = "overlay"

    def __init__(
        self,
        *,
        motion_map: MotionMap,
        audience: Audience,
        name: str = "overlay",
        url: str | None = None,
        lead: float | None = None,
        clips: Mapping[str, str] | None = None,
        now: Callable[[], float] = time.perf_counter,
    ) -> None:
        """`clips`: address of each clip by its name; `now`: the bridge's clock. `url` says nothing here."""
        del url
        self.name = name
        self.lead = _LEAD if lead is None else lead
        self._audience = audience
        self._now = now
        self._clips = clips or {}
        self._urls, self.abilities = _playable(motion_map, self._clips)
        self._pages: dict[int, Page] = {}
        self._reports: dict[int, PageReport] = {}
        self._somebody = asyncio.Event()
        self._sequence = 0
        self._closed = False
        audience.attend(self)

    @property
    def state(self) -> TargetState:
        """How many pages show the avatar, and what they could not do."""
        problems = [
            Diagnostic(problem.message, suggestion=problem.suggestion)
            for report in self._reports.values()
            for problem in report.problems
        ]
        found = tuple(dict.fromkeys((*self.abilities.diagnostics, *problems)))
        if self._closed:
            return TargetState("closed", sent_frames=self._sequence, diagnostics=found)
        if not self._pages:
            detail = "No overlay page is open: open its address in OBS or in a browser (avatar-bridge serve prints it)."
            return TargetState("waiting", detail, sent_frames=self._sequence, diagnostics=found)
        loading = sum(1 for number in self._pages if number in self._reports and not self._reports[number].ready)
        detail = "1 page is open" if len(self._pages) == 1 else f"{len(self._pages)} pages are open"
        detail += f", {loading} of them still loading." if loading else "."
        return TargetState("ready", detail, sent_frames=self._sequence, diagnostics=found)

    async def run(self) -> None:
        """Wait until cancelled: pages come and go by themselves."""
        await asyncio.Event().wait()

    async def ready(self) -> bool:
        """Return whether a page is open, after a short wait for one."""
        try:
            async with asyncio.timeout(_SHORT_WAIT):
                await self._somebody.wait()
        except TimeoutError:
            return False
        return bool(self._pages)

    def adopt(self, motion_map: MotionMap) -> None:
        """Play the clips that another map names; one that plays and is not named any more ends."""
        before = self._urls
        self._urls, self.abilities = _playable(motion_map, self._clips)
        for action in before.keys() - self._urls.keys():
            self._audience.tell("motion", messages.release(action, at=self._now() + self.lead))

    def send_frame(self, frame: Frame) -> None:
        """Tell the pages the frame, to be seen `lead` seconds after it was made."""
        if self._audience.count("motion"):
            self._sequence += 1
            self._audience.tell("motion", motion_frame(self._sequence, frame.at + self.lead, frame.values))

    def send_command(self, command: Command) -> None:
        """Tell the pages to play a clip or to let it end."""
        at = self._now() + self.lead
        url = self._urls.get(command.action)
        if command.kind == "reset":
            self._audience.tell("motion", messages.reset())
        elif url is None:
            return
        elif command.kind == "act":
            self._audience.tell(
                "motion",
                messages.act(command.action, url, at=at, strength=command.strength, duration=command.duration),
            )
        else:
            self._audience.tell("motion", messages.release(command.action, at=at))

    async def close(self) -> None:
        """Let every clip end."""
        if not self._closed:
            self._closed = True
            self._audience.tell("motion", messages.reset())

    def joined(self, page: Page) -> None:
        """Count a page that shows the avatar."""
        if "motion" in page.streams:
            self._pages[page.id] = page
            self._somebody.set()

    def left(self, page: Page) -> None:
        """Forget a page."""
        self._reports.pop(page.id, None)
        if self._pages.pop(page.id, None) is not None and not self._pages:
            self._somebody.clear()

    def received(self, page: Page, message: Mapping[str, Any]) -> None:
        """Take up what a page could not do."""
        if page.id not in self._pages or message.get("type") != "report":
            return
        try:
            report = read(message)
        except ProtocolError:
            # whoever keeps the state of the show says so
            return
        if isinstance(report, PageReport):
            self._reports[page.id] = report


def _playable(motion_map: MotionMap, clips: Mapping[str, str]) -> tuple[dict[str, str], Abilities]:
    """Return the address of the clip of each action that has one at hand, and what that makes of the abilities."""
    urls: dict[str, str] = {}
    missing: list[Diagnostic] = []
    for action in motion_map.actions.values():
        clip = action.targets.get(OverlayDriver.target, {}).get(_CLIP)
        if clip is None:
            continue
        wanted = str(clip).removesuffix(_SUFFIX)
        if wanted in clips:
            urls[action.name] = clips[wanted]
        else:
            nearest = nearest_name(wanted, clips)
            suggestion = f"did you mean {nearest!r}?" if nearest else f"put {wanted}{_SUFFIX} into the folder web.clips"
            text = f"the action {action.name!r} names the clip {wanted!r}, which is not there; channels move it instead"
            missing.append(Diagnostic(text, suggestion=suggestion))
    return urls, Abilities(frozenset(urls), diagnostics=tuple(missing))
