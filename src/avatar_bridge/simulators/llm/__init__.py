"""Language model services: OpenAI's chat and its kin, and Anthropic's messages, strict and with faults on demand."""

from __future__ import annotations

from avatar_bridge.simulators.llm.replies import FAULTS, Reply
from avatar_bridge.simulators.llm.server import SERVICES, LanguageServer

__all__ = ["FAULTS", "SERVICES", "LanguageServer", "Reply"]
