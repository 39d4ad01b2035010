"""Tables in Excel: the visible sheet that holds products, its cells in their types."""

from __future__ import annotations

import io
import re
from itertools import islice
from operator import itemgetter
from typing import Any
from zipfile import ZipFile

from defusedxml import ElementTree

from lookbook.errors import InputError
from lookbook.photos.headings import HEAD
from lookbook.products.columns import count_properties
from lookbook.products.shop_file import Amount, Row, ShopTable
from lookbook.products.vocabulary import ProductProperties

# A currency in a number's format, such as [$€-407] or "EUR".
_CURRENCY = re.compile(r"\[\$([^\]-]+)(?:-[0-9A-Fa-f]+)?\]|\"([^\"]*[^\s\".,\d-][^\"]*)\"|([€$£¥])")
# Bytes of all its parts; a larger one is none of a shop.
_MOST = 2**29
_ZEROS = re.compile(r"0{2,}")
_LOCALE = re.compile(r"\[\$-[^\]]*\]")


def read_workbook(data: bytes, name: str, properties: ProductProperties) -> ShopTable:
    """Read the sheet of a workbook that holds products.

    Raises:
        InputError: If it is no workbook.
    """
    from openpyxl import load_workbook

    try:
        with ZipFile(io.BytesIO(data)) as archive:
            unpacked = sum(info.file_size for info in archive.infolist())
        if unpacked > _MOST:
            raise ValueError(f"it holds more than {_MOST:,} bytes when it is unpacked")
        book = load_workbook(io.BytesIO(data), data_only=True)
    except Exception as error:
        raise InputError(f"{name} cannot be read as an Excel workbook: {error}.") from error
    chosen, top = _choose_sheet(book, properties)
    if chosen is None:
        return ShopTable([], [], "an Excel workbook without a visible sheet")
    merged = _merged_cells(chosen, top)
    rows = _rows(chosen)
    headings = [""] * chosen.max_column
    for cell in rows[top]:
        headings[cell.column - 1] = "" if cell.value is None else str(cell.value)
    table = ShopTable(headings, [], f"an Excel workbook, sheet '{chosen.title}'")
    for number in sorted(number for number in rows if number > top):
        filled: dict[int, Any] = {}
        for cell in rows[number]:
            place, value = cell.column - 1, cell.value
            if value is None and (cell.row, cell.column) in merged:
                cell = merged[cell.row, cell.column]  # noqa: PLW2901
                value = cell.value
            if value is not None and value != "":
                filled[place] = _typed(value, cell.number_format or "")
        if filled:
            table.rows.append(Row(number, filled))
    return table


def _rows(sheet: Any) -> dict[int, list[Any]]:
    """Return the cells of a sheet by row; between far ones, none are made."""
    rows: dict[int, list[Any]] = {}
    for (row, _), cell in sorted(sheet._cells.items(), key=itemgetter(0)):
        rows.setdefault(row, []).append(cell)
    return rows


def _choose_sheet(book: Any, properties: ProductProperties) -> tuple[Any, int]:
    """Choose the visible sheet with the most known headings, and the row in which they stand."""
    best, chosen, top = -1, None, 1
    for sheet in book.worksheets:
        if sheet.sheet_state != "visible":
            continue
        for number, row in islice(_rows(sheet).items(), HEAD):
            texts = [str(cell.value) for cell in row if cell.value is not None]
            known = count_properties(dict.fromkeys(texts), properties)
            if known > best:
                best, chosen, top = known, sheet, number
    return chosen, top


def find_sheet(data: bytes, properties: ProductProperties) -> tuple[str, list[str]]:
    """Return the path, in a workbook's archive, of the sheet with products, and its headings."""
    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(data), data_only=True)
    sheet, top = _choose_sheet(book, properties)
    headings = ["" if cell.value is None else str(cell.value) for cell in sheet[top]]
    with ZipFile(io.BytesIO(data)) as archive:
        sheets = ElementTree.fromstring(archive.read("xl/workbook.xml"))
        links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    link = next(
        value
        for found in sheets.iter()
        if found.tag.endswith("}sheet") and found.get("name") == sheet.title
        for name, value in found.attrib.items()
        if name.endswith("}id")
    )
    target = next(found.get("Target", "") for found in links if found.get("Id") == link)
    path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return path, headings


def _merged_cells(sheet: Any, top: int) -> dict[tuple[int, int], Any]:
    """Map the cells that are merged with one above them to that."""
    return {
        (row, column): sheet.cell(area.min_row, area.min_col)
        for area in sheet.merged_cells.ranges
        if area.min_row > top and area.min_col == area.max_col
        for row in range(area.min_row + 1, area.max_row + 1)
        for column in (area.min_col,)
    }


def _typed(value: Any, shown: str) -> Any:
    """Read a number as its format shows it."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if _ZEROS.fullmatch(shown) and value == int(value):
        return str(int(value)).zfill(len(shown))
    sign = _CURRENCY.search(_LOCALE.sub("", shown))
    if sign:
        return Amount(value, next(filter(None, sign.groups())).strip())
    return int(value) if value == int(value) else value
