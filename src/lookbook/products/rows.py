"""Rows of a shop's table that stand for products, variants and photos; others are left out."""

from __future__ import annotations

import re

from lookbook.products.columns import Columns, find_properties
from lookbook.products.shop_file import Row, ShopTable
from lookbook.products.texts import as_text
from lookbook.products.vocabulary import ProductProperties, fold_words
from lookbook.products.words import Words

# Notes stand right below the headings.
_NOTES = 4
# The prefix by which WooCommerce points to a product's number and not to its SKU.
_NUMBER = re.compile(r"^id:\s*", re.IGNORECASE)
_NOTE_LENGTH = 500
_HEADING_LENGTH = 40


class RowReader:
    """Reads what rows are: their ids, their kinds, and which are no products."""

    def __init__(self, columns: Columns, properties: ProductProperties, words: Words) -> None:
        """Set what the columns of the table are."""
        self._columns, self._properties = columns, properties
        self._totals, self._notes = words.folded("totals"), words.folded("notes")
        self._kinds = {
            fold_words(word): kind for kind, listed in properties.kinds.items() for word in listed
        }

    def text(self, row: Row, name: str) -> str:
        """Return the first filled cell of a property as text."""
        cells = row.cells
        for place in self._columns.places[name]:
            if place in cells and (text := as_text(cells[place])):
                return text
        return ""

    def kind(self, row: Row) -> str:
        """Return ``product``, ``variant`` or ``photo``; empty where no column says it."""
        text = self.text(row, "kind")
        return self._kinds.get(fold_words(text), "") if text else ""

    def group(self, row: Row) -> str:
        """Return what a row has in common with others of its product; 0 is no parent's number."""
        group = _NUMBER.sub("", self.text(row, "group"))
        return "" if group == "0" else group

    def select(self, table: ShopTable) -> list[Row]:
        """Leave out notes, totals and translations."""
        rows = [
            row
            for number, row in enumerate(table.rows)
            if not (number < _NOTES and self._is_note(row))
            and not self._is_label(row)
            and not self._is_total(row)
            and self.kind(row) != "none"
        ]
        return self._leave_out_translations(rows) if self._columns.places["language"] else rows

    def _leave_out_translations(self, rows: list[Row]) -> list[Row]:
        """Leave out rows in another language than the first of their product."""
        seen = {self._name(row) for row in rows if not self.text(row, "language")}
        kept = []
        for row in rows:
            name = self._name(row)
            if self.text(row, "language") and name:
                if name in seen:
                    continue
                seen.add(name)
            kept.append(row)
        return kept

    def _name(self, row: Row) -> str:
        return self.text(row, "sku") or self.text(row, "number") or self.text(row, "group")

    def _is_note(self, row: Row) -> bool:
        """Whether a row explains the headings, or repeats them."""
        first = as_text(row.cells[min(row.cells)])
        if first.startswith("#") and not re.fullmatch(r"#[\w-]+", first):
            return True
        texts = [
            (place, cell)
            for place, cell in row.cells.items()
            if isinstance(cell, str) and "//" not in cell
        ]
        if len(texts) < 2:
            return False
        notes = sum(
            any(f" {word} " in f" {fold_words(cell[:_NOTE_LENGTH])} " for word in self._notes)
            for _, cell in texts
        )
        repeated = sum(self._repeats_heading(place, cell) for place, cell in texts)
        return notes * 2 >= len(texts) or repeated * 2 > len(texts)

    def _repeats_heading(self, place: int, cell: str) -> bool:
        heading = self._columns.names.get(place, "")
        if len(cell) > _HEADING_LENGTH:
            return False
        if fold_words(cell) == fold_words(heading):
            return True
        same = {name for name, *_ in find_properties(heading, self._properties)}
        return bool(same & {name for name, *_ in find_properties(cell, self._properties)})

    def _is_label(self, row: Row) -> bool:
        """Whether a row only names the part of a table that follows, such as ``Knitwear``."""
        place, cell = next(iter(row.cells.items()))
        is_id = any(place in self._columns.places[name] for name in ("group", "sku", "number"))
        is_alone = len(row.cells) == 1 and not row.children and bool(self._columns.places["title"])
        return is_alone and is_id and isinstance(cell, str) and not re.search(r"\d", cell)

    def _is_total(self, row: Row) -> bool:
        """Whether a row adds up columns."""
        begin = min(row.cells)
        first = row.cells[begin]
        if not isinstance(first, str) or len(first) > _HEADING_LENGTH:
            return False
        if re.sub(r"[\d ]+$|^[\d ]+(?= )", "", fold_words(first)).strip() not in self._totals:
            return False
        rest = (cell for place, cell in row.cells.items() if place != begin)
        return not any(isinstance(cell, str) and re.search(r"[^\W\d_]{4,}", cell) for cell in rest)
