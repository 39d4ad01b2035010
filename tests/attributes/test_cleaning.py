import json
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookbook.attributes.cleaning import clean_answer, map_values, strip_title
from lookbook.attributes.record import is_valid
from lookbook.attributes.schema import Schema
from project import declared_fields

FIELDS = Schema.model_validate(declared_fields())


def how(mappings):
    return {one.attribute: one.method for one in mappings}


def test_what_is_not_said_is_implied_found_in_the_text_or_left_open(schema):
    record, mappings = map_values(
        {"Title": "Dark blue jeans", "Garment": "jeans", "Description": "With white seams."}, schema
    )
    assert (record["Category"], record["Material"]) == ("Pants", "denim")
    assert record["Colours"] == ["navy", "white"]
    assert (record["Gender"], record["Sleeve"]) == ("Unknown", "unknown")
    assert how(mappings)["Category"] == how(mappings)["Material"] == "implied"
    assert how(mappings)["Colours"] == "in the text"


def test_what_contradicts_is_settled_by_the_more_certain(schema):
    sure, told = map_values({"Garment": "jeans", "Category": "skirt-like thing"}, schema)
    assert (sure["Category"], sure["Garment"]) == ("Pants", "jeans")
    assert how(told)["Category"] == "contradicted"
    equal, told = map_values({"Garment": "jeans", "Category": "Skirts"}, schema)
    assert (equal["Category"], equal["Garment"]) == ("Skirts", "other")
    assert how(told)["Garment"] == "contradicted"


def test_an_answer_without_the_details_is_still_usable(schema):
    label = {"Title": "Cap", "Category": "Hats", "Description": "A cap of wool."}
    cleaned = clean_answer(json.dumps(label), schema)
    assert cleaned.rejection is None
    assert is_valid(json.dumps(cleaned.record), schema)


def test_a_missing_title_is_the_kind(schema):
    assert clean_answer('{"Description": "Warm", "Category": "boots"}', schema).record["Title"] == (
        "Shoes"
    )


@given(
    st.dictionaries(
        st.sampled_from(FIELDS.names), st.text(max_size=30) | st.lists(st.text(max_size=9)),
        min_size=1,
    )
)  # fmt: skip
def test_whatever_is_written_becomes_declared_values(written):
    cleaned = clean_answer(json.dumps({"Description": "Something", **written}), FIELDS)
    if cleaned.rejection is None:
        values = {name: cleaned.record[name] for name in FIELDS.categorical}
        assert is_valid(json.dumps({"Title": "x", "Description": "x", **values}), FIELDS)


HOSTILE = [
    "\ud83d", "\x00", "\u200b\u202e", "=HYPERLINK(1)", "{" * 1_000_000, "[" * 1_000_000,
    '{"Description": "' + "x" * 10_000_000 + '"}', '{"Title": ' * 50_000, "<think>" * 100_000,
    '"' * 200_000, "Title: " * 50_000, "```json\n" * 50_000, "\\u" * 100_000, "'" * 300_000,
    "{\"Description\": \"" + "a, " * 40_000,
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_text_takes_long_or_breaks_anything(schema, text):
    begun = time.process_time()
    cleaned = clean_answer(text, schema)
    assert cleaned.rejection or is_valid(json.dumps(cleaned.record), schema)
    # A hundred times what any takes; a text that backtracks takes minutes.
    assert time.process_time() - begun < 10


@given(
    st.text(st.characters(), max_size=200),
    st.sampled_from(["{}", '{{"Title": "x", "Description": "{}"}}', "Description: {}\nTitle: x"]),
)  # fmt: skip
def test_any_text_is_a_valid_record_or_a_reason(text, form):
    cleaned = clean_answer(form.replace("{{", "{").replace("}}", "}").replace("{}", text), FIELDS)
    assert (cleaned.rejection is None) == bool(cleaned.record)
    if cleaned.record:
        assert is_valid(json.dumps(cleaned.record), FIELDS)
        for name in FIELDS.texts:
            value = cleaned.record[name]
            assert unicodedata.is_normalized("NFC", value)
            assert not any(unicodedata.category(one) in ("Cc", "Cs", "Co") for one in value)
            assert not {"\u200b", "\u202e", "\ufeff"} & set(value)
            value.encode()


@pytest.mark.parametrize(
    ("attribute", "written", "value"),
    [
        ("Size", "Women's Small", "S"),
        ("Size", "XS to M", "Unknown"),
        ("Size", "L (large)", "L"),
        ("Size", "size not visible in the photo", "Unknown"),
        ("Size", "I'd say M", "M"),
        ("Gender", "either women or men", "Unisex"),
        ("Gender", "For anyone", "Unisex"),
        ("Gender", "for girls", "Women"),
        ("Gender", "Herren", "Men"),
        ("Gender", "Pour femmes", "Women"),
        ("Gender", "para hombre", "Men"),
        ("Gender", "Unbekannt", "Unknown"),
        ("Category", "Tank top", "T-Shirt"),
        ("Category", "T-shirt dress", "Dresses"),
        ("Category", "Leather jacket with a hood", "Outerwear"),
        ("Category", "Hose", "Pants"),
        ("Category", "Robes", "Dresses"),
        ("Category", "Turnschuhe", "Shoes"),
        ("Category", "Scarpe da ginnastica", "Shoes"),
        ("Category", "a pair of trousers", "Pants"),
        ("Category", "shirt, skirt", "Tops"),
        ("Category", "not a dress, a skirt", "Skirts"),
        ("Gender", "not for women", "Unknown"),
        ("Size", "M, not sure", "Unknown"),
    ],
)
def test_what_is_meant_is_understood(schema, attribute, written, value):
    assert schema.singles[attribute].lookup(written)[0] == value


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
def test_descriptions_lose_a_leading_title(schema, title, description, stripped):
    record = strip_title({"Title": title, "Description": description}, schema)
    assert record["Description"] == stripped
