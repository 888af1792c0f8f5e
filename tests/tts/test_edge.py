from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from speech_services.edge import WORD, EdgeService

from avatar_bridge.core.speech.alignment import align
from avatar_bridge.core.vocabulary import SpokenSegment
from avatar_bridge.errors import UsageError, VoiceError
from avatar_bridge.tts import edge
from avatar_bridge.tts.edge import EdgeEngine

TEXT = "Hello there, it isn't <so> easy & fine, 42 times."

pytest.importorskip("edge_tts", reason='pip install "avatar-bridge[edge]"')


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[EdgeService]:
    with EdgeService() as running:
        monkeypatch.setattr("edge_tts.communicate.WSS_URL", running.url)
        yield running


def said(text: str = TEXT, **options: object) -> SpokenSegment:
    (piece,) = EdgeEngine(**options).speak(text)  # type: ignore[arg-type]
    return piece


def test_every_word_has_its_time(service: EdgeService) -> None:
    piece = said()
    words = align(TEXT, piece)
    assert words.timing == "words"
    spoken = [TEXT[mark.char : mark.char + mark.length] for mark in piece.marks]
    assert spoken == ["Hello", "there", "it", "isn't", "so", "easy", "fine", "42", "times"]
    for number, mark in enumerate(piece.marks):
        assert mark.at == pytest.approx(number * WORD)
        assert mark.duration == pytest.approx(WORD - 0.1)
    assert piece.rate == 24000
    assert piece.duration == pytest.approx(len(spoken) * WORD, abs=0.1)
    # the sound begins where its words do, but for the frame that an MP3 adds
    starts = np.flatnonzero(np.abs(piece.samples) > 0.05)[0] / piece.rate
    assert starts < 0.06
    assert service.asked[0] == {
        "voice": "Microsoft Server Speech Text to Speech Voice (en-US, EmmaMultilingualNeural)",
        "pitch": "+0Hz", "rate": "+0%", "volume": "+0%",
        "text": TEXT.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"),
    }  # fmt: skip


def test_speed_is_the_services_and_pitch_is_played(service: EdgeService) -> None:
    said(speed=1.3, volume=-20)
    assert service.asked[0]["rate"] == "+30%"
    assert service.asked[0]["volume"] == "-20%"
    piece = said(pitch=12.0)
    assert service.asked[1]["rate"] == "-50%"
    assert piece.duration == pytest.approx(9 * WORD / 2, abs=0.1)
    assert [mark.at for mark in piece.marks] == pytest.approx([number * WORD / 2 for number in range(9)])


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("refuse", r"refused \(403\).*clock right, update edge-tts"),
        ("no_audio", "sent no sound; does the voice en-US-EmmaMultilingualNeural exist"),
        ("silent", "s of silence"),
        ("cut", "broke off: its last word ends at"),
        ("late", "broke off: its last word ends at"),
        ("garbage", "cannot be decoded"),
        ("unknown", "answers otherwise than it did"),
    ],
)
def test_each_fault_is_said_in_words(service: EdgeService, fault: str, words: str) -> None:
    service.fault = fault
    with pytest.raises(VoiceError, match=words):
        said()
    service.fault = ""
    assert said().duration > 3.0


def test_a_service_that_says_nothing_is_given_up(service: EdgeService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge, "_LONGEST", 0.3)
    service.fault = "mute"
    with pytest.raises(VoiceError, match=r"went silent \(TimeoutError\)"):
        said()


def test_nobody_there_is_said_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge_tts.communicate.WSS_URL", "ws://127.0.0.1:9/edge/v1?TrustedClientToken=x")
    with pytest.raises(VoiceError, match=r"cannot be reached.*is there a network"):
        said()


def test_words_that_are_read_otherwise_are_left_out(service: EdgeService) -> None:
    service.fault = "renamed"
    assert said().marks == ()


def test_what_cannot_be_spoken_or_set_is_told_before_anything_is_sent(service: EdgeService) -> None:
    assert list(EdgeEngine().speak("🙂 …")) == []
    for options, words in (
        ({"voice": "emma"}, "en-US-EmmaMultilingualNeural"),
        ({"speed": 3.0}, "speed"),
        ({"speed": 0.5, "pitch": 12.0}, "asks the service"),
        ({"volume": 99.0}, "volume"),
    ):
        with pytest.raises(UsageError, match=words):
            EdgeEngine(**options)  # type: ignore[arg-type]
    assert service.connections == 0


def test_without_the_package_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> None:
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr(edge, "import_module", absent)
    with pytest.raises(VoiceError, match=r'pip install "avatar-bridge\[edge\]"'):
        EdgeEngine()
