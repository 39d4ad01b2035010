import pandas as pd
import pytest

from lookbook.attributes.schema import Schema
from lookbook.products.pooling import pool_photos

SCHEMA = Schema.model_validate(
    {
        "Title": {"kind": "text", "max_length": 50, "description": "Name"},
        "Garment": {
            "kind": "single", "default": "other", "description": "Garment",
            "values": ["skirt", "dress", "jeans", "other"],
        },
        "Colours": {
            "kind": "multi", "max_items": 2, "description": "Colours",
            "values": ["red", "blue", "green"],
        },
    }
)  # fmt: skip


def photos(*rows):
    columns = ["Filename", "Title", "Garment", "Colours", "photo_id"]
    return pd.DataFrame([(f"{row[-1]}.jpg", *row) for row in rows], columns=columns)


def manifest(**products):
    rows = [
        (photo_id, product_id, position)
        for product_id, photo_ids in products.items()
        for position, photo_id in enumerate(photo_ids, 1)
    ]
    return pd.DataFrame(rows, columns=["photo_id", "product_id", "position"])


NO_PROBABILITIES = pd.DataFrame(columns=["photo_id"])


def test_all_photos_of_a_product_make_one_item_named_after_the_shops_first_photo():
    captioned = photos(("Skirt", "skirt", "red", "a"), ("Red skirt", "skirt", "red", "b"))
    items, _ = pool_photos(captioned, NO_PROBABILITIES, manifest(P1="ba"), SCHEMA)
    (item,) = items.to_dict("records")
    assert (item["photo_id"], item["Filename"], item["product_id"]) == ("b", "b.jpg", "P1")
    assert item["Title"] == "Red skirt"


def test_a_photo_without_a_product_is_an_item_of_its_own():
    captioned = photos(("Skirt", "skirt", "red", "a"), ("Dress", "dress", "blue", "b"))
    unnamed = pd.DataFrame({"photo_id": ["a"], "product_id": [None], "position": [None]})
    items, _ = pool_photos(captioned, NO_PROBABILITIES, unnamed, SCHEMA)
    assert items["product_id"].tolist() == ["a", "b"]
    pd.testing.assert_frame_equal(items.drop(columns="product_id"), captioned)


def test_a_value_that_one_photo_shows_is_kept():
    captioned = photos(("Item", "other", "", "a"), ("Skirt", "skirt", "red", "b"))
    items, _ = pool_photos(captioned, NO_PROBABILITIES, manifest(P1="ab"), SCHEMA)
    assert items.loc[0, ["Garment", "Colours"]].tolist() == ["skirt", "red"]


def test_most_photos_decide_and_the_main_photo_decides_a_tie():
    votes = [("Dress", "dress", "red", "a"), ("Skirt", "skirt", "red", "b")]
    tie, _ = pool_photos(photos(*votes), NO_PROBABILITIES, manifest(P1="ab"), SCHEMA)
    assert tie.loc[0, "Garment"] == "dress"
    votes.append(("Skirt", "skirt", "red", "c"))
    most, _ = pool_photos(photos(*votes), NO_PROBABILITIES, manifest(P1="abc"), SCHEMA)
    assert most.loc[0, "Garment"] == "skirt"
    assert most.loc[0, "Title"] == "Skirt", "the title names the pooled value"


def test_mean_probabilities_decide_where_the_captioner_returns_them():
    captioned = photos(("Dress", "dress", "red", "a"), ("Skirt", "skirt", "red", "b"))
    known = {"photo_id": ["a", "b"], "Garment: dress": [0.5, 0.1], "Garment: skirt": [0.4, 0.9]}
    items, pooled = pool_photos(captioned, pd.DataFrame(known), manifest(P1="ab"), SCHEMA)
    assert items.loc[0, "Garment"] == "skirt"
    (row,) = pooled.to_dict("records")
    assert row == pytest.approx({"photo_id": "a", "Garment: dress": 0.3, "Garment: skirt": 0.65})


def test_a_further_colour_needs_half_of_the_photos():
    captioned = photos(
        ("Skirt", "skirt", "red, green", "a"),
        ("Skirt", "skirt", "red, blue", "b"),
        ("Skirt", "skirt", "red, blue", "c"),
    )
    items, _ = pool_photos(captioned, NO_PROBABILITIES, manifest(P1="abc"), SCHEMA)
    assert items.loc[0, "Colours"] == "red, blue"
