"""What a show tells games, on virtual time; and what games tell of it."""

from __future__ import annotations

import asyncio
import itertools
import json
import math
import os
import random
from pathlib import Path
from typing import Any

import pytest
from game_hall import Hall, HallGame
from players import ToneVoice, prepare_here
from virtual_time import VirtualClock, run

from avatar_bridge.assembly import Bridge, Served, build_drivers, build_speaker
from avatar_bridge.audio.game import GameSpeaker
from avatar_bridge.core.motion.motion_map import load_motion_map
from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.drivers.game import GameDriver
from avatar_bridge.drivers.game_lead import Lead
from avatar_bridge.ports import Adopter, Driver, Follower, GameAbilities, Timed, Witness
from avatar_bridge.settings import Settings

MAP = load_motion_map(
    """
name = "game"
description = "a few actions"

[actions.nod]
meaning = "yes"
kind = "gesture"
stroke = 0.2
duration = 0.6
keyframes.head_pitch = [[0.0, 0], [0.2, -10], [0.6, 0]]
unity.trigger = "Nod"
godot.clip = "nod_once"

[actions.smile]
meaning = "friendly"
kind = "expression"
stroke = 0.1
minimum_hold = 0.3
channels.mouth_smile = 0.5
game.expression = "happy"

[actions.hat]
meaning = "puts on the hat"
kind = "prop"
game.state = "Hat"

[actions.dance]
meaning = "dances"
kind = "gesture"
duration = 1.0
keyframes.body_yaw = [[0.0, 0], [0.5, 10], [1.0, 0]]
""",
    source="game.toml",
)
TEXT = "Hello there. [nod] I am glad [hat] that you came, [smile] my friend."
GOLDEN = Path(__file__).parents[1] / "golden" / "game_show.jsonl"


def natives(**kinds: list[str]) -> GameAbilities:
    actions = frozenset(kinds.pop("actions", []))
    return GameAbilities(actions, {kind: frozenset(names) for kind, names in kinds.items()})


def bridge_of(hall: Hall, *, lead: float | None = None) -> Bridge:
    clock = VirtualClock()
    speaker = GameSpeaker(hall, now=clock.time)
    driver = GameDriver(motion_map=MAP, games=hall, lead=lead, holder=lambda: speaker.game_id, now=clock.time)
    return Bridge(
        voice=ToneVoice(), speaker=speaker, drivers=[driver], motion_map=MAP, clock=clock, preparing=prepare_here
    )


def come(hall: Hall, *, claims: bool = False, abilities: GameAbilities | None = None, **how: Any) -> HallGame:
    return hall.join(HallGame(hall, shows={0: abilities or GameAbilities()}, **how), claims=[0] if claims else [])


def kinds(game: HallGame) -> list[str]:
    return [message["type"] for _, message in game.log]


async def until_heard(bridge: Bridge, seconds: float) -> None:
    await bridge.stage.until(lambda: (bridge.stage.heard() or -1.0) >= seconds)


def leave_all(hall: Hall) -> None:
    for game in list(hall.games.values()):
        hall.leave(game)


def test_it_is_all_that_a_game_needs() -> None:
    async def scene() -> None:
        driver = GameDriver(motion_map=MAP, games=Hall())
        for port in (Driver, Follower, Witness, Adopter, Timed):
            assert isinstance(driver, port)
        assert driver.state.status == "waiting"
        assert not await driver.ready()

    run(scene())


def test_what_a_show_tells_a_game_is_as_it_was() -> None:
    async def scene() -> list[str]:
        hall = Hall()
        async with bridge_of(hall, lead=0.04) as bridge:
            game = come(hall, claims=True, abilities=natives(trigger=["Nod"], state=["Hat"]))
            await bridge.perform(TEXT)
            bridge.act("hat", duration=0.5)
            await bridge.stage.frames(60)
            speaking = asyncio.ensure_future(bridge.perform("This is cut short [smile] after a while, my friend."))
            await until_heard(bridge, 1.2)
            bridge.interrupt()
            await speaking
            await bridge.stage.frames(3)
            leave_all(hall)
        for _, message in game.log:
            if message["type"] == "segment":
                message["mouth"] = {
                    key: len(value) if isinstance(value, str) else value for key, value in message["mouth"].items()
                }
        return [json.dumps({"came": round(at, 3), **message}) for at, message in game.log]

    told = run(scene())
    if os.environ.get("REGOLD"):
        GOLDEN.write_text("\n".join(told) + "\n", encoding="utf-8", newline="\n")
    assert told == GOLDEN.read_text(encoding="utf-8").splitlines(), "REGOLD=1 writes it anew; look at the difference"


@pytest.mark.parametrize(("speaker", "notes"), [("none", 1), ("game", 0), ("auto", 0)])
def test_a_game_that_wants_a_voice_which_no_game_may_play_is_told_why(speaker: str, notes: int) -> None:
    async def show() -> list[dict[str, Any]]:
        hall = Hall()
        chosen = {"voice": {"engine": "tone"}, "sound": {"speaker": speaker}, "drivers": {"game": {}}}
        served = Served(None, hall)
        settings = Settings.model_validate(chosen).settled(pages=False, games=True)
        build_drivers(settings, MAP, served, speaker=build_speaker(settings, served))
        game = hall.join(HallGame(hall), claims=[0])
        await asyncio.sleep(0.1)
        told = [message for _, message in game.log if message["type"] == "note"]
        hall.leave(game)
        return told

    told = run(show())
    assert len(told) == notes
    for message in told:
        assert "on its speaker 'none'" in message["message"]
        assert 'speaker = "game"' in message["suggestion"]


def test_an_interrupt_is_told_in_the_turn_of_the_loop_in_which_it_comes() -> None:
    async def scene() -> None:
        hall = Hall()
        async with bridge_of(hall) as bridge:
            game = come(hall, claims=True, delay=0.0)
            speaking = asyncio.ensure_future(bridge.perform(TEXT + " And so it goes on for a while."))
            await until_heard(bridge, 1.0)
            told: list[str] = []
            game.tell = lambda message: told.append(json.loads(message)["type"]) if isinstance(message, str) else None  # type: ignore[method-assign]
            heard = bridge.interrupt()
            assert [kind for kind in told if kind not in ("captions", "reset")] == ["cancel", "ended"]
            assert told[0] == "reset"
            assert 0.9 < heard.at < 1.2
            assert (await speaking).interrupted
            leave_all(hall)

    run(scene())


def test_a_game_is_told_what_it_takes_and_no_more() -> None:
    async def scene() -> None:
        hall = Hall()
        async with bridge_of(hall) as bridge:
            words, reader = come(hall, capabilities=["speech"]), come(hall, capabilities=["captions"])
            speaking = asyncio.ensure_future(bridge.perform(TEXT))
            await until_heard(bridge, 1.0)
            bridge.interrupt()
            await speaking
            await asyncio.sleep(0.01)
            speech = {"utterance", "segment", "cues", "clock", "closed", "cancel", "ended"}
            assert set(kinds(words)) == {"state", "reset", *speech}
            assert set(kinds(reader)) == {"state", "reset", "captions"}
            assert not hall.moved
            leave_all(hall)

    run(scene())


def test_cues_that_the_game_performs_are_not_sent_twice_and_it_tells_when_it_did() -> None:
    async def scene() -> None:
        hall = Hall()
        async with bridge_of(hall) as bridge:
            game = come(hall, claims=True, abilities=natives(trigger=["Nod"], state=["Hat"]))
            outcome = await bridge.perform(TEXT)
            await bridge.stage.frames(20)
            (body,) = bridge.stage.bodies
            assert [fired.action for fired in body.fired] == ["nod", "hat", "smile"]
            assert [fired.native for fired in body.fired] == [True, True, False]
            assert [cue[3] for cue in game.acted] == ["nod", "hat", "smile"]
            assert not game.told("act")
            (told,) = {json.dumps(message["cues"][0]["native"]) for message in game.told("cues")}
            assert json.loads(told) == {"trigger": "Nod"}
            assert [seen.action for seen in body.seen] == ["nod", "hat", "smile"]
            for seen, cue in zip(body.seen, outcome.timeline.cues, strict=True):
                assert seen.at == pytest.approx(cue.start, abs=0.018)
                assert seen.off_ms == pytest.approx(1000 * (seen.at - cue.start), abs=1.0)
            assert [(message["action"], message["cue"]) for message in game.told("release")] == [("nod", 0), ("hat", 1)]
            leave_all(hall)

    run(scene())


def test_an_action_is_the_games_own_where_all_have_it_or_channels_cannot_do_it() -> None:
    async def scene() -> None:
        hall = Hall()
        driver = GameDriver(motion_map=MAP, games=hall)
        first = come(
            hall, name="One", abilities=natives(trigger=["Nod", "Wave"], expression=["hapy"], actions=["Dance"])
        )
        assert driver.abilities.actions == {"nod", "dance"}
        (expression, state) = driver.abilities.diagnostics
        assert (
            "'smile' names the expression 'happy', which the game 'One' does not have; channels move it"
            in expression.message
        )
        assert expression.suggestion == "did you mean 'hapy'?"
        assert "so it does not show there" in state.message
        second = come(hall, engine="godot", abilities=natives(clip=["nod_once"], state=["Hat"]))
        assert driver.abilities.actions == {"nod", "hat"}
        onlooker = come(hall, capabilities=["captions"])
        assert driver.abilities.actions == {"nod", "hat"}, "who is not told of cues and not moved does not count"
        deaf = come(hall, capabilities=["motion"], abilities=natives(trigger=["Nod"]))
        assert driver.abilities.actions == {"hat"}
        for game in (second, deaf, onlooker):
            hall.leave(game)
        await first.send("abilities", character=0, actions=["hat"], natives={})
        await asyncio.sleep(0.01)
        assert driver.abilities.actions == {"hat"}
        leave_all(hall)
        assert driver.abilities.actions == frozenset()

    run(scene())


def test_a_game_that_joins_in_mid_utterance_is_brought_to_the_present() -> None:
    async def scene() -> None:
        hall = Hall()
        async with bridge_of(hall) as bridge:
            first = come(hall, claims=True)
            speaking = asyncio.ensure_future(bridge.perform(TEXT))
            await until_heard(bridge, 2.0)
            late = come(hall, abilities=natives(state=["Hat"]))
            await asyncio.sleep(0.01)
            assert kinds(late)[:2] == ["state", "utterance"] or kinds(late)[:2] == ["turn", "state"]
            assert len(late.told("segment")) == len(first.told("segment"))
            assert [cue["name"] for cue in late.told("cues")[0]["cues"]] == ["nod", "hat", "smile"]
            assert late.told("closed")
            (clock,) = late.told("clock")[:1]
            assert clock["heard"] == pytest.approx(bridge.stage.heard() or 0.0, abs=0.05)
            assert clock["running"]
            assert not first.told("clock"), "who owns the sound keeps the time itself"
            hall.leave(first)
            await speaking
            await asyncio.sleep(0.01)
            assert late.told("ended")
            assert [each["name"] for each in late.left_out] == ["nod"]
            leave_all(hall)

    run(scene())


def test_what_a_late_game_begins_to_hold_is_released_there() -> None:
    async def scene() -> None:
        hall = Hall()
        async with bridge_of(hall) as bridge:
            text = "[hat]One two three four five six seven[/hat] eight nine ten eleven twelve thirteen fourteen."
            speaking = asyncio.ensure_future(bridge.perform(text))
            await until_heard(bridge, 1.0)
            late = come(hall, abilities=natives(state=["Hat"]))
            await asyncio.sleep(0.01)
            assert late.told("cues")[0]["cues"][0]["native"] == {"state": "Hat"}
            assert not late.told("release")
            await speaking
            assert [(each["action"], each["cue"]) for each in late.told("release")] == [("hat", 0)]
            assert late.told("release")[0]["at"] < bridge.stage.clock.time()
            leave_all(hall)

    run(scene())


def test_a_game_that_comes_after_a_hold_has_ended_holds_nothing() -> None:
    async def scene() -> None:
        hall = Hall()
        async with bridge_of(hall) as bridge:
            text = "[hat 1 0.5s]One two three four five six seven eight nine ten eleven twelve thirteen fourteen."
            speaking = asyncio.ensure_future(bridge.perform(text))
            await until_heard(bridge, 1.5)
            late = come(hall, abilities=natives(state=["Hat"]))
            await asyncio.sleep(0.1)
            assert late.told("cues")[0]["cues"][0]["native"] == {"state": "Hat"}
            assert [each["cue"] for each in late.told("release")] == [0]
            assert not late.shown[0].cues.held
            await speaking
            leave_all(hall)

    run(scene())


@pytest.mark.parametrize(
    "said",
    [
        {"utterance": 9, "cue": 0, "action": "nod", "at": 1.0},
        {"utterance": 1, "cue": 77, "action": "nod", "at": 1.0},
        {"utterance": 1, "cue": 0, "action": "no such thing", "at": 1.0},
        {"utterance": 1, "cue": 0, "action": "nod", "at": -1e9},
    ],
    ids=str,
)
def test_what_a_game_makes_up_is_not_believed(said: dict[str, Any]) -> None:
    async def scene() -> None:
        hall = Hall()
        async with bridge_of(hall) as bridge:
            game = come(hall, capabilities=["motion"])
            await bridge.perform(TEXT)
            await game.send("acted", character=0, **said)
            await bridge.stage.frames(5)
            assert not bridge.stage.bodies[0].seen
            leave_all(hall)

    run(scene())


def test_the_lead_is_quick_up_and_slow_down_and_fixed_where_it_is_given() -> None:
    lead, now = Lead(), 0.0
    lead.report(1, -60.0, now)
    assert lead.seconds == pytest.approx(0.115)
    lead.report(1, -60.0, now + 1.0)
    assert lead.seconds == pytest.approx(0.115), "the report tells of the time before"
    before = lead.seconds
    for _ in range(100):
        now += 2.5
        margin = lead.seconds - 0.05  # this much of it is under way
        lead.report(1, 1000 * margin, now)
        assert lead.seconds >= before - 0.0051
        before = lead.seconds
    assert 0.015 <= lead.seconds - 0.05 <= 0.0251
    for margin_ms in (-1e9, math.nan, math.inf, 1e9, -5.0):
        now += 5.0
        lead.report(2, margin_ms, now)
        assert 0.03 <= lead.seconds <= 0.3
    fixed = Lead(0.08)
    fixed.report(1, -500.0, 10.0)
    assert fixed.seconds == 0.08


def test_of_two_games_the_slower_one_sets_the_lead() -> None:
    lead = Lead()
    lead.report(1, 100.0, 10.0)
    lead.report(2, -20.0, 20.0)
    up = lead.seconds
    assert up > 0.06
    lead.report(2, 16.0, 30.0)
    lead.report(1, 200.0, 31.0)
    assert lead.seconds == up
    lead.forget(2)
    lead.report(1, 200.0, 40.0)
    assert lead.seconds < up


def test_a_margin_that_told_of_the_lead_before_is_forgotten_with_it() -> None:
    lead = Lead()
    lead.report(1, -20.0, 10.0)
    longer = lead.seconds
    lead.report(2, 60.0, 20.0)
    assert lead.seconds == pytest.approx(longer - 0.005), "the first game has not said yet how it is now"


def test_what_a_game_could_not_do_is_told_while_it_is_here() -> None:
    async def scene() -> None:
        hall = Hall()
        driver = GameDriver(motion_map=MAP, games=hall, now=VirtualClock().time)
        game = hall.join(HallGame(hall, name="Farm"))
        wrong = {"message": "no Animator on 'Anna'", "suggestion": "add one"}
        hall.hear(game, {"type": "report", "problems": [wrong]})
        assert driver.state.diagnostics[-1] == Diagnostic("no Animator on 'Anna'", suggestion="add one")
        hall.leave(game)
        assert driver.state.diagnostics == ()

    run(scene())


@pytest.mark.parametrize("seed", range(4))
def test_two_hundred_arrivals_departures_and_claims_disturb_nobody(seed: int) -> None:
    async def scene() -> None:
        chance = random.Random(seed)
        hall = Hall()
        async with bridge_of(hall) as bridge:
            healthy = come(hall, name="healthy", capabilities=["speech", "motion", "captions"])
            others: list[HallGame] = []
            speaking = asyncio.ensure_future(bridge.perform((TEXT + " ") * 5))
            heard = [-math.inf]
            for _ in range(50):
                await asyncio.sleep(chance.uniform(0.0, 0.4))
                heard.append(bridge.stage.speaker.heard())
                match chance.randrange(4):
                    case 0:
                        game = come(hall, claims=chance.random() < 0.7, delay=chance.uniform(0.0, 0.2))
                        game.mute = chance.random() < 0.3
                        others.append(game)
                    case 1 if others:
                        hall.leave(others.pop(chance.randrange(len(others))))
                    case 2 if others:
                        await chance.choice(others).send("sound", character=0, claim=chance.random() < 0.5)
                    case 3 if others:
                        start = chance.choice([1e9, -1e9, VirtualClock().time() - chance.uniform(-3, 3)])
                        await chance.choice(others).send("playing", character=0, utterance=1, start=start)
            outcome = await speaking
            await bridge.stage.frames(30)
            assert outcome.heard.complete
            assert all(after >= before for before, after in itertools.pairwise(heard))
            assert not [note for note in bridge.troubles if "failed" in note.message]
            assert all(body.failure is None for body in bridge.stage.bodies)
            wanted = [cue.id for cue in outcome.timeline.cues]
            told = {cue["id"] for message in healthy.told("cues") for cue in message["cues"]}
            assert sorted(told) == wanted
            assert healthy.told("ended")
            begun = [each[2] for each in healthy.acted]
            assert len(begun) == len(set(begun)), "a cue began twice"
            assert set(begun) | {each["id"] for each in healthy.left_out} == set(wanted)
            leave_all(hall)

    run(scene())
