"""What is held in OBS, and what of its word is taken for our own doing: without a connection."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any, cast

from websockets.asyncio.client import ClientConnection

from avatar_bridge.drivers.obs_client import ObsClient
from avatar_bridge.drivers.obs_holds import SCENE, Holds
from avatar_bridge.drivers.obs_proof import Proof, Proofs
from avatar_bridge.drivers.obs_switches import ObsSwitches
from avatar_bridge.wire.obs import Event, Order
from avatar_bridge.wire.obs_scenery import Scenery

MUTE = ("mute", "Mic")


def test_of_two_that_hold_one_thing_the_later_counts_and_the_last_gives_it_back() -> None:
    holds = Holds()
    assert holds.begin(("away", 1), {SCENE: "Away"}, None, {SCENE: "Talk"}) == {SCENE}
    holds.begin(("close", 2), {SCENE: "Close", MUTE: True}, 5.0, {SCENE: "Away", MUTE: False})
    assert holds.value(SCENE) == "Close"
    assert (holds.next_end(), holds.expired(4.9), holds.expired(5.0)) == (5.0, [], [("close", 2)])
    assert holds.end("close", 2) == {SCENE, MUTE}
    assert (holds.value(SCENE), holds.value(MUTE)) == ("Away", False)
    assert holds.end("away", None) == {SCENE}
    assert holds.value(SCENE) == "Talk"
    for slot in (SCENE, MUTE):
        holds.given_back(slot)
    assert holds.touched() == set()


def test_what_somebody_sets_by_hand_is_theirs() -> None:
    holds = Holds()
    holds.begin(("close", 2), {SCENE: "Close"}, None, {SCENE: "Talk"})
    holds.given_back(SCENE)
    assert holds.touched() == {SCENE}, "it is held still"
    holds.let_go(SCENE)
    assert (holds.value(SCENE), holds.end("close", 2), holds.reset()) == (None, set(), set())


def test_only_what_we_have_set_is_taken_for_our_doing() -> None:
    at = [1.0]
    proofs = Proofs(lambda: at[0])
    proofs.frame = 0.5
    proofs.expect(MUTE, True, Proof("hush", 7, "act"))
    assert not proofs.expected(MUTE, False)
    assert proofs.expected(MUTE, True)
    assert not proofs.expected(MUTE, True), "once"
    told = proofs.acted()
    assert [(each.action, each.at, each.cue, each.kind) for each in told] == [("hush", 1.5, 7, "act")]
    assert proofs.acted() == []


def test_a_scene_that_somebody_else_reached_first_is_no_longer_waited_for() -> None:
    proofs = Proofs(lambda: 0.0)
    proofs.expect(SCENE, "Close", Proof("close", 1, "act"))
    assert not proofs.expected(SCENE, "Elsewhere")
    proofs.scene_began()
    assert proofs.acted() == []
    assert not proofs.expected(SCENE, "Close")


def test_a_late_word_of_a_scene_that_we_have_left_again_is_nobodys_hand() -> None:
    at = [1.0]
    switches = ObsSwitches(Proofs(lambda: at[0]), lambda _key, _note: None, lambda: at[0])
    switches.scenery = Scenery(program="Talk", scenes=("Talk", "Away"), values={SCENE: "Talk"})
    holds = switches._holds
    for scene in ("Away", "Talk", "Away"):
        holds.begin(("go", None), {SCENE: scene}, None, {SCENE: "Talk"})
        assert switches._order(SCENE, Proof("go", None, "act")) is not None
        at[0] += 0.1
    for scene in ("Away", "Away", "Talk"):  # as a transition that was cut short tells it
        switches.told(changed_to(scene))
    assert (holds.value(SCENE), switches.scenery.program) == ("Away", "Away")
    at[0] += 5.0
    switches.told(changed_to("Talk"))
    assert switches.scenery.program == "Talk", "by now it was somebody's hand"
    assert holds.value(SCENE) is None


def changed_to(scene: str) -> Event:
    return Event(kind="CurrentProgramSceneChanged", data={"sceneName": scene})


class Slow:
    """A connection whose program answers when it is told to."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.answers: asyncio.Queue[str] = asyncio.Queue()
        self.wait_closed = asyncio.Event().wait

    async def send(self, text: str) -> None:
        self.sent.append(json.loads(text))

    async def pong(self) -> None:
        """Nothing is to be acknowledged."""

    async def __aiter__(self) -> AsyncIterator[str]:
        while True:
            yield await self.answers.get()

    def answer(self) -> None:
        asked = self.sent[-1]["d"]
        result = {"requestType": "SetInputMute", "requestStatus": {"result": True, "code": 100}}
        self.answers.put_nowait(json.dumps({"op": 9, "d": {"requestId": asked["requestId"], "results": [result]}}))


async def test_what_was_asked_by_somebody_who_left_is_waited_for_before_all_is_put_back() -> None:
    """OBS carries two batches out at once: the one that puts things back must not pass the one before it."""
    connection = Slow()
    client = ObsClient(cast("ClientConnection", connection), lambda _: None, lambda: 0.0)
    reading = asyncio.create_task(client.read())
    asking = asyncio.create_task(client.ask_all([Order("SetInputMute", {"inputName": "Mic", "inputMuted": True})]))
    await asyncio.sleep(0)
    asking.cancel()
    await asyncio.wait([asking])
    assert len(connection.sent) == 1
    answered = asyncio.create_task(client.all_answered())
    for _ in range(10):
        await asyncio.sleep(0)
    assert not answered.done()
    connection.answer()
    await asyncio.wait_for(answered, 5)
    await asyncio.wait_for(client.all_answered(), 5)
    reading.cancel()
    await asyncio.wait([reading])
