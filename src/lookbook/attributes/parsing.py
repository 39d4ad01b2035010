"""Recovers what a language model meant when it was asked for a label as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from lookbook.attributes import json_parsing, key_value_parsing
from lookbook.attributes.refusals import drop_refusals, is_refusal
from lookbook.attributes.schema import Schema
from lookbook.attributes.text import MAX_ANSWER_LENGTH, clean_text, strip_thinking

RawValues = dict[str, str | list[str]]


@dataclass(frozen=True)
class ParsedAnswer:
    """What a model's answer says.

    Attributes:
        raw_values: The values by attribute, in the model's words; a missing attribute is
            absent. Empty if the answer was rejected.
        repair: How it was read: ``json``, ``embedded json``, ``attributes`` or ``repaired json``.
        rejection: Why nothing could be recovered; ``None`` if something was.
    """

    raw_values: RawValues = field(default_factory=dict)
    repair: str | None = None
    rejection: str | None = None


def parse_answer(text: str, schema: Schema) -> ParsedAnswer:
    """Read a model's answer however it is dressed.

    Three readings are tried in turn: JSON objects that stand in the text, strictly
    (:mod:`lookbook.attributes.json_parsing`); the declared attributes' names and what follows each,
    whatever stands between (:mod:`lookbook.attributes.key_value_parsing`); and what json-repair
    makes of it. The first that gives every text that no label can lack counts. What a model says to
    itself before it answers (``<think>``) is not its answer; echoes of the question ("...",
    "string") say nothing.

    Returns:
        What it says, or the reason for rejection: ``empty``, ``refusal``, ``no label``, or
        ``no`` and the name of a text that no label can lack.
    """
    spoken = strip_thinking(text[:MAX_ANSWER_LENGTH])
    if not clean_text(spoken):
        return ParsedAnswer(
            rejection="empty" if not clean_text(text[:MAX_ANSWER_LENGTH]) else "no label"
        )
    needed = [name for name, one in schema.texts.items() if one.default is None]
    most: RawValues = {}
    refused = False
    for repair, read in _readings(spoken, schema):
        raw_values = drop_refusals(read, schema)
        if raw_values and all(name in raw_values for name in needed):
            ordered = {name: raw_values[name] for name in schema.names if name in raw_values}
            return ParsedAnswer(ordered, repair)
        refused = refused or len(raw_values) < len(read)
        most = max(most, raw_values, key=len)
    if refused or (not most and is_refusal(spoken)):
        return ParsedAnswer(rejection="refusal")
    if not most:
        return ParsedAnswer(rejection="no label")
    missing = next(name for name in needed if name not in most)
    return ParsedAnswer(rejection=f"no {missing.lower()}")


def is_raw_answer(text: str, schema: Schema) -> bool:
    """Whether a text is a model's raw answer: an object of attributes, or chat tokens."""
    if "<|" in text:
        return True
    return "{" in text and len(json_parsing.parse_repaired_json(text, schema)) > 1


def _readings(text: str, schema: Schema) -> Iterator[tuple[str, RawValues]]:
    whole, embedded = json_parsing.parse_json(text, schema)
    yield ("json" if whole else "embedded json"), embedded
    if not json_parsing.SCHEMA.search(text):
        # A schema names every attribute, and its "description" is none.
        yield "key value", key_value_parsing.parse_key_values(text, schema)
    yield "repaired json", json_parsing.parse_repaired_json(text, schema)
