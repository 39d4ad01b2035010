"""Recovers what a language model meant when it was asked for a label as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from lookbook.labels import anchored, objects
from lookbook.labels.fields import Fields
from lookbook.labels.refusals import is_refusal, without_refusals
from lookbook.labels.text import LONGEST_ANSWER, clean_text, strip_thinking

Written = dict[str, str | list[str]]


@dataclass(frozen=True)
class Answer:
    """What a model's answer says.

    Attributes:
        written: What it says by field, in its own words; a field that it does not give is
            absent. Empty if the answer was rejected.
        repair: How it was read: ``json``, ``embedded json``, ``fields`` or ``repaired json``.
        rejection: Why nothing could be recovered; ``None`` if something was.
    """

    written: Written = field(default_factory=dict)
    repair: str | None = None
    rejection: str | None = None


def read_answer(text: str, fields: Fields) -> Answer:
    """Reads a model's answer however it is dressed.

    Three readings are tried in turn: JSON objects that stand in the text, strictly
    (:mod:`lookbook.labels.objects`); the declared fields' names and what follows each, whatever
    stands between (:mod:`lookbook.labels.anchored`); and what json-repair makes of it. The first
    that gives every text that no label can lack counts. What a model says to itself before it
    answers (``<think>``) is not its answer; echoes of the question ("...", "string") say
    nothing.

    Args:
        text: The answer.
        fields: The fields that were asked for.

    Returns:
        What it says, or the reason for rejection: ``empty``, ``refusal``, ``no label``, or
        ``no`` and the name of a text that no label can lack.
    """
    spoken = strip_thinking(text[:LONGEST_ANSWER])
    if not clean_text(spoken):
        return Answer(rejection="empty" if not clean_text(text[:LONGEST_ANSWER]) else "no label")
    needed = [name for name, one in fields.texts.items() if one.otherwise is None]
    most: Written = {}
    refused = False
    for repair, read in _readings(spoken, fields):
        written = without_refusals(read, fields)
        if written and all(name in written for name in needed):
            ordered = {name: written[name] for name in fields.names if name in written}
            return Answer(ordered, repair)
        refused = refused or len(written) < len(read)
        most = max(most, written, key=len)
    if refused or (not most and is_refusal(spoken)):
        return Answer(rejection="refusal")
    if not most:
        return Answer(rejection="no label")
    missing = next(name for name in needed if name not in most)
    return Answer(rejection=f"no {missing.lower()}")


def has_answer(text: str, fields: Fields) -> bool:
    """Whether a text is a model's raw answer: an object of fields, or one with a chat's tokens."""
    if "<|" in text:
        return True
    return "{" in text and len(objects.read_repaired(text, fields)) > 1


def _readings(text: str, fields: Fields) -> Iterator[tuple[str, Written]]:
    whole, embedded = objects.read_strictly(text, fields)
    yield ("json" if whole else "embedded json"), embedded
    if not objects.SCHEMA.search(text):
        # A schema names every field, and its "description" is none.
        yield "fields", anchored.read_fields_in(text, fields)
    yield "repaired json", objects.read_repaired(text, fields)
