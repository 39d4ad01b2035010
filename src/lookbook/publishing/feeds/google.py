"""Google Merchant Center's product data, as a text feed.

Sources:
    https://support.google.com/merchants/answer/7052112 (all fields)
    https://support.google.com/merchants/answer/6324415 (title, structured_title)
    https://support.google.com/merchants/answer/6324468 (description, structured_description)
    https://support.google.com/merchants/answer/6324350 (photos; 500 × 500 pixels from 2027 on)
"""

from __future__ import annotations

from lookbook.publishing.export_params import ExportParams
from lookbook.publishing.feeds.product import AGE_GROUPS, FeedProduct, Photo, Text, Variant
from lookbook.publishing.feeds.rules import FeedRules, Field, PhotoRule, Row, format_price, shorten

MAX_TITLE, MAX_DESCRIPTION = 150, 5000
RULES = FeedRules(
    feed="google",
    fields={
        "id": Field(required="yes", max_length=50),
        "title": Field(required="yes", max_length=MAX_TITLE),
        "structured_title": Field("structured", max_length=MAX_TITLE),
        "description": Field(required="yes", max_length=MAX_DESCRIPTION),
        "structured_description": Field("structured", max_length=MAX_DESCRIPTION),
        "link": Field("address", required="yes", advice="link"),
        "image_link": Field("address", required="yes", advice="address"),
        "additional_image_link": Field("addresses", max_items=10),
        "availability": Field(
            required="yes",
            values=("in_stock", "out_of_stock", "preorder", "backorder"),
            advice="availability",
        ),
        "price": Field("price", required="yes", advice="price"),
        "sale_price": Field("price", advice="price"),
        "condition": Field(values=("new", "refurbished", "used")),
        "brand": Field(required="yes", max_length=70, advice="brand"),
        "gtin": Field("gtin"),
        "google_product_category": Field(max_length=750),
        "product_type": Field(max_length=750),
        "item_group_id": Field(max_length=50),
        "color": Field(required="apparel", max_length=100, advice="attribute"),
        "size": Field(required="size", max_length=100, advice="attribute"),
        "gender": Field(
            required="apparel", values=("female", "male", "unisex"), advice="attribute"
        ),
        "age_group": Field(required="apparel", values=AGE_GROUPS, advice="attribute"),
        "material": Field(max_length=200),
        "pattern": Field(max_length=100),
    },
    photo=PhotoRule(
        formats=("jpg", "png", "webp", "gif", "bmp", "tif"),
        min_side=500,
        max_pixels=64_000_000,
        max_bytes=16_000_000,
        max_further=10,
    ),
    either=(("title", "structured_title"), ("description", "structured_description")),
    apparel_countries=frozenset({"BR", "FR", "DE", "JP", "GB", "US"}),
)


def lay_out(
    product: FeedProduct, variant: Variant, photos: list[Photo], params: ExportParams
) -> Row:
    """Lay out a variant: texts by a model go to the fields that Google keeps for them."""
    addresses = [photo.address for photo in photos]
    return {
        "id": variant.id,
        **_lay_out_text("title", product.title, MAX_TITLE),
        **_lay_out_text("description", product.description, MAX_DESCRIPTION),
        "link": variant.link or product.link,
        "image_link": addresses[0] if addresses else "",
        "additional_image_link": addresses[1:],
        "availability": product.availability_of(variant),
        "price": format_price(variant.price, product.currency),
        "sale_price": format_price(variant.sale_price, product.currency),
        "condition": product.condition,
        "brand": product.brand,
        "gtin": variant.gtin,
        "google_product_category": product.google_category,
        "product_type": product.texts["product_type"],
        "item_group_id": product.id if product.has_variants else "",
        # Up to three colours stand between slashes.
        "color": "/".join(product.colour_of(variant).split("/")[:3]),
        "size": product.size_of(variant),
        "gender": product.gender,
        "age_group": product.age_group,
        "material": product.texts["material"],
        "pattern": product.texts["pattern"],
    }


def _lay_out_text(name: str, text: Text, limit: int) -> Row:
    value = shorten(text.value, limit)
    if not text.by_model or not value:
        return {name: value}
    quoted = value.replace('"', '""')
    return {f"structured_{name}": f'trained_algorithmic_media:"{quoted}"'}
