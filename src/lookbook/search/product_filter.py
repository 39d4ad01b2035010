"""Filters over the shop's own data, and what there is to choose from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from lookbook.lazy import ArrowTable
from lookbook.search.product_columns import (
    AVAILABLE_SIZES,
    BRAND,
    CURRENCY,
    EFFECTIVE_PRICE,
    IN_STOCK,
    SIZES,
)
from lookbook.search.tables import quote

Sort = Literal["relevance", "price_ascending", "price_descending"]
# Sizes in letters, from small to large; others follow, numbers by their value.
_LETTER_SIZES = ["xxs", "xs", "s", "m", "l", "xl", "xxl", "2xl", "xxxl", "3xl", "4xl", "5xl"]
_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")
# Columns that facets are collected from.
FACET_COLUMNS = [EFFECTIVE_PRICE, BRAND, SIZES, CURRENCY, IN_STOCK]


class ProductFilter(BaseModel):
    """Conditions that products must meet; an item without the data meets none but ``in_stock``.

    Attributes:
        min_price: The least that a customer pays.
        max_price: The most that a customer pays.
        currency: Currency of the prices; ``None`` for any.
        sizes: Sizes as the shop writes them, any of which will do; ``None`` for all items. With
            ``in_stock`` such a size is not sold out.
        brands: Brands as the shop writes them, any of which will do; ``None`` for all items.
        in_stock: Whether items that are known to be sold out are left out.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    min_price: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    max_price: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    currency: str | None = None
    sizes: list[str] | None = None
    brands: list[str] | None = None
    in_stock: bool = False

    @property
    def has_price(self) -> bool:
        """Whether prices are limited."""
        return self.min_price is not None or self.max_price is not None

    def allowed_values(self) -> dict[str, list[str]]:
        """Return the allowed values by column."""
        currencies = [self.currency] if self.currency else None
        sizes = AVAILABLE_SIZES if self.in_stock else SIZES
        allowed = {sizes: self.sizes, BRAND: self.brands, CURRENCY: currencies}
        return {column: values for column, values in allowed.items() if values is not None}

    def condition(self) -> list[str]:
        """Return SQL conditions, all of which must hold."""
        parts = [f"({IN_STOCK} IS NULL OR {IN_STOCK})"] if self.in_stock else []
        if self.min_price is not None:
            parts.append(f"{EFFECTIVE_PRICE} >= {self.min_price!r}")
        if self.max_price is not None:
            parts.append(f"{EFFECTIVE_PRICE} <= {self.max_price!r}")
        for column, values in self.allowed_values().items():
            if not values:
                parts.append("FALSE")
            elif column in (SIZES, AVAILABLE_SIZES):
                parts.append(f"array_has_any({column}, [{quote(values)}])")
            else:
                parts.append(f"{column} IN ({quote(values)})")
        return parts

    def __and__(self, other: ProductFilter) -> ProductFilter:
        """Return a filter that an item meets if it meets both."""
        low = [one.min_price for one in (self, other) if one.min_price is not None]
        high = [one.max_price for one in (self, other) if one.max_price is not None]
        return ProductFilter(
            min_price=max(low, default=None),
            max_price=min(high, default=None),
            currency=self.currency or other.currency,
            sizes=_both(self.sizes, other.sizes),
            brands=_both(self.brands, other.brands),
            in_stock=self.in_stock or other.in_stock,
        )


@dataclass(frozen=True)
class ProductFacets:
    """What the products of an index have, to choose from.

    Attributes:
        brands: In alphabetical order.
        sizes: From small to large.
        currencies: ISO codes.
        prices: Lowest and highest price that a customer pays; ``None`` without prices.
        has_stock: Whether the shop says of any item that it is sold out.
    """

    brands: Sequence[str] = ()
    sizes: Sequence[str] = ()
    currencies: Sequence[str] = ()
    prices: tuple[float, float] | None = None
    has_stock: bool = False

    @classmethod
    def of(cls, rows: ArrowTable) -> ProductFacets:
        """Collect the facets of rows with :data:`FACET_COLUMNS`."""
        import pyarrow.compute as pc

        def distinct(column: Any) -> list[str]:
            return [value for value in pc.unique(column).to_pylist() if value]

        bounds = pc.min_max(rows[EFFECTIVE_PRICE]).as_py()
        return cls(
            sorted(distinct(rows[BRAND]), key=str.casefold),
            sorted(distinct(pc.list_flatten(rows[SIZES])), key=_size_order),
            sorted(distinct(rows[CURRENCY])),
            None if bounds["min"] is None else (bounds["min"], bounds["max"]),
            False in pc.unique(rows[IN_STOCK]).to_pylist(),
        )

    def matching_sizes(self, size: str) -> list[str]:
        """Return the sizes that a customer means: "38" is "38" or "EU 38", and "m" is "M"."""
        wanted = size.casefold()
        exact = [one for one in self.sizes if one.casefold() == wanted]
        return exact or [one for one in self.sizes if wanted in re.split(r"[\s/]+", one.casefold())]


def _both(first: list[str] | None, second: list[str] | None) -> list[str] | None:
    if first is None or second is None:
        return second if first is None else first
    return [value for value in first if value in second]


def _size_order(size: str) -> tuple[int, float, str]:
    folded = size.casefold()
    if folded in _LETTER_SIZES:
        return 0, _LETTER_SIZES.index(folded), folded
    number = _NUMBER.search(folded)
    return (1, float(number[0].replace(",", ".")), folded) if number else (2, 0, folded)
