"""The tables of a shop's products."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from lookbook.lazy import pd
from lookbook.products.building import FileProduct
from lookbook.products.columns import Columns
from lookbook.products.shop_file import PATH, ShopTable
from lookbook.products.texts import as_text

PRODUCTS = [
    "product_id", "title", "description", "price", "sale_price", "currency", "brand", "in_stock",
    "stock", "sizes", "url", "gtin", "gender", "age_group", "colours", "material", "category",
    "images", "variants",
]  # fmt: skip
LISTS = ("sizes", "colours", "images", "variants")
PHOTOS = ["product_id", "position", "image", "line"]
QUARANTINE = ["product_id", "line", "column", "value", "reason"]
_TYPES = {"price": "float64", "sale_price": "float64", "in_stock": "boolean", "stock": "Int64"}


class ProductTables:
    """Collects the rows of products, of their photos and of cells that could not be used."""

    def __init__(self, others: dict[int, str]) -> None:
        """Set the names of the shop's other columns, by place."""
        self.products: list[list[Any]] = []
        self.photos: list[dict[str, Any]] = []
        self.quarantine: list[dict[str, Any]] = []
        self.variants = 0
        self._others = others
        self._claimed: dict[str, str] = {}

    def add(self, product: FileProduct) -> None:
        """Add a product."""
        facts = {**product.facts, "product_id": product.id}
        facts["images"] = [image for image, _ in product.images]
        self.variants += len(facts["variants"])
        row = [_to_json(facts[name]) if name in LISTS else facts[name] for name in PRODUCTS]
        row += [
            as_text(product.others[place]) if place in product.others else None
            for place in self._others
        ]
        self.products.append(row)
        for problem in product.problems:
            self._reject(product.id, problem.line, problem.column, problem.value, problem.reason)
        position = 0
        for image, line in product.images:
            owner = self._claimed.setdefault(image, product.id)
            if owner != product.id:
                reason = f"a photo of another product: '{owner}'"
                self._reject(product.id, line, "images", image, reason)
                continue
            position += 1
            self.photos.append(
                {"product_id": product.id, "position": position, "image": image, "line": line}
            )

    def _reject(self, product: str, line: int, column: str, value: str, reason: str) -> None:
        row = (product, line, column, value, reason)
        self.quarantine.append(dict(zip(QUARANTINE, row, strict=True)))

    def product_table(self) -> pd.DataFrame:
        """Return the products, a row each."""
        columns = [*PRODUCTS, *(self._others.values() if self.products else ())]
        table = pd.DataFrame(self.products, columns=columns)
        return table.astype(_TYPES)


def find_other_columns(table: ShopTable, columns: Columns) -> dict[int, str]:
    """Name the columns that hold no property: by their headings, each once.

    Returns:
        Names by place; none for values that stand in a column of their own.
    """
    headings = set(table.headings)
    names: dict[int, str] = {}
    seen = Counter(PRODUCTS)
    for place, heading in enumerate(table.headings):
        is_nested = PATH in heading and heading.split(PATH)[0] in headings
        if place in columns.recognised or is_nested:
            continue
        heading = heading.strip() or f"column {place + 1}"  # noqa: PLW2901
        name = f"{heading}.{seen[heading]}" if seen[heading] else heading
        seen[heading] += 1
        names[place] = name
    return names


def _to_json(value: list[Any]) -> str | None:
    return json.dumps(value, ensure_ascii=False) if value else None
