"""The record of one item: every declared field with a value of its kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from lookbook.labels.fields import Fields, OneField, TextField

Record = dict[str, Any]
SEPARATOR = ", "


def record_model(fields: Fields) -> type[BaseModel]:
    """Makes the pydantic model of a record, whose values are the declared ones."""
    return _model(fields.declared)


@lru_cache(maxsize=8)
def _model(declared: str) -> type[BaseModel]:
    types: dict[str, Any] = {}
    for name, field in Fields.model_validate_json(declared).root.items():
        if isinstance(field, TextField):
            least = 0 if field.otherwise == "" else 1
            types[name] = Annotated[str, Field(min_length=least, max_length=field.longest)]
        elif isinstance(field, OneField):
            types[name] = Literal[tuple(field.values)]
        else:
            one: Any = Literal[tuple(field.values)]
            types[name] = Annotated[list[one], Field(max_length=field.at_most)]
    definitions: dict[str, Any] = {name: (kind, ...) for name, kind in types.items()}
    return create_model("Record", __config__=ConfigDict(extra="forbid"), **definitions)


def is_valid(answer: str, fields: Fields) -> bool:
    """Says whether a model's answer is a record as it came."""
    try:
        record_model(fields).model_validate_json(answer)
    except ValidationError:
        return False
    return True


def to_row(record: Mapping[str, Any], fields: Fields) -> dict[str, str]:
    """Writes a record as a row of a table, lists joined by commas."""
    return {name: join_values(record[name]) for name in fields.names}


def from_row(row: Mapping[str, Any], fields: Fields) -> Record:
    """Reads a record from a row of a table, see :func:`to_row`; other columns are left out."""
    return {
        name: split_values(row[name]) if name in fields.somes else str(row[name])
        for name in fields.names
    }


def written_of(row: Mapping[str, Any], fields: Fields) -> dict[str, Any]:
    """Takes what a model wrote of the fields from a row of a table; missing where it did not."""
    return {
        name: split_values(row[name]) if name in fields.somes else row[name]
        for name in fields.names
        if isinstance(row[name], str)
    }


def join_values(value: Any) -> str:
    """Writes the value of a field, or several of them, into one cell."""
    return SEPARATOR.join(value) if isinstance(value, list) else str(value)


def split_values(cell: Any) -> list[str]:
    """Takes the values of a cell apart, see :func:`join_values`; a missing cell has none."""
    if isinstance(cell, list):
        return cell
    return [part for part in str(cell).split(SEPARATOR) if part] if isinstance(cell, str) else []


def values_of(record: Mapping[str, Any], name: str) -> list[str]:
    """Lists what a record says of a field; of a field with one value that alone."""
    value = record[name]
    return value if isinstance(value, list) else [value]


def text_of(record: Mapping[str, Any], fields: Fields) -> str:
    """Joins the texts of a record, such as title and description."""
    return ". ".join(str(record[name]) for name in fields.texts)


def known_of(record: Mapping[str, Any], fields: Fields) -> dict[str, list[str]]:
    """Lists what a record tells, by field; what it does not know is left out."""
    known = {}
    for name, field in fields.enumerated.items():
        told = [one for one in values_of(record, name) if one != getattr(field, "otherwise", None)]
        if told:
            known[name] = told
    return known


def known_values(record: Mapping[str, Any], fields: Fields) -> Iterator[str]:
    """Lists the values that tell something of an item."""
    for values in known_of(record, fields).values():
        yield from (value for value in values if value != "none")


def whole_text_of(record: Mapping[str, Any], fields: Fields) -> str:
    """Joins all that is known of an item: its title, its values, its other texts.

    A value that is not known is left out, as is one that a text before it names already.
    """
    told = str(record[fields.title])
    for value in known_values(record, fields):
        if value.casefold() not in told.casefold():
            told += f", {value}"
    texts = [str(record[name]) for name in fields.texts if name != fields.title]
    return ". ".join([told, *texts])
