import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookbook.attributes.schema import Schema
from lookbook.distillation.teacher import find_columns, make_training_set, read_rows
from lookbook.errors import InputError
from project import declared_fields

FIELDS = Schema.model_validate(declared_fields())


def read(*rows, files=("a.jpg", "b.jpg")):
    table = pd.DataFrame(rows)
    found = find_columns(list(table.columns), {"file": ["image"], "Neckline": ["neck"]}, FIELDS)
    return read_rows(table, found, list(files), FIELDS)


def test_values_are_found_however_a_table_writes_them():
    said, problems = read(
        {
            "file": "a.jpg",
            "garment": "denim-jacket",
            "colours": "light-blue+white",
            "neck": "collar",
        },
    )
    told = said["a.jpg"]
    assert (told["Garment"], told["Colours"], told["Neckline"]) == (
        "denim jacket", ["light blue", "white"], "collar"
    )  # fmt: skip
    assert (told["Category"], told["Material"]) == ("Outerwear", "denim")
    assert problems.empty


def test_a_value_that_is_none_is_told_and_the_rest_is_used():
    said, problems = read({"file": "a", "gender": "Kids", "pattern": "plain"})
    assert said["a.jpg"] == {"Pattern": "plain", "text": ""}
    assert problems.to_dict("records") == [
        {"row": 1, "file": "a.jpg", "attribute": "Gender", "value": "Kids", "reason": "no value"}
    ]


def test_a_photo_is_found_without_its_folders():
    said, _ = read({"image": "shop/2024/b.jpg", "Type": "sporty"})
    assert said == {"b.jpg": {"Type": "Sport", "text": ""}}


def test_a_table_of_something_else_is_refused():
    with pytest.raises(InputError, match="needs a column of files and any of Title, Size"):
        find_columns(["file", "price"], {}, FIELDS)


def test_people_have_the_last_word_on_their_field():
    manifest = pd.DataFrame(
        [
            {"photo_id": "2", "file": "a.jpg", "label": "Skirt", "sender_id": "x"},
            {"photo_id": "1", "file": "b.jpg", "label": "Not sure", "sender_id": None},
        ]
    )
    said = {"a.jpg": {"Category": "Dresses", "text": "a"}, "b.jpg": {"Category": "Tops"}}
    decided = {"b.jpg": {"Category": "Shoes"}}
    taught = make_training_set(manifest, said, FIELDS, "Category", ["Not sure"], decided)
    assert taught["photo_id"].tolist() == ["1", "2"]
    assert taught["Category"].tolist() == ["Shoes", "Skirts"]
    assert taught["label"].isna().tolist() == [True, False]


@given(
    st.dictionaries(st.sampled_from(["file", *FIELDS.names]), st.none() | st.text() | st.floats())
)
def test_every_row_is_used_or_told(cells):
    said, problems = read({"file": "a.jpg", "Garment": "dress", **cells})
    assert bool(said) or not problems.empty
    for told in said.values():
        for name, value in told.items():
            if name in FIELDS.singles:
                assert value in FIELDS.singles[name].values
