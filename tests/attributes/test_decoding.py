import numpy as np
import pytest

from lookbook.attributes.decoding import Head, decode_values, render_record

HEADS = [
    Head(
        name="Category", kind="single", values=["Skirts", "Pants"], default="Other", threshold=0.6
    ),
    Head(name="Garment", kind="single", values=["jeans", "dress"], default="other", threshold=0.6),
    Head(name="Colours", kind="multi", values=["navy", "white", "red"], threshold=0.5),
]
EVEN = {
    "Category": {"Skirts": 0.5, "Pants": 0.5},
    "Garment": {"jeans": 0.5, "dress": 0.5},
    "Colours": {"navy": 0.4, "white": 0.3, "red": 0.3},
}


def test_what_is_not_likely_enough_is_not_said(schema):
    said = decode_values(EVEN, HEADS, schema)
    assert (said["Category"], said["Garment"], said["Colours"]) == ("Other", "other", [])


@pytest.mark.parametrize(
    ("skirts", "jeans", "category", "garment"),
    [(0.7, 0.9, "Pants", "jeans"), (0.9, 0.7, "Skirts", "other")],
)
def test_of_two_that_contradict_one_another_the_likelier_stays(
    schema, skirts, jeans, category, garment
):
    likely = {
        **EVEN,
        "Category": {"Skirts": skirts, "Pants": 1 - skirts},
        "Garment": {"jeans": jeans, "dress": 1 - jeans},
    }
    said = decode_values(likely, HEADS, schema)
    assert (said["Category"], said["Garment"]) == (category, garment)


def test_what_follows_is_said_too(schema):
    likely = {**EVEN, "Garment": {"jeans": 0.9, "dress": 0.1}}
    said = decode_values(likely, HEADS, schema)
    assert (said["Category"], said["Material"]) == ("Pants", "denim")


def test_several_values_come_the_likeliest_first(schema):
    likely = {**EVEN, "Colours": {"navy": 0.6, "white": 0.9, "red": 0.2}}
    assert decode_values(likely, HEADS, schema)["Colours"] == ["white", "navy"]


def test_a_record_puts_it_into_plain_english(schema):
    known = {
        "Garment": "shirt", "Category": "Tops", "Colours": ["navy", "white"], "Pattern": "checked",
        "Material": "cotton", "Sleeve": "long", "Neckline": "collar", "Length": "none",
        "Type": "Casual", "Gender": "Men", "Size": "Unknown",
    }  # fmt: skip
    record = render_record(known, [], schema)
    assert record["Title"] == "Navy checked cotton shirt"
    assert record["Description"] == (
        "Checked shirt in navy and white cotton with a collar, long sleeves. Casual wear for men."
    )


def test_a_record_of_which_nothing_is_known_says_so(schema):
    record = render_record(decode_values(EVEN, HEADS, schema), [], schema)
    assert (record["Title"], record["Gender"], record["Colours"]) == ("Other", "Unknown", [])
    assert record["Description"] == "Item."


def test_probabilities_of_one_value_add_up_to_one():
    logits = np.random.default_rng(0).normal(size=(5, 2)) * 50
    assert np.allclose(HEADS[0].probabilities(logits).sum(axis=1), 1)
    assert np.isfinite(HEADS[2].probabilities(np.array([[900.0, 0.0, -900.0]]))).all()
