"""The record of one item: every declared attribute with a value of its kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from lookbook.attributes.schema import Schema, SingleAttribute, TextAttribute

Record = dict[str, Any]
SEPARATOR = ", "


def record_model(schema: Schema) -> type[BaseModel]:
    """Make the pydantic model of a record, whose values are the declared ones."""
    return _model(schema.as_json)


@lru_cache(maxsize=8)
def _model(declared: str) -> type[BaseModel]:
    types: dict[str, Any] = {}
    for name, attribute in Schema.model_validate_json(declared).root.items():
        if isinstance(attribute, TextAttribute):
            least = 0 if attribute.default == "" else 1
            types[name] = Annotated[str, Field(min_length=least, max_length=attribute.max_length)]
        elif isinstance(attribute, SingleAttribute):
            types[name] = Literal[tuple(attribute.values)]
        else:
            one: Any = Literal[tuple(attribute.values)]
            types[name] = Annotated[list[one], Field(max_length=attribute.max_items)]
    definitions: dict[str, Any] = {name: (kind, ...) for name, kind in types.items()}
    return create_model("Record", __config__=ConfigDict(extra="forbid"), **definitions)


def is_valid(answer: str, schema: Schema) -> bool:
    """Whether a model's answer is a record as it came."""
    try:
        record_model(schema).model_validate_json(answer)
    except ValidationError:
        return False
    return True


def to_row(record: Mapping[str, Any], schema: Schema) -> dict[str, str]:
    """Write a record as a row of a table, lists joined by commas."""
    return {name: join_values(record[name]) for name in schema.names}


def from_row(row: Mapping[str, Any], schema: Schema) -> Record:
    """Read a record from a row of a table, see :func:`to_row`; other columns are left out."""
    return {
        name: split_values(row[name]) if name in schema.multis else str(row[name])
        for name in schema.names
    }


def raw_values_from_row(row: Mapping[str, Any], schema: Schema) -> dict[str, Any]:
    """Return the attribute values that a model wrote, from a row of a table."""
    return {
        name: split_values(row[name]) if name in schema.multis else row[name]
        for name in schema.names
        if isinstance(row[name], str)
    }


def join_values(value: Any) -> str:
    """Write the value of an attribute, or several of them, into one cell."""
    return SEPARATOR.join(value) if isinstance(value, list) else str(value)


def split_values(cell: Any) -> list[str]:
    """Take the values of a cell apart, see :func:`join_values`; a missing cell has none."""
    if isinstance(cell, list):
        return cell
    return [part for part in str(cell).split(SEPARATOR) if part] if isinstance(cell, str) else []


def values_of(record: Mapping[str, Any], name: str) -> list[str]:
    """List what a record says of an attribute; of an attribute with one value that alone."""
    value = record[name]
    return value if isinstance(value, list) else [value]


def text_of(record: Mapping[str, Any], schema: Schema) -> str:
    """Join the texts of a record, such as title and description."""
    return ". ".join(str(record[name]) for name in schema.texts)


def known_values_by_attribute(record: Mapping[str, Any], schema: Schema) -> dict[str, list[str]]:
    """List what a record tells, by attribute; what it does not know is left out."""
    known = {}
    for name, attribute in schema.categorical.items():
        told = [
            one for one in values_of(record, name) if one != getattr(attribute, "default", None)
        ]
        if told:
            known[name] = told
    return known


def known_values(record: Mapping[str, Any], schema: Schema) -> Iterator[str]:
    """List the values that tell something of an item."""
    for values in known_values_by_attribute(record, schema).values():
        yield from (value for value in values if value != "none")


def searchable_text(record: Mapping[str, Any], schema: Schema) -> str:
    """Join all that is known of an item: its title, its values, its other texts.

    A value that is not known is left out, as is one that a text before it names already.
    """
    told = str(record[schema.title])
    for value in known_values(record, schema):
        if value.casefold() not in told.casefold():
            told += f", {value}"
    texts = [str(record[name]) for name in schema.texts if name != schema.title]
    return ". ".join([told, *texts])
