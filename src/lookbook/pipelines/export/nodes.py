"""Writes the catalogue as feeds for platforms, and into the shop's own file."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

from lookbook.attributes.schema import Schema
from lookbook.lazy import pd
from lookbook.products.shop_file import ShopFile
from lookbook.products.vocabulary import ProductProperties
from lookbook.products.writing import CellChange, write_changes
from lookbook.publishing.export_params import ExportParams
from lookbook.publishing.feeds import google, json_ld, meta, openai, shopify
from lookbook.publishing.feeds.gathering import ProductGatherer
from lookbook.publishing.feeds.product import FeedProduct
from lookbook.publishing.feeds.rules import Row
from lookbook.publishing.feeds.writing import PRODUCT, REJECTIONS, make_feed
from lookbook.publishing.write_back import CHANGES, WriteBack


def gather_products(
    full_catalogue: pd.DataFrame,
    products: pd.DataFrame,
    manifest: pd.DataFrame,
    product_photos: pd.DataFrame,
    provenance: pd.DataFrame,
    schema: Schema,
    params: ExportParams,
) -> list[FeedProduct]:
    """Gather the shop's products, and the items without one, as all feeds see them."""
    gatherer = ProductGatherer(manifest, product_photos, provenance, schema, params)
    return list(gatherer.gather(full_catalogue, products))


def export_google(
    feed_products: list[FeedProduct], params: ExportParams
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Lay out Google Merchant Center's feed, a row for each variant, and list what it leaves out.

    Source: https://support.google.com/merchants/answer/7052112
    """
    feed = make_feed(feed_products, google.RULES, google.lay_out, params)
    return _to_table(feed.rows, google.RULES.fields), _to_rejections(feed.rejections)


def export_meta(
    feed_products: list[FeedProduct], params: ExportParams
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Lay out Meta's catalogue, a row for each variant, and list what it leaves out.

    Source: https://developers.facebook.com/docs/commerce-platform/catalog/fields
    """
    feed = make_feed(feed_products, meta.RULES, meta.lay_out, params)
    return _to_table(feed.rows, meta.RULES.fields), _to_rejections(feed.rejections)


def export_openai(
    feed_products: list[FeedProduct], params: ExportParams
) -> tuple[str, pd.DataFrame]:
    """Lay out OpenAI's feed, a line for each variant, and list what it leaves out.

    Source: https://developers.openai.com/commerce/specs/file-upload/products
    """
    feed = make_feed(feed_products, openai.RULES, openai.lay_out, params)
    filled = (
        {name: value for name, value in row.items() if value not in ("", [], {})}
        for row in feed.rows
    )
    return _to_lines(filled), _to_rejections(feed.rejections)


def export_json_ld(
    feed_products: list[FeedProduct], params: ExportParams
) -> tuple[str, pd.DataFrame]:
    """Lay out schema.org's JSON-LD, a line for each product, and list what it leaves out.

    Source: https://developers.google.com/search/docs/appearance/structured-data/merchant-listing
    """
    feed = make_feed(feed_products, json_ld.RULES, json_ld.lay_out, params)
    lines = _to_lines(json_ld.to_json_ld(product, rows) for product, rows in feed.products)
    # A line may stand in a script of a page, which no text may end.
    return lines.replace("<", "\\u003c"), _to_rejections(feed.rejections)


def export_shopify(
    feed_products: list[FeedProduct], params: ExportParams
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Lay out Shopify's product CSV, and list what it leaves out.

    Source: https://help.shopify.com/en/manual/products/import-export/using-csv
    """
    feed = shopify.make_shopify_feed(feed_products, params)
    return _to_table(feed.rows, shopify.columns(params.shopify)), _to_rejections(feed.rejections)


def collect_rejections(*rejections: pd.DataFrame) -> pd.DataFrame:
    """Join what the feeds leave out."""
    return pd.concat(rejections, ignore_index=True)


def _to_table(rows: list[Row], columns: Iterable[str]) -> pd.DataFrame:
    names = list(columns)
    cells = [[_to_cell(row.get(name, "")) for name in names] for row in rows]
    return pd.DataFrame(cells, columns=names, dtype=object)


def _to_cell(value: Any) -> str:
    return ",".join(value) if isinstance(value, list) else str(value)


def _to_lines(objects: Iterable[dict[str, Any]]) -> str:
    return "".join(f"{json.dumps(one, ensure_ascii=False)}\n" for one in objects)


def _to_rejections(rows: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=REJECTIONS)


def list_changes(
    shop_file: ShopFile,
    full_catalogue: pd.DataFrame,
    provenance: pd.DataFrame,
    schema: Schema,
    properties: ProductProperties,
    params: ExportParams,
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
    params: ExportParams,
) -> ShopFile:
    """Write the shop's own file with the changes; nothing in a dry run or without products."""
    if params.dry_run or products.empty:
        return ShopFile(shop_file.name, b"")
    rows = zip(*(changes[name] for name in ("line", "column", "after")), strict=True)
    cells = [CellChange(int(line), column, value) for line, column, value in rows]
    return ShopFile(shop_file.name, write_changes(shop_file, cells, properties))


def report_export(
    feed_products: list[FeedProduct], feed_rejections: pd.DataFrame, changes: pd.DataFrame
) -> dict[str, Any]:
    """Count the products that each feed takes and refuses, with the commonest reasons."""
    total = len(feed_products)
    refused = feed_rejections[feed_rejections["left_out"].eq(PRODUCT)]
    feeds = {}
    for name in ("google", "shopify", "meta", "openai", "json_ld"):
        rows = refused[refused["feed"].eq(name)]
        pairs = rows[["product_id", "field", "reason"]].drop_duplicates(["product_id", "field"])
        rejected = int(rows["product_id"].nunique())
        feeds[name] = {
            "accepted": total - rejected,
            "rejected": rejected,
            "fields": dict(Counter(pairs["field"]).most_common()),
        }
    return {"products": total, "feeds": feeds, "changes": len(changes)}
