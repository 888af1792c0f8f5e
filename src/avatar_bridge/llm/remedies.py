"""What to do where a model's server says no, in words for whoever has to do it."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from avatar_bridge.errors import AvatarBridgeError, ModelError, ProtocolError, UnreachableError
from avatar_bridge.llm.asking import LongWaitError
from avatar_bridge.remote import ServiceRefusedError

__all__ = ["MODEL_STATUSES", "model_error", "named"]

MODEL_STATUSES = frozenset({400, 404, 422})
"""Statuses by which servers tell, among other things, that they do not have a model."""

_SHOWN = 8


def named(models: Sequence[str], wanted: str = "") -> str:
    """Return the models that there are, the nearest first, as a list for a message."""
    nearest = get_close_matches(wanted, models, 2, 0.4) if wanted else []
    ordered = [*nearest, *(model for model in models if model not in nearest)]
    more = f" and {len(ordered) - _SHOWN} more" if len(ordered) > _SHOWN else ""
    return ", ".join(repr(model) for model in ordered[:_SHOWN]) + more


def model_error(
    error: AvatarBridgeError, *, start: str, variable: str, key: bool, model: str = "", models: Sequence[str] = ()
) -> ModelError:
    """Return the error with its remedy: `start` to reach the server, `variable` that may hold its key."""
    remedy = _remedy(error, start, variable, key, model, models)
    return ModelError(f"{str(error).rstrip('.')}{remedy}" if remedy else str(error))


def _remedy(error: AvatarBridgeError, start: str, variable: str, key: bool, model: str, models: Sequence[str]) -> str:
    if isinstance(error, UnreachableError):
        return "" if isinstance(error, LongWaitError) else f"; {start}"
    if isinstance(error, ProtocolError):
        return ""
    if not isinstance(error, ServiceRefusedError):
        return ""
    if error.status == 402 or (error.code and not error.passing and error.status == 429):
        return "; the account has no balance left: top it up, or choose another model in [mind]"
    if error.status in (401, 403) and not key:
        where = f"set the environment variable {variable}, or " if variable else ""
        return f': {where}name its place as key = "env:..." or "file:..." in [mind]'
    words = str(error).lower()
    if error.status in MODEL_STATUSES and "max_completion_tokens" in words:
        return '; put max_tokens_field = "max_completion_tokens" in [mind.options]'
    if error.status in MODEL_STATUSES and "max_tokens" in words and "field" not in words:
        return "; see max_tokens in [mind]"
    if error.status in MODEL_STATUSES and models and model not in models:
        return f"; {model!r} is none of its models: [mind] model may be {named(models, model)}"
    if error.status in (404, 405) and not models:
        return "; does [mind] url end as it should, with /v1?"
    return ""
