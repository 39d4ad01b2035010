"""Cells of a shop's file that could not be used."""

from __future__ import annotations

from dataclasses import dataclass

from lookbook.products.columns import Columns
from lookbook.products.shop_file import Row
from lookbook.products.texts import as_text

# Characters of a cell that are listed.
_LONGEST = 200


@dataclass(frozen=True)
class Problem:
    """A cell that could not be used.

    Attributes:
        line: The row's line.
        column: The cell's heading.
        value: The beginning of what stands there.
        reason: Why it was not used.
    """

    line: int
    column: str
    value: str
    reason: str


def report_cell(
    problems: list[Problem], row: Row, place: int, columns: Columns, reason: str
) -> None:
    """Add a cell to the problems."""
    value = as_text(row.cells[place])[:_LONGEST]
    problems.append(Problem(row.line, columns.names[place], value, reason))
