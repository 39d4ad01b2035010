import json

import pandas as pd
import pytest

from lookbook.attributes.schema import Schema
from lookbook.pools import LocalPool
from lookbook.products.provenance import (
    apply_facts,
    join_products,
    list_disagreements,
    read_facts,
    stated_attributes,
    trace_values,
)
from lookbook.products.tables import PRODUCTS
from project import declared_fields

PROPERTIES = {
    "Title": "title", "Gender": "gender", "Category": "category", "Garment": "category",
    "Colours": "colours",
}  # fmt: skip
ITEM = {
    "Filename": "a.jpg", "Title": "Blue jeans", "Size": "Unknown", "Gender": "Men",
    "Description": "Plain jeans in blue.", "Category": "Pants", "Type": "Casual",
    "Garment": "jeans", "Colours": "blue", "Pattern": "plain", "Material": "denim",
    "Sleeve": "none", "Neckline": "none", "Length": "long", "photo_id": "a", "product_id": "P1",
}  # fmt: skip
PRODUCT = dict.fromkeys(PRODUCTS) | {
    "product_id": "P1", "title": "Elbe", "gender": "Women", "category": "Women > Jeans",
    "colours": '["navy"]', "price": "89.95",
}  # fmt: skip
CERTAIN = pd.DataFrame({"photo_id": ["a"], "Gender: Men": [0.8], "Colours: blue": [0.6]})
NO_CORRECTIONS = pd.DataFrame(columns=["photo_id", "attribute", "outcome"])


def schema():
    return Schema.model_validate(declared_fields())


def facts_of(**product):
    items, products = pd.DataFrame([ITEM]), pd.DataFrame([{**PRODUCT, **product}])
    return items, read_facts(items, products, PROPERTIES, schema())


def values(facts):
    return dict(zip(facts["attribute"], facts["value"], strict=True))


def test_the_shops_words_are_mapped_to_declared_values():
    _, facts = facts_of()
    assert values(facts) == {
        "Title": "Elbe", "Gender": "Women", "Category": "Pants", "Garment": "jeans",
        "Colours": "navy",
    }  # fmt: skip
    assert facts.set_index("attribute").at["Garment", "shop_text"] == "Women > Jeans"


def test_colours_of_variants_and_words_without_a_value_are_no_facts():
    _, facts = facts_of(colours='["navy", "red"]', category="Neu eingetroffen", gender="Kids")
    assert values(facts) == {"Title": "Elbe"}
    _, facts = facts_of(colours='["sunrise"]', title="", gender=None, category=None)
    assert facts.empty


def test_two_colours_in_one_cell_are_no_fact_since_only_categories_are_paths():
    _, facts = facts_of(colours='["Blue/White"]')
    assert "Colours" not in values(facts)


def test_the_shops_value_takes_the_models_place_in_texts_too():
    items, facts = facts_of(title="")
    (item,) = apply_facts(items, facts, schema(), LocalPool(1)).whole().to_dict("records")
    assert (item["Gender"], item["Colours"], item["Title"]) == ("Women", "navy", "Navy jeans")
    assert item["Material"] == "denim"


def test_every_value_keeps_its_source():
    items, facts = facts_of()
    corrected = pd.DataFrame([{"photo_id": "a", "attribute": "Gender", "outcome": "changed"}])
    catalogue = apply_facts(items, facts, schema(), LocalPool(1)).whole()
    table = trace_values(catalogue, facts, corrected, CERTAIN, schema()).whole()
    sources = dict(zip(table["attribute"], table["source"], strict=True))
    assert (sources["Gender"], sources["Colours"], sources["Type"]) == ("person", "shop", "model")
    assert "Size" not in sources, "an unknown value has no source"
    assert stated_attributes(table)["a"] == {"Title", "Gender", "Category", "Garment", "Colours"}


def test_a_models_value_keeps_its_probability():
    items, _ = facts_of()
    nothing = read_facts(items, pd.DataFrame([PRODUCT]), {}, schema())
    table = trace_values(items, nothing, NO_CORRECTIONS, CERTAIN, schema()).whole()
    assert table.set_index("attribute").at["Gender", "probability"] == pytest.approx(0.8)


def test_disagreements_list_the_models_surest_contradictions_first():
    items, facts = facts_of()
    listed = list_disagreements(items, facts, CERTAIN, schema())
    assert listed[["attribute", "shop_value", "model_value"]].values.tolist() == [
        ["Gender", "Women", "Men"],
        ["Colours", "navy", "blue"],
    ]


def test_an_item_has_all_photos_of_its_product():
    manifest = pd.DataFrame(
        [("b", "b.jpg", "P1", 2), ("a", "a.jpg", "P1", 1), ("c", "c.jpg", None, None)],
        columns=["photo_id", "file", "product_id", "position"],
    )
    (row,) = join_products(pd.DataFrame([ITEM]), pd.DataFrame([PRODUCT]), manifest).to_dict(
        "records"
    )
    assert (row["photo_id"], row["price"]) == ("a", "89.95")
    assert json.loads(row["photos"]) == ["a.jpg", "b.jpg"]
