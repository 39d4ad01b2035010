"""Writes the catalogue as shops' systems take it, and into the shop's own file."""

from __future__ import annotations

from typing import Any

from lookbook.attributes.record import from_row
from lookbook.attributes.schema import Schema
from lookbook.lazy import pd
from lookbook.products.shop_file import ShopFile
from lookbook.products.tables import PRODUCTS
from lookbook.products.vocabulary import ProductProperties
from lookbook.products.writing import CellChange, write_changes
from lookbook.publishing.shops import NO_PRODUCT, ShopParams, TemplateTable
from lookbook.publishing.write_back import CHANGES, WriteBack


def export_shopify(
    full_catalogue: pd.DataFrame, item_products: pd.DataFrame, schema: Schema, params: ShopParams
) -> pd.DataFrame:
    """Lay out Shopify's product CSV, a product an item.

    Source: https://help.shopify.com/en/manual/products/import-export/using-csv
    """
    templates = TemplateTable(params.shopify, "export.shopify")
    return _export(full_catalogue, item_products, schema, templates, params.pictures)


def export_merchant(
    full_catalogue: pd.DataFrame, item_products: pd.DataFrame, schema: Schema, params: ShopParams
) -> pd.DataFrame:
    """Lay out a Google Merchant feed, an offer an item.

    Source: https://support.google.com/merchants/answer/7052112
    """
    templates = TemplateTable(params.merchant, "export.merchant")
    return _export(full_catalogue, item_products, schema, templates, params.pictures)


def _export(
    catalogue: pd.DataFrame,
    item_products: pd.DataFrame,
    schema: Schema,
    templates: TemplateTable,
    pictures: str,
) -> pd.DataFrame:
    columns = item_products[["photo_id", *PRODUCTS]].fillna("").set_index("photo_id")
    products = columns.to_dict("index")
    rows: list[Any] = [
        templates.row(
            from_row(row, schema), row["photo_id"], row["Filename"], schema, pictures,
            products.get(row["photo_id"], NO_PRODUCT),
        )
        for row in catalogue.fillna("").to_dict("records")
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(templates.columns))


def list_changes(
    shop_file: ShopFile,
    full_catalogue: pd.DataFrame,
    provenance: pd.DataFrame,
    schema: Schema,
    properties: ProductProperties,
    params: ShopParams,
) -> pd.DataFrame:
    """List what the catalogue adds to the shop's own file, a row each cell."""
    if not shop_file.data:
        return pd.DataFrame(columns=CHANGES)
    changes = WriteBack(shop_file, properties, schema, params)
    return pd.DataFrame(changes.list_changes(full_catalogue, provenance), columns=CHANGES)


def write_shop_file(
    shop_file: ShopFile,
    products: pd.DataFrame,
    changes: pd.DataFrame,
    properties: ProductProperties,
    params: ShopParams,
) -> ShopFile:
    """Write the shop's own file with the changes; nothing in a dry run or without products."""
    if params.dry_run or products.empty:
        return ShopFile(shop_file.name, b"")
    rows = zip(*(changes[name] for name in ("line", "column", "after")), strict=True)
    cells = [CellChange(int(line), column, value) for line, column, value in rows]
    return ShopFile(shop_file.name, write_changes(shop_file, cells, properties))


def report_export(
    shopify: pd.DataFrame, merchant: pd.DataFrame, changes: pd.DataFrame
) -> dict[str, Any]:
    """Count what was exported, and how many offers lack what Google asks for."""
    asked = [name for name in merchant.columns if name != "sale_price"]
    lacking = {name: int(merchant[name].str.strip().eq("").sum()) for name in asked}
    return {
        "products": len(shopify),
        "offers": len(merchant),
        "changes": len(changes),
        "empty": {name: count for name, count in lacking.items() if count},
    }
