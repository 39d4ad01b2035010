import copy
import json

import jsonschema
import pytest

from lookbook.attributes.record import from_row, is_valid, to_row
from lookbook.attributes.schema import Schema, parse_schema
from lookbook.errors import InputError
from project import declared_fields

CATEGORIES = {
    "Dress": "Dresses", "Footwear": "Shoes", "Jacket": "Outerwear", "Coat": "Outerwear",
    "Shirts": "Tops", "Jackets": "Outerwear", "Dresses": "Dresses", "Top": "Tops",
    "Hats": "Hats", "Vest": "Tops", "Jumpsuit": "Dresses", "Sweaters": "Tops", "Caps": "Hats",
    "Headgear": "Hats", "Onesies": "Dresses", "Jackets and Blazers": "Outerwear",
    "Denim": "Pants", "Bottoms": "Pants", "Bathrobe": "Outerwear", "Tees": "T-Shirt",
    "t-shirts": "T-Shirt", "TROUSERS": "Pants", "jeans": "Pants", "Hoodies": "Tops",
    "Women's Blouses": "Tops", "Running shoes": "Shoes", "leather boots": "Shoes",
    "Polo Shirt": "Tops", "Suit jacket": "Outerwear", "Skirt": "Skirts", "short": "Shorts",
    "Beanies": "Hats", "Accessories": "Other", "Sleepwear": "Other", "Swimwear": "Other",
    "Curtain": "Other", "": "Other",
}  # fmt: skip


@pytest.mark.parametrize(("written", "category"), CATEGORIES.items())
def test_every_hallucinated_category_has_a_home(schema, written, category):
    assert schema.singles["Category"].lookup(written)[0] == category


@pytest.mark.parametrize(
    ("written", "type"),
    {
        "Workout": "Sport", "Athletic": "Sport", "Swimming": "Sport", "Work": "Work Casual",
        "Footwear": "Unknown", "Home Decor": "Unknown", "casual": "Casual", "FORMAL": "Formal",
        "Business Casual": "Work Casual", "Casual, Formal": "Casual", "Loungewear": "Lounge",
    }.items(),
)  # fmt: skip
def test_types_map_to_the_vocabulary(schema, written, type):
    assert schema.singles["Type"].lookup(written)[0] == type


@pytest.mark.parametrize(
    ("written", "gender"),
    {"F": "Women", "female": "Women", "Ladies": "Women", "M": "Men", "Male": "Men",
     "Unisex": "Unisex", "M/F": "Unisex", "": "Unknown", "Dog": "Unknown"}.items(),
)  # fmt: skip
def test_genders_map_to_the_vocabulary(schema, written, gender):
    assert schema.singles["Gender"].lookup(written)[0] == gender


@pytest.mark.parametrize(
    ("written", "size"),
    {"m": "M", "Medium": "M", "Extra Large": "XL", "extra-large": "XL", "42": "Unknown"}.items(),
)
def test_sizes_map_to_the_vocabulary(schema, written, size):
    assert schema.singles["Size"].lookup(written)[0] == size


@pytest.mark.parametrize(
    ("written", "found"),
    {
        "Pants": ("Pants", "exact"),
        "trousers": ("Pants", "synonym"),
        "Pants and Jackets": ("Pants", "first of several"),
        "Jackets and Pants": ("Outerwear", "first of several"),
        "Pants and Tops": ("Pants", "first of several"),
        "red woollen jumper": ("Tops", "part"),
        "spaceship": ("Other", "none"),
    }.items(),
)
def test_says_how_a_value_was_found(schema, written, found):
    assert schema.singles["Category"].lookup(written) == found


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("Colours", ["not black"], []), ("Colours", ["white", "not black"], ["white"]),
        ("Colours", ["white with no black"], ["white"]), ("Colours", ["navy, not black"], ["navy"]),
        ("Pattern", "no pattern", "plain"), ("Pattern", "No pattern visible", "plain"),
        ("Pattern", "solid, no print", "plain"), ("Pattern", "not floral", "unknown"),
        ("Sleeve", "3/4", "three-quarter"), ("Sleeve", "3/4 sleeves", "three-quarter"),
        ("Sleeve", "¾-length sleeves", "three-quarter"),
        ("Sleeve", "loose, 3/4 length", "three-quarter"), ("Sleeve", "no sleeves", "sleeveless"),
    ],
)  # fmt: skip
def test_a_denied_value_is_not_read(schema, name, text, value):
    assert schema.categorical[name].lookup(text)[0] == value


def test_some_values_are_found_in_words_in_their_order(schema):
    colours = schema.multis["Colours"]
    assert colours.lookup(["navy", "white"]) == (["navy", "white"], "exact")
    assert colours.lookup(["Navy blue jacket with a gray hood"]) == (["navy", "grey"], "part")
    assert colours.lookup(["dark blue"]) == (["navy"], "synonym")
    assert colours.lookup(["light-blue, blue cuffs, red, green"])[0] == [
        "light blue",
        "blue",
        "red",
    ]
    assert colours.lookup(["An infrared, blackened, greenish thing"]) == ([], "none")


def test_every_category_fills_a_slot_but_other(schema):
    slots = {name: value.slot for name, value in schema.singles["Category"].values.items()}
    assert {name for name, slot in slots.items() if slot is None} == {"Other"}
    assert set(slots.values()) == {*schema.slots, None}
    assert schema.slot_attribute == "Category"


def test_the_recipes_fields_come_first_and_can_be_had_alone(schema):
    recipe = ["Title", "Size", "Gender", "Description", "Category", "Type"]
    details = ["Garment", "Colours", "Pattern", "Material", "Sleeve", "Neckline", "Length"]
    assert schema.names == [*recipe, *details]
    assert Schema.model_validate(declared_fields(details=False)).names == recipe


def test_the_schema_takes_records_and_nothing_else(schema):
    record = {
        **dict.fromkeys(schema.texts, "x"),
        **{name: one.default for name, one in schema.singles.items()},
        "Colours": ["navy", "white"],
    }
    assert list(schema.answer_schema["properties"]) == schema.names
    jsonschema.validate(record, schema.answer_schema)
    assert is_valid(json.dumps(record), schema)
    for wrong in ({"Colours": ["mauve"]}, {"Category": "Wings"}, {"Title": ""}, {"More": "x"}):
        changed = {**record, **wrong}
        assert not is_valid(json.dumps(changed), schema)
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(changed, schema.answer_schema)
    assert from_row(to_row(record, schema), schema) == record


def change(path, value):
    """Declares the attributes with one thing otherwise."""
    declared = copy.deepcopy(declared_fields())
    *way, last = path
    place = declared
    for step in way:
        place = place[step]
    place[last] = value
    return declared


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (
            ("Category", "values", "Wings"), {"slot": "back"},
            "attribute 'Category', value 'Wings': slot 'back' is not one of upper, lower",
        ),
        (
            ("Garment", "values", "jeans"), {"implies": {"Category": "Denim"}},
            "attribute 'Garment', value 'jeans': implies Category 'Denim', "
            "which is not one of its values",
        ),
        (
            ("Category", "values", "Hats"), {"synonyms": ["jumper"]},
            "attribute 'Category', value 'Hats': 'jumper' already means 'Tops'",
        ),
        (("Gender", "default"), "Nobody", "attribute 'Gender', value 'Nobody'"),
        (
            ("Type", "values", "Casual"), {"compatible_with": ["Beach"]},
            "attribute 'Type', value 'Casual': compatible_with 'Beach' is not a value",
        ),
        (
            ("Photo_ID",), {"kind": "text", "max_length": 9, "description": "x", "default": ""},
            "attribute 'Photo_ID': tables have a column of that name already",
        ),
        *(
            (
                (name,), {"kind": "text", "max_length": 9, "description": "x", "default": ""},
                f"attribute '{name}': ",
            )
            for name in ("Split", "reviewed", "Text", "fold", "words", "Seconds", "_size",
                         "model_config", "copy")
        ),
        (("Size", "kind"), "several", "attribute 'Size'"),
        (("Title", "max_length"), -1, "'Title', max_length: input should be greater than 0"),
        (("Title", "default"), "Colour", "default 'Colour' names no attribute with a single value"),
        (("Colours", "values", "red, white"), {}, "remove the comma, which separates values"),
        (("Category", "slots", "full_body", "replaces"), ["wings"],
         "replaces 'wings', which is not a slot"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_named_by_file_field_and_value(path, value, told):
    with pytest.raises(InputError) as raised:
        parse_schema(change(path, value), "conf/base/schema.yml")
    sentence = str(raised.value)
    assert sentence.startswith("conf/base/schema.yml: ")
    assert told in sentence
    assert "\n" not in sentence
