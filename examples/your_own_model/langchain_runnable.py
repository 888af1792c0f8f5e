"""Anything of LangChain's that streams text, performed: a model, a chain, an agent."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import Runnable

from avatar_bridge import Bridge
from avatar_bridge.core.motion.prompt import instructions


async def text_of(runnable: Runnable[Any, Any], given: Any) -> AsyncIterator[str]:
    """Yield the text that a runnable streams; its pieces may be words, messages, or messages made of blocks."""
    async for piece in runnable.astream(given):
        content = getattr(piece, "content", piece)
        blocks = content if isinstance(content, list) else [content]
        for block in blocks:
            text = block.get("text", "") if isinstance(block, dict) else block
            if isinstance(text, str):
                yield text


async def main() -> None:
    """Perform one answer."""
    # in the place of the real one: langchain_ollama.ChatOllama(model="llama3.2"), say
    model = GenericFakeChatModel(messages=iter([AIMessage("Hi! [wave] I am Pip. [smile]What shall we build?")]))
    prompt = ChatPromptTemplate.from_messages([("system", "{system}"), ("user", "{question}")])
    async with Bridge.from_settings() as bridge:
        given = {"system": instructions(bridge.motion_map), "question": "Who are you?"}
        outcome = await bridge.perform(text_of(prompt | model, given))
        print("heard:", outcome.heard.speech)


if __name__ == "__main__":
    asyncio.run(main())
