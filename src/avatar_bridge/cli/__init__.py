"""The command line: arguments to calls, no logic."""

from avatar_bridge.cli import maps, show, talking, texts, tools
from avatar_bridge.cli.root import cli, main

__all__ = ["cli", "main", "maps", "show", "talking", "texts", "tools"]
