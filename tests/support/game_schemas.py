"""The published schema of the game protocol as a judge."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, Literal

from jsonschema import Draft202012Validator

SCHEMA = Path(__file__).parents[2] / "docs" / "game-protocol.schema.json"
Side = Literal["from_bridge", "from_game"]


@cache
def _judge(side: Side, strictly: bool) -> Draft202012Validator:
    document = json.loads(SCHEMA.read_text(encoding="utf-8"))
    if strictly:
        for part in document["$defs"].values():
            if part.get("type") == "object":
                part["additionalProperties"] = False
    del document["anyOf"]
    return Draft202012Validator({**document, "$ref": f"#/$defs/{side}"})


def judged(side: Side, message: Any, *, strictly: bool = True) -> None:
    """Assert that the schema holds for a message; strictly: that it knows every key of it as well."""
    problems = [error.message[:300] for error in _judge(side, strictly).iter_errors(message)]
    assert not problems, problems


__all__ = ["judged"]
