"""The command line: arguments to calls, no logic."""

from avatar_bridge.cli import maps, personas, show, talking, texts, tools
from avatar_bridge.cli.root import cli, main

__all__ = ["cli", "main", "maps", "personas", "show", "talking", "texts", "tools"]
