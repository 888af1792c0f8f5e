"""The HTTP client of every service: time-outs, size limits, refusals in plain words, keys kept out of them."""

from __future__ import annotations

from avatar_bridge.remote.event_stream import Event, EventStream
from avatar_bridge.remote.refusals import BrokenOffError, ServiceRefusedError, spoken_refusal
from avatar_bridge.remote.service import Patience, Service

__all__ = ["BrokenOffError", "Event", "EventStream", "Patience", "Service", "ServiceRefusedError", "spoken_refusal"]
