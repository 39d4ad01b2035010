import json

import pytest

from lookbook.captioners.appearance import Appearance
from lookbook.captioners.embedded import compose_label
from lookbook.datasets.embedded_captioner_dataset import EmbeddedCaptionerDataset
from lookbook.parsing import parse_caption
from lookbook.photos import Photo
from lookbook.pipelines.clean.nodes import strip_title
from lookbook.vocabulary import Label
from project import jpeg


def photos(*contents):
    return [Photo(str(number), lambda data=data: data) for number, data in enumerate(contents)]


def test_captions_are_labels_that_need_no_repair(captioner, prompt):
    (caption,) = captioner.caption(photos(jpeg()), prompt)
    label = Label.model_validate_json(caption.text)
    assert parse_caption(caption.text).repair == "json"
    assert (label.Size, parse_caption(caption.text).fields["Title"]) == ("Unknown", label.Title)


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
def test_names_drawn_garments_and_their_colour(captioner, prompt, vocabulary, label):
    captions = list(
        captioner.caption(photos(*[jpeg(label, "red", seed=seed) for seed in range(5)]), prompt)
    )
    labels = [json.loads(caption.text) for caption in captions]
    category = vocabulary.garment(label).category
    assert sum(one["Category"] == category for one in labels) >= 4
    assert all("red" in one["Description"] for one in labels)


def test_a_description_does_not_open_with_its_title(vocabulary):
    for garment in vocabulary.garments.values():
        label = compose_label(garment, Appearance(("navy", "white"), "striped"))
        assert strip_title(label.Title, label.Description) == label.Description
        assert "navy and white" in label.Description


def test_what_was_not_seen_is_not_said(vocabulary):
    label = compose_label(vocabulary.garment("Hat"), Appearance((), None))
    assert (label.Title, label.Gender) == ("Hat", "Unknown")
    assert "pattern" not in label.Description


def test_tells_of_a_network_whose_labels_the_vocabulary_lacks(words):
    garments = {name: value for name, value in words["garments"].items() if name != "Hat"}
    with pytest.raises(Exception, match="garments lack 'Hat'"):
        EmbeddedCaptionerDataset(vocabulary={**words, "garments": garments}).load()
