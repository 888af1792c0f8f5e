"""The HTTP API over a real port: what it does, and what it says to what it cannot do."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Event

import pytest
import pytest_asyncio
from players import Witness
from served import Served, hear, served

from avatar_bridge.assembly import Bridge
from avatar_bridge.commands import parse
from avatar_bridge.core.vocabulary import Diagnostic
from avatar_bridge.errors import SettingsError, WorldError
from avatar_bridge.ports import TargetState
from avatar_bridge.settings import Settings, WebSettings, override
from avatar_bridge.web import Server, WebAudience
from avatar_bridge.web.body_limit import LARGEST_BODY
from avatar_bridge.web.server import bind
from avatar_bridge.web.state import ShowState

PLAIN = {"Content-Type": "text/plain; charset=utf-8"}


@pytest_asyncio.fixture
async def stage() -> AsyncIterator[Served]:
    async with served(speed=3.0) as running:
        yield running


async def test_perform_begins_and_answers_at_once(stage: Served) -> None:
    answer = await stage.ask("POST", "/v1/perform", {"text": "One two [nod] three. " * 20})
    assert (answer.status, answer.json) == (202, {"utterance": 1})
    state = (await stage.ask("GET", "/v1/state")).json
    assert state["utterance"]["number"] == 1
    stage.bridge.enter("listening")
    await stage.bridge.stage.until(lambda: (stage.bridge.stage.heard() or 0.0) > 0.1)
    assert (await stage.ask("GET", "/v1/state")).json["doing"] == "speaking"
    await stage.ask("POST", "/v1/interrupt")
    assert (await stage.ask("GET", "/v1/state")).json["doing"] == "listening"


async def test_perform_may_be_waited_for(stage: Served) -> None:
    answer = await stage.ask("POST", "/v1/perform", {"text": "One [nodd] two.", "wait": True})
    assert answer.status == 200
    outcome = answer.json
    assert (outcome["heard"], outcome["complete"], outcome["interrupted"]) == ("One two.", True, False)
    assert outcome["utterance"] == 1
    assert outcome["first_audio"] >= 0
    assert outcome["at"] > 0.3
    assert any(each["suggestion"] == "nod" for each in outcome["diagnostics"])


async def test_a_new_perform_interrupts_the_running_one(stage: Served) -> None:
    first = asyncio.ensure_future(stage.ask("POST", "/v1/perform", {"text": "One two three. " * 50, "wait": True}))
    await stage.bridge.stage.until(lambda: (stage.bridge.stage.heard() or 0.0) > 0.3)
    second = await stage.ask("POST", "/v1/perform", {"text": "Four.", "wait": True})
    assert second.json["heard"] == "Four."
    outcome = (await first).json
    assert outcome["interrupted"]
    assert not outcome["complete"]


async def test_many_at_once_end_each_with_an_answer(stage: Served) -> None:
    asked = [stage.ask("POST", "/v1/perform", {"text": f"Number {each}.", "wait": True}) for each in range(8)]
    answers = await asyncio.gather(*asked)
    assert {answer.status for answer in answers} <= {200, 409}
    complete = [answer for answer in answers if answer.status == 200 and answer.json["complete"]]
    assert len(complete) == 1
    for answer in answers:
        if answer.status == 409:
            assert "took the floor" in answer.json["error"]


async def test_interrupt_tells_what_was_heard(stage: Served) -> None:
    assert (await stage.ask("POST", "/v1/interrupt")).json == {"heard": "", "shown": "", "at": 0.0}
    await stage.ask("POST", "/v1/perform", {"text": "One two three four. " * 20})
    await stage.bridge.stage.until(lambda: (stage.bridge.stage.heard() or 0.0) > 1.0)
    heard = (await stage.ask("POST", "/v1/interrupt")).json
    assert heard["heard"].startswith("One two")
    assert heard["at"] >= 1.0
    assert (await stage.ask("GET", "/v1/state")).json["utterance"] is None


async def test_a_text_is_spoken_while_it_arrives(stage: Served) -> None:
    more = Event()

    def text() -> Iterator[bytes]:
        yield "Größe one. ".encode()[:3]
        yield "Größe one. ".encode()[3:]
        yield b"Two three. "
        assert more.wait(10)
        yield b"Four."

    asked = asyncio.ensure_future(stage.ask("POST", "/v1/perform?wait=true", text(), headers=PLAIN))
    await stage.bridge.stage.until(lambda: (stage.bridge.stage.heard() or 0.0) > 0.1)
    assert not asked.done()
    more.set()
    assert (await asked).json["heard"] == "Größe one. Two three. Four."


async def test_a_long_text_is_taken_at_once_and_spoken_at_its_pace(stage: Served) -> None:
    text = ("One two three four five. " * 12_000).encode()
    answer = await stage.ask("POST", "/v1/perform", text, headers=PLAIN)
    assert answer.status == 202
    assert stage.bridge.stage.timeline is not None


async def test_a_stream_that_is_interrupted_is_let_go(stage: Served) -> None:
    more = Event()

    def text() -> Iterator[bytes]:
        yield b"One two three four five six. "
        more.wait(10)
        yield b"Never."

    asked = asyncio.ensure_future(stage.ask("POST", "/v1/perform?wait=true", text(), headers=PLAIN))
    await stage.bridge.stage.until(lambda: (stage.bridge.stage.heard() or 0.0) > 0.3)
    await stage.ask("POST", "/v1/interrupt")
    async with asyncio.timeout(10):
        while stage.bridge.timeline is not None:
            await stage.bridge.stage.frames(1)
    more.set()
    with suppress(ConnectionError):  # it may still be sending when the answer comes
        assert (await asked).json["interrupted"]


async def test_a_stream_that_breaks_off_is_spoken_as_far_as_it_came(stage: Served) -> None:
    raw = socket.create_connection(("127.0.0.1", stage.port))
    head = (
        f"POST /v1/perform HTTP/1.1\r\nHost: 127.0.0.1:{stage.port}\r\nAuthorization: Bearer {stage.server.token}\r\n"
    )
    raw.sendall(f"{head}Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
    raw.sendall(b"11\r\nOne two three. Fo\r\n")
    await stage.bridge.stage.until(lambda: stage.bridge.utterance == 1)
    timeline = stage.bridge.stage.timeline
    assert timeline is not None
    raw.close()
    await stage.bridge.stage.until(lambda: stage.bridge.stage.timeline is None)
    assert timeline.speech == "One two three. Fo"
    notes = [note["message"] for note in (await stage.ask("GET", "/v1/state")).json["notes"]]
    assert any("broke off" in note for note in notes)


async def test_who_waits_and_goes_away_does_not_stop_the_show(stage: Served) -> None:
    raw = socket.create_connection(("127.0.0.1", stage.port))
    body = json.dumps({"text": "One two three.", "wait": True}).encode()
    head = (
        f"POST /v1/perform HTTP/1.1\r\nHost: 127.0.0.1:{stage.port}\r\nAuthorization: Bearer {stage.server.token}\r\n"
    )
    raw.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    await stage.bridge.stage.until(lambda: stage.bridge.utterance == 1)
    timeline = stage.bridge.stage.timeline
    assert timeline is not None
    raw.close()
    await stage.bridge.stage.until(lambda: stage.bridge.stage.timeline is None)
    assert timeline.closed


async def test_an_action_at_once() -> None:
    driver = Witness(native=frozenset({"hat"}), now=time.perf_counter)
    async with served(driver) as stage:
        answer = await stage.ask("POST", "/v1/act", {"name": "HAT", "strength": 0.5, "duration": 1.5})
        assert (answer.status, answer.json) == (202, {"name": "hat"})
        (_, command) = driver.commands[0]
        assert (command.action, command.strength, command.duration) == ("hat", 0.5, 1.5)
        unknown = await stage.ask("POST", "/v1/act", {"name": "nodd"})
        assert unknown.status == 404
        assert "'nodd'" in unknown.json["error"]
        assert "'nod'" in unknown.json["suggestion"]


WRONG = [
    ("/v1/perform", {}, "text"),
    ("/v1/perform", {"text": ""}, "text"),
    ("/v1/perform", {"text": 7}, "text"),
    ("/v1/perform", {"text": "Hi", "wait": "yes"}, "wait"),
    ("/v1/perform", {"txt": "Hi"}, "txt"),
    ("/v1/act", {"name": "nod", "strength": 1.5}, "strength"),
    ("/v1/act", {"name": "nod", "strength": float("nan")}, "strength"),
    ("/v1/act", {"name": "nod", "strength": True}, "strength"),
    ("/v1/act", {"name": "nod", "duration": -1}, "duration"),
    ("/v1/act", {"name": "nod", "duration": 1e9}, "duration"),
    ("/v1/act", {"name": "nod", "duration": float("inf")}, "duration"),
    ("/v1/act", {"name": ""}, "name"),
    ("/v1/act", {"name": "nod", "\ud800": 1}, "the body"),
    ("/v1/parse", {"text": "x" * 100_001}, "text"),
]


async def test_a_wrong_field_is_named(stage: Served) -> None:
    for path, body, named in WRONG:
        answer = await stage.ask("POST", path, body)
        assert answer.status == 422, body
        assert named in answer.json["error"].lower()
    assert stage.bridge.utterance == 0


async def test_what_is_no_json_is_refused(stage: Served) -> None:
    for path in ("/v1/perform", "/v1/act", "/v1/parse"):
        for body in (b"", b"{", b"\xff\xfe", b'{"text": "a"', b"[" * 100_000):
            answer = await stage.ask("POST", path, body, headers={"Content-Type": "application/json"})
            assert answer.status in (400, 422)
            assert answer.json["error"]


async def test_another_kind_of_body_is_refused(stage: Served) -> None:
    answer = await stage.ask("POST", "/v1/perform", b"<x/>", headers={"Content-Type": "application/xml"})
    assert answer.status == 415
    assert "text/plain" in answer.json["error"]
    latin = await stage.ask("POST", "/v1/perform", "Grüße".encode("latin-1"), headers=PLAIN)
    assert latin.status == 400
    assert "UTF-8" in latin.json["error"]


async def test_a_megabyte_is_too_much_told_or_counted(stage: Served) -> None:
    megabyte = b"x" * 1_000_000
    for path in ("/v1/perform", "/v1/act", "/v1/interrupt", "/v1/parse"):
        answer = await stage.ask("POST", path, megabyte, headers=PLAIN)
        assert answer.status == 413, path
        assert "512 kB" in answer.json["error"]
    chunks = (b"x" * 10_000 for _ in range(100))
    counted = await stage.ask("POST", "/v1/perform", chunks, headers=PLAIN)
    assert counted.status == 413
    json_chunks = (b"x" * 10_000 for _ in range(100))
    assert (await stage.ask("POST", "/v1/act", json_chunks, headers={"Content-Type": "application/json"})).status == 413
    just = await stage.ask("POST", "/v1/perform", b"x" * LARGEST_BODY, headers=PLAIN)
    assert just.status == 202


async def test_what_is_not_there(stage: Served) -> None:
    for path in ("/v1/nothing", "/", "/v1"):
        answer = await stage.ask("GET", path)
        assert answer.status == 404
        assert "openapi" in answer.json["suggestion"]
    wrong = await stage.ask("DELETE", "/v1/state")
    assert wrong.status == 405
    assert wrong.headers["allow"] == "GET"
    target = await stage.ask("POST", "/v1/targets/vts/reconnect")
    assert target.status == 404
    assert "witness" in target.json["suggestion"]
    assert (await stage.ask("POST", "/v1/targets/witness/reconnect")).status == 202


async def test_parse_is_as_the_command_prints_it(stage: Served) -> None:
    text = "Hi [wavee]there [nod 0.5]you. [smile]Yes[/smile] [pause 1]"
    told = (await stage.ask("POST", "/v1/parse", {"text": text})).json
    assert told == parse.report(text, names=stage.bridge.motion_map.names())


async def test_actions_are_those_of_the_map(stage: Served) -> None:
    told = (await stage.ask("GET", "/v1/actions")).json
    assert [each["name"] for each in told] == ["nod", "bow", "smile", "angry", "hat"]
    assert told[0] == {"name": "nod", "meaning": "yes", "kind": "gesture", "aliases": []}


async def test_the_state_of_a_failing_target_is_told_in_words() -> None:
    driver = Witness(now=time.perf_counter)
    driver.state = TargetState("refused", "The plugin was denied: allow it.", latency_ms=1.23456, sent_frames=7)
    async with served(driver) as stage:
        (target,) = (await stage.ask("GET", "/v1/state")).json["targets"]
        assert (target["status"], target["detail"]) == ("refused", "The plugin was denied: allow it.")
        assert (target["latency_ms"], target["sent_frames"]) == (1.2346, 7)


async def test_a_driver_that_fails_when_it_is_asked_how_it_is_takes_nothing_down() -> None:
    class Moody(Witness):
        @property
        def lead(self) -> float:
            return 1 / 0 if self.asked else 0.0

        @lead.setter
        def lead(self, value: float) -> None:
            del value

        asked = False

    driver = Moody(now=time.perf_counter)
    async with served(driver, speed=3.0) as stage:
        driver.asked = True
        async with stage.page("state") as page:
            (target,) = (await hear(page, "state"))["targets"]
            assert target["status"] == "failed"
            assert "ZeroDivisionError" in target["detail"]
        assert (await stage.ask("POST", "/v1/perform", {"text": "One.", "wait": True})).json["complete"]


async def test_the_studio_sees_what_happens(stage: Served) -> None:
    async with stage.page("state", kind="studio", name="desk") as page:
        first = await hear(page, "state")
        assert first["pages"][0]["name"] == "desk"
        await page.send(
            '{"type":"report","ready":true,"fps":59.5,"draw_ms":0.8,"problems":[{"message":"Oh","suggestion":"Ah"}]}'
        )
        await page.send('{"type":"sound","state":"blocked"}')
        async with asyncio.timeout(10):
            while True:
                (about,) = (await hear(page, "state"))["pages"]
                if about["sound"]:
                    break
        assert (about["sound"], about["ready"], about["problems"][0]["message"]) == ("blocked", True, "Oh")
        await stage.ask("POST", "/v1/perform", {"text": "One [smile] two [moonwalk] three."})
        fired = await hear(page, "fired")
        assert (fired["utterance"], fired["driver"], fired["action"]) == (1, "witness", "smile")


async def test_quick_utterances_lose_no_fired_action(stage: Served) -> None:
    (body,) = stage.bridge.stage.bodies
    async with stage.page("state") as page:
        for number in (1, 2, 3):
            answer = await stage.ask("POST", "/v1/perform", {"text": "[smile] One.", "wait": True})
            assert answer.json["complete"]
            assert answer.json["utterance"] == number
            assert [fired.action for fired in body.fired] == ["smile"]
        told = [await hear(page, "fired") for _ in range(3)]
        assert [(fired["utterance"], fired["action"]) for fired in told] == [(1, "smile"), (2, "smile"), (3, "smile")]


async def test_a_bad_report_is_a_note_and_no_harm(stage: Served) -> None:
    async with stage.page("state", "motion") as page:
        await page.send('{"type":"report","fps":"fast"}')
        note = await hear(page, "note")
        assert "fps" in note["message"]


def pictures(folder: Path) -> Path:
    (folder / "happy").mkdir(parents=True)
    for name in ("closed.png", "open.png", "happy/open.png"):
        (folder / name).write_bytes(b"\x89PNG" + name.encode())
    (folder / "notes.txt").write_text("private", encoding="utf-8")
    return folder


async def test_the_pages_and_their_bundle_are_served(stage: Served) -> None:
    for page in ("overlay", "studio"):
        html = await stage.ask("GET", f"/{page}?token={stage.server.token}", token=False)
        assert (html.status, html.headers["content-type"]) == (200, "text/html; charset=utf-8")
        script = await stage.ask("GET", f"/static/{page}.js", token=False)
        assert (script.status, script.headers["content-type"]) == (200, "text/javascript; charset=utf-8")
        again = {"If-None-Match": script.headers["etag"]}
        assert (await stage.ask("GET", f"/static/{page}.js", token=False, headers=again)).status == 304


async def test_the_mascot_is_the_avatar_unless_told_otherwise() -> None:
    async with served(settings=WebSettings(port=0)) as stage:
        answer = await stage.ask("GET", "/v1/avatar/mascot.vrm")
        assert (answer.status, answer.headers["content-type"]) == (200, "model/gltf-binary")
        assert answer.body[:4] == b"glTF"


async def test_only_the_avatars_own_files_are_served(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "cat ünique")
    (tmp_path / "secret.png").write_bytes(b"secret")
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    async with served(settings=WebSettings(port=0, avatar=str(folder))) as stage:
        async with stage.page("state") as page:
            await page.send('{"type":"ping","sent":1}')
        good = await stage.ask("GET", "/v1/avatar/happy/open.png")
        assert (good.status, good.body) == (200, b"\x89PNGhappy/open.png")
        assert good.headers["content-type"] == "image/png"
        (folder / "open.png").unlink()
        (folder / "open.png").symlink_to(tmp_path / "secret.png")
        for path in (
            "notes.txt",
            "link.png",
            "open.png",
            "../secret.png",
            "..%2Fsecret.png",
            "%2e%2e/secret.png",
            "happy/../../secret.png",
            "/etc/passwd",
            "%2Fetc%2Fpasswd",
            "..\\secret.png",
            "..%5Csecret.png",
            "closed.png%00.txt",
            "",
        ):
            answer = await stage.ask("GET", f"/v1/avatar/{path}")
            assert answer.status == 404, path
            assert b"secret" not in answer.body.replace(b"secret.png", b"")
        for path in ("/static/../server.py", "/static/..%2Fserver.py", "/static/%2e%2e/server.py", "/v1/clips/..%2Fx"):
            assert (await stage.ask("GET", path)).status == 404


async def test_clips_and_the_live2d_core_come_from_the_settings(tmp_path: Path) -> None:
    (tmp_path / "wave hello.vrma").write_bytes(b"glTF")
    core = tmp_path / "core.js"
    core.write_text("// core", encoding="utf-8")
    model = tmp_path / "cat" / "cat.model3.json"
    model.parent.mkdir()
    model.write_text("{}", encoding="utf-8")
    (model.parent / "cat.moc3").write_bytes(b"MOC3")
    settings = WebSettings(port=0, avatar=str(model), clips=tmp_path, live2d_core=core)
    async with served(settings=settings) as stage:
        clip = await stage.ask("GET", "/v1/clips/wave%20hello.vrma")
        assert (clip.status, clip.headers["content-type"]) == (200, "model/gltf-binary")
        script = await stage.ask("GET", "/v1/live2d/core.js")
        assert (script.status, script.headers["content-type"]) == (200, "text/javascript; charset=utf-8")
        assert (await stage.ask("GET", "/v1/avatar/cat.moc3")).body == b"MOC3"
        assert (await stage.ask("GET", "/v1/avatar/cat.model3.json")).status == 200
    async with served(settings=WebSettings(port=0, avatar=str(model))) as stage:
        assert (await stage.ask("GET", "/v1/live2d/core.js")).status == 404
        assert "live2d.com" in (stage.server.notes[0].suggestion or "")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"avatar": "no-such.vrm"}, r"web\.avatar: .*no-such\.vrm cannot be read"),
        ({"avatar": "no-such.model3.json"}, r"web\.avatar: .*cannot be read"),
        ({"avatar": "mascto"}, r"web\.avatar: expected mascot, svg.*'mascto', which does not exist"),
        ({"avatar": "{folder}"}, r"web\.avatar: .*closed\.png.*found none"),
        ({"avatar": "{folder}/x.vrm"}, r"web\.avatar: .*cannot be read"),
        ({"avatar": "svg", "clips": "{folder}"}, r"web\.clips: expected \.vrma files"),
        ({"avatar": "svg", "clips": "{folder}/none"}, r"web\.clips: expected a folder"),
        ({"avatar": "svg", "live2d_core": "{folder}/none.js"}, r"web\.live2d_core: .*cannot be read"),
    ],
)
async def test_a_path_that_cannot_be_is_told_at_the_start(tmp_path: Path, settings: dict[str, str], words: str) -> None:
    (tmp_path / "x.vrm").mkdir()
    filled = {key: value.format(folder=tmp_path) for key, value in settings.items()}
    with pytest.raises(SettingsError, match=words):
        async with served(settings=WebSettings.model_validate({"port": 0, **filled})):
            pass


def test_a_host_that_is_not_this_machines_is_told() -> None:
    for host in ("203.0.113.7", "no such host"):
        with pytest.raises(SettingsError, match=r"web\.host: expected an address of this machine"):
            bind(host, 0)


def test_the_address_is_known_only_while_it_is_open() -> None:
    settings = override(Settings(), {"voice.engine": "tone", "sound.speaker": "none", "web.avatar": "svg"})
    audience = WebAudience()
    bridge = Bridge.from_settings(settings.model_copy(update={"drivers": {}}), audience=audience)
    with pytest.raises(WorldError, match="not open"):
        _ = Server(bridge, audience).address


async def test_a_note_that_stands_is_told_once_however_many_come_after_it(stage: Served) -> None:
    said: list[Diagnostic] = []
    show = ShowState(stage.bridge, stage.audience)
    show.told = said.append
    standing = [Diagnostic(f"standing {number}") for number in range(3)]
    stage.bridge.notes[:] = standing
    for number in range(600):
        stage.bridge.notes[3:] = [Diagnostic(f"passing {number}")]
        show.publish()
    assert [note for note in said if note in standing] == standing
    assert len(said) == 603
