import json

import numpy as np
import pandas as pd

from corrections import decisions
from lookbook.attributes.schema import Schema
from lookbook.pipelines.clean.nodes import (
    CleanParams,
    apply_corrections,
    balance_catalogue,
    count_items,
    describe_columns,
    map_vocabulary,
    parse_captions,
    plot_balanced_catalogue,
    report_clean,
    strip_titles,
)
from lookbook.pools import LocalPool
from project import declared_fields

RECIPE = ["Filename", "Title", "Size", "Gender", "Description", "Category", "Type"]
PARAMS = {"by": "Category", "across": "Type", "seed": 0, "facts": {}}

LABEL = {
    "Title": "Denim Jacket",
    "Size": "medium",
    "Category": "Jackets",
    "Gender": "M",
    "Type": "Workout",
    "Description": "Denim Jacket with two pockets.",
}


POOL = LocalPool(2)


def captions(*texts):
    rows = [
        {"file": f"{n}.jpg", "photo_id": str(n), "caption": text, "failure": None}
        for n, text in enumerate(texts)
    ]
    return pd.DataFrame(rows)


def clean(table, schema, cap=100, decided=()):
    labels, rejected, readings = parse_captions(table, schema, POOL)
    mapped, mapping = map_vocabulary(labels, schema, POOL)
    described = strip_titles(mapped, schema, POOL).whole()
    described["product_id"] = described["photo_id"]
    full, listed = apply_corrections(described, decisions(*decided), schema)
    balanced = balance_catalogue(full, CleanParams(cap=cap, **PARAMS))
    return labels, rejected, readings, mapping, listed, full, balanced


def report(table, schema, **arguments):
    *_, readings, mapping, listed, full, balanced = clean(table, schema, **arguments)
    params = CleanParams(cap=9, **PARAMS)
    counts = count_items(full, balanced, params)
    facts, disagreements = pd.DataFrame(), pd.DataFrame(columns=["attribute"])
    return report_clean(readings, mapping, facts, disagreements, listed, counts, "engine-1", params)


def test_writes_the_recipes_columns_first(schema):
    *_, full, balanced = clean(
        captions(json.dumps({**LABEL, "Colours": ["navy", "off white"]})), schema
    )
    assert list(full.columns)[:7] == RECIPE
    assert list(full.columns) == ["Filename", *schema.names, "photo_id", "product_id"]
    assert list(balanced.columns) == ["Filename", *schema.names]
    row = full.loc[0].to_dict()
    assert {name: row[name] for name in RECIPE} == {
        "Filename": "0.jpg",
        "Title": "Denim Jacket",
        "Size": "M",
        "Gender": "Men",
        "Description": "With two pockets.",
        "Category": "Outerwear",
        "Type": "Sport",
    }
    assert (row["Colours"], row["Garment"], row["photo_id"]) == ("navy, white", "other", "0")


def test_the_recipes_table_comes_out_exactly_where_no_more_is_declared():
    recipe = Schema.model_validate(declared_fields(details=False))
    *_, balanced = clean(captions(json.dumps(LABEL)), recipe)
    assert list(balanced.columns) == RECIPE


def test_every_caption_is_a_label_or_rejected_with_its_reason(schema):
    table = captions(json.dumps(LABEL), "I cannot help with that request.", "", '{"Title": "x"}')
    table.loc[4] = ["4.jpg", "4", None, "the server was down"]
    labels, rejected, *_ = clean(table, schema)
    assert len(labels) + len(rejected) == len(table)
    assert dict(zip(rejected["file"], rejected["reason"], strict=True)) == {
        "1.jpg": "refusal",
        "2.jpg": "empty",
        "3.jpg": "no description",
        "4.jpg": "no caption: the server was down",
    }


def test_says_what_was_mapped_to_what(schema):
    pants = json.dumps({**LABEL, "Category": "Pants and Jackets"})
    _, _, _, mapping, _, full, _ = clean(captions(pants, pants, json.dumps(LABEL)), schema)
    rows = mapping[mapping["attribute"] == "Category"].drop(columns="attribute").values.tolist()
    assert rows == [
        ["Pants and Jackets", "Pants", "first of several", 2],
        ["Jackets", "Outerwear", "synonym", 1],
    ]
    assert mapping.groupby("attribute")["items"].sum().eq(len(full)).all()
    assert set(mapping["attribute"]) == set(schema.categorical)


def test_a_field_that_is_missing_is_not_invented(schema):
    *_, full, _ = clean(captions('{"Description": "Something warm"}'), schema)
    found = full.loc[0, ["Title", "Size", "Gender", "Category", "Type"]].tolist()
    assert found == ["Other", "Unknown", "Unknown", "Other", "Unknown"]


def test_caps_each_category(schema):
    shoes = json.dumps({**LABEL, "Category": "Shoes"})
    *_, full, balanced = clean(captions(*[json.dumps(LABEL)] * 7, *[shoes] * 3), schema, cap=4)
    assert len(full) == 10
    assert balanced["Category"].value_counts().to_dict() == {"Outerwear": 4, "Shoes": 3}


def test_nothing_usable_gives_an_empty_catalogue(schema):
    labels, rejected, *_, full, balanced = clean(captions("", "sorry"), schema)
    assert (len(labels), len(rejected), len(full), len(balanced)) == (0, 2, 0, 0)
    assert list(balanced.columns) == ["Filename", *schema.names]


def test_the_report_adds_up(schema):
    table = captions(json.dumps(LABEL), "", json.dumps(LABEL)[:-1])
    told = report(table, schema)
    assert told["captions"] == told["usable"] + told["rejected"] == 3
    assert told["read_as"] == {"json": 1, "key value": 1}
    assert told["rejected_by_reason"] == {"empty": 1}
    assert told["values"] == told["balanced_values"] == {"Outerwear": 2}


def test_items_are_counted_by_pairs_of_values_before_and_after_balancing(schema):
    shoes = json.dumps({**LABEL, "Category": "Shoes", "Type": "Casual"})
    *_, full, balanced = clean(captions(*[json.dumps(LABEL)] * 4, shoes), schema, cap=3)
    counts = count_items(full, balanced, CleanParams(cap=3, **PARAMS))
    assert counts.values.tolist() == [["Outerwear", "Sport", 4, 3], ["Shoes", "Casual", 1, 1]]
    assert counts.columns.tolist() == ["Category", "Type", "items", "balanced"]


def test_columns_are_described_by_what_is_missing_distinct_and_commonest(schema):
    hat = json.dumps({**LABEL, "Title": "Blue hat", "Category": "spaceship", "Type": "Casual"})
    *_, full, _ = clean(captions(*[json.dumps(LABEL)] * 3, hat), schema)
    described = describe_columns(full, schema)
    assert described["Title"] == {
        "missing": 0, "missing_share": 0.0, "distinct": 2,
        "commonest": {"Denim Jacket": 3, "Blue hat": 1},
    }  # fmt: skip
    assert (described["Category"]["missing"], described["Category"]["missing_share"]) == (1, 0.25)
    assert described["Type"]["commonest"] == {"Sport": 3, "Casual": 1}


def test_the_balanced_catalogue_is_drawn_in_four_panels(schema):
    shoes = json.dumps({**LABEL, "Category": "Shoes", "Type": "Casual"})
    *_, full, balanced = clean(captions(*[json.dumps(LABEL)] * 4, shoes), schema, cap=3)
    params = CleanParams(cap=3, **PARAMS)
    figure = plot_balanced_catalogue(count_items(full, balanced, params), params)
    by, across, heat, *within = figure.data
    assert dict(zip(by.x, by.text, strict=True)) == {"Outerwear": "75.0%", "Shoes": "25.0%"}
    assert dict(zip(across.x, across.y, strict=True)) == {"Sport": 3, "Casual": 1}
    assert np.asarray(heat.z).sum() == 4
    assert {one.name: list(one.y) for one in within} == {"Casual": [0, 1], "Sport": [1, 0]}


def hashed(*texts):
    table = captions(*texts)
    return table.assign(photo_id=[f"{number:064x}" for number in range(len(table))])


def test_people_have_the_last_word_and_every_row_of_theirs_is_listed(schema):
    one, other, third, gone = (f"{number:064x}" for number in (0, 1, 2, 99))
    table = hashed(*[json.dumps({**LABEL, "Garment": "jacket"})] * 3)
    decided = [
        (one, "Garment", "blazer"), (one, "Category", "Outerwear"),
        (other, "status", "not an item"), (third, "Garment", "spaceship"),
        (gone, "Garment", "skirt"),
    ]  # fmt: skip
    *_, listed, full, _ = clean(table, schema, decided=decided)
    assert full["photo_id"].tolist() == [one, third]
    assert full["Garment"].tolist() == ["blazer", "jacket"]
    assert listed["line"].tolist() == [2, 3, 4, 5, 6]
    assert listed["outcome"].tolist() == [
        "changed", "confirmed", "left out", "no value of the attribute",
        "its photo is not in the catalogue",
    ]  # fmt: skip
    told = report(table, schema, decided=decided)
    assert (told["captioner"], told["corrections"]["by_attribute"]) == (
        "engine-1",
        {"Garment": {"confirmed": 0, "changed": 1}, "Category": {"confirmed": 1, "changed": 0}},
    )
    assert told["corrections"]["others"]["left out"] == 1
