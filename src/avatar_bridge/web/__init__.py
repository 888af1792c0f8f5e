"""The local server with the overlay, the studio, the HTTP API and the event socket."""

from __future__ import annotations

from avatar_bridge.web.audience import WebAudience
from avatar_bridge.web.server import Server

__all__ = ["Server", "WebAudience"]
