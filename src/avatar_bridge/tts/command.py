"""The `command` voice: any program that turns text into a sound file, called without a shell."""

from __future__ import annotations

import math
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from avatar_bridge.core.speech.speakable import check_range, is_speakable, parts, speakable
from avatar_bridge.core.vocabulary import SpokenSegment
from avatar_bridge.errors import UsageError, VoiceError
from avatar_bridge.ports import VoiceAbilities
from avatar_bridge.tts.command_sound import read_output

__all__ = ["CommandEngine"]

_PLACEHOLDER = re.compile(r"\{(text|text_file|wav|speed|length|pitch)(?:\*(\d+(?:\.\d+)?))?\}")
_LONGEST_TEXT = 2000
_LOOK = 0.1
"""Seconds between two looks at how much a program has written."""
_EXAMPLE = 'command = ["espeak-ng", "--stdout", "{text}"]'


class CommandEngine:
    """Speaks with a program of the user's, one call a text.

    command: the program and its arguments, in which `{text}`, `{text_file}` (UTF-8), `{wav}` (where the program writes
    its sound; else it is expected on standard output), `{speed}`, `{length}` (1/speed) and `{pitch}` (semitones) are
    filled in; `{speed*175}` multiplies. Without `{text}` and `{text_file}` the text goes to standard input. Any format
    that libsndfile reads is taken, at any rate, and brought to `rate`. timeout: seconds a call may take. megabytes: the
    most that a call may write. folder: where the program runs.
    """

    def __init__(
        self,
        *,
        command: Sequence[str] = (),
        speed: float = 1.0,
        pitch: float = 0.0,
        rate: int = 24_000,
        timeout: float = 25.0,
        megabytes: float = 64.0,
        folder: str | None = None,
    ) -> None:
        check_range("speed", speed, 0.25, 4.0)
        check_range("pitch", pitch, -24.0, 24.0)
        check_range("rate", rate, 8000, 192_000)
        check_range("timeout", timeout, 0.1, 600.0)
        check_range("megabytes", megabytes, 0.01, 1024.0)
        self._command = _checked(command)
        used = {found[1] for word in self._command for found in _PLACEHOLDER.finditer(word)}
        knows_speed, knows_pitch = bool(used & {"speed", "length"}), "pitch" in used
        if speed != 1.0 and not knows_speed:
            raise UsageError("the command voice passes speed on only where the command says {speed} or {length}")
        if pitch != 0.0 and not knows_pitch:
            raise UsageError("the command voice passes pitch on only where the command says {pitch}")
        self._folder = None if folder is None else Path(folder).expanduser()
        if self._folder is not None and not self._folder.is_dir():
            raise UsageError(f"expected folder to be where the program runs, but there is no {self._folder}")
        self._numbers = {"speed": speed, "length": 1.0 / speed, "pitch": pitch}
        self._watch: _Watch | None = None
        self._by_input = not used & {"text", "text_file"}
        self._to_file = "wav" in used
        self._timeout, self._most = timeout, round(megabytes * 1e6)
        self.rate = rate
        self.abilities = VoiceAbilities(speed=knows_speed, pitch=knows_pitch)

    def speak(self, text: str) -> Iterator[SpokenSegment]:
        """Yield what the program makes of `text`; nothing for a text without letters or numbers.

        Raises VoiceError where the program fails, takes too long, or writes no sound.
        """
        for part in parts(speakable(text), _LONGEST_TEXT):
            if is_speakable(part):
                yield self._spoken(part.strip())

    def _spoken(self, text: str) -> SpokenSegment:
        with tempfile.TemporaryDirectory(prefix="avatar-bridge-", ignore_cleanup_errors=True) as folder:
            place = Path(folder)
            written, wanted = place / "text.txt", place / "speech.wav"
            written.write_bytes(text.encode("utf-8", "replace"))
            words = [self._filled(word, text, written, wanted) for word in self._command]
            printed = place / "printed"
            self._run(words, written, printed, wanted)
            if self._to_file and not wanted.is_file():
                raise VoiceError(f"{self._name} ended well but wrote no sound to {{wav}}; look at the command")
            samples, notes = read_output(wanted if self._to_file else printed, self.rate, self._name)
        if float(np.abs(samples).max()) < 1e-4:
            raise VoiceError(f"{self._name} wrote {len(samples) / self.rate:.1f} s of silence for {text[:40]!r}")
        return SpokenSegment(samples, self.rate, notes=notes)

    def stop(self) -> None:
        """End the program, where one is at work; callable from another thread."""
        if (watch := self._watch) is not None:
            watch.stop()

    @property
    def _name(self) -> str:
        return f"the voice command {Path(self._command[0]).name!r}"

    def _filled(self, word: str, text: str, written: Path, wanted: Path) -> str:
        # a program would take a text such as "-5 degrees" for an option
        said = f" {text}" if word.startswith("{text}") and text.startswith("-") else text
        known = {"text": said, "text_file": str(written), "wav": str(wanted)}

        def value(found: re.Match[str]) -> str:
            if found[1] in known:
                return known[found[1]]
            number = self._numbers[found[1]] * float(found[2] or 1.0)
            return str(round(number)) if found[2] and abs(number) >= 10 else f"{number:g}"

        return _PLACEHOLDER.sub(value, word)

    def _run(self, words: Sequence[str], written: Path, printed: Path, wanted: Path) -> None:
        """Let the program do its work; everything goes by files, so that nobody waits for a full pipe."""
        said = printed.with_name("said")
        source = written if self._by_input else Path(os.devnull)
        with source.open("rb") as given, printed.open("wb") as out, said.open("wb") as err:
            try:
                program = _start(words, given.fileno(), out.fileno(), err.fileno(), self._folder)
            except OSError as error:
                raise VoiceError(f"{self._name} cannot be started: {error}") from error
            watch = self._watch = _Watch(program, self._timeout, self._most, (printed, said, wanted))
            try:
                code = program.wait()
            finally:
                self._watch = None
                fault = watch.end()
        if fault:
            raise VoiceError(f"{self._name} was ended: {fault}")
        if code != 0:
            told = [line.strip() for line in said.read_bytes()[-4000:].decode("utf-8", "replace").splitlines()]
            last = next((line for line in reversed(told) if line), "it says nothing")
            raise VoiceError(f"{self._name} failed with code {code}: {last[:300]}")


def _checked(command: Sequence[str]) -> tuple[str, ...]:
    if isinstance(command, str) or not command or not all(isinstance(word, str) for word in command):
        raise UsageError(f"expected command to be a list of the program and its arguments: {_EXAMPLE}, got {command!r}")
    words = tuple(command)
    program = shutil.which(os.path.expanduser(words[0]))  # noqa: PTH111 - a bare name must stay one
    if program is None:
        raise VoiceError(f"there is no program {words[0]!r}; install it, or give its whole path in command")
    if program.lower().endswith((".bat", ".cmd")) and any("{text}" in word for word in words):
        raise UsageError("Windows reads the arguments of a .bat as commands: give it the text by {text_file} instead")
    return (program, *words[1:])


def _start(words: Sequence[str], given: int, out: int, err: int, folder: Path | None) -> subprocess.Popen[bytes]:
    if sys.platform == "win32":
        return subprocess.Popen(
            words, stdin=given, stdout=out, stderr=err, cwd=folder, creationflags=subprocess.CREATE_NO_WINDOW
        )
    return subprocess.Popen(words, stdin=given, stdout=out, stderr=err, cwd=folder, start_new_session=True)


class _Watch:
    """Ends a program that takes too long or writes too much."""

    def __init__(self, program: subprocess.Popen[bytes], timeout: float, most: int, written: Sequence[Path]) -> None:
        self._program, self._most, self._written = program, most, written
        self._timeout = timeout
        self._fault = ""
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def end(self) -> str:
        """Stop watching; return why the program was ended, "" where it was not."""
        self._done.set()
        self._thread.join()
        if self._program.poll() is None:
            self._kill()
        return self._fault

    def stop(self) -> None:
        """End the program: nobody wants its speech any more."""
        self._fault = self._fault or "nobody waits for it any more"
        self._done.set()
        if self._program.poll() is None:
            self._kill()

    def _look(self) -> None:
        for _ in range(math.ceil(self._timeout / _LOOK)):
            if self._done.wait(_LOOK):
                return
            if sum(path.stat().st_size for path in self._written if path.exists()) > self._most:
                self._fault = f"it wrote more than {self._most / 1e6:g} MB; raise megabytes if that is right"
                self._kill()
                return
        self._fault = f"it took longer than {self._timeout:g} s; raise timeout if it needs that"
        self._kill()

    def _kill(self) -> None:
        if sys.platform == "win32":
            self._program.kill()
        else:
            try:
                os.killpg(self._program.pid, signal.SIGKILL)
            except ProcessLookupError:
                return
        self._program.wait()
