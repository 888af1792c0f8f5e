"""Several characters at once: each has its own floor, they share a beat and, where they speak alike, a voice."""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from game_client import GameClient
from game_hall import Hall, HallGame
from players import ToneVoice, Witness, prepare_here
from stories import MAP
from virtual_time import VirtualClock, run

from avatar_bridge.assembly import Bridge, Cast
from avatar_bridge.assembly.events import MOST, GameEvents
from avatar_bridge.assembly.voices import SharedVoice, Voices
from avatar_bridge.audio.silent import SilentSpeaker
from avatar_bridge.commands.on_air import OnAir, cast_on_air
from avatar_bridge.core.vocabulary import GameEvent
from avatar_bridge.drivers.game import GameDriver
from avatar_bridge.errors import UsageError
from avatar_bridge.ports import Driver, GameAbilities
from avatar_bridge.settings import Settings, VoiceSettings
from avatar_bridge.stage.beat import Beat


def cast_of(*names: str, voice: ToneVoice | None = None, drivers: dict[str, list[Driver]] | None = None) -> Cast:
    clock = VirtualClock()
    beat = Beat(clock)
    shared = SharedVoice(voice or ToneVoice())

    def bridge(name: str) -> Bridge:
        return Bridge(
            voice=shared,
            speaker=SilentSpeaker(now=clock.time),
            drivers=(drivers or {}).get(name, []),
            motion_map=MAP,
            preparing=prepare_here,
            character=name,
            beat=beat,
        )

    return Cast(bridge(""), {name: bridge(name) for name in names}, beat=beat)


def test_two_speak_at_once_and_an_interrupt_of_one_leaves_the_other() -> None:
    async def scene() -> None:
        voice = ToneVoice()
        anna, ben = Witness(name="a"), Witness(name="b")
        async with cast_of("anna", "ben", voice=voice, drivers={"anna": [anna], "ben": [ben]}) as cast:
            first = asyncio.ensure_future(cast.find("Anna").perform("One two three four five six [nod] seven."))
            second = asyncio.ensure_future(cast.find("ben").perform("This one is cut off, my friend. And not heard."))
            await cast.find("ben").stage.until(lambda: (cast.find("ben").stage.heard() or 0.0) > 0.5)
            assert cast.find("anna").stage.heard() == pytest.approx(cast.find("ben").stage.heard(), abs=0.3)
            cast.find("ben").interrupt()
            assert (await second).interrupted
            outcome = await first
            assert outcome.heard.complete
            assert [cue.name for cue in outcome.timeline.cues] == ["nod"]
            with pytest.raises(UsageError, match="did you mean 'anna'"):
                cast.find("ana")
        assert voice.closed
        assert len(anna.frames) == pytest.approx(len(ben.frames), abs=2)

    run(scene())


def test_a_character_whose_sound_breaks_leaves_the_others_their_show() -> None:
    class Breaking(SilentSpeaker):
        def heard(self) -> float:
            if super().heard() > 0.5:
                raise RuntimeError("the card is gone")
            return super().heard()

    async def scene() -> None:
        anna, ben = Witness(name="a"), Witness(name="b")
        cast = cast_of("anna", "ben", drivers={"anna": [anna], "ben": [ben]})
        broken = cast.find("ben")
        broken._speaker = Breaking(now=VirtualClock().time)
        async with cast:
            first = asyncio.ensure_future(cast.find("anna").perform("One two three four five six [nod] seven."))
            with pytest.raises(RuntimeError, match="the card is gone"):
                await broken.perform("This one does not end.")
            assert (await first).heard.complete
            assert [each.message for each in broken.troubles] == [
                "the stage failed and stands still from now on: RuntimeError('the card is gone')"
            ]
            assert ben.frames[-1][-1].values["mouth_open"] == 0.0
            with pytest.raises(RuntimeError, match="the card is gone"):
                await broken.perform("Nor does this.")
            broken.interrupt()

    run(scene())


def test_a_hundred_speak_on_one_beat() -> None:
    async def scene() -> None:
        hall, clock = Hall(), VirtualClock()
        names = [f"npc {number}" for number in range(100)]
        drivers: dict[str, list[Driver]] = {
            name: [GameDriver(motion_map=MAP, games=hall, character=name, now=clock.time)] for name in names
        }
        game = HallGame(hall, shows={hall.enter(name): GameAbilities() for name in names})
        async with cast_of(*names, voice=ToneVoice(cost=0.0), drivers=drivers) as cast:
            hall.join(game)
            before = len(asyncio.all_tasks())
            outcomes = await asyncio.gather(*(cast.find(name).perform("Hello [nod] there.") for name in names))
            assert all(outcome.heard.complete for outcome in outcomes)
            assert before < 110, "a character costs one task, its driver's"
            hall.leave(game)
        assert {number for _, number, _, _ in hall.moved} == set(range(100))

    run(scene())


class CountedVoice(ToneVoice):
    opened_times = 0

    async def open(self) -> None:
        type(self).opened_times += 1
        await super().open()


def test_equal_voices_are_one_which_closes_with_its_last_user() -> None:
    async def scene() -> None:
        made: list[CountedVoice] = []

        def build(_settings: VoiceSettings) -> tuple[CountedVoice, tuple[()]]:
            made.append(CountedVoice())
            return made[-1], ()

        voices = Voices(build)
        first, _ = voices.voice(VoiceSettings(engine="tone", options={"a": 1}))
        again, _ = voices.voice(VoiceSettings(engine="tone", options={"a": 1}))
        other, _ = voices.voice(VoiceSettings(engine="tone", speed=1.5))
        assert first is again
        assert other is not first
        assert len(voices) == len(made) == 2
        await asyncio.gather(first.open(), again.open())
        assert CountedVoice.opened_times == 1
        await first.close()
        assert not made[0].closed
        assert [piece async for piece in again.speak("Hi.")]
        await again.close()
        assert made[0].closed

    run(scene())


def test_events_reach_the_character_they_concern_and_the_oldest_are_dropped() -> None:
    async def scene() -> None:
        async with cast_of("anna", "ben") as cast:
            anna, everything = cast.find("anna").events(), cast.events()
            cast.happened(GameEvent("button", "ben"))
            for number in range(MOST + 10):
                cast.happened(GameEvent("near", "Anna", {"number": number}))
            assert (await anext(anna)).data == {"number": 10}
            assert (await anext(everything)).data == {"number": 10}
            cast.happened(GameEvent("night"))
            assert [event.name async for event in _taken(cast.find("ben").events(), 2)] == ["button", "night"]
        assert [event.name async for event in anna][-1] == "night"

    run(scene())


def test_what_came_before_anybody_listened_waits_for_the_first() -> None:
    async def scene() -> None:
        events = GameEvents()
        events.tell(GameEvent("early"))
        first, second = events.listen(), events.listen()
        events.tell(GameEvent("late"))
        events.close()
        assert [event.name async for event in first] == ["early", "late"]
        assert [event.name async for event in second] == ["late"]

    run(scene())


async def _taken(events: AsyncIterator[GameEvent], count: int) -> AsyncIterator[GameEvent]:
    for _ in range(count):
        yield await anext(events)


SETTINGS: dict[str, Any] = {
    "voice": {"engine": "tone"},
    "sound": {"speaker": "none"},
    "drivers": {},
    "web": {"port": 0},
    "characters": {"anna": {}, "ben": {"sound": {"speaker": "none"}}},
}


@asynccontextmanager
async def house(**changes: Any) -> AsyncIterator[OnAir]:
    async with cast_on_air(Settings.model_validate(SETTINGS | changes)) as on:
        yield on


async def test_a_game_plays_two_characters_over_one_connection() -> None:
    characters: list[dict[str, Any]] = [{"name": "anna", "sound": True}, {"name": "ben"}, {"name": "karl"}]
    async with (
        house() as on,
        GameClient(on.server.game_address, on.server.token, characters=characters) as game,
    ):
        assert [each["name"] for each in game.welcome["unknown"]] == ["karl"]
        anna, ben = game.number("anna"), game.number("ben")
        await game.hear("turn", character=anna, has=True)
        await game.send("event", name="player_near", character=anna, data={"player": 1})
        event = await asyncio.wait_for(anext(on.cast.find("anna").events()), 10)
        assert (event.name, event.character, event.data) == ("player_near", "anna", {"player": 1})
        await game.send("say", character=anna, text="Take [nod] this.", id="a")
        await game.send("say", character=ben, text="Me [smile] too.", id="b")
        assert (await game.hear("result", id="a"))["ok"]
        for number in (anna, ben):
            game._read = 0
            ended = await game.hear("ended", character=number)
            assert ended["complete"], ended
        assert {each[1:] for each in game.acted} == {(anna, 0, "nod", False), (ben, 0, "smile", False)}
        body = on.cast.find("anna").stage.bodies[0]
        async with asyncio.timeout(10):
            await on.cast.main.stage.until(lambda: bool(body.seen))
        assert body.seen[0].action == "nod"
        assert game.shown[anna].played
        assert game.told("clock", character=ben)
        assert not game.told("clock", character=anna)
        await game.send("say", character=anna, text="This is to be cut off in the middle of it all.", id="c")
        await game.hear("result", id="c")
        await game.send("interrupt", character=anna, id="d")
        game._read = 0
        assert (await game.hear("result", id="d"))["ok"]
        assert [message["utterance"] for message in game.told("cancel", character=anna)] == [2]
        await game.send("act", character=ben, action="wawe", id="e")
        refused = await game.hear("result", id="e")
        assert not refused["ok"]
        assert refused["suggestion"] == "did you mean 'wave'?"
        assert [note["message"] for note in game.told("note")] == []


async def test_who_waits_for_a_game_is_told_when_it_comes() -> None:
    async with house() as on:
        watching = on.watch_games("anna")
        assert not await watching.shown(0.01)
        async with GameClient(on.server.game_address, on.server.token, characters=[{"name": "anna"}]):
            assert await watching.shown(10)


async def test_characters_that_speak_alike_share_one_process() -> None:
    async with house(characters={"anna": {}, "ben": {"voice": {"engine": "tone", "speed": 1.5}}}) as on:
        bridges = [on.cast.main, on.cast.find("anna"), on.cast.find("ben")]
        main, anna, ben = (bridge._voice for bridge in bridges)
        assert main is anna
        assert ben is not main
        outcomes = await asyncio.gather(*(bridge.perform("Hi there.") for bridge in bridges))
        assert all(outcome.heard.complete for outcome in outcomes)
        assert outcomes[2].timeline.duration < outcomes[0].timeline.duration


async def ask(on: OnAir, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
    def call() -> tuple[int, Any]:
        data = json.dumps(body or {}).encode()
        headers = {"Authorization": f"Bearer {on.server.token}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{on.server.address}/v1/{path}", data, headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    return await asyncio.to_thread(call)


async def test_programs_say_which_character_they_mean() -> None:
    async with house() as on:
        ben, main = on.cast.find("ben"), on.cast.main
        text = "This goes on for a while, and then a bit longer than that."
        assert await ask(on, "perform", {"text": text, "character": "Ben"}) == (202, {"utterance": 1})
        assert (await ask(on, "perform", {"text": text}))[0] == 202
        await ben.stage.until(lambda: (ben.stage.heard() or 0.0) > 0.2)
        assert (ben.utterance, main.utterance, on.cast.find("anna").utterance) == (1, 1, 0)
        status, heard = await ask(on, "interrupt?character=ben")
        assert status == 200
        assert heard["at"] > 0.1
        assert ben.stage.timeline is None
        assert main.stage.timeline is not None
        status, refused = await ask(on, "act", {"name": "wave", "character": "bem"})
        assert status == 404
        assert "did you mean 'ben'?" in refused["error"]
        assert (await ask(on, "act", {"name": "wave", "character": "ben"}))[0] == 202
