import pandas as pd

from lookbook.attributes.schema import Schema
from lookbook.pipelines.export.nodes import export_merchant, export_shopify
from lookbook.products.tables import PRODUCTS
from lookbook.publishing.shops import ShopParams
from project import configuration, declared_fields

SCHEMA = Schema.model_validate(declared_fields())
PARAMS = ShopParams.model_validate(configuration("parameters_export")["export"])


def test_items_go_out_under_the_shops_own_ids_and_prices():
    items = pd.DataFrame([
        {"Filename": "a.jpg", **dict.fromkeys(SCHEMA.names, "x"), "photo_id": "a" * 64},
        {"Filename": "b.jpg", **dict.fromkeys(SCHEMA.names, "x"), "photo_id": "b" * 64},
    ])  # fmt: skip
    items[list(SCHEMA.categorical)] = ""
    items["Gender"] = "Men"
    product = dict.fromkeys(PRODUCTS) | {
        "photo_id": "a" * 64, "product_id": "00815", "price": "49.95", "sale_price": "39.95",
        "currency": "EUR", "brand": "Elbmoor", "in_stock": "False",
        "url": "https://shop.example/00815",
    }  # fmt: skip
    products = pd.DataFrame([product])
    offer, other = export_merchant(items, products, SCHEMA, PARAMS).to_dict("records")
    shown = [offer[name] for name in ("id", "price", "sale_price", "availability", "link")]
    url = "https://shop.example/00815"
    assert shown == ["00815", "49.95 EUR", "39.95 EUR", "out_of_stock", url]
    assert (other["id"], other["price"], other["brand"]) == ("b" * 32, "", "")
    row, _ = export_shopify(items, products, SCHEMA, PARAMS).to_dict("records")
    assert (row["Handle"], row["Variant Price"]) == ("00815", "39.95")
    assert (row["Variant Compare At Price"], row["Vendor"]) == ("49.95", "Elbmoor")
