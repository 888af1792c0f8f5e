"""The bytes of obs-websocket 5 and what its tables mean."""

from __future__ import annotations

import json

import pytest

from avatar_bridge.errors import ProtocolError
from avatar_bridge.wire.obs import (
    Answer,
    Challenge,
    Event,
    Hello,
    ObsError,
    Order,
    authentication,
    batch,
    explain_close,
    identify,
    read,
    request,
)
from avatar_bridge.wire.obs_deeds import Move, read_deed
from avatar_bridge.wire.obs_moves import Pose, aim, between


def test_the_password_is_answered_as_the_document_says() -> None:
    """The document's own password, salt and challenge; its answer worked out by hand with openssl."""
    challenge = Challenge(
        challenge="+IxH4CnCiqpX1rM9scsNynZzbOe4KhDeYcTNS3PDaeY=", salt="lM1GncleQOaCu9lT1yeUZhFYnqhsLLP1G5lAGo3ixaI="
    )
    assert authentication("supersecretpassword", challenge) == "1Ct943GAT+6YQUUX47Ia/ncufilbe6+oD6lY+5kaCu4="


def test_identification_says_no_password_where_none_is_asked() -> None:
    hello = read('{"op":0,"d":{"obsWebSocketVersion":"5.1.0","rpcVersion":1}}')
    assert isinstance(hello, Hello)
    said = json.loads(identify(hello, "secret"))
    assert said["op"] == 1
    assert "authentication" not in said["d"]
    assert said["d"]["rpcVersion"] == 1


def test_requests_and_batches() -> None:
    assert json.loads(request(7, Order("GetVersion"))) == {
        "op": 6,
        "d": {"requestType": "GetVersion", "requestId": "7"},
    }
    said = json.loads(batch(8, [Order("A", {"x": 1}), Order("B")]))["d"]
    assert said["requests"] == [{"requestType": "A", "requestData": {"x": 1}}, {"requestType": "B"}]
    assert said["haltOnFailure"] is False


def test_answers_events_and_what_is_unknown() -> None:
    status = '{"result":false,"code":600,"comment":"No source was found."}'
    answer = read(f'{{"op":7,"d":{{"requestType":"X","requestId":"1","requestStatus":{status},"responseData":null}}}}')
    assert isinstance(answer, Answer)
    error = answer.error()
    assert isinstance(error, ObsError)
    assert str(error) == "OBS refused X: OBS has nothing of that name (No source was found)"
    event = read('{"op":5,"d":{"eventType":"ExitStarted","eventIntent":1}}')
    assert event == Event(eventType="ExitStarted", eventData={})
    assert read('{"op":77,"d":{}}') is None


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"op":0,"d":{}}', '{"op":"x","d":{}}', '{"op":7,"d":{"requestId":3}}']
)
def test_nonsense_is_refused_in_words(text: str) -> None:
    with pytest.raises(ProtocolError, match="something other than OBS"):
        read(text)


def test_the_old_version_is_told_from_the_new() -> None:
    with pytest.raises(ProtocolError, match="update OBS"):
        read('{"update-type":"Heartbeat"}')


def test_why_a_connection_was_closed() -> None:
    assert "none was given" in explain_close(4009, password=False)
    assert "update OBS to 28" in explain_close(4010, password=True)
    assert "Tools > WebSocket Server Settings" in explain_close(1006, password=True)


def test_tables_become_deeds() -> None:
    deed, faults = read_deed("a", {"source": "Cat", "x": 10, "scale": 2, "over": 99})
    assert not faults
    assert deed is not None
    assert deed.move == Move(10.0, None, 0.0, 0.0, 2.0, 30.0)
    assert deed.shown is None
    shown, _ = read_deed("a", {"source": "Cat", "filter": "Glow", "hide": True})
    assert shown is not None
    assert shown.shown is False
    keys, _ = read_deed("a", {"keys": "Ctrl + F5"})
    assert keys is not None
    assert keys.keys == (("OBS_KEY_F5", ("control",)),)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"scene": 3}, "expected a name in quotes"),
        ({"scene": ["a", "b"]}, "expected one scene"),
        ({"filter": "Glow"}, "needs the source"),
        ({"transition": "Cut"}, "needs the scene"),
        ({"source": "a", "show": "yes"}, "expected true or false"),
        ({"source": "a", "x": True}, "expected a number"),
        ({"media": "a", "media_action": "rewind"}, "restart, play, pause, stop"),
        ({"keys": "hyper+F5"}, "no modifier"),
        ({"source": []}, "expected a name"),
    ],
)
def test_a_wrong_table_says_what_was_expected(table: dict[str, object], words: str) -> None:
    deed, faults = read_deed("a", table)
    assert deed is None
    assert words in faults[0].message


def test_a_way_begins_and_ends_where_it_should() -> None:
    start = Pose(0, 0, 1, -1)
    goal = aim(start, Move(x=100, by_y=-20, scale=2))
    assert goal == Pose(100, -20, 2, -2)
    assert between(start, goal, -1) == start
    assert between(start, goal, 0.5) == Pose(50, -10, 1.5, -1.5)
    assert between(start, goal, 1) is goal
