"""Columns of the index for the shop's own data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from typing import Any

from lookbook.lazy import ArrowTable
from lookbook.products.product import Product

PREFIX = "product_"
# Columns that follow from the fields.
EFFECTIVE_PRICE, CODES = "product_effective_price", "product_codes"
AVAILABLE_SIZES = "product_available_sizes"
TITLE, IN_STOCK, SIZES, BRAND, CURRENCY = (
    "product_title", "product_in_stock", "product_sizes", "product_brand", "product_currency",
)  # fmt: skip


def column_of_field(name: str) -> str:
    """Return the column of a field of :class:`lookbook.products.product.Product`."""
    return name if name.startswith(PREFIX) else f"{PREFIX}{name}"


# Column by field.
FIELDS = {one.name: column_of_field(one.name) for one in fields(Product)}
COLUMNS = (*FIELDS.values(), EFFECTIVE_PRICE, CODES, AVAILABLE_SIZES)


def to_arrow(products: Iterable[tuple[Product, list[str]] | None]) -> ArrowTable:
    """Return products and their codes as columns; nulls for ``None``."""
    import pyarrow as pa

    strings = pa.list_(pa.string())
    types = {
        "price": pa.float64(), "sale_price": pa.float64(), "in_stock": pa.bool_(),
        "stock": pa.int64(), "sizes": strings, "sold_out_sizes": strings, "photos": strings,
    }  # fmt: skip
    columns = {column: types.get(name, pa.string()) for name, column in FIELDS.items()}
    rows: list[dict[str, Any]] = []
    for one in products:
        rows.append({})
        if one is not None:
            product, codes = one
            rows[-1] = {FIELDS[name]: value for name, value in asdict(product).items()}
            rows[-1] |= {
                EFFECTIVE_PRICE: product.effective_price,
                CODES: codes,
                AVAILABLE_SIZES: product.available_sizes,
            }
    more = {EFFECTIVE_PRICE: pa.float64(), CODES: strings, AVAILABLE_SIZES: strings}
    schema = pa.schema({**columns, **more})
    return pa.Table.from_pylist(rows, schema)


def to_product(row: Mapping[str, Any]) -> Product | None:
    """Read the product of an indexed row; ``None`` without one."""
    if row[FIELDS["product_id"]] is None:
        return None
    return Product(**{name: row[column] for name, column in FIELDS.items()})
