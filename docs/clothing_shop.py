"""Lays out a shop of real photos, for the pictures and the notebooks of the docs."""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from typing import Any

import pandas as pd

# Photos that show one garment on a plain ground, and nobody's face.
CHOSEN = Path(__file__).with_name("photos.txt")
# A price by what people say that a photo shows, and by any other label.
PRICES = {
    "T-Shirt": 17,
    "Polo": 25,
    "Hat": 15,
    "Shirt": 35,
    "Shorts": 25,
    "Skirt": 35,
    "Hoodie": 45,
}
PRICES |= {"Pants": 50, "Dress": 60, "Shoes": 65, "Outwear": 95, "Blazer": 90}
OTHER = 35
BRANDS = ["Elbmoor", "Norrvik", "Casa Lino"]


def make_shop(photos: Path, folder: Path) -> None:
    """Make a shop of chosen photos, with a table of products as Shopify exports it.

    Prices, brands, sizes and stock are invented.

    Args:
        photos: The Clothing dataset: ``images.csv`` beside ``images_compressed``.
        folder: A new folder.

    Raises:
        SystemExit: If chosen photos are missing.
    """
    rows = pd.read_csv(photos / "images.csv", dtype=str)
    paths = {path.stem: path for path in photos.glob("images*/*")}
    chosen = CHOSEN.read_text().split()
    if missing := {*chosen} - {*paths} | ({*chosen} - {*rows["image"]}):
        raise SystemExit(
            f"{len(missing)} of {len(chosen)} photos are not in '{photos}'. It has to be the "
            "Clothing dataset, which 'kedro run --pipelines=download' fetches."
        )
    (folder / "images_compressed").mkdir(parents=True)
    for name in chosen:
        shutil.copy(paths[name], folder / "images_compressed")
    listed = rows[rows["image"].isin(chosen)].sort_values("image", ignore_index=True)
    # Rows without a photo, as every shop has some.
    lost = rows[~rows["image"].isin(paths)].head(2)
    pd.concat([listed, lost]).to_csv(folder / "images.csv", index=False)
    table = [row for item in listed.itertuples() for row in _variants(item, paths[item.image].name)]
    table[0]["Variant Price"] = "on request"
    pd.DataFrame(table).to_csv(folder / "products_export.csv", index=False)


def _variants(item: Any, file: str) -> list[dict[str, object]]:
    """Invent a product: a row for each size, the first with what all share."""
    drawn = random.Random(item.image)
    sizes = {"Shoes": ["38", "39", "40", "41"], "Hat": ["M", "L"]}.get(item.label, ["S", "M", "L"])
    price = round(PRICES.get(item.label, OTHER) * drawn.uniform(0.6, 1.5)) - 0.05
    handle = f"piece-{item.image[:8]}"
    rows: list[dict[str, object]] = [
        {
            "Handle": handle, "Title": "", "Vendor": "", "Type": "", "Option1 Name": "Size",
            "Option1 Value": size, "Variant SKU": f"{handle}-{size}",
            "Variant Inventory Tracker": "shopify", "Variant Price": f"{price:.2f}",
            "Variant Inventory Qty": drawn.choice([0, 2, 5]),
        }
        for size in sizes
    ]  # fmt: skip
    rows[0] |= {
        "Vendor": drawn.choice(BRANDS), "Type": item.label, "Image Src": file, "Image Position": 1,
        "Currency (product.metafields.custom.currency)": "EUR",
        "Product URL (product.metafields.custom.product_url)": f"https://shop.example/{handle}",
    }  # fmt: skip
    return rows
