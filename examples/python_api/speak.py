"""Speak text that is still being written, act at once, and stop in mid-sentence. Usage: speak.py [bridge.toml]."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator

from avatar_bridge import Bridge, parse


async def written() -> AsyncIterator[str]:
    """Yield a reply in pieces, as a language model writes it; tags may be cut anywhere."""
    for piece in ("Hi there! [wa", "ve] I am [smile 0.8]so hap", "py[/smile] you came. ", "[nod] Let's play!"):
        yield piece
        await asyncio.sleep(0.02)


async def main(settings: str | None) -> None:
    """Perform a reply, then another that is interrupted."""
    async with Bridge.from_settings(settings) as bridge:
        await bridge.ready()
        for note in bridge.notes:
            print("note:", note.message)

        outcome = await bridge.perform(written())
        print("heard:", outcome.heard.speech)
        for cue in outcome.timeline.cues:
            print(f"  {cue.at:5.2f} s  {cue.name}")

        bridge.act("surprised")
        long = asyncio.create_task(bridge.perform("Now I will count: one, two, three, four, five, six, seven, eight."))
        await bridge.stage.until(lambda: (bridge.stage.heard() or 0.0) > 1.5)
        bridge.interrupt()
        print("interrupted after:", (await long).heard.speech)


if __name__ == "__main__":
    script = parse("Hi! [wave] Nice to see you.")  # a stage alone: no voice, no target, nothing is started
    print("says:", script.speech, "| does:", ", ".join(cue.name for cue in script.cues))
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else None))
