"""Products are gathered from the tables of a run, and every feed accounts for each of them."""

import json

import pandas as pd
import pytest
import yaml

from feed_products import PARAMS, shop_params
from feeds import PROPERTIES
from lookbook.attributes.schema import Schema
from lookbook.pipelines.export import nodes
from lookbook.pipelines.products.nodes import list_products
from lookbook.products.shop_file import ShopFile
from project import ROOT, declared_fields

SCHEMA = Schema.model_validate(declared_fields())
FEEDS = {
    "google": nodes.export_google, "shopify": nodes.export_shopify, "meta": nodes.export_meta,
    "openai": nodes.export_openai, "json_ld": nodes.export_json_ld,
}  # fmt: skip
SHOP = """\
Handle,Title,Body (HTML),Vendor,Option1 Name,Option1 Value,Variant SKU,Variant Price,\
Variant Compare At Price,Variant Inventory Tracker,Variant Inventory Qty,Variant Barcode,\
Image Src,Image Position,Variant Image,Condition,Google Shopping / Age Group
wrap,Wrap dress,<p>In viscose.</p>,Ondrelle,Size,S,W-S,59.90,79.90,shopify,3,4006381333931,\
https://cdn.lookbook.example/größe.jpg?v=1,1,,gebraucht,
wrap,,,,,M,W-M,79.90,,shopify,0,,b.jpg,2,b.jpg,,
cap,,,Ondrelle,Title,Default Title,cap,19.00,,,,,c.jpg,1,,,Kids
lost,Scarf,,Ondrelle,Title,Default Title,,29.00,,,,,gone.jpg,1,,,
"""
ITEMS = [
    ["p1", "wrap", "fetched/1.jpg", "Red dress", "Women", "dress"],
    ["p3", "cap", "c.jpg", "Red cap", "Unisex", "cap"],
    ["p4" * 32, "p4" * 32, "d.jpg", "Blue jeans", "Men", "jeans"],
]
MANIFEST = pd.DataFrame(
    [
        ["fetched/1.jpg", "p1", "wrap", 1, 900, 900], ["b.jpg", "p2", "wrap", 2, 900, 900],
        ["c.jpg", "p3", "cap", 1, 900, 900], ["d.jpg", "p4" * 32, None, None, 900, 900],
    ],
    columns=["file", "photo_id", "product_id", "position", "width", "height"],
).assign(format="jpg", bytes=9, kids=None)  # fmt: skip


def catalogue():
    rows = [
        {
            **dict.fromkeys(SCHEMA.names, ""), "photo_id": photo, "product_id": product,
            "Filename": file, "Title": title, "Description": f"{title}, by a model.",
            "Gender": gender, "Garment": garment, "Colours": "red",
        }
        for photo, product, file, title, gender, garment in ITEMS
    ]  # fmt: skip
    return pd.DataFrame(rows)


def gather(params=PARAMS, shop=SHOP, persons=()):
    products, photos, *_ = list_products(ShopFile("products_export.csv", shop.encode()), PROPERTIES)
    provenance = pd.DataFrame(
        [[photo, name, "person"] for photo, name in persons],
        columns=["photo_id", "attribute", "source"],
    )
    gathered = nodes.gather_products(
        catalogue(), products, MANIFEST, photos, provenance, SCHEMA, params
    )
    return {product.id: product for product in gathered}


def test_products_have_their_variants_photos_and_links():
    products = gather(shop_params(product_page="https://lookbook.example/p/{{ handle }}"))
    assert list(products) == ["wrap", "cap", "lost", "p4" * 16]
    wrap = products["wrap"]
    assert [(v.id, v.size, v.price, v.sale_price, v.in_stock) for v in wrap.variants] == [
        ("W-S", "S", 79.9, 59.9, True), ("W-M", "M", 79.9, None, False),
    ]  # fmt: skip
    assert [v.gtin for v in wrap.variants] == ["4006381333931", ""]
    assert [photo.address for photo in wrap.photos] == [
        "https://cdn.lookbook.example/gr%C3%B6%C3%9Fe.jpg?v=1", "",
    ]  # fmt: skip
    assert wrap.link == "https://lookbook.example/p/wrap" and wrap.condition == "used"
    assert (wrap.gender, wrap.age_group) == ("female", "adult")
    assert products["cap"].age_group == "kids" and products["cap"].condition == "new"
    assert products["lost"].photos == [] and products["lost"].title.value == "Scarf"
    assert products["p4" * 16].variants[0].price is None


def test_photos_without_an_address_are_found_in_the_folder_of_the_settings():
    products = gather(shop_params(photos="https://cdn.lookbook.example/all photos/"))
    assert [photo.address for photo in products["wrap"].photos] == [
        "https://cdn.lookbook.example/gr%C3%B6%C3%9Fe.jpg?v=1",
        "https://cdn.lookbook.example/all%20photos/b.jpg",
    ]


def test_a_persons_text_outranks_the_shops_and_that_the_models():
    products = gather()
    wrap, cap = products["wrap"], products["cap"]
    assert (wrap.title.value, wrap.title.by_model) == ("Wrap dress", False)
    assert (cap.title.value, cap.title.by_model) == ("Red cap", True)
    wrap = gather(persons=[("p1", "Title")])["wrap"]
    assert (wrap.title.value, wrap.title.by_model) == ("Red dress", False)
    assert (wrap.description.value, wrap.description.by_model) == ("In viscose.", False)


def test_categories_are_those_of_the_garment():
    jeans = gather()["p4" * 16]
    assert jeans.google_category == "Apparel & Accessories > Clothing > Pants"
    assert jeans.shopify_category == "Apparel & Accessories > Clothing > Pants > Jeans"


@pytest.mark.parametrize(
    "params",
    [PARAMS, shop_params(photos="https://cdn.lookbook.example/", currency="EUR", brand="Ondrelle")],
)
def test_every_feed_accounts_for_every_product(params):
    products = list(gather(params).values())
    made = {name: export(products, params) for name, export in FEEDS.items()}
    rejections = nodes.collect_rejections(*(found for _, found in made.values()))
    report = nodes.report_export(products, rejections, pd.DataFrame())
    for name, (feed, _) in made.items():
        refused = rejections[rejections["feed"].eq(name) & rejections["left_out"].eq("product")]
        taken = _products_in(feed, products)
        assert taken | set(refused["product_id"]) == {product.id for product in products}
        assert not taken & set(refused["product_id"])
        assert report["feeds"][name]["accepted"] == len(taken)
    assert rejections[["reason", "advice", "field"]].ne("").all(axis=None)


def _products_in(feed, products):
    if isinstance(feed, str):
        rows = [json.loads(line) for line in feed.splitlines()]
        ids = {row.get("item_id") or row.get("productGroupID") or row["sku"] for row in rows}
    else:
        ids = set(feed["id" if "id" in feed else "URL handle"])
    names = {
        product.id: {product.id, product.handle, *(variant.id for variant in product.variants)}
        for product in products
    }
    return {product_id for product_id, own in names.items() if own & ids}


def test_no_text_ends_the_script_of_a_page():
    shop = SHOP.replace("Wrap dress", "Wrap </script> dress")
    params = shop_params(photos="https://cdn.lookbook.example/", currency="EUR")
    lines, _ = nodes.export_json_ld(list(gather(params, shop).values()), params)
    assert "<" not in lines
    assert any("</script>" in json.loads(line)["name"] for line in lines.splitlines())


def test_a_shop_of_other_things_exports_with_the_same_configuration():
    declared = yaml.safe_load((ROOT / "tests/end_to_end/furniture/schema.yml").read_text())
    schema = Schema.model_validate(declared["schema"])
    values = {
        "Title": "Oak table",
        "Details": "Round.",
        "Category": "table",
        "Material": "oak, pine",
    }
    catalogue = pd.DataFrame(
        [{**dict.fromkeys(schema.names, ""), **values, "photo_id": "p1", "product_id": "wrap",
          "Filename": "b.jpg"}]
    )  # fmt: skip
    products, photos, *_ = list_products(ShopFile("products.csv", SHOP.encode()), PROPERTIES)
    nothing = pd.DataFrame(columns=["photo_id", "attribute", "source"])
    params = shop_params(
        photos="https://cdn.lookbook.example/", currency="EUR", product_page="https://a.example/"
    )
    table, *_ = nodes.gather_products(
        catalogue, products, MANIFEST, photos, nothing, schema, params
    )
    assert (table.texts["material"], table.texts["image_alt"]) == ("oak, pine", "Oak table")
    assert not table.is_apparel
    feed, rejections = nodes.export_google([table], params)
    assert len(feed) == 2 and rejections.empty


def test_tables_have_all_columns_and_no_line_ends():
    params = shop_params(
        photos="https://cdn.lookbook.example/", product_page="https://a.example/", currency="EUR"
    )
    products = list(gather(params).values())
    feed, _ = nodes.export_google(products, params)
    assert "structured_title" in feed and feed["id"].tolist() == ["W-S", "W-M", "cap"]
    # The second variant has a photo of its own, which does not show the first.
    main = "https://cdn.lookbook.example/gr%C3%B6%C3%9Fe.jpg?v=1"
    own = "https://cdn.lookbook.example/b.jpg"
    assert feed["image_link"].tolist()[:2] == [main, own]
    assert feed["additional_image_link"].tolist() == ["", main, ""]
    assert feed["structured_title"].tolist()[2] == 'trained_algorithmic_media:"Red cap"'
    assert not feed.map(lambda cell: "\n" in cell or "\t" in cell).any(axis=None)
    shopify, _ = nodes.export_shopify(products, params)
    assert shopify["URL handle"].tolist()[:2] == ["wrap", "wrap"] and shopify["Price"].iloc[0]
    assert shopify["Variant image URL"].tolist()[:2] == ["", own]
