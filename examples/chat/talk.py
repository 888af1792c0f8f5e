"""Ask a character three things, interrupt it once, give it a tool to call, and print what it remembers."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from avatar_bridge import Bridge
from avatar_bridge.assembly.minds import build_model
from avatar_bridge.core.mind.dialogue import ToolCall
from avatar_bridge.errors import UsageError
from avatar_bridge.llm.script import ScriptModel
from avatar_bridge.ports import LanguageModel
from avatar_bridge.settings import Settings, read_settings
from avatar_bridge.stage.conversation import Asking, Conversation

ANSWERS = """[wave]Hello! I am glad that you came.
---
Once upon a time [nod] there was a bridge, and over the bridge there went a very small avatar, day after day after day.
---
[smile]I do not mind at all.
"""

TOOL = {
    "type": "function",
    "function": {"name": "weather", "description": "how the weather is", "parameters": {"type": "object"}},
}


async def look(call: ToolCall) -> str:
    """Answer the model's call of a tool."""
    return "sunny" if call.name == "weather" else f"there is no {call.name}"


def model_of(settings: Settings) -> LanguageModel:
    """Return the model that the settings name, else one that reads its answers from a script."""
    try:
        model, notes = build_model(settings.mind)
    except UsageError:
        return ScriptModel(text=ANSWERS)
    for note in notes:
        print(f"note: {note.message}")
    return model


async def main(path: str | None) -> None:
    """Talk."""
    settings = read_settings(Path(path) if path else None)
    model = model_of(settings)
    async with Bridge.from_settings(settings) as bridge:
        await model.open()
        asking = Asking(tools=(TOOL,), carry=look)
        async with Conversation(model, bridge, system="You are Aria. Be brief.", asking=asking) as aria:
            turn = await aria.say("Hi, I am Ann.")
            print(f"heard: {turn.heard}  (did: {', '.join(turn.cues) or 'nothing'})")

            story = asyncio.create_task(aria.say("Tell me a long story."))
            await asyncio.sleep(2.5)
            aria.interrupt()
            print(f"heard until the interrupt: {(await story).heard}")

            print(f"heard: {(await aria.say('Sorry, I had to stop you.')).heard}")
            for each in await aria.export():
                print(f"remembered: {each['user']} -> {each['said']}")
            for note in aria.diagnostics():
                print(f"note: {note.message}")
        await model.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else None))
