"""What the plugins for voice frameworks share: the script of a reply, and utterances that wait for the floor."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence

import numpy as np
import soxr

from avatar_bridge.assembly import Bridge
from avatar_bridge.core.script.parser import Parser
from avatar_bridge.core.timeline.covering import cover
from avatar_bridge.core.timeline.heard_source import heard_source
from avatar_bridge.core.vocabulary import Samples, Text
from avatar_bridge.errors import AvatarBridgeError, UsageError
from avatar_bridge.stage.performance import Outcome
from avatar_bridge.stage.relay import Relay

__all__ = ["HostedScript", "HostedSpeech", "HostedUtterance", "mono"]

_RATE = 16_000
"""Samples a second of an utterance that is nothing but tags."""
_LAST_WORD = 0.6
"""Seconds that a word lasts at most where nobody says when it ends."""
_log = logging.getLogger(__name__)


def mono(data: bytes | memoryview, channels: int) -> Samples:
    """Return 16-bit sound, whole frames of `channels` interleaved, as one channel from -1 to 1."""
    if channels < 1:
        raise UsageError(f"expected sound of at least one channel, got {channels}")
    width = 2 * channels
    values = np.frombuffer(bytes(data[: len(data) - len(data) % width]), "<i2").astype(np.float32) / 32768.0
    return values if channels == 1 else values.reshape(-1, channels).mean(axis=1, dtype=np.float32)


class HostedScript:
    """The tagged text of one reply as it streams: gives out what is to be said, keeps the rest for the body."""

    def __init__(self, bridge: Bridge) -> None:
        """Read tags as `bridge` does."""
        self.source = ""
        """All of it so far, tags and all."""
        self.speech = ""
        """What of it is to be said."""
        self.used = False
        """Whether an utterance speaks it."""
        self.voiced = 0
        """Characters of the speech that the host's voice has come to."""
        self._dialect, self._names = bridge.settings.script.dialect, bridge.motion_map.names()
        self._parser = Parser(dialect=self._dialect, names=self._names)
        self._listeners: list[Callable[[str], None]] = []

    def feed(self, piece: str) -> str:
        """Take the next piece; return what is to be said of what is certain by now, never a part of a tag."""
        self.source += piece
        for listener in self._listeners:
            listener(piece)
        self._parser.feed(piece)
        return self._read()

    def close(self) -> str:
        """Return the rest of what is to be said: the reply ends here."""
        self._parser.close()
        return self._read()

    def follow(self, listener: Callable[[str], None], *, since: str = "") -> None:
        """Tell `listener` the source from now on, and first what there is behind the part that speaks `since`."""
        self.used = True
        begun = self.source[len(self.heard(since)) if since else 0 :]
        if begun:
            listener(begun)
        self._listeners.append(listener)

    def come_to(self, said: str) -> int:
        """Take the next words that the host's voice speaks; return how far it has come in the speech with them."""
        _, end = cover(self.speech, self.voiced, said)
        while 0 < end < len(self.speech) and not (self.speech[end].isalnum() or self.speech[end].isspace()):
            end += 1
        self.voiced = max(self.voiced, end)
        return self.voiced

    def heard(self, speech: str) -> str:
        """Return the beginning of the source that says `speech`, tags and all."""
        return heard_source(self.source, speech, dialect=self._dialect, names=self._names)

    def _read(self) -> str:
        said = "".join(event.spoken for event in self._parser.events() if isinstance(event, Text))
        self.speech += said
        return said


class HostedUtterance:
    """One utterance that the host speaks: what is told of it waits until the bridge can perform it."""

    def __init__(self, script: HostedScript | None, *, since: str = "") -> None:
        """`since`: the part of what the script says that was spoken already."""
        self.script = script
        self.rate: int | None = None
        """Samples a second, from its first sound on."""
        self.duration = 0.0
        """Seconds of its sound so far."""
        self.started = False
        self.dropped = False
        self.relay: Relay | None = None
        self.outcome: Outcome | None = None
        self._told: list[Callable[[Relay], None]] = []
        self._word: tuple[str, float] | None = None
        self._ready = asyncio.Event()
        if script is not None:
            script.follow(self.text, since=since)

    def text(self, piece: str) -> None:
        """Take tagged text as it streams."""
        self._tell(lambda relay: relay.text(piece))

    def sentence(self, said: str) -> None:
        """Say that the sound from now on speaks `said`."""
        self._tell(lambda relay: relay.sentence(said))

    def sound(self, samples: Samples, rate: int, words: Sequence[tuple[str, float, float]] = ()) -> None:
        """Take the next sound, mono at `rate`, with words: text, start, duration in seconds from the first sample."""
        if self.rate is None:
            self.rate = rate
        self.duration += len(samples) / rate
        fitting = samples
        if rate != self.rate and len(samples):
            fitting = np.asarray(soxr.resample(samples, rate, self.rate), np.float32)
        self._tell(lambda relay: relay.sound(fitting, words=words))
        self._ready.set()

    def word(self, text: str, at: float) -> None:
        """Take a word that is said `at` seconds from the first sample; it lasts until the next one at most."""
        self._end_word(at)
        self._word = (text, max(at, 0.0))

    def start(self) -> None:
        """Say that the host has begun to play it."""
        self.started = True
        self._tell(Relay.start)

    def finish(self) -> None:
        """Say that neither sound nor text follows."""
        self._end_word(self.duration)
        self._tell(Relay.finish)
        self._ready.set()

    def drop(self) -> None:
        """Let nothing of it be performed any more."""
        self.dropped = True
        self._ready.set()

    async def ready(self) -> None:
        """Wait until there is sound, or will be none."""
        await self._ready.wait()

    def open(self, relay: Relay) -> None:
        """Pass on all that was told of it, and from now on at once."""
        self.relay = relay
        told, self._told = self._told, []
        for tell in told:
            tell(relay)

    def heard(self) -> float:
        """Return the seconds of its sound that were heard by now, or at all where it is over."""
        if self.relay is None:
            return 0.0
        if self.outcome is not None:
            return self.relay.sounded(self.outcome.heard.at)
        return self.relay.heard_sound()

    def _tell(self, tell: Callable[[Relay], None]) -> None:
        if self.dropped or self.outcome is not None:
            return
        if self.relay is None:
            self._told.append(tell)
        else:
            tell(self.relay)

    def _end_word(self, until: float) -> None:
        if self._word is not None and self.rate is not None:
            text, at = self._word
            self.sound(np.zeros(0, np.float32), self.rate, [(text, at, min(max(until - at, 0.05), _LAST_WORD))])
        self._word = None


class HostedSpeech:
    """Performs the host's utterances one after the other, however far ahead they are told."""

    def __init__(
        self,
        bridge: Bridge,
        *,
        plays: bool,
        began: Callable[[HostedUtterance], None] = lambda _: None,
        over: Callable[[HostedUtterance], None] = lambda _: None,
    ) -> None:
        """`plays`: the bridge plays the sound; else the host says by `begun` when it does.

        `began`, `over`: told when the first sound of an utterance is heard, and once it is over with its `outcome`
        (None where nothing of it was performed).
        """
        speaker = bridge.settings.sound.speaker
        if not plays and speaker != "none":
            raise UsageError(
                f"the host plays the sound, so expected the speaker none, got {speaker!r}: "
                'set [sound] speaker = "none", or let the bridge play it by plays=True'
            )
        self._bridge, self._plays, self._began, self._over = bridge, plays, began, over
        self._waiting: deque[HostedUtterance] = deque()
        self._current: HostedUtterance | None = None
        self._news = asyncio.Event()

    @property
    def idle(self) -> bool:
        """True while nothing is performed or waits."""
        return self._current is None and not self._waiting

    def begin(self, script: HostedScript | None, *, since: str = "") -> HostedUtterance:
        """Return the next utterance; what came before is heard first."""
        utterance = HostedUtterance(script, since=since)
        self._waiting.append(utterance)
        self._news.set()
        return utterance

    def begun(self) -> None:
        """Say that the host began to play the next utterance; what is left of the one before is over."""
        known = (self._current, *self._waiting)
        waiting = [each for each in known if each is not None and not each.started and not each.dropped]
        if not waiting:
            return
        if self._current is not None and self._current is not waiting[0]:
            self._end_current()
        waiting[0].start()

    def ended(self) -> None:
        """Say that the host has played the current utterance to its end."""
        if self._current is not None and self._current.started:
            self._end_current()

    def interrupt(self) -> None:
        """Stop everything in one act and forget what waits."""
        waiting, self._waiting = self._waiting, deque()
        for utterance in waiting:
            utterance.drop()
            self._over(utterance)
        current = self._current
        self._bridge.interrupt()
        if current is not None:
            current.drop()

    async def run(self) -> None:
        """Perform what comes until cancelled."""
        while True:
            while self._waiting:
                utterance = self._current = self._waiting.popleft()
                try:
                    await utterance.ready()
                    await self._perform(utterance)
                except AvatarBridgeError as error:
                    _log.warning("the avatar could not perform what the host says: %s", error)
                finally:
                    self._current = None
                    utterance.dropped = True
                    self._over(utterance)
            self._news.clear()
            await self._news.wait()

    def act(self, script: HostedScript) -> None:
        """Perform a script that is nothing but tags."""
        utterance = self.begin(script)
        utterance.started = True
        utterance.finish()

    async def left(self, seconds: float) -> None:
        """Wait until no more than `seconds` of the sound so far are still to be heard; of 0, until all is over."""
        await self._bridge.stage.until(lambda: self.idle if seconds <= 0.0 else self._unheard() <= seconds)

    def _unheard(self) -> float:
        known = (self._current, *self._waiting)
        return sum(each.duration - each.heard() for each in known if each is not None and not each.dropped)

    async def _perform(self, utterance: HostedUtterance) -> None:
        silent = utterance.rate is None
        if utterance.dropped or (silent and (utterance.script is None or utterance.script.speech.strip())):
            return
        relay = self._bridge.relay(utterance.rate or _RATE, started=self._plays or silent)
        utterance.open(relay)
        watch = asyncio.ensure_future(self._watch(utterance, relay))
        try:
            utterance.outcome = await self._bridge.perform_relay(relay)
        finally:
            watch.cancel()

    async def _watch(self, utterance: HostedUtterance, relay: Relay) -> None:
        """Tell when the first of it is heard."""
        await self._bridge.stage.until(lambda: relay.heard_sound() > 0.0)
        self._began(utterance)

    def _end_current(self) -> None:
        """Take the rest of what the host has played as heard."""
        if self._current is not None and self._current.relay is not None:
            self._current.relay.over()
