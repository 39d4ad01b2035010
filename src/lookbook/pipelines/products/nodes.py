"""Reads what a shop sells from its own file."""

from __future__ import annotations

import logging
import re
from collections import Counter
from typing import Any

from lookbook.lazy import pd
from lookbook.products.building import read_products
from lookbook.products.reading import read_shop_file
from lookbook.products.shop_file import ShopFile
from lookbook.products.tables import PHOTOS, QUARANTINE, ProductTables, find_other_columns
from lookbook.products.vocabulary import ProductProperties

logger = logging.getLogger(__name__)


def list_products(
    shop_file: ShopFile, properties: ProductProperties
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, dict[str, Any]]:
    """List the products of a shop's file.

    Args:
        shop_file: The file; an empty one where a shop has none.
        properties: Headings and words by which it is understood.

    Returns:
        Products, a row each in the file's order; their photos; cells that could not be used; and a
        report. All are empty where the file holds no products.
    """
    from lookbook.progress import Progress

    table = read_shop_file(shop_file, properties)
    products, columns = read_products(table, properties)
    tables = ProductTables(find_other_columns(table, columns))
    total = len(table.rows)
    with Progress(total=total, desc="products", unit="row", disable=total < 10_000) as progress:
        for product in products:
            tables.add(product)
            progress.update(product.rows)
    found = {name: table.headings[places[0]] for name, places in columns.places.items() if places}
    if tables.products:
        logger.info(
            "%s: %s; %d columns are used (products_report.json names them)",
            shop_file.name, table.format, len(found),
        )  # fmt: skip
    report = {
        "file": shop_file.name,
        "format": table.format,
        "columns": found,
        "rows": len(table.rows),
        "products": len(tables.products),
        "variants": tables.variants,
        "photos": len(tables.photos),
        "quarantined": dict(
            Counter(re.split("[:,] ", row["reason"])[0] for row in tables.quarantine)
        ),
    }
    return (
        tables.product_table(),
        pd.DataFrame(tables.photos, columns=PHOTOS),
        pd.DataFrame(tables.quarantine, columns=QUARANTINE),
        report,
    )
