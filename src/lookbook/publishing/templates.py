"""Texts of an item by Jinja templates, which a shop may change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinja2 import StrictUndefined, TemplateError, meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

from lookbook.attributes.record import Record, known_values, known_values_by_attribute
from lookbook.attributes.schema import Schema
from lookbook.errors import InputError

_environment = ImmutableSandboxedEnvironment(autoescape=False, undefined=StrictUndefined)


class _Values(list[str]):
    """Several values, which a template may write as they are."""

    def __str__(self) -> str:
        return ", ".join(self)


class TemplateTable:
    """A table whose columns are templates."""

    def __init__(self, columns: dict[str, str], named: str) -> None:
        """Read the templates.

        Args:
            columns: Jinja templates by column. They see the item's attributes by name, values that
                are not known as empty; ``photo_id``, ``file`` and ``known``, all known values.
            named: What the configuration calls them, for errors.

        Raises:
            InputError: If one is no template.
        """
        self._named = named
        self._templates = {}
        self.columns = columns
        for column, template in columns.items():
            try:
                self._templates[column] = _environment.from_string(template)
            except TemplateError as error:
                raise InputError(f"{named}, column '{column}': {error}.") from error

    def variables(self, column: str) -> set[str]:
        """Return the names that a column's template uses."""
        return meta.find_undeclared_variables(_environment.parse(self.columns[column]))

    def row(self, record: Record, photo_id: str, file: str, schema: Schema) -> dict[str, str]:
        """Fill the columns for an item.

        Raises:
            InputError: If a template asks for what there is not.
        """
        known = known_values_by_attribute(record, schema)
        values: dict[str, Any] = {name: record[name] for name in schema.texts}
        for name in schema.categorical:
            listed = known.get(name, [])
            values[name] = _Values(listed) if name in schema.multis else "".join(listed[:1])
        values |= {
            "photo_id": photo_id,
            "file": file,
            "known": _Values(known_values(record, schema)),
        }
        return self.render(values)

    def render(self, values: Mapping[str, Any]) -> dict[str, str]:
        """Fill the columns with these values.

        Raises:
            InputError: If a template asks for what there is not.
        """
        row = {}
        for column, template in self._templates.items():
            try:
                row[column] = " ".join(template.render(values).split())
            except (TemplateError, TypeError) as error:
                raise InputError(f"{self._named}, column '{column}': {error}.") from error
        return row
