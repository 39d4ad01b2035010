"""Captioners: a stream of photos in, a stream of captions out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from pydantic import BaseModel

from lookbook.photos import Photo


class Prompt(BaseModel):
    """What a model is asked of each photo.

    Attributes:
        system: What the model is to be; may be empty.
        question: What it is to do with the photo.
        answer_schema: JSON schema of the answer: an object whose properties are strings with a
            ``maxLength`` or an ``enum``, all required, answered in their order.
    """

    system: str
    question: str
    answer_schema: dict[str, Any]


class Caption(BaseModel):
    """What came of one photo: a text, or the reason why there is none.

    Attributes:
        photo: The photo's id.
        text: The model's answer as it came, JSON if all is well; ``None`` on failure.
        failure: Why there is no text; ``None`` on success.
        answers: How often the model answered; more than one if an answer was no use.
        input_tokens: Tokens read for all answers, the photo's included.
        output_tokens: Tokens written for all answers.
        cost: What they cost, in the currency of the engine's price list; ``None`` without one.
        seconds: What it added to the run's time: since the caption before it came.
    """

    photo: str
    text: str | None = None
    failure: str | None = None
    answers: int = 1
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = None
    seconds: float = 0.0


class Captioner(Protocol):
    """An engine that describes photos.

    Batching, concurrency and retries are its own affair. Whatever takes long, such as loading
    weights, it does when it is first asked for a caption.
    """

    def fingerprint(self, prompt: Prompt) -> str:
        """Names model, prompt and decoding.

        Captions under one fingerprint are interchangeable, whatever the batch size. An engine
        that reads no prompt leaves it out.
        """
        ...

    def caption(self, photos: Iterable[Photo], prompt: Prompt) -> Iterator[Caption]:
        """Describes photos, each exactly once and in any order.

        Args:
            photos: Consumed lazily, never all at once.
            prompt: What to ask of each.

        Yields:
            A caption or a failure for each photo, as soon as it is there.

        Raises:
            InputError: If no photo could be captioned, whichever it was: a wrong key, an
                unknown model, no GPU.
        """
        ...


def fingerprint(engine: str, *facts: str | bytes) -> str:
    """Hashes what a caption depends on.

    Args:
        engine: The captioner's name, for people who look at the files.
        facts: Model, prompt, decoding.

    Returns:
        The engine's name and 16 hexadecimal digits.
    """
    digest = hashlib.sha256()
    for fact in facts:
        data = fact.encode() if isinstance(fact, str) else fact
        digest.update(len(data).to_bytes(8, "big") + data)
    return f"{engine}-{digest.hexdigest()[:16]}"
