"""A shop's file is written again with only the wanted cells changed."""

import csv
import io
import json

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds import PROPERTIES, read_feed, saved, workbook
from lookbook.products.columns import recognise_columns
from lookbook.products.delimited import Dialect, records
from lookbook.products.reading import read_shop_file
from lookbook.products.shop_file import ShopFile
from lookbook.products.writing import CellChange, split_raw, write_changes
from project import shared_cases

TEXT = 'Neu & "fein", <weich>; 5 | 6'


def rewrite(file, line, column, value):
    return write_changes(file, [CellChange(line, column, value)], PROPERTIES)


@pytest.mark.parametrize("folder", shared_cases("feeds"))
def test_only_the_wanted_cells_change(folder):
    path = next(path for path in folder.iterdir() if path.name != "want.json")
    file = ShopFile(path.name, path.read_bytes())
    assert write_changes(file, [], PROPERTIES) == file.data
    before = read_shop_file(file, PROPERTIES)
    columns = recognise_columns(before, PROPERTIES)
    place = (columns.places["description"] or columns.places["title"])[0]
    changes = [CellChange(row.line, before.headings[place], TEXT) for row in before.rows]
    after = read_shop_file(
        ShopFile(path.name, write_changes(file, changes, PROPERTIES)), PROPERTIES
    )
    assert after.headings == before.headings
    for row in before.rows:
        row.cells[place] = TEXT
    # A text of several lines is replaced by one of a line.
    assert [row.cells for row in after.rows] == [row.cells for row in before.rows]


@pytest.mark.parametrize("folder", shared_cases("feeds"))
def test_a_file_with_its_own_texts_written_again_holds_the_same_products(folder):
    path = next(path for path in folder.iterdir() if path.name != "want.json")
    file = ShopFile(path.name, path.read_bytes())
    table = read_shop_file(file, PROPERTIES)
    kept = json.loads((folder / "want.json").read_text(encoding="utf-8"))["columns_to_keep"]
    changes = [
        CellChange(row.line, heading, row.cells[place])
        for row in table.rows
        for place, heading in enumerate(table.headings)
        if isinstance(row.cells.get(place), str) and "/" not in heading and heading not in kept
    ]
    written = write_changes(file, changes, PROPERTIES)
    assert read_feed(written, path.name) == read_feed(file.data, path.name)
    again = read_shop_file(ShopFile(path.name, written), PROPERTIES)
    for place, heading in enumerate(table.headings):
        if heading in kept:
            before = [row.cells.get(place) for row in table.rows]
            after = [row.cells.get(place) for row in again.rows]
            assert after == before
            assert list(map(type, after)) == list(map(type, before))


def test_a_cell_is_quoted_as_the_others():
    data = '﻿sep=;\r\n"SKU";"Name";"Text"\r\n"1";"a";""\r\n2;b\r\n'.encode()
    written = rewrite(ShopFile("a.csv", data), 3, "Text", 'say "x"')
    assert written == data.replace(b'"a";""', b'"a";"say ""x"""')
    written = rewrite(ShopFile("a.csv", data), 4, "Text", "plain")
    assert written == data.replace(b"2;b", b"2;b;plain")


def test_letters_that_an_encoding_lacks_are_written_by_the_nearest():
    data = "SKU;Name;Größe;Text\n1;Möwe;S;\n".encode("cp1252")
    written = rewrite(ShopFile("a.csv", data), 2, "Text", "fein – ✋ł „é“")
    assert written == data.replace(b"S;", "S;fein – l „é“".encode("cp1252"))


def test_json_keeps_the_spelling_of_everything_else():
    data = (
        b'{"products": [\n  {"sku": "1", "title": "\\u00e4", "price": 10.50, "note": null},\n'
        b'  {"sku": "2", "title": "b"}\n]}\n'
    )
    written = rewrite(ShopFile("a.json", data), 1, "note", "ö")
    assert written == data.replace(b"null", b'"\\u00f6"')
    written = rewrite(ShopFile("a.json", data), 2, "note", "x")
    assert written == data.replace(b'"title": "b"', b'"title": "b", "note": "x"')


def test_xml_gets_an_element_where_it_lacks_one():
    data = (
        b'<rss xmlns:g="http://base.google.com/ns/1.0"><channel>\n'
        b"<item>\n  <g:id>1</g:id>\n  <title>a</title>\n  <g:color/>\n</item>\n"
        b"<item>\n  <g:id>2</g:id>\n  <title><![CDATA[b]]></title>\n</item>\n</channel></rss>"
    )
    file = ShopFile("a.xml", data)
    assert rewrite(file, 1, "g:color", "x & y") == data.replace(
        b"<g:color/>", b"<g:color>x &amp; y</g:color>"
    )
    assert rewrite(file, 2, "g:color", "x") == data.replace(
        b"[b]]></title>\n", b"[b]]></title>\n  <g:color>x</g:color>\n"
    )
    assert rewrite(file, 2, "title", "<c>") == data.replace(b"[b]", b"[<c>]")


def test_a_workbook_keeps_its_other_sheets_formats_and_formulas():
    rows = [
        ["Titel"],
        ["SKU", "Name", "Preis", "Text"],
        ["1", "a", 5.5, None],
        ["2", "b", "=C3*2", "t"],
    ]
    book = workbook([("x", [["=1+1"]], "hidden"), ("y", rows, "visible")])
    book["y"]["C3"].number_format = "0.00 €"
    written = rewrite(ShopFile("a.xlsx", saved(book)), 3, "Text", "neu <&>")
    sheet = openpyxl.load_workbook(io.BytesIO(written))["y"]
    assert sheet["D3"].value == "neu <&>" and sheet["C4"].value == "=C3*2"
    assert sheet["C3"].number_format == "0.00 €" and sheet["A1"].value == "Titel"


CELLS = st.lists(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8), min_size=2, max_size=5
)


@given(
    CELLS, st.sampled_from([";", ",", "\t", "|"]), st.booleans(), st.sampled_from(["\n", "\r\n"])
)
def test_a_row_is_taken_apart_as_it_is_read(cells, delimiter, always, end):
    file = io.StringIO()
    quoting = csv.QUOTE_ALL if always else csv.QUOTE_MINIMAL
    csv.writer(file, delimiter=delimiter, lineterminator=end, quoting=quoting).writerow(cells)
    raw = file.getvalue()
    dialect = Dialect(delimiter, '"', None, 0)
    pieces, line_end = split_raw(raw, dialect)
    assert delimiter.join(pieces) + line_end == raw
    read = next(records(raw, dialect))[1]
    assert len(pieces) == len(read) and read == cells


def test_parquet_keeps_its_schema():
    schema = pa.schema(
        [
            pa.field("sku", pa.large_string()), pa.field("title", pa.string()),
            pa.field("variants", pa.list_(pa.struct([("size", pa.string()), ("n", pa.int8())]))),
            pa.field("map", pa.map_(pa.string(), pa.string())),
            pa.field("at", pa.timestamp("ms", tz="Europe/Berlin")),
            pa.field("vector", pa.list_(pa.float32(), 2)), pa.field("price", pa.decimal128(9, 2)),
        ],
        metadata={"made": "by the shop"},
    )  # fmt: skip
    rows = [
        {"sku": "1", "title": "a", "variants": [{"size": "S", "n": None}], "map": [("k", None)],
         "vector": [0.1, 0.2], "price": None},
        {"sku": "2", "title": None, "variants": None},
    ]  # fmt: skip
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema), file, compression="zstd")
    before = pq.read_table(io.BytesIO(file.getvalue()))
    written = rewrite(ShopFile("a.parquet", file.getvalue()), 2, "title", "neu")
    after = pq.read_table(io.BytesIO(written))
    assert after.schema.equals(before.schema, check_metadata=True)
    assert after["title"].to_pylist() == ["a", "neu"]
    assert after.drop_columns("title").equals(before.drop_columns("title"))
    compression = pq.ParquetFile(io.BytesIO(written)).metadata.row_group(0).column(0).compression
    assert compression == "ZSTD"
