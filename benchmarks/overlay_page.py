"""How soon the overlay stands ready, and how much script a frame of it costs, in a browser that draws in software."""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from avatar_bridge.commands.bench import Figure

__all__ = ["measure"]

_TEXT = (
    "[wave]Hello everybody, [nod]it is so nice to see you again. [smile]Shall we play a [think]little game together?"
)
_READY = "avatarBridge.state().ready && avatarBridge.state().frames > 2"


def _part(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"overlay_{name}", Path(__file__).with_name(f"{name}.py"))
    if spec is None or spec.loader is None:
        raise ImportError(name)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


_browser, _show = _part("_chromium"), _part("_overlay_show")


def measure(quick: bool) -> Iterable[Figure]:
    """Yield the figures of the 3D avatar, each beside the drawn face's."""
    if reason := _browser.missing():
        yield Figure("overlay: the page", 0.0, "", note=reason)
        return
    quiet = '[sound]\nspeaker = "none"\n'
    with _show.served("tone", quiet) as served, _browser.chromium() as browser:
        loads = {kind: [_load(browser, served, kind) for _ in range(3 if quick else 10)] for kind in ("svg", "vrm")}
        yield from _loads(loads)
        costs = {kind: _costs(browser, served, kind, 6 if quick else 20) for kind in ("svg", "vrm")}
        yield from _figures(costs)


def _loads(loads: dict[str, list[float]]) -> Iterator[Figure]:
    note = f"software WebGL, nothing cached, from the address to the third frame; {_show.busy()}"
    for name, pick in (("median", np.median), ("slowest", np.max)):
        value = float(pick(loads["vrm"]))
        yield Figure(
            f"page load to a ready 3D avatar, {name} of {len(loads['vrm'])}",
            value,
            "s",
            "< 3",
            value < 3,
            float(pick(loads["svg"])),
            "the drawn face",
            note,
        )


def _load(browser: Any, served: Any, kind: str) -> float:
    """Return seconds from the address to an avatar that is drawn, in a browser that has nothing cached."""
    context = browser.new_context(viewport=_browser.SMALL)
    tab = context.new_page()
    began = time.perf_counter()
    tab.goto(served.overlay(avatar=kind))
    _browser.until(tab, "window.avatarBridge !== undefined")
    _browser.until(tab, _READY, 60)
    taken = time.perf_counter() - began
    shown = tab.evaluate("avatarBridge.state().avatar.kind")
    context.close()
    if shown != kind:
        raise ValueError(f"expected the avatar {kind}, the page shows {shown}")
    return taken


def _costs(browser: Any, served: Any, kind: str, seconds: int) -> tuple[np.ndarray, float]:
    """Return the mean milliseconds of script a frame of each second while the avatar speaks, and frames a second."""
    tab = browser.new_page(viewport=_browser.SMALL)
    tab.goto(served.overlay(avatar=kind))
    _browser.until(tab, "window.avatarBridge !== undefined")
    _browser.until(tab, _READY, 60)
    served.call("POST", "/v1/perform", {"text": _TEXT * 8})
    _browser.until(tab, "avatarBridge.heard() > 1.5")
    costs, rates = [], []
    for _ in range(seconds):
        tab.wait_for_timeout(1050)
        state = tab.evaluate("avatarBridge.state()")
        costs.append(state["drawMs"])
        rates.append(state["fps"])
    served.call("POST", "/v1/interrupt")
    tab.close()
    return np.array(costs), float(np.mean(rates))


def _figures(costs: dict[str, tuple[np.ndarray, float]]) -> Iterator[Figure]:
    busy = _show.busy()
    for name, pick in (("mean", np.mean), ("worst second", np.max)):
        value, beside = float(pick(costs["vrm"][0])), float(pick(costs["svg"][0]))
        yield Figure(
            f"script a frame of the 3D avatar while it speaks, {name}",
            value,
            "ms",
            "< 2",
            value < 2,
            beside,
            "the drawn face",
            f"{costs['vrm'][1]:.0f} frames a second in software, the drawn face {costs['svg'][1]:.0f}; {busy}",
        )
