"""Chat models on this machine, by transformers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from threading import Thread
from typing import Any

from jinja2 import TemplateError

from lookbook.chat_models import merge_system
from lookbook.chat_models.checkpoint import Checkpoint, Model, load_model
from lookbook.chat_models.constrained import SchemaLogitsProcessor

GREEDY: dict[str, Any] = {"do_sample": False, "temperature": None, "top_p": None, "top_k": None}


class HuggingFaceChatModel:
    """Talks to a model on this machine, see :class:`lookbook.chat_models.ChatModel`.

    One answer at a time is written; a captioner of the same checkpoint shares its weights.
    """

    def __init__(
        self,
        model: str,
        *,
        revision: str | None = None,
        token: str | None = None,
        device: str = "auto",
        dtype: str = "auto",
        max_tokens: int = 512,
    ) -> None:
        """Names the model, see :class:`Checkpoint`; it is loaded when it is first asked.

        Args:
            model: A name on the Hugging Face hub, or a folder.
            revision: A commit of the hub's model.
            token: Key to gated models.
            device: ``auto`` or ``cpu``.
            dtype: The weights' type.
            max_tokens: Tokens an answer may take.
        """
        self._checkpoint = Checkpoint(model, revision, token, device, dtype)
        self._max_tokens = max_tokens
        self._model: Model | None = None

    def answer(
        self, messages: list[dict[str, str]], schema: dict[str, Any], temperature: float
    ) -> str:
        """Answers in JSON; no token that leaves the schema can be written."""
        import llguidance
        from transformers import LogitsProcessorList

        model = self._load()
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

        model = self._load()
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

    def _load(self) -> Model:
        self._model = self._model or load_model(self._checkpoint)
        return self._model

    def _read(self, model: Model, messages: list[dict[str, str]]) -> Any:
        text = write_chat(model.processor, list(messages))
        return model.processor(text=text, add_special_tokens=False, return_tensors="pt").to(
            model.network.device
        )

    def _write(self, model: Model, inputs: Any, **options: Any) -> Any:
        import torch

        with torch.inference_mode():
            return model.network.generate(**inputs, max_new_tokens=self._max_tokens, **options)


def write_chat(processor: Any, messages: list[dict[str, Any]]) -> str:
    """Writes a talk in the model's own chat format, ready for its answer.

    Args:
        processor: The model's.
        messages: ``role`` and ``content``, a text or a list of parts. A system prompt that the
            format does not take goes to the head of the first question.
    """

    def write(talk: list[dict[str, Any]]) -> str:
        parts = [
            {**turn, "content": [{"type": "text", "text": turn["content"]}]}
            if isinstance(turn["content"], str)
            else turn
            for turn in talk
        ]
        text: str = processor.apply_chat_template(parts, add_generation_prompt=True)
        return text

    try:
        return write(messages)
    except TemplateError:
        # Llama-3.2-Vision takes no system prompt beside a picture; some take none at all.
        if messages[0]["role"] != "system":
            raise
        return write(merge_system(messages))
