"""Products and photos brought together: which photo shows which product."""

from __future__ import annotations

import re

from lookbook.lazy import pd

PRODUCT_COLUMNS = ["product_id", "position"]
KIDS = "Kids"


def list_product_rows(
    products: pd.DataFrame, product_photos: pd.DataFrame, fetched_photos: pd.DataFrame
) -> pd.DataFrame:
    """List the photos that products name, in the form of a photo table's rows.

    Args:
        products: ``product_id``, ``category`` and ``gender``, among others.
        product_photos: ``product_id``, ``position``, ``image`` and ``line``.
        fetched_photos: ``image`` (an address), ``file`` (missing where it could not be fetched)
            and ``reason``.

    Returns:
        ``line``, ``image`` (a file name), ``sku`` (of products that name no photo: names of files
        hold it), ``label`` (the last part of the category), ``kids``, ``product_id``,
        ``position``, and ``row_status`` and ``reason`` for photos that could not be fetched.
    """
    named = product_photos.merge(
        fetched_photos[["image", "file", "reason"]], how="left", on="image"
    )
    is_named = products["product_id"].isin(product_photos["product_id"])
    unnamed = pd.DataFrame({"product_id": products.loc[~is_named, "product_id"]})
    rows = pd.concat(
        [named.assign(sku=""), unnamed.assign(sku=unnamed["product_id"], image="", reason="")],
        ignore_index=True,
    )
    of_product = products.drop_duplicates("product_id").set_index("product_id")
    categories = of_product["category"].reindex(rows["product_id"]).reset_index(drop=True)
    genders = of_product["gender"].reindex(rows["product_id"]).reset_index(drop=True)
    return pd.DataFrame(
        {
            "line": rows["line"],
            "image": rows["file"].fillna(rows["image"]),
            "sku": rows["sku"],
            "label": categories.map(_last_part, na_action="ignore"),
            "kids": genders.eq(KIDS).astype("boolean").mask(genders.isna()),
            "product_id": rows["product_id"],
            "position": rows["position"],
            "row_status": "not fetched",
            "reason": rows["reason"].fillna(""),
        }
    )


def _last_part(category: str) -> str:
    """Return the last part of a path such as ``Apparel > Tops > Shirts``."""
    return re.split(r"\s*[>/|]\s*", category.strip())[-1]
