"""Records with some of their values changed: JSON, Parquet and XML."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape

from lookbook.products.delimited import decode, encode
from lookbook.products.records import find_records, inner_key, is_item, item_tag
from lookbook.products.vocabulary import ProductProperties

_BLANKS = re.compile(r"\s*")
_DECODER = json.JSONDecoder()
_START_TAG = re.compile(rb"<(?:[^\"'>]|\"[^\"]*\"|'[^']*')*>")
_XML_ENCODING = re.compile(rb"<\?xml[^>]*encoding=[\"']([\w.-]+)")
Edit = tuple[int, int, str]


def _splice(text: str, edits: list[Edit]) -> str:
    """Replace spans of a text."""
    pieces, start = [], 0
    for begin, end, value in sorted(edits):
        pieces += [text[start:begin], value]
        start = end
    return "".join([*pieces, text[start:]])


def write_json(data: bytes, changes: dict[int, Any], properties: ProductProperties) -> bytes:
    """Write JSON or JSON Lines."""
    text, encoding, mark = decode(data, "")
    edits: list[Edit] = []
    for number, start in _record_starts(text, properties):
        if number in changes:
            edits += _edit_object(text, start, changes[number])
    return mark + encode(_splice(text, edits), encoding)


def _record_starts(text: str, properties: ProductProperties) -> Iterator[tuple[int, int]]:
    """Find where the records of a document begin."""
    try:
        whole = json.loads(text)
    except ValueError:
        position = 0
        for number, line in enumerate(text.split("\n"), 1):
            if line.strip():
                yield number, position + len(line) - len(line.lstrip())
            position += len(line) + 1
        return
    path = find_records(whole, properties)[1]
    position = _skip(text, 0)
    for name in path:
        position = next(begin for key, begin, _ in object_spans(text, position) if key == name)
    if text[position] == "{":
        yield 1, position
        return
    for number, start in enumerate(_element_starts(text, position), 1):
        inner = start
        if text[start] == "{":
            wrapper = inner_key(_DECODER.raw_decode(text, start)[0])
            inner = next((b for key, b, _ in object_spans(text, start) if key == wrapper), start)
        yield number, inner


def _skip(text: str, position: int) -> int:
    match = _BLANKS.match(text, position)
    assert match
    return match.end()


def _element_starts(text: str, position: int) -> Iterator[int]:
    """Find the elements of a list."""
    position = _skip(text, position + 1)
    while text[position] != "]":
        yield position
        position = _skip(text, _DECODER.raw_decode(text, position)[1])
        if text[position] == ",":
            position = _skip(text, position + 1)


def object_spans(text: str, position: int) -> Iterator[tuple[str, int, int]]:
    """Find the values of an object.

    Yields:
        Each key, and where its value begins and ends.
    """
    position = _skip(text, position + 1)
    while text[position] != "}":
        key, position = _DECODER.raw_decode(text, position)
        begin = _skip(text, _skip(text, position) + 1)
        end = _DECODER.raw_decode(text, begin)[1]
        yield key, begin, end
        position = _skip(text, end)
        if text[position] == ",":
            position = _skip(text, position + 1)


def _edit_object(text: str, start: int, changes: list[Any]) -> list[Edit]:
    end = _DECODER.raw_decode(text, start)[1]
    is_ascii = text[start:end].isascii()
    spans = {key: (begin, stop) for key, begin, stop in object_spans(text, start)}
    edits: list[Edit] = []
    for change in changes:
        value = json.dumps(change.value, ensure_ascii=is_ascii)
        if change.column in spans:
            edits.append((*spans[change.column], value))
        else:
            last = max((stop for _, stop in spans.values()), default=start + 1)
            comma = ", " if spans else ""
            edits.append((last, last, f"{comma}{json.dumps(change.column)}: {value}"))
    return edits


def write_parquet(data: bytes, changes: dict[int, Any], properties: ProductProperties) -> bytes:
    """Write a Parquet file with its types; a column of another type than text stays as it is."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    source = pq.ParquetFile(io.BytesIO(data))
    table = source.read()
    columns: dict[str, list[tuple[int, str]]] = {}
    for line, listed in changes.items():
        for change in listed:
            columns.setdefault(change.column, []).append((line - 1, change.value))
    for name, values in columns.items():
        place = table.schema.get_field_index(name)
        field = table.schema.field(place)
        if pa.types.is_string(field.type) or pa.types.is_large_string(field.type):
            cells = table.column(place).to_pylist()
            for row, value in values:
                cells[row] = value
            table = table.set_column(place, field, pa.array(cells, field.type))
    group = source.metadata.row_group(0)
    target = io.BytesIO()
    pq.write_table(
        table,
        target,
        compression=group.column(0).compression.lower().replace("uncompressed", "none"),
        row_group_size=max(group.num_rows, 1),
    )
    return target.getvalue()


def write_xml(data: bytes, changes: dict[int, Any], properties: ProductProperties) -> bytes:
    """Write a feed in XML."""
    declared = _XML_ENCODING.search(data[:200])
    encoding = declared[1].decode() if declared else "utf-8"
    edits: list[tuple[int, int, bytes]] = []
    for number, item in enumerate(_find_items(data), 1):
        for change in changes.get(number, ()):
            edits.append(_edit_element(data, item, change, encoding))
    pieces, start = [], 0
    for begin, end, value in sorted(edits):
        pieces += [data[start:begin], value]
        start = end
    return b"".join([*pieces, data[start:]])


class _Item:
    """Where a product's element and those in it stand."""

    def __init__(self) -> None:
        self.end = 0
        self.elements: dict[str, tuple[int, int]] = {}
        self.first = 0


def _find_items(data: bytes) -> list[_Item]:
    """Find the elements that hold a product each, and the spans of those in them."""
    from xml.parsers import expat

    wanted = item_tag(data)
    items: list[_Item] = []
    stack: list[tuple[str, int]] = []
    inside = 0

    parser = expat.ParserCreate()

    def start(name: str, attributes: Any) -> None:
        nonlocal inside
        stack.append((name, parser.CurrentByteIndex))
        if inside:
            if len(stack) == inside + 1 and not items[-1].first:
                items[-1].first = parser.CurrentByteIndex
        elif is_item(name, wanted) and len(stack) > 1:
            inside = len(stack)
            items.append(_Item())

    def end(name: str) -> None:
        nonlocal inside
        _, begin = stack.pop()
        if inside and len(stack) == inside:
            items[-1].elements.setdefault(name, (begin, parser.CurrentByteIndex))
        elif len(stack) + 1 == inside:
            items[-1].end, inside = parser.CurrentByteIndex, 0

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.Parse(data, True)
    return items


def _edit_element(data: bytes, item: _Item, change: Any, encoding: str) -> tuple[int, int, bytes]:
    text = escape(change.value).encode(encoding, "xmlcharrefreplace")
    name = change.column.encode(encoding)
    if change.column not in item.elements:
        # As the first element is indented, so is the new one.
        before = data[: item.first]
        indent = before[len(before.rstrip()) :]
        at = len(data[: item.end].rstrip())
        return at, at, indent + b"<" + name + b">" + text + b"</" + name + b">"
    begin, end = item.elements[change.column]
    tag = _START_TAG.match(data, begin)
    assert tag
    if tag[0].endswith(b"/>"):
        opened = tag[0][:-2].rstrip()
        return begin, tag.end(), opened + b">" + text + b"</" + name + b">"
    if data[tag.end() : end].lstrip().startswith(b"<![CDATA[") and b"]]>" not in text:
        text = b"<![CDATA[" + change.value.encode(encoding, "xmlcharrefreplace") + b"]]>"
    return tag.end(), end, text
