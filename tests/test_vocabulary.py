import pytest
from pydantic import ValidationError

from lookbook.vocabulary import Label, Vocabulary

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
def test_every_hallucinated_category_has_a_home(vocabulary, written, category):
    assert vocabulary.lookup("Category", written)[0] == category


@pytest.mark.parametrize(
    ("written", "type"),
    {
        "Workout": "Sport", "Athletic": "Sport", "Swimming": "Sport", "Work": "Work Casual",
        "Footwear": "Unknown", "Home Decor": "Unknown", "casual": "Casual", "FORMAL": "Formal",
        "Business Casual": "Work Casual", "Casual, Formal": "Casual", "Loungewear": "Lounge",
    }.items(),
)  # fmt: skip
def test_types_map_to_the_vocabulary(vocabulary, written, type):
    assert vocabulary.lookup("Type", written)[0] == type


@pytest.mark.parametrize(
    ("written", "gender"),
    {"F": "Women", "female": "Women", "Ladies": "Women", "M": "Men", "Male": "Men",
     "Unisex": "Unisex", "M/F": "Unisex", "": "Unknown", "Dog": "Unknown"}.items(),
)  # fmt: skip
def test_genders_map_to_the_vocabulary(vocabulary, written, gender):
    assert vocabulary.lookup("Gender", written)[0] == gender


@pytest.mark.parametrize(
    ("written", "size"),
    {"m": "M", "Medium": "M", "Extra Large": "XL", "extra-large": "XL", "42": "Unknown"}.items(),
)
def test_sizes_map_to_the_vocabulary(vocabulary, written, size):
    assert vocabulary.lookup("Size", written)[0] == size


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
def test_says_how_a_value_was_found(vocabulary, written, found):
    assert vocabulary.lookup("Category", written) == found


def test_every_category_fills_a_slot_but_other(vocabulary):
    slots = {name: category.slot for name, category in vocabulary.categories.items()}
    assert {name for name, slot in slots.items() if slot is None} == {"Other"}
    assert set(slots.values()) == {"upper", "lower", "full_body", "outer", "feet", "head", None}


def test_refuses_an_unknown_slot(words):
    wrong = {**words, "categories": {**words["categories"], "Wings": {"slot": "back"}}}
    with pytest.raises(ValidationError, match="slot 'back' is none of upper"):
        Vocabulary.model_validate(wrong)


def test_refuses_a_garment_outside_the_vocabulary(words):
    garment = {**words["garments"]["Hat"], "category": "Crowns"}
    wrong = {**words, "garments": {**words["garments"], "Hat": garment}}
    with pytest.raises(ValidationError, match="garment 'Hat': Category 'Crowns'"):
        Vocabulary.model_validate(wrong)


def test_the_schema_has_the_recipes_fields_and_no_others():
    assert list(Label.model_fields) == [
        "Title", "Size", "Category", "Gender", "Type", "Description"
    ]  # fmt: skip
    assert Label.model_json_schema()["additionalProperties"] is False
