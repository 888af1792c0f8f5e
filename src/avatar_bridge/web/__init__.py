"""The local server with the overlay, the studio, the HTTP API, the event socket and the games' socket."""

from __future__ import annotations

from avatar_bridge.web.audience import WebAudience
from avatar_bridge.web.games import WebGames
from avatar_bridge.web.server import Server

__all__ = ["Server", "WebAudience", "WebGames"]
