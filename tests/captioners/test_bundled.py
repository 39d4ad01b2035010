import json
import re

import pytest
import yaml

from lookbook.attributes.cleaning import clean_answer
from lookbook.attributes.decoding import Head
from lookbook.attributes.record import is_valid
from lookbook.attributes.schema import Schema, parse_schema
from lookbook.captioners import Prompt
from lookbook.captioners.bundled import BundledCaptioner
from lookbook.captioners.network import heads_to_metadata, open_network
from lookbook.errors import InputError
from lookbook.photos.photo import Photo
from project import ROOT, declared_fields, jpeg
from tiny_models import save_network


def photos(*contents):
    return [Photo(str(number), lambda data=data: data) for number, data in enumerate(contents)]


def test_captions_are_labels_that_need_no_repair(captioner, prompt):
    (caption,) = captioner.caption(photos(jpeg("Shirt", "blue", "striped")), prompt)
    assert is_valid(caption.text, prompt.attributes)
    record = json.loads(caption.text)
    assert list(record) == prompt.attributes.names
    assert (record["Size"], record["Pattern"], record["Colours"][0]) == (
        "Unknown", "striped", "blue"
    )  # fmt: skip
    cleaned = clean_answer(caption.text, prompt.attributes)
    assert cleaned.record == {**record, "Description": cleaned.record["Description"]}


def test_says_the_recipes_fields_alone_where_no_more_are_declared(captioner, prompt):
    recipe = Schema.model_validate(declared_fields(details=False))
    (caption,) = captioner.caption(
        photos(jpeg("Shirt", "blue", "striped")), prompt.model_copy(update={"attributes": recipe})
    )
    record = json.loads(caption.text)
    assert list(record) == ["Title", "Size", "Gender", "Description", "Category", "Type"]
    assert "striped shirt in blue" in record["Description"].lower()
    assert is_valid(caption.text, recipe)


def test_recipes_schema_and_prompt_are_ready_for_use(captioner):
    declared = yaml.safe_load((ROOT / "conf/recipe/schema.yml").read_text())["schema"]
    recipe = parse_schema(declared, "schema.yml")
    question = (ROOT / "conf/base/prompts/trial/recipe.txt").read_text()
    prompt = Prompt.compose("", question, recipe)
    assert {"Jeans", "Footwear"} <= recipe.singles["Category"].values.keys()
    named = {value for attribute in recipe.categorical.values() for value in attribute.values}
    assert all(re.search(rf"\b{value}\b", question) for value in named - {"Other"})
    # The network was taught other names for the same values.
    (caption,) = captioner.caption(photos(jpeg("Dress", "red")), prompt)
    record = json.loads(caption.text)
    assert is_valid(caption.text, recipe)
    assert (record["Category"], record["Gender"]) == ("Skirts", "F")
    assert "red" in record["Title"].lower()
    assert sum(caption.probabilities["Category"].values()) == pytest.approx(1, abs=0.02)


def test_tells_how_likely_each_value_is(captioner, prompt):
    (caption,) = captioner.caption(photos(jpeg("Dress", "red")), prompt)
    likely = caption.probabilities
    assert set(likely) <= set(prompt.attributes.categorical)
    assert max(likely["Category"], key=likely["Category"].get) == "Dresses"
    assert sum(likely["Category"].values()) == pytest.approx(1, abs=0.02)


def test_a_file_that_vanished_is_a_failure(captioner, prompt):
    def read():
        raise FileNotFoundError("gone.jpg")

    (caption,) = captioner.caption([Photo("a", read)], prompt)
    assert caption.failure == "gone.jpg"


def test_reads_no_more_photos_than_two_batches_ahead(captioner, prompt):
    taken = 0

    def stream():
        nonlocal taken
        for photo in photos(*[jpeg()] * 40):
            taken += 1
            yield photo

    next(captioner.caption(stream(), prompt))
    assert taken <= 2 * 4


DRAWN = ["T-Shirt", "Dress", "Pants", "Shoes", "Hat", "Shorts", "Skirt"]


@pytest.fixture(scope="module")
def drawn(captioner, prompt):
    """What is said of five red drawings of each label."""
    return {
        label: [
            json.loads(caption.text)
            for caption in captioner.caption(
                photos(*[jpeg(label, "red", seed=seed) for seed in range(5)]), prompt
            )
        ]
        for label in DRAWN
    }


@pytest.mark.parametrize("label", DRAWN)
def test_names_drawn_garments(drawn, schema, label):
    category, _ = schema.singles["Category"].lookup(label)
    assert sum(one["Category"] == category for one in drawn[label]) >= 4


def test_names_their_colour(drawn):
    told = [one["Colours"] == ["red"] for captions in drawn.values() for one in captions]
    assert sum(told) > 0.7 * len(told)


def test_tells_of_a_network_that_was_taught_other_fields(prompt, tmp_path):
    rooms = [Head(name="Room", kind="multi", values=["kitchen"])]
    other = save_network(tmp_path / "rooms.onnx", **heads_to_metadata(rooms))
    with pytest.raises(
        InputError, match=r"rooms.onnx' knows Room, and schema.yml declares none of these\. Train"
    ):
        list(BundledCaptioner(other).caption(photos(jpeg()), prompt))


@pytest.mark.parametrize(
    ("head", "told"),
    [
        (
            Head(name="Category", kind="single", values=["sofa"]),
            "Category with values such as 'sofa'",
        ),
        (Head(name="Colours", kind="single", values=["red"]), "Colours with the kind 'single'"),
    ],
)
def test_tells_of_a_network_that_was_taught_other_values(prompt, tmp_path, head, told):
    other = save_network(tmp_path / "other.onnx", **heads_to_metadata([head]))
    with pytest.raises(InputError, match=f"{told}, unlike schema.yml.*distil"):
        list(BundledCaptioner(other).caption(photos(jpeg()), prompt))


def test_tells_of_a_network_that_says_nothing_of_itself(prompt, tmp_path):
    import onnx

    path = save_network(tmp_path / "bare.onnx")
    model = onnx.load(path)
    del model.metadata_props[:]
    onnx.save(model, path)
    with pytest.raises(InputError, match="The 'distil' pipeline did not make it"):
        list(BundledCaptioner(path).caption(photos(jpeg()), prompt))


def test_tells_of_a_network_that_is_not_there(prompt):
    with pytest.raises(InputError, match=r"network 'nowhere\.onnx' does not exist"):
        BundledCaptioner(filepath="nowhere.onnx").fingerprint(prompt)


def test_a_network_is_opened_once_however_its_arguments_are_passed():
    assert open_network() is open_network(None) is open_network(None, 2) is open_network(threads=2)
