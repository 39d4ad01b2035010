"""Products out of the rows of a shop's table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import product as combine
from typing import Any

from lookbook.products.columns import Columns, recognise_columns
from lookbook.products.facts import FactReader, Facts
from lookbook.products.grouping import Group, gather
from lookbook.products.images import Image, unique_images
from lookbook.products.lists import flatten, read_pairs
from lookbook.products.prices import work_out
from lookbook.products.problems import Problem, report_cell
from lookbook.products.rows import RowReader
from lookbook.products.shop_file import Row, ShopTable
from lookbook.products.stock import count_stock, is_in_stock
from lookbook.products.texts import TEXT, as_text, html_to_text, plain_text
from lookbook.products.vocabulary import ProductProperties
from lookbook.products.words import Words

# An address, absolute or from the shop's root; a slug is none.
_ADDRESSES = ("http://", "https://", "/", "www.")
# Tags may take so many times the letters of a text.
_TAGS = 10
_IDS = {"title", "sku", "group"}
# A number may be one of rows; with one of these it is a product's.
_FACTS = {"price", "net_price", "regular_price", "sale_price", "url", "brand", "stock", "gtin"}


@dataclass
class FileProduct:
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
    problems: list[Problem]


def read_products(
    table: ShopTable, properties: ProductProperties
) -> tuple[Iterator[FileProduct], Columns]:
    """Read the products of a table.

    Returns:
        The products in the file's order, and what the table's columns are. A table without a
        column of ids or titles holds no products.
    """
    columns = recognise_columns(table, properties)
    names = {name for name, places in columns.places.items() if places}
    if not (names & _IDS or ("number" in names and names & _FACTS)):
        return iter(()), columns
    words = Words(properties)
    reader = RowReader(columns, properties, words)
    groups = gather(reader.select(table), columns, reader)
    builder = _Builder(FactReader(table, columns, properties, words), columns, properties)
    return _build_all(builder, groups), columns


def _build_all(builder: _Builder, groups: list[Group]) -> Iterator[FileProduct]:
    """Build products, and forget the rows of each."""
    groups.reverse()
    while groups:
        yield builder.build(groups.pop())


class _Builder:
    """Builds products out of groups of rows."""

    def __init__(self, reader: FactReader, columns: Columns, properties: ProductProperties) -> None:
        self._reader, self._columns, self._properties = reader, columns, properties
        recognised = columns.recognised
        self._others = [place for place in columns.names if place not in recognised]

    def build(self, group: Group) -> FileProduct:
        """Build a product."""
        root, problems = group.root, list(group.problems)
        names = {
            place: as_text(root.cells[place])
            for place, _ in self._columns.option_pairs
            if place in root.cells
        }
        own = self._reader.read(root, names, problems)
        variants = [
            own if row is root else self._reader.read(row, names, problems)
            for row in group.variants
        ]
        facts = [own, *(variant for variant in variants if variant is not own)]
        rows = [fact.row for fact in facts]
        offers = self._list_offers(own, variants)
        return FileProduct(
            group.id,
            {
                "title": self._first(rows, "group_title", plain_text)
                or self._bounded(rows, "title", plain_text, problems),
                "description": self._bounded(rows, "description", html_to_text, problems),
                "brand": self._first(rows, "brand", plain_text) or _named(facts, "brand"),
                "url": self._find_url(rows),
                "gtin": self._first(rows, "gtin") or _named(facts, "gtin"),
                "material": self._first(rows, "material") or _named(facts, "material"),
                "category": self._first(rows, "category"),
                "age_group": self._first(rows, "age_group"),
                "gender": _find_gender(facts),
                "sizes": _distinct(fact.sizes for fact in facts),
                "colours": _distinct(fact.colours for fact in facts),
                "currency": next((f.prices.currency for f in facts if f.prices.currency), None),
                "variants": offers,
                **_sum_up(offers),
            },
            self._list_images(group, facts),
            {place: root.cells[place] for place in self._others if place in root.cells},
            root.line,
            len(group.variants) + len(group.photos) + group.is_parent,
            problems,
        )

    def _list_offers(self, own: Facts, variants: list[Facts]) -> list[dict[str, Any]]:
        """List what one can order, each with its size, colour, price and stock."""
        offers = [self._make_offer(facts, own) for facts in variants]
        if variants != [own]:
            return offers
        # A barcode or a photo of the row is that of no single variant.
        shared = {**offers[0], "gtin": None, "image": None}
        if packed := self._read_packed(own.row):
            return [_filled({**shared, "sku": listed.get("sku")}) for listed in packed]
        combinations = max(len(own.sizes), 1) * max(len(own.colours), 1)
        if own.lists and combinations <= self._properties.max_variants:
            return [
                _filled({**shared, "size": size, "colour": colour})
                for colour, size in combine(own.colours or [""], own.sizes or [""])
            ]
        return offers

    def _read_packed(self, row: Row) -> list[dict[str, str]]:
        """Read the variants that a cell lists, such as ``sku=A,size=S|sku=B,size=M``."""
        cells = (row.cells.get(place) for place in self._columns.places["variants"])
        return [
            {name: as_text(value) for name, value in read_pairs(part)}
            for cell in cells
            if isinstance(cell, str) and "=" in cell
            for part in cell.split("|")
            if part
        ]

    def _make_offer(self, facts: Facts, own: Facts) -> dict[str, Any]:
        is_own = facts is own
        price, sale = work_out(facts.prices, None if is_own else own.prices)
        stock = None if is_own else own.stock
        return _filled(
            {
                "sku": self._first([facts.row], "sku") or self._first([facts.row], "number"),
                "gtin": self._first([facts.row], "gtin"),
                "url": None if is_own else self._find_url([facts.row]),
                "image": _find_own_image(facts, is_own),
                "size": facts.sizes[0] if len(facts.sizes) == 1 else None,
                "colour": facts.colours[0] if len(facts.colours) == 1 else None,
                "price": price,
                "sale_price": sale,
                "in_stock": is_in_stock(facts.stock, stock),
                "stock": count_stock(facts.stock, stock),
            }
        )

    def _first(
        self, rows: list[Row], name: str, convert: Callable[[Any], str] = as_text
    ) -> str | None:
        """Return the first filled cell of a property."""
        for row in rows:
            for place in self._columns.places[name]:
                cell = row.cells.get(place)
                if isinstance(cell, list):
                    cell = ", ".join(flatten(cell, None))
                # What is nested has columns of its own.
                is_nested = isinstance(cell, dict) and TEXT not in cell
                if cell is not None and not is_nested and (text := convert(cell)):
                    return text
        return None

    def _bounded(
        self, rows: list[Row], name: str, convert: Callable[[Any], str], problems: list[Problem]
    ) -> str | None:
        """Return the first text of a property, cut to a bound."""
        limit = self._properties.max_text
        for row in rows:
            for place in self._columns.places[name]:
                if place not in row.cells:
                    continue
                text = as_text(row.cells[place])
                is_long = len(text) > _TAGS * limit
                text = convert(text[: _TAGS * limit])
                if is_long or len(text) > limit:
                    reason = f"longer than {limit:,} characters; the rest is left out"
                    report_cell(problems, row, place, self._columns, reason)
                if text:
                    return text[:limit]
        return None

    def _find_url(self, rows: list[Row]) -> str | None:
        for row in rows:
            for place in self._columns.places["url"]:
                text = as_text(row.cells.get(place, ""))
                if text.casefold().startswith(_ADDRESSES):
                    return text
        return None

    def _list_images(self, group: Group, facts: list[Facts]) -> list[tuple[str, int]]:
        """List a product's photos: the main one, by position, then those of its variants."""
        own: list[Image] = []
        others: list[Image] = []
        for fact in facts:
            for image in fact.images:
                is_shared = fact.row is group.root or image.position < float("inf")
                (own if is_shared and not image.is_of_variant else others).append(image)
        for row in group.photos:
            own += self._reader.images.read(row)
        own.sort(key=lambda image: (not image.is_main, image.position))
        lines: dict[str, int] = {}
        for image in [*own, *others]:
            lines.setdefault(image.name, image.line)
        return [(name, lines[name]) for name in unique_images(list(lines))]


def _find_own_image(facts: Facts, is_root: bool) -> str | None:
    """Find the photo that shows a variant alone: of its own column, or of its own row."""
    return next(
        (
            image.name
            for image in facts.images
            if image.is_of_variant or not (is_root or image.position < float("inf"))
        ),
        None,
    )


def _sum_up(offers: list[dict[str, Any]]) -> dict[str, Any]:
    """Sum up prices and stock of what one can order."""
    values: dict[str, list[Any]] = {
        name: [offer[name] for offer in offers if name in offer]
        for name in ("price", "sale_price", "in_stock", "stock")
    }
    return {
        "price": min(values["price"], default=None),
        "sale_price": min(values["sale_price"], default=None),
        "in_stock": any(values["in_stock"]) if values["in_stock"] else None,
        "stock": sum(values["stock"]) if values["stock"] else None,
    }


def _find_gender(facts: list[Facts]) -> str | None:
    """Tell for whom a product is: by columns and attributes, or else by its category."""
    for name in ("genders", "category_genders"):
        found = {gender for fact in facts for gender in getattr(fact, name)}
        if "Kids" in found:
            return "Kids"
        if "Unisex" in found or {"Women", "Men"} <= found:
            return "Unisex"
        if found:
            return str(found.pop())
    return None


def _distinct(lists: Iterable[list[str]]) -> list[str]:
    values: dict[str, str] = {}
    for value in (value for listed in lists for value in listed):
        values.setdefault(value.casefold(), value)
    return list(values.values())


def _named(facts: list[Facts], name: str) -> str | None:
    return next((fact.named[name] for fact in facts if name in fact.named), None)


def _filled(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in (None, "")}
