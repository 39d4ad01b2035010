import numpy as np
import pytest

from lookbook.outfits.children import ChildModel, ChildParams, learn_children
from lookbook.outfits.features import Piece
from outfits import NO_STYLE, judge_of, probabilities

PARAMS = ChildParams(min_examples=10, folds=3, source="a test")


@pytest.fixture(scope="module")
def learned():
    """Children's pictures point one way, adults' the other."""
    generator = np.random.default_rng(0)
    is_for_child = np.arange(120) % 3 == 0
    embeddings = generator.normal(size=(120, 8)) + np.where(is_for_child, 1.5, -1.5)[:, None]
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    groups = [str(number % 12) for number in range(120)]
    model = learn_children(embeddings, is_for_child, groups, "network", PARAMS)
    return model, embeddings, is_for_child


def test_childrens_pictures_are_told_from_adults(learned):
    model, embeddings, is_for_child = learned
    predicted = model.predict(embeddings)
    assert predicted[is_for_child].min() > 0.5 > predicted[~is_for_child].max()
    assert model.auc > 0.9 and model.photos == 120
    assert ChildModel.model_validate_json(model.model_dump_json()) == model


def test_too_few_photos_of_either_kind_teach_nothing():
    few = np.arange(30) < 5
    assert learn_children(np.eye(30), few, list("x" * 30), "network", PARAMS) is None


def test_a_model_is_used_only_on_the_embeddings_that_it_knows(schema, learned):
    model, embeddings, is_for_child = learned
    child = embeddings[is_for_child][0].astype(np.float32)
    adult = embeddings[~is_for_child][0].astype(np.float32)
    judge = judge_of(schema, NO_STYLE.model_copy(update={"children": model}))
    pieces = [Piece(probabilities("shirt"), child), Piece(probabilities("jeans"), adult)]
    known = judge.for_images("network").pieces(pieces)
    assert known.recipient_conflicts[0, 1] > 0.5
    assert np.isnan(judge.for_images("another").pieces(pieces).for_children).all()
    assert judge.pieces(pieces).recipient_conflicts[0, 1] == 0


def test_the_shops_word_outranks_the_picture(schema, learned):
    model, embeddings, is_for_child = learned
    child = embeddings[is_for_child][0].astype(np.float32)
    judge = judge_of(schema, NO_STYLE.model_copy(update={"children": model})).for_images("network")
    (told,) = judge.pieces([Piece(probabilities("shirt"), child, False)]).for_children
    assert told == 0
