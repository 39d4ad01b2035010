"""Broken and hostile files of shops."""

import gzip

import pytest

from feeds import check, read_feed, saved, workbook
from lookbook.errors import InputError
from lookbook.products import reading
from lookbook.products import workbook as workbooks

RANGE = workbook([("Range", [["SKU", "Name"], ["1", "Hat"]], "visible")])


@pytest.mark.parametrize(
    "data",
    ["[" * 100_000, '{"a":' * 3000 + "1" + "}" * 3000, "<a>" * 20_000 + "</a>" * 20_000],
    ids=["lists", "objects", "elements"],
)
def test_values_that_are_nested_too_deeply_are_an_error_in_words(data):
    with pytest.raises(InputError, match="nested too deeply"):
        read_feed(data)


def test_files_that_unpack_to_too_much_are_refused(monkeypatch):
    monkeypatch.setattr(reading, "_MOST", 10)
    monkeypatch.setattr(workbooks, "_MOST", 10)
    for data in (gzip.compress(b"sku,name\n1,Hat\n"), saved(RANGE)):
        with pytest.raises(InputError, match="more than 10 bytes when it is unpacked"):
            read_feed(data)


def test_a_far_cell_of_a_workbook_costs_nothing():
    RANGE["Range"].cell(1_048_576, 16_384, "x")
    check(saved(RANGE), {"id": "1", "title": "Hat"})
