"""From what a model wrote to a record of declared values."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from lookbook.attributes.parsing import RawValues, parse_answer
from lookbook.attributes.record import Record, join_values
from lookbook.attributes.schema import Schema, TextAttribute
from lookbook.attributes.text import clean_text

# How certain a value is by how it was found, for values that contradict one another.
_CERTAINTY = {
    "exact": 3.0,
    "synonym": 3.0,
    "part": 2.0,
    "several": 2.0,
    "first of several": 1.0,
    "in the text": 1.0,
}
# How a description opens before a title's first word, what stands between two of them, and what
# links the last one to the rest.
_ARTICLE = re.compile(r"\W*(?:the|this|an?)\s+", re.IGNORECASE)
_SIGNS = re.compile(r"\W*")
_BETWEEN = re.compile(r"\W+")
_LINK = re.compile(r"\b\W*(?:\b(?:is|are)\b)?\s*", re.IGNORECASE)


@dataclass(frozen=True)
class ValueMapping:
    """What one attribute's words were mapped to.

    Attributes:
        attribute: The attribute.
        value: What the model wrote, values of a list joined by commas; empty for nothing.
        mapped_to: The value, or values, of the catalogue.
        method: ``exact``, ``synonym``, ``part``, ``first of several`` or ``none`` (see
            :meth:`lookbook.attributes.schema.SingleAttribute.lookup`), ``in the text`` (named in a
            text attribute), ``implied`` (follows from another attribute) or ``contradicted``
            (another, more certain attribute implies otherwise).
    """

    attribute: str
    value: str
    mapped_to: str
    method: str


@dataclass(frozen=True)
class CleanAnswer:
    """A model's answer as the catalogue has it.

    Attributes:
        record: A value for every attribute; empty if the answer was rejected.
        mappings: What was mapped to what.
        repair: How the answer was read.
        rejection: Why it is of no use; ``None`` if it is of use.
    """

    record: Record = field(default_factory=dict)
    mappings: list[ValueMapping] = field(default_factory=list)
    repair: str | None = None
    rejection: str | None = None


def clean_answer(text: str, schema: Schema) -> CleanAnswer:
    """Read a model's answer and brings it into the declared values."""
    answer = parse_answer(text, schema)
    if answer.rejection is not None:
        return CleanAnswer(rejection=answer.rejection)
    record, mappings = map_values(answer.raw_values, schema)
    return CleanAnswer(strip_title(record, schema), mappings, answer.repair)


def map_values(raw_values: RawValues, schema: Schema) -> tuple[Record, list[ValueMapping]]:
    """Bring what a model wrote into the declared values.

    A value that names several ("Pants and Jackets") becomes the one that it names first; one
    that fits nowhere, and one that is missing, becomes the attribute's ``default``, unless
    another attribute implies it. Of two values that contradict one another the more certain
    stays; as certain, that of the attribute that is declared first.

    Returns:
        The record, and a mapping for each attribute that has values.
    """
    found: dict[str, tuple[Any, str]] = {}
    for name, one in schema.singles.items():
        found[name] = one.lookup(str(raw_values.get(name, "")))
    for name, some in schema.multis.items():
        values = raw_values.get(name, [])
        found[name] = some.lookup([values] if isinstance(values, str) else values)
        if not found[name][0]:
            texts = " ".join(str(raw_values.get(text, "")) for text in some.infer_from)
            named = some.named(texts)[: some.max_items]
            found[name] = (named, "in the text") if named else found[name]
    said = {name: value for name, (value, _) in found.items()}
    certainty = {name: _CERTAINTY.get(how, 0.0) for name, (_, how) in found.items()}
    happened = resolve_conflicts(said, certainty, schema)
    found = {name: (said[name], happened.get(name, how)) for name, (_, how) in found.items()}
    record: Record = {}
    for name, declared in schema.root.items():
        if not isinstance(declared, TextAttribute):
            record[name] = found[name][0]
            continue
        text = clean_text(str(raw_values.get(name, "")), declared.max_length)
        record[name] = text or (found[declared.default][0] if declared.default else "")
    mappings = []
    for name, (value, how) in found.items():
        told = join_values(raw_values.get(name, ""))
        mappings.append(ValueMapping(name, told, join_values(value), how))
    return record, mappings


def resolve_conflicts(
    said: dict[str, Any], certainty: dict[str, float], schema: Schema
) -> dict[str, str]:
    """Fill what follows from other attributes, and settles what contradicts, in place.

    Args:
        said: The value of every attribute that has one; changed where it is filled or settled.
        certainty: How certain each is, on any scale. Of two that contradict one another the
            more certain stays; as certain, that of the attribute that is declared first.
        schema: The catalogue's schema.

    Returns:
        What happened, by attribute: ``implied`` or ``contradicted``.
    """
    happened: dict[str, str] = {}
    for name, one in schema.singles.items():
        for other, implied in one.values[said[name]].implies.items():
            if other not in schema.singles or said[other] == implied:
                continue
            if said[other] == schema.singles[other].default:
                said[other], happened[other] = implied, "implied"
            elif certainty.get(name, 0) > certainty.get(other, 0):
                said[other], happened[other] = implied, "contradicted"
            else:
                said[name], happened[name] = one.default, "contradicted"
                break
            certainty[other] = 0
    return happened


def strip_title(record: Record, schema: Schema) -> Record:
    """Drop a title that the description opens with.

    The title's words come back in every description of its kind, so a search for what goes
    with an item finds look-alikes of it.
    """
    title, description = record[schema.title], record[schema.description]
    if schema.title == schema.description:
        return record
    return {**record, schema.description: _without_opening(title, description)}


def _without_opening(title: str, description: str) -> str:
    """Drop a leading title and its linking word, unless nothing would be left."""
    words = re.findall(r"\w+", title)
    if not words:
        return description
    starts = [one.end() for pattern in (_ARTICLE, _SIGNS) if (one := pattern.match(description))]
    links = (_link_after(words, description, start) for start in starts)
    link = next((one for one in links if one is not None), None)
    rest = description[link.end() :] if link else description
    return rest[:1].upper() + rest[1:] if re.search(r"\w", rest) else description


def _link_after(words: list[str], text: str, start: int) -> re.Match[str] | None:
    """Find what follows words that stand in a text from some place on; else ``None``."""
    place = start
    for number, word in enumerate(words):
        if number:
            between = _BETWEEN.match(text, place)
            if between is None:
                return None
            place = between.end()
        if text[place : place + len(word)].lower() != word.lower():
            return None
        place += len(word)
    return _LINK.match(text, place)
