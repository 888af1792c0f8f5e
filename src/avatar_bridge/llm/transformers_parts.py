"""What the `transformers` engines are made of: loading, choosing a token, and what a model has read already."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from avatar_bridge.errors import ModelError, UsageError

__all__ = ["Remembered", "choose", "choose_device", "load"]

_REMEDY = 'install it with: pip install "avatar-bridge[transformers]"'


def choose_device(device: str, threads: int, seed: int | None) -> str:
    """Return the device to compute on; raises ModelError where it, or torch, is missing."""
    try:
        import torch
    except ImportError as error:
        raise ModelError(f"the model needs torch, which cannot be loaded: {error}; {_REMEDY}") from error
    torch.set_num_threads(threads)
    if seed is not None:
        torch.manual_seed(seed)
    has = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if device == "auto":
        return next(name for name, there in has.items() if there)
    kind = device.partition(":")[0]
    if kind not in has:
        raise UsageError(f"mind.options.device: expected auto, cpu, cuda, cuda:1 or mps, got {device!r}")
    if not has[kind]:
        raise ModelError(f"this machine's torch has no {kind}: leave device on auto, or install a torch that has it")
    return device


def load(model: str, device: str, dtype: str, *, download: bool, task: str = "AutoModelForCausalLM") -> tuple[Any, Any]:
    """Return tokenizer and model, on its device; raises ModelError naming what is missing. Runs no code of the model's.

    Reads the hub only where `download` says so.
    """
    try:
        import torch
        import transformers
    except ImportError as error:
        raise ModelError(f"the model needs transformers, which cannot be loaded: {error}; {_REMEDY}") from error
    kinds = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}
    kinds["auto"] = torch.float32 if device == "cpu" else "auto"
    if dtype not in kinds:
        raise UsageError(f"mind.options.dtype: expected one of {', '.join(sorted(kinds))}, got {dtype!r}")
    path = Path(model).expanduser()
    if not path.exists() and (path.is_absolute() or model.startswith((".", "~"))):
        raise ModelError(f"there is no folder {path}; give the path of a model's folder, or its name at the hub")
    source = str(path) if path.exists() else model
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(source, local_files_only=not download)
        loaded = getattr(transformers, task).from_pretrained(source, local_files_only=not download, dtype=kinds[dtype])
        return tokenizer, loaded.to(device).eval()
    except (OSError, ValueError, KeyError, ImportError, RuntimeError) as error:
        line = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        advice = "" if download or path.exists() else "; give the path of its folder, or set download = true"
        raise ModelError(f"the model {model!r} cannot be loaded: {line}{advice}") from error


def choose(logits: Any, made: Sequence[int], temperature: float, top_p: float, penalty: float) -> int:
    """Return the next token, drawn from the most likely ones that have `top_p` together; the likeliest at 0.

    `penalty`: by which the odds of tokens that were `made` already are divided (Keskar et al. 2019, CTRL).
    """
    import torch

    logits = logits.float()
    if penalty != 1.0 and made:
        seen = torch.tensor(sorted(set(made)), device=logits.device)
        scores = logits[seen]
        logits[seen] = torch.where(scores > 0, scores / penalty, scores * penalty)
    if temperature <= 0.0:
        return int(logits.argmax())
    odds, tokens = torch.softmax(logits / temperature, -1).sort(descending=True)
    odds[odds.cumsum(-1) - odds > top_p] = 0.0
    return int(tokens[torch.multinomial(odds, 1)])


class Remembered:
    """What a model has read, so that a prompt that begins alike is not read again."""

    def __init__(self, model: Any, device: str) -> None:
        self._model = model
        self._device = device
        # else a prompt of thousands of tokens computes odds for each
        takes = inspect.signature(model.forward).parameters
        self._last: dict[str, int] = {"logits_to_keep": 1} if "logits_to_keep" in takes else {}
        self._ids: list[int] = []
        self._cache: Any = None

    def shared(self, ids: Sequence[int]) -> int:
        """Return how many tokens at the beginning of `ids` need not be read."""
        known = 0
        while known < min(len(self._ids), len(ids) - 1) and self._ids[known] == ids[known]:
            known += 1
        return known if known == len(self._ids) or self._croppable() else 0

    def read(self, ids: Sequence[int], batch: int) -> Iterator[int]:
        """Read all of `ids` but what is known, so many at a time; yield how far it is."""
        self._forget_from(self.shared([*ids, -1]))
        while len(self._ids) < len(ids):
            self._forward(ids[len(self._ids) : len(self._ids) + batch])
            yield len(self._ids)

    def follow(self, ids: Sequence[int]) -> Any:
        """Return the odds (logits) of what follows `ids`, of which all but the last were read."""
        self._forget_from(self.shared(ids))
        return self._forward(ids[len(self._ids) :])

    def _croppable(self) -> bool:
        told = getattr(self._cache, "is_croppable", False)
        return bool(told() if callable(told) else told)

    def _forget_from(self, known: int) -> None:
        if known == len(self._ids):
            return
        if known:
            self._cache.crop(known - len(self._ids))
            del self._ids[known:]
        else:
            self._ids, self._cache = [], None

    def _forward(self, ids: Sequence[int]) -> Any:
        import torch

        ids = list(ids)
        try:
            with torch.inference_mode():
                told = self._model(
                    input_ids=torch.tensor([ids], device=self._device),
                    past_key_values=self._cache,
                    use_cache=True,
                    **self._last,
                )
        except torch.cuda.OutOfMemoryError as error:
            self._ids, self._cache = [], None
            raise ModelError(
                "the graphics card has no memory left: lower context, close what else uses it, or take a smaller model"
            ) from error
        self._cache = told.past_key_values
        self._ids += ids
        return told.logits[0, -1]
