"""Texts by chance: words, tags that are known or not, and what may break a reader."""

from __future__ import annotations

import random

WORDS = [
    "oh",
    "yes",
    "[nod]",
    "my",
    "[smile]friend[/smile]",
    "<b>what</b>",
    "[bow]",
    "day,",
    "[hat]",
    "[angry]",
    "你好",
]
WORDS += ["&", "[unknown]", "so", "[nod strength=2]", "[[", "…"]


def script(rng: random.Random, most: int) -> str:
    return " ".join(rng.choices(WORDS, k=rng.randint(1, most))) + rng.choice([".", "!", "", "?! ..."])


__all__ = ["script"]
