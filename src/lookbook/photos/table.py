"""The table beside the photos: what people say of each, as shops really write it."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import PurePosixPath
from typing import Any

from lookbook.errors import InputError
from lookbook.lazy import pd
from lookbook.photos.headings import FIELDS, HEAD, Columns, find_columns, find_header, fold_heading
from lookbook.photos.shop_tables import PRODUCT, complete_products

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
SEPARATOR_LINE = re.compile(r"\s*sep=(.)\s*\r?\n", re.IGNORECASE)
# So much of a file says how it is encoded.
SAMPLE = 1 << 16
BYTE_ORDER_MARKS = {
    b"\xef\xbb\xbf": "utf-8-sig",
    b"\xff\xfe\x00\x00": "utf-32",
    b"\x00\x00\xfe\xff": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
# Of these encodings of one alphabet the most common is taken: they differ in few letters.
WESTERN = re.compile(r"^(cp1252|cp1250|cp1254|cp1257|latin|iso8859|mac_|cp4|cp8|cp5|hp_)")

# Tables that are no text.
BINARY: dict[str, Callable[[io.BytesIO], pd.DataFrame]] = {
    # Without headings, which may stand below a title; and "NA" is an id as any other.
    ".xlsx": lambda file: pd.read_excel(
        file, dtype=object, header=None, keep_default_na=False, na_values=[]
    ),
    # A lambda, so that listing pipelines does not import pandas.
    ".parquet": lambda file: pd.read_parquet(file),  # noqa: PLW0108
    ".jsonl": lambda file: pd.read_json(file, lines=True, dtype=False),
}

# So large a share of lone accents tells a Western text.
LONE_ACCENTS = 0.7
# A product text may be long; what is kept of it is bounded elsewhere.
csv.field_size_limit(2**31 - 1)


@dataclass(frozen=True)
class PhotoTable:
    """A table as it was read.

    Attributes:
        rows: One row per photo, all text: ``line`` (in the file, from 1) and those of
            :data:`FIELDS` that the table has; cells that a short line lacks are empty.
        taken: How it was read, in a line for people.
    """

    rows: pd.DataFrame
    taken: str


def read_table(data: bytes, name: str, columns: Columns) -> PhotoTable:
    """Read every row of a table in text, broken ones too.

    Args:
        data: The file, in any encoding and separated by commas, semicolons, tabs or bars.
        name: What it is called, for errors.
        columns: For each of :data:`FIELDS` the headings under which tables have it.

    Raises:
        InputError: If the file is empty, cannot be taken apart, or names no photos.
    """
    text, encoding, told = _open_text(data, name)
    first = 1 + bool(told)
    if not text.strip():
        raise InputError(
            f"{name} is empty. It needs a column of photos, such as 'image'. Or remove the file "
            "to go on without human labels."
        )
    delimiter = told or _find_delimiter(text, columns)
    head = _read_head(text, delimiter)
    place = find_header([row for _, row in head], columns)
    header, above = head[place][1], head[place - 1][0] if place else 0
    places = find_columns(header, columns, name)
    text, first = _skip_lines(text, above), first + above
    try:
        lines, cells = _read_cells(text, delimiter, places, first, strict=True)
    except csv.Error as error:
        if "end of data" in str(error):
            line = text[: text.rindex('"')].count("\n") + first
            raise InputError(
                f"{name}: a quote is opened but never closed. The last one is in line {line}: "
                f"{_shown(text, line - first)}"
            ) from error
        # A quote in the midst of a cell is no reason to lose the table.
        lines, cells = _read_cells(text, delimiter, places, first, strict=False)
    separated = DELIMITERS.get(delimiter, repr(delimiter))
    read_as = f"read as {encoding}, separated by {separated}"
    rows = complete_products(pd.DataFrame({"line": lines, **cells}))
    return PhotoTable(rows, f"{name}: {read_as}; {_taken(header, places)}")


def _read_cells(
    text: str, delimiter: str, places: dict[str, list[int]], first: int, strict: bool
) -> tuple[list[int], dict[str, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=strict)
    next(reader)
    cells: dict[str, list[str]] = {field: [] for field in places}
    lines = []
    for row in reader:
        if row:
            lines.append(reader.line_num + first - 1)
            for field, columns in places.items():
                cells[field].append(_join([row[one] for one in columns if one < len(row)]))
    return lines, cells


def _join(cells: Sequence[str]) -> str:
    """Join the cells of a field; photos in several columns are lines of one cell."""
    return cells[0] if len(cells) == 1 else "\n".join(cell for cell in cells if cell.strip())


def _read_head(text: str, delimiter: str) -> list[tuple[int, list[str]]]:
    """Read the first rows of a text, each with the number of its last line."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    return [(reader.line_num, row) for row in islice(reader, HEAD)]


def _skip_lines(text: str, lines: int) -> str:
    file = io.StringIO(text, newline="")
    for _ in range(lines):
        file.readline()
    return file.read()


def take_columns(table: pd.DataFrame, name: str, columns: Columns) -> PhotoTable:
    """Take the rows of a table that is no text, such as Parquet or Excel.

    Args:
        table: As :func:`read_any_table` reads it.
        name: What it is called, for errors.
        columns: See :func:`read_table`.

    Raises:
        InputError: If it names no photos.
    """
    header = [str(column) for column in table.columns]
    places = find_columns(header, columns, name)
    cells = {
        field: [
            _join(row)
            for row in zip(*(table.iloc[:, one].tolist() for one in columns_of), strict=True)
        ]
        for field, columns_of in places.items()
    }
    rows = complete_products(pd.DataFrame({"line": table.index + 2, **cells}))
    return PhotoTable(rows, f"{name}: {_taken(header, places)}")


def read_any_table(data: bytes, name: str, columns: Columns | None = None) -> pd.DataFrame:
    """Read a whole table of any kind as text.

    Args:
        data: The file: CSV in any encoding, Excel, Parquet or JSON lines.
        name: What it is called; its ending says what it is.
        columns: See :func:`lookbook.photos.headings.find_header`.

    Returns:
        All columns, in text; missing cells are empty, and lists are JSON. A row's index is two
        less than its line.

    Raises:
        InputError: If it cannot be read.
    """
    kind = PurePosixPath(name.casefold()).suffix
    if kind in BINARY:
        try:
            table: pd.DataFrame = BINARY[kind](io.BytesIO(data))
        except (ValueError, OSError, KeyError, TypeError) as error:
            raise InputError(f"{name} cannot be read: {error}") from error
        table = table.map(lambda cell: "" if _is_missing(cell) else _as_text(cell))
        return _take_header(table, columns or {}) if kind == ".xlsx" else table
    text, _, told = _open_text(data, name)
    if not text.strip():
        raise InputError(f"{name} is empty.")
    delimiter = told or _find_delimiter(text, {"image": ["Filename"]})
    head = _read_head(text, delimiter)
    place = find_header([row for _, row in head], columns or {})
    text = _skip_lines(text, head[place - 1][0] if place else 0)
    try:
        return pd.read_csv(io.StringIO(text), sep=delimiter, dtype=str, keep_default_na=False)
    except ValueError as error:
        raise InputError(f"{name} cannot be split into cells: {error}") from error


def _take_header(table: pd.DataFrame, columns: Columns) -> pd.DataFrame:
    """Take the headings out of a sheet, and what stands above them."""
    place = find_header(table.head(HEAD).values.tolist(), columns)
    seen: Counter[str] = Counter()
    headings = []
    for heading in table.iloc[place].tolist() if len(table) else []:
        headings.append(f"{heading}.{seen[heading]}" if seen[heading] else heading)
        seen[heading] += 1
    # An index two less than the line in the sheet.
    return table.iloc[place + 1 :].set_axis(headings, axis=1).rename(index=lambda one: one - 1)


def cell_text(cell: object) -> str:
    """Write any cell of a table as text; a missing one as none."""
    return "" if pd.isna(cell) else str(cell).strip()


def decode_text(data: bytes, name: str) -> tuple[str, str]:
    """Decode a text in whatever encoding it is.

    Returns:
        The text, and the encoding's name.

    Raises:
        InputError: If it is in none.
    """
    for mark, encoding in BYTE_ORDER_MARKS.items():
        if data.startswith(mark):
            return _decode(data, encoding, name), encoding.removesuffix("-sig").upper()
    if b"\0" in data[:SAMPLE]:
        encoding = "utf-16-le" if data[1:2] == b"\0" else "utf-16-be"
        return _decode(data, encoding, name), encoding.upper()
    try:
        return data.decode("utf-8"), "UTF-8"
    except UnicodeDecodeError:
        pass
    guessed = _guess_encoding(data[:SAMPLE])
    if guessed:
        return _decode(data, guessed, name), guessed
    try:
        return data.decode("cp1252"), "Windows-1252"
    except UnicodeDecodeError:
        return data.decode("latin-1"), "Latin-1"


def _open_text(data: bytes, name: str) -> tuple[str, str, str]:
    """Decode a table in text, and takes off a first line that says what separates it.

    Returns:
        The table, its encoding's name, and what separates it; empty if it does not say.
    """
    text, encoding = decode_text(data, name)
    told = SEPARATOR_LINE.match(text)
    return (text[told.end() :], encoding, told[1]) if told else (text, encoding, "")


def _guess_encoding(sample: bytes) -> str | None:
    """Guess the encoding of a text that is no UTF-8; ``None`` for a Western one."""
    from charset_normalizer import from_bytes

    runs = [len(run) for run in re.findall(rb"[\x80-\xff]+", sample)]
    # Accents stand alone among plain letters; other alphabets have them in a row.
    if sum(run == 1 for run in runs) >= LONE_ACCENTS * len(runs):
        return None
    best = from_bytes(sample).best()
    return best.encoding if best and not WESTERN.match(best.encoding) else None


def _decode(data: bytes, encoding: str, name: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise InputError(
            f"{name}: line {line} is not {encoding}: {data[error.start : error.start + 20]!r}. "
            "Save the table as UTF-8."
        ) from error


def _find_delimiter(text: str, columns: Columns) -> str:
    """Find a table's separator: the one that yields the most known headings."""
    known = {
        fold_heading(heading) for field in FIELDS for heading in [field, *columns.get(field, [])]
    }

    def fit(delimiter: str) -> tuple[int, int]:
        return max(
            (sum(fold_heading(heading) in known for heading in row), len(row))
            for _, row in [*_read_head(text, delimiter), (0, [])]
        )

    best = max(DELIMITERS, key=fit)
    if fit(best)[0]:
        return best
    try:
        return csv.Sniffer().sniff(text[:SAMPLE], "".join(DELIMITERS)).delimiter
    except csv.Error:
        return best


def _taken(header: list[str], places: dict[str, list[int]]) -> str:
    told = []
    for field, columns in places.items():
        names = [f"'{header[place].strip()}'" for place in columns]
        is_plain = len(columns) == 1 and fold_heading(header[columns[0]]) == fold_heading(field)
        if field != PRODUCT:
            told.append(field if is_plain else f"{field} from {', '.join(names)}")
    return f"columns: {', '.join(told)}"


def _shown(text: str, line: int) -> str:
    lines = text.splitlines()
    return repr(lines[min(line, len(lines) - 1)][:80])


def _as_text(cell: Any) -> str:
    if isinstance(cell, list | tuple | dict) or hasattr(cell, "tolist"):
        return json.dumps(cell.tolist() if hasattr(cell, "tolist") else cell, default=str)
    # A column of whole numbers with a gap is read as one of fractions.
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def _is_missing(cell: object) -> bool:
    return cell is None or (isinstance(cell, float) and math.isnan(cell))
