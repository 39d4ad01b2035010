"""The catalogue as shops' systems take it: a row an item, its columns by templates."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from jinja2 import StrictUndefined, TemplateError, meta
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import BaseModel, ConfigDict

from lookbook.attributes.record import Record, known_values_by_attribute
from lookbook.attributes.schema import Schema
from lookbook.errors import InputError
from lookbook.products.tables import PRODUCTS

NO_PRODUCT: Mapping[str, str] = dict.fromkeys(PRODUCTS, "")
_environment = ImmutableSandboxedEnvironment(autoescape=False, undefined=StrictUndefined)


class ShopParams(BaseModel):
    """How items become a shop's products.

    Attributes:
        pictures: Where the shop's system finds the pictures: an address that a file's name is put
            after.
        shopify: Templates by column of Shopify's product CSV.
        merchant: Templates by attribute of a Google Merchant feed.
        fill: Templates by property for the shop's own file.
        overwrite: Headings of columns of that file whose cells are replaced, too.
        dry_run: Whether the changes are only listed.
    """

    model_config = ConfigDict(extra="forbid")

    pictures: str
    shopify: dict[str, str]
    merchant: dict[str, str]
    fill: dict[str, str]
    overwrite: list[str]
    dry_run: bool


class TemplateTable:
    """A table whose columns are templates."""

    def __init__(self, columns: dict[str, str], named: str) -> None:
        """Read the templates.

        Args:
            columns: Jinja templates by column. They see the item's attributes by name, values that
                are not known as empty; ``photo_id``, ``file``, ``picture`` (its address),
                ``handle`` (its title as an address has it) and ``product``, the shop's own data
                by the columns of ``products``, all empty without a product.
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

    def row(
        self,
        record: Record,
        photo_id: str,
        file: str,
        schema: Schema,
        pictures: str,
        product: Mapping[str, str] = NO_PRODUCT,
    ) -> Any:
        """Fill the columns for an item.

        Raises:
            InputError: If a template asks for what there is not.
        """
        known = known_values_by_attribute(record, schema)
        told: dict[str, Any] = {name: record[name] for name in schema.texts}
        for name in schema.categorical:
            values = known.get(name, [])
            told[name] = values if name in schema.multis else "".join(values[:1])
        told |= {
            "photo_id": photo_id,
            "file": file,
            "picture": pictures + file,
            "handle": f"{_slug(record[schema.title])}-{photo_id[:8]}",
            "product": product,
            "known": [one for values in known.values() for one in values],
        }
        row = {}
        for column, template in self._templates.items():
            try:
                row[column] = " ".join(template.render(told).split())
            except (TemplateError, TypeError) as error:
                raise InputError(f"{self._named}, column '{column}': {error}.") from error
        return row


def _slug(title: str) -> str:
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().casefold()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "item"
