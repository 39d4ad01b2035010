import csv
import io
import tracemalloc

import pandas as pd
import pytest
from kedro.io import DatasetError

from lookbook.datasets.photo_table_dataset import PhotoTableDataset
from lookbook.errors import InputError
from lookbook.photos.matching import FileNames
from lookbook.photos.table import DELIMITERS
from lookbook.pipelines.ingest.nodes import check_rows
from project import configuration

COLUMNS = configuration("globals")["table_columns"]
HEADER = b"image,sender_id,label,kids\n"


def load(folder, content):
    if content is not None:
        (folder / "images.csv").write_bytes(content)
    try:
        return PhotoTableDataset(path=str(folder), columns=COLUMNS).load()
    except DatasetError as error:
        raise error.__cause__ from None


def test_reads_rows_as_text_with_their_lines(tmp_path):
    table = load(tmp_path, HEADER + b'a,1,Hat,False\n"b\nb",x,,maybe\n')
    assert table.to_dict("records") == [
        {"line": 2, "image": "a", "sender_id": "1", "label": "Hat", "kids": "False"},
        {"line": 4, "image": "b\nb", "sender_id": "x", "label": "", "kids": "maybe"},
    ]


def test_is_empty_without_a_file(tmp_path):
    assert load(tmp_path, None).shape == (0, 0)


def test_takes_extra_columns_another_order_and_a_byte_order_mark(tmp_path):
    table = load(tmp_path, b"\xef\xbb\xbfkids, label,x,sender_id,image\nTrue,Hat,0,1,a\n")
    assert table.drop(columns="line").to_dict("records") == [
        {"image": "a", "sender_id": "1", "label": "Hat", "kids": "True"}
    ]


def test_keeps_short_and_long_lines(tmp_path):
    table = load(tmp_path, HEADER + b"a\nb,2,Hat,True,more,and more\n")
    assert table["image"].tolist() == ["a", "b"]
    assert table["kids"].tolist() == ["", "True"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_takes_any_encoding_and_separator_and_says_which(tmp_path, caplog, encoding, delimiter):
    caplog.set_level("INFO")
    rows = [["Filename", "Product Type"], ["a", "Café, crème; or"], ["b", 'so-called "été"']]
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=delimiter).writerows(rows)
    table = load(tmp_path, buffer.getvalue().encode(encoding))
    assert table[["image", "label"]].values.tolist() == rows[1:]
    told = caplog.text
    assert "image from 'Filename', label from 'Product Type'" in told
    assert f"separated by {DELIMITERS[delimiter]}" in told


def test_takes_another_alphabet(tmp_path):
    text = "image,label\n" + "".join(f"a{n},рубашка в клетку и полоску\n" for n in range(9))
    assert load(tmp_path, text.encode("cp1251"))["label"][3] == "рубашка в клетку и полоску"


def test_takes_excel_parquet_and_json_lines(tmp_path):
    frame = pd.DataFrame({"SKU": [12, 13], "Category": ["Hat", None], "Kids": [True, False]})
    writers = {
        "images.xlsx": lambda path: frame.to_excel(path, index=False),
        "images.parquet": frame.to_parquet,
        "images.jsonl": lambda path: frame.to_json(path, orient="records", lines=True),
    }
    for name, write in writers.items():
        folder = tmp_path / name.replace(".", "-")
        folder.mkdir()
        write(folder / name)
        table = load(folder, None)
        assert table[["image", "label", "kids"]].values.tolist() == [
            ["12", "Hat", "True"], ["13", "", "False"]
        ], name  # fmt: skip


def test_names_the_missing_column(tmp_path):
    with pytest.raises(InputError, match=r"no column of photos \(it has 'price', 'label'\)"):
        load(tmp_path, b"price,label\n1,Hat\n")


def test_says_that_the_file_is_empty(tmp_path):
    with pytest.raises(InputError, match=r"images\.csv is empty\. It needs a column of photos"):
        load(tmp_path, b"")


def test_shows_the_line_of_a_quote_that_is_never_closed(tmp_path):
    with pytest.raises(InputError, match=r"never closed\. The last one is in line 3: 'b,\"x"):
        load(tmp_path, b'image,label\na,Hat\nb,"x' + b"x" * 200_000)


def test_a_quote_in_the_midst_of_a_cell_loses_nothing(tmp_path):
    table = load(tmp_path, b'image,label\na,"Hat" of 5"\nb,Pants\n')
    assert table["image"].tolist() == ["a", "b"]


def test_a_field_of_ten_megabytes_is_read(tmp_path):
    assert len(load(tmp_path, b"image,label\na," + b"x" * 10_000_000)["label"][0]) == 10_000_000


def test_memory_stays_small_in_a_hundred_thousand_rows(tmp_path):
    rows = b"".join(b"photo%d,%d,Shirt,False\n" % (n, n % 99) for n in range(100_000))
    tracemalloc.start()
    table = load(tmp_path, HEADER + rows)
    checked = check_rows(table)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(checked) == 100_000 and checked["reason"].eq("").all()
    assert peak < 300 << 20


SHOPIFY = """Handle,Title,Vendor,Product Category,Type,Variant SKU,Image Src,Image Position
red-skirt,Red skirt,Anna,Apparel > Clothing > Skirts,Skirt,1,https://s.example/skirt%20a.jpg?v=1,1
red-skirt,,,,,2,https://s.example/files/skirt-b.jpg?v=17,2
red-skirt,,,,,3,,
cap,Cap,Ben,,Hat,4,,
"""
MERCHANT = (
    "id\ttitle\timage_link\tproduct_type\tprice\n"
    "7\tRed skirt\thttps://shop.example/skirt%20a.jpg\tHome > Women > Skirt\t10 EUR\n"
)


def test_a_shops_export_says_of_every_photo_what_its_product_is(tmp_path):
    (tmp_path / "products_export_1.csv").write_text(SHOPIFY)
    rows = PhotoTableDataset(path=str(tmp_path), columns=COLUMNS).load()
    assert rows["label"].tolist() == ["Skirt", "Skirt", "Hat"]
    assert rows["sender_id"].tolist() == ["Anna", "Anna", "Ben"]
    # The variant without a photo of its own is none; the product without any is still told.
    assert rows["image"].tolist()[2] == "" and rows["line"].tolist() == [2, 3, 5]
    names = FileNames(["skirt a.jpg", "skirt-b.jpg"])
    assert [names.find(image) for image in rows["image"][:2]] == ["skirt a.jpg", "skirt-b.jpg"]


def test_a_merchant_feed_is_read_as_well(tmp_path):
    (tmp_path / "products.tsv").write_text(MERCHANT)
    (row,) = PhotoTableDataset(path=str(tmp_path), columns=COLUMNS).load().to_dict("records")
    assert row["label"] == "Skirt"
    assert FileNames(["skirt a.jpg"]).find(row["image"]) == "skirt a.jpg"
