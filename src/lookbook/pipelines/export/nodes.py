"""Writes the catalogue as shops' systems take it."""

from __future__ import annotations

from typing import Any

from lookbook.labels.fields import Fields
from lookbook.labels.record import from_row
from lookbook.lazy import pd
from lookbook.publishing.shops import ShopParams, ShopTable


def export_shopify(
    full_catalogue: pd.DataFrame, fields: Fields, params: ShopParams
) -> pd.DataFrame:
    """Lays out Shopify's product CSV, a product an item.

    Source: https://help.shopify.com/en/manual/products/import-export/using-csv

    Args:
        full_catalogue: The items.
        fields: The catalogue's.
        params: Templates of the columns.
    """
    return _export(full_catalogue, fields, params.shopify, "export.shopify", params.pictures)


def export_merchant(
    full_catalogue: pd.DataFrame, fields: Fields, params: ShopParams
) -> pd.DataFrame:
    """Lays out a Google Merchant feed, an offer an item.

    Source: https://support.google.com/merchants/answer/7052112

    Args:
        full_catalogue: The items.
        fields: The catalogue's.
        params: Templates of the attributes.
    """
    return _export(full_catalogue, fields, params.merchant, "export.merchant", params.pictures)


def _export(
    catalogue: pd.DataFrame, fields: Fields, columns: dict[str, str], named: str, pictures: str
) -> pd.DataFrame:
    table = ShopTable(columns, named)
    rows: list[Any] = [
        table.row(from_row(row, fields), row["photo_id"], row["Filename"], fields, pictures)
        for row in catalogue.fillna("").to_dict("records")
    ]
    return pd.DataFrame(rows, columns=list(columns))


def report_export(shopify: pd.DataFrame, merchant: pd.DataFrame) -> dict[str, Any]:
    """Counts what was exported, and how many offers lack what Google asks for."""
    lacking = {name: int(merchant[name].eq("").sum()) for name in merchant.columns}
    return {
        "products": len(shopify),
        "offers": len(merchant),
        "empty": {name: count for name, count in lacking.items() if count},
    }
