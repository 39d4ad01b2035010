"""Shows what a captioner is asked of one photo, and what it answers."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from lookbook.attributes.parsing import parse_answer
from lookbook.attributes.schema import Schema
from lookbook.captioners import Captioner, Prompt
from lookbook.errors import InputError
from lookbook.photos.photo import Photo

# The prompt in use, beside those on trial.
CAPTION = "caption"


def compose_photo_prompt(
    system: str,
    question: str,
    trial_prompts: dict[str, Callable[[], str]],
    schema: Schema,
    name: str,
) -> dict[str, Any]:
    """Write the attributes into the prompt in use, or into one on trial.

    Args:
        system: The system prompt.
        question: The caption prompt in use, named ``caption``.
        trial_prompts: Prompts on trial, by name.
        schema: The catalogue's schema.
        name: Of the prompt.

    Returns:
        A :class:`lookbook.captioners.Prompt` as a dictionary.

    Raises:
        InputError: If there is no such prompt.
    """
    questions = {CAPTION: lambda: question, **trial_prompts}
    if name not in questions:
        raise InputError(f"There is no prompt '{name}'. Choose one of {', '.join(questions)}.")
    return Prompt.compose(system, questions[name](), schema).model_dump()


def caption_photo(
    photo: Photo | None, captioner: Captioner, prompt: dict[str, Any]
) -> dict[str, Any]:
    """Caption one photo.

    Returns:
        ``captioner`` (its fingerprint), ``system``, ``question`` and ``answer_schema`` as they
        were sent, ``answer`` as it came, ``failure``, what was read of the answer (``read_as``,
        ``label``, ``rejection``), ``input_tokens``, ``output_tokens``, ``cost`` and ``seconds``.

    Raises:
        InputError: If no photo is named.
    """
    if photo is None:
        raise InputError("No photo is named. Add --params=photo=FILE.")
    asked = Prompt.model_validate(prompt)
    begun = time.perf_counter()
    (caption,) = captioner.caption([photo], asked)
    seconds = time.perf_counter() - begun
    answer = parse_answer(caption.text or "", asked.attributes)
    return {
        "captioner": captioner.fingerprint(asked),
        "system": asked.system,
        "question": asked.question,
        "answer_schema": asked.answer_schema,
        "answer": caption.text,
        "failure": caption.failure,
        "read_as": answer.repair,
        "label": answer.raw_values,
        "rejection": answer.rejection,
        "input_tokens": caption.input_tokens,
        "output_tokens": caption.output_tokens,
        "cost": caption.cost,
        "seconds": round(seconds, 3),
    }
