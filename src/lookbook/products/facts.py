"""What a row of a shop's table says of a product or a variant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from lookbook.products.columns import MONEY, Columns
from lookbook.products.grouping import Problem
from lookbook.products.images import is_photo, read_images
from lookbook.products.money import find_decimal, parse_money
from lookbook.products.shop_file import Row, ShopTable
from lookbook.products.vocabulary import ProductProperties, fold_words
from lookbook.products.words import (
    Words,
    as_text,
    plain_text,
    read_count,
    read_list,
    read_pairs,
    split_commas,
    split_list,
    strip_swatch,
)


@dataclass(slots=True)
class Stock:
    """What a row says of stock.

    Attributes:
        said: What words or flags say.
        count: A quantity.
        is_untracked: Whether the quantity does not count.
        is_of_product: Whether the product's quantity counts, not those of its variants.
        at_once: Whether it is delivered without delay.
    """

    said: bool | None = None
    is_said: bool = False
    count: int | None = None
    is_untracked: bool = False
    is_of_product: bool = False
    at_once: bool | None = None


@dataclass(slots=True)
class Prices:
    """What a row says of prices: as they stand, each ``None`` where it does not."""

    price: float | None = None
    compare_at: float | None = None
    sale: float | None = None
    is_off: bool = False
    percent: float | None = None
    amount_off: float | None = None
    surcharge: float = 0.0


@dataclass(slots=True)
class Image:
    """A photo as a cell names it."""

    name: str
    is_main: bool
    position: float
    line: int
    is_of_variant: bool = False


@dataclass(slots=True)
class Facts:
    """What a row says."""

    row: Row
    prices: Prices
    stock: Stock
    currency: str | None
    sizes: list[str] = field(default_factory=list)
    colours: list[str] = field(default_factory=list)
    images: list[Image] = field(default_factory=list)
    genders: set[str] = field(default_factory=set)
    category_genders: set[str] = field(default_factory=set)
    named: dict[str, str] = field(default_factory=dict)
    lists: set[str] = field(default_factory=set)


class FactReader:
    """Reads rows by the columns of their table."""

    def __init__(
        self, table: ShopTable, columns: Columns, properties: ProductProperties, words: Words
    ) -> None:
        """Find out how the table writes numbers."""
        self._columns, self._properties, self._words = columns, properties, words
        places = [place for name in MONEY for place in columns.places[name]]
        self._decimal = find_decimal(
            row.cells[place]
            for parent in table.rows
            for row in (parent, *parent.children)
            for place in places
            if place in row.cells
        )
        self._untracked = words.folded("untracked")
        self._by_product = words.folded("tracked_by_product")
        self._no_sale = words.folded("no_sale")
        self._percent = words.folded("percent")
        self._no_photo = words.folded("no_photo")
        self._simple_lists = [
            (name, place) for name in ("sizes", "colours") for place in columns.places[name]
        ]

    def read(self, row: Row, option_names: dict[int, str], problems: list[Problem]) -> Facts:
        """Read a row.

        Args:
            row: The row.
            option_names: Names of options, by place, that the product's first row gives.
            problems: Where cells that cannot be used are listed.
        """
        currency: list[str] = []
        prices = self._read_prices(row, currency, problems)
        facts = Facts(row, prices, self._read_stock(row, problems), None)
        facts.currency = self._read_currency(row, currency, problems)
        self._read_variations(row, option_names, facts)
        for place in self._columns.places["gender"]:
            if place in row.cells:
                facts.genders |= self._genders(row.cells[place])
        for place in self._columns.places["age_group"]:
            if place in row.cells:
                self._add_age(as_text(row.cells[place]), facts)
        for place in self._columns.places["category"]:
            if place in row.cells:
                facts.category_genders |= self._category_genders(row.cells[place])
        facts.images = list(self.read_images(row))
        return facts

    def text(self, row: Row, name: str) -> str:
        """Return the first filled cell of a property."""
        for place in self._columns.places[name]:
            if place in row.cells and (text := as_text(row.cells[place])):
                return text
        return ""

    def _money(
        self, row: Row, name: str, currencies: list[str], problems: list[Problem]
    ) -> float | None:
        for place in self._columns.places[name]:
            cell = row.cells.get(place)
            if cell is None or isinstance(cell, dict | list):
                continue
            amount, currency, reason = parse_money(cell, self._decimal, self._properties)
            if reason and not self._is_flag(cell):
                self._add(problems, row, place, reason)
            currency = currency or self._columns.currencies.get(place)
            if amount is not None:
                if currency:
                    currencies.append(currency)
                if amount == 0 and name in ("price", "net_price", "regular_price"):
                    self._add(problems, row, place, "a price of 0")
                    return None
                return amount
        return None

    def _is_flag(self, cell: Any) -> bool:
        return isinstance(cell, bool) or (isinstance(cell, str) and not cell.strip())

    def _read_prices(self, row: Row, currencies: list[str], problems: list[Problem]) -> Prices:
        prices = Prices()
        price = self._money(row, "price", currencies, problems)
        regular = self._money(row, "regular_price", currencies, problems)
        if (
            price is None
            and self._columns.places["net_price"]
            and not self._columns.places["price"]
        ):
            price = self._money(row, "net_price", currencies, problems)
        compare = self._money(row, "compare_at_price", currencies, problems)
        if price is None:
            price, regular = regular, None
        prices.price = price
        prices.compare_at = max((amount for amount in (compare, regular) if amount), default=None)
        prices.sale = self._money(row, "sale_price", currencies, problems)
        switch = self.text(row, "on_sale")
        prices.is_off = bool(switch) and fold_words(switch) in self._no_sale
        self._read_discount(row, prices, problems)
        surcharge = self.text(row, "surcharge")
        if surcharge:
            negative = surcharge.lstrip().startswith("-")
            amount, _, _ = parse_money(surcharge.lstrip(" +-"), self._decimal, self._properties)
            prices.surcharge = (-1 if negative else 1) * (amount or 0.0)
        return prices

    def _read_discount(self, row: Row, prices: Prices, problems: list[Problem]) -> None:
        """Read a discount in percent or as an amount."""
        mode = fold_words(self.text(row, "discount_mode"))
        value = self._number(row, "discount_value")
        if value is not None:
            if any(word in mode.split() for word in self._percent):
                prices.percent = value
            else:
                prices.amount_off = value
        text = self.text(row, "discount_percent")
        if text and prices.percent is None:
            percent, currency, _ = parse_money(
                text.replace("%", "").lstrip(" -–"), self._decimal, self._properties
            )
            if (
                percent is not None
                and 0 < percent <= 1
                and "%" not in text
                and not isinstance(text, int)
                and "." in text
            ):
                percent *= 100
            if currency:
                prices.amount_off = percent
            else:
                prices.percent = percent
        if (amount := self._number(row, "discount_amount")) is not None:
            prices.amount_off = amount

    def _number(self, row: Row, name: str) -> float | None:
        text = self.text(row, name).replace("%", "").lstrip(" -–")
        return parse_money(text, self._decimal, self._properties)[0] if text else None

    def _read_currency(self, row: Row, found: list[str], problems: list[Problem]) -> str | None:
        for place in self._columns.places["currency"]:
            if place in row.cells:
                text = as_text(row.cells[place])
                if currency := self._properties.find_currency(text):
                    return currency
                self._add(problems, row, place, "an unknown currency")
        if found:
            return found[0]
        named = [
            self._columns.currencies[place]
            for name in MONEY
            for place in self._columns.places[name]
            if place in self._columns.currencies
        ]
        return named[0] if named else None

    def _read_stock(self, row: Row, problems: list[Problem]) -> Stock:
        stock = Stock()
        for place in self._columns.places["availability"]:
            if place in row.cells:
                count = read_count(row.cells[place])
                known, state = self._words.is_available(row.cells[place])
                if known:
                    stock.said, stock.is_said = state, True
                elif count is not None:
                    stock.count = count
                else:
                    self._add(problems, row, place, "no word for being in stock or not")
                    continue
                break
        for place in self._columns.places["stock"]:
            if place in row.cells and not isinstance(row.cells[place], dict | list):
                count = read_count(row.cells[place])
                if count is not None:
                    stock.count = count
                    break
                known, state = self._words.is_available(row.cells[place])
                if not known:
                    self._add(
                        problems, row, place, "neither a quantity nor a word for being in stock"
                    )
                elif not stock.is_said:
                    stock.said, stock.is_said = state, True
                    break
        for place in self._columns.places["tracking"]:
            if place in row.cells:
                tracking = fold_words(as_text(row.cells[place]))
                stock.is_untracked = tracking in self._untracked
                stock.is_of_product = tracking in self._by_product
            elif place in self._columns.trackers and self._is_sold(row):
                stock.is_untracked = True
        if self._columns.places["delivery"]:
            text = self.text(row, "delivery")
            if text:
                known, state = self._words.is_available(text)
                stock.at_once = (
                    state
                    if known and not text.isdigit()
                    else text.strip().split()[0] in ("0", "0.0")
                )
        return stock

    def _is_sold(self, row: Row) -> bool:
        """Whether a row of Shopify's is a variant, and not only a photo."""
        places = (
            *self._columns.places["price"],
            *self._columns.places["sku"],
            *self._columns.places["stock"],
            *self._columns.places["option_value"],
        )
        return any(place in row.cells for place in places)

    def _read_variations(self, row: Row, option_names: dict[int, str], facts: Facts) -> None:
        """Read sizes, colours and what else attributes are called."""
        for name, place in self._simple_lists:
            if place in row.cells:
                self._add_values(name, row.cells[place], self._splitter(place), facts)
        for name_place, value_place in self._columns.option_pairs:
            if value_place in row.cells:
                name = as_text(row.cells.get(name_place, "")) or option_names.get(name_place, "")
                prop = self._properties.name_property(name) if name else None
                if prop:
                    self._add_named(
                        prop,
                        row.cells[value_place],
                        split_options(self._columns.names[value_place]),
                        facts,
                    )
        for name, value in self._packed(row):
            prop = self._properties.name_property(name)
            if prop:
                self._add_named(prop, value, split_packed, facts)

    def _packed(self, row: Row) -> Iterator[tuple[str, Any]]:
        """Find names and values in cells that hold many of them."""
        values = [
            row.cells[place]
            for place in self._columns.places["attribute_values"]
            if place in row.cells
        ]
        for place in self._columns.places["attributes"]:
            if place in row.cells:
                cell = row.cells[place]
                if values and isinstance(cell, str):
                    names = [part.split(":")[0].strip() for part in cell.split(",")]
                    given = [
                        part.rsplit(":", 1)[0].strip() for part in as_text(values[0]).split(",")
                    ]
                    yield from zip(names, given, strict=False)
                else:
                    yield from read_pairs(cell)
        for place in self._columns.places["title"]:
            cell = row.cells.get(place)
            # BigCommerce writes options where other rows have a name.
            if isinstance(cell, str) and cell.startswith("[") and "]" in cell and "=" in cell:
                yield from read_pairs(cell)
        for place in self._columns.places["variants"]:
            cell = row.cells.get(place)
            if isinstance(cell, str) and "sku=" in cell:
                for part in cell.split("|"):
                    yield from read_pairs(part)

    def _splitter(self, place: int) -> Any:
        if place in self._columns.lists:
            return split_list
        if place in self._columns.metafields:
            return lambda text: read_list(text) or text.split("; ")
        return None

    def _add_named(self, prop: str, value: Any, split: Any, facts: Facts) -> None:
        """Add what an attribute or an option of a known name says."""
        if prop in ("sizes", "colours"):
            self._add_values(prop, value, split, facts)
        elif prop == "gender":
            facts.genders |= self._genders(value)
        elif prop == "age_group":
            self._add_age(as_text(value), facts)
        else:
            values = list(_flatten(value, None))
            if values:
                facts.named.setdefault(prop, ", ".join(values))

    def _add_values(self, name: str, cell: Any, split: Any, facts: Facts) -> None:
        values = [
            text
            for value in _flatten(cell, split)
            if (text := strip_swatch(value.replace("\\,", ",")))
        ]
        if len(values) > 1:
            facts.lists.add(name)
        listed = facts.sizes if name == "sizes" else facts.colours
        listed += [value for value in values if value not in listed]

    def _genders(self, cell: Any) -> set[str]:
        return {
            gender for text in _flatten(cell, None) for gender in self._words.find_genders(text)
        }

    def _add_age(self, text: str, facts: Facts) -> None:
        if self._words.is_for_kids(text):
            facts.genders.add("Kids")

    def _category_genders(self, cell: Any) -> set[str]:
        return {
            gender
            for text in _flatten(cell, None)
            for part in _path_parts(text)
            for gender in self._words.find_genders(part, exactly=True)
        }

    def read_images(self, row: Row) -> Iterator[Image]:
        """Read the photos of a row, the main one first."""
        positions = self._by_number(row, "image_position")
        marks = self._by_number(row, "image_is_main")
        addressed: set[int | None] = set()
        for name in ("main_image", "images", "more_images", "variant_images", "image_files"):
            for place in self._columns.places[name]:
                if place not in row.cells:
                    continue
                number = self._columns.numbers.get(place)
                if name == "image_files" and number in addressed:
                    continue
                for image, is_main, position in read_images(row.cells[place]):
                    if fold_words(image) in self._no_photo or not is_photo(image):
                        continue
                    addressed.add(number)
                    marked = is_main or fold_words(marks.get(number, "")) in (
                        "y",
                        "yes",
                        "true",
                        "1",
                        "ja",
                        "oui",
                        "si",
                        "tak",
                        "ano",
                    )
                    where = (
                        _as_float(positions.get(number, ""))
                        if position is None
                        else float(position)
                    )
                    of_variant = name == "variant_images"
                    yield Image(image, marked, where, row.line, of_variant)

    def _by_number(self, row: Row, name: str) -> dict[int | None, str]:
        return {
            self._columns.numbers.get(place): as_text(row.cells[place])
            for place in self._columns.places[name]
            if place in row.cells
        }

    def _add(self, problems: list[Problem], row: Row, place: int, reason: str) -> None:
        value = as_text(row.cells[place])[:200]
        problems.append(Problem(row.line, self._columns.names[place], value, reason))


def split_packed(text: str) -> list[str]:
    """Split the values of an attribute among others in one cell."""
    return text.split("|" if "|" in text else ";")


def split_options(heading: str) -> Any:
    """Return how the values of an option's column are split; ``None`` where each is one."""
    folded = "".join(letter for letter in heading.casefold() if letter.isalpha())
    if folded.startswith(("attributevalues", "variationvalues", "attributevalue")):
        return split_commas
    if folded.startswith("productoption"):
        return lambda text: [part.strip() for part in text.split(";")]
    return None


def _flatten(cell: Any, split: Any) -> Iterable[str]:
    """Return the texts of a cell: of a list each, of a text its parts."""
    if isinstance(cell, list | tuple):
        return [text for inner in cell for text in _flatten(inner, None)]
    if isinstance(cell, dict):
        inner = next(
            (cell[name] for name in ("name", "value", "label", "title") if name in cell), None
        )
        return _flatten(inner, split) if inner is not None else [as_text(cell)]
    text = plain_text(cell) if isinstance(cell, str) and not split else as_text(cell)
    parts = split(text) if split and isinstance(cell, str) else [text]
    return [part.strip() for part in parts if part.strip()]


def _path_parts(text: str) -> list[str]:
    import re

    return [part.strip() for part in re.split(r"[>/|,;»›:\n\\]", text) if part.strip()]


def _as_float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("inf")
