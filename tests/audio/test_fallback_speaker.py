"""An utterance is heard where it can be heard, and stays there."""

import numpy as np

from avatar_bridge.audio.fallback import FallbackSpeaker
from avatar_bridge.audio.silent import SilentSpeaker
from avatar_bridge.core.vocabulary import Samples
from avatar_bridge.errors import SpeakerError


class Spot(SilentSpeaker):
    """A silent speaker with a switch, and a tape of how much was written."""

    def __init__(self, *, audible: bool = True, broken: bool = False) -> None:
        self.now = 0.0
        super().__init__(now=lambda: self.now)
        self.audible = audible
        self.broken = broken
        self.written = 0
        self.begun = 0
        self.closed = False

    @property
    def page_id(self) -> int:
        return 7

    async def open(self) -> None:
        if self.broken:
            raise SpeakerError("no device; plug one in")

    def begin(self) -> None:
        self.begun += 1
        super().begin()

    def write(self, samples: Samples, rate: int) -> None:
        self.written += len(samples)
        super().write(samples, rate)

    async def close(self) -> None:
        self.closed = True


SECOND = np.zeros(48_000, np.float32)


async def opened(first: Spot, second: Spot) -> FallbackSpeaker:
    speaker = FallbackSpeaker(first, second)
    await speaker.open()
    return speaker


async def test_the_first_plays_where_it_can_be_heard():
    first, second = Spot(), Spot()
    speaker = await opened(first, second)
    speaker.begin()
    speaker.write(SECOND, 48_000)
    assert (first.written, second.written) == (48_000, 0)
    assert speaker.page_id == 7


async def test_the_second_plays_where_the_first_cannot_be_heard():
    first, second = Spot(audible=False), Spot()
    speaker = await opened(first, second)
    speaker.begin()
    speaker.write(SECOND, 48_000)
    second.now = 0.4
    assert (first.written, second.written) == (0, 48_000)
    assert speaker.page_id is None
    assert speaker.heard() == second.heard() == 0.4
    assert round(speaker.queued(), 6) == 0.6


async def test_an_utterance_stays_where_it_began():
    first, second = Spot(audible=False), Spot()
    speaker = await opened(first, second)
    speaker.begin()
    first.audible = True
    speaker.write(SECOND, 48_000)
    assert first.written == 0
    speaker.finish()
    speaker.stop()
    speaker.begin()
    speaker.write(SECOND, 48_000)
    assert (first.written, second.written) == (48_000, 48_000)
    assert first.begun == 2  # it counts the utterances, as the pages do


async def test_without_a_second_the_first_does_and_says_so():
    first, second = Spot(audible=False), Spot(broken=True)
    speaker = await opened(first, second)
    assert ["wall clock" in note.message for note in speaker.diagnostics()] == [True]
    assert speaker.diagnostics() == []
    speaker.begin()
    speaker.write(SECOND, 48_000)
    assert first.written == 48_000
    await speaker.close()
    assert first.closed
    assert not second.closed
