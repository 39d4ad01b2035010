import json

import pytest

from lookbook.captioners.appearance import Appearance
from lookbook.captioners.embedded import EmbeddedCaptioner, Garment, compose_record
from lookbook.errors import InputError
from lookbook.labels.cleaning import strip_title
from lookbook.labels.fields import Fields
from lookbook.labels.record import is_valid
from lookbook.photos.photo import Photo
from project import declared_fields, jpeg


def photos(*contents):
    return [Photo(str(number), lambda data=data: data) for number, data in enumerate(contents)]


def test_captions_are_labels_that_need_no_repair(captioner, prompt):
    (caption,) = captioner.caption(photos(jpeg("Shirt", "blue", "striped")), prompt)
    assert is_valid(caption.text, prompt.fields)
    record = json.loads(caption.text)
    assert list(record) == prompt.fields.names
    assert (record["Size"], record["Pattern"], record["Colours"][0]) == (
        "Unknown", "striped", "blue"
    )  # fmt: skip
    assert (record["Garment"], record["Neckline"]) == ("other", "unknown")


def test_says_the_recipes_fields_alone_where_no_more_are_declared(captioner, prompt):
    recipe = Fields.model_validate(declared_fields(details=False))
    (caption,) = captioner.caption(photos(jpeg()), prompt.model_copy(update={"fields": recipe}))
    assert list(json.loads(caption.text)) == [
        "Title", "Size", "Gender", "Description", "Category", "Type"
    ]  # fmt: skip
    assert is_valid(caption.text, recipe)


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


@pytest.mark.parametrize("label", ["T-Shirt", "Dress", "Pants", "Shoes", "Hat", "Shorts", "Skirt"])
def test_names_drawn_garments_and_their_colour(captioner, prompt, garments, label):
    captions = list(
        captioner.caption(photos(*[jpeg(label, "red", seed=seed) for seed in range(5)]), prompt)
    )
    labels = [json.loads(caption.text) for caption in captions]
    category = garments[label]["says"]["Category"]
    assert sum(one["Category"] == category for one in labels) >= 4
    assert all("red" in one["Description"] for one in labels)


def test_a_description_does_not_open_with_its_title(garments, fields):
    for garment in garments.values():
        seen = Appearance(("navy", "white"), "striped")
        record = compose_record(Garment.model_validate(garment), seen, fields)
        assert strip_title(record, fields) == record
        assert "navy and white" in record["Description"]


def test_what_was_not_seen_is_not_said(garments, fields):
    record = compose_record(Garment.model_validate(garments["Hat"]), Appearance((), None), fields)
    assert (record["Title"], record["Gender"], record["Colours"]) == ("Hat", "Unknown", [])
    assert "pattern" not in record["Description"]


def test_tells_of_a_network_whose_labels_have_no_meaning(garments, prompt):
    few = {name: garment for name, garment in garments.items() if name != "Hat"}
    with pytest.raises(InputError, match="label 'Hat', which 'garments' in"):
        list(EmbeddedCaptioner(few).caption(photos(jpeg()), prompt))


def test_tells_of_a_network_that_is_not_there(garments, prompt):
    with pytest.raises(InputError, match=r"network 'nowhere\.onnx' does not exist"):
        EmbeddedCaptioner(garments, filepath="nowhere.onnx").fingerprint(prompt)
