"""`python -m scripts.mascot [OUT]` writes the mascot's file; OUT is the one the package ships when not given."""

from __future__ import annotations

import sys
from pathlib import Path

from .character import mascot

_SHIPPED = Path(__file__).parents[2] / "src" / "avatar_bridge" / "web" / "static" / "mascot.vrm"


def main() -> None:
    """Write the file and say how large it is."""
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else _SHIPPED
    content = mascot()
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(content)
    print(f"{out}: {len(content)} bytes")


if __name__ == "__main__":
    main()
