"""schema.org's Product as JSON-LD, for the pages of a shop.

Sources:
    https://schema.org/Product and https://schema.org/ProductGroup
    https://developers.google.com/search/docs/appearance/structured-data/merchant-listing
    https://developers.google.com/search/docs/appearance/structured-data/product-variants
"""

from __future__ import annotations

from typing import Any

from lookbook.publishing.export_params import ExportParams
from lookbook.publishing.feeds.product import FeedProduct, Photo, Variant
from lookbook.publishing.feeds.rules import FeedRules, Field, PhotoRule, Row, format_price, shorten

_SCHEMA = "https://schema.org/"
_AVAILABILITIES = {"in_stock": "InStock", "out_of_stock": "OutOfStock"}
_CONDITIONS = {
    "new": "NewCondition", "refurbished": "RefurbishedCondition", "used": "UsedCondition",
}  # fmt: skip
RULES = FeedRules(
    feed="json_ld",
    fields={
        "sku": Field(required="yes"),
        "name": Field(required="yes"),
        "description": Field(),
        "image": Field("addresses", required="yes", advice="address"),
        "url": Field("address", advice="link"),
        "brand": Field(),
        "gtin": Field("gtin"),
        "color": Field(),
        "size": Field(),
        "material": Field(),
        "pattern": Field(),
        "gender": Field(values=("female", "male", "unisex")),
        "price": Field("price", required="yes", advice="price"),
        "availability": Field(values=tuple(_AVAILABILITIES)),
        "condition": Field(values=tuple(_CONDITIONS)),
    },
    photo=PhotoRule(
        formats=("jpg", "png", "webp", "gif", "bmp", "tif", "avif", "heic"),
        max_further=20,
    ),
)
# What variants have of their own; everything else is the group's.
_OWN = ("sku", "gtin", "color", "size", "offers")


def lay_out(
    product: FeedProduct, variant: Variant, photos: list[Photo], params: ExportParams
) -> Row:
    """Lay out a variant flat: one price, the one that is asked."""
    price = variant.price if variant.sale_price is None else variant.sale_price
    return {
        "sku": variant.sku or variant.id,
        "name": shorten(product.title.value, len(product.title.value)),
        "description": shorten(product.description.value, len(product.description.value)),
        "image": [photo.address for photo in photos],
        "url": variant.link or product.link,
        "brand": product.brand,
        "gtin": variant.gtin,
        "color": product.colour_of(variant),
        "size": product.size_of(variant),
        "material": product.texts["material"],
        "pattern": product.texts["pattern"],
        "gender": product.gender,
        "price": format_price(price, product.currency),
        "availability": product.availability_of(variant),
        "condition": product.condition,
    }


def to_json_ld(product: FeedProduct, rows: list[Row]) -> dict[str, Any]:
    """Make one object of a product: a ``Product``, or a ``ProductGroup`` with its variants."""
    objects = [_to_object(row) for row in rows]
    if not product.has_variants:
        return {"@context": _SCHEMA, **objects[0]}
    shared = {name: value for name, value in objects[0].items() if name not in _OWN}
    varies = [
        f"{_SCHEMA}{name}"
        for name in ("color", "size")
        if len({row.get(name, "") for row in rows}) > 1
    ]
    names = ("@type", "name", "image", *_OWN)
    return {
        "@context": _SCHEMA,
        **shared,
        "@type": "ProductGroup",
        "productGroupID": product.id,
        **({"variesBy": varies} if varies else {}),
        "hasVariant": [{name: entry[name] for name in names if name in entry} for entry in objects],
    }


def _to_object(row: Row) -> dict[str, Any]:
    filled = {name: value for name, value in row.items() if value not in ("", [], None)}
    amount, currency = filled.pop("price").split()
    offer = {"@type": "Offer", "price": amount, "priceCurrency": currency}
    if "url" in filled:
        offer["url"] = filled["url"]
    if "availability" in filled:
        offer["availability"] = _SCHEMA + _AVAILABILITIES[filled.pop("availability")]
    if "condition" in filled:
        offer["itemCondition"] = _SCHEMA + _CONDITIONS[filled.pop("condition")]
    if "brand" in filled:
        filled["brand"] = {"@type": "Brand", "name": filled["brand"]}
    if "gender" in filled:
        gender = filled.pop("gender")
        filled["audience"] = {"@type": "PeopleAudience", "suggestedGender": gender}
    return {"@type": "Product", **filled, "offers": offer}
