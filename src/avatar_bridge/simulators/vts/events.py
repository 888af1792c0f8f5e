"""Event subscriptions: who is told what."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from avatar_bridge.simulators.vts.area import Answer, Area
from avatar_bridge.simulators.vts.error_ids import ApiError
from avatar_bridge.simulators.vts.fields import Fields, JsonObject
from avatar_bridge.simulators.vts.model import HOTKEY_ACTIONS
from avatar_bridge.simulators.vts.session import Call, Session, Subscription, envelope

if TYPE_CHECKING:
    from avatar_bridge.simulators.vts.studio import Studio

__all__ = ["EVENT_NAMES", "Events"]

EVENT_NAMES = (
    "TestEvent",
    "ModelLoadedEvent",
    "TrackingStatusChangedEvent",
    "BackgroundChangedEvent",
    "ModelConfigChangedEvent",
    "ModelMovedEvent",
    "ModelOutlineEvent",
    "HotkeyTriggeredEvent",
    "ModelAnimationEvent",
    "ItemEvent",
    "ModelClickedEvent",
    "PostProcessingEvent",
    "Live2DCubismEditorConnectedEvent",
)
"""The events of the stable version; those of the beta are unknown to it."""

_OUTLINE_RATE = 15.0
_MODEL_ID = re.compile(r"[0-9a-fA-F]{32}")


class Events(Area):
    """Subscriptions of all sessions, and the events that come by themselves."""

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio)
        self._second = 0
        self._outlines = 0
        self.editor_connected = False

    def answers(self) -> dict[str, Answer]:
        """Return the requests that this area answers."""
        return {"EventSubscriptionRequest": self._subscribe}

    def emit(self, name: str, data: JsonObject, wanted: Callable[[JsonObject], bool] | None = None) -> None:
        """Send an event to every session that subscribed to it and whose config passes `wanted`."""
        for session in self.studio.sessions:
            subscription = session.subscriptions.get(name)
            if subscription is not None and (wanted is None or wanted(subscription.config)):
                self.send(session, subscription, name, data)

    def send(self, session: Session, subscription: Subscription, name: str, data: JsonObject) -> None:
        """Send an event to one session."""
        options = self.studio.options
        if options.extra_fields:
            data = {**data, "fieldOfALaterVersion": {"note": "clients ignore what they do not know"}}
        own = options.event_request_id == "subscription"
        request_id = subscription.request_id if own else self.studio.new_uuid()
        self.studio.push_event(session, envelope(name, request_id, data))

    def advance(self) -> None:
        """Send what comes by the clock: the test event each second, the outline at 15 Hz."""
        since = self.studio.now - self.studio.started
        if int(since) > self._second:
            self._second = int(since)
            for session in self.studio.sessions:
                subscription = session.subscriptions.get("TestEvent")
                if subscription is not None:
                    self._send_test(session, subscription)
        if int(since * _OUTLINE_RATE) > self._outlines:
            self._outlines = int(since * _OUTLINE_RATE)
            if self.studio.models.current is not None:
                self.emit("ModelOutlineEvent", self.studio.movement.outline())

    def _send_test(self, session: Session, subscription: Subscription) -> None:
        message = subscription.config.get("testMessageForEvent")
        data = {"yourTestMessage": message if isinstance(message, str) else "", "counter": self._second}
        self.send(session, subscription, "TestEvent", data)

    def _subscribe(self, call: Call) -> JsonObject | None:
        session, name = call.session, call.fields.text("eventName")
        subscribe = call.fields.flag("subscribe")
        if not subscribe and not name:
            session.subscriptions.clear()
            return self._subscribed(session)
        if name not in EVENT_NAMES:
            raise ApiError(950, name[:100])
        if not subscribe:
            session.subscriptions.pop(name, None)
            return self._subscribed(session)
        config = call.fields.object("config")
        _check_config(name, config)
        first = name not in session.subscriptions
        subscription = Subscription(call.request_id, dict(config.data), self.studio.now)
        session.subscriptions[name] = subscription
        if name == "TestEvent" and self.studio.options.event_order == "adversarial":
            self._send_test(session, subscription)
        call.answer(self._subscribed(session))
        self._greet(session, subscription, name, first)
        return None

    def _greet(self, session: Session, subscription: Subscription, name: str, first: bool) -> None:
        """Send the event that follows a subscription at once, for the kinds that do so."""
        if name == "ModelMovedEvent" and self.studio.models.current is not None:
            self.send(session, subscription, name, self.studio.movement.moved())
        if name == "Live2DCubismEditorConnectedEvent" and first:
            self.send(session, subscription, name, self.editor_state())

    def editor_state(self) -> JsonObject:
        """Return the data of a Live2DCubismEditorConnectedEvent."""
        state = self.editor_connected
        return {"tryingToConnect": state, "connected": state, "shouldSendParameters": state}

    @staticmethod
    def _subscribed(session: Session) -> JsonObject:
        names = list(session.subscriptions)
        return {"subscribedEventCount": len(names), "subscribedEvents": names}


def _check_config(name: str, config: Fields) -> None:
    """Refuse what the error list names for an event's config."""
    if name == "TestEvent" and len(config.text("testMessageForEvent")) > 32:
        raise ApiError(100000)
    if name == "ModelLoadedEvent":
        for model_id in config.array("modelID"):
            if not isinstance(model_id, str) or not _MODEL_ID.fullmatch(model_id):
                raise ApiError(100050, str(model_id)[:100])
    if name == "HotkeyTriggeredEvent":
        action = config.text("onlyForAction")
        if action and action not in HOTKEY_ACTIONS:
            raise ApiError(100100, action[:100])
