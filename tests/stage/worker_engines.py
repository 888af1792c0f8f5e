"""Engines that misbehave, for the tests of the worker."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from avatar_bridge.core.mind.dialogue import Delta, Finish, Reasoning, ReplyEvent, Request, Usage
from avatar_bridge.core.vocabulary import Phoneme, SpokenSegment, WordMark
from avatar_bridge.errors import ModelError, VoiceError
from avatar_bridge.ports import ModelAbilities


class Obedient:
    """Does what the words of the text say; each word is one piece."""

    rate = 8000

    def __init__(self, *, once: str = "", load: str = "") -> None:
        self._once = Path(once) if once else None
        if load == "fail":
            raise VoiceError('the voice needs a package: pip install "avatar-bridge[piper]"')
        if load == "die":
            os._exit(3)
        if load == "hang":
            threading.Event().wait()

    def _first_time(self) -> bool:
        if self._once is None:
            return True
        try:
            self._once.touch(exist_ok=False)
        except FileExistsError:
            return False
        return True

    def speak(self, text: str) -> Iterator[SpokenSegment]:
        for at, word in enumerate(text.split()):
            self._obey(word)
            samples = np.full(80, at, np.float32)
            yield SpokenSegment(samples, 8000, (Phoneme(word, 0.0, 0.01),), (WordMark(at, 1, 0.0, 0.01),), 0.5)

    def _obey(self, word: str) -> None:
        if word == "shout":
            print("noise on the standard output", flush=True)
            ctypes.CDLL(None).puts(b"noise from a library") if sys.platform != "win32" else None
            os.write(1, b"\xff" * 100)
        elif word == "refuse":
            raise VoiceError("it cannot say that")
        elif word == "die" and self._first_time():
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(60)
        elif word == "hang" and self._first_time():
            threading.Event().wait()
        elif word == "crash" and self._first_time():
            raise ZeroDivisionError("a fault of the engine")
        elif word == "starve" and self._first_time():
            raise MemoryError

    def twice(self, samples: np.ndarray) -> np.ndarray:
        return samples * 2

    def endless(self) -> Iterator[int]:
        number = 0
        while True:
            yield number
            number += 1

    def flood(self) -> Iterator[np.ndarray]:
        while True:
            yield np.zeros(1 << 20, np.uint8)

    def process(self) -> dict[str, object]:
        nice = os.nice(0) if sys.platform != "win32" else 0
        return {"pid": os.getpid(), "nice": nice, "sigint": signal.getsignal(signal.SIGINT) == signal.SIG_IGN}


class Talker(Obedient):
    """Answers with the words of the question, and does what they say."""

    abilities = ModelAbilities(tags=True, local=True, context=99)

    def reply(self, request: Request) -> Iterator[ReplyEvent]:
        yield Delta("")
        for word in request.messages[-1].text.split():
            if word == "refuse":
                raise ModelError("it is too long")
            if word == "read":
                time.sleep(0.05)
                yield from (Delta("") for _ in iter(lambda: time.sleep(0.05), 1))
            if word == "endless":
                yield from (Delta(f"{number}") for number in iter(int, 1))
            self._obey(word)
            yield Reasoning("hm") if word == "think" else Delta(word)
        yield Finish("stop", Usage(3, 4, None))

    def read_ahead(self, request: Request) -> Iterator[ReplyEvent]:
        for word in request.messages[-1].text.split():
            self._obey(word)
            yield Delta("")


class Feeler(Obedient):
    """Says that a text feels like its last word, surely where that is no question."""

    def classify(self, text: str) -> tuple[str, float]:
        for word in text.split():
            self._obey(word)
        last = text.rsplit(maxsplit=1)[-1]
        return last.rstrip("?"), 0.3 if last.endswith("?") else 0.9
