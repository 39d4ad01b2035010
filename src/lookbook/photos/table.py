"""The table beside the photos: what people say of each, as shops really write it."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from lookbook.errors import InputError
from lookbook.lazy import pd
from lookbook.photos.shop_tables import PRODUCT, complete_products, find_product

# What a table may say of a photo; only `image` is needed.
FIELDS = ("image", "sender_id", "label", "kids")
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
    ".xlsx": lambda file: pd.read_excel(file, dtype=object),
    # A lambda, so that listing pipelines does not import pandas.
    ".parquet": lambda file: pd.read_parquet(file),  # noqa: PLW0108
    ".jsonl": lambda file: pd.read_json(file, lines=True, dtype=False),
}

# So large a share of lone accents tells a Western text.
LONE_ACCENTS = 0.7
# A product text may be long; what is kept of it is bounded elsewhere.
csv.field_size_limit(2**31 - 1)

Columns = dict[str, list[str]]


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
    """Reads every row of a table in text, broken ones too.

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
            f"{name} is empty. It needs a column of photos, such as 'image'; or remove the file to "
            "go on without human labels."
        )
    delimiter = told or _find_delimiter(text, columns)
    header = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    places = find_columns(header, columns, name)
    try:
        lines, cells = _read_cells(text, delimiter, places, first, strict=True)
    except csv.Error as error:
        if "end of data" in str(error):
            line = text[: text.rindex('"')].count("\n") + first
            raise InputError(
                f"{name}: a quote is opened and never closed; the last stands in line {line}: "
                f"{_shown(text, line - first)}"
            ) from error
        # A quote in the midst of a cell is no reason to lose the table.
        lines, cells = _read_cells(text, delimiter, places, first, strict=False)
    separated = DELIMITERS.get(delimiter, repr(delimiter))
    read_as = f"read as {encoding}, separated by {separated}"
    rows = complete_products(pd.DataFrame({"line": lines, **cells}))
    return PhotoTable(rows, f"{name}: {read_as}; {_taken(header, places)}")


def _read_cells(
    text: str, delimiter: str, places: dict[str, int], first: int, strict: bool
) -> tuple[list[int], dict[str, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=strict)
    next(reader)
    cells: dict[str, list[str]] = {field: [] for field in places}
    lines = []
    for row in reader:
        if row:
            lines.append(reader.line_num + first - 1)
            for field, place in places.items():
                cells[field].append(row[place] if place < len(row) else "")
    return lines, cells


def take_columns(table: pd.DataFrame, name: str, columns: Columns) -> PhotoTable:
    """Takes the rows of a table that is no text, such as Parquet or Excel.

    Args:
        table: As :func:`read_any_table` reads it.
        name: What it is called, for errors.
        columns: See :func:`read_table`.

    Raises:
        InputError: If it names no photos.
    """
    header = [str(column) for column in table.columns]
    places = find_columns(header, columns, name)
    cells = {field: table.iloc[:, place].tolist() for field, place in places.items()}
    rows = complete_products(pd.DataFrame({"line": range(2, len(table) + 2), **cells}))
    return PhotoTable(rows, f"{name}: {_taken(header, places)}")


def read_any_table(data: bytes, name: str) -> pd.DataFrame:
    """Reads a whole table of any kind as text.

    Args:
        data: The file: CSV in any encoding, Excel, Parquet or JSON lines.
        name: What it is called; its ending says what it is.

    Returns:
        All columns, in text; missing cells are empty.

    Raises:
        InputError: If it cannot be read.
    """
    kind = PurePosixPath(name.casefold()).suffix
    if kind in BINARY:
        try:
            table: pd.DataFrame = BINARY[kind](io.BytesIO(data))
        except (ValueError, OSError, KeyError, TypeError) as error:
            raise InputError(f"{name} cannot be read: {error}") from error
        return table.map(lambda cell: "" if _is_missing(cell) else _as_text(cell))
    text, _, told = _open_text(data, name)
    if not text.strip():
        raise InputError(f"{name} is empty.")
    delimiter = told or _find_delimiter(text, {"image": ["Filename"]})
    try:
        return pd.read_csv(io.StringIO(text), sep=delimiter, dtype=str, keep_default_na=False)
    except ValueError as error:
        raise InputError(f"{name} cannot be taken apart: {error}") from error


def find_columns(header: list[str], columns: Columns, name: str) -> dict[str, int]:
    """Finds the columns of a table, whatever the case and spelling of their headings.

    Returns:
        The place of each field that the table has, and of
        :data:`lookbook.photos.shop_tables.PRODUCT` where rows belong together.

    Raises:
        InputError: If none names the photos.
    """
    headings = [_fold(heading) for heading in header]
    places = {}
    for field in FIELDS:
        known = [_fold(heading) for heading in [field, *columns.get(field, [])]]
        found = next((heading for heading in known if heading in headings), None)
        if found is not None:
            places[field] = headings.index(found)
    if "image" not in places:
        has = ", ".join(repr(heading.strip()) for heading in header)
        raise InputError(
            f"{name} has no column of photos (it has {has}). Name yours under table_columns.image "
            "in conf/local/globals.yml; or remove the file to go on without human labels."
        )
    return places | find_product(headings)


def find_headings(
    headings: Iterable[Any], names: Iterable[str], others: Mapping[str, list[str]]
) -> dict[str, str]:
    """Finds under which of its headings a table has what it is asked for, whatever their case.

    Args:
        headings: The table's.
        names: What it may have.
        others: Headings under which it may have it beside its name.

    Returns:
        The heading of each that the table has.
    """
    known = {str(heading).strip().casefold(): heading for heading in headings}
    found = {}
    for name in names:
        candidates = (one.casefold() for one in (name, *others.get(name, [])))
        heading = next((one for one in candidates if one in known), None)
        if heading is not None:
            found[name] = known[heading]
    return found


def cell_text(cell: object) -> str:
    """Writes any cell of a table as text; a missing one as none."""
    return "" if pd.isna(cell) else str(cell).strip()


def decode_text(data: bytes, name: str) -> tuple[str, str]:
    """Decodes a text in whatever encoding it is.

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
    """Decodes a table in text, and takes off a first line that says what separates it.

    Returns:
        The table, its encoding's name, and what separates it; empty if it does not say.
    """
    text, encoding = decode_text(data, name)
    told = SEPARATOR_LINE.match(text)
    return (text[told.end() :], encoding, told[1]) if told else (text, encoding, "")


def _guess_encoding(sample: bytes) -> str | None:
    """Guesses the encoding of a text that is no UTF-8; ``None`` for a Western one."""
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
            f"{name}: line {line} is no {encoding}: {data[error.start : error.start + 20]!r}. Save "
            "the table as UTF-8."
        ) from error


def _find_delimiter(text: str, columns: Columns) -> str:
    """Finds what a table is separated by: its heading with the most known columns tells."""
    header = text.lstrip().splitlines()[0]
    known = {_fold(heading) for field in FIELDS for heading in [field, *columns.get(field, [])]}

    def fit(delimiter: str) -> tuple[int, int]:
        headings = next(csv.reader([header], delimiter=delimiter), [])
        return sum(_fold(heading) in known for heading in headings), len(headings)

    best = max(DELIMITERS, key=fit)
    if fit(best)[0]:
        return best
    try:
        return csv.Sniffer().sniff(text[:SAMPLE], "".join(DELIMITERS)).delimiter
    except csv.Error:
        return best


def _taken(header: list[str], places: dict[str, int]) -> str:
    told = [
        f"{field} from '{header[place].strip()}'" if _fold(header[place]) != _fold(field) else field
        for field, place in places.items()
        if field != PRODUCT
    ]
    return f"columns: {', '.join(told)}"


def _shown(text: str, line: int) -> str:
    lines = text.splitlines()
    return repr(lines[min(line, len(lines) - 1)][:80])


def _as_text(cell: object) -> str:
    # A column of whole numbers with a gap is read as one of fractions.
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def _is_missing(cell: object) -> bool:
    return cell is None or (isinstance(cell, float) and math.isnan(cell))


def _fold(heading: str) -> str:
    return re.sub(r"[\W_]+", "", heading.casefold())
