"""Meta's product catalogue (Facebook and Instagram), as CSV.

Sources:
    https://developers.facebook.com/docs/commerce-platform/catalog/fields
    https://developers.facebook.com/docs/marketing-api/catalog/reference
    https://www.facebook.com/business/help/120325381656392
"""

from __future__ import annotations

from lookbook.publishing.export_params import ExportParams
from lookbook.publishing.feeds.product import FeedProduct, Photo, Variant
from lookbook.publishing.feeds.rules import FeedRules, Field, PhotoRule, Row, format_price, shorten

MAX_TITLE, MAX_DESCRIPTION = 200, 9999
_AGE_GROUPS = ("adult", "all ages", "teen", "kids", "toddler", "infant", "newborn")
RULES = FeedRules(
    feed="meta",
    fields={
        "id": Field(required="yes", max_length=100),
        "title": Field(required="yes", max_length=MAX_TITLE),
        "description": Field(required="yes", max_length=MAX_DESCRIPTION),
        "availability": Field(
            required="yes", values=("in stock", "out of stock"), advice="availability"
        ),
        "condition": Field(
            required="yes", values=("new", "refurbished", "used"), advice="condition"
        ),
        "price": Field("price", required="yes", advice="price"),
        "link": Field("address", required="yes", advice="link"),
        "image_link": Field("address", required="yes", advice="address"),
        "brand": Field(required="yes", max_length=100, advice="brand"),
        "additional_image_link": Field("addresses", max_items=20),
        "sale_price": Field("price", advice="price"),
        "gtin": Field("gtin"),
        "google_product_category": Field(max_length=250),
        "product_type": Field(max_length=750),
        "item_group_id": Field(max_length=100),
        "color": Field(max_length=200),
        "size": Field(max_length=200),
        "gender": Field(values=("female", "male", "unisex")),
        "age_group": Field(values=_AGE_GROUPS),
        "material": Field(max_length=200),
        "pattern": Field(max_length=100),
    },
    photo=PhotoRule(formats=("jpg", "png"), min_side=500, max_bytes=8_000_000, max_further=20),
)


def lay_out(
    product: FeedProduct, variant: Variant, photos: list[Photo], params: ExportParams
) -> Row:
    """Lay out a variant."""
    addresses = [photo.address for photo in photos]
    return {
        "id": variant.id,
        "title": shorten(product.title.value, MAX_TITLE),
        "description": shorten(product.description.value, MAX_DESCRIPTION),
        "availability": product.availability_of(variant).replace("_", " "),
        "condition": product.condition,
        "price": format_price(variant.price, product.currency),
        "link": variant.link or product.link,
        "image_link": addresses[0] if addresses else "",
        "brand": product.brand,
        "additional_image_link": _bound(addresses[1:]),
        "sale_price": format_price(variant.sale_price, product.currency),
        "gtin": variant.gtin,
        "google_product_category": product.google_category,
        "product_type": product.texts["product_type"],
        "item_group_id": product.id if product.has_variants else "",
        "color": product.colour_of(variant),
        "size": product.size_of(variant),
        "gender": product.gender,
        "age_group": product.age_group,
        "material": product.texts["material"],
        "pattern": product.texts["pattern"],
    }


def _bound(addresses: list[str], limit: int = 2000) -> list[str]:
    """Keep as many addresses as have room in the cell that Meta reads."""
    kept: list[str] = []
    for address in addresses:
        if len(",".join([*kept, address])) > limit:
            break
        kept.append(address)
    return kept
