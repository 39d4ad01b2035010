"""Chat models on this machine, by transformers."""

from __future__ import annotations

import json
import queue
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from threading import Event, Thread
from typing import Any

from jinja2 import TemplateError

from lookbook.chat_models import ChatTimeoutError, merge_system, skip_thinking
from lookbook.chat_models.checkpoint import Checkpoint, Model, load_model
from lookbook.chat_models.constrained import SchemaLogitsProcessor
from lookbook.chat_models.sampling import Sampling
from lookbook.errors import InputError, first_line

GREEDY: dict[str, Any] = {"do_sample": False, "temperature": None, "top_p": None, "top_k": None}
LIKELIEST = Sampling()


class HuggingFaceChatModel:
    """A model on this machine, see :class:`lookbook.chat_models.ChatModel`.

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
        timeout: float = 60,
        sampling: Sampling = LIKELIEST,
    ) -> None:
        """Create a model, see :class:`Checkpoint`; it is loaded at its first use.

        Args:
            model: A name on the Hugging Face hub, or a folder.
            revision: A commit of the hub's model.
            token: The key for gated models.
            device: ``auto`` or ``cpu``.
            dtype: The weights' type.
            max_tokens: The most tokens of an answer.
            timeout: Seconds for an answer, once the weights are loaded.
            sampling: Sampling options of replies.
        """
        self._checkpoint = Checkpoint(model, revision, token, device, dtype)
        self._max_tokens = max_tokens
        self._timeout = timeout
        self._sampling = sampling
        self._model: Model | None = None

    def answer(
        self, messages: list[dict[str, str]], schema: dict[str, Any], temperature: float
    ) -> str:
        """Return an answer in JSON, constrained to the schema."""
        import llguidance
        from transformers import LogitsProcessorList

        model = self._load()
        rules = llguidance.LLMatcher.grammar_from_json_schema(
            json.dumps(schema), defaults={"whitespace_flexible": False}
        )
        constrained = SchemaLogitsProcessor(model.guide, rules, 1)
        sampling = self._sampling.model_copy(update={"temperature": temperature, "stop": None})
        written, length = self._write(
            model, messages, sampling, time.monotonic() + self._timeout,
            logits_processor=LogitsProcessorList([constrained]),
        )  # fmt: skip
        return str(model.processor.decode(written[0, length:], skip_special_tokens=True))

    def stream(self, messages: list[dict[str, str]]) -> Iterator[str]:
        """Yield the parts of an answer as they are generated."""
        yield from skip_thinking(self._stream(messages))

    def _stream(self, messages: list[dict[str, str]]) -> Iterator[str]:
        from transformers import TextIteratorStreamer

        model, deadline = self._load(), time.monotonic() + self._timeout
        streamer = TextIteratorStreamer(
            model.processor.tokenizer, skip_prompt=True, skip_special_tokens=True
        )
        is_left, failures = Event(), list[InputError]()

        def write() -> None:
            try:
                given = (model, messages, self._sampling, deadline)
                self._write(*given, is_left.is_set, streamer=streamer)
            except InputError as error:
                failures.append(error)
            finally:
                streamer.text_queue.put(streamer.stop_signal)

        # A thread, so that the reader can stop waiting.
        Thread(target=write, daemon=True).start()
        try:
            with suppress(queue.Empty):
                while True:
                    left = max(0.0, deadline - time.monotonic())
                    part = streamer.text_queue.get(timeout=left)
                    if part == streamer.stop_signal:
                        break
                    yield part
            if time.monotonic() >= deadline:
                raise self._late()
            if failures:
                raise failures[0]
        finally:
            is_left.set()

    def _load(self) -> Model:
        self._model = self._model or load_model(self._checkpoint)
        return self._model

    def _write(
        self,
        model: Model,
        messages: list[dict[str, str]],
        sampling: Sampling,
        deadline: float,
        is_left: Callable[[], bool] = bool,
        **options: Any,
    ) -> tuple[Any, int]:
        """Write an answer, until the deadline or until nobody waits for it.

        Returns:
            Tokens of prompt and answer, and how many are the prompt's.

        Raises:
            InputError: If the model is busy or fails, or time is up.
        """
        import torch
        from transformers import StoppingCriteriaList

        def is_over(tokens: Any, scores: Any, **_: Any) -> Any:
            over = is_left() or time.monotonic() > deadline
            return torch.full((tokens.shape[0],), over, dtype=torch.bool, device=tokens.device)

        if not model.turn.acquire(timeout=max(0.0, deadline - time.monotonic())):
            raise self._late()
        try:
            text = write_chat(model.processor, list(messages))
            inputs = model.processor(text=text, add_special_tokens=False, return_tensors="pt").to(
                model.network.device
            )
            with torch.inference_mode():
                written = model.network.generate(
                    **inputs,
                    **generation_options(sampling, model),
                    max_new_tokens=self._max_tokens,
                    stopping_criteria=StoppingCriteriaList([is_over]),
                    **options,
                )
        except (RuntimeError, ValueError) as error:
            # Such as a GPU that is out of memory.
            first = first_line(error)
            raise InputError(f"The chat model failed: {first}. Try again later.") from error
        finally:
            model.turn.release()
        if time.monotonic() > deadline:
            raise self._late()
        return written, inputs["input_ids"].shape[1]

    def _late(self) -> ChatTimeoutError:
        late = f"no complete answer within {self._timeout:g} s"
        return ChatTimeoutError(f"The chat model failed: {late}. Try again later.")


def generation_options(sampling: Sampling, model: Model) -> dict[str, Any]:
    """Return the arguments of ``generate`` that draw tokens so.

    Args:
        sampling: Options; those that are ``None`` are the model's own.
        model: Its tokenizer finds the texts that end an answer.
    """
    options = sampling.options()
    if stop := options.pop("stop", None):
        options |= {"stop_strings": stop, "tokenizer": model.processor.tokenizer}
    if sampling.temperature:
        return {"do_sample": True, **options}
    return {**options, **GREEDY}


def write_chat(processor: Any, messages: list[dict[str, Any]]) -> str:
    """Return a chat in the model's own format, ready for its answer.

    Args:
        processor: The model's.
        messages: ``role`` and ``content``, a text or a list of parts. If the format takes no
            system prompt, it is prepended to the first question.
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
        # Llama-3.2-Vision takes no system prompt beside an image; some models take none at all.
        if messages[0]["role"] != "system":
            raise
        return write(merge_system(messages))
