"""The words by which customers name attribute values, in several languages."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

from lookbook.attributes.schema import Schema
from lookbook.attributes.values import normalize
from lookbook.errors import InputError
from lookbook.outfits.slots import names_garments
from lookbook.understanding.mentions import phrase_key
from lookbook.understanding.request import Values

# Attribute and value.
Value = tuple[str, str]
# Synonyms of values that mean something else in a sentence, or no wish.
_AMBIGUOUS = """
active, all, animal, any, boat, body, both, down, evening, everyone, f, f m, flat, full, grand,
gross, grande, hip, hood, klein, l, large, light, logo tee, long, m, m f, medio, medium, mid,
mittel, moyen, n a, neutral, none, not applicable, not specified, one size, other, petit, print,
pump, regular, rock, s, set, short, small, square, standard, strap, sweat, two, two piece, u,
unknown, unspecified, v
"""
AMBIGUOUS = frozenset(word.strip() for word in _AMBIGUOUS.split(","))


def read_vocabulary(filepath: str) -> dict[str, frozenset[Value]]:
    """Read a table of phrases: ``language``, ``means`` and ``phrases``.

    ``means`` holds values as ``Garment: dress; Colours: black / navy``, ``phrases`` are separated
    by ``|``.

    Raises:
        InputError: If a row cannot be read.
    """
    phrases: dict[str, set[Value]] = defaultdict(set)
    with Path(filepath).open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        for row in reader:
            means, listed = row.get("means") or "", row.get("phrases") or ""
            values = list(_parse_meaning(means))
            if not values:
                raise InputError(
                    f"{filepath}, line {reader.line_num}: '{means}' names no value. Write "
                    "'Attribute: value', values between ' / ' and attributes between ';'."
                )
            for phrase in listed.split("|"):
                phrases[phrase_key(phrase)] |= set(values)
    return {phrase: frozenset(values) for phrase, values in phrases.items() if phrase}


def _parse_meaning(means: str) -> Iterable[Value]:
    for part in means.split(";"):
        name, _, values = part.partition(":")
        yield from ((name.strip(), value.strip()) for value in values.split(" / ") if value.strip())


def words_of(
    schema: Schema, vocabulary: Mapping[str, frozenset[Value]]
) -> dict[str, frozenset[Value]]:
    """Return the values that phrases name: those of a vocabulary, and the words of a schema.

    A word for a category means the garments of it, where the schema has garments. A vocabulary's
    phrase has the meanings that the vocabulary gives it alone, unless the schema has none of them.
    """
    phrases: dict[str, set[Value]] = defaultdict(set)
    for phrase, values in vocabulary.items():
        phrases[phrase] |= values
    spelt = {_normalize(value): value for value in frozenset().union(*vocabulary.values())}
    known = {value for value in spelt.values() if value_in(schema, value) is not None}
    listed = {phrase for phrase, values in vocabulary.items() if not known.isdisjoint(values)}
    garments = _garments_by_category(schema)
    for name, attribute in schema.categorical.items():
        for value, declared in attribute.values.items():
            is_category = name == schema.slot_attribute
            means = (garments.get(value) if is_category else None) or [(name, value)]
            # One value is one pair, as the vocabulary and the network write it.
            means = [spelt.get(_normalize(meant), meant) for meant in means]
            # A value may be declared in the plural; synonyms are singular.
            for key in map(phrase_key, (value, normalize(value), *declared.synonyms)):
                is_usable = key not in AMBIGUOUS and value != getattr(attribute, "default", None)
                # A vocabulary tells the meanings of a word more exactly than a list of synonyms.
                if is_usable and key not in listed:
                    phrases[key] |= set(means)
    return {phrase: frozenset(values) for phrase, values in phrases.items()}


def _normalize(value: Value) -> Value:
    return normalize(value[0]), normalize(value[1])


def _garments_by_category(schema: Schema) -> dict[str, list[Value]]:
    garments: dict[str, list[Value]] = defaultdict(list)
    for name, attribute in schema.categorical.items():
        if name != schema.slot_attribute and names_garments(name, schema):
            for value, declared in attribute.values.items():
                category = declared.implies.get(str(schema.slot_attribute))
                if category:
                    garments[category].append((name, value))
    return garments


def value_in(schema: Schema, value: Value) -> Value | None:
    """Return a schema's own name for a value of a vocabulary or a network.

    Args:
        schema: The catalogue's attributes.
        value: Attribute and value.

    Returns:
        The value of that name, or with that synonym, of the attribute of that name, or of any where
        the schema lacks the attribute; ``None`` if the schema has none.
    """
    return _value_in(schema.as_json, value)


def translate(values: Iterable[Value], schema: Schema) -> Values:
    """Return values under a schema's own names, by attribute; those that it lacks are left out."""
    translated: Values = {}
    for value in values:
        own = value_in(schema, value)
        if own is not None and own[1] not in translated.setdefault(own[0], []):
            translated[own[0]].append(own[1])
    return translated


@lru_cache(maxsize=4096)
def _value_in(declared: str, value: Value) -> Value | None:
    schema = _parse(declared)
    name, word = value[0], normalize(value[1])
    for attribute in [name] if name in schema.categorical else schema.categorical:
        categorical = schema.categorical[attribute]
        own = categorical.words.get(word)
        if own is not None and own != getattr(categorical, "default", None):
            return attribute, own
    return None


@lru_cache(maxsize=8)
def _parse(declared: str) -> Schema:
    return Schema.model_validate_json(declared)
