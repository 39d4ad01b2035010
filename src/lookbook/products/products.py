"""Products out of the rows of a shop's table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product as combine
from typing import Any

from lookbook.products.columns import Columns, recognise_columns
from lookbook.products.facts import FactReader, Facts, Image, Prices, Stock
from lookbook.products.grouping import Group, Grouping, Problem, list_packed
from lookbook.products.images import unique_images
from lookbook.products.records import TEXT
from lookbook.products.shop_file import Row, ShopTable
from lookbook.products.vocabulary import ProductProperties
from lookbook.products.words import Words, as_text, html_to_text, plain_text

# An address, absolute or from the shop's root.
_ADDRESSES = ("http://", "https://", "/", "www.")


@dataclass
class Product:
    """A product as its shop's file describes it.

    Attributes:
        id: What the shop tells it apart by.
        facts: Its properties by name: texts, numbers, booleans and lists; ``None`` where the file
            says nothing.
        images: Its photos as they stand, each with its line, the main one first.
        others: The shop's other columns, by place.
        line: The line of its row.
        rows: How many rows it has.
        problems: Cells that could not be used.
    """

    id: str
    facts: dict[str, Any]
    images: list[tuple[str, int]]
    others: dict[int, Any]
    line: int
    rows: int
    problems: list[Problem] = field(default_factory=list)


def read_products(
    table: ShopTable, properties: ProductProperties
) -> tuple[Iterator[Product], Columns]:
    """Read the products of a table.

    Returns:
        The products in the file's order, and what the table's columns are. A table without a
        column of ids or titles holds no products.
    """
    columns = recognise_columns(table, properties)
    if not holds_products(columns):
        return iter(()), columns
    words = Words(properties)
    groups = Grouping(table, columns, properties, words).gather()
    builder = ProductBuilder(table, columns, properties, words)
    return (builder.build(group) for group in groups), columns


def holds_products(columns: Columns) -> bool:
    """Whether a table has ids or titles, and something else of products."""
    names = {name for name, places in columns.places.items() if places}
    return bool(names & {"title", "sku", "number", "group"}) and bool(
        names
        & {
            "title",
            "price",
            "net_price",
            "regular_price",
            "sale_price",
            "url",
            "brand",
            "stock",
            "availability",
            "gtin",
            "sizes",
        }
    )


class ProductBuilder:
    """Builds products out of groups of rows."""

    def __init__(
        self, table: ShopTable, columns: Columns, properties: ProductProperties, words: Words
    ) -> None:
        """Set the table and what its columns are."""
        self._columns, self._properties = columns, properties
        self._reader = FactReader(table, columns, properties, words)
        recognised = columns.recognised
        self._others = [place for place in columns.names if place not in recognised]

    def build(self, group: Group) -> Product:
        """Build a product."""
        problems = list(group.problems)
        root, columns = group.root, self._columns
        names = {
            place: as_text(root.cells[place])
            for place, _ in columns.option_pairs
            if place in root.cells
        }
        own = self._reader.read(root, names, problems)
        variants = [
            own if row is root else self._reader.read(row, names, problems)
            for row in group.variants
        ]
        rows = [own, *(facts for facts in variants if facts is not own)]
        texts = [facts.row for facts in rows]
        packed = [
            listed
            for place in columns.places["variants"]
            for listed in list_packed(root.cells.get(place))
        ]
        offers = self._offers(own, variants, packed, group.is_parent)
        facts: dict[str, Any] = {
            "title": self._title(texts, problems) or None,
            "description": self._long_text(texts, "description", html_to_text, problems),
            "brand": self._brand(rows),
            "url": self._url(texts),
            "gtin": self._first(texts, "gtin") or _named(rows, "gtin"),
            "material": self._first(texts, "material") or _named(rows, "material"),
            "category": self._first(texts, "category"),
            "age_group": self._first(texts, "age_group"),
            "gender": _gender(rows),
            "sizes": _distinct(facts.sizes for facts in rows),
            "colours": _distinct(facts.colours for facts in rows),
            "currency": next((facts.currency for facts in rows if facts.currency), None),
            "variants": offers,
        }
        facts["price"] = min(
            (offer["price"] for offer in offers if offer.get("price")), default=None
        )
        sales = [offer["sale_price"] for offer in offers if offer.get("sale_price")]
        facts["sale_price"] = min(sales, default=None)
        states = [offer.get("in_stock") for offer in offers]
        facts["in_stock"] = True if True in states else (False if False in states else None)
        counts = [offer["stock"] for offer in offers if offer.get("stock") is not None]
        facts["stock"] = sum(counts) if counts else None
        return Product(
            group.id,
            facts,
            self._images(group, rows),
            {place: root.cells[place] for place in self._others if place in root.cells},
            root.line,
            len(group.variants) + len(group.photos) + group.is_parent,
            problems,
        )

    def _offers(
        self, own: Facts, variants: list[Facts], packed: list[dict[str, str]], is_parent: bool
    ) -> list[dict[str, Any]]:
        """List what one can order, each with its size, colour, price and stock."""
        offers = [self._offer(facts, own, is_parent) for facts in variants]
        if len(variants) == 1 and variants[0] is own:
            if packed:
                offers = [{**offers[0], "sku": listed.get("sku", "")} for listed in packed]
            elif (
                own.lists
                and len(own.sizes or [""]) * len(own.colours or [""])
                <= self._properties.max_variants
            ):
                offers = [
                    _filled({**offers[0], "size": size, "colour": colour})
                    for colour, size in combine(own.colours or [None], own.sizes or [None])
                ]
        return offers

    def _offer(self, facts: Facts, own: Facts, is_parent: bool) -> dict[str, Any]:
        price, sale = _prices(facts.prices, own.prices if facts is not own else None)
        return _filled(
            {
                "sku": self._reader.text(facts.row, "sku")
                or self._reader.text(facts.row, "number"),
                "size": facts.sizes[0] if len(facts.sizes) == 1 else None,
                "colour": facts.colours[0] if len(facts.colours) == 1 else None,
                "price": price,
                "sale_price": sale,
                "in_stock": _in_stock(facts.stock, own.stock if facts is not own else None),
                "stock": _count(facts.stock, own.stock if facts is not own else None),
            }
        )

    def _title(self, rows: list[Row], problems: list[Problem]) -> str:
        return (
            self._first(rows, "group_title", plain_text)
            or self._long_text(rows, "title", plain_text, problems)
            or ""
        )

    def _long_text(self, rows: list[Row], name: str, convert: Any, problems: list[Problem]) -> str:
        """Read a text that is bounded."""
        for row in rows:
            for place in self._columns.places[name]:
                if place not in row.cells:
                    continue
                cell, limit = row.cells[place], self._properties.max_text
                # Tags take no more than half of a text that is kept.
                text = convert(cell[: 10 * limit] if isinstance(cell, str) else cell)
                if isinstance(cell, str) and (len(cell) > 10 * limit or len(text) > limit):
                    text = text[:limit]
                    reason = f"longer than {limit:,} characters, which are used"
                    problems.append(
                        Problem(row.line, self._columns.names[place], cell[:200], reason)
                    )
                if text:
                    return text
        return ""

    def _first(self, rows: list[Row], name: str, convert: Any = as_text) -> str | None:
        for row in rows:
            for place in self._columns.places[name]:
                cell = row.cells.get(place)
                if isinstance(cell, list):
                    cell = ", ".join(as_text(inner) for inner in cell)
                # What is nested has columns of its own.
                if cell is not None and not (isinstance(cell, dict) and TEXT not in cell):
                    text: str = convert(cell)
                    if text:
                        return text
        return None

    def _brand(self, rows: list[Facts]) -> str | None:
        return self._first([facts.row for facts in rows], "brand", plain_text) or _named(
            rows, "brand"
        )

    def _url(self, rows: list[Row]) -> str | None:
        for row in rows:
            for place in self._columns.places["url"]:
                text = as_text(row.cells.get(place, ""))
                if text.casefold().startswith(_ADDRESSES):
                    return text
        return None

    def _images(self, group: Group, rows: list[Facts]) -> list[tuple[str, int]]:
        """List a product's photos: the main one, by position, then those of its variants."""
        own: list[Image] = []
        others: list[Image] = []
        has_positions = bool(self._columns.places["image_position"])
        for facts in rows:
            for image in facts.images:
                shared = facts.row is group.root or (
                    has_positions and image.position < float("inf")
                )
                (others if image.is_of_variant or not shared else own).append(image)
        for row in group.photos:
            own += self._reader.read_images(row)
        own.sort(key=lambda image: (not image.is_main, image.position))
        lines: dict[str, int] = {}
        for image in [*own, *others]:
            lines.setdefault(image.name, image.line)
        return [(name, lines[name]) for name in unique_images(list(lines))]


def _prices(prices: Prices, parent: Prices | None) -> tuple[float | None, float | None]:
    """Work out the regular price of a variant, and what is asked instead of it."""
    price, compare, sale, is_off = prices.price, prices.compare_at, prices.sale, prices.is_off
    percent, amount_off = prices.percent, prices.amount_off
    if parent is not None:
        if price is None:
            price = parent.price
            compare = compare if compare is not None else parent.compare_at
            sale = sale if sale is not None else parent.sale
        percent = parent.percent if percent is None else percent
        amount_off = parent.amount_off if amount_off is None else amount_off
        is_off = is_off or parent.is_off
    if price is None:
        return (compare, None) if compare else (None, None)
    price = round(price + prices.surcharge, 2)
    sales = []
    if compare is not None and compare > price:
        sales.append(price)
        price = compare
    elif percent:
        sales.append(round(price * (1 - percent / 100) + 1e-9, 2))
    elif amount_off:
        sales.append(round(price - amount_off, 2))
    if sale is not None:
        sales.append(sale)
    below = [amount for amount in sales if 0 < amount < price]
    return price, min(below) if below and not is_off else None


def _in_stock(stock: Stock, parent: Stock | None) -> bool | None:
    """Tell whether a variant is in stock."""
    if stock.is_said:
        return stock.said
    if stock.is_untracked or (parent and parent.is_untracked):
        return True
    count = _count(stock, parent)
    if count is not None:
        return count > 0
    if parent and parent.is_said:
        return parent.said
    if stock.at_once is not None:
        return stock.at_once
    return parent.at_once if parent else None


def _count(stock: Stock, parent: Stock | None) -> int | None:
    if parent and (parent.is_of_product or stock.count is None):
        return parent.count
    return stock.count


def _gender(rows: list[Facts]) -> str | None:
    """Tell for whom a product is."""
    for name in ("genders", "category_genders"):
        found = {gender for facts in rows for gender in getattr(facts, name)}
        if "Kids" in found:
            return "Kids"
        if "Unisex" in found or {"Women", "Men"} <= found:
            return "Unisex"
        if found:
            return found.pop()
    return None


def _distinct(lists: Iterator[list[str]] | Any) -> list[str]:
    values: dict[str, str] = {}
    for listed in lists:
        for value in listed:
            values.setdefault(value.casefold(), value)
    return list(values.values())


def _named(rows: list[Facts], name: str) -> str | None:
    return next((facts.named[name] for facts in rows if name in facts.named), None)


def _filled(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None and value != ""}
