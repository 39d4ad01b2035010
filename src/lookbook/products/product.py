"""A shop's product, as the index, the assistant and the page see it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from lookbook.lazy import pd

# Characters of the shop's description that the index stores.
MAX_DESCRIPTION = 1000
# Age groups that are no child's; shops name many of children.
_ADULTS = {
    "adult", "adults", "erwachsene", "erwachsener", "adulte", "adultes", "adulto", "adultos", "all",
}  # fmt: skip
# Keys of a variant that hold a code by which customers may ask for it.
_CODE_KEYS = ("id", "sku", "gtin", "ean", "mpn", "variant_id", "product_id")


@dataclass(frozen=True)
class Product:
    """A product; fields are those of the table ``products``, and empty where the shop is silent.

    Attributes:
        product_id: The shop's own id.
        title: The shop's title.
        description: The beginning of the shop's description.
        price: The regular price.
        sale_price: What is asked instead of ``price``; ``None`` without a sale.
        currency: ISO code.
        brand: The maker.
        in_stock: Whether it can be bought from stock; ``None`` where the shop does not say.
        stock: Number of pieces in stock.
        sizes: All sizes, sold out or not.
        sold_out_sizes: Sizes that are known to be sold out.
        url: The shop's page.
        gtin: Its barcode.
        photos: Files of its photos, the main one first.
        age_group: Whose age it is for, in the shop's words.
    """

    product_id: str
    title: str = ""
    description: str = ""
    price: float | None = None
    sale_price: float | None = None
    currency: str = ""
    brand: str = ""
    in_stock: bool | None = None
    stock: int | None = None
    sizes: list[str] = field(default_factory=list)
    sold_out_sizes: list[str] = field(default_factory=list)
    url: str = ""
    gtin: str = ""
    photos: list[str] = field(default_factory=list)
    age_group: str = ""

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Product:
        """Read a row of the table ``item_products``."""
        return cls(
            product_id=cell_text(row["product_id"]),
            title=cell_text(row.get("title")),
            description=cell_text(row.get("description"))[:MAX_DESCRIPTION],
            price=_number(row.get("price")),
            sale_price=_number(row.get("sale_price")),
            currency=cell_text(row.get("currency")),
            brand=cell_text(row.get("brand")),
            in_stock=_flag(row.get("in_stock")),
            stock=None if (stock := _number(row.get("stock"))) is None else int(stock),
            sizes=_list(row.get("sizes")),
            sold_out_sizes=_sold_out_sizes(read_variants(row)),
            url=cell_text(row.get("url")),
            gtin=cell_text(row.get("gtin")),
            photos=_list(row.get("photos")),
            age_group=cell_text(row.get("age_group")),
        )

    @property
    def is_for_child(self) -> bool | None:
        """Whether it is for a child; ``None`` where the shop does not say."""
        words = set(self.age_group.casefold().split())
        return not words & _ADULTS if words else None

    @property
    def available_sizes(self) -> list[str]:
        """Sizes that are not known to be sold out."""
        return [size for size in self.sizes if size not in self.sold_out_sizes]

    @property
    def effective_price(self) -> float | None:
        """What a customer pays: the sale price, if there is a sale."""
        return self.price if self.sale_price is None else self.sale_price

    @property
    def link(self) -> str:
        """The address of the shop's page if a browser may follow it, else an empty text."""
        try:
            address = urlsplit(self.url)
        except ValueError:
            return ""
        return self.url if address.scheme in ("http", "https") and address.netloc else ""

    @property
    def price_text(self) -> str:
        """What a customer pays, such as ``89.95 EUR``; empty if unknown."""
        price = self.effective_price
        return "" if price is None else format_price(price, self.currency)


def format_price(amount: float, currency: str = "") -> str:
    """Return an amount as customers read it, such as ``89.95 EUR`` or ``90``."""
    digits = f"{amount:.0f}" if amount == round(amount) else f"{amount:.2f}"
    return f"{digits} {currency}".strip()


def codes_of(row: Mapping[str, Any]) -> list[str]:
    """Return the codes of a row of ``item_products``: ids, SKUs and barcodes, case-folded."""
    cells = [row["product_id"], row.get("gtin")]
    cells += [variant.get(key) for variant in read_variants(row) for key in _CODE_KEYS]
    return list(
        dict.fromkeys(code for cell in cells if (code := cell_text(cell).strip().casefold()))
    )


def codes_in(text: str) -> set[str]:
    """Return what may be a code in a message: all of it, and long words with a digit."""
    words = (word.strip(".,;:!?()[]\"'") for word in text.casefold().split())
    codes = {word for word in words if len(word) >= 5 and any(map(str.isdigit, word))}
    return {code for code in (*codes, text.strip().casefold()) if code}


def read_variants(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Read the variants of a row of ``products`` or ``item_products``."""
    cell = row.get("variants")
    items = json.loads(cell) if isinstance(cell, str) and cell else []
    return [one for one in items if isinstance(one, dict)]


def _sold_out_sizes(variants: list[dict[str, Any]]) -> list[str]:
    """Return the sizes of which no variant may be in stock."""
    in_stock: dict[str, bool] = {}
    for variant in variants:
        if size := cell_text(variant.get("size")):
            may_be_in_stock = variant.get("in_stock") is not False
            in_stock[size] = in_stock.get(size, False) or may_be_in_stock
    return [size for size, may_be_in_stock in in_stock.items() if not may_be_in_stock]


def _is_missing(cell: Any) -> bool:
    return not isinstance(cell, list) and bool(pd.isna(cell))


def cell_text(cell: Any) -> str:
    """Return a cell as text; empty if it is missing."""
    return "" if _is_missing(cell) else str(cell)


def _number(cell: Any) -> float | None:
    return None if _is_missing(cell) or cell == "" else float(cell)


def _flag(cell: Any) -> bool | None:
    if _is_missing(cell) or cell == "":
        return None
    return cell.casefold() == "true" if isinstance(cell, str) else bool(cell)


def _list(cell: Any) -> list[str]:
    if _is_missing(cell) or cell == "":
        return []
    return [str(item) for item in (json.loads(cell) if isinstance(cell, str) else cell)]
