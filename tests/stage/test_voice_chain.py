from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace

import numpy as np
import pytest
from virtual_time import VirtualClock, run

from avatar_bridge.assembly.parts import build_voice
from avatar_bridge.core.speech.ebu_r128 import integrated_loudness
from avatar_bridge.core.speech.levelling import Leveller
from avatar_bridge.core.vocabulary import Diagnostic, Samples, SpokenSegment
from avatar_bridge.errors import UsageError, VoiceError, WorkerError
from avatar_bridge.ports import VoiceAbilities
from avatar_bridge.settings import OneVoiceSettings, VoiceSettings
from avatar_bridge.stage.ledger import Meter
from avatar_bridge.stage.levelled_voice import LevelledVoice
from avatar_bridge.stage.performance import join
from avatar_bridge.stage.voice_chain import VoiceChain
from avatar_bridge.stage.worker import WorkerVoice
from avatar_bridge.tts.tone import ToneEngine


class Scripted:
    """A voice that does what it is told; each of its sounds is a tone of its own height."""

    def __init__(self, *, rate: int = 16000, level: float = 0.5, cost: float = 0.1) -> None:
        self.rate, self.level, self.cost = rate, level, cost
        self.abilities = VoiceAbilities("words", languages=("en",))
        self.fault: str | None = None
        self.deaf: str | None = None
        self.asked: list[str] = []
        self.opens = 0
        self.closed = self.cancelled = False
        self.troubles: list[Diagnostic] = []

    async def open(self) -> None:
        self.opens += 1
        if self.deaf:
            await asyncio.sleep(self.cost)
            raise VoiceError(self.deaf)

    async def speak(self, text: str) -> AsyncGenerator[SpokenSegment, None]:
        self.asked.append(text)
        whole = False
        try:
            await asyncio.sleep(self.cost)
            if self.fault == "nothing":
                whole = True
                return
            yield self.piece(0.0 if self.fault == "silence" else self.level)
            if self.fault == "dies":
                raise WorkerError("it died")
            if self.fault and self.fault not in ("silence", "nothing"):
                raise VoiceError(self.fault)
            yield self.piece(0.0 if self.fault == "silence" else self.level)
            whole = True
        finally:
            self.cancelled = not whole

    def piece(self, level: float) -> SpokenSegment:
        tone = level * np.sin(np.arange(self.rate // 2) * 2 * np.pi * 300 / self.rate)
        return SpokenSegment(tone.astype(np.float32), self.rate, notes=("a note",))

    def diagnostics(self) -> list[Diagnostic]:
        news, self.troubles = self.troubles, []
        return news

    async def close(self) -> None:
        self.closed = True


def chain_of(*voices: Scripted) -> VoiceChain:
    names = ("first", "second", "third")
    return VoiceChain(list(zip(names, voices, strict=False)), clock=VirtualClock())


async def said(chain: VoiceChain, text: str = "Hello there.") -> list[SpokenSegment]:
    return [piece async for piece in chain.speak(text)]


def messages(chain: VoiceChain) -> list[str]:
    return [news.message for news in chain.diagnostics()]


def test_the_first_voice_speaks_while_it_can() -> None:
    async def story() -> None:
        first, second = Scripted(), Scripted()
        chain = chain_of(first, second)
        await chain.open()
        assert len(await said(chain)) == 2
        assert (first.opens, second.opens) == (1, 1)
        assert (first.asked, second.asked) == (["Hello there."], [])
        assert messages(chain) == []
        await chain.close()
        assert first.closed
        assert second.closed

    run(story())


@pytest.mark.parametrize("fault", ["the quota is used up", "dies", "silence", "nothing"])
def test_the_next_voice_speaks_the_same_segment_and_nothing_is_said_twice(fault: str) -> None:
    async def story() -> None:
        first, second = Scripted(), Scripted()
        first.fault = fault
        chain = chain_of(first, second)
        await chain.open()
        assert len(await said(chain, "One.")) == 2
        assert len(await said(chain, "Two.")) == 2
        assert second.asked == ["One.", "Two."]
        told = messages(chain)
        assert len(told) == 1
        assert told[0].startswith("the voice 'first' failed; 'second' speaks for it: ")
        first.fault = None
        assert len(await said(chain, "Three.")) == 2
        assert second.asked == ["One.", "Two."]
        assert messages(chain) == ["the voice 'first' speaks again"]

    run(story())


def test_it_tells_who_spoke_how_much() -> None:
    async def story() -> None:
        first, second = Scripted(), Scripted()
        chain = chain_of(first, second)
        await said(chain, "One.")
        meter = Meter(chain)
        assert meter.voices() == {}
        first.fault = "refused"
        await said(chain, "Hello.")
        assert meter.voices() == {"second": 6}
        assert chain.spoken == {"first": 4, "second": 6}
        assert Meter(first).voices() == {}

    run(story())


def test_a_text_without_words_is_no_failure() -> None:
    async def story() -> None:
        first, second = Scripted(), Scripted()
        first.fault = "nothing"
        chain = chain_of(first, second)
        await chain.open()
        assert await said(chain, "…?! 🙂") == []
        assert second.asked == []

    run(story())


def test_a_dead_server_costs_its_time_out_once() -> None:
    async def story() -> None:
        clock = VirtualClock()
        first, second = Scripted(cost=30.0), Scripted()
        first.fault = first.deaf = "it was silent for 30 s"
        chain = chain_of(first, second)
        chain_opened = asyncio.create_task(chain.open())
        await chain_opened
        assert messages(chain) == ["the voice 'first' cannot be used now, 'second' speaks: it was silent for 30 s"]
        before = clock.time()
        for number in range(600):
            assert len(await said(chain, f"Number {number}.")) == 2
            await asyncio.sleep(0.9)
        assert first.asked == []
        assert clock.time() - before == pytest.approx(600.0, rel=0.01)
        assert 4 <= first.opens <= 9
        assert messages(chain) == []
        first.fault = first.deaf = None
        first.cost = 0.1
        await asyncio.sleep(301)
        await said(chain)
        await asyncio.sleep(1)
        await said(chain)
        assert first.asked == ["Hello there."]
        assert messages(chain) == ["the voice 'first' speaks again"]
        await chain.close()

    run(story())


def test_a_failure_that_takes_long_brings_a_break_at_once_and_three_quick_ones_do() -> None:
    async def story() -> None:
        for cost, attempts in ((20.0, 1), (0.1, 3)):
            first, second = Scripted(cost=cost), Scripted(cost=0.0)
            chain = chain_of(first, second)
            await chain.open()
            first.fault = first.deaf = "it does not answer"
            for _ in range(12):
                await said(chain)
            assert len(first.asked) == attempts
            await chain.close()

    run(story())


def test_a_voice_that_opens_but_never_speaks_gets_longer_breaks() -> None:
    async def story() -> None:
        first, second = Scripted(cost=1.0), Scripted(cost=0.0)
        chain = chain_of(first, second)
        await chain.open()
        first.fault = "refused"
        for _ in range(1000):
            await said(chain)
            await asyncio.sleep(1.0)
        assert 5 <= len(first.asked) <= 10
        assert len(messages(chain)) == 1

    run(story())


def test_after_it_has_spoken_again_the_next_break_is_short_again() -> None:
    async def story() -> None:
        first, second = Scripted(cost=1.0), Scripted(cost=0.0)
        chain = chain_of(first, second)
        await chain.open()
        for _ in range(2):
            first.fault = "gone"
            for _ in range(100):
                await said(chain)
                await asyncio.sleep(1.0)
            first.fault = None
            await asyncio.sleep(200)
            await said(chain)
            await asyncio.sleep(1.5)
            await said(chain)
            assert messages(chain)[-1] == "the voice 'first' speaks again"
            first.fault = "gone"
            await said(chain)
            first.fault = None
            await asyncio.sleep(5.1)
            await said(chain)
            await asyncio.sleep(0.1)
            asked = len(first.asked)
            await said(chain)
            assert len(first.asked) == asked + 1
            messages(chain)

    run(story())


def test_where_none_can_speak_every_reason_is_told_and_no_time_is_lost() -> None:
    async def story() -> None:
        clock = VirtualClock()
        first, second = Scripted(cost=2.0), Scripted(cost=2.0)
        chain = chain_of(first, second)
        await chain.open()
        first.fault, second.fault = "no key", "no network"
        first.deaf = second.deaf = "still gone"
        with pytest.raises(VoiceError, match=r"first: no key; second: no network"):
            await said(chain)
        before = clock.time()
        with pytest.raises(VoiceError, match=r"first has a break: no key"):
            await said(chain)
        assert clock.time() == before
        first.fault = first.deaf = None
        await asyncio.sleep(60)
        assert len(await said(chain)) == 2
        await chain.close()

    run(story())


def test_it_opens_where_any_opens_and_says_who_does_not() -> None:
    async def story() -> None:
        first, second, third = Scripted(), Scripted(), Scripted()
        first.deaf, third.deaf = "start it first", "no such package"
        chain = chain_of(first, second, third)
        await chain.open()
        assert messages(chain) == [
            "the voice 'first' cannot be used now, 'second' speaks: start it first",
            "the voice 'third' cannot be used now: no such package",
        ]
        second.deaf = "gone"
        nobody = chain_of(first, second)
        with pytest.raises(VoiceError, match=r"first: start it first; second: gone"):
            await nobody.open()

    run(story())


def test_letting_go_cancels_the_voice_at_work_and_is_no_failure() -> None:
    async def story() -> None:
        first, second = Scripted(cost=5.0), Scripted()
        chain = chain_of(first, second)
        await chain.open()
        speaking = asyncio.create_task(said(chain))
        await asyncio.sleep(1.0)
        speaking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await speaking
        assert first.cancelled
        assert second.asked == []
        assert messages(chain) == []
        assert len(await said(chain)) == 2

    run(story())


@pytest.mark.parametrize(("failing", "rate"), [(False, 22050), (True, 24000)])
def test_all_speak_at_one_rate(*, failing: bool, rate: int) -> None:
    async def story() -> None:
        first, second = Scripted(rate=22050), Scripted(rate=8000)
        chain = chain_of(first, second)
        await chain.open()
        first.fault = "gone" if failing else None
        pieces = await said(chain)
        first.fault = None if failing else "gone"
        pieces += await said(chain)
        assert {piece.rate for piece in pieces} == {rate}
        assert join(pieces).duration == pytest.approx(2.0, abs=0.001)
        assert pieces[0].notes == ("a note",)

    run(story())


def test_what_each_voice_has_to_tell_is_told() -> None:
    async def story() -> None:
        first, second = Scripted(), Scripted()
        chain = chain_of(first, second)
        second.troubles = [Diagnostic("the worker was replaced")]
        assert messages(chain) == ["the worker was replaced"]
        first.abilities = replace(first.abilities, timing="phonemes")
        assert chain.abilities.timing == "phonemes"

    run(story())


def test_a_chain_of_none_is_refused() -> None:
    with pytest.raises(UsageError, match="at least one"):
        VoiceChain([])


def test_a_levelled_voice_speaks_at_the_loudness_and_with_the_same_times() -> None:
    class Tone(Scripted):
        async def speak(self, text: str) -> AsyncGenerator[SpokenSegment, None]:
            for piece in ToneEngine().speak(text):
                yield piece

    async def story() -> None:
        text = "Hello there, how are you? I am fine. And so are all of us today, or so we hope."
        plain = [piece async for piece in Tone().speak(text)]
        voice = LevelledVoice(Tone(), -24.0)
        await voice.open()
        assert voice.gain is None
        levelled = [piece async for piece in voice.speak(text)]
        assert loudness(levelled) == pytest.approx(-24.0, abs=0.3)
        assert len(plain) == len(levelled)
        for before, after in zip(plain, levelled, strict=True):
            assert len(before.samples) == len(after.samples)
            assert (before.phonemes, before.marks, before.hop) == (after.phonemes, after.marks, after.hop)
        await voice.close()

    # in real time: a long segment is levelled in another thread
    asyncio.run(story())


async def test_who_is_interrupted_leaves_no_second_thread_at_the_same_measure() -> None:
    class Watched(Leveller):
        def __init__(self) -> None:
            super().__init__()
            self.at_work = self.most = 0
            self.begun, self.go = threading.Event(), threading.Event()

        def level(self, samples: Samples, rate: int) -> Samples:
            self.at_work += 1
            self.most = max(self.most, self.at_work)
            self.begun.set()
            assert self.go.wait(10)
            self.at_work -= 1
            return super().level(samples, rate)

    class Long(Scripted):
        async def speak(self, text: str) -> AsyncGenerator[SpokenSegment, None]:
            self.asked.append(text)
            piece = self.piece(0.1)
            yield replace(piece, samples=np.tile(piece.samples, 6))

    voice, leveller = LevelledVoice(Long()), Watched()
    voice._leveller = leveller

    async def said() -> None:
        async for _ in voice.speak("Hello."):
            pass

    first = asyncio.create_task(said())
    await asyncio.to_thread(leveller.begun.wait)
    first.cancel()
    await asyncio.wait({first})
    others = [asyncio.create_task(said()) for _ in range(2)]
    under_way = voice._aside
    for _ in range(5):
        await asyncio.sleep(0)
    assert voice._aside is under_way, "another one begins beside it"
    leveller.go.set()
    await asyncio.gather(*others)
    assert leveller.most == 1


def loudness(pieces: Sequence[SpokenSegment]) -> float:
    return integrated_loudness(np.concatenate([piece.samples for piece in pieces]), pieces[0].rate)


def test_pieces_of_several_rates_are_levelled_each_at_its_own() -> None:
    class Mixed(Scripted):
        async def speak(self, text: str) -> AsyncGenerator[SpokenSegment, None]:
            self.asked.append(text)
            for rate in (8000, 8000, 48000):
                yield Scripted(rate=rate).piece(0.1)

    async def story() -> None:
        pieces = [piece async for piece in LevelledVoice(Mixed(), -20.0).speak("Hello.")]
        assert [(piece.rate, len(piece.samples)) for piece in pieces] == [(8000, 4000), (8000, 4000), (48000, 24000)]

    run(story())


def test_the_settings_make_the_chain() -> None:
    plain, _ = build_voice(VoiceSettings(engine="tone", loudness=None))
    assert isinstance(plain, WorkerVoice)
    levelled, _ = build_voice(VoiceSettings(engine="tone"))
    assert isinstance(levelled, LevelledVoice)
    given = {"engine": "espeak", "fallback": ["tone", {"engine": "tone", "speed": 2.0}]}
    chain, _ = build_voice(VoiceSettings.model_validate(given))
    assert isinstance(chain, VoiceChain)
    alone, _ = build_voice(OneVoiceSettings(engine="tone"))
    assert isinstance(alone, WorkerVoice)


async def test_a_real_chain_falls_back_to_a_voice_that_is_there() -> None:
    given = {"engine": "espeak", "options": {"voice": "no-such-voice"}, "fallback": ["tone"]}
    chain, _ = build_voice(VoiceSettings.model_validate(given))
    await chain.open()
    try:
        pieces = [piece async for piece in chain.speak("Hello there, my friend, how are you?")]
        assert loudness(pieces) == pytest.approx(-18.0, abs=0.5)
        assert {piece.rate for piece in pieces} == {24000}
        assert isinstance(chain, VoiceChain)
        assert chain.cpu > 0.0
        (news,) = chain.diagnostics()
        assert news.message.startswith("the voice 'espeak' cannot be used now, 'tone' speaks: ")
    finally:
        await chain.close()
