"""An Excel workbook with some of its cells changed: only their elements are written anew."""

from __future__ import annotations

import io
import re
from typing import Any
from xml.sax.saxutils import escape
from zipfile import ZipFile

from openpyxl.utils import get_column_letter

from lookbook.products.vocabulary import ProductProperties
from lookbook.products.workbook import find_sheet

_ROW = re.compile(r"<((?:\w+:)?)row\b([^>]*?)(?:/>|>(.*?)</(?:\w+:)?row>)", re.DOTALL)
_CELL = re.compile(r"<(?:\w+:)?c\b([^>]*?)(?:/>|>.*?</(?:\w+:)?c>)", re.DOTALL)
_NUMBER = re.compile(r"\br=\"(\d+)\"")
_PLACE = re.compile(r"\br=\"([A-Z]+)\d+\"")
_STYLE = re.compile(r"\bs=\"\d+\"")


def write_workbook(data: bytes, changes: dict[int, Any], properties: ProductProperties) -> bytes:
    """Write a workbook; its other sheets, styles and formulas stay byte by byte."""
    path, headings = find_sheet(data, properties)
    target = io.BytesIO()
    with ZipFile(io.BytesIO(data)) as source, ZipFile(target, "w") as written:
        for info in source.infolist():
            content = source.read(info)
            if info.filename == path:
                content = _write_sheet(content.decode("utf-8"), changes, headings).encode("utf-8")
            written.writestr(info, content, info.compress_type)
    return target.getvalue()


def _write_sheet(text: str, changes: dict[int, Any], headings: list[str]) -> str:
    def write_row(match: re.Match[str]) -> str:
        number = _NUMBER.search(match[2])
        if not number or int(number[1]) not in changes:
            return match[0]
        prefix, row = match[1], int(number[1])
        cells: dict[int, str] = {}
        for cell in _CELL.finditer(match[3] or ""):
            place = _PLACE.search(cell[1])
            # A cell without a place of its own stands behind the one before it.
            cells[_column(place[1]) if place else max(cells, default=-1) + 1] = cell[0]
        for change in changes[row]:
            column = headings.index(change.column)
            style = _STYLE.search(cells.get(column, ""))
            shown = f" {style[0]}" if style else ""
            cells[column] = (
                f'<{prefix}c r="{get_column_letter(column + 1)}{row}"{shown} t="inlineStr">'
                f'<{prefix}is><{prefix}t xml:space="preserve">{escape(change.value)}</{prefix}t>'
                f"</{prefix}is></{prefix}c>"
            )
        inner = "".join(cell for _, cell in sorted(cells.items()))
        return f"<{prefix}row{match[2].rstrip('/')}>{inner}</{prefix}row>"

    return _ROW.sub(write_row, text)


def _column(letters: str) -> int:
    place = 0
    for letter in letters:
        place = place * 26 + ord(letter) - ord("A") + 1
    return place - 1
