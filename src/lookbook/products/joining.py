"""Products and photos brought together: which photo shows which product."""

from __future__ import annotations

from lookbook.lazy import pd
from lookbook.photos.cells import split_cell
from lookbook.products.texts import split_path

PRODUCT_COLUMNS = ["product_id", "position"]
KIDS = "Kids"


def list_product_rows(products: pd.DataFrame, product_photos: pd.DataFrame) -> pd.DataFrame:
    """List the photos that products name, in the form of a photo table's rows.

    Args:
        products: ``product_id``, ``category`` and ``gender``, among others.
        product_photos: ``product_id``, ``position``, ``image`` and ``line``.

    Returns:
        ``line``, ``image``, ``sku`` (of products that name no photo: names of files
        hold it), ``label`` (the last part of the category), ``kids``, ``product_id``,
        ``position`` and ``reason``, which is empty.
    """
    is_named = products["product_id"].isin(product_photos["product_id"])
    unnamed = pd.DataFrame({"product_id": products.loc[~is_named, "product_id"]})
    rows = pd.concat(
        [product_photos.assign(sku=""), unnamed.assign(sku=unnamed["product_id"], image="")],
        ignore_index=True,
    )
    of_product = products.drop_duplicates("product_id").set_index("product_id")
    about = of_product[["category", "gender"]].reindex(rows["product_id"]).reset_index(drop=True)
    return pd.DataFrame(
        {
            "line": rows["line"],
            "image": rows["image"],
            "sku": rows["sku"],
            "label": about["category"].map(lambda path: split_path(path)[-1], na_action="ignore"),
            "kids": about["gender"].eq(KIDS).astype("boolean").mask(about["gender"].isna()),
            "product_id": rows["product_id"],
            "position": rows["position"],
            "reason": "",
        }
    )


def replace_addresses(cells: pd.Series, fetched_photos: pd.DataFrame) -> pd.Series:
    """Replace the addresses of photos that were fetched by their file names.

    Args:
        cells: An address or a name each, or several.
        fetched_photos: ``image`` (an address) and ``file`` (empty where it could not be fetched).
    """
    files = fetched_photos.dropna(subset="file").set_index("image")["file"]
    file_of = files[files.ne("")].to_dict()

    def replace(cell: str) -> str:
        names = split_cell(cell, lambda _: False)
        is_fetched = any(name in file_of for name in names)
        return "\n".join(file_of.get(name, name) for name in names) if is_fetched else cell

    return cells.map(replace, na_action="ignore") if file_of else cells
