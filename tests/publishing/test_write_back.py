"""The catalogue fills the empty cells of a shop's own file."""

import pandas as pd
import pytest

from feeds import PROPERTIES, read_feed
from lookbook.attributes.schema import Schema
from lookbook.errors import InputError
from lookbook.pipelines.export import nodes
from lookbook.pipelines.products.nodes import list_products
from lookbook.products.shop_file import ShopFile
from lookbook.publishing.export_params import ExportParams
from project import configuration

SCHEMA = Schema.model_validate(
    {
        "Title": {"kind": "text", "max_length": 60, "default": "Category", "description": "a name"},
        "Description": {"kind": "text", "max_length": 90, "default": "", "description": "a text"},
        "Gender": {
            "kind": "single", "default": "Unknown", "description": "for whom",
            "values": {"Women": {}, "Men": {}, "Unisex": {}, "Unknown": {}},
        },
        "Category": {
            "kind": "single", "default": "Other", "description": "what",
            "values": {"Tops": {}, "Other": {}},
        },
        "Colours": {
            "kind": "multi", "max_items": 3, "description": "colours",
            "values": {"navy": {}, "green": {}},
        },
        "Size": {"kind": "single", "default": "S", "description": "s", "values": {"S": {}}},
    }
)  # fmt: skip
PARAMS = configuration("parameters_export")["export"]
SHOP = (
    b"SKU;Titel;Beschreibung;Geschlecht;Farbe;Bild;Alternativtext;EAN\r\n"
    b'"1";"Hemd";"";"Herren";"";"a.jpg";"";"0012"\r\n'
    b"2;Bluse;Eigener Text;;blau;b.jpg;;\r\n"
    b"3;Hut;;;;;;\r\n"
)
CATALOGUE = pd.DataFrame(
    [
        ["p1", "1", "a.jpg", "Navy top", "A navy top.", "Men", "Tops", "navy", "S"],
        ["p2", "2", "b.jpg", "Green top", "A “green” top; new.", "Women", "Tops", "green", "S"],
    ],
    columns=["photo_id", "product_id", "Filename", *SCHEMA.names],
)
PROVENANCE = pd.DataFrame(
    [
        ["p1", "Colours", "navy", "model", 0.8], ["p1", "Description", "", "model", None],
        ["p1", "Title", "", "model", None], ["p1", "Gender", "Men", "shop", 1.0],
        ["p2", "Gender", "Women", "person", 1.0], ["p2", "Colours", "green", "model", 0.7],
    ],
    columns=["photo_id", "attribute", "value", "source", "probability"],
)  # fmt: skip


def export(shop=SHOP, **params):
    params = ExportParams.model_validate({**PARAMS, **params})
    file = ShopFile("artikel.csv", shop)
    products, *_ = list_products(file, PROPERTIES)
    changes = nodes.list_changes(file, CATALOGUE, PROVENANCE, SCHEMA, PROPERTIES, params)
    return changes, nodes.write_shop_file(file, products, changes, PROPERTIES, params).data


def test_empty_cells_are_filled_and_everything_else_stays():
    changes, written = export()
    lines = written.decode().split("\r\n")
    assert lines[1] == '"1";"Hemd";"A navy top.";"Herren";"navy";"a.jpg";"Navy top";"0012"'
    assert [lines[0], lines[3]] == SHOP.decode().split("\r\n")[::3][:2]
    assert changes.loc[0].to_dict() == {
        "product_id": "1", "line": 2, "column": "Beschreibung", "before": "",
        "after": "A navy top.", "source": "model", "confidence": 0.8,
    }  # fmt: skip
    colour = changes[changes["column"] == "Farbe"].iloc[0]
    assert (colour["source"], colour["confidence"]) == ("model", 0.8)


def test_a_gender_is_written_in_the_words_of_the_file():
    shop = SHOP.replace(b"3;Hut;;;", b"3;Hut;;Damen;")
    changes, written = export(shop)
    assert "2;Bluse;Eigener Text;Damen;blau;b.jpg;Green top;" in written.decode()
    gender = changes[changes["column"] == "Geschlecht"].iloc[0]
    assert (gender["source"], gender["confidence"]) == ("person", 1.0)


def test_columns_to_overwrite_are_replaced():
    changes, written = export(overwrite=["Beschreibung"])
    assert '2;Bluse;"A “green” top; new.";' in written.decode()
    row = changes[changes["product_id"] == "2"].iloc[0]
    assert (row["before"], row["after"]) == ("Eigener Text", "A “green” top; new.")
    with pytest.raises(InputError, match="'EAN', which export"):
        export(overwrite=["EAN"])


def test_a_dry_run_writes_only_the_changes():
    changes, written = export(dry_run=True)
    assert len(changes) and written == b""


@pytest.mark.parametrize("shop", [b"", b"image,label\na.jpg,Top\n"])
def test_without_products_nothing_is_written(shop):
    changes, written = export(shop)
    assert changes.empty and written == b""


def test_without_changes_the_file_is_written_as_it_is():
    shop = SHOP.replace(b'"1"', b'"8"').replace(b"2;Bluse", b"9;Bluse")
    changes, written = export(shop)
    assert changes.empty and written == shop


def test_products_read_from_the_export_are_the_same_but_for_what_was_filled():
    before, after = read_feed(SHOP), read_feed(export()[1])
    for one, other in zip(before, after, strict=True):
        assert {name: value for name, value in one.items() if value} == {
            name: other[name] for name, value in one.items() if value
        }
