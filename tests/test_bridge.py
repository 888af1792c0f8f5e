"""A whole bridge on virtual time: text in, frames and commands out, one act to stop it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from pages import Gathering
from players import ToneVoice, Witness, prepare_here
from stories import MAP
from virtual_time import VirtualClock, run

from avatar_bridge.assembly import Bridge
from avatar_bridge.audio.silent import SilentSpeaker
from avatar_bridge.core.motion.motion_map import MotionMap
from avatar_bridge.core.motion.rig import CHANNELS
from avatar_bridge.core.timeline.timeline import HeardText, PlacedSegment, Timeline
from avatar_bridge.core.vocabulary import Frame, Samples, SpokenSegment
from avatar_bridge.drivers.overlay import OverlayDriver
from avatar_bridge.errors import SpeakerError, UsageError
from avatar_bridge.settings import Settings, SoundSettings, VoiceSettings
from avatar_bridge.stage.performance import Outcome

FRAME = 1 / 60


def bridge_of(*drivers: Witness, voice: ToneVoice | None = None, settings: Settings | None = None) -> Bridge:
    clock = VirtualClock()
    return Bridge(
        voice=voice or ToneVoice(),
        speaker=SilentSpeaker(now=clock.time),
        drivers=list(drivers),
        motion_map=MAP,
        clock=clock,
        preparing=prepare_here,
        settings=settings,
    )


def acts(driver: Witness) -> list[tuple[str, str]]:
    return [(command.kind, command.action) for _, command in driver.commands]


def test_it_speaks_everything_and_says_so() -> None:
    async def scene() -> None:
        driver, voice = Witness(), ToneVoice()
        async with bridge_of(driver, voice=voice) as bridge:
            outcome = await bridge.perform("Hello there. [nod] I am glad that you came, my friend.")
        assert outcome.heard.complete
        assert not outcome.interrupted
        assert "".join(voice.asked).replace(" ", "") == outcome.heard.speech.replace(" ", "")
        assert [cue.name for cue in outcome.timeline.cues] == ["nod"]
        assert voice.closed
        assert driver.closed

    run(scene())


def test_frames_come_sixty_times_a_second_with_every_channel() -> None:
    async def scene() -> None:
        driver = Witness()
        async with bridge_of(driver) as bridge:
            outcome = await bridge.perform("One two three four five six seven.")
        times = [at for at, _ in driver.frames]
        gaps = [later - earlier for earlier, later in pairwise(times)]
        assert max(gaps) == pytest.approx(FRAME, rel=0.01)
        assert len(times) >= outcome.timeline.duration * 60
        for _, frame in driver.frames:
            assert all(CHANNELS[name].low <= value <= CHANNELS[name].high for name, value in frame.values.items())

    run(scene())


def test_the_mouth_moves_with_the_speech_and_rests_after_it() -> None:
    async def scene() -> None:
        driver = Witness()
        async with bridge_of(driver) as bridge:
            await bridge.perform("Banana, banana, banana!")
            await bridge.stage.frames(30)
            assert max(frame.values["mouth_open"] for _, frame in driver.frames) > 0.4
            assert driver.frames[-1][1].values["mouth_open"] < 0.05

    run(scene())


@pytest.mark.parametrize("lead", [0.0, 0.05])
def test_a_native_action_is_sent_its_lead_before_its_time(lead: float) -> None:
    async def scene() -> None:
        driver = Witness(native=frozenset({"hat"}), lead=lead)
        async with bridge_of(driver) as bridge:
            began: list[float] = []

            async def watch() -> None:
                await bridge.stage.until(lambda: (bridge.stage.heard() or -1) > 0.0)
                began.append(VirtualClock().time() - (bridge.stage.heard() or 0.0))

            watching = asyncio.ensure_future(watch())
            outcome = await bridge.perform("One two three [hat] four five six.")
            await watching
        (cue,) = outcome.timeline.cues
        at, command = driver.commands[0]
        assert (command.kind, command.action, command.fields) == ("act", "hat", {"hotkey": "Hat"})
        assert at - began[0] == pytest.approx(cue.start - lead, abs=1e-3)
        assert acts(driver)[:2] == [("act", "hat"), ("release", "hat")]

    run(scene())


def test_a_channel_gesture_reaches_its_stroke_on_the_word() -> None:
    async def scene() -> None:
        driver = Witness()
        bridge = bridge_of(driver)
        async with bridge:
            started: list[float] = []

            async def watch() -> None:
                await bridge.stage.until(lambda: (bridge.stage.heard() or -1) > 0.0)
                started.append(VirtualClock().time() - (bridge.stage.heard() or 0.0))

            watching = asyncio.ensure_future(watch())
            outcome = await bridge.perform("One two three four five six [bow] seven eight nine ten eleven twelve.")
            await watching
        (cue,) = outcome.timeline.cues
        lowest = min(driver.frames, key=lambda item: item[1].values["body_pitch"])
        assert lowest[0] - started[0] == pytest.approx(cue.at, abs=0.12)

    run(scene())


def test_an_interrupt_is_one_act() -> None:
    async def scene() -> None:
        driver, voice = Witness(native=frozenset({"hat"})), ToneVoice()
        async with bridge_of(driver, voice=voice) as bridge:
            speaking = asyncio.ensure_future(bridge.perform("[hat] One two three four. " + "Five six seven. " * 20))
            await bridge.stage.until(lambda: (bridge.stage.heard() or 0.0) > 1.0)
            frames = len(driver.frames)
            heard = bridge.interrupt()
            assert len(driver.frames) == frames + 1, "the closing frame is handed over at once"
            assert acts(driver)[-1] == ("reset", "")
            outcome = await speaking
            assert outcome.interrupted
            assert outcome.heard == heard
            full = "One two three four. " + "Five six seven. " * 20
            assert heard.speech
            assert full.startswith(heard.speech)
            assert not heard.complete
            assert all(word.at + word.duration <= heard.at + 1e-6 for word in words_of(outcome, heard.speech))
            asked = len(voice.asked)
            await bridge.stage.frames(60)
            assert len(voice.asked) == asked
            assert [command for command in acts(driver)[2:] if command[0] == "act"] == []
            assert driver.frames[-1][1].values["mouth_open"] == pytest.approx(0.0, abs=1e-6)
            again = await bridge.perform("A clean start.")
            assert again.heard.complete

    run(scene())


def words_of(outcome: Any, speech: str) -> list[Any]:
    return [word for word in outcome.timeline.words if word.char + len(word.text) <= len(speech)]


def test_an_interrupt_of_nothing_is_harmless() -> None:
    async def scene() -> None:
        async with bridge_of(Witness()) as bridge:
            assert bridge.interrupt().speech == ""
            await bridge.perform("Hi.")
            assert bridge.interrupt().speech == ""

    run(scene())


def test_a_later_utterance_replaces_the_one_under_way() -> None:
    async def scene() -> None:
        async with bridge_of(Witness()) as bridge:
            first = asyncio.ensure_future(bridge.perform("This one is much too long. " * 10))
            await bridge.stage.until(lambda: (bridge.stage.heard() or 0.0) > 0.8)
            second = await bridge.perform("Stop.")
            assert second.heard.complete
            assert (await first).interrupted

    run(scene())


def test_cancelling_the_call_closes_the_mouth() -> None:
    async def scene() -> None:
        driver = Witness()
        async with bridge_of(driver) as bridge:
            speaking = asyncio.ensure_future(bridge.perform("This goes on and on. " * 10))
            await bridge.stage.until(lambda: (bridge.stage.heard() or 0.0) > 0.5)
            speaking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await speaking
            assert acts(driver)[-1] == ("reset", "")

    run(scene())


def test_what_a_failing_stream_gave_is_spoken_before_its_error_is_raised() -> None:
    async def model() -> AsyncIterator[str]:
        yield "The first sentence is whole. And the sec"
        raise ConnectionError("the model went away")

    async def scene() -> None:
        voice = ToneVoice()
        async with bridge_of(Witness(), voice=voice) as bridge:
            with pytest.raises(ConnectionError):
                await bridge.perform(model())
            assert "And the sec" in " ".join(voice.asked)
            assert (await bridge.perform("Next.")).heard.complete

    run(scene())


class Defective(ToneVoice):
    async def speak(self, text: str) -> AsyncGenerator[SpokenSegment, None]:
        async for piece in super().speak(text):
            yield piece
        if "broken" in text:
            raise KeyError("a defect of a third party")


def test_a_performance_that_fails_closes_the_mouth_and_leaves_the_floor() -> None:
    async def scene() -> None:
        driver = Witness(native=frozenset({"hat"}))
        async with bridge_of(driver, voice=Defective()) as bridge:
            with pytest.raises(ExceptionGroup):
                await bridge.perform("[hat]This is a good sentence to begin with. And this one is broken, my friend.")
            assert acts(driver)[-1] == ("reset", "")
            assert bridge.stage.timeline is None
            assert bridge.timeline is None
            assert (await bridge.perform("Next.")).heard.complete

    run(scene())


def test_an_interrupt_lets_go_of_the_model_that_streams() -> None:
    let_go: list[bool] = []

    async def model() -> AsyncIterator[str]:
        try:
            while True:
                yield "A sentence that nobody will hear to its end. "
        finally:
            let_go.append(True)

    async def scene() -> None:
        stream = model()
        async with bridge_of(Witness()) as bridge:
            speaking = asyncio.ensure_future(bridge.perform(stream))
            await bridge.stage.until(lambda: (bridge.stage.heard() or 0.0) > 1.0)
            bridge.interrupt()
            assert (await speaking).interrupted
            assert let_go == [True]

    run(scene())


def test_of_three_that_ask_for_the_floor_at_once_the_last_gets_it_alone() -> None:
    async def scene() -> None:
        voice = ToneVoice()
        async with bridge_of(Witness(), voice=voice) as bridge:
            first = asyncio.ensure_future(bridge.perform("The first one speaks for quite a while, my friend."))
            await bridge.stage.until(lambda: (bridge.stage.heard() or 0.0) > 1.0)
            second = asyncio.ensure_future(bridge.perform("The second is never said."))
            third = asyncio.ensure_future(bridge.perform("The third is heard."))
            outcomes = await asyncio.gather(first, second, third)
            assert [outcome.interrupted for outcome in outcomes] == [True, True, False]
            assert outcomes[0].heard.speech.startswith("The first")
            assert outcomes[1].heard.speech == ""
            assert outcomes[2].heard.complete
            assert not any("second" in text for text in voice.asked)

    run(scene())


def test_a_text_that_does_not_let_go_holds_up_no_later_utterance() -> None:
    async def scene() -> None:
        released = asyncio.Event()
        given = 0

        async def stubborn(swallows: bool) -> AsyncIterator[str]:
            nonlocal given
            try:
                yield "Some words that are heard. "
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                await released.wait()
                if not swallows:
                    raise
            while given < 1000:
                given += 1
                yield "More of it. "

        async with bridge_of(Witness(), voice=(voice := ToneVoice())) as bridge:
            interrupted = []
            for swallows in (False, True):
                interrupted.append(asyncio.ensure_future(bridge.perform(stubborn(swallows))))
                await bridge.stage.frames(1)
                async with asyncio.timeout(20):
                    await bridge.stage.until(lambda: (bridge.stage.heard() or 0.0) > 1.0)
            later = asyncio.ensure_future(bridge.perform("The later one is heard."))
            done, _ = await asyncio.wait({later}, timeout=20)
            released.set()
            assert done
            assert later.result().heard.complete
            assert all(outcome.interrupted for outcome in await asyncio.gather(*interrupted))
            assert given <= 1
            assert not any("More" in text for text in voice.asked)

    run(scene())


class Deaf(Witness):
    async def close(self) -> None:
        await asyncio.Event().wait()


def test_targets_that_do_not_answer_are_left_all_at_once() -> None:
    async def scene() -> None:
        drivers = [Deaf(name=str(number)) for number in range(5)]
        bridge = bridge_of(*drivers)
        async with bridge:
            left_at = VirtualClock().time()
        assert VirtualClock().time() - left_at < 3.0
        assert len([note for note in bridge.notes if "did not answer" in note.message]) == 5

    run(scene())


def test_a_segment_that_cannot_be_spoken_is_left_out_with_a_reason() -> None:
    async def scene() -> None:
        voice = ToneVoice(bad="broken")
        async with bridge_of(Witness(), voice=voice) as bridge:
            text = "This is a good sentence to begin with. This one is [nod] broken, and long enough. And this is fine."
            outcome = await bridge.perform(text)
        assert any("lost its voice" in note.message for note in outcome.timeline.diagnostics)
        assert outcome.timeline.words
        assert [cue.name for cue in outcome.timeline.cues] == ["nod"]

    run(scene())


@pytest.mark.parametrize("script", ["", "   \n ", "🙂🙂", "[smile]", "...", "[pause 0.5]"])
def test_a_script_without_words_ends_by_itself(script: str) -> None:
    async def scene() -> None:
        async with bridge_of(Witness()) as bridge:
            async with asyncio.timeout(20):
                outcome = await bridge.perform(script)
            assert outcome.heard.complete
            assert outcome.timeline.words == []

    run(scene())


def test_a_slow_stream_runs_dry_and_goes_on() -> None:
    async def model() -> AsyncIterator[str]:
        for sentence in ("A first sentence that is long enough. ", "Then a second one. ", "And a last."):
            yield sentence
            await asyncio.sleep(6)

    async def scene() -> None:
        driver = Witness()
        async with bridge_of(driver) as bridge:
            outcome = await bridge.perform(model())
        assert outcome.heard.complete
        assert outcome.heard.speech.endswith("And a last.")

    run(scene())


def test_an_action_without_a_script() -> None:
    async def scene() -> None:
        driver = Witness(native=frozenset({"hat"}))
        async with bridge_of(driver) as bridge:
            bridge.act("hat", duration=0.5)
            bridge.act("nod")
            await bridge.stage.frames(60)
            assert acts(driver)[:2] == [("act", "hat"), ("release", "hat")]
            assert min(frame.values["head_pitch"] for _, frame in driver.frames) < -4
            with pytest.raises(UsageError, match="nearest is 'nod'"):
                bridge.act("nodd")

    run(scene())


def test_an_expression_without_a_script_fades_by_itself() -> None:
    async def scene() -> None:
        driver = Witness()
        async with bridge_of(driver) as bridge:
            bridge.act("smile")
            await bridge.stage.frames(150)
            smiling = driver.frames[-1][1].values["mouth_smile"]
            await bridge.stage.frames(150)
            assert smiling - driver.frames[-1][1].values["mouth_smile"] > 0.2
            assert not bridge.stage.bodies[0].mixer.held

    run(scene())


def test_two_targets_are_told_the_same() -> None:
    async def scene() -> None:
        first, second = Witness(name="one"), Witness(name="two", native=frozenset({"hat"}))
        async with bridge_of(first, second) as bridge:
            await bridge.perform("One [nod] two three [hat] four.")
        assert [command for command in acts(second) if command[0] == "act"] == [("act", "hat")]
        assert [command for command in acts(first) if command[0] == "act"] == []
        assert min(frame.values["head_pitch"] for _, frame in first.frames) < -4

    run(scene())


class Reticent(ToneVoice):
    async def speak(self, text: str) -> AsyncGenerator[SpokenSegment, None]:
        async with aclosing(super().speak(text)) as pieces:
            async for piece in pieces:
                yield replace(piece, notes=("a word was left out",))


def test_what_a_voice_leaves_out_is_told() -> None:
    async def scene() -> None:
        async with bridge_of(Witness(), voice=Reticent()) as bridge:
            outcome = await bridge.perform("One two three.")
        assert [note.message for note in outcome.timeline.diagnostics] == ["a word was left out"]

    run(scene())


class Broken(Witness):
    def send_frame(self, frame: Frame) -> None:
        super().send_frame(frame)
        if len(self.frames) > 30:
            raise KeyError("a defect of a third party")


def test_a_driver_that_raises_is_left_out_and_the_others_go_on() -> None:
    async def scene() -> None:
        bad, good = Broken(name="bad"), Witness(name="good")
        async with bridge_of(bad, good) as bridge:
            outcome = await bridge.perform("One two three four five six seven eight nine ten.")
            assert outcome.heard.complete
            assert len(bad.frames) == 31
            assert len(good.frames) > 60
            failures = [body.failure for body in bridge.stage.bodies]
            assert failures[1] is None
            assert failures[0] is not None
            assert "'bad' failed" in failures[0].message

    run(scene())


class Leadless(Witness):
    """Its lead cannot be told any more once it has frames."""

    @property
    def lead(self) -> float:
        if len(self.frames) > 30:
            raise RuntimeError("no such thing")
        return 0.0

    @lead.setter
    def lead(self, lead: float) -> None:
        """It has none."""


def test_a_driver_that_raises_when_it_is_asked_something_is_left_out_too() -> None:
    async def scene() -> None:
        async with bridge_of(Leadless(name="bad"), Witness(name="good")) as bridge:
            assert (await bridge.perform("One two three [nod] four five six [nod] seven eight.")).heard.complete
            assert [body.failure is None for body in bridge.stage.bodies] == [False, True]

    run(scene())


class Absent(Witness):
    async def run(self) -> None:
        raise RuntimeError("no such thing")


def test_a_driver_whose_connection_raises_does_not_end_the_show() -> None:
    async def scene() -> None:
        async with bridge_of(Absent(name="bad"), Witness(name="good")) as bridge:
            assert (await bridge.perform("One two three.")).heard.complete

    run(scene())


@pytest.mark.parametrize(("script", "named"), [(b"bytes", "bytes"), (5, "int"), (["Hi there. ", None], "NoneType")])
def test_what_is_no_text_is_refused_by_name_after_what_came_before_it(script: Any, named: str) -> None:
    async def scene() -> None:
        voice = ToneVoice()
        async with bridge_of(Witness(), voice=voice) as bridge:
            with pytest.raises(UsageError, match=f"expected .*text.* {named}; "):
                await bridge.perform(script)
        assert "".join(voice.asked).strip() == ("Hi there." if named == "NoneType" else "")

    run(scene())


def test_a_closed_bridge_says_that_it_is_closed() -> None:
    async def scene() -> None:
        async with bridge_of(Witness()) as bridge:
            await bridge.perform("One.")
        with pytest.raises(UsageError, match="was closed"):
            await bridge.perform("Two.")
        with pytest.raises(UsageError, match="was closed"):
            bridge.act("nod")
        with pytest.raises(UsageError, match="was closed"):
            bridge.enter("thinking")

    run(scene())


def test_a_recording_that_cannot_be_made_is_no_performance(tmp_path: Path) -> None:
    async def scene() -> None:
        sound = SoundSettings(record=tmp_path / "no folder" / "speech.wav")
        settings = Settings(voice=VoiceSettings(engine="tone"), sound=sound, drivers={})
        async with Bridge.from_settings(settings):
            pass

    with pytest.raises(SpeakerError, match="there is no folder"):
        asyncio.run(scene())


class Diary:
    """A follower that remembers; it breaks on the word given."""

    def __init__(self, breaks: str = "") -> None:
        self.breaks = breaks
        self.began_at: list[int] = []
        self.grown: list[tuple[PlacedSegment | None, int, int]] = []
        self.heard: list[HeardText] = []

    def began(self, number: int, timeline: Timeline) -> None:
        assert not timeline.segments
        self.began_at.append(number)

    def grew(self, timeline: Timeline, placed: PlacedSegment | None, samples: Samples, rate: int) -> None:
        if self.breaks:
            raise ValueError(self.breaks)
        assert timeline.closed == (placed is None)
        assert placed is None or timeline.segments[-1] is placed
        self.grown.append((placed, len(samples), rate))

    def ended(self, heard: HeardText) -> None:
        self.heard.append(heard)


def test_who_follows_learns_of_each_segment_with_its_sound_and_of_the_end() -> None:
    async def scene() -> None:
        diary = Diary()
        bridge = bridge_of(Witness())
        bridge.follow(diary)
        async with bridge:
            assert bridge.utterance == 0
            outcome = await bridge.perform("Hello there. I am glad that you came, my friend. [pause 0.5] Bye.")
            assert bridge.utterance == 1
            assert diary.began_at == [1]
            placed = [each for each, _, _ in diary.grown]
            assert placed == [*outcome.timeline.segments, None]
            for each, samples, rate in diary.grown[:-1]:
                assert each is not None
                assert samples / rate == pytest.approx(each.duration)
            assert diary.heard == [outcome.heard]
            await bridge.perform("Again.")
            bridge.unfollow(diary)
            bridge.unfollow(diary)
            await bridge.perform("And again.")
            assert diary.began_at == [1, 2]
            assert bridge.utterance == 3

    run(scene())


def test_who_follows_learns_of_an_interrupt_after_sound_and_bodies() -> None:
    async def scene() -> None:
        driver, diary = Witness(), Diary()
        commands: list[int] = []

        class Late(Diary):
            def ended(self, heard: HeardText) -> None:
                super().ended(heard)
                commands.append(len(driver.commands))

        late = Late()
        bridge = bridge_of(driver)
        bridge.follow(diary)
        bridge.follow(late)
        async with bridge:
            speaking = asyncio.ensure_future(bridge.perform("One two three four. " * 10))
            await bridge.stage.until(lambda: (bridge.stage.heard() or 0.0) > 1.0)
            heard = bridge.interrupt()
            assert diary.heard == late.heard == [heard]
            assert not heard.complete
            assert commands == [len(driver.commands)] == [1]
            grown = len(diary.grown)
            await speaking
            await bridge.stage.frames(60)
            assert len(diary.grown) == grown
            assert len(diary.heard) == 1

    run(scene())


def test_a_follower_that_fails_is_left_out_and_the_show_goes_on() -> None:
    async def scene() -> None:
        bad, good = Diary(breaks="boom"), Diary()
        bridge = bridge_of(Witness())
        bridge.follow(bad)
        bridge.follow(good)
        async with bridge:
            outcome = await bridge.perform("Hello there. I am glad that you came.")
            assert outcome.heard.complete
            assert len(good.grown) == len(outcome.timeline.segments) + 1
            assert bad.heard == []
            (trouble,) = bridge.troubles
            assert "Diary" in trouble.message
            assert "boom" in trouble.message

    run(scene())


def test_a_target_is_connected_anew() -> None:
    class Counting(Witness):
        runs = 0
        running = 0

        async def run(self) -> None:
            self.runs += 1
            self.running += 1
            assert self.running == 1
            try:
                if self.runs == 2:
                    raise ValueError("a defect")
                await asyncio.Event().wait()
            finally:
                self.running -= 1

    async def scene() -> None:
        driver = Counting(name="hat stand")
        async with bridge_of(driver, Witness()) as bridge:
            await bridge.stage.frames(2)
            bridge.reconnect("hat stand")
            await bridge.stage.frames(2)
            assert (driver.runs, driver.running) == (2, 0)
            assert bridge.stage.bodies[0].failure is not None
            bridge.reconnect("hat stand")
            await bridge.stage.frames(2)
            assert (driver.runs, driver.running) == (3, 1)
            assert bridge.stage.bodies[0].failure is None
            with pytest.raises(UsageError, match=r"hat stand, witness, got 'hatstand'; did you mean 'hat stand'\?"):
                bridge.reconnect("hatstand")
        with pytest.raises(UsageError, match="closed"):
            bridge.reconnect("hat stand")

    run(scene())


@pytest.mark.parametrize("chosen", [{"sound": {"speaker": "overlay"}}, {"drivers": {"overlay": {}}}], ids=str)
def test_what_needs_pages_says_how_to_serve_them(chosen: dict[str, Any]) -> None:
    settings = Settings.model_validate({"voice": {"engine": "tone"}, "sound": {"speaker": "none"}} | chosen)
    with pytest.raises(UsageError, match=r"avatar-bridge serve.*avatar_bridge\.web\.Server"):
        Bridge.from_settings(settings)


def test_pages_are_given_to_what_takes_them(tmp_path: Path) -> None:
    (tmp_path / "wave one.vrma").write_bytes(b"glTF")
    settings = Settings.model_validate(
        {"voice": {"engine": "tone"}, "drivers": {"overlay": {"lead": 0.1}}, "web": {"clips": str(tmp_path)}}
    )
    bridge = Bridge.from_settings(settings, audience=Gathering())
    (driver,) = bridge.drivers
    assert isinstance(driver, OverlayDriver)
    assert driver.lead == 0.1
    assert bridge.settings.sound.speaker == "overlay"
    assert bridge.motion_map.find("wave") is not None
    assert bridge.settings.motion.map == "mascot"


def test_another_map_counts_at_once_for_targets_that_can_take_it_and_harms_none() -> None:
    class Taking(Witness):
        taken: MotionMap | None = None

        def adopt(self, motion_map: MotionMap) -> None:
            self.taken = motion_map

    class Failing(Witness):
        def adopt(self, motion_map: MotionMap) -> None:
            raise OSError(motion_map.name)

    async def scene() -> None:
        taking, failing, plain = Taking(name="taking"), Failing(name="failing"), Witness(name="plain")
        other = replace(MAP, name="other", actions={"smile": MAP.actions["smile"]})
        bridge = bridge_of(taking, failing, plain)
        with pytest.raises(UsageError, match="not open"):
            bridge.adopt(other)
        async with bridge:
            bridge.adopt(other)
            assert taking.taken is bridge.motion_map is other
            assert [body.failure is None for body in bridge.stage.bodies] == [True, False, True]
            outcome = await bridge.perform("[nod]Hello.")
            assert any("nod" in note.message for note in outcome.timeline.diagnostics)
        with pytest.raises(UsageError, match="closed"):
            bridge.adopt(MAP)

    run(scene())


def test_fifty_requests_a_second_leave_nothing_behind_and_the_last_is_spoken() -> None:
    class Counting(ToneVoice):
        speaking = most = 0

        async def speak(self, text: str) -> AsyncGenerator[SpokenSegment, None]:
            self.speaking += 1
            self.most = max(self.most, self.speaking)
            try:
                async for piece in super().speak(text):
                    yield piece
                await asyncio.sleep(0.03)  # a voice does not stop at once
            finally:
                await asyncio.sleep(0.015)
                self.speaking -= 1

    async def scene() -> None:
        driver, voice = Witness(), Counting(cost=0.005)
        async with bridge_of(driver, voice=voice) as bridge:
            before = len(asyncio.all_tasks())
            asked = []
            for number in range(150):
                asked.append(asyncio.ensure_future(bridge.perform(f"[wave]Number {number} is being said.")))
                await asyncio.sleep(0.02)
                if number % 7 == 0:
                    bridge.interrupt()
                if number % 11 == 0:
                    asked[-1].cancel()
            outcomes = await asyncio.gather(*asked, return_exceptions=True)
            *earlier, last = outcomes
            assert isinstance(last, Outcome)
            assert last.heard.complete
            assert last.heard.speech == "Number 149 is being said."
            assert all(isinstance(each, asyncio.CancelledError) or each.interrupted for each in earlier)  # type: ignore[union-attr]
            assert voice.most == 1, "one has the floor at a time"
            assert voice.speaking == 0
            assert len(asyncio.all_tasks()) == before
            assert bridge.timeline is None
            assert bridge.stage.timeline is None
            assert bridge.stage.doing == "idle"
            await bridge.stage.frames(120)
            assert driver.frames[-1][1].values["mouth_open"] == 0.0

    run(scene())


def test_a_reply_without_tags_moves_the_face_by_its_words() -> None:
    async def scene() -> None:
        async with bridge_of(Witness(), settings=Settings()) as bridge:
            plain = await bridge.perform("I am so happy that you came! Thank you so much.")
            tagged = await bridge.perform("[smile]I am so sad, this is terrible.")
        assert [cue.action.kind for cue in plain.timeline.cues] == ["expression"]
        assert plain.timeline.cues[0].strength < 0.5
        assert [cue.name for cue in tagged.timeline.cues] == ["smile"]

    run(scene())
