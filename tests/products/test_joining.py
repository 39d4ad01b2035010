import pandas as pd

from lookbook.pipelines.ingest.nodes import check_rows, drop_product_rows, match_photos

INSPECTED = {
    "width": 9, "height": 9, "format": "jpg", "bytes": 9, "phash": "", "status": "ok", "reason": "",
}  # fmt: skip
NOTHING_FETCHED = pd.DataFrame(columns=["image", "file", "reason"])
NO_TABLE = check_rows(pd.DataFrame())


def files(*names):
    return pd.DataFrame([{"file": name, "photo_id": name, **INSPECTED} for name in names])


def products(**categories):
    return pd.DataFrame(
        [(name, category, None) for name, category in categories.items()],
        columns=["product_id", "category", "gender"],
    )


def named(*photos):
    rows = [(product_id, position, image, 7) for product_id, position, image in photos]
    return pd.DataFrame(rows, columns=["product_id", "position", "image", "line"])


def shown(manifest):
    return manifest[["file", "product_id", "position"]].values.tolist()


def test_photos_know_their_product_and_position():
    manifest, quarantine = match_photos(
        files("a.jpg", "b.jpg"), NO_TABLE, products(P1="Apparel > Skirts"),
        named(("P1", 1, "b.jpg"), ("P1", 2, "a.jpg")), NOTHING_FETCHED,
    )  # fmt: skip
    assert shown(manifest) == [["a.jpg", "P1", 2], ["b.jpg", "P1", 1]]
    assert manifest["label"].tolist() == ["Skirts", "Skirts"]
    assert quarantine.empty


def test_a_product_without_named_photos_has_those_whose_names_hold_its_number():
    manifest, _ = match_photos(
        files("4711_front.jpg", "4711_back.jpg"), NO_TABLE, products(**{"4711": None}), named(),
        NOTHING_FETCHED,
    )  # fmt: skip
    assert shown(manifest) == [["4711_back.jpg", "4711", 1], ["4711_front.jpg", "4711", 2]]


def test_people_label_photos_in_one_table_and_the_shop_names_them_in_another():
    table = pd.DataFrame([{"line": 2, "image": "a.jpg", "label": "Shirt"}])
    manifest, quarantine = match_photos(
        files("a.jpg", "b.jpg", "c.jpg"), check_rows(table), products(P1="Tops"),
        named(("P1", 1, "a.jpg"), ("P1", 2, "b.jpg")), NOTHING_FETCHED,
    )  # fmt: skip
    assert shown(manifest) == [["a.jpg", "P1", 1], ["b.jpg", "P1", 2]]
    assert manifest["label"].tolist() == ["Shirt", "Tops"]
    assert quarantine[["file", "status"]].values.tolist() == [["c.jpg", "unlisted"]]


def test_an_address_that_could_not_be_fetched_is_quarantined_with_its_reason():
    good, bad = "https://shop.example/a.jpg", "https://shop.example/b.jpg"
    fetched = pd.DataFrame(
        [(good, "12ab.jpg", ""), (bad, None, "HTTP 404")], columns=["image", "file", "reason"]
    )
    manifest, quarantine = match_photos(
        files("12ab.jpg"), NO_TABLE, products(P1=None), named(("P1", 1, good), ("P1", 2, bad)),
        fetched,
    )  # fmt: skip
    assert shown(manifest) == [["12ab.jpg", "P1", 1]]
    (row,) = quarantine.to_dict("records")
    assert (row["image"], row["status"], row["reason"]) == (bad, "not fetched", "HTTP 404")
    assert row["product_id"] == "P1"


def test_a_product_without_a_usable_photo_is_accounted_for():
    manifest, quarantine = match_photos(
        files("a.jpg"), NO_TABLE, products(P1=None, P2=None),
        named(("P1", 1, "a.jpg"), ("P2", 1, "gone.jpg")), NOTHING_FETCHED,
    )  # fmt: skip
    assert len(manifest) == 1
    assert quarantine[["product_id", "status"]].values.tolist() == [
        ["P2", "missing"], ["P2", "product without photo"],
    ]  # fmt: skip


def test_a_table_of_products_may_label_its_photos():
    table = pd.DataFrame(
        [(2, "a.jpg", "Shirt", "True"), (3, "b.jpg", "Hat", ""), (4, "", "Hat", "")],
        columns=["line", "image", "label", "kids"],
    )
    table.attrs["name"] = "images.csv"
    rows = check_rows(drop_product_rows(table, {"products": 2, "file": "images.csv"}))
    manifest, quarantine = match_photos(
        files("a.jpg", "b.jpg"), rows, products(**{"1": None, "2": None}),
        named(("1", 1, "a.jpg"), ("2", 1, "b.jpg")), NOTHING_FETCHED,
    )  # fmt: skip
    assert shown(manifest) == [["a.jpg", "1", 1], ["b.jpg", "2", 1]]
    assert manifest["label"].tolist() == ["Shirt", "Hat"]
    assert manifest["kids"].iloc[0]
    assert quarantine.empty
