import pytest
import yaml

from lookbook.attributes.schema import Schema
from lookbook.errors import InputError
from lookbook.understanding.mentions import MentionFinder, phrase_key
from lookbook.understanding.vocabulary import AMBIGUOUS, read_vocabulary, value_in, words_of
from project import ROOT

FURNITURE = ROOT / "tests/end_to_end/furniture/schema.yml"
RECIPE = ROOT / "conf/recipe/schema.yml"


def read_schema(path):
    return Schema.model_validate(yaml.safe_load(path.read_text())["schema"])


@pytest.fixture(scope="module")
def shipped():
    return read_vocabulary(str(ROOT / "conf/base/vocabulary.csv"))


@pytest.fixture(scope="module")
def finder(shipped):
    return MentionFinder(shipped, frozenset())


@pytest.fixture
def read(tmp_path):
    def read(*rows):
        path = tmp_path / "vocabulary.csv"
        path.write_text("\n".join(["language,means,phrases", *rows]))
        return read_vocabulary(str(path))

    return read


def test_a_phrase_means_values_of_several_attributes(read):
    assert read("en,Garment: dress; Colours: black / navy,LBD | Little-Black dress") == {
        phrase: {("Garment", "dress"), ("Colours", "black"), ("Colours", "navy")}
        for phrase in ("lbd", "little black dress")
    }


def test_a_phrase_of_several_rows_means_what_each_of_them_says(read):
    rows = ["en,Garment: waistcoat,vest", "fr,Garment: jacket,veste | vest | "]
    assert read(*rows)["vest"] == {("Garment", "waistcoat"), ("Garment", "jacket")}


@pytest.mark.parametrize("means", ["dress", "Garment:", "", "Garment: ; Colours:"])
def test_a_row_without_a_value_is_rejected_with_its_line(read, means):
    with pytest.raises(InputError, match=r"vocabulary\.csv, line 3: .* names no value"):
        read("en,Garment: dress,dress", f"en,{means},frock")


def test_the_shipped_rows_name_values_of_the_schema(shipped, schema):
    values = frozenset().union(*shipped.values())
    unknown = {value for value in values if value_in(schema, value) is None}
    # Shops with clothes for children declare it; the network knows it, and what is no garment.
    assert unknown == {("Gender", "Kids"), ("Garment", "other")}


@pytest.mark.parametrize(
    ("phrase", "value"),
    [
        ("red dress", "dress"), ("rotes Kleid", "dress"), ("robe rouge", "dress"),
        ("vestido rojo", "dress"), ("Turnschuhe", "sneakers"), ("baskets", "sneakers"),
        ("zapatillas", "sneakers"), ("jumper", "sweater"),
    ],
)  # fmt: skip
def test_the_shipped_words_are_of_four_languages(finder, phrase, value):
    mentions = finder.find(phrase)
    assert ("Garment", value) in {named for one in mentions for named in one.values}


def test_words_of_a_schema_are_added_to_a_vocabulary(schema):
    words = words_of(schema, {"frock": frozenset({("Garment", "dress")})})
    assert words["frock"] == words["gown"] == {("Garment", "dress")}
    assert words["powder blue"] == {("Colours", "light blue")}


def test_a_word_for_a_category_means_its_garments(schema):
    words = words_of(schema, {})
    assert {("Garment", "sneakers"), ("Garment", "heels")} <= words["shoes"]
    assert "Category" not in {name for name, _ in words["shoes"]}


def test_a_vocabulary_tells_what_a_word_means_and_how_values_are_spelt(schema):
    words = words_of(schema, {"pants": frozenset({("Garment", "t shirt")})})
    assert words["pants"] == {("Garment", "t shirt")}
    assert words["tee"] == {("Garment", "t shirt")}


def test_ambiguous_words_and_defaults_name_nothing(schema):
    words = words_of(schema, {})
    assert not AMBIGUOUS & set(words)
    assert not {"unknown", "other", "accessory"} & set(words)


def test_a_furniture_shop_has_its_own_words(shipped):
    words = words_of(read_schema(FURNITURE), shipped)
    assert words["couch"] == words["sofa"] == {("Category", "sofa")}
    assert words["oak"] == {("Material", "oak")}
    assert ("Colours", "white") in words[phrase_key("weiß")]


def test_a_value_that_is_declared_in_plural_has_a_singular(schema):
    words = words_of(schema, {})
    assert (
        words["hat"] == words["hats"] == {("Garment", one) for one in ("beanie", "brim hat", "cap")}
    )
    assert ("Garment", "sneakers") in words["shoe"]


def test_a_word_counts_where_a_schema_has_none_of_a_vocabularys_meanings(shipped):
    assert "Category" not in {name for name, _ in shipped["hat"]}
    assert ("Category", "Tops") in words_of(read_schema(RECIPE), shipped)["hat"]


@pytest.mark.parametrize(
    ("value", "own"),
    [
        (("Garment", "sneakers"), ("Category", "Shoes")),
        (("Garment", "boots"), ("Category", "Shoes")),
        (("Garment", "t shirt"), ("Category", "T-Shirt")),
        (("Gender", "Women"), ("Gender", "F")),
        (("Colours", "red"), None),
        (("Garment", "no such"), None),
    ],
)
def test_the_recipes_schema_has_other_names_for_values(value, own):
    assert value_in(read_schema(RECIPE), value) == own


def test_a_value_is_the_attributes_own_before_others_and_never_a_default(schema):
    assert value_in(schema, ("Garment", "T-Shirt")) == ("Garment", "T-shirt")
    assert value_in(schema, ("Material", "denim")) == ("Material", "denim")
    assert value_in(schema, ("Pattern", "unknown")) is None
    assert value_in(read_schema(FURNITURE), ("Colours", "white")) == ("Colours", "white")
    assert value_in(read_schema(FURNITURE), ("Garment", "dress")) is None
