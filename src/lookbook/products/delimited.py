"""Tables in text: in any encoding, separated and quoted in any way."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from lookbook.errors import InputError
from lookbook.photos.headings import HEAD
from lookbook.photos.table import DELIMITERS, SEPARATOR_LINE, decode_text
from lookbook.products.columns import count_properties
from lookbook.products.shop_file import Row, ShopTable
from lookbook.products.vocabulary import ProductProperties

_MARKS = {
    b"\xef\xbb\xbf": "utf-8",
    b"\xff\xfe\x00\x00": "utf-32-le",
    b"\x00\x00\xfe\xff": "utf-32-be",
    b"\xff\xfe": "utf-16-le",
    b"\xfe\xff": "utf-16-be",
}
# Letters beyond ASCII of the languages that an encoding is used for.
_ALPHABETS = {
    "Windows-1252": (
        "äöüß", "éèêàçâîôûùëïœüÿ", "ñáéíóúü", "àèéìòù", "æøåé", "åäöé", "ãõáâçéêíóôúà", "ëïéèöüó",
        "äöüßéèêàâçñáíóúôûîïëœæøå",
    ),
    "Windows-1250": ("ąćęłńóśźż", "áčďéěíňóřšťúůýžľĺŕôä", "áéíóöőúüű", "ăâîşţ", "čćđšž"),
    "ISO-8859-2": ("ąćęłńóśźż", "áčďéěíňóřšťúůýžľĺŕôä", "áéíóöőúüű", "ăâîşţ", "čćđšž"),
}  # fmt: skip
# Letters, and what stands in words where a text is decoded as that of another language.
_ACCENTED = re.compile(r"[^\W\d_\x00-\x7f]|(?<=[a-z])[¹³¿¶±¼¾ª£¥µ]")
# So few null bytes are no UTF-16.
_NULLS = 0.2
# What stands for bytes that are no UTF-8.
_BROKEN_BYTES = re.compile("[\udc80-\udcff]")
# UTF-8 with so few broken bytes is UTF-8.
_BROKEN = 0.05
# So many bytes tell an encoding.
_BYTES = 1 << 20
# Texts that are kept once: so long ones, and so many.
_SHORT, _SHARED = 40, 100_000
# By so many rows it is told how a table is quoted.
_SAMPLE = 1_000


@dataclass(frozen=True)
class Dialect:
    """How a table is written in text.

    Attributes:
        delimiter: What separates cells.
        quote: What stands around cells; empty where nothing does.
        escape: What stands before a quote within a cell; ``None`` where it is doubled.
        above: Lines above the headings.
    """

    delimiter: str
    quote: str
    escape: str | None
    above: int

    def reader(self, lines: Iterator[str]) -> Iterator[list[str]]:
        """Take lines apart."""
        if not self.quote:
            return csv.reader(lines, delimiter=self.delimiter, quoting=csv.QUOTE_NONE)
        return csv.reader(
            lines, delimiter=self.delimiter, quotechar=self.quote, escapechar=self.escape,
            doublequote=self.escape is None,
        )  # fmt: skip


def decode(data: bytes, name: str) -> tuple[str, str, bytes]:
    """Decode a file so that it can be encoded again, byte by byte.

    Returns:
        Its text, the encoding, and its byte order mark.
    """
    mark = next((mark for mark in _MARKS if data.startswith(mark)), b"")
    if mark:
        encoding = _MARKS[mark]
        errors = "surrogateescape" if encoding == "utf-8" else "strict"
        return data[len(mark) :].decode(encoding, errors), encoding, mark
    sample = data[:_BYTES]
    if 0 < sample.count(b"\0") < _NULLS * len(sample):
        return data.decode("utf-8", "surrogateescape"), "UTF-8", b""
    text, encoding = decode_text(data, name)
    if encoding != "UTF-8" and not encoding.startswith("UTF-"):
        loose = sample.decode("utf-8", "surrogateescape")
        broken = len(_BROKEN_BYTES.findall(loose))
        if broken <= _BROKEN * (len(re.findall("[^\x00-\x7f]", loose)) - broken):
            return data.decode("utf-8", "surrogateescape"), "UTF-8", b""
        if encoding in ("Windows-1252", "Latin-1"):
            encoding = _find_alphabet(sample)
            try:
                text = data.decode(encoding)
            except UnicodeDecodeError:
                encoding, text = "latin-1", data.decode("latin-1")
    return text, encoding, b""


def _find_alphabet(data: bytes) -> str:
    """Choose among encodings of Latin letters by the language that has most of them."""
    best, chosen = 0.0, None
    for encoding, alphabets in _ALPHABETS.items():
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        letters = Counter(_ACCENTED.findall(text.casefold()))
        total = sum(letters.values()) or 1
        for alphabet in alphabets:
            share = sum(count for letter, count in letters.items() if letter in alphabet) / total
            if share > best or chosen is None:
                best, chosen = share + 1e-9, encoding
    return chosen or "latin-1"


def encode(text: str, encoding: str) -> bytes:
    """Encode what :func:`decode` has decoded."""
    is_utf8 = encoding.casefold() == "utf-8"
    return text.encode(encoding, "surrogateescape" if is_utf8 else "strict")


def find_dialect(text: str, properties: ProductProperties) -> Dialect:
    """Find how a table is written: the way that yields the most known headings."""
    told = SEPARATOR_LINE.match(text)
    best, delimiter, above, headings = (0, 0, 0), told[1] if told else ",", 0, [""]
    for trial in [told[1]] if told else [*DELIMITERS, "^", "~"]:
        for place, (line, row) in enumerate(_head(text, Dialect(trial, '"', None, bool(told)))):
            # A row of headings wins over one that explains them.
            known = count_properties(dict.fromkeys(row), properties)
            fit = (known, len(row), -place)
            if known and fit > best:
                best, delimiter, above, headings = fit, trial, line, row
    apostrophes = all(len(cell) > 1 and cell[0] == cell[-1] == "'" for cell in headings if cell)
    trials = [Dialect(delimiter, "'" if apostrophes else '"', None, above)]
    if f"\\{trials[0].quote}" in text:
        trials.append(replace(trials[0], escape="\\"))
    trials.append(replace(trials[0], quote=""))
    return min(trials, key=lambda trial: _count_odd(text, trial))


def read_delimited(data: bytes, name: str, properties: ProductProperties) -> ShopTable:
    """Read a table in text, every row of it.

    Raises:
        InputError: If it is in no encoding.
    """
    text, encoding, mark = decode(data, name)
    text = _BROKEN_BYTES.sub("\ufffd", text)
    dialect = find_dialect(text, properties)
    rows = records(text, dialect)
    headings = next(rows, (0, [], ""))[1]
    table = ShopTable(headings, [], "")
    # Most cells stand there many times.
    shared: dict[str, str] = {}
    for line, cells, _ in rows:
        filled = {
            place: shared.setdefault(cell, cell) if len(cell) < _SHORT else cell
            for place, cell in enumerate(cells)
            if cell
        }
        if len(shared) > _SHARED:
            shared.clear()
        if filled:
            table.rows.append(Row(line, filled))
    separated = DELIMITERS.get(dialect.delimiter, repr(dialect.delimiter))
    marked = " with a byte order mark" if mark else ""
    table.format = f"text in {encoding.upper()}{marked}, separated by {separated}"
    # A row may have more cells than there are headings.
    widest = max((max(row.cells) + 1 for row in table.rows), default=0)
    table.headings += [""] * (widest - len(headings))
    return table


def records(text: str, dialect: Dialect) -> Iterator[tuple[int, list[str], str]]:
    """Take a table apart, from its headings on.

    Yields:
        The last line of each row, its cells, and its text as it stands.
    """
    lines = io.StringIO(text, newline="")
    for _ in range(dialect.above):
        lines.readline()
    pending: list[str] = []

    def keep() -> Iterator[str]:
        for line in lines:
            pending.append(line)
            yield line

    number = dialect.above
    reader = dialect.reader(keep())
    try:
        for row in reader:
            number += len(pending)
            yield number, row, "".join(pending)
            pending.clear()
    except csv.Error as error:
        raise InputError(
            f"Line {number + 1} of the shop's file cannot be read: {error}."
        ) from error


def _head(text: str, dialect: Dialect) -> list[tuple[int, list[str]]]:
    """Read the first rows, each with the number of lines before it."""
    head = list(islice(records(text, dialect), HEAD))
    ends = [int(dialect.above), *(line for line, _, _ in head)]
    return [(before, row) for before, (_, row, _) in zip(ends, head, strict=False)]


def _count_odd(text: str, dialect: Dialect) -> int:
    """Count rows that are not as long as the headings."""
    rows = [row for _, row, _ in islice(records(text, dialect), _SAMPLE)]
    return sum(bool(row) and len(row) != len(rows[0]) for row in rows)
