"""OpenAI's product feed for shopping in ChatGPT, as JSON lines.

Sources:
    https://developers.openai.com/commerce/specs/file-upload/products
    https://developers.openai.com/commerce/product-feeds/spec
"""

from __future__ import annotations

from lookbook.publishing.export_params import ExportParams
from lookbook.publishing.feeds.addresses import encode_address
from lookbook.publishing.feeds.product import AGE_GROUPS, FeedProduct, Photo, Variant
from lookbook.publishing.feeds.rules import FeedRules, Field, PhotoRule, Row, format_price, shorten

MAX_TITLE, MAX_DESCRIPTION = 150, 5000
RULES = FeedRules(
    feed="openai",
    fields={
        "item_id": Field(required="yes", max_length=100),
        "title": Field(required="yes", max_length=MAX_TITLE),
        "description": Field(required="yes", max_length=MAX_DESCRIPTION),
        "url": Field("address", required="yes", advice="link"),
        "brand": Field(required="yes", max_length=70, advice="brand"),
        "image_url": Field("address", required="yes", advice="address"),
        "additional_image_urls": Field("addresses"),
        "price": Field("price", required="yes", advice="price"),
        "sale_price": Field("price", advice="price"),
        "availability": Field(
            required="yes",
            values=("in_stock", "out_of_stock", "pre_order", "backorder", "unknown"),
        ),
        "condition": Field(values=("new", "refurbished", "used")),
        "gtin": Field("gtin"),
        "group_id": Field(max_length=70),
        "listing_has_variations": Field("other"),
        "variant_dict": Field("other"),
        "color": Field(max_length=40),
        "size": Field(max_length=20),
        "gender": Field(values=("female", "male", "unisex")),
        "age_group": Field(values=AGE_GROUPS),
        "material": Field(max_length=100),
        "product_category": Field(),
        "seller_name": Field(required="yes", max_length=70, advice="seller"),
        "seller_url": Field("address", required="yes", advice="url"),
        "return_policy": Field("address"),
        "target_countries": Field(required="yes", advice="countries"),
        "store_country": Field(required="yes", max_length=2, advice="countries"),
        "is_eligible_search": Field("other", required="yes"),
        "is_eligible_checkout": Field("other", required="yes"),
    },
    photo=PhotoRule(formats=("jpg", "png"), max_further=20),
)


def lay_out(
    product: FeedProduct, variant: Variant, photos: list[Photo], params: ExportParams
) -> Row:
    """Lay out a variant, which may be found and not bought in the chat."""
    shop = params.shop
    addresses = [photo.address for photo in photos]
    options = {"color": variant.colour, "size": variant.size}
    return {
        "item_id": variant.id,
        "title": shorten(product.title.value, MAX_TITLE),
        "description": shorten(product.description.value, MAX_DESCRIPTION),
        "url": variant.link or product.link,
        "brand": product.brand,
        "image_url": addresses[0] if addresses else "",
        "additional_image_urls": addresses[1:],
        "price": format_price(variant.price, product.currency),
        "sale_price": format_price(variant.sale_price, product.currency),
        "availability": product.availability_of(variant) or "unknown",
        "condition": product.condition,
        "gtin": variant.gtin,
        "group_id": product.id if product.has_variants else "",
        "listing_has_variations": product.has_variants,
        "variant_dict": {name: value for name, value in options.items() if value}
        if product.has_variants
        else "",
        "color": product.colour_of(variant),
        "size": product.size_of(variant),
        "gender": product.gender,
        "age_group": product.age_group,
        "material": product.texts["material"],
        "product_category": product.google_category,
        "seller_name": shop.name,
        "seller_url": encode_address(shop.url),
        "return_policy": encode_address(shop.return_policy),
        "target_countries": shop.countries,
        "store_country": shop.countries[0] if shop.countries else "",
        "is_eligible_search": True,
        "is_eligible_checkout": False,
    }
