"""The pipeline ``products``: nothing of a shop's file is lost, and the run goes on."""

import json

import pandas as pd
import pytest

from feeds import PROPERTIES
from lookbook.datasets.csv_dataset import CSVDataset
from lookbook.errors import InputError
from lookbook.pipelines.products.nodes import list_products
from lookbook.products.shop_file import ShopFile
from lookbook.products.tables import PHOTOS, PRODUCTS, QUARANTINE


def run(text, name="products.csv"):
    data = text.encode() if isinstance(text, str) else text
    return list_products(ShopFile(name, data), PROPERTIES)


def reasons(quarantine):
    return quarantine[["product_id", "line", "column", "value", "reason"]].values.tolist()


@pytest.mark.parametrize("text", ["", "image,sender_id,label,kids\na.jpg,1,Top,False\n"])
def test_without_products_all_tables_are_empty_with_their_columns(text):
    products, photos, quarantine, report = run(text)
    assert list(products) == PRODUCTS and list(photos) == PHOTOS
    assert list(quarantine) == QUARANTINE and report["products"] == 0
    assert products.empty and photos.empty and quarantine.empty


def test_a_row_a_product_and_the_shops_other_columns_as_they_stand():
    products, photos, quarantine, report = run(
        "SKU,Title,Price,Size,Image 1,Image 2,Note,Note,title\n"
        "007,Top,9.50 EUR,S,a.jpg,b.jpg,01,=2+3,x\n008,Hat,,,,,,,\n"
    )
    assert products["product_id"].tolist() == ["007", "008"]
    first = products.iloc[0]
    assert (first["price"], first["currency"], first["Note"], first["Note.1"]) == (
        9.5, "EUR", "01", "=2+3",
    )  # fmt: skip
    assert json.loads(first["images"]) == ["a.jpg", "b.jpg"]
    assert json.loads(first["variants"]) == [{"sku": "007", "size": "S", "price": 9.5}]
    assert photos.values.tolist() == [["007", 1, "a.jpg", 2], ["007", 2, "b.jpg", 2]]
    assert quarantine.empty and report["columns"]["sku"] == "SKU"


def test_tables_come_back_as_they_were_saved(tmp_path):
    products, *_ = run("SKU,Title,Price,Stock,Note\n007,Top,9.5,3,0012\nNA,Hat,,,=1\n")
    types = {"price": "float", "in_stock": "boolean", "stock": "Int64", "*": "str"}
    table = CSVDataset(filepath=str(tmp_path / "p.csv"), load_args={"dtype": types})
    table.save(products)
    again = table.load()
    assert again["product_id"].tolist() == ["007", "NA"]
    assert again["Note"].tolist() == ["0012", "=1"]
    assert again["price"].tolist()[0] == 9.5 and again["in_stock"].tolist()[0] is True


def test_two_products_with_one_id_are_told_apart():
    products, _, quarantine, _ = run("SKU,Title,Price\n1,Top,9\n1,Hat,8\n1,Bag,7\n")
    assert products["product_id"].tolist() == ["1", "1 (2)", "1 (3)"]
    assert reasons(quarantine)[0] == [
        "1 (2)", 3, "SKU", "1", "the id of another product, in line 2; this one is '1 (2)'",
    ]  # fmt: skip


def test_a_photo_belongs_to_the_first_product_that_claims_it():
    products, photos, quarantine, _ = run("SKU,Title,Image\n1,Top,a.jpg\n2,Hat,a.jpg\n")
    assert photos.values.tolist() == [["1", 1, "a.jpg", 2]]
    assert reasons(quarantine) == [["2", 3, "images", "a.jpg", "a photo of another product: '1'"]]
    assert json.loads(products["images"][1]) == ["a.jpg"]


def test_parents_in_a_circle_are_named_and_nothing_is_lost():
    products, _, quarantine, _ = run(
        "SKU,Title,Price,Parent SKU\nA,Top,9,B\nB,Hat,8,C\nC,Bag,7,A\nD,Cap,6,\n"
    )
    assert "D" in products["product_id"].tolist()
    skus = {one["sku"] for cell in products["variants"] for one in json.loads(cell)}
    assert skus | set(products["product_id"]) == {"A", "B", "C", "D"}
    assert "a parent that is its own child" in quarantine["reason"].tolist()


def test_bad_cells_are_named_and_their_products_stay():
    products, _, quarantine, report = run(
        "SKU,Title,Price,Currency,Availability,Stock\n"
        "1,Top,0,EUR,in stock,3\n2,Hat,soon,GOLD,perhaps,many\n3,Bag,-4,EUR,,\n"
    )
    assert products["product_id"].tolist() == ["1", "2", "3"] and products["price"].isna().all()
    assert reasons(quarantine) == [
        ["1", 2, "Price", "0", "a price of 0"],
        ["2", 3, "Price", "soon", "no amount"],
        ["2", 3, "Currency", "GOLD", "an unknown currency"],
        ["2", 3, "Availability", "perhaps", "no word for being in stock or not"],
        ["2", 3, "Stock", "many", "neither a quantity nor a word for being in stock"],
        ["3", 4, "Price", "-4", "a negative amount"],
    ]
    assert report["quarantined"]["no amount"] == 1


def test_a_description_of_ten_megabytes_is_bounded():
    text = "<p>" + "word " * 2_000_000 + "</p>"
    products, _, quarantine, _ = run(f"SKU,Title,Description\n1,Top,{text}\n")
    limit = PROPERTIES.max_text
    assert len(products["description"][0]) <= limit
    assert quarantine["reason"][0] == f"longer than {limit:,} characters; the rest is left out"
    assert len(quarantine["value"][0]) <= 200


def test_a_row_that_lists_too_many_sizes_is_bounded():
    sizes, colours = ("|".join(f"{letter}{n}" for n in range(200)) for letter in "ab")
    products, *_ = run(f"SKU,Title,Sizes,Colors\n1,Top,{sizes},{colours}\n")
    assert len(json.loads(products["variants"][0])) <= PROPERTIES.max_variants


@pytest.mark.parametrize(
    ("name", "data"),
    [("a.xlsx", b"PK\x03\x04broken"), ("a.parquet", b"PAR1broken"), ("a.xml", b"<rss><item>"),
     ("a.jsonl", b'{"id": 1}\n{"id":'), ("a.csv.gz", b"\x1f\x8bbroken")],
)  # fmt: skip
def test_a_broken_file_is_named(name, data):
    with pytest.raises(InputError, match=name.replace(".", r"\.")):
        run(data, name)


def test_entities_of_xml_are_refused():
    bomb = '<!DOCTYPE a [<!ENTITY a "aaaa">]><rss><item><id>&a;</id></item></rss>'
    with pytest.raises(InputError, match="XML"):
        run(bomb, "feed.xml")


def test_thousands_of_products_are_read_in_seconds():
    rows = "".join(f"{n},Top {n},{n}.50,a{n}.jpg|b{n}.jpg\n" for n in range(3_000))
    products, photos, _, _ = run(f"SKU,Title,Price,Images\n{rows}")
    assert len(products) == 3_000 and len(photos) == 6_000
    assert isinstance(products, pd.DataFrame)
