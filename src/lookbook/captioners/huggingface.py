"""A vision-language model on the machine's own GPUs, by transformers."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from lookbook.captioners import Caption, Prompt, fingerprint
from lookbook.captioners.pictures import fit_encoder
from lookbook.chat_models.checkpoint import Checkpoint, Model, load_model
from lookbook.chat_models.constrained import SchemaLogitsProcessor, grammar, longest_answer
from lookbook.chat_models.huggingface import LIKELIEST, generation_options, write_chat
from lookbook.chat_models.sampling import Sampling
from lookbook.chat_models.weights import fingerprint_weights
from lookbook.errors import first_line
from lookbook.photos.photo import Photo, PhotoError

if TYPE_CHECKING:
    from PIL.Image import Image

# Changes with every change of how the code below decodes.
DECODING = "2"
WINDOW = 4


class HuggingFaceCaptioner:
    """Caption photos in batches with any chat vision-language model that transformers loads.

    The weights are loaded when the first photo comes. Decoding is constrained to the prompt's
    schema, and greedy by default.
    """

    def __init__(
        self,
        model: str,
        *,
        revision: str | None = None,
        token: str | None = None,
        device: str = "auto",
        dtype: str = "auto",
        batch_size: int = 16,
        max_side: int = 560,
        max_tokens: int | None = None,
        sampling: Sampling = LIKELIEST,
        threads: int = 4,
    ) -> None:
        """Name the model.

        Args:
            model: A name on the Hugging Face hub, or a folder.
            revision: A commit of the hub's model, the newest by default.
            token: Key to gated models.
            device: ``auto`` for all GPUs there are, the model spread over them where one is too
                small; or ``cpu``.
            dtype: The weights' type; ``auto`` for the one they are saved in.
            batch_size: Photos a batch; halved where memory runs out.
            max_side: Larger photos are scaled down to so many pixels on the longer side. 560
                is one tile of Llama-3.2-Vision.
            max_tokens: Tokens an answer may take; as many as the schema allows by default.
            sampling: How tokens are drawn.
            threads: Threads that decode photos.
        """
        self._checkpoint = Checkpoint(model, revision, token, device, dtype)
        self._batch_size = batch_size
        self._max_side = max_side
        self._max_tokens = max_tokens
        self._sampling = sampling
        self._threads = threads
        self._loaded: Model | None = None

    def fingerprint(self, prompt: Prompt) -> str:
        """Hash weights, photo size, sampling and prompt.

        Raises:
            InputError: If a model of the hub is not on this machine, and the hub not to be had.
        """
        checkpoint = self._checkpoint
        weights = fingerprint_weights(checkpoint.model, checkpoint.revision, checkpoint.token)
        facts = [checkpoint.dtype, str(self._max_side), str(self._max_tokens), DECODING]
        facts.append(self._sampling.model_dump_json(exclude_none=True))
        return fingerprint("huggingface", weights, *facts, *prompt.facts())

    def caption(self, photos: Iterable[Photo], prompt: Prompt) -> Iterator[Caption]:
        """Describe photos, see :class:`lookbook.captioners.Captioner`.

        Raises:
            InputError: If the model cannot be had, or the machine is too small for it.
        """
        remaining = iter(photos)
        first = next(remaining, None)
        if first is None:
            return
        self._loaded = load_model(self._checkpoint)
        with self._loaded.turn, ThreadPoolExecutor(self._threads) as pool:
            decoded = self._decode_ahead(itertools.chain([first], remaining), pool)
            before: tuple[list[tuple[str, list[Image]]], Future[Any]] | None = None
            while window := list(itertools.islice(decoded, WINDOW * self._batch_size)):
                for photo_id, failure in window:
                    if isinstance(failure, str):
                        yield Caption(photo_id=photo_id, failure=failure, answers=0)
                # Photos of one shape need equally many tiles, and so no padding.
                seen = sorted(
                    (
                        (photo_id, images)
                        for photo_id, images in window
                        if not isinstance(images, str)
                    ),
                    key=lambda one: (len(one[1]), one[1][0].size),
                )
                while seen:
                    # Padding by whole photos would change answers.
                    count = len(seen[0][1])
                    batch = [pair for pair in seen[: self._batch_size] if len(pair[1]) == count]
                    seen = seen[len(batch) :]
                    # While the network writes of one batch the next is made into tensors.
                    following = pool.submit(self._prepare, batch, prompt)
                    if before:
                        yield from self._caption_batch(*before, prompt)
                    before = batch, following
            if before:
                yield from self._caption_batch(*before, prompt)

    def _decode_ahead(
        self, photos: Iterator[Photo], pool: ThreadPoolExecutor
    ) -> Iterator[tuple[str, list[Image] | str]]:
        decoding: deque[Future[tuple[str, list[Image] | str]]] = deque()
        for photo in photos:
            decoding.append(pool.submit(self._decode, photo))
            if len(decoding) >= 2 * WINDOW * self._batch_size:
                yield decoding.popleft().result()
        while decoding:
            yield decoding.popleft().result()

    def _decode(self, photo: Photo) -> tuple[str, list[Image] | str]:
        try:
            return photo.photo_id, fit_encoder(photo, self._max_side)
        except (PhotoError, OSError) as error:
            return photo.photo_id, str(error)

    def _prepare(self, batch: list[tuple[str, list[Image]]], prompt: Prompt) -> Any:
        assert self._loaded
        processor = self._loaded.processor
        return processor(
            images=[images for _, images in batch],
            text=[write_chat(processor, _messages(prompt, len(images))) for _, images in batch],
            padding=True,
            # The chat template has written them already.
            add_special_tokens=False,
            return_tensors="pt",
        ).to(self._loaded.network.dtype)

    def _caption_batch(
        self, batch: list[tuple[str, list[Image]]], prepared: Future[Any], prompt: Prompt
    ) -> Iterator[Caption]:
        """Caption a batch, in parts if memory does not suffice for the whole."""
        from accelerate.utils.memory import clear_device_cache, should_reduce_batch_size

        inputs = prepared.result()
        rows = len(batch)
        while batch:
            part = batch[: self._batch_size]
            if len(part) < rows:
                inputs = self._prepare(part, prompt)
            try:
                captions = self._generate(part, inputs, prompt)
            except Exception as error:
                if not should_reduce_batch_size(error):
                    raise
                captions = []
                failure = first_line(error)
            if not captions:
                # Outside the handler, where the error no longer holds on to the tensors.
                clear_device_cache(garbage_collection=True)
                if len(part) > 1:
                    self._batch_size = len(part) // 2
                    continue
                failed = f"out of memory: {failure}"
                captions = [Caption(photo_id=part[0][0], failure=failed, answers=0)]
            yield from captions
            batch = batch[len(part) :]

    def _generate(
        self, batch: list[tuple[str, list[Image]]], inputs: Any, prompt: Prompt
    ) -> list[Caption]:
        import torch
        from transformers import LogitsProcessorList

        assert self._loaded
        model = self._loaded
        constrained = SchemaLogitsProcessor(model.guide, grammar(prompt.answer_schema), len(batch))
        with torch.inference_mode():
            raw_values = model.network.generate(
                **inputs.to(model.network.device),
                **generation_options(self._sampling, model),
                max_new_tokens=self._max_tokens or longest_answer(prompt.answer_schema),
                logits_processor=LogitsProcessorList([constrained]),
            )
        answers = raw_values[:, inputs["input_ids"].shape[1] :]
        texts = model.processor.batch_decode(answers, skip_special_tokens=True)
        read = inputs["attention_mask"].sum(1).tolist()
        padding = model.network.generation_config.pad_token_id
        return [
            Caption(
                photo_id=photo_id,
                text=text,
                input_tokens=tokens,
                output_tokens=int((answer != padding).sum()),
            )
            for (photo_id, _), text, tokens, answer in zip(batch, texts, read, answers, strict=True)
        ]


def _messages(prompt: Prompt, photos: int) -> list[dict[str, Any]]:
    system = prompt.messages[:-1]
    text = {"type": "text", "text": prompt.question_about(photos)}
    content = [*[{"type": "image"}] * photos, text]
    return [*system, {"role": "user", "content": content}]
