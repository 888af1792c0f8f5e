"""Kokoro-FastAPI: captions of normalised words become times of the words that were written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from speech_services.kokoro_fastapi import RATE, KokoroServer

from avatar_bridge.core.speech.alignment import align
from avatar_bridge.core.vocabulary import SpokenSegment
from avatar_bridge.errors import VoiceError
from avatar_bridge.tts.kokoro_fastapi import KokoroFastApiVoice
from avatar_bridge.tts.said_words import SaidWord, word_marks

TEXT = "Dr. Smith paid $3.50 for 10KB & left. On the 2nd day, at 7:05, he didn't come back! Why not?"


@asynccontextmanager
async def speaking(server: KokoroServer, **options: Any) -> AsyncIterator[KokoroFastApiVoice]:
    async with server:
        voice = KokoroFastApiVoice(url=server.url, **options)
        try:
            yield voice
        finally:
            await voice.close()


async def say(voice: KokoroFastApiVoice, text: str = TEXT) -> SpokenSegment:
    (spoken,) = [piece async for piece in voice.speak(text)]
    return spoken


@pytest.mark.parametrize("speed", [1.0, 1.7])
@pytest.mark.parametrize("pitch", [0.0, 3.0])
async def test_every_written_word_stands_where_it_is_said(speed: float, pitch: float) -> None:
    server = KokoroServer()
    async with speaking(server, speed=speed, pitch=pitch) as voice:
        await voice.open()
        spoken = await say(voice)
    alignment = align(TEXT, spoken)
    found = {word.char: (word.at, word.at + word.duration) for word in alignment.words}
    factor = 2 ** (pitch / 12)
    assert alignment.timing == "words"
    assert len(server.truth) == 20
    for char, start, end in server.truth:
        begin, stop = found[char]
        assert begin * RATE * factor == pytest.approx(start, abs=2), TEXT[char:]
        assert stop * RATE * factor == pytest.approx(end, abs=2), TEXT[char:]
    assert spoken.hop == pytest.approx(0.025 / factor)


async def test_what_is_asked_is_what_was_set() -> None:
    server = KokoroServer()
    async with speaking(server, voice="af_bella(2)+af_sky", language="b", volume=0.5) as voice:
        await voice.open()
        await say(voice)
    body = server.spoken[0]
    assert (body["voice"], body["lang_code"], body["volume_multiplier"]) == ("af_bella(2)+af_sky", "b", 0.5)
    assert (body["response_format"], body["stream"], body["return_timestamps"]) == ("pcm", True, True)


async def test_a_server_without_captions_speaks_all_the_same() -> None:
    server = KokoroServer(captioned=False)
    async with speaking(server) as voice:
        assert voice.abilities.timing == "words"
        spoken = await say(voice)
        await say(voice)
        (news,) = voice.diagnostics()
        assert voice.abilities.timing == "estimated"
    assert "no captioned speech" in news.message
    assert spoken.marks == ()
    assert len(server.of("/dev/captioned_speech")) == 1


async def test_a_text_without_times_is_spoken_and_told_once() -> None:
    async with speaking(KokoroServer(fault="no_times")) as voice:
        spoken = await say(voice)
        await say(voice)
        assert len(voice.diagnostics()) == 1
    assert spoken.marks == ()


@pytest.mark.parametrize(("fault", "why"), [("wrong_rate", "another rate"), ("no_order", "no order")])
async def test_times_that_cannot_be_right_are_left_out_with_a_note(fault: str, why: str) -> None:
    async with speaking(KokoroServer(fault=fault)) as voice:
        spoken = await say(voice)
    assert spoken.marks == ()
    assert why in spoken.notes[-1]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("refuse", "Available voices: af_heart"),
        ("halved", "in the middle of its captions"),
        ("silent", "of silence"),
        ("html", "a web page"),
        ("empty", "without a single sample"),
        ("cut", "broke off"),
        ("stall", "silent for"),
    ],
)
async def test_a_fault_is_told_in_words(fault: str, words: str) -> None:
    async with speaking(KokoroServer(fault=fault), patience=0.3) as voice:
        with pytest.raises(VoiceError, match=words):
            await say(voice)


async def test_a_voice_that_is_not_there_is_told_when_it_opens() -> None:
    async with speaking(KokoroServer(), voice="af_hart") as voice:
        with pytest.raises(VoiceError, match="did you mean 'af_heart'"):
            await voice.open()


async def test_giving_up_closes_the_connection() -> None:
    server = KokoroServer(fault="stall")
    async with speaking(server) as voice:
        task = asyncio.create_task(say(voice))
        await asyncio.wait_for(server.waiting.wait(), 10)
        task.cancel()
        await asyncio.wait_for(server.left.wait(), 10)
        with pytest.raises(asyncio.CancelledError):
            await task


def test_a_word_that_is_not_written_belongs_to_no_other() -> None:
    said = [SaidWord(word, float(place), place + 1.0) for place, word in enumerate(["one", "uh", "two", "so", "three"])]
    assert [(mark.char, mark.at, mark.duration) for mark in word_marks("one two three", said)] == [
        (0, 0.0, 1.0),
        (4, 2.0, 1.0),
        (8, 4.0, 1.0),
    ]


def test_a_word_in_no_spoken_form_has_the_time_between_its_neighbours() -> None:
    said = [
        SaidWord(word, float(place), place + 1.0)
        for place, word in enumerate(["see", "you", "in", "something", "else", "for", "it"])
    ]
    marks = {mark.char: (mark.at, mark.duration) for mark in word_marks("see you in Xqz for it", said)}
    assert marks[11] == (3.0, 2.0)
    assert marks[15] == (5.0, 1.0)


WORDS = st.lists(
    st.text(st.characters(categories=["Ll", "Nd"], max_codepoint=0x24F), min_size=1, max_size=6), max_size=12
)


@given(WORDS, WORDS)
def test_marks_are_in_order_inside_the_text_and_times_are_those_that_were_said(
    written: list[str], said: list[str]
) -> None:
    text = " ".join(written)
    spoken = [SaidWord(word, float(place), place + 0.5) for place, word in enumerate(said)]
    marks = word_marks(text, spoken)
    edge, moment = 0, 0.0
    for mark in marks:
        assert edge <= mark.char
        assert mark.char + mark.length <= len(text)
        assert mark.at >= moment
        assert mark.at + mark.duration <= len(said)
        edge, moment = mark.char + mark.length, mark.at + mark.duration


@given(st.lists(st.text("abcdefgh", min_size=2, max_size=6), max_size=12))
def test_words_that_are_said_as_they_are_written_have_their_own_times(written: list[str]) -> None:
    text = " ".join(written)
    marks = word_marks(text, [SaidWord(word, float(place), place + 0.5) for place, word in enumerate(written)])
    places = [sum(len(word) + 1 for word in written[:number]) for number in range(len(written))]
    assert [(mark.char, mark.at, mark.duration) for mark in marks] == [
        (char, place, 0.5) for place, char in enumerate(places)
    ]
