"""Broken and hostile files of shops."""

import gzip

import pytest

from feeds import PROPERTIES, check, read_feed, saved, workbook
from lookbook.errors import InputError
from lookbook.pipelines.products.nodes import list_products
from lookbook.products import reading
from lookbook.products import workbook as workbooks
from lookbook.products.shop_file import ShopFile

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


def list_tables(data):
    return list_products(ShopFile("products", data), PROPERTIES)


def test_broken_bytes_and_half_letters_are_replaced():
    table = "sku,title,image\n" + "1,Möwe,a.jpg\n" * 60
    products, photos, *_ = list_tables(table.encode() + b"2,Caf\xe9,\xe9.jpg\n")
    assert products["title"].iloc[-1] == "Caf\ufffd"
    assert photos["image"].iloc[-1] == "\ufffd.jpg"
    products, *_ = list_tables(
        b'[{"sku": "1", "title": "Hat \\ud83d", "note": ["\\ud83d\\ude00"]}]'
    )
    assert products[["title", "note"]].values.tolist() == [["Hat ?", '["😀"]']]


def test_numbers_beyond_all_bounds_are_put_aside():
    products, _, quarantine, _ = list_tables(
        b'[{"sku": "1", "title": "a", "price": NaN, "qty": NaN},'
        b'{"sku": "2", "title": "b", "price": 1e400, "qty": 1e300}]'
    )
    assert products[["price", "stock"]].isna().all().all()
    assert quarantine[["product_id", "column"]].values.tolist() == [["2", "price"], ["2", "qty"]]
