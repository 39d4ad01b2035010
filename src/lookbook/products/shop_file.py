"""A shop's own file, and the table that it holds, whatever its format."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

# A place in a record: names of nested values are joined by this.
PATH = "/"


@dataclass(frozen=True)
class ShopFile:
    """A file as a shop's system exports it.

    Attributes:
        name: What it is called; its content tells its format.
        data: Its bytes; none where a shop has no file.
    """

    name: str
    data: bytes


@dataclass(slots=True)
class Row:
    """A row of a shop's table, or a record.

    Attributes:
        line: Where it stands in the file, from 1.
        cells: Its filled cells by the place of their column: texts, and what a format has types
            for.
        children: Records nested in it, such as variants.
    """

    line: int
    cells: dict[int, Any]
    children: list[Row] = field(default_factory=list)


@dataclass
class ShopTable:
    """What a shop's file holds.

    Attributes:
        headings: Its columns as they stand, twice where they stand twice; the path of a value that
            is nested in a record, such as ``price/amount``.
        rows: In the file's order.
        format: How it was read, in a line for people.
    """

    headings: list[str]
    rows: list[Row]
    format: str


class Amount(float):
    """A number whose cell shows a currency.

    Attributes:
        currency: As the cell's format has it.
    """

    currency: str

    def __new__(cls, value: float, currency: str) -> Amount:
        """Create an amount."""
        amount = super().__new__(cls, value)
        amount.currency = currency
        return amount
