"""A reply of the plain `openai` client, performed while it streams; Ctrl-C interrupts it and stops the model."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing

from openai import AsyncOpenAI

from avatar_bridge import Bridge
from avatar_bridge.core.motion.prompt import instructions


async def reply(client: AsyncOpenAI, model: str, system: str, question: str) -> AsyncIterator[str]:
    """Yield the text of the answer; closing this closes the connection, and the server stops."""
    messages = [{"role": "system", "content": system}, {"role": "user", "content": question}]
    async with await client.chat.completions.create(model=model, messages=messages, stream=True) as stream:
        async for chunk in stream:
            if chunk.choices and chunk.choices[0].delta.content:
                yield chunk.choices[0].delta.content


async def main(url: str, model: str, question: str) -> None:
    """Ask one question and perform the answer."""
    async with Bridge.from_settings() as bridge:
        client = AsyncOpenAI(base_url=url)  # the key is read from OPENAI_API_KEY
        system = instructions(bridge.motion_map, persona="You are Pip, a cheerful mascot. Answer in two sentences.")
        async with aclosing(reply(client, model, system, question)) as text:
            outcome = await bridge.perform(text)
        print("heard:", outcome.heard.speech)
        await client.close()


if __name__ == "__main__":
    asyncio.run(main(*(sys.argv[1:] or ["http://127.0.0.1:11434/v1", "llama3.2", "Who are you?"])))
