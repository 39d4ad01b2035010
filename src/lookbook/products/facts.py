"""What a row of a shop's table says of a product or a variant."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from lookbook.products.columns import Columns
from lookbook.products.images import Image, ImageReader
from lookbook.products.lists import (
    flatten,
    read_list,
    read_pairs,
    split_list,
    split_options,
    split_packed,
)
from lookbook.products.prices import PriceReader, Prices
from lookbook.products.problems import Problem
from lookbook.products.shop_file import Row, ShopTable
from lookbook.products.stock import Stock, StockReader
from lookbook.products.texts import as_text, strip_swatch
from lookbook.products.vocabulary import ProductProperties
from lookbook.products.words import Words

Splitter = Callable[[str], list[str]] | None


@dataclass(slots=True)
class Facts:
    """What a row says.

    Attributes:
        row: The row.
        prices: Its prices.
        stock: Its stock.
        sizes: Its sizes.
        colours: Its colours.
        images: Its photos.
        genders: For whom it is, by columns and attributes.
        category_genders: For whom it is, by its category.
        named: What attributes of a known name say, by property.
        lists: Whether one cell lists several sizes or colours.
    """

    row: Row
    prices: Prices
    stock: Stock
    sizes: list[str] = field(default_factory=list)
    colours: list[str] = field(default_factory=list)
    images: list[Image] = field(default_factory=list)
    genders: set[str] = field(default_factory=set)
    category_genders: set[str] = field(default_factory=set)
    named: dict[str, str] = field(default_factory=dict)
    lists: bool = False


class FactReader:
    """Reads rows by the columns of their table."""

    def __init__(
        self, table: ShopTable, columns: Columns, properties: ProductProperties, words: Words
    ) -> None:
        """Set what the columns of the table are."""
        self._columns, self._properties, self._words = columns, properties, words
        self._prices = PriceReader(table.rows, columns, properties, words)
        self._stock = StockReader(columns, words)
        self.images = ImageReader(columns, words)
        self._variations = [
            (name, place, self._splitter(place))
            for name in ("sizes", "colours")
            for place in columns.places[name]
        ]
        self._options = [
            (name, value, split_options(columns.names[value]))
            for name, value in columns.option_pairs
        ]

    def read(self, row: Row, option_names: dict[int, str], problems: list[Problem]) -> Facts:
        """Read a row.

        Args:
            row: The row.
            option_names: Names of options, by place, that the product's first row gives.
            problems: To which cells that cannot be used are added.
        """
        facts = Facts(row, self._prices.read(row, problems), self._stock.read(row, problems))
        cells, places = row.cells, self._columns.places
        for name, place, split in self._variations:
            if place in cells:
                is_list = self._add_values(name, cells[place], split, facts)
                # Shopify lists in metafields what its variants are, and more.
                facts.lists |= is_list and place not in self._columns.metafields
        for name_place, value_place, split in self._options:
            if value_place in cells:
                name = as_text(cells.get(name_place, "")) or option_names.get(name_place, "")
                self._add_named(name, cells[value_place], split, facts)
        for name, value in self._read_packed(row):
            self._add_named(name, value, split_packed, facts)
        for place in places["gender"]:
            if place in cells:
                facts.genders |= self._find_genders(cells[place])
        for place in places["age_group"]:
            if place in cells and self._words.is_for_kids(as_text(cells[place])):
                facts.genders.add("Kids")
        for place in places["category"]:
            for text in flatten(cells[place], None) if place in cells else ():
                facts.category_genders |= self._words.find_category_genders(text)
        facts.images = list(self.images.read(row))
        return facts

    def _read_packed(self, row: Row) -> Iterator[tuple[str, Any]]:
        """Find names and values in cells that hold many of them."""
        cells, places = row.cells, self._columns.places
        values = [cells[place] for place in places["attribute_values"] if place in cells]
        for place in places["attributes"]:
            if place in cells and values:
                # PrestaShop has names and values in two columns.
                names = [part.split(":")[0].strip() for part in as_text(cells[place]).split(",")]
                given = [part.rsplit(":", 1)[0].strip() for part in as_text(values[0]).split(",")]
                yield from zip(names, given, strict=False)
            elif place in cells:
                yield from read_pairs(cells[place])
        for place in places["title"]:
            cell = cells.get(place)
            # BigCommerce writes options where other rows have a name.
            if isinstance(cell, str) and cell.startswith("[") and "=" in cell:
                yield from read_pairs(cell)
        for place in places["variants"]:
            cell = cells.get(place)
            if isinstance(cell, str) and "sku=" in cell:
                for part in cell.split("|"):
                    yield from read_pairs(part)

    def _splitter(self, place: int) -> Splitter:
        if place in self._columns.lists:
            return split_list
        if place in self._columns.metafields:
            return lambda text: read_list(text) or text.split("; ")
        return None

    def _add_named(self, name: str, value: Any, split: Splitter, facts: Facts) -> None:
        """Add what an attribute or an option says, if its name is known."""
        prop = self._properties.name_property(name) if name else None
        if prop in ("sizes", "colours"):
            facts.lists |= self._add_values(prop, value, split, facts)
        elif prop == "gender":
            facts.genders |= self._find_genders(value)
        elif prop == "age_group":
            if self._words.is_for_kids(as_text(value)):
                facts.genders.add("Kids")
        elif prop and (values := flatten(value, None)):
            facts.named.setdefault(prop, ", ".join(values))

    def _add_values(self, name: str, cell: Any, split: Splitter, facts: Facts) -> bool:
        """Add sizes or colours; return whether the cell lists several."""
        texts = (strip_swatch(text.replace("\\,", ",")) for text in flatten(cell, split))
        values = [text for text in texts if text]
        listed = facts.sizes if name == "sizes" else facts.colours
        listed += [value for value in dict.fromkeys(values) if value not in listed]
        return len(values) > 1

    def _find_genders(self, cell: Any) -> set[str]:
        texts = flatten(cell, None)
        return {gender for text in texts for gender in self._words.find_genders(text)}
