"""Whether a shop can sell from stock."""

from __future__ import annotations

from dataclasses import dataclass

from lookbook.products.columns import Columns
from lookbook.products.problems import Problem, report_cell
from lookbook.products.shop_file import Row
from lookbook.products.texts import as_text, read_count
from lookbook.products.vocabulary import fold_words
from lookbook.products.words import Words

# A row that has none of these is no variant, of which stock could be tracked.
_SOLD = ("price", "sku", "stock", "option_value")


@dataclass(slots=True)
class Stock:
    """What a row says of stock.

    Attributes:
        is_said: Whether words or flags say something.
        said: What they say.
        count: A quantity.
        is_untracked: Whether the quantity does not count.
        is_of_product: Whether the product's quantity counts, not those of its variants.
        at_once: Whether it is delivered without delay.
    """

    is_said: bool = False
    said: bool | None = None
    count: int | None = None
    is_untracked: bool = False
    is_of_product: bool = False
    at_once: bool | None = None


class StockReader:
    """Reads what rows say of stock."""

    def __init__(self, columns: Columns, words: Words) -> None:
        """Set the columns and the words of their cells."""
        self._columns, self._words = columns, words
        self._untracked = words.folded("untracked")
        self._by_product = words.folded("tracked_by_product")
        self._sold = [place for name in _SOLD for place in columns.places[name]]

    def read(self, row: Row, problems: list[Problem]) -> Stock:
        """Read a row; cells that cannot be used are added to the problems."""
        stock = Stock()
        self._read_availability(row, stock, problems)
        self._read_quantity(row, stock, problems)
        for place in self._columns.places["tracking"]:
            if place in row.cells:
                tracking = fold_words(as_text(row.cells[place]))
                stock.is_untracked = tracking in self._untracked
                stock.is_of_product = tracking in self._by_product
            elif place in self._columns.trackers:
                stock.is_untracked = any(sold in row.cells for sold in self._sold)
        for place in self._columns.places["delivery"]:
            if place in row.cells:
                stock.at_once = self._read_delivery(as_text(row.cells[place]))
                break
        return stock

    def _read_availability(self, row: Row, stock: Stock, problems: list[Problem]) -> None:
        contrary = self._columns.places["sold_out"]
        for place in (*self._columns.places["availability"], *contrary):
            if place not in row.cells:
                continue
            cell = row.cells[place]
            known, state = self._words.is_available(cell)
            if known and place in contrary:
                state = None if state is None else not state
            if known:
                stock.is_said, stock.said = True, state
                return
            stock.count = read_count(cell)
            if stock.count is not None:
                return
            report_cell(problems, row, place, self._columns, "no word for being in stock or not")

    def _read_quantity(self, row: Row, stock: Stock, problems: list[Problem]) -> None:
        for place in self._columns.places["stock"]:
            cell = row.cells.get(place)
            if cell is None or isinstance(cell, dict | list):
                continue
            count = read_count(cell)
            if count is not None:
                stock.count = count
                return
            known, state = self._words.is_available(cell)
            if not known:
                reason = "neither a quantity nor a word for being in stock"
                report_cell(problems, row, place, self._columns, reason)
            elif not stock.is_said:
                stock.is_said, stock.said = True, state
                return

    def _read_delivery(self, text: str) -> bool | None:
        if not text[:1].isdigit():
            return self._words.is_available(text)[1]
        return text.split(maxsplit=1)[0] in ("0", "0.0")


def is_in_stock(stock: Stock, parent: Stock | None) -> bool | None:
    """Tell whether a variant is in stock.

    Args:
        stock: What its row says.
        parent: What the product's row says, which counts where the variant's says nothing.
    """
    if stock.is_said:
        return stock.said
    if stock.is_untracked or (parent is not None and parent.is_untracked):
        return True
    count = count_stock(stock, parent)
    if count is not None:
        return count > 0
    if parent is not None and parent.is_said:
        return parent.said
    if stock.at_once is None and parent is not None:
        return parent.at_once
    return stock.at_once


def count_stock(stock: Stock, parent: Stock | None) -> int | None:
    """Return how many there are of a variant; ``None`` where nobody says it."""
    if parent is not None and (parent.is_of_product or stock.count is None):
        return parent.count
    return stock.count
