"""A minimal VTube Studio whose every answer a test can replace; written for these tests from the public documents."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any, Self

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

DEFAULTS = [
    "FacePositionX FacePositionY FacePositionZ FaceAngleX FaceAngleY FaceAngleZ MouthSmile MouthOpen Brows TongueOut",
    "CheekPuff FaceAngry BrowLeftY BrowRightY EyeOpenLeft EyeOpenRight EyeLeftX EyeLeftY EyeRightX EyeRightY",
    "VoiceVolumePlusMouthOpen VoiceFrequencyPlusMouthSmile MouthX",
]


class RefusalError(Exception):
    def __init__(self, number: int, text: str) -> None:
        super().__init__(text)
        self.number, self.text = number, text


class ScriptedVts:
    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.frames: list[dict[str, float]] = []
        self.answers: dict[str, Callable[[dict[str, Any]], Any]] = {}
        self.silent: set[str] = set()
        self.token = "a" * 64
        self.model: dict[str, Any] = {
            "modelLoaded": True,
            "modelName": "Akari",
            "modelID": "m1",
            "vtsModelName": "akari.vtube.json",
        }
        self.hotkeys: list[dict[str, Any]] = [
            {"name": "Wave", "type": "TriggerAnimation", "file": "wave.motion3.json", "hotkeyID": "h-wave"},
            {"name": "Blush", "type": "ToggleExpression", "file": "blush.exp3.json", "hotkeyID": "h-blush"},
        ]
        self.active: dict[str, bool] = {"blush.exp3.json": False, "star.exp3.json": False}
        self.fired: list[str] = []
        self.parameters = " ".join(DEFAULTS).split()
        self.connections: list[ServerConnection] = []
        self.seen: defaultdict[str, int] = defaultdict(int)
        self.gate = asyncio.Event()
        self.gate.set()
        self.port = 0
        self._server: Server | None = None

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        self._server = await serve(self._serve, "127.0.0.1", self.port, compression=None, close_timeout=0.2)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self.gate.set()
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    def drop(self) -> None:
        for connection in self.connections:
            connection.transport.abort()

    async def event(self, kind: str, data: dict[str, Any], request_id: str = "event") -> None:
        for connection in list(self.connections):
            await self._send(connection, kind, data, request_id)

    async def _send(self, connection: ServerConnection, kind: str, data: Any, request_id: str) -> None:
        message = {
            "apiName": "VTubeStudioPublicAPI",
            "apiVersion": "1.0",
            "timestamp": 1,
            "messageType": kind,
            "requestID": request_id,
            "data": data,
        }
        try:
            await connection.send(json.dumps(message))
        except ConnectionClosed:
            return

    async def _serve(self, connection: ServerConnection) -> None:
        self.connections.append(connection)
        tasks = set()
        try:
            async for text in connection:
                task = asyncio.create_task(self._answer(connection, json.loads(text)))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
        except ConnectionClosed:
            pass
        finally:
            self.connections.remove(connection)
            for task in tasks:
                task.cancel()

    async def _answer(self, connection: ServerConnection, message: dict[str, Any]) -> None:
        kind = message["messageType"].removesuffix("Request")
        data = message.get("data") or {}
        self.requests.append((kind, data))
        self.seen[kind] += 1
        await self.gate.wait()
        if kind in self.silent:
            return
        try:
            answer = self.answers.get(kind, getattr(self, f"on_{kind}", lambda _: {}))(data)
            if isinstance(answer, Awaitable):
                answer = await answer
        except RefusalError as refusal:
            data = {"errorID": refusal.number, "message": refusal.text}
            await self._send(connection, "APIError", data, message["requestID"])
            return
        await self._send(connection, f"{kind}Response", answer, message["requestID"])

    def on_AuthenticationToken(self, _: dict[str, Any]) -> Any:  # noqa: N802
        return {"authenticationToken": self.token}

    def on_Authentication(self, data: dict[str, Any]) -> Any:  # noqa: N802
        good = data["authenticationToken"] == self.token
        return {"authenticated": good, "reason": "" if good else "revoked"}

    def on_CurrentModel(self, _: dict[str, Any]) -> Any:  # noqa: N802
        return self.model

    def on_HotkeysInCurrentModel(self, _: dict[str, Any]) -> Any:  # noqa: N802
        return {**self.model, "availableHotkeys": self.hotkeys}

    def on_ExpressionState(self, data: dict[str, Any]) -> Any:  # noqa: N802
        wanted = data.get("expressionFile")
        return {
            "expressions": [
                {"name": file.removesuffix(".exp3.json"), "file": file, "active": active, "parameters": []}
                for file, active in self.active.items()
                if not wanted or file == wanted
            ]
        }

    def on_ExpressionActivation(self, data: dict[str, Any]) -> Any:  # noqa: N802
        if data["expressionFile"] not in self.active:
            raise RefusalError(651, "not found")
        self.active[data["expressionFile"]] = data["active"]
        return {}

    def on_HotkeyTrigger(self, data: dict[str, Any]) -> Any:  # noqa: N802
        self.fired.append(data["hotkeyID"])
        return {"hotkeyID": data["hotkeyID"]}

    def on_InputParameterList(self, _: dict[str, Any]) -> Any:  # noqa: N802
        return {"customParameters": [], "defaultParameters": [{"name": name} for name in self.parameters]}

    def on_Statistics(self, _: dict[str, Any]) -> Any:  # noqa: N802
        return {"framerate": 60}

    def on_Live2DParameterList(self, _: dict[str, Any]) -> Any:  # noqa: N802
        return {"modelLoaded": True, "parameters": []}

    def on_InjectParameterData(self, data: dict[str, Any]) -> Any:  # noqa: N802
        self.frames.append({item["id"]: item["value"] for item in data["parameterValues"]})
        return {}


async def until(condition: Callable[[], object], *, timeout_s: float = 8.0) -> None:
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)
