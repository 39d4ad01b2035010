"""Captioners: a stream of photos in, a stream of captions out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from string import Template
from typing import Any, Protocol

from pydantic import BaseModel, Field, field_validator

from lookbook.attributes.schema import Schema
from lookbook.photos.photo import Photo

# How the reason opens where a server refuses a photo's content: another captioner may take it.
FILTERED = "filtered by the server"


class Prompt(BaseModel):
    """What a captioner is asked of each photo.

    Attributes:
        system: What a model is to be; may be empty.
        question: What it is to do with the photo.
        attributes: What is to be said of the item.
        photos_per_request: The most photos of one item that a model is shown at once.
    """

    system: str
    question: str
    attributes: Schema
    photos_per_request: int = 1

    @classmethod
    def compose(
        cls, system: str, question: str, schema: Schema, photos_per_request: int = 1
    ) -> Prompt:
        """Write the attributes and their values into prompts.

        Args:
            system: The system prompt.
            question: The question.
            schema: Where either says ``$attributes``, a line for each attribute stands, and
                where it says ``$`` and an attribute's name that attribute's values.
            photos_per_request: See the class.
        """
        values = {name: ", ".join(one.values) for name, one in schema.categorical.items()}
        lines = "\n".join(f"- {name}: {_ask(name, schema)}" for name in schema.names)
        told = {**values, "attributes": lines}
        return cls(
            system=Template(system).safe_substitute(told).strip(),
            question=Template(question).safe_substitute(told).strip(),
            attributes=schema,
            photos_per_request=photos_per_request,
        )

    @property
    def answer_schema(self) -> dict[str, Any]:
        """JSON schema of the answer: an object with every attribute, in order, and no other."""
        return self.attributes.answer_schema

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The turns of a chat, but for the photo."""
        system = [{"role": "system", "content": self.system}] if self.system else []
        return [*system, {"role": "user", "content": self.question}]

    def question_about(self, photos: int) -> str:
        """Return the question, which says so where several photos show one item."""
        if photos == 1:
            return self.question
        return f"All {photos} photos show one and the same item. {self.question}"

    def facts(self) -> list[str]:
        """What of the prompt a model's answer depends on."""
        facts = [self.system, self.question, json.dumps(self.answer_schema)]
        return facts if self.photos_per_request == 1 else [*facts, str(self.photos_per_request)]


def _ask(name: str, schema: Schema) -> str:
    """Return the line of the prompt that describes an attribute."""
    attribute = schema.root[name]
    about = attribute.description[:1].lower() + attribute.description[1:]
    if name in schema.texts:
        return f"{about}."
    values = ", ".join(schema.categorical[name].values)
    several = (
        f"a list of at most {schema.multis[name].max_items}" if name in schema.multis else "one"
    )
    return f"{about}; {several} of {values}."


class CaptionText(BaseModel):
    """What came of one photo in words: a text, or the reason why there is none.

    Attributes:
        photo_id: The photo's identity.
        text: The model's answer as it came, JSON if all is well; ``None`` on failure.
        failure: Why there is no text; ``None`` on success.
        answers: How often the model answered; more than one if an answer was no use.
        input_tokens: Tokens read for all answers, the photo's included.
        output_tokens: Tokens written for all answers.
        cost: What they cost, in the currency of the engine's price list; ``None`` without one.
        seconds: What it added to the run's time: since the caption before it came.
    """

    photo_id: str
    text: str | None = None
    failure: str | None = None
    answers: int = 1
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = None
    seconds: float = 0.0

    @field_validator("text", "failure")
    @classmethod
    def _writable(cls, text: str | None) -> str | None:
        """Leave out half characters and NUL, which no file takes."""
        if text is None or (text.isascii() and "\0" not in text):
            return text
        whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return whole.replace("\0", "\ufffd")


class Caption(CaptionText):
    """What came of one photo.

    Attributes:
        probabilities: How likely each value of each attribute is, where the engine knows.
    """

    probabilities: dict[str, dict[str, float]] | None = None


class Price(BaseModel, extra="forbid"):
    """The price of a million tokens, in any currency.

    Attributes:
        input: Price of a million input tokens.
        output: Price of a million output tokens.
    """

    input: float = Field(ge=0)
    output: float = Field(ge=0)


class Captioner(Protocol):
    """An engine that describes photos.

    Batching, concurrency and retries are its own affair. Whatever takes long, such as loading
    weights, it does when it is first asked for a caption.
    """

    def fingerprint(self, prompt: Prompt) -> str:
        """Name model, prompt and decoding.

        Captions under one fingerprint are interchangeable, whatever the batch size. What an
        engine does not read of a prompt it leaves out.
        """
        ...

    def caption(self, photos: Iterable[Photo], prompt: Prompt) -> Iterator[Caption]:
        """Describe photos, each exactly once and in any order.

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
    """Hash what a caption depends on.

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
