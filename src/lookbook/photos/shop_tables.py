"""Tables as shops' systems export them, which say of a product once what holds for all its rows."""

from __future__ import annotations

import re

from lookbook.lazy import pd

# The column that tells whose further pictures and variants the following rows are.
PRODUCT = "product"
# The headings of handle and photo in Shopify's product CSV, as it was and as it is.
_SHOPIFY = (("handle", "imagesrc"), ("urlhandle", "productimageurl"))


def find_product(headings: list[str]) -> dict[str, int]:
    """Find the column by which rows belong together, where a table has such rows.

    Returns:
        The place of :data:`PRODUCT`, and of the shop's own word for what a product is, ``label``;
        nothing for a table whose rows are a photo each.
    """
    handle = next((one for one, image in _SHOPIFY if {one, image} <= set(headings)), None)
    if handle is None:
        return {}
    own = {"label": headings.index("type")} if "type" in headings else {}
    return {PRODUCT: headings.index(handle), **own}


def complete_products(rows: pd.DataFrame) -> pd.DataFrame:
    """Copy the first row of a product to each of its photos.

    Args:
        rows: Texts, with ``image`` and, where :func:`find_product` has found one, its column.

    Returns:
        The rows without that column, and without variants that show no photo of their own. A
        category with those above it, such as ``Apparel > Tops > Shirt``, is the last of them.
    """
    if PRODUCT in rows:
        again = rows[PRODUCT].eq(rows[PRODUCT].shift()) & rows[PRODUCT].ne("")
        rows = rows[~(again & rows["image"].astype(str).str.strip().eq(""))]
        first = rows.groupby(PRODUCT, sort=False)
        for name in [one for one in ("label", "sender_id", "kids") if one in rows]:
            known = first[name].transform("first")
            rows = rows.assign(**{name: rows[name].where(rows[name].ne(""), known)})
        rows = rows.drop(columns=PRODUCT).reset_index(drop=True)
    if "label" in rows:
        labels = rows["label"].map(
            lambda label: re.split(r"\s>\s", label)[-1] if isinstance(label, str) else label
        )
        rows = rows.assign(label=labels)
    return rows
