"""Between the command line and the calls: running them, exit codes, and what goes to which stream."""

from __future__ import annotations

import asyncio
import errno
import gc
import logging
import os
import signal
import sys
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

import click

from avatar_bridge.errors import AvatarBridgeError, SettingsError, UsageError

__all__ = ["guarded", "remedy_for_sound", "run", "run_until_stopped", "speak_up", "targets"]

_Value = TypeVar("_Value")

DONE, FAILED, WRONG_USAGE = 0, 1, 2
_SWITCH_INTERVAL = 0.001


def run(call: Coroutine[Any, Any, _Value]) -> _Value:
    """Run an asynchronous command to its end; Ctrl-C or a request to end cancels it, so that it closes the mouth first.

    Raises KeyboardInterrupt where it was cancelled so.
    """
    sys.setswitchinterval(_SWITCH_INTERVAL)
    gc.collect()
    gc.freeze()
    try:
        return asyncio.run(_heeding(call))
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


def run_until_stopped(call: Coroutine[Any, Any, None]) -> None:
    """Run what has no end of its own: for it, Ctrl-C or a request to end is the normal end."""
    try:
        run(call)
    except KeyboardInterrupt:
        _tell("stopped")


def speak_up(level: str) -> None:
    """Let the program's log from `level` on go to standard error."""
    logging.basicConfig(level=level.upper(), format="%(levelname)s %(name)s: %(message)s")


async def _heeding(call: Coroutine[Any, Any, _Value]) -> _Value:
    """Let the system's request to end the program cancel the call, as Ctrl-C does."""
    task = asyncio.current_task()
    assert task is not None
    loop = asyncio.get_running_loop()
    request = getattr(signal, "SIGBREAK", signal.SIGTERM)
    try:
        loop.add_signal_handler(request, task.cancel)
    except NotImplementedError:  # Windows' event loop has none
        signal.signal(request, lambda *_: loop.call_soon_threadsafe(task.cancel))
    except (RuntimeError, ValueError):  # not in the main thread: whoever owns that decides
        return await call
    return await call


def targets(drivers: Iterable[str], leads: Iterable[str]) -> dict[str, Any]:
    """Return `--driver NAME=ADDRESS` and `--lead NAME=SECONDS` as changes of the settings."""
    changes: dict[str, Any] = {}
    for given in drivers:
        name, _, url = given.partition("=")
        changes[f"drivers.{name}.url"] = url or None
        changes[f"drivers.{name}.enabled"] = True
    for given in leads:
        name, _, seconds = given.partition("=")
        try:
            changes[f"drivers.{name}.lead"] = float(seconds)
        except ValueError:
            raise SettingsError(f"--lead: expected NAME=SECONDS, e.g. vts=0.03, got {given!r}") from None
    return changes


def remedy_for_sound(system: str) -> str:
    """Return what to do about missing sound on a system as `sys.platform` names it."""
    if system.startswith("linux"):
        return "sudo apt install libportaudio2 (or your system's PortAudio), and check that a sound device is on"
    return "connect or switch on a sound device in the system's sound settings"


def guarded(command: click.Command) -> int:
    """Run the command line; print errors as one plain line each and return the exit code."""
    try:
        for stream in (sys.stdout, sys.stderr):
            reconfigure = getattr(stream, "reconfigure", None)
            if reconfigure:
                reconfigure(encoding="utf-8", errors="replace")
        code = command.main(standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        return WRONG_USAGE if isinstance(error, click.UsageError) else FAILED
    except (click.Abort, KeyboardInterrupt):
        _tell("stopped")
        return FAILED
    except OSError as error:
        return _unwritable(error)
    except UsageError as error:
        _tell(f"error: {error}")
        return WRONG_USAGE
    except AvatarBridgeError as error:
        _tell(f"error: {error}")
        return FAILED
    except BaseExceptionGroup as group:
        return _group(group)
    return code if isinstance(code, int) else DONE


def _unwritable(error: OSError) -> int:
    """Deal with a standard output that is closed (quietly) or full; any other error of the system is a defect."""
    if error.errno not in {errno.EPIPE, errno.EINVAL, errno.ENOSPC}:
        raise error
    if error.errno == errno.ENOSPC:
        _tell("error: the output cannot be written: the disk is full; free some space and try again")
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    return FAILED


def _group(group: BaseExceptionGroup[BaseException]) -> int:
    """Print what a task group gathered where all of it is ours; anything else is a defect and is raised."""
    ours, others = group.split(AvatarBridgeError)
    if others is not None or ours is None:
        raise group
    for error in ours.exceptions:
        _tell(f"error: {error}")
    return FAILED


def _tell(text: str) -> None:
    click.echo(text, err=True)
