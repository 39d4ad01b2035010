"""A language model on this machine, by transformers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from threading import Thread
from typing import Any

from jinja2 import TemplateError

from lookbook.captioners.constrained import SchemaLogitsProcessor
from lookbook.checkpoint import Checkpoint, Model, load_model

GREEDY: dict[str, Any] = {"do_sample": False, "temperature": None, "top_p": None, "top_k": None}


class HuggingFaceChat:
    """Talks to a model on this machine, see :class:`.language_model.Chat`.

    One answer at a time is written; a captioner of the same checkpoint shares its weights.
    """

    def __init__(self, checkpoint: Checkpoint, max_tokens: int = 512) -> None:
        """Names the model; it is loaded when it is first asked.

        Args:
            checkpoint: The model.
            max_tokens: Tokens an answer may take.
        """
        self._checkpoint = checkpoint
        self._max_tokens = max_tokens

    def answer(
        self, messages: list[dict[str, str]], schema: dict[str, Any], temperature: float
    ) -> str:
        """Answers in JSON; no token that leaves the schema can be written."""
        import llguidance
        from transformers import LogitsProcessorList

        model = load_model(self._checkpoint)
        rules = llguidance.LLMatcher.grammar_from_json_schema(
            json.dumps(schema), defaults={"whitespace_flexible": False}
        )
        constrained = SchemaLogitsProcessor(model.guide, rules, 1)
        sampled = {"do_sample": True, "temperature": temperature} if temperature else GREEDY
        with model.turn:
            inputs = self._read(model, messages)
            written = self._write(
                model, inputs, logits_processor=LogitsProcessorList([constrained]), **sampled
            )
            answer = written[0, inputs["input_ids"].shape[1] :]
            return str(model.processor.decode(answer, skip_special_tokens=True))

    def stream(self, messages: list[dict[str, str]]) -> Iterator[str]:
        """Answers in words, in parts as they are written."""
        from transformers import TextIteratorStreamer

        model = load_model(self._checkpoint)
        with model.turn:
            inputs = self._read(model, messages)
            streamer = TextIteratorStreamer(
                model.processor.tokenizer, skip_prompt=True, skip_special_tokens=True, timeout=300
            )
            options = {"streamer": streamer, **GREEDY}
            writer = Thread(target=self._write, args=(model, inputs), kwargs=options)
            writer.start()
            yield from streamer
            writer.join()

    def _read(self, model: Model, messages: list[dict[str, str]]) -> Any:
        try:
            text = _chat(model, messages)
        except TemplateError:
            # Some chat formats have no system turn.
            system, first, *rest = messages
            first = {**first, "content": f"{system['content']}\n\n{first['content']}"}
            text = _chat(model, [first, *rest])
        return model.processor(text=text, add_special_tokens=False, return_tensors="pt").to(
            model.network.device
        )

    def _write(self, model: Model, inputs: Any, **options: Any) -> Any:
        import torch

        with torch.inference_mode():
            return model.network.generate(**inputs, max_new_tokens=self._max_tokens, **options)


def _chat(model: Model, messages: list[dict[str, str]]) -> str:
    """Writes a talk in the model's own chat format."""
    parts = [
        {"role": one["role"], "content": [{"type": "text", "text": one["content"]}]}
        for one in messages
    ]
    text: str = model.processor.apply_chat_template(parts, add_generation_prompt=True)
    return text
