"""Shopify's product CSV with the headings of 2025: rows for variants and further photos.

Sources:
    https://help.shopify.com/en/manual/products/import-export/using-csv
    https://help.shopify.com/en/manual/products/product-media/product-media-types
    https://shopify.github.io/product-taxonomy (categories and their metafields)
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from itertools import zip_longest

from lookbook.products.texts import split_path
from lookbook.publishing.export_params import ExportParams, ShopifyParams
from lookbook.publishing.feeds.product import FeedProduct, Photo, Variant
from lookbook.publishing.feeds.rules import (
    FeedRules,
    Field,
    PhotoRule,
    Problem,
    Row,
    check_row,
    choose_photos,
    find_fault,
    shorten,
)
from lookbook.publishing.feeds.writing import FIELD, PHOTO, PRODUCT, VARIANT, Feed

MAX_VARIANTS, MAX_PHOTOS, MAX_ALT_TEXT = 2048, 250, 512
_FLAGS = ("TRUE", "FALSE")
RULES = FeedRules(
    feed="shopify",
    fields={
        "Title": Field(required="yes", max_length=255),
        "URL handle": Field(required="yes", max_length=255),
        "Description": Field(max_length=500_000),
        "Vendor": Field(max_length=255),
        "Product category": Field(),
        "Type": Field(max_length=255),
        "Tags": Field(),
        "Published on online store": Field(required="yes", values=_FLAGS),
        "Status": Field(required="yes", values=("Active", "Draft", "Archived")),
        "SKU": Field(max_length=255),
        "Barcode": Field(max_length=255),
        "Option1 name": Field(required="yes", max_length=255),
        "Option1 value": Field(required="yes", max_length=255),
        "Option2 name": Field(max_length=255),
        "Option2 value": Field(max_length=255),
        "Price": Field("amount", advice="price"),
        "Compare-at price": Field("amount", advice="price"),
        "Charge tax": Field(values=_FLAGS),
        "Inventory tracker": Field(values=("shopify",)),
        "Inventory quantity": Field(),
        "Continue selling when out of stock": Field(values=("DENY", "CONTINUE")),
        "Requires shipping": Field(values=_FLAGS),
        "Fulfillment service": Field(),
        "Product image URL": Field("address", advice="address"),
        "Image position": Field(),
        "Image alt text": Field(max_length=MAX_ALT_TEXT),
        "Variant image URL": Field("address", advice="address"),
        "Gift card": Field(values=_FLAGS),
        "Google Shopping / Google product category": Field(),
        "Google Shopping / Gender": Field(values=("Female", "Male", "Unisex")),
        "Google Shopping / Age group": Field(
            values=("Newborn", "Infant", "Toddler", "Kids", "Teen", "Adult", "All ages")
        ),
        "Google Shopping / Condition": Field(values=("New", "Refurbished", "Used")),
    },
    photo=PhotoRule(
        formats=("jpg", "png", "gif", "webp", "heic"),
        max_pixels=25_000_000,
        max_bytes=20_000_000,
        max_further=MAX_PHOTOS - 1,
    ),
)
# How Shopify writes the only variant of a product without options.
_NO_OPTION = ("Title", "Default Title")
_ADVICE = "Tell variants apart by size or colour in your shop's file."


def make_shopify_feed(products: Iterable[FeedProduct], params: ExportParams) -> Feed:
    """Lay out products, each with its variants and photos in the rows beneath its first."""
    feed = Feed(RULES.feed)
    for product in products:
        photos, photo_problems = choose_photos(product, RULES.photo)
        variants, refused = _choose_variants(product, params.shopify)
        rows = _lay_out(product, variants, photos, params)
        fatal, minor = _check(rows, product)
        if not variants:
            fatal += [problem for _, problem in refused]
        if fatal:
            for problem in dict.fromkeys(fatal):
                feed.reject(product, PRODUCT, problem)
            continue
        wrong = {problem.field for problem in minor}
        cleaned = [{k: "" if k in wrong else cell for k, cell in row.items()} for row in rows]
        feed.products.append((product, cleaned))
        for problem in photo_problems:
            feed.reject(product, PHOTO, problem)
        for variant, problem in refused:
            feed.reject(product, VARIANT, problem, variant.id)
        for problem in dict.fromkeys(minor):
            feed.reject(product, FIELD, problem)
    return feed


def columns(params: ShopifyParams) -> list[str]:
    """Return all headings: Shopify's own, then the metafields."""
    return [*RULES.fields, *params.metafields]


def _options(product: FeedProduct) -> list[str]:
    """Return the options of a product: attributes in which variants differ, or that all have."""
    options = []
    for name, attribute in (("Color", "colour"), ("Size", "size")):
        values = [getattr(variant, attribute) for variant in product.variants]
        if all(values) or len(set(filter(None, values))) > 1:
            options.append(name)
    return options


def _values(variant: Variant, options: list[str]) -> list[str]:
    of_option = {"Color": variant.colour, "Size": variant.size}
    return [of_option[name] for name in options]


def _choose_variants(
    product: FeedProduct, params: ShopifyParams
) -> tuple[list[Variant], list[tuple[Variant, Problem]]]:
    """Choose the variants that differ in their options, and have a price where they are sold."""
    options = _options(product)
    seen: set[tuple[str, ...]] = set()
    chosen: list[Variant] = []
    refused: list[tuple[Variant, Problem]] = []
    for variant in product.variants:
        values = tuple(_values(variant, options))
        shown = " / ".join(values)
        problem = None
        if product.has_variants and not all(values):
            problem = Problem("Option1 value", shown, "a size or colour is missing", _ADVICE)
        elif values in seen:
            problem = Problem("Option1 value", shown, "another variant has the same", _ADVICE)
        elif params.status == "active" and variant.price is None:
            advice = "Add it to your shop's file, or import drafts: export.shopify.status: draft"
            problem = Problem("Price", "", "it is missing, and the product is sold", advice)
        elif len(chosen) == MAX_VARIANTS:
            problem = Problem("SKU", variant.sku, f"it is beyond {MAX_VARIANTS:,} variants", "")
        if problem:
            refused.append((variant, problem))
        else:
            seen.add(values)
            chosen.append(variant)
    return chosen, refused


def _lay_out(
    product: FeedProduct, variants: list[Variant], photos: list[Photo], params: ExportParams
) -> list[Row]:
    own = {photo.image: photo.address for photo in photos if photo.image}
    rows: list[Row] = []
    for number, (variant, photo) in enumerate(zip_longest(variants, photos), start=1):
        row: Row = {"URL handle": product.handle}
        if number == 1:
            row |= _lay_out_product(product, params.shopify)
        if variant:
            row |= _lay_out_variant(product, variant, is_first=number == 1)
            row["Variant image URL"] = own.get(variant.image, "")
        if photo:
            row |= {
                "Product image URL": photo.address,
                "Image position": str(number),
                "Image alt text": shorten(product.texts["image_alt"], MAX_ALT_TEXT),
            }
        rows.append(row)
    return rows


def _lay_out_product(product: FeedProduct, params: ShopifyParams) -> Row:
    lines = product.description.value.splitlines()
    return {
        "Title": shorten(product.title.value, 255),
        "Description": "".join(f"<p>{escape(line)}</p>" for line in lines if line.strip()),
        "Vendor": product.brand,
        "Product category": product.shopify_category,
        "Type": split_path(product.texts["product_type"])[-1],
        "Tags": product.texts["tags"],
        "Published on online store": str(params.status == "active").upper(),
        "Status": params.status.capitalize(),
        "Gift card": "FALSE",
        "Google Shopping / Google product category": product.google_category,
        "Google Shopping / Gender": product.gender.capitalize(),
        "Google Shopping / Age group": product.age_group.capitalize(),
        "Google Shopping / Condition": product.condition.capitalize(),
        **{
            heading: "; ".join(metafield.entries_of(product.record))
            for heading, metafield in params.metafields.items()
        },
    }


def _lay_out_variant(product: FeedProduct, variant: Variant, is_first: bool) -> Row:
    options = _options(product)
    cells = list(zip(options, _values(variant, options), strict=True)) or [_NO_OPTION]
    row: Row = {}
    for number, (name, value) in enumerate(cells, start=1):
        row[f"Option{number} name"] = name if is_first else ""
        row[f"Option{number} value"] = value
    is_on_sale = variant.sale_price is not None
    stock = 0 if variant.stock is None and variant.in_stock is False else variant.stock
    return row | {
        "SKU": variant.sku or variant.id,
        "Barcode": variant.gtin,
        "Price": _format(variant.sale_price if is_on_sale else variant.price),
        "Compare-at price": _format(variant.price) if is_on_sale else "",
        "Charge tax": "TRUE",
        "Inventory tracker": "" if stock is None else "shopify",
        "Inventory quantity": "" if stock is None else str(max(stock, 0)),
        "Continue selling when out of stock": "DENY",
        "Requires shipping": "TRUE",
        "Fulfillment service": "manual",
    }


def _check(rows: list[Row], product: FeedProduct) -> tuple[list[Problem], list[Problem]]:
    """Check the first row whole, and what stands in the others."""
    own = {name: value for name, value in rows[0].items() if name in RULES.fields} if rows else {}
    fatal, minor = check_row(own, RULES, product, [])
    for row in rows[1:]:
        for name, value in row.items():
            if value and (reason := find_fault(value, RULES.fields[name])):
                minor.append(Problem(name, str(value), reason, _ADVICE))
    return fatal, minor


def _format(amount: float | None) -> str:
    return "" if amount is None else f"{amount:.2f}"
