"""Products of shop systems' files go into each platform's feed."""

import json
import os
from pathlib import Path

import pandas as pd
import pytest

from feed_products import shop_params
from feeds import PROPERTIES, read_feed
from lookbook.attributes.schema import Schema
from lookbook.pipelines.export import nodes
from lookbook.pipelines.products.nodes import list_products
from lookbook.products.shop_file import ShopFile
from lookbook.publishing.feeds.addresses import encode_address, ending_of
from project import declared_fields

CASES = Path(os.environ.get("LOOKBOOK_CASES", "")) / "feeds"
FOLDERS = sorted(CASES.glob("*/want.json")) if "LOOKBOOK_CASES" in os.environ else []
SCHEMA = Schema.model_validate(declared_fields())
SETTINGS = {
    "photos": "https://cdn.lookbook.example/photos/", "currency": "EUR", "brand": "Lookbook",
    "product_page": "https://lookbook.example/products/{{ handle }}", "availability": "in_stock",
}  # fmt: skip
# What the items of these photos show.
SHOWN = {"Gender": "Women", "Garment": "dress", "Category": "Dresses", "Colours": "red"}


@pytest.fixture(params=FOLDERS, ids=lambda path: path.parent.name)
def shop_file(request):
    (path,) = (path for path in request.param.parent.iterdir() if path.name != "want.json")
    return ShopFile(path.name, path.read_bytes())


def gather(shop_file, params):
    """Gathers products as if each of their photos were there, with 900 pixels a side."""
    products, photos, *_ = list_products(shop_file, PROPERTIES)
    endings = [ending_of(encode_address(image, "https://a.example")) for image in photos["image"]]
    formats = ["jpg" if ending in ("", "jpeg") else ending for ending in endings]
    files = [str(number) for number in range(len(photos))]
    manifest = photos.assign(
        file=files, photo_id=files, width=900, height=900, format=formats, bytes=9, kids=None
    ).astype({"position": float})
    rows = [
        {**dict.fromkeys(SCHEMA.names, ""), **SHOWN, "Title": "A title", "Description": "A text",
         "photo_id": row.file, "product_id": row.product_id, "Filename": row.file}
        for row in manifest.drop_duplicates("product_id").itertuples()
    ]  # fmt: skip
    catalogue = pd.DataFrame(rows, columns=[*SCHEMA.names, "photo_id", "product_id", "Filename"])
    nothing = pd.DataFrame(columns=["photo_id", "attribute", "source"])
    return products, nodes.gather_products(
        catalogue, products, manifest, photos, nothing, SCHEMA, params
    )


def test_products_of_any_system_are_taken_or_refused_with_a_reason(shop_file):
    params = shop_params(**SETTINGS)
    products, gathered = gather(shop_file, params)
    assert [product.id for product in gathered] == products["product_id"].tolist()
    exports = (nodes.export_google, nodes.export_meta, nodes.export_openai, nodes.export_json_ld)
    for export in exports:
        feed, rejections = export(gathered, params)
        refused = rejections[rejections["left_out"].eq("product")]
        # Of products with photos only what the file alone can say is missing, or WebP refused.
        with_photo = [product.id for product in gathered if product.photos]
        refused = refused[refused["product_id"].isin(with_photo)]
        is_webp = refused["field"].eq("photo") & refused["reason"].str.contains("'webp' is not one")
        assert set(refused["field"][~is_webp]) <= {"price", "size"}, refused.to_dict("records")
        text = feed if isinstance(feed, str) else feed.to_csv()
        assert "example.com" not in text and "http:///" not in text


def test_shopify_reads_back_what_was_exported(shop_file):
    params = shop_params(**SETTINGS)
    _, gathered = gather(shop_file, params)
    table, rejections = nodes.export_shopify(gathered, params)
    assert not rejections["left_out"].eq("product").any()
    again = read_feed(table.to_csv(index=False), "products_export.csv")
    assert [product["title"] for product in again] == [p.title.value for p in gathered]
    left_out = set(rejections["product_id"])
    for product, read in zip(gathered, again, strict=True):
        assert len(read["images"]) == len(product.photos)
        if product.id not in left_out:
            assert read["variants"] == len(product.variants)
            prices = [variant.price for variant in product.variants if variant.price]
            assert read["price"] == min(prices, default=None)


def test_lines_of_openais_feed_are_read_as_products(shop_file):
    params = shop_params(**SETTINGS)
    _, gathered = gather(shop_file, params)
    feed, rejections = nodes.export_openai(gathered, params)
    refused = set(rejections[rejections["left_out"].eq("product")]["product_id"])
    again = read_feed(feed, "product_feed.jsonl") if feed else []
    assert len(again) == len(gathered) - len(refused)
    assert all(json.loads(line)["is_eligible_search"] for line in feed.splitlines())
