"""The command group and the way in."""

from __future__ import annotations

import sys

import click

from avatar_bridge import __version__
from avatar_bridge.commands import shell

__all__ = ["cli", "main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="avatar-bridge")
def cli() -> None:
    """Speak tagged text with a neural voice and fire every action on its word.

    Start with: avatar-bridge demo
    """


def main() -> None:
    """Run the command line and leave with 0 done, 1 failed or 2 wrong usage."""
    sys.exit(shell.guarded(cli))
