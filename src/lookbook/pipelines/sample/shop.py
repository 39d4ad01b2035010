"""The bundled sample's products, in the form in which Shopify exports them."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

COLUMNS = [
    "Handle", "Title", "Body (HTML)", "Vendor", "Product Category", "Type", "Tags", "Published",
    "Option1 Name", "Option1 Value", "Variant SKU", "Variant Grams", "Variant Inventory Tracker",
    "Variant Inventory Qty", "Variant Inventory Policy", "Variant Fulfillment Service",
    "Variant Price", "Variant Compare At Price", "Variant Requires Shipping", "Variant Taxable",
    "Variant Barcode", "Image Src", "Image Position", "Image Alt Text", "Gift Card",
    "Google Shopping / Gender", "Google Shopping / Age Group",
    "Color (product.metafields.shopify.color-pattern)",
    "Product URL (product.metafields.custom.product_url)",
    "Currency (product.metafields.custom.currency)",
    "Fabric (product.metafields.custom.fabric)", "Status",
]  # fmt: skip
BRANDS = ("Elmshore", "Norrvik", "Tallow & Thread", "Atelier Brume", "Fjordgarn")
_LETTERS, _SHOES = ("S", "M", "L", "XL"), ("38", "39", "40", "41", "42", "43")
# By label what such a garment costs, weighs and is made of, and in which category it is.
_KINDS = {
    "T-Shirt": ("Clothing > Clothing Tops > T-Shirts", 19, 180, "cotton"),
    "Polo": ("Clothing > Clothing Tops > Polos", 35, 220, "cotton piqué"),
    "Longsleeve": ("Clothing > Clothing Tops > Long Sleeves", 29, 230, "cotton"),
    "Shirt": ("Clothing > Clothing Tops > Shirts", 49, 260, "linen"),
    "Hoodie": ("Clothing > Clothing Tops > Hoodies", 59, 520, "cotton fleece"),
    "Blazer": ("Clothing > Suits > Blazers", 129, 640, "wool"),
    "Outwear": ("Clothing > Outerwear > Coats & Jackets", 159, 980, "recycled polyester"),
    "Undershirt": ("Clothing > Underwear > Undershirts", 15, 120, "cotton rib"),
    "Dress": ("Clothing > Dresses", 79, 340, "viscose"),
    "Skirt": ("Clothing > Skirts", 45, 250, "cotton twill"),
    "Pants": ("Clothing > Pants", 69, 480, "cotton twill"),
    "Shorts": ("Clothing > Shorts", 39, 260, "linen"),
    "Hat": ("Clothing Accessories > Hats", 25, 90, "canvas"),
    "Shoes": ("Shoes", 99, 900, "leather"),
}
_GENDERS = {"Dress": "female", "Skirt": "female", "Undershirt": "male", "Polo": "male"}


@dataclass
class SampleProduct:
    """A garment that the shop sells.

    Attributes:
        label: One of the labels of drawings.
        colour: Its colour.
        pattern: Its pattern.
        number: Counts the products.
        photos: Names of its photos, main one first.
        kids: Whether it is for children.
        facts: Cells of the first row that are written otherwise, by heading.
    """

    label: str
    colour: str
    pattern: str
    number: int
    photos: list[str]
    kids: bool = False
    facts: dict[str, Any] = field(default_factory=dict)


def write_rows(product: SampleProduct, rng: random.Random) -> list[dict[str, Any]]:
    """Write a product as Shopify does: a row for each variant, and further rows for photos.

    Returns:
        Rows with some of :data:`COLUMNS`. What holds for the product stands in the first alone.
    """
    words = [product.colour, product.pattern if product.pattern != "plain" else "", product.label]
    title = " ".join(word[0].upper() + word[1:] for word in words if word)
    title = title.replace("Outwear", "Jacket")
    handle = f"{title.lower().replace(' ', '-')}-{product.number:03d}"
    variants = _write_variants(product, rng)
    rows = []
    for variant, photo in zip_longest(variants, enumerate(product.photos, start=1)):
        row = {"Handle": handle, **(variant or {})}
        if photo:
            alt = f"{title}, {('front', 'back', 'close-up')[min(photo[0], 3) - 1]}"
            row |= {"Image Src": photo[1], "Image Position": str(photo[0]), "Image Alt Text": alt}
        rows.append(row)
    rows[0] |= {**_describe(product, title, handle, rng), **product.facts}
    return rows


def _describe(
    product: SampleProduct, title: str, handle: str, rng: random.Random
) -> dict[str, Any]:
    """Return the cells of a product as a whole; some are empty, as in any shop's file."""
    category, _, _, fabric = _KINDS[product.label]
    gender = _GENDERS.get(product.label, rng.choice(("male", "female", "unisex", "")))
    body = f"<p>{title} in <strong>{fabric}</strong>.</p><ul><li>Machine wash cold</li></ul>"
    return {
        "Title": title,
        "Body (HTML)": body if product.number % 6 else "",
        "Vendor": BRANDS[product.number % len(BRANDS)],
        "Product Category": f"Apparel & Accessories > {category}",
        "Type": product.label,
        "Tags": f"{product.pattern}, drawn",
        "Published": "true",
        "Option1 Name": "Size",
        "Gift Card": "false",
        "Google Shopping / Gender": gender,
        "Google Shopping / Age Group": "kids" if product.kids else "adult",
        "Color (product.metafields.shopify.color-pattern)": (
            product.colour if product.number % 4 else ""
        ),
        "Product URL (product.metafields.custom.product_url)": (
            f"https://lookbook.example/products/{handle}"
        ),
        "Currency (product.metafields.custom.currency)": "EUR",
        "Fabric (product.metafields.custom.fabric)": fabric,
        "Status": "active",
    }


def _write_variants(product: SampleProduct, rng: random.Random) -> list[dict[str, Any]]:
    """Return the cells of each size."""
    _, price, grams, _ = _KINDS[product.label]
    price += rng.randrange(0, 20, 5)
    reduced = round(price * 0.7) if product.number % 5 == 0 else price
    sizes: tuple[str, ...] = _LETTERS
    if product.label == "Shoes":
        sizes = _SHOES
    elif product.label == "Hat":
        sizes = ("One Size",)
    elif product.kids:
        sizes = ("98/104", "110/116", "122/128")
    is_sold_out = product.number % 17 == 0
    return [
        {
            "Option1 Value": size,
            "Variant SKU": f"LB-{product.number:03d}-{size.replace(' ', '').replace('/', '')}",
            "Variant Grams": str(grams),
            "Variant Inventory Tracker": "shopify",
            "Variant Inventory Qty": "0" if is_sold_out else rng.choice(("0", "2", "5", "12")),
            "Variant Inventory Policy": "deny",
            "Variant Fulfillment Service": "manual",
            "Variant Price": f"{reduced - 0.1:.2f}",
            "Variant Compare At Price": f"{price - 0.1:.2f}" if reduced < price else "",
            "Variant Requires Shipping": "true",
            "Variant Taxable": "true",
            "Variant Barcode": _number_article(product.number * 10 + place),
        }
        for place, size in enumerate(sizes)
    ]


def _number_article(number: int) -> str:
    """Return a GTIN of the range that is left to shops themselves, with its check digit."""
    digits = f"20{number:010d}"
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return f"{digits}{-total % 10}"
