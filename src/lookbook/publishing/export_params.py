"""Parameters of the pipeline ``export``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, field_validator

_COUNTRY = re.compile(r"[A-Z]{2}")
_CURRENCY = re.compile(r"[A-Z]{3}")


class ShopSettings(BaseModel):
    """What the shop's file does not say of the shop and its products; empty for unknown.

    Attributes:
        name: The shop's name.
        url: The shop's address, such as ``https://www.…``. Links without a host follow it.
        product_page: A Jinja template of a product's page, for products without a link. It sees
            ``product_id`` and ``handle``.
        photos: The address that a photo's file name follows.
        countries: Where the shop sells, as ISO 3166 codes; the first is its own.
        return_policy: The address of the page on returns.
        brand: The brand of products without one.
        currency: The ISO 4217 code of prices without one.
        availability: Of products whose file does not say it.
        condition: Of products whose file does not say it.
        age_group: Of products whose file does not say it.
    """

    model_config = ConfigDict(extra="forbid")

    name: str
    url: str
    product_page: str
    photos: str
    countries: list[str]
    return_policy: str
    brand: str
    currency: str
    availability: Literal["", "in_stock", "out_of_stock"]
    condition: Literal["", "new", "refurbished", "used"]
    age_group: Literal["", "newborn", "infant", "toddler", "kids", "adult"]

    @field_validator("url", "product_page", "photos", "return_policy")
    @classmethod
    def _is_address(cls, address: str) -> str:
        if address and not address.startswith(("https://", "http://")):
            raise ValueError(f"'{address}' must begin with https:// or http://")
        return address

    @field_validator("countries", mode="before")
    @classmethod
    def _are_countries(cls, countries: Any) -> list[str]:
        """Split a text, as the command line gives it, at its blanks."""
        codes = countries.split() if isinstance(countries, str) else countries
        for code in codes:
            if not _COUNTRY.fullmatch(str(code)):
                raise ValueError(f"'{code}' is not a country code such as DE")
        return list(codes)

    @field_validator("currency")
    @classmethod
    def _is_currency(cls, currency: str) -> str:
        if currency and not _CURRENCY.fullmatch(currency):
            raise ValueError(f"'{currency}' is not a currency code such as EUR")
        return currency


class Categories(BaseModel):
    """The categories of platforms that a value stands for.

    Attributes:
        google: A path of Google's product taxonomy, which Meta and OpenAI read as well.
        shopify: A path of Shopify's product taxonomy.
    """

    model_config = ConfigDict(extra="forbid")

    google: str = ""
    shopify: str = ""


class Metafield(BaseModel):
    """A category metafield of Shopify.

    Attributes:
        attribute: The attribute whose values it has.
        entries: Shopify's entry for each value; values without one are left out.
    """

    model_config = ConfigDict(extra="forbid")

    attribute: str
    entries: dict[str, str]

    def entries_of(self, record: Mapping[str, Any]) -> list[str]:
        """Return the entries for the values of an item."""
        value = record.get(self.attribute, [])
        values = value if isinstance(value, list) else [value]
        return [self.entries[one] for one in values if one in self.entries]


class ShopifyParams(BaseModel):
    """How products are written for Shopify.

    Attributes:
        status: What new products are: ``draft``, ``active`` or ``archived``.
        metafields: Category metafields by heading.
    """

    model_config = ConfigDict(extra="forbid")

    status: Literal["draft", "active", "archived"]
    metafields: dict[str, Metafield]


class ExportParams(BaseModel):
    """How the catalogue goes out.

    Attributes:
        fill: Templates by property for the shop's own file.
        overwrite: Headings of columns of that file whose cells are replaced, too.
        dry_run: Whether the changes are only listed.
        shop: What the shop's file does not say.
        texts: Templates of what feeds say of an item where the shop's file does not.
        categories: Platforms' categories by attribute and value; the first attribute whose value
            is listed counts.
        shopify: How products are written for Shopify.
    """

    model_config = ConfigDict(extra="forbid")

    fill: dict[str, str]
    overwrite: list[str]
    dry_run: bool
    shop: ShopSettings
    texts: dict[Literal[
        "gender", "colours", "material", "pattern", "size", "product_type", "tags", "image_alt"
    ], str]  # fmt: skip
    categories: dict[str, dict[str, Categories]]
    shopify: ShopifyParams
