"""The simulated application: its areas, its render frames, who is connected, and the order of validation.

It does no I/O and reads no clock but the timestamps of answers: the server calls `advance` once per render frame.
"""

from __future__ import annotations

import json
import random
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from avatar_bridge.simulators.vts.application import Application
from avatar_bridge.simulators.vts.area import Answer, Area
from avatar_bridge.simulators.vts.art_meshes import ArtMeshes
from avatar_bridge.simulators.vts.authentication import Authentication, TokenStore
from avatar_bridge.simulators.vts.error_ids import ApiError
from avatar_bridge.simulators.vts.events import Events
from avatar_bridge.simulators.vts.expressions import Expressions
from avatar_bridge.simulators.vts.fields import Fields, JsonObject
from avatar_bridge.simulators.vts.hotkeys import Hotkeys
from avatar_bridge.simulators.vts.items import Items
from avatar_bridge.simulators.vts.live2d import Live2D
from avatar_bridge.simulators.vts.log import LoggedRequest
from avatar_bridge.simulators.vts.model import ModelDescription
from avatar_bridge.simulators.vts.models import Models
from avatar_bridge.simulators.vts.movement import Movement
from avatar_bridge.simulators.vts.options import Options
from avatar_bridge.simulators.vts.parameters import Parameters
from avatar_bridge.simulators.vts.physics import Physics
from avatar_bridge.simulators.vts.popups import Popups
from avatar_bridge.simulators.vts.post_processing import PostProcessing
from avatar_bridge.simulators.vts.session import API_NAME, API_VERSION, Call, Session, envelope

__all__ = ["Studio"]

_OPEN_TYPES = frozenset({"APIStateRequest", "AuthenticationTokenRequest", "AuthenticationRequest"})


class Studio:
    """Everything behind the socket. `now` is the time of the render frame that is being made."""

    def __init__(
        self,
        models: Sequence[ModelDescription],
        options: Options,
        store: TokenStore,
        fps: float,
        now: float,
        listener: Callable[[LoggedRequest], None],
    ) -> None:
        self.options = options
        self.fps = fps
        self.now = now
        self.started = now
        self.frame = 0
        self.random = random.Random(options.seed)
        self.api_active = True
        self.windows_open = False
        """Whether the user has windows open that keep models, hotkeys and items from changing."""
        self.sessions: list[Session] = []
        self.violations: deque[str] = deque(maxlen=1000)
        self._listener = listener
        self._numbers = 0
        self.popups = Popups(self)
        self.application = Application(self)
        self.authentication = Authentication(self, store)
        self.models = Models(self, models)
        self.movement = Movement(self)
        self.expressions = Expressions(self)
        self.hotkeys = Hotkeys(self)
        self.parameters = Parameters(self)
        self.live2d = Live2D(self)
        self.art_meshes = ArtMeshes(self)
        self.physics = Physics(self)
        self.items = Items(self)
        self.post_processing = PostProcessing(self)
        self.events = Events(self)
        self.areas = tuple(value for value in vars(self).values() if isinstance(value, Area))
        self.answers: dict[str, Answer] = {}
        for area in self.areas:
            self.answers.update(area.answers())

    def new_id(self) -> str:
        """Return 32 hex characters from the simulator's own seed."""
        return f"{self.random.getrandbits(128):032x}"

    def new_uuid(self) -> str:
        """Return a UUID from the simulator's own seed."""
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def connect(self, wake: Callable[[], None]) -> Session:
        """Return the session of a new connection."""
        self._numbers += 1
        session = Session(self._numbers, wake)
        self.sessions.append(session)
        return session

    def disconnect(self, session: Session) -> None:
        """Undo what ends with a connection: tints, items, injections, subscriptions, authentication."""
        if session.closed:
            return
        session.closed = True
        self.sessions.remove(session)
        for area in self.areas:
            area.left(session)
        session.subscriptions.clear()
        session.plugin = None

    def advance(self, now: float) -> None:
        """Make one render frame: let time pass, answer what came, hand out what goes."""
        self.now = now
        self.frame += 1
        for area in self.areas:
            area.advance()
        limit = self.options.waiting_messages
        for session in tuple(self.sessions):
            while session.inbox and len(session.outbox) + len(session.answers) < limit:
                received, message = session.inbox.popleft()
                self._take(session, received, message)
        for session in self.sessions:
            if session.events or session.answers:
                self._flush(session)

    def _flush(self, session: Session) -> None:
        session.outbox.extend(session.events)
        session.outbox.extend(session.answers)
        session.events.clear()
        session.answers.clear()
        session.wake()

    def push_event(self, session: Session, frame: bytes) -> None:
        """Hand an event to a session: in the order of things, or ahead of every answer in adversarial order."""
        if session.closed:
            return
        (session.events if self.options.event_order == "adversarial" else session.answers).append(frame)

    def note_violation(self, session: Session, sentence: str) -> None:
        """Remember something a client should not do although the app puts up with it."""
        self.violations.append(f"session {session.number} ({session.claimed or 'unknown plugin'}): {sentence}")

    def _take(self, session: Session, received: float, message: str | bytes) -> None:
        call = Call(session, "", self.new_uuid(), Fields({}, "data", _ignore), received, self._deliver)
        try:
            body = _parse(message)
            self._open(call, body)
            self._validate(call, body)
            data = self.answers[call.message_type](call)
        except ApiError as error:
            call.refuse(error)
            return
        if data is not None:
            call.answer(data)

    def _open(self, call: Call, body: JsonObject) -> None:
        message_type = body.get("messageType")
        call.message_type = message_type if isinstance(message_type, str) else ""

        def report(sentence: str) -> None:
            self.note_violation(call.session, f"{call.message_type}: {sentence}")

        data = body.get("data")
        if isinstance(data, dict):
            call.fields = Fields(data, "data", report)
        elif data is not None:
            report(f"data should be an object, got {type(data).__name__}")
        request_id = body.get("requestID")
        if request_id is None or (request_id == "" and self.options.empty_request_id == "generated"):
            return
        if not isinstance(request_id, str) or not request_id.isascii() or not 1 <= len(request_id) <= 64:
            raise ApiError(5)
        call.request_id = request_id

    def _validate(self, call: Call, body: JsonObject) -> None:
        kind = call.message_type
        if not self.api_active and kind != "APIStateRequest":
            raise ApiError(1)
        if not call.session.authenticated and kind not in _OPEN_TYPES:
            raise ApiError(self.options.revoked_error if call.session.revoked else 8)
        if body.get("apiName") != API_NAME:
            raise ApiError(3)
        if body.get("apiVersion") != API_VERSION:
            raise ApiError(4)
        if not kind:
            raise ApiError(6)
        if kind not in self.answers:
            raise ApiError(7, kind[:100])

    def _deliver(self, call: Call, message_type: str, data: JsonObject) -> None:
        if self.options.extra_fields:
            data = {**data, "fieldOfALaterVersion": {"note": "clients ignore what they do not know"}}
        error = data["errorID"] if message_type == "APIError" else None
        kept = {} if message_type == "InjectParameterDataResponse" else call.fields.data
        self._listener(
            LoggedRequest(
                at=call.received,
                answered_at=self.now,
                session=call.session.number,
                plugin=call.session.claimed,
                message_type=call.message_type,
                request_id=call.request_id,
                data=kept,
                error_id=error,
                answer=data,
            )
        )
        if not call.session.closed:
            call.session.answers.append(envelope(message_type, call.request_id, data))


def _ignore(_: str) -> None:
    return


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _parse(message: str | bytes) -> JsonObject:
    """Return the message's object; everything that is not one is error 2."""
    try:
        text = message.decode("utf-8") if isinstance(message, bytes) else message
        body = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise ApiError(2) from error
    if not isinstance(body, dict):
        raise ApiError(2)
    return body
