"""Two ways to talk to the simulated VTube Studio: a raw WebSocket client, and the application on virtual time."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from collections.abc import AsyncIterator
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from avatar_bridge.simulators.vts import SAMPLES, LoggedRequest, ModelDescription, Options, TokenStore
from avatar_bridge.simulators.vts.session import Session
from avatar_bridge.simulators.vts.studio import Studio

API = {"apiName": "VTubeStudioPublicAPI", "apiVersion": "1.0"}
ME = {"pluginName": "Raw Client", "pluginDeveloper": "The Tests"}
OTHER = {"pluginName": "Another One", "pluginDeveloper": "The Tests"}


def body(kind: str, data: Any = None, **envelope: Any) -> dict[str, Any]:
    message = {**API, "messageType": kind, **envelope}
    if data is not None:
        message["data"] = data
    return message


def dump(message: Any) -> str:
    """Return JSON; infinite numbers are written as numbers that no float holds."""
    return json.dumps(message).replace("Infinity", "1e999")


class Client:
    """A WebSocket client that matches answers by requestID and keeps everything else in `events`."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.events: list[dict[str, Any]] = []
        self.order: list[str] = []
        self._ids = itertools.count(1)

    async def receive(self) -> dict[str, Any]:
        async with asyncio.timeout(15):
            frame = await self.socket.recv()
        assert isinstance(frame, str)
        message = json.loads(frame)
        self.order.append(message["messageType"])
        return message

    async def send(self, kind: str, data: Any = None, **envelope: Any) -> str:
        request_id = envelope.pop("requestID", f"request-{next(self._ids)}")
        await self.socket.send(json.dumps(body(kind, data, requestID=request_id, **envelope)))
        return request_id

    async def answer_to(self, request_id: str) -> dict[str, Any]:
        while True:
            message = await self.receive()
            if message["requestID"] == request_id and not message["messageType"].endswith("Event"):
                return message
            self.events.append(message)

    async def ask(self, kind: str, data: Any = None, **envelope: Any) -> dict[str, Any]:
        answer = await self.answer_to(await self.send(kind, data, **envelope))
        assert answer["messageType"] == kind.replace("Request", "Response"), answer
        return answer["data"]

    async def error(self, kind: str, data: Any = None, **envelope: Any) -> int:
        answer = await self.answer_to(await self.send(kind, data, **envelope))
        assert answer["messageType"] == "APIError", answer
        assert answer["data"]["message"]
        return answer["data"]["errorID"]

    async def event(self, kind: str) -> dict[str, Any]:
        while True:
            for message in self.events:
                if message["messageType"] == kind:
                    self.events.remove(message)
                    return message["data"]
            self.events.append(await self.receive())

    async def authenticate(self, who: dict[str, str] = ME) -> str:
        token = (await self.ask("AuthenticationTokenRequest", who))["authenticationToken"]
        assert (await self.ask("AuthenticationRequest", {**who, "authenticationToken": token}))["authenticated"]
        return token


@contextlib.asynccontextmanager
async def client(url: str, who: dict[str, str] | None = ME) -> AsyncIterator[Client]:
    """Connect; authenticate unless `who` is None."""
    async with connect(url, compression=None, max_size=None) as socket:
        raw = Client(socket)
        if who is not None:
            await raw.authenticate(who)
        yield raw


class App:
    """The application without a socket, on virtual time: 60 frames a second, each when the test says so."""

    def __init__(self, options: Options | None = None, models: list[ModelDescription] | None = None) -> None:
        self.log: list[LoggedRequest] = []
        self.now = 100.0
        self.store = TokenStore()
        chosen = list(SAMPLES.values()) if models is None else models
        self.studio = Studio(chosen, options or Options(), self.store, 60.0, self.now, self.log.append)

    def frame(self, count: int = 1) -> None:
        for _ in range(count):
            self.now += 1 / 60
            self.studio.advance(self.now)

    def wait(self, seconds: float) -> None:
        self.frame(round(seconds * 60))

    def join(self, who: dict[str, str] | None = ME) -> Member:
        member = Member(self, self.studio.connect(lambda: None))
        if who is not None:
            member.send("AuthenticationTokenRequest", who)
            self.frame(2)
            token = member.take()[-1]["data"]["authenticationToken"]
            assert member.ask("AuthenticationRequest", {**who, "authenticationToken": token})["authenticated"]
        return member


class Member:
    """A session of the application on virtual time."""

    def __init__(self, app: App, session: Session) -> None:
        self.app = app
        self.session = session
        self._ids = itertools.count(1)

    def send(self, kind: str, data: Any = None, **envelope: Any) -> str:
        request_id = envelope.pop("requestID", f"r{next(self._ids)}")
        self.raw(dump(body(kind, data, requestID=request_id, **envelope)))
        return request_id

    def raw(self, message: str | bytes) -> None:
        self.session.inbox.append((self.app.now, message))

    def take(self) -> list[dict[str, Any]]:
        frames = [json.loads(frame) for frame in self.session.outbox]
        self.session.outbox.clear()
        return frames

    def answer(self, kind: str, data: Any = None, **envelope: Any) -> dict[str, Any]:
        """Return the whole answer, events before and after it dropped; it has to come within 200 frames."""
        request_id = self.send(kind, data, **envelope)
        for _ in range(200):
            self.app.frame()
            for frame in self.take():
                if frame["requestID"] == request_id and not frame["messageType"].endswith("Event"):
                    return frame
        raise AssertionError(f"no answer to {kind}")

    def ask(self, kind: str, data: Any = None, **envelope: Any) -> dict[str, Any]:
        frame = self.answer(kind, data, **envelope)
        assert frame["messageType"] == kind.replace("Request", "Response"), frame
        return frame["data"]

    def error(self, kind: str, data: Any = None, **envelope: Any) -> int:
        frame = self.answer(kind, data, **envelope)
        assert frame["messageType"] == "APIError", frame
        return frame["data"]["errorID"]

    def subscribe(self, event: str, **config: Any) -> None:
        self.ask("EventSubscriptionRequest", {"eventName": event, "subscribe": True, "config": config})

    def leave(self) -> None:
        self.app.studio.disconnect(self.session)
