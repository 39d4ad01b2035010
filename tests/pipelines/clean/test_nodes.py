import json

import pandas as pd
import pytest

from lookbook.pipelines.clean.nodes import (
    CATALOGUE,
    CleanParams,
    balance_catalogue,
    map_vocabulary,
    parse_captions,
    report_clean,
    strip_title,
    strip_titles,
)

LABEL = {
    "Title": "Denim Jacket",
    "Size": "medium",
    "Category": "Jackets",
    "Gender": "M",
    "Type": "Workout",
    "Description": "Denim Jacket with two pockets.",
}


def captions(*texts):
    rows = [{"file": f"{n}.jpg", "caption": text, "failure": None} for n, text in enumerate(texts)]
    return pd.DataFrame(rows)


def clean(table, vocabulary, cap=100):
    labels, rejected = parse_captions(table)
    mapped, mapping = map_vocabulary(labels, vocabulary)
    full = strip_titles(mapped)
    return labels, rejected, mapping, full, balance_catalogue(full, CleanParams(cap=cap, seed=0))


def test_writes_the_recipes_columns_in_the_vocabulary(vocabulary):
    *_, full, _ = clean(captions(json.dumps(LABEL)), vocabulary)
    assert list(full.columns) == CATALOGUE
    assert full.loc[0].to_dict() == {
        "Filename": "0.jpg",
        "Title": "Denim Jacket",
        "Size": "M",
        "Gender": "Men",
        "Description": "With two pockets.",
        "Category": "Outerwear",
        "Type": "Sport",
    }


def test_every_caption_is_a_label_or_rejected_with_its_reason(vocabulary):
    table = captions(json.dumps(LABEL), "I cannot help with that request.", "", '{"Title": "x"}')
    table.loc[4] = ["4.jpg", None, "the server was down"]
    labels, rejected, *_ = clean(table, vocabulary)
    assert len(labels) + len(rejected) == len(table)
    assert dict(zip(rejected["file"], rejected["reason"], strict=True)) == {
        "1.jpg": "refusal",
        "2.jpg": "empty",
        "3.jpg": "no description",
        "4.jpg": "no caption: the server was down",
    }


def test_says_what_was_mapped_to_what(vocabulary):
    pants = json.dumps({**LABEL, "Category": "Pants and Jackets"})
    _, _, mapping, full, _ = clean(captions(pants, pants, json.dumps(LABEL)), vocabulary)
    rows = mapping[mapping["field"] == "Category"].drop(columns="field").values.tolist()
    assert rows == [
        ["Pants and Jackets", "Pants", "first of several", 2],
        ["Jackets", "Outerwear", "synonym", 1],
    ]
    assert mapping.groupby("field")["items"].sum().eq(len(full)).all()


def test_a_field_that_is_missing_is_not_invented(vocabulary):
    *_, full, _ = clean(captions('{"Description": "Something warm"}'), vocabulary)
    found = full.loc[0, ["Title", "Size", "Gender", "Category", "Type"]].tolist()
    assert found == ["Other", "Unknown", "Unknown", "Other", "Unknown"]


@pytest.mark.parametrize(
    ("title", "description", "stripped"),
    [
        ("Blue Shirt", "Blue Shirt is a light top.", "A light top."),
        ("Blue Shirt", "The blue shirt: soft and light.", "Soft and light."),
        ("Blue Shirt", "This blue-shirt has a collar.", "Has a collar."),
        ("Blue Shirt", "A light blue shirt.", "A light blue shirt."),
        ("Blue Shirt", "Blue Shirts are light.", "Blue Shirts are light."),
        ("Blue Shirt", "Blue Shirt.", "Blue Shirt."),
        ("Shirt (new)", "Shirt (new) from cotton", "From cotton"),
        ("?", "Anything", "Anything"),
    ],
)
def test_descriptions_lose_a_leading_title(title, description, stripped):
    assert strip_title(title, description) == stripped


def test_caps_each_category(vocabulary):
    shoes = json.dumps({**LABEL, "Category": "Shoes"})
    *_, full, balanced = clean(captions(*[json.dumps(LABEL)] * 7, *[shoes] * 3), vocabulary, cap=4)
    assert len(full) == 10
    assert balanced["Category"].value_counts().to_dict() == {"Outerwear": 4, "Shoes": 3}


def test_nothing_usable_gives_an_empty_catalogue(vocabulary):
    labels, rejected, _, full, balanced = clean(captions("", "sorry"), vocabulary)
    assert (len(labels), len(rejected), len(full), len(balanced)) == (0, 2, 0, 0)
    assert list(balanced.columns) == CATALOGUE


def test_the_report_adds_up(vocabulary):
    table = captions(json.dumps(LABEL), "", json.dumps(LABEL)[:-1])
    report = report_clean(table, *clean(table, vocabulary))
    assert report["captions"] == report["usable"] + report["rejected"]
    assert report["read_as"] == {"json": 1, "repaired json": 1}
    assert report["rejected_by_reason"] == {"empty": 1}
