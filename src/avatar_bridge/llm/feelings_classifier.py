"""Reads a feeling off a text with a `transformers` text classifier, in a child process."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from avatar_bridge.errors import UsageError
from avatar_bridge.llm.transformers_parts import choose_device, load

__all__ = ["FEELINGS", "FeelingsClassifier"]

FEELINGS = ("happy", "sad", "angry", "surprised", "relaxed", "neutral")
"""What a text may feel like: the expressions of VRM 1.0, and none."""

_LABELS: Mapping[str, str] = MappingProxyType(
    {
        label: feeling
        for feeling, labels in {
            "happy": "happy happiness joy joyful love excitement amusement admiration gratitude pride optimism desire "
            "positive pos",
            "sad": "sad sadness grief disappointment remorse embarrassment pessimism fear nervousness lonely "
            "negative neg",
            "angry": "angry anger annoyance disapproval disgust contempt frustrated",
            "surprised": "surprised surprise realization confusion curiosity",
            "relaxed": "relaxed relief caring approval calm calmness trust contentment",
            "neutral": "neutral none other no_emotion neu",
        }.items()
        for label in labels.split()
    }
)
"""Labels of usual classifiers (Ekman, GoEmotions, sentiment) and what they are as an expression."""

_LONGEST = 1000
"""Characters of a text that count."""


class FeelingsClassifier:
    """Tells what a sentence feels like.

    model: folder or name of a text classifier. labels: its labels, each with one of `FEELINGS`, where they are not
    usual ones. threads, device, download: as of the `transformers` model.
    """

    def __init__(
        self,
        *,
        model: str,
        labels: Mapping[str, str] | None = None,
        threads: int = 1,
        device: str = "auto",
        download: bool = False,
    ) -> None:
        for label, feeling in (labels or {}).items():
            if feeling not in FEELINGS:
                raise UsageError(f"feelings: {label!r} is to be one of {', '.join(FEELINGS)}, got {feeling!r}")
        self._device = choose_device(device, threads, None)
        task = "AutoModelForSequenceClassification"
        self._tokenizer, self._model = load(model, self._device, "auto", download=download, task=task)
        table = {**_LABELS, **{key.lower(): value for key, value in (labels or {}).items()}}
        names = {int(at): str(name).lower() for at, name in self._model.config.id2label.items()}
        self._feelings = {at: table[name] for at, name in names.items() if name in table}
        if not set(self._feelings.values()) - {"neutral"}:
            raise UsageError(
                f"feelings.classifier: {model!r} tells {', '.join(names.values())}, of which none is a feeling that "
                f"the bridge knows; give labels, each with one of {', '.join(FEELINGS)}"
            )

    def classify(self, text: str) -> tuple[str, float]:
        """Return the likeliest of `FEELINGS`, and how likely it is (0..1); neutral for a text without words."""
        import torch

        if not text.strip():
            return "neutral", 1.0
        limit = getattr(self._model.config, "max_position_embeddings", 512) or 512
        given = self._tokenizer(text[:_LONGEST], return_tensors="pt", truncation=True, max_length=min(limit - 2, 256))
        known = {"input_ids", "attention_mask"}
        with torch.inference_mode():
            logits = self._model(**{key: each.to(self._device) for key, each in given.items() if key in known}).logits
        odds = dict.fromkeys(FEELINGS, 0.0)
        for at, share in enumerate(torch.softmax(logits[0].float(), -1).tolist()):
            odds[self._feelings.get(at, "neutral")] += share
        best = max(odds, key=odds.__getitem__)
        return best, odds[best]
