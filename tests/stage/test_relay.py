"""What another program speaks, performed on virtual time: its text, its sound, its words."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from players import ToneVoice, Witness, prepare_here
from stories import MAP
from virtual_time import VirtualClock, run

from avatar_bridge.assembly import Bridge
from avatar_bridge.audio.silent import SilentSpeaker
from avatar_bridge.core.vocabulary import SpokenSegment
from avatar_bridge.errors import UsageError
from avatar_bridge.stage.performance import Outcome, join
from avatar_bridge.tts.tone import ToneEngine

FIRST, SECOND = "Hello there, my friend. ", "I am glad that you came."


def spoken(text: str) -> SpokenSegment:
    return join(list(ToneEngine().speak(text)))


def bridge_of(*drivers: Witness) -> Bridge:
    clock = VirtualClock()
    speaker = SilentSpeaker(now=clock.time)
    return Bridge(
        voice=ToneVoice(),
        speaker=speaker,
        drivers=list(drivers),
        motion_map=MAP,
        clock=clock,
        preparing=prepare_here,
    )


async def passes(bridge: Bridge, seconds: float) -> None:
    await bridge.stage.frames(round(seconds * 60))


def test_its_tags_act_on_their_words_and_its_sound_moves_the_mouth() -> None:
    async def scene() -> None:
        driver = Witness()
        async with bridge_of(driver) as bridge:
            relay = bridge.relay(16000)
            over = asyncio.create_task(bridge.perform_relay(relay))
            for chunk in ("Hello there, [no", "d] my friend. I am ", "glad that you came."):
                relay.text(chunk)
            for text in (FIRST, SECOND):
                relay.sentence(text)
                sound = spoken(text)
                for start in range(0, len(sound.samples), 700):
                    relay.sound(sound.samples[start : start + 700])
            relay.finish()
            outcome = await over
        assert outcome.heard.complete
        assert outcome.heard.speech == FIRST + SECOND
        assert outcome.timeline.duration == pytest.approx(spoken(FIRST).duration + spoken(SECOND).duration, abs=0.2)
        (cue,) = outcome.timeline.cues
        (my,) = (word for word in outcome.timeline.words if word.text == "my")
        assert cue.at == my.at
        assert max(frame.values["mouth_open"] for _, frame in driver.frames) > 0.3

    run(scene())


def test_words_that_it_tells_are_used_as_they_are() -> None:
    async def scene() -> None:
        async with bridge_of(Witness()) as bridge:
            relay = bridge.relay(16000)
            over = asyncio.create_task(bridge.perform_relay(relay))
            relay.text("It costs [nod] five dollars, okay?")
            relay.sentence("It costs five dollars, okay?")
            words = [
                ("It", 0.1, 0.2),
                ("costs", 0.3, 0.3),
                ("five", 1.0, 0.2),
                ("dollars,", 1.3, 0.4),
                ("okay?", 1.8, 0.1),
            ]
            relay.sound(np.full(32000, 0.1, np.float32), words=words)
            relay.finish()
            outcome = await over
        shift = outcome.timeline.segments[0].at
        assert [round(word.at - shift, 6) for word in outcome.timeline.words] == [0.1, 0.3, 1.0, 1.3, 1.8]
        assert outcome.timeline.timing == "words"
        assert outcome.timeline.cues[0].at - shift == pytest.approx(1.0)

    run(scene())


def test_a_slow_sentence_is_heard_in_parts_before_it_is_complete() -> None:
    async def scene() -> None:
        async with bridge_of(Witness()) as bridge:
            relay = bridge.relay(16000)
            over = asyncio.create_task(bridge.perform_relay(relay))
            relay.text(FIRST + "[nod]" + SECOND)
            relay.sentence(FIRST + SECOND)
            sound = spoken(FIRST + SECOND).samples
            for start in range(0, len(sound), 8000):
                relay.sound(sound[start : start + 8000])
                await passes(bridge, 0.5)
            assert (bridge.stage.heard() or 0.0) > 1.0
            relay.finish()
            outcome = await over
        assert outcome.heard.complete
        assert len(outcome.timeline.segments) > 2
        assert "".join(segment.text for segment in outcome.timeline.segments) == FIRST + SECOND
        assert [cue.name for cue in outcome.timeline.cues] == ["nod"]

    run(scene())


def test_without_a_script_its_sentences_are_the_script() -> None:
    async def scene() -> None:
        async with bridge_of(Witness()) as bridge:
            relay = bridge.relay(16000)
            over = asyncio.create_task(bridge.perform_relay(relay))
            relay.sentence("One two three.")
            relay.sound(spoken("One two three.").samples)
            relay.sentence("Four five.")
            relay.sound(spoken("Four five.").samples)
            relay.finish()
            outcome = await over
        assert outcome.heard.speech.split() == ["One", "two", "three.", "Four", "five."]

    run(scene())


def test_sound_without_any_sentence_speaks_the_script() -> None:
    async def scene() -> None:
        async with bridge_of(Witness()) as bridge:
            relay = bridge.relay(16000)
            over = asyncio.create_task(bridge.perform_relay(relay))
            relay.text("Hello [nod]there.")
            relay.sound(spoken("Hello there.").samples)
            relay.finish()
            outcome = await over
        assert outcome.heard.speech == "Hello there."
        assert outcome.timeline.cues[0].name == "nod"

    run(scene())


def test_it_waits_until_the_other_program_has_begun_to_play() -> None:
    async def scene() -> None:
        async with bridge_of(Witness()) as bridge:
            relay = bridge.relay(16000, started=False)
            over = asyncio.create_task(bridge.perform_relay(relay))
            relay.sentence("One two three.")
            relay.sound(spoken("One two three.").samples)
            await passes(bridge, 1.0)
            assert bridge.stage.heard() is None
            relay.start()
            await passes(bridge, 0.5)
            assert (bridge.stage.heard() or 0.0) > 0.3
            relay.finish()
            assert (await over).heard.complete

    run(scene())


def test_an_interrupt_ends_it_at_the_word_heard_and_what_still_comes_is_forgotten() -> None:
    async def scene() -> Outcome:
        async with bridge_of(Witness()) as bridge:
            relay = bridge.relay(16000)
            over = asyncio.create_task(bridge.perform_relay(relay))
            relay.text(FIRST + SECOND)
            relay.sentence(FIRST)
            relay.sound(spoken(FIRST).samples)
            await passes(bridge, 0.8)
            bridge.interrupt()
            relay.sound(spoken(SECOND).samples)
            relay.finish()
            outcome = await over
            assert (await bridge.perform("Next.")).heard.complete
            return outcome

    outcome = run(scene())
    assert outcome.interrupted
    assert outcome.heard.speech
    assert FIRST.startswith(outcome.heard.speech)
    assert outcome.heard.speech != FIRST


def test_what_ends_before_it_was_heard_of_is_nothing() -> None:
    async def scene() -> None:
        async with bridge_of(Witness()) as bridge:
            relay = bridge.relay(16000)
            over = asyncio.create_task(bridge.perform_relay(relay))
            relay.finish()
            assert (await over).heard.speech == ""
            with pytest.raises(UsageError):
                relay.sound(np.zeros(10, np.float32))

    run(scene())
