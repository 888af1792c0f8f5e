"""Pages are told a segment's better times, and who comes later is told those alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest
from pages import Gathering, Jukebox
from players import ToneVoice, prepare_here
from stories import MAP
from virtual_time import VirtualClock, run

from avatar_bridge.assembly import Bridge
from avatar_bridge.audio.overlay import OverlaySpeaker
from avatar_bridge.core.speech.words import split_words
from avatar_bridge.core.vocabulary import Diagnostic, Phoneme, SpokenSegment, WordMark
from avatar_bridge.ports import Corrected, VoiceAbilities
from avatar_bridge.web.speech_feed import SpeechFeed

SCRIPT = "Hello there, my old friend, I am glad [nod] that you came to see me. [smile] And it goes on and on and on."


class Mute(ToneVoice):
    """The tone voice without its times."""

    abilities = VoiceAbilities("estimated")

    async def speak(self, text: str) -> AsyncGenerator[SpokenSegment, None]:
        self.abilities = VoiceAbilities("estimated")
        async for piece in super().speak(text):
            yield replace(piece, phonemes=(), marks=(), hop=0.0)


class Late:
    """Finds words half a second after it was asked, spread over the last two thirds of the audio."""

    async def open(self) -> None:
        """Nothing is to be loaded."""

    async def align(self, text: str, spoken: SpokenSegment) -> SpokenSegment | None:
        await asyncio.sleep(0.5)
        words = split_words(text)
        third = spoken.duration / 3
        share = 2 * third / len(words)
        marks = tuple(WordMark(word.char, len(word.text), third + share * n, share) for n, word in enumerate(words))
        sounds = (Phoneme("", 0.0, third), Phoneme("a", third, third), Phoneme("u", 2 * third, third))
        return replace(spoken, marks=marks, phonemes=sounds, aligned=True)

    def diagnostics(self) -> list[Diagnostic]:
        return []

    async def close(self) -> None:
        """Nothing is to be given back."""


def test_pages_are_told_better_times() -> None:
    async def scene() -> None:
        gathering, clock = Gathering(), VirtualClock()
        voice = Mute()
        voice.abilities = VoiceAbilities("estimated")
        bridge = Bridge(
            voice=voice,
            speaker=OverlaySpeaker(gathering, now=clock.time),
            drivers=[],
            motion_map=MAP,
            clock=clock,
            preparing=prepare_here,
            aligner=Late(),
        )
        feed = SpeechFeed(bridge, gathering)
        assert isinstance(feed, Corrected)
        bridge.follow(feed)
        gathering.attend(feed)
        async with bridge:
            page = Jukebox(1, gathering)
            gathering.join(page)
            page.sound("running")
            speaking = asyncio.ensure_future(bridge.perform(SCRIPT))
            await bridge.stage.until(lambda: (bridge.stage.heard() or -1.0) > 1.0)
            later = Jukebox(2, gathering)
            gathering.join(later)
            outcome = await speaking
        timeline = outcome.timeline
        corrected = page.texts("corrected")
        assert corrected
        assert corrected[0]["index"] == 0
        assert timeline.timing == "aligned"
        known = {each["index"]: each for each in [*page.texts("segment"), *corrected]}
        assert sorted(known) == [segment.index for segment in timeline.segments]
        for index, told in known.items():
            words, phonemes = timeline.within(index)
            assert [word["at"] for word in told["words"]] == pytest.approx([word.at for word in words], abs=1e-4)
            assert [each["symbol"] for each in told["phonemes"]] == [each.symbol for each in phonemes]
        cues = {cue["id"]: cue["at"] for cue in page.texts("cues")[-1]["cues"]}
        assert cues == pytest.approx({cue.id: cue.at for cue in timeline.cues}, abs=1e-4)
        first = later.texts("segment")[0]
        assert (first["words"], first["mouth"]) == (corrected[0]["words"], corrected[0]["mouth"])
        assert not [each for each in later.texts("corrected") if each["index"] == 0]

    run(scene())
