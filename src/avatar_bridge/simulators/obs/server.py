"""The simulator's socket: greeting, identification, requests and batches, events to whoever asked for them."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import secrets
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from websockets.asyncio.server import ServerConnection, broadcast
from websockets.http11 import Request, Response

from avatar_bridge.simulators.obs.fields import Refusal
from avatar_bridge.simulators.obs.requests import Requests
from avatar_bridge.simulators.obs.studio import Studio, sample
from avatar_bridge.simulators.sockets import SocketSimulator

__all__ = ["LoggedRequest", "ObsSimulator"]

_SUBPROTOCOL: Final = "obswebsocket.json"
_ALL: Final = 0x7FF
_LOG: Final = 100_000
_REALTIME, _FRAMES, _PARALLEL = 0, 1, 2


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """A request, and the status that it was answered with."""

    type: str
    data: Mapping[str, Any]
    code: int


@dataclass(slots=True)
class _Session:
    challenge: str
    salt: str
    identified: bool = False
    events: int = _ALL


class _Closing(Exception):  # noqa: N818
    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


class ObsSimulator(SocketSimulator):
    """A strict obs-websocket 5 server: `async with ObsSimulator(password="secret") as obs: ...  # obs.url`.

    Without a `password` it asks for none. `studio` is what stands in it; a restart keeps it.
    """

    app = "OBS"
    path = ""

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        password: str = "",
        record: Path | None = None,
        studio: Studio | None = None,
    ) -> None:
        super().__init__(host=host, port=port, record=record)
        self.password = password
        self.studio = studio or sample()
        self.requests: deque[LoggedRequest] = deque(maxlen=_LOG)
        """What identified clients asked, in the order of the answers."""
        self._sessions: dict[ServerConnection, _Session] = {}
        self._requests = Requests(self.studio, self._emit)

    def describe(self) -> list[str]:
        """Return what is on air, what is shown, and the latest requests."""
        studio = self.studio
        shown = [item.source for item in studio.items(studio.program) if item.enabled] if studio.program else []
        live = "live" if studio.streaming else "not live"
        lines = [f"scene: {studio.program} ({live})", f"shown: {', '.join(shown)}"]
        lines += [f"caption: {text!r}" for text in studio.captions[-1:]]
        return [*super().describe(), *lines, *(f"{each.type} {each.code}" for each in list(self.requests)[-5:])]

    def orders(self) -> dict[str, Callable[[str], object]]:
        """Return the orders of all simulators, and `scene NAME` and `stream on|off`, which the user does."""
        streams = {"": "StartStream", "on": "StartStream", "off": "StopStream"}
        more: dict[str, Callable[[str], object]] = {
            "scene": lambda rest: self.by_hand("SetCurrentProgramScene", sceneName=rest),
            "stream": lambda rest: self.by_hand(streams[rest]),
        }
        return {**super().orders(), **more}

    def by_hand(self, request_type: str, **data: Any) -> dict[str, Any]:
        """Do as the user at the window does; raises ValueError where it cannot be done."""
        try:
            return self._requests.carry_out(request_type, data) or {}
        except Refusal as refusal:
            raise ValueError(f"{request_type}: {refusal.code} {refusal.comment}") from refusal

    def tell(self, intent: int, kind: str, **data: Any) -> None:
        """Send an event to every client that asked for its kind."""
        self._emit(intent, kind, data)

    async def joined(self, connection: ServerConnection) -> None:
        """Greet."""
        challenge, salt = (base64.b64encode(secrets.token_bytes(32)).decode() for _ in range(2))
        session = self._sessions[connection] = _Session(challenge, salt)
        hello: dict[str, Any] = {"obsStudioVersion": "30.2.2", "obsWebSocketVersion": "5.5.2", "rpcVersion": 1}
        if self.password:
            hello["authentication"] = {"challenge": session.challenge, "salt": session.salt}
        await self._flowing.wait()
        await connection.send(_message(0, hello))

    async def left(self, connection: ServerConnection) -> None:
        """Forget the session."""
        self._sessions.pop(connection, None)

    async def received(self, connection: ServerConnection, message: str | bytes) -> None:
        """Answer, or close with the code of what is wrong."""
        try:
            await self._hear(connection, self._sessions[connection], message)
        except _Closing as closing:
            self.fault(f"{closing.code}: {closing.reason}")
            await connection.close(closing.code, closing.reason)

    async def _hear(self, connection: ServerConnection, session: _Session, message: str | bytes) -> None:
        if isinstance(message, bytes):
            raise _Closing(4002, "Your session encoding is set to Json, but a binary message was received.")
        try:
            said = json.loads(message)
        except ValueError as error:
            raise _Closing(4002, "Unable to decode Json") from error
        if not isinstance(said, dict):
            raise _Closing(4002, "You sent a non-object payload.")
        op, data = said.get("op"), said.get("d")
        if not session.identified and "request-type" in said:
            raise _Closing(4010, "You appear to be attempting to connect with the pre-5.0.0 plugin protocol.")
        if not isinstance(op, int) or isinstance(op, bool):
            raise _Closing(4006, "Your request's `op` may not be of an invalid type.")
        if not isinstance(data, dict):
            raise _Closing(4003, "Your request is missing a `d` key.")
        if op not in (1, 3, 6, 8):
            raise _Closing(4006, f"Unknown OpCode: {op}")
        if not session.identified and op != 1:
            raise _Closing(4007, "You attempted to send a non-Identify message while not identified.")
        if op == 1:
            await self._identify(connection, session, data)
        elif op == 3:
            session.events = _subscriptions(data)
            await connection.send(_message(2, {"negotiatedRpcVersion": 1}))
        elif op == 6:
            await connection.send(_message(7, self._answer(data, single=True)))
        else:
            await connection.send(_message(9, await self._batch(data)))

    async def _identify(self, connection: ServerConnection, session: _Session, data: Mapping[str, Any]) -> None:
        if session.identified:
            raise _Closing(4008, "You are already Identified with the obs-websocket server.")
        if self.password:
            secret = _hash(self.password + session.salt)
            if data.get("authentication") != _hash(secret + session.challenge):
                raise _Closing(4009, "Authentication failed.")
        version = data.get("rpcVersion")
        if version is None:
            raise _Closing(4003, "Your payload's data is missing an `rpcVersion`.")
        if not isinstance(version, int) or isinstance(version, bool):
            raise _Closing(4004, "Your `rpcVersion` is not an unsigned number.")
        if version != 1:
            raise _Closing(4010, "Your requested RPC version is not supported by this server.")
        session.events = _subscriptions(data)
        session.identified = True
        self.note("identified")
        await connection.send(_message(2, {"negotiatedRpcVersion": 1}))

    def _answer(self, data: Mapping[str, Any], *, single: bool) -> dict[str, Any]:
        kind, number = data.get("requestType"), data.get("requestId")
        if single and number is None:
            raise _Closing(4003, "Your payload data is missing a `requestId`.")
        told: dict[str, Any] = {} if number is None else {"requestId": number}
        given = data.get("requestData")
        try:
            if not isinstance(kind, str) or not kind:
                raise Refusal(203, "Your request's `requestType` may not be empty.")
            answer = self._requests.carry_out(kind, given)
            status: dict[str, Any] = {"result": True, "code": 100}
            told |= {} if answer is None else {"responseData": answer}
        except Refusal as refusal:
            status = {"result": False, "code": refusal.code}
            status |= {"comment": refusal.comment} if refusal.comment else {}
        self.requests.append(LoggedRequest(str(kind), given if isinstance(given, dict) else {}, status["code"]))
        self.note("request", type=kind, data=given, code=status["code"])
        return {"requestType": kind, "requestStatus": status, **told}

    async def _batch(self, data: Mapping[str, Any]) -> dict[str, Any]:
        requests, number = data.get("requests"), data.get("requestId")
        if number is None:
            raise _Closing(4003, "Your payload data is missing a `requestId`.")
        if not isinstance(requests, list):
            raise _Closing(4004, "Your `requests` is not an array.")
        how = data.get("executionType", _REALTIME)
        if how not in (_REALTIME, _FRAMES, _PARALLEL):
            raise _Closing(4005, "Your `executionType` has an unsupported value.")
        results: list[dict[str, Any]] = []
        for each in requests:
            if not isinstance(each, dict):
                raise _Closing(4004, "A request of your batch is not an object.")
            if each.get("requestType") == "Sleep" and how != _PARALLEL:
                slept = each.get("requestData") or {}
                frames = slept.get("sleepFrames", 0) / self.studio.fps
                await asyncio.sleep(frames if how == _FRAMES else slept.get("sleepMillis", 0) / 1000)
                results.append({"requestType": "Sleep", "requestStatus": {"result": True, "code": 100}})
                continue
            results.append(self._answer(each, single=False))
            if data.get("haltOnFailure") is True and not results[-1]["requestStatus"]["result"]:
                break
        return {"requestId": number, "results": results}

    def _emit(self, intent: int, kind: str, data: Mapping[str, Any]) -> None:
        self.note("event", type=kind, data=dict(data))
        text = _message(5, {"eventType": kind, "eventIntent": intent, "eventData": dict(data)})
        broadcast(
            [each for each, session in self._sessions.items() if session.identified and session.events & intent], text
        )

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        def choose(offered: Any) -> Any:
            return _SUBPROTOCOL if _SUBPROTOCOL in offered else None

        connection.protocol.select_subprotocol = choose  # type: ignore[method-assign, assignment]
        return super()._admit(connection, request)


def _subscriptions(data: Mapping[str, Any]) -> int:
    events = data.get("eventSubscriptions", _ALL)
    if not isinstance(events, int) or isinstance(events, bool) or events < 0:
        raise _Closing(4004, "Your `eventSubscriptions` is not an unsigned number.")
    return events


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _message(op: int, data: Mapping[str, Any]) -> str:
    return json.dumps({"op": op, "d": data}, ensure_ascii=False)
