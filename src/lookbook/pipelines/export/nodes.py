"""Writes the catalogue as shops' systems take it."""

from __future__ import annotations

from typing import Any

from lookbook.attributes.record import from_row
from lookbook.attributes.schema import Schema
from lookbook.lazy import pd
from lookbook.publishing.shops import ShopParams, ShopTable


def export_shopify(
    full_catalogue: pd.DataFrame, schema: Schema, params: ShopParams
) -> pd.DataFrame:
    """Lay out Shopify's product CSV, a product an item.

    Source: https://help.shopify.com/en/manual/products/import-export/using-csv
    """
    return _export(full_catalogue, schema, params.shopify, "export.shopify", params.pictures)


def export_merchant(
    full_catalogue: pd.DataFrame, schema: Schema, params: ShopParams
) -> pd.DataFrame:
    """Lay out a Google Merchant feed, an offer an item.

    Source: https://support.google.com/merchants/answer/7052112
    """
    return _export(full_catalogue, schema, params.merchant, "export.merchant", params.pictures)


def _export(
    catalogue: pd.DataFrame, schema: Schema, columns: dict[str, str], named: str, pictures: str
) -> pd.DataFrame:
    table = ShopTable(columns, named)
    rows: list[Any] = [
        table.row(from_row(row, schema), row["photo_id"], row["Filename"], schema, pictures)
        for row in catalogue.fillna("").to_dict("records")
    ]
    return pd.DataFrame(rows, columns=list(columns))


def report_export(shopify: pd.DataFrame, merchant: pd.DataFrame) -> dict[str, Any]:
    """Count what was exported, and how many offers lack what Google asks for."""
    lacking = {name: int(merchant[name].eq("").sum()) for name in merchant.columns}
    return {
        "products": len(shopify),
        "offers": len(merchant),
        "empty": {name: count for name, count in lacking.items() if count},
    }
