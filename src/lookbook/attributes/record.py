"""The record of one item: a value for every declared attribute."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from lookbook.attributes.schema import Schema, SingleAttribute, TextAttribute
from lookbook.errors import InputError

Record = dict[str, Any]
SEPARATOR = ", "


@lru_cache(maxsize=8)
def _record_model(schema_json: str) -> type[BaseModel]:
    types: dict[str, Any] = {}
    for name, attribute in Schema.model_validate_json(schema_json).root.items():
        if isinstance(attribute, TextAttribute):
            min_length = 0 if attribute.default == "" else 1
            bounds = Field(min_length=min_length, max_length=attribute.max_length)
            types[name] = Annotated[str, bounds]
        elif isinstance(attribute, SingleAttribute):
            types[name] = Literal[tuple(attribute.values)]
        else:
            value: Any = Literal[tuple(attribute.values)]
            types[name] = Annotated[list[value], Field(max_length=attribute.max_items)]
    definitions: dict[str, Any] = {name: (kind, ...) for name, kind in types.items()}
    return create_model("Record", __config__=ConfigDict(extra="forbid"), **definitions)


def is_valid(answer: str, schema: Schema) -> bool:
    """Whether a model's raw answer is a valid record in JSON."""
    try:
        _record_model(schema.as_json).model_validate_json(answer)
    except ValidationError:
        return False
    return True


def correct(record: Record, corrections: Mapping[str, Any], schema: Schema) -> Record:
    """Return a record with other values for some attributes.

    Raises:
        InputError: If an attribute is not declared or cannot have the value.
    """
    try:
        corrected = _record_model(schema.as_json).model_validate({**record, **corrections})
    except ValidationError as error:
        reason = error.errors()[0]
        name = str(reason["loc"][0])
        raise InputError(f"The correction of '{name}' cannot be used: {reason['msg']}.") from error
    return corrected.model_dump()


def to_row(record: Mapping[str, Any], schema: Schema) -> dict[str, str]:
    """Convert a record to a table row, with lists joined by commas."""
    return {name: join_values(record[name]) for name in schema.names}


def from_row(row: Mapping[str, Any], schema: Schema) -> Record:
    """Convert a table row to a record, see :func:`to_row`; ignore other columns."""
    return {
        name: split_values(row[name]) if name in schema.multis else str(row[name])
        for name in schema.names
    }


def raw_values_from_row(row: Mapping[str, Any], schema: Schema) -> dict[str, Any]:
    """Return the attribute values that a model wrote, from a table row; omit missing ones."""
    return {
        name: split_values(row[name]) if name in schema.multis else row[name]
        for name in schema.names
        if isinstance(row[name], str)
    }


def join_values(value: Any) -> str:
    """Join the values of an attribute into one cell."""
    return SEPARATOR.join(value) if isinstance(value, list) else str(value)


def split_values(cell: Any) -> list[str]:
    """Split a cell into values, see :func:`join_values`; a missing cell has none."""
    if isinstance(cell, list):
        return cell
    return [part for part in str(cell).split(SEPARATOR) if part] if isinstance(cell, str) else []


def values_of(record: Mapping[str, Any], name: str) -> list[str]:
    """Return the values of an attribute as a list, whatever its kind."""
    value = record[name]
    return value if isinstance(value, list) else [value]


def text_of(record: Mapping[str, Any], schema: Schema) -> str:
    """Join the texts of a record, such as title and description."""
    return ". ".join(str(record[name]) for name in schema.texts)


def known_values_by_attribute(record: Mapping[str, Any], schema: Schema) -> dict[str, list[str]]:
    """Return the known values of a record, by attribute; omit attributes without any."""
    known = {
        name: [value for value in values_of(record, name) if value != attribute.default]
        for name, attribute in schema.categorical.items()
    }
    return {name: values for name, values in known.items() if values}


def known_values(record: Mapping[str, Any], schema: Schema) -> Iterator[str]:
    """Return the known values of a record, without "none"."""
    for values in known_values_by_attribute(record, schema).values():
        yield from (value for value in values if value != "none")


def searchable_text(record: Mapping[str, Any], schema: Schema) -> str:
    """Join the title, the known values that it does not name, and the other texts."""
    text = str(record[schema.title])
    for value in known_values(record, schema):
        if value.casefold() not in text.casefold():
            text += f", {value}"
    others = [str(record[name]) for name in schema.texts if name != schema.title]
    return ". ".join([text, *others])
