"""Records: JSON, JSON Lines, Parquet and XML, whose values may be nested."""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from lookbook.errors import InputError
from lookbook.products.columns import count_properties
from lookbook.products.delimited import decode
from lookbook.products.shop_file import PATH, Row, ShopTable
from lookbook.products.texts import TEXT
from lookbook.products.vocabulary import ProductProperties, bare_name, fold

# Elements that hold a product each.
_ITEMS = {
    "item", "entry", "product", "shopitem", "offer", "o", "produkt", "artikel", "article",
    "produit", "producto", "prodotto", "row", "record",
}  # fmt: skip
# Half a letter, escaped or not.
_HALVES = re.compile(r"\\u[dD][89a-fA-F]|[\ud800-\udfff]")
# Values are nested no deeper.
_DEEPEST = 100
_WRAPPED = ("node", "nodes", "edges")


def read_json(data: bytes, name: str, properties: ProductProperties) -> ShopTable:
    """Read JSON or JSON Lines.

    Raises:
        InputError: If it cannot be taken apart.
    """
    text, encoding, _ = decode(data, name)
    try:
        whole = json.loads(text)
        found = _unwrap(find_records(whole, properties)[0]) or [whole]
        numbered: Iterable[tuple[int, Any]] = enumerate(found, 1)
        kind = "JSON"
    except ValueError:
        numbered, kind = _read_lines(text, name), "JSON Lines"
    if _HALVES.search(text):
        numbered = ((number, _replace_halves(record)) for number, record in numbered)
    return tabulate(numbered, f"{kind} in {encoding.upper()}", properties)


def _replace_halves(record: Any) -> Any:
    """Replace halves of letters, such as of an emoji that was cut, by a question mark."""
    return json.loads(json.dumps(record, ensure_ascii=False).encode("utf-8", "replace"))


def _read_lines(text: str, name: str) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except ValueError as error:
                raise InputError(f"{name}: line {number} is not JSON: {error}.") from error


def find_records(value: Any, properties: ProductProperties) -> tuple[list[Any], list[str]]:
    """Find the list of a document that is one of products, or the only product that it holds.

    Returns:
        The list, and the keys that lead to it.
    """
    if isinstance(value, list):
        return value, []
    if isinstance(value, dict) and count_properties(value, properties) > 2:
        return [value], []
    best: tuple[list[Any], list[str]] = ([], [])
    most = (0, 0)
    for name, inner in value.items() if isinstance(value, dict) else ():
        if isinstance(inner, dict | list):
            found, path = find_records(inner, properties)
            if found and isinstance(found[0], dict):
                first = found[0].get(inner_key(found[0]), found[0])
                worth = (count_properties(first, properties), len(found))
                if worth > most:
                    best, most = (found, [name, *path]), worth
    return best


def read_parquet(data: bytes, name: str, properties: ProductProperties) -> ShopTable:
    """Read a Parquet file.

    Raises:
        InputError: If it is none.
    """
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    try:
        file = ParquetFile(io.BytesIO(data))
        records = (record for batch in file.iter_batches() for record in batch.to_pylist())
        return tabulate(enumerate(records, 1), "Parquet", properties, file.schema_arrow.names)
    except (ArrowException, OSError) as error:
        raise InputError(f"{name} cannot be read as Parquet: {error}.") from error


def read_xml(data: bytes, name: str, properties: ProductProperties) -> ShopTable:
    """Read a feed in XML: RSS, Atom, or any other whose elements are products.

    Raises:
        InputError: If it is not well-formed, or declares entities.
    """
    from xml.etree.ElementTree import ParseError

    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import iterparse

    prefixes: dict[str, str] = {}
    records: list[tuple[int, dict[str, Any]]] = []
    depth = inside = 0
    try:
        wanted = item_tag(data)
        for event, found in iterparse(io.BytesIO(data), events=("start", "end", "start-ns")):
            if event == "start-ns":
                prefixes.setdefault(found[1], found[0])
            elif event == "start":
                depth += 1
                if not inside and depth > 1 and is_item(_prefixed(found.tag, prefixes), wanted):
                    inside = depth
            else:
                if depth == inside:
                    records.append((len(records) + 1, _read_element(found, prefixes)))
                    found.clear()
                    inside = 0
                depth -= 1
    except (ParseError, DefusedXmlException, LookupError) as error:
        raise InputError(f"{name} cannot be read as XML: {error}.") from error
    return tabulate(records, "XML", properties)


def item_tag(data: bytes) -> str:
    """Find what the elements that hold a product each are called, without prefix.

    It is the first element of such a name, or else the most frequent one below the root that holds
    others.
    """
    from defusedxml.ElementTree import iterparse

    depth, children = 0, Counter[str]()
    for event, element in iterparse(io.BytesIO(data), events=("start", "end")):
        depth += 1 if event == "start" else -1
        name = _local(element.tag)
        if event == "start" and depth > 1 and name in _ITEMS:
            return name
        if event == "end" and depth == 1:
            children[name] += bool(len(element))
            element.clear()
    return max(children, key=lambda name: children[name], default="")


def is_item(name: str, wanted: str) -> bool:
    """Whether an element, with its prefix, is one of those that hold a product."""
    return name.rpartition(":")[2].casefold() == wanted


def _local(tag: str) -> str:
    return tag.rsplit("}", 1)[-1].casefold()


def _read_element(element: Any, prefixes: dict[str, str]) -> Any:
    """Read an element: a text, or a mapping of its attributes and elements."""
    values: dict[str, Any] = {
        f"@{_prefixed(name, prefixes)}": value for name, value in element.attrib.items() if value
    }
    for inner in element:
        name, value = _prefixed(inner.tag, prefixes), _read_element(inner, prefixes)
        if _local(inner.tag) == "link" and isinstance(value, dict) and "@href" in value:
            # Atom has the product's page in an attribute, and other links beside it.
            if value.get("@rel", "alternate") != "alternate":
                continue
            value = value["@href"]
        before = values.get(name, "")
        if before in ("", value):
            values[name] = value
        elif value != "":
            values[name] = [*before, value] if isinstance(before, list) else [before, value]
    text = (element.text or "").strip()
    if not values:
        return text
    return {**values, TEXT: text} if text else values


def _prefixed(tag: str, prefixes: dict[str, str]) -> str:
    """Write the name of an element as the file has it."""
    address, _, name = tag.rpartition("}")
    prefix = prefixes.get(address.lstrip("{"), "")
    return f"{prefix}:{name}" if prefix else name


def tabulate(
    records: Iterable[tuple[int, Any]],
    form: str,
    properties: ProductProperties,
    names: Iterable[str] = (),
) -> ShopTable:
    """Lay records out as a table: nested values by their path, variants as rows below."""
    places = {name: place for place, name in enumerate(names)}
    rows = []
    for line, record in records:
        if isinstance(record, dict):
            _check_depth(record)
            rows.append(_read_record(record, line, "", places, properties))
    return ShopTable(list(places), rows, form)


def _check_depth(value: Any, left: int = _DEEPEST) -> None:
    if not left:
        raise RecursionError
    for inner in value.values() if isinstance(value, dict) else value:
        if isinstance(inner, dict | list):
            _check_depth(inner, left - 1)


def _read_record(
    record: dict[str, Any],
    line: int,
    path: str,
    places: dict[str, int],
    properties: ProductProperties,
) -> Row:
    row = Row(line, {})
    for name, value in record.items():
        value = _unwrap(value)  # noqa: PLW2901
        # NaN, as pandas writes what is missing, is the only value that differs from itself.
        if value is None or value in ("", [], {}) or value != value:  # noqa: PLR0124
            places.setdefault(f"{path}{name}", len(places))
            continue
        where = f"{path}{name}"
        role = _roles(name, properties)
        if "variants" in role and not path and _is_objects(value):
            listed = value if isinstance(value, list) else [value]
            if any(len(inner) > 1 for inner in listed):
                row.children += [
                    _read_record(inner, line, f"{where}{PATH}", places, properties)
                    for inner in listed
                ]
                continue
        place = places.setdefault(where, len(places))
        row.cells[place] = value
        if isinstance(value, dict) and not role & {"attributes", "images"}:
            # What an element of XML has in attributes gets columns of its own.
            row.cells[place] = value.get(TEXT, value)
            flat = _read_record(value, line, f"{where}{PATH}", places, properties)
            row.cells |= flat.cells
    return row


def unfold_variants(table: ShopTable, properties: ProductProperties) -> None:
    """Lay variants that a cell lists as JSON out as rows below."""
    own = len(table.headings)
    places = {f"{PATH}{place}": place for place in range(own)}
    for place, heading in enumerate(table.headings):
        if "variants" not in _roles(heading, properties):
            continue
        for row in table.rows:
            cell = row.cells.get(place)
            if isinstance(cell, str) and cell.startswith("[") and "{" in cell:
                try:
                    listed = json.loads(cell)
                    _check_depth(listed)
                except (ValueError, RecursionError):
                    continue
                if _is_objects(listed):
                    row.children = [
                        _read_record(inner, row.line, f"{heading}{PATH}", places, properties)
                        for inner in listed
                    ]
                    del row.cells[place]
    table.headings += list(places)[own:]


def _roles(heading: str, properties: ProductProperties) -> set[str]:
    return {name for name, _ in properties.properties.get(fold(bare_name(heading)), [])}


def _is_objects(value: Any) -> bool:
    listed = value if isinstance(value, list) else [value]
    return bool(listed) and all(isinstance(inner, dict) for inner in listed)


def _unwrap(value: Any) -> Any:
    """Take the lists of GraphQL and of schema.org out of what wraps them."""
    while isinstance(value, dict) and len(value) == 1 and next(iter(value)) in _WRAPPED:
        value = next(iter(value.values()))
    if isinstance(value, list) and _is_objects(value) and all(map(inner_key, value)):
        return [inner[inner_key(inner)] for inner in value]
    return value


def inner_key(record: dict[str, Any]) -> str:
    """Return under which key GraphQL or a list of schema.org wraps a record; empty under none."""
    if "node" in record:
        return "node"
    return "item" if record.get("@type") == "ListItem" and "item" in record else ""
