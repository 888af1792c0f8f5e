"""`python -m avatar_bridge`, and what the installed command calls."""

import sys


def main() -> None:
    """Run the command line; a Ctrl-C while it is still being loaded ends it like any other."""
    try:
        from avatar_bridge.cli import main as command_line
    except KeyboardInterrupt:
        sys.exit(1)
    command_line()


if __name__ == "__main__":
    main()
