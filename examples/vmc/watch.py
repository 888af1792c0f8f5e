"""Stand in for VSeeFace and its like: print what the avatar would do. Usage: watch.py [PORT]."""

from __future__ import annotations

import asyncio
import contextlib
import sys

from avatar_bridge.simulators.vmc import VmcFrame, VmcSimulator

ARMS = ("LeftUpperArm", "RightUpperArm")


def seen(frame: VmcFrame, rest: VmcFrame) -> set[str]:
    """Return what differs from the resting avatar."""
    found = {name for name, weight in frame.blends.items() if weight > 0.2}
    for bone in ARMS:
        if (
            bone in frame.bones
            and sum(abs(a - b) for a, b in zip(frame.bones[bone], rest.bones[bone], strict=True)) > 0.5
        ):
            found.add(bone)
    return found


async def main(port: int) -> None:
    """Print every change until Ctrl-C, or until nothing has come for a second and a half after something had."""
    async with VmcSimulator(port=port) as receiver:
        print(f"listening on {receiver.url}", flush=True)
        rest = await receiver.wait(1, timeout=3600)
        last: set[str] = set()
        while True:
            try:
                frame = await receiver.wait(1, timeout=1.5)
            except TimeoutError:
                break
            now = seen(frame, rest)
            for name in sorted(now - last):
                print(f"{frame.time or 0:7.2f} s  {name}", flush=True)
            last = now
        receiver.check()
        print(f"{receiver.count} frames, all by the rules; at the end {', '.join(sorted(last)) or 'at rest'}")


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 39539))
