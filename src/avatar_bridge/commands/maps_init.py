"""`maps init` and `maps check` against the model in VTube Studio: draft a map from it, hold one against it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import re
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

from avatar_bridge.backoff import Backoff
from avatar_bridge.commands.finding import unsaid
from avatar_bridge.commands.maps_draft import Draft
from avatar_bridge.core.motion.motion_map import MotionMap
from avatar_bridge.core.motion.naming import Concept, Lexicon
from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.drivers.vts_client import VTubeStudioClient, open_client
from avatar_bridge.drivers.vts_discovery import DISCOVERY_PORT, Search
from avatar_bridge.drivers.vts_model import Model, is_local, read_model
from avatar_bridge.drivers.vts_session import authenticate
from avatar_bridge.drivers.vts_token import TokenFile
from avatar_bridge.errors import UnreachableError, UsageError
from avatar_bridge.files import write_atomically
from avatar_bridge.registry import data_file, read_map
from avatar_bridge.wire.vts_bindings import bind, unknown_inputs

__all__ = ["check", "draft", "lexicon", "missing", "missing_lines", "save", "visit", "write"]

_LANGUAGES = ("en", "ja", "zh", "ko")


def lexicon() -> Lexicon:
    """Return the package's names for concepts: English, Japanese, Chinese, Korean, romaji and pinyin."""
    table = json.loads(data_file("synonyms.json").read_text(encoding="utf-8"))
    return Lexicon(
        [
            Concept(name, row["kind"], tuple(word for language in _LANGUAGES for word in row[language]))
            for name, row in table.items()
        ]
    )


@contextlib.asynccontextmanager
async def visit(
    url: str | None = None,
    *,
    token_path: Path | None = None,
    plugin_name: str = "Avatar Bridge",
    developer: str = "Avatar Bridge",
    wait: Callable[[str], None] = lambda _: None,
    folders: Sequence[Path] | None = None,
    discovery_port: int | None = DISCOVERY_PORT,
) -> AsyncIterator[Model]:
    """Yield the model that is on VTube Studio's screen; `wait` is told what is asked of the user.

    Raises UnreachableError where nothing answers or no model is loaded, RefusedError where the user says no.
    """
    search = Search(url, title=None, port=discovery_port, backoff=Backoff(random.random), now=time.monotonic)
    await search.discovery.open()
    try:
        async with _reach(search) as (client, address):
            await authenticate(
                client, TokenFile(token_path, plugin_name), plugin=plugin_name, developer=developer, wait=wait
            )
            model = await read_model(client, folders=folders, local=is_local(address))
            if not model.id:
                raise UnreachableError("VTube Studio has no model loaded: load the one to make a map for.")
            yield model
    finally:
        search.discovery.close()


@contextlib.asynccontextmanager
async def _reach(search: Search) -> AsyncIterator[tuple[VTubeStudioClient, str]]:
    """Connect to the first address that answers; where none does, listen once for broadcasts and try again."""
    async with contextlib.AsyncExitStack() as stack:
        reached: tuple[VTubeStudioClient, str] | None = None
        failure = UnreachableError("VTube Studio does not answer: start it and load a model.")
        for again in (True, False):
            for url in search.urls():
                try:
                    reached = (await stack.enter_async_context(open_client(url)), url)
                    break
                except UnreachableError as error:
                    failure = UnreachableError(search.explain(url, str(error)))
            if reached is not None or not again or not await search.listen():
                break
        if reached is None:
            raise failure
        yield reached


async def draft(
    *,
    url: str | None = None,
    base: str = "any_vts_model",
    token_path: Path | None = None,
    wait: Callable[[str], None] = lambda _: None,
    folders: Sequence[Path] | None = None,
    discovery_port: int | None = DISCOVERY_PORT,
) -> str:
    """Return the text of a motion map for the running model, which extends `base`; a comment gives each line's reason.

    Raises UnreachableError, RefusedError, and UsageError where `base` is unknown.
    """
    base_map = read_map(base)
    async with visit(url, token_path=token_path, wait=wait, folders=folders, discovery_port=discovery_port) as model:
        return Draft(model, lexicon(), base, base_map).text()


def save(text: str, path: Path, *, force: bool = False) -> None:
    """Write a drafted map; raises UsageError where the file exists and `force` is not given.

    With `force`, what is there is replaced once the new map is written whole; raises WorldError where it cannot be.
    """
    if force:
        write_atomically(path, text)
        return
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError as error:
        raise UsageError(f"{path} exists: choose another name, or give --force to replace it") from error
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error


async def check(
    motion_map: MotionMap,
    *,
    url: str | None = None,
    token_path: Path | None = None,
    wait: Callable[[str], None] = lambda _: None,
    folders: Sequence[Path] | None = None,
    discovery_port: int | None = DISCOVERY_PORT,
) -> list[Diagnostic]:
    """Return what the map asks for and the running model lacks, each with the nearest name; empty where all is well.

    Raises UnreachableError and RefusedError.
    """
    async with visit(url, token_path=token_path, wait=wait, folders=folders, discovery_port=discovery_port) as model:
        bindings, missing = bind(motion_map, model.hotkeys, model.expressions)
        return [*missing, *unknown_inputs(bindings.values(), model.inputs), *model.calibration.diagnostics]


async def write(
    *,
    url: str | None = None,
    out: Path | None = None,
    force: bool = False,
    target: str = "vts",
    token_path: Path | None = None,
    folders: Sequence[Path] | None = None,
    discovery_port: int | None = DISCOVERY_PORT,
) -> list[str]:
    """Draft a map of the running model into the file `out` and return what to do next; without `out`, the map's lines.

    Raises UsageError where the file exists and `force` is not given (before anybody is asked anything).
    """
    _only_vts(target)
    if out is not None and not force:
        _spare(out)
    text = await draft(url=url, token_path=token_path, wait=_teller(), folders=folders, discovery_port=discovery_port)
    if out is None:
        return text.splitlines()
    await asyncio.to_thread(save, text, out, force=force)
    own = [action.name for action in read_map(out).actions.values() if action.targets.get("vts")]
    return [
        f"{out}: {len(own)} of the model's own hotkeys and expressions are bound ({', '.join(own) or 'none'})",
        f"look at each line in VTube Studio, then: avatar-bridge maps check {_argument(out)} --target vts",
    ]


async def missing(
    name: str,
    *,
    url: str | None = None,
    target: str = "vts",
    token_path: Path | None = None,
    folders: Sequence[Path] | None = None,
    discovery_port: int | None = DISCOVERY_PORT,
) -> list[Diagnostic]:
    """Return what the map `name` asks for and the running model lacks; the user is told when asked something."""
    _only_vts(target)
    wait = _teller()
    motion_map = read_map(name)
    return await check(
        motion_map, url=url, token_path=token_path, wait=wait, folders=folders, discovery_port=discovery_port
    )


def missing_lines(found: Sequence[Diagnostic], target: str = "vts") -> list[str]:
    """Return, for people, what a model (of obs: OBS) lacks."""
    lines = [f"  {item.message}{_nearest(item)}" for item in found]
    things = "1 thing" if len(found) == 1 else f"{len(found)} things"
    who = "OBS" if target == "obs" else "the running model"
    return [*lines, f"{things} to look at" if found else f"{who} has all that the map asks for"]


def _nearest(item: Diagnostic) -> str:
    return f" Nearest: {near}" if (near := unsaid(item)) else ""


def _spare(path: Path) -> None:
    if path.exists():
        raise UsageError(f"{path} exists: choose another name, or give --force to replace it")


def _only_vts(target: str) -> None:
    if target != "vts":
        raise UsageError(f"maps can be drafted from and held against vts, got {target!r}")


def _argument(path: Path) -> str:
    """Return a path as it is written in a command line."""
    return f'"{path}"' if re.search(r"[^\w./\\:~-]", str(path)) else str(path)


def _teller() -> Callable[[str], None]:
    """Return what tells the user a line, each once: a question that is put again is the same question."""
    told: set[str] = set()

    def tell(line: str) -> None:
        if line not in told:
            told.add(line)
            print(line, file=sys.stderr, flush=True)

    return tell
