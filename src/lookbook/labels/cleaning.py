"""From what a model wrote to a record of declared values."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from lookbook.labels.fields import Fields, TextField
from lookbook.labels.reading import Written, read_answer
from lookbook.labels.record import Record, join_values
from lookbook.labels.text import clean_text

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
class Mapping:
    """What one field's words were mapped to.

    Attributes:
        field: The field.
        value: What the model wrote, values of a list joined by commas; empty for nothing.
        mapped_to: The value, or values, of the catalogue.
        how: ``exact``, ``synonym``, ``part``, ``first of several`` or ``none`` (see
            :meth:`lookbook.labels.fields.OneField.lookup`), ``in the text`` (named in a text
            field), ``implied`` (follows from another field) or ``contradicted`` (another,
            more certain field implies otherwise).
    """

    field: str
    value: str
    mapped_to: str
    how: str


@dataclass(frozen=True)
class CleanAnswer:
    """A model's answer as the catalogue has it.

    Attributes:
        record: A value for every field; empty if the answer was rejected.
        mappings: What was mapped to what.
        repair: How the answer was read.
        rejection: Why it is of no use; ``None`` if it is of use.
    """

    record: Record = field(default_factory=dict)
    mappings: list[Mapping] = field(default_factory=list)
    repair: str | None = None
    rejection: str | None = None


def clean_answer(text: str, fields: Fields) -> CleanAnswer:
    """Reads a model's answer and brings it into the declared values.

    Args:
        text: The answer, however it is dressed.
        fields: The catalogue's fields.
    """
    answer = read_answer(text, fields)
    if answer.rejection is not None:
        return CleanAnswer(rejection=answer.rejection)
    record, mappings = map_values(answer.written, fields)
    return CleanAnswer(strip_title(record, fields), mappings, answer.repair)


def map_values(written: Written, fields: Fields) -> tuple[Record, list[Mapping]]:
    """Brings what a model wrote into the declared values.

    A value that names several ("Pants and Jackets") becomes the one that it names first; one
    that fits nowhere, and one that is missing, becomes the field's ``otherwise``, unless
    another field implies it. Of two values that contradict one another the more certain
    stays; as certain, that of the field that is declared first.

    Args:
        written: What the model wrote, by field.
        fields: The catalogue's fields.

    Returns:
        The record, and a mapping for each field that has values.
    """
    found: dict[str, tuple[Any, str]] = {}
    for name, one in fields.ones.items():
        found[name] = one.lookup(str(written.get(name, "")))
    for name, some in fields.somes.items():
        values = written.get(name, [])
        found[name] = some.lookup([values] if isinstance(values, str) else values)
        if not found[name][0]:
            texts = " ".join(str(written.get(text, "")) for text in some.named_in)
            named = some.named(texts)[: some.at_most]
            found[name] = (named, "in the text") if named else found[name]
    said = {name: value for name, (value, _) in found.items()}
    certainty = {name: _CERTAINTY.get(how, 0.0) for name, (_, how) in found.items()}
    happened = settle(said, certainty, fields)
    found = {name: (said[name], happened.get(name, how)) for name, (_, how) in found.items()}
    record: Record = {}
    for name, declared in fields.root.items():
        if not isinstance(declared, TextField):
            record[name] = found[name][0]
            continue
        text = clean_text(str(written.get(name, "")), declared.longest)
        record[name] = text or (found[declared.otherwise][0] if declared.otherwise else "")
    mappings = []
    for name, (value, how) in found.items():
        told = join_values(written.get(name, ""))
        mappings.append(Mapping(name, told, join_values(value), how))
    return record, mappings


def settle(said: dict[str, Any], certainty: dict[str, float], fields: Fields) -> dict[str, str]:
    """Fills what follows from other fields, and settles what contradicts, in place.

    Args:
        said: The value of every field that has one; changed where it is filled or settled.
        certainty: How certain each is, on any scale. Of two that contradict one another the
            more certain stays; as certain, that of the field that is declared first.
        fields: The catalogue's fields.

    Returns:
        What happened, by field: ``implied`` or ``contradicted``.
    """
    happened: dict[str, str] = {}
    for name, one in fields.ones.items():
        for other, implied in one.values[said[name]].implies.items():
            if other not in fields.ones or said[other] == implied:
                continue
            if said[other] == fields.ones[other].otherwise:
                said[other], happened[other] = implied, "implied"
            elif certainty.get(name, 0) > certainty.get(other, 0):
                said[other], happened[other] = implied, "contradicted"
            else:
                said[name], happened[name] = one.otherwise, "contradicted"
                break
            certainty[other] = 0
    return happened


def strip_title(record: Record, fields: Fields) -> Record:
    """Drops a title that the description opens with.

    The title's words come back in every description of its kind, so a search for what goes
    with an item finds look-alikes of it.
    """
    title, description = record[fields.title], record[fields.description]
    if fields.title == fields.description:
        return record
    return {**record, fields.description: _without_opening(title, description)}


def _without_opening(title: str, description: str) -> str:
    """Drops a leading title and its linking word, unless nothing would be left."""
    words = re.findall(r"\w+", title)
    if not words:
        return description
    starts = [one.end() for pattern in (_ARTICLE, _SIGNS) if (one := pattern.match(description))]
    links = (_link_after(words, description, start) for start in starts)
    link = next((one for one in links if one is not None), None)
    rest = description[link.end() :] if link else description
    return rest[:1].upper() + rest[1:] if re.search(r"\w", rest) else description


def _link_after(words: list[str], text: str, start: int) -> re.Match[str] | None:
    """Finds what follows words that stand in a text from some place on; else ``None``."""
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
