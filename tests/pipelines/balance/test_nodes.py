import collections
import csv

import pandas as pd
import pytest
from pydantic import ValidationError

from lookbook.photos.sampling import BalanceParams
from lookbook.pipelines.balance.nodes import (
    cap_groups_of_photos,
    count_groups,
    drop_kids,
    list_left_out,
    merge_labels,
    report_balance,
)
from project import balance_params


@pytest.fixture(scope="module")
def recipe():
    return balance_params("recipe")


def manifest(counts):
    """Makes photos of each label, so many for adults and so many for kids."""
    rows = [
        {"file": f"{label}{number}.jpg", "photo_id": "x", "label": label, "kids": number >= adults}
        for label, (adults, kids) in counts.items()
        for number in range(adults + kids)
    ]
    return pd.DataFrame(rows).astype({"kids": "boolean"})


def balance(photos, params):
    adults = drop_kids(photos, params)
    merged = merge_labels(adults, params)
    return adults, merged, cap_groups_of_photos(merged, params)


# The public data set's rows by label, and how many of them the recipe keeps as adults': its
# own figures for the categories under the cap, 3,544 in all for the three above it.
FULL = {
    "Pants": (620, 72), "T-Shirt": (940, 71), "Undershirt": (110, 8), "Longsleeve": (640, 59),
    "Shirt": (350, 28), "Outwear": (290, 22), "Hat": (160, 11), "Polo": (112, 8),
    "Blazer": (104, 5), "Hoodie": (95, 5), "Body": (60, 9), "Top": (41, 2), "Blouse": (22, 1),
    "Skirt": (140, 15), "Dress": (317, 40), "Shoes": (371, 60), "Shorts": (284, 24),
    "Not sure": (200, 28), "Other": (56, 6), "Skip": (10, 2),
}  # fmt: skip


def test_gives_the_recipes_counts_on_the_full_data_set(recipe):
    adults, _, selection = balance(manifest(FULL), recipe)
    assert len(adults) == 4922
    assert selection["sampling_group"].value_counts().to_dict() == {
        "Pants": 500, "T-Shirt": 500, "Tops": 500, "Skirts": 457, "Shoes": 371, "Shorts": 284,
        "Other": 266,
    }  # fmt: skip
    assert len(selection) == 2878


def test_keeps_every_photo_unless_told_otherwise():
    photos = manifest({"Velvet scrunchie": (900, 40), "Pants": (620, 72)})
    params = balance_params()
    _, merged, selection = balance(photos, params)
    assert sorted(selection["file"]) == sorted(photos["file"])
    assert list_left_out(photos, merged, selection, params).empty


def test_lists_each_photo_that_is_left_out_and_how_to_keep_it(recipe):
    photos = manifest({"Hat": (600, 7), "Pants": (3, 0)})
    _, merged, selection = balance(photos, recipe)
    listed = list_left_out(photos, merged, selection, recipe)
    assert sorted([*listed["file"], *selection["file"]]) == sorted(photos["file"])
    counts = listed.groupby(["reason", "how_to_keep"]).size().to_dict()
    assert counts == {
        ("children's clothes", "balance.drop_kids: false"): 7,
        ("over the cap of 500 photos of Tops", "balance.cap: null"): 100,
    }


def test_gives_the_same_arithmetic_on_real_rows(recipe, clothing):
    with (clothing / "images.csv").open() as file:
        rows = list(csv.DictReader(file))
    wanted = collections.Counter(
        recipe.group_of(row["label"]) for row in rows if row["kids"] == "False"
    )
    photos = pd.DataFrame(rows).rename(columns={"image": "file"})
    photos["kids"] = photos["kids"].eq("True")
    _, _, selection = balance(photos, recipe)
    assert selection["sampling_group"].value_counts().to_dict() == {
        name: min(count, 500) for name, count in wanted.items()
    }


def test_the_choice_depends_on_the_seed_and_not_on_the_order(recipe):
    photos = manifest({"Hat": (900, 0)})
    shuffled = photos.sample(frac=1, random_state=1)
    chosen = balance(photos, recipe)[2]["file"].tolist()
    assert balance(shuffled, recipe)[2]["file"].tolist() == chosen
    other = recipe.model_copy(update={"seed": recipe.seed + 1})
    assert balance(photos, other)[2]["file"].tolist() != chosen


def test_a_photo_more_changes_at_most_one_choice(recipe):
    photos = manifest({"Hat": (900, 0)})
    before = set(balance(photos.iloc[1:], recipe)[2]["file"])
    after = set(balance(photos, recipe)[2]["file"])
    assert len(before - after) <= 1


def test_photos_without_human_labels_all_stay(recipe):
    photos = pd.DataFrame({"file": [f"{n}.jpg" for n in range(600)], "label": None, "kids": pd.NA})
    _, merged, selection = balance(photos.astype({"kids": "boolean"}), recipe)
    assert len(selection) == 600
    assert merged["sampling_group"].isna().all()


def test_inputs_are_left_as_they_were(recipe):
    photos = manifest({"Hat": (3, 2)})
    copy = photos.copy()
    balance(photos, recipe)
    pd.testing.assert_frame_equal(photos, copy)


def test_the_report_adds_up(recipe):
    photos = manifest({"Hat": (600, 7), "Pants": (3, 0)})
    _, merged, selection = balance(photos, recipe)
    report = report_balance(photos, count_groups(merged, selection))
    assert report["photos"] == report["kids_dropped"] + report["capped"] + report["selected"]
    assert (report["kids_dropped"], report["capped"]) == (7, 100)
    assert report["before"] == {"Tops": 600, "Pants": 3}
    assert report["after"] == {"Tops": 500, "Pants": 3}


def test_photos_without_a_group_are_counted_too(recipe):
    photos = pd.DataFrame({"file": ["0.jpg", "1.jpg"], "label": ["Hat", None], "kids": pd.NA})
    _, merged, selection = balance(photos.astype({"kids": "boolean"}), recipe)
    report = report_balance(photos, count_groups(merged, selection))
    assert (report["photos"], report["selected"], report["after"]) == (2, 2, {"Tops": 1})


def test_refuses_a_label_in_two_groups(recipe):
    with pytest.raises(ValidationError, match="more than one group: Hat"):
        BalanceParams(
            groups={"A": ["Hat"], "B": ["Hat"]}, other="Other", cap=1, seed=0, drop_kids=False
        )
