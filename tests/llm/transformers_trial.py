"""Run by `test_transformers.py` in a Python that has torch and transformers: tiny models made here, asked for real.

Prints one JSON object: what each trial saw.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
)

from avatar_bridge.core.mind.dialogue import Delta, Finish, Image, Message, Reasoning, Request
from avatar_bridge.errors import AvatarBridgeError
from avatar_bridge.llm.feelings_classifier import FeelingsClassifier
from avatar_bridge.llm.transformers import TransformersEngine
from avatar_bridge.llm.transformers_parts import Remembered

TEMPLATE = (
    "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}</s>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{{ '<think>' if enable_thinking }}{% endif %}"
)
TEXTS = [
    "Hello there, how are you today? I am well, thank you very much.",
    "日本語 café 😀 🎉 ünïcödé",
    "one two three",
]


def tokenizer(template: str | None) -> PreTrainedTokenizerFast:
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    special = ["<unk>", "<s>", "</s>", "<pad>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    made.train_from_iterator(
        TEXTS, trainers.BpeTrainer(vocab_size=400, special_tokens=special, initial_alphabet=alphabet)
    )
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=made, unk_token="<unk>", bos_token="<s>", eos_token="</s>", pad_token="<pad>"
    )
    wrapped.chat_template = template
    return wrapped


def language_model(folder: Path, template: str | None) -> str:
    torch.manual_seed(5)
    words = tokenizer(template)
    config = LlamaConfig(
        vocab_size=len(words),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        bos_token_id=1,
        eos_token_id=2,
    )
    model = LlamaForCausalLM(config)
    with torch.no_grad():
        # it says what can be read, mostly, and does not end by itself
        for at in range(len(words)):
            shown = words.decode([at])
            model.lm_head.weight[at] *= 3.0 if shown.isascii() and shown.isprintable() and at > 3 else 0.1
    model.save_pretrained(folder)
    words.save_pretrained(folder)
    return str(folder)


def classifier(folder: Path, labels: list[str]) -> str:
    torch.manual_seed(6)
    words = tokenizer(None)
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=1,
        num_attention_heads=2,
        id2label=dict(enumerate(labels)),
        label2id={label: at for at, label in enumerate(labels)},
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    words.save_pretrained(folder)
    return str(folder)


def asked(text: str, **more: Any) -> Request:
    return Request((Message("system", "Be kind. " * 20), Message("user", text)), **more)


def told(engine: TransformersEngine, request: Request) -> dict[str, Any]:
    events = list(engine.reply(request))
    finish = events[-1]
    assert isinstance(finish, Finish)
    return {
        "text": "".join(event.text for event in events if isinstance(event, Delta)),
        "thought": "".join(event.text for event in events if isinstance(event, Reasoning)),
        "pieces": sum(isinstance(event, Delta) and bool(event.text) for event in events),
        "signs": sum(isinstance(event, Delta) and not event.text for event in events),
        "reason": finish.reason,
        "prompt": finish.usage.prompt_tokens,
        "made": finish.usage.completion_tokens,
        "cached": finish.usage.cached_tokens,
    }


def refusal(work: Any) -> str:
    try:
        work()
    except AvatarBridgeError as error:
        return f"{type(error).__name__}: {error}"
    return ""


def greedy(path: str, engine: TransformersEngine, request: Request, count: int) -> str:
    """Return what the library's own generation writes."""
    ids, _ = engine._prompt(request)
    model = LlamaForCausalLM.from_pretrained(path).eval()
    made = model.generate(torch.tensor([ids]), do_sample=False, max_new_tokens=count, pad_token_id=3)[0, len(ids) :]
    text: str = engine._tokenizer.decode(made, skip_special_tokens=True)
    return text


def trials(folder: Path) -> dict[str, Any]:
    path = language_model(folder / "chat", TEMPLATE)
    engine = TransformersEngine(model=path, seed=3, context=512)
    seen: dict[str, Any] = {"abilities": [engine.abilities.local, engine.abilities.context, engine.abilities.tools]}
    exact = asked("Hello", max_tokens=40, temperature=0.0)
    seen["first"] = told(engine, exact)
    seen["library"] = greedy(path, engine, exact, 40)
    seen["again"] = told(engine, exact)
    seen["other"] = told(engine, asked("one two", max_tokens=5))
    for _ in engine.read_ahead(Request((Message("system", "Another one. " * 30),))):
        pass
    seen["ahead"] = told(
        engine, Request((Message("system", "Another one. " * 30), Message("user", "Hi")), max_tokens=3)
    )
    seen["stop"] = told(engine, asked("Hello", max_tokens=40, temperature=0.0, stop=(seen["first"]["text"][4:7],)))
    forwards = []
    forward = Remembered._forward
    Remembered._forward = lambda self, ids: (forwards.append(len(ids)), forward(self, ids))[1]  # type: ignore[method-assign]
    writing = engine.reply(asked("Tell me more", max_tokens=200))
    while not (isinstance(event := next(writing), Delta) and event.text):
        continue
    before = len(forwards)
    writing.close()  # type: ignore[attr-defined]
    seen["after_close"] = len(forwards) - before
    Remembered._forward = forward  # type: ignore[method-assign]
    seen["after"] = told(engine, exact)
    ids, _ = engine._prompt(exact)
    other, _ = engine._prompt(asked("one two three one two three"))
    fresh, used = Remembered(engine._model, "cpu"), Remembered(engine._model, "cpu")
    used.follow(other)
    seen["shared"] = used.shared(ids)
    seen["drift"] = float((used.follow(ids) - fresh.follow(ids)).abs().max())
    seen["odds"] = float(fresh.follow(ids).abs().max())
    thinker = TransformersEngine(model=path, seed=3, thinking=True)
    seen["thinking"] = told(thinker, asked("Hello", max_tokens=10))
    plain = TransformersEngine(model=language_model(folder / "plain", None), seed=3)
    seen["plain"] = told(plain, asked("Hello", max_tokens=10))
    seen["plain_prompt"] = plain._tokenizer.decode(plain._prompt(asked("Hello"))[0])[-30:]
    seen["refusals"] = {
        "long": refusal(lambda: list(engine.reply(asked("word " * 400)))),
        "image": refusal(lambda: list(engine.reply(Request((Message("user", "x", (Image("data:"),)),))))),
        "tools": refusal(lambda: list(engine.reply(asked("x", tools=({"type": "function"},))))),
        "missing": refusal(lambda: TransformersEngine(model=str(folder / "none"))),
        "name": refusal(lambda: TransformersEngine(model="someone/some-model")),
        "none": refusal(TransformersEngine),
        "device": refusal(lambda: TransformersEngine(model=path, device="tpu")),
        "dtype": refusal(lambda: TransformersEngine(model=path, dtype="int3")),
    }
    (folder / "broken").mkdir()
    (folder / "broken" / "config.json").write_text("{", encoding="utf-8")
    seen["refusals"]["broken"] = refusal(lambda: TransformersEngine(model=str(folder / "broken")))
    names = classifier(folder / "feelings", ["joy", "sadness", "anger", "fear", "surprise", "optimism", "neutral"])
    feelings = FeelingsClassifier(model=names)
    seen["feelings"] = [feelings.classify("Hello there!"), feelings.classify("word " * 3000), feelings.classify("")]
    odd = classifier(folder / "odd", ["spam", "ham"])
    seen["refusals"]["labels"] = refusal(lambda: FeelingsClassifier(model=odd))
    seen["own_labels"] = FeelingsClassifier(model=odd, labels={"spam": "angry", "ham": "happy"}).classify(
        "Hello there!"
    )
    return seen


if __name__ == "__main__":
    print(json.dumps(trials(Path(sys.argv[1]))))
