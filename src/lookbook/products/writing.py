"""A shop's file with some of its cells changed, and everything else as it was."""

from __future__ import annotations

import gzip
import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from lookbook.products.delimited import Dialect, decode, encode, find_dialect, records
from lookbook.products.reading import find_format, unpack
from lookbook.products.record_writing import write_json, write_parquet, write_xml
from lookbook.products.shop_file import ShopFile
from lookbook.products.vocabulary import ProductProperties
from lookbook.products.workbook_writing import write_workbook


class CellChange(NamedTuple):
    """A cell's new value.

    Attributes:
        line: The row's line, as :class:`lookbook.products.shop_file.Row` has it.
        column: The column's heading; of several the first.
        value: The text that it gets.
    """

    line: int
    column: str
    value: str


Changes = dict[int, list[CellChange]]
_NEAREST = str.maketrans("‘’‚“”„–—łŁđĐ\u202f\u2009", "'''\"\"\"--lLdD  ")


def write_changes(
    file: ShopFile, changes: Iterable[CellChange], properties: ProductProperties
) -> bytes:
    """Write a shop's file with some of its cells changed.

    Args:
        file: The file as it was read.
        changes: The cells to change, each once.
        properties: By which the file was read.

    Returns:
        The file in its format; byte by byte as it was, but for those cells.
    """
    by_line: Changes = {}
    for change in changes:
        by_line.setdefault(change.line, []).append(change)
    if not by_line:
        return file.data
    data = unpack(file.data, file.name)
    write: Callable[[bytes, Changes, ProductProperties], bytes] = {
        "xlsx": write_workbook,
        "parquet": write_parquet,
        "xml": write_xml,
        "json": write_json,
        "text": write_delimited,
    }[find_format(data)]
    written = write(data, by_line, properties)
    return written if data is file.data else gzip.compress(written, mtime=0)


def fit_encoding(text: str, encoding: str) -> str:
    """Replace the letters that an encoding lacks by the nearest that it has, or by nothing."""

    def fit(letter: str) -> str:
        if _has(encoding, letter):
            return letter
        plain = unicodedata.normalize("NFKD", letter.translate(_NEAREST))
        return "".join(part for part in plain if _has(encoding, part))

    return text if _has(encoding, text) else "".join(map(fit, text))


def _has(encoding: str, text: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def write_delimited(data: bytes, changes: Changes, properties: ProductProperties) -> bytes:
    """Write a table in text."""
    text, encoding, mark = decode(data, "")
    dialect = find_dialect(text, properties)
    lines = io.StringIO(text, newline="")
    above = [lines.readline() for _ in range(dialect.above)]
    return mark + encode("".join([*above, *_rows(text, dialect, changes, encoding)]), encoding)


def _rows(text: str, dialect: Dialect, changes: Changes, encoding: str) -> Iterator[str]:
    headings: list[str] = []
    for line, cells, raw in records(text, dialect):
        headings = headings or cells
        if line not in changes:
            yield raw
            continue
        pieces, end = split_raw(raw, dialect)
        quoted = bool(dialect.quote) and all(
            piece.startswith(dialect.quote)
            for piece, cell in zip(pieces, cells, strict=False)
            if cell
        )
        for change in changes[line]:
            place = headings.index(change.column)
            # A short line lacks its last cells.
            pieces += [""] * (place + 1 - len(pieces))
            always = quoted or pieces[place].startswith(dialect.quote or "\0")
            pieces[place] = _quote(fit_encoding(change.value, encoding), dialect, always)
        yield dialect.delimiter.join(pieces) + end


def split_raw(raw: str, dialect: Dialect) -> tuple[list[str], str]:
    """Split a row's text into those of its cells, with their quotes.

    Returns:
        The cells and the line end.
    """
    end = raw[len(raw.rstrip("\r\n")) :]
    end = end if end in ("\r\n", "\n", "\r", "") else end[-2:] if end.endswith("\r\n") else end[-1:]
    body = raw[: len(raw) - len(end)]
    delimiter, quote = re.escape(dialect.delimiter), re.escape(dialect.quote)
    if not quote:
        return body.split(dialect.delimiter), end
    inside = rf"\\.|[^\\{quote}]" if dialect.escape else rf"[^{quote}]|{quote}{quote}"
    cell = re.compile(rf"(?:{quote}(?:{inside})*(?:{quote}|$))?[^{delimiter}]*", re.DOTALL)
    pieces, start = [], 0
    while True:
        match = cell.match(body, start)
        assert match
        pieces.append(match[0])
        start = match.end() + 1
        if match.end() >= len(body):
            return pieces, end


def _quote(value: str, dialect: Dialect, always: bool) -> str:
    """Write a cell as the others of its file are."""
    quote = dialect.quote
    if not quote:
        return " ".join(value.replace(dialect.delimiter, " ").split())
    special = (dialect.delimiter, quote, "\n", "\r", *([dialect.escape] if dialect.escape else ()))
    if not always and not any(sign in value for sign in special) and value == value.strip():
        return value
    if dialect.escape:
        value = value.replace(dialect.escape, dialect.escape * 2)
        return f"{quote}{value.replace(quote, dialect.escape + quote)}{quote}"
    return f"{quote}{value.replace(quote, quote * 2)}{quote}"
