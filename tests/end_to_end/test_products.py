"""The bundled sample is a small shop: its products through every step, and one alone."""

import json

import pandas as pd
import pytest

from lookbook.products.tables import PRODUCTS
from project import latest, succeed

# Columns whose ids and numbers stay as they are written.
TEXT = {"dtype": str, "keep_default_na": False}


@pytest.fixture(scope="module")
def shop(ran):
    def read(name):
        return pd.read_csv(latest(ran[0], f"{name}.csv"), **TEXT)

    return read


def test_every_product_is_an_item_or_accounted_for(shop):
    products, items, quarantine = shop("products"), shop("item_products"), shop("quarantine")
    assert list(products.columns[: len(PRODUCTS)]) == PRODUCTS
    without = quarantine[quarantine["status"].eq("product without photo")]
    assert sorted([*items["product_id"], *without["product_id"]]) == sorted(products["product_id"])
    priced = items.set_index("product_id")["price"]
    stated = products.set_index("product_id")["price"]
    assert priced.to_dict() == stated[priced.index].to_dict() and priced.ne("").sum() > 50


def test_all_photos_of_a_product_are_one_item(shop):
    manifest, items = shop("manifest"), shop("item_products")
    catalogue = shop("full_catalogue")
    assert catalogue["product_id"].is_unique
    photos = items.set_index("product_id")["photos"].map(json.loads)
    assert photos.map(len).max() > 1
    ordered = manifest[manifest["product_id"].ne("")]
    ordered = ordered.assign(position=ordered["position"].astype(int)).sort_values("position")
    for product_id, rows in ordered.groupby("product_id"):
        assert photos[product_id] == rows["file"].tolist()


def test_the_shops_values_stand_in_the_catalogue_and_are_traced(shop, ran):
    facts, catalogue = shop("shop_facts"), shop("full_catalogue").set_index("photo_id")
    assert len(facts) > 100
    for fact in facts.itertuples():
        assert catalogue.at[fact.photo_id, fact.attribute] == fact.value
    provenance = pd.read_parquet(latest(ran[0], "provenance.parquet"))
    assert provenance["source"].value_counts()["shop"] == len(facts)
    differing = shop("disagreements")
    pairs = zip(differing["shop_value"], differing["model_value"], strict=True)
    assert len(differing) and all(shop != model for shop, model in pairs)


def test_a_file_of_products_is_read_without_any_photo(project, kedro):
    (project / "offers.tsv").write_text("id\ttitle\tprice\n007\tScarf\t19.95 EUR\n008\tHat\tsoon\n")
    succeed(kedro("run", "--pipelines=products", "--params=products=offers.tsv"))
    products = pd.read_csv(latest(project, "products.csv"), **TEXT)
    rows = products[["product_id", "title", "price", "currency"]].values.tolist()
    assert rows == [["007", "Scarf", "19.95", "EUR"], ["008", "Hat", "", ""]]
