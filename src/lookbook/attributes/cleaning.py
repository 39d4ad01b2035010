"""Cleaning: from a model's answer to a record of declared values."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from lookbook.attributes.parsing import RawValues, parse_answer
from lookbook.attributes.record import Record, join_values
from lookbook.attributes.schema import Schema, TextAttribute
from lookbook.attributes.text import clean_text

# Certainty of a value by the method that found it, for values that contradict one another.
_CERTAINTY = {
    "exact": 3.0, "synonym": 3.0, "part": 2.0, "several": 2.0, "first of several": 1.0,
    "in the text": 1.0,
}  # fmt: skip
# The beginning of a description before a title's first word, the characters between its words,
# and the link behind its last.
_ARTICLE = re.compile(r"\W*(?:the|this|an?)\s+", re.IGNORECASE)
_SIGNS = re.compile(r"\W*")
_BETWEEN = re.compile(r"\W+")
_LINK = re.compile(r"\b\W*(?:\b(?:is|are)\b)?\s*", re.IGNORECASE)


@dataclass(frozen=True)
class ValueMapping:
    """The declared value that an attribute's raw value was mapped to.

    Attributes:
        attribute: The attribute.
        value: The raw value, a list joined by commas; empty for none.
        mapped_to: The declared value, or values.
        method: ``exact``, ``synonym``, ``part``, ``first of several`` or ``none`` (see
            :meth:`lookbook.attributes.schema.SingleAttribute.lookup`), ``in the text`` (named in a
            text attribute), ``implied`` (by another attribute) or ``contradicted`` (by another,
            more certain attribute).
    """

    attribute: str
    value: str
    mapped_to: str
    method: str


@dataclass(frozen=True)
class CleanAnswer:
    """A cleaned answer.

    Attributes:
        record: A value for every attribute; empty if the answer was rejected.
        mappings: A mapping for each categorical attribute.
        repair: See :class:`lookbook.attributes.parsing.ParsedAnswer`.
        rejection: The reason for rejection; ``None`` for a usable answer.
    """

    record: Record = field(default_factory=dict)
    mappings: list[ValueMapping] = field(default_factory=list)
    repair: str | None = None
    rejection: str | None = None


def clean_answer(text: str, schema: Schema) -> CleanAnswer:
    """Parse a model's answer and map it to declared values."""
    answer = parse_answer(text, schema)
    if answer.rejection is not None:
        return CleanAnswer(rejection=answer.rejection)
    record, mappings = map_values(answer.raw_values, schema)
    return CleanAnswer(strip_title(record, schema), mappings, answer.repair)


def map_values(raw_values: RawValues, schema: Schema) -> tuple[Record, list[ValueMapping]]:
    """Map raw values to declared values.

    The first of several values ("Pants and Jackets") counts. A missing or unknown value becomes
    the attribute's ``default``, unless another attribute implies it. For values that contradict
    one another see :func:`resolve_conflicts`.

    Returns:
        The record, and a mapping for each categorical attribute.
    """
    values: dict[str, Any] = {}
    methods: dict[str, str] = {}
    for name, single in schema.singles.items():
        values[name], methods[name] = single.lookup(str(raw_values.get(name, "")))
    for name, multi in schema.multis.items():
        raw = raw_values.get(name, [])
        values[name], methods[name] = multi.lookup([raw] if isinstance(raw, str) else raw)
        if not values[name]:
            texts = " ".join(str(raw_values.get(text, "")) for text in multi.infer_from)
            values[name] = multi.named(texts)[: multi.max_items]
            methods[name] = "in the text" if values[name] else methods[name]
    certainty = {name: _CERTAINTY.get(method, 0.0) for name, method in methods.items()}
    methods |= resolve_conflicts(values, certainty, schema)
    record: Record = {}
    for name, attribute in schema.root.items():
        if isinstance(attribute, TextAttribute):
            text = clean_text(str(raw_values.get(name, "")), attribute.max_length)
            record[name] = text or (values[attribute.default] if attribute.default else "")
        else:
            record[name] = values[name]
    mappings = [
        ValueMapping(name, join_values(raw_values.get(name, "")), join_values(value), methods[name])
        for name, value in values.items()
    ]
    return record, mappings


def resolve_conflicts(
    values: dict[str, Any], certainty: dict[str, float], schema: Schema
) -> dict[str, str]:
    """Fill implied values and resolve contradictions, in place.

    Args:
        values: The value of every categorical attribute.
        certainty: The certainty of each, on any scale. Of two values that contradict one another
            the more certain stays; of equal ones that of the attribute that is declared first.
        schema: The catalogue's schema.

    Returns:
        The changes by attribute: ``implied`` or ``contradicted``.
    """
    changes: dict[str, str] = {}
    for name, attribute in schema.singles.items():
        for other, implied in attribute.values[values[name]].implies.items():
            if other not in schema.singles or values[other] == implied:
                continue
            if values[other] == schema.singles[other].default:
                values[other], changes[other] = implied, "implied"
            elif certainty.get(name, 0) > certainty.get(other, 0):
                values[other], changes[other] = implied, "contradicted"
            else:
                values[name], changes[name] = attribute.default, "contradicted"
                break
            certainty[other] = 0
    return changes


def strip_title(record: Record, schema: Schema) -> Record:
    """Drop the title at the beginning of the description.

    All items of a kind share the title's words, so a search for matching items would find
    look-alikes instead.
    """
    title, description = record[schema.title], record[schema.description]
    if schema.title == schema.description:
        return record
    return {**record, schema.description: _without_title(title, description)}


def _without_title(title: str, description: str) -> str:
    """Drop a leading title and its linking word, unless nothing would be left."""
    words = re.findall(r"\w+", title)
    if not words:
        return description
    rest = description
    for opening in (_ARTICLE, _SIGNS):
        match = opening.match(description)
        link = _match_link(words, description, match.end()) if match else None
        if link:
            rest = description[link.end() :]
            break
    return rest[:1].upper() + rest[1:] if re.search(r"\w", rest) else description


def _match_link(words: list[str], text: str, start: int) -> re.Match[str] | None:
    """Match the link behind words that stand at a position of a text."""
    # Without a pattern made of the words: compiling one for each item would take too long.
    position = start
    for number, word in enumerate(words):
        if number:
            between = _BETWEEN.match(text, position)
            if between is None:
                return None
            position = between.end()
        if text[position : position + len(word)].lower() != word.lower():
            return None
        position += len(word)
    return _LINK.match(text, position)
