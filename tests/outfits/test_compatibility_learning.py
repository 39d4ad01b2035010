import numpy as np
import pytest

from lookbook.outfits import compatibility_learning
from lookbook.outfits.compatibility import CompatibilityModel
from lookbook.outfits.compatibility_learning import CompatibilityParams
from project import configuration

PARAMS = CompatibilityParams.model_validate(
    {**configuration("parameters_style")["compatibility"], "source": "x", "trees": 20, "folds": 4}
)
NAMES = ["warmth: range", "formality: range", "slots: pieces"]


@pytest.fixture(scope="module")
def rated():
    """Outfits that are liked where they are neither too warm nor too dressy in parts."""
    generator = np.random.default_rng(0)
    features = generator.random((200, 3)).astype(np.float32)
    scores = 5 - 2 * features[:, 0] - 2 * features[:, 1]
    return features, scores, [str(number % 40) for number in range(200)]


@pytest.fixture(scope="module")
def model(rated):
    features, scores, groups = rated
    predicted, _ = compatibility_learning.predict_folds(features, scores, groups, PARAMS)
    calibration = compatibility_learning.calibrate(predicted, scores >= 3)
    learned = compatibility_learning.learn_compatibility(
        features, scores, NAMES, calibration, PARAMS
    )
    return CompatibilityModel.model_validate_json(learned.model_dump_json())


def test_no_group_is_in_two_folds_and_held_out_outfits_are_told_apart(rated):
    features, scores, groups = rated
    predicted, folds = compatibility_learning.predict_folds(features, scores, groups, PARAMS)
    assert len({*zip(groups, folds, strict=True)}) == 40 and set(folds) == {0, 1, 2, 3}
    auc = compatibility_learning.auc_with_interval(predicted, scores >= 3, groups, 100, 0)
    assert 0.9 < auc["low"] < auc["mean"] < auc["high"] <= 1


def test_what_is_liked_is_likely_to_be_acceptable(model):
    good, bad = model.predict(np.array([[0.1, 0.1, 0.5], [0.9, 0.9, 0.5]], np.float32))
    assert good > 0.9 and bad < 0.1


def test_contributions_name_what_carries_an_outfit_and_add_up(model, rated):
    features = np.array([[0.05, 0.6, 0.5]], np.float32)
    _, groups, (points,) = model.explain(features)
    moved = dict(zip(groups, points, strict=True))
    assert moved["warmth"] > 0.2 > abs(moved["slots"])
    leaves = model.predict(features)
    score = (np.log(leaves / (1 - leaves)) - model.intercept) / model.slope
    start = np.mean([tree.value[0] for tree in model.trees])
    assert sum(moved.values()) + start == pytest.approx(float(score[0]), abs=0.01)
    carried = compatibility_learning.group_importances(model, rated[0][:50])
    assert list(carried)[-1] == "slots"


def test_features_that_a_catalogue_lacks_have_their_means(model):
    aligned = model.align(np.array([[7.0, 0.3]], np.float32), ["other: new", "formality: range"])
    assert aligned[0, 1] == pytest.approx(0.3)
    assert aligned[0, [0, 2]] == pytest.approx(np.array(model.means)[[0, 2]], abs=1e-4)


def test_ratings_that_all_agree_teach_their_share_alone():
    features, scores = np.zeros((8, 3), np.float32), np.full(8, 4.0)
    calibration = compatibility_learning.calibrate(scores, scores >= 3)
    learned = compatibility_learning.learn_compatibility(
        features, scores, NAMES, calibration, PARAMS
    )
    assert learned.predict(features) == pytest.approx(np.full(8, 0.98))
    auc = compatibility_learning.auc_with_interval(scores, scores >= 3, list("abcdefgh"), 10, 0)
    assert auc == {"mean": None, "low": None, "high": None}


@pytest.mark.parametrize(
    "change", [{"means": [0.0]}, {"features": ["a"], "means": [0.0]}], ids=["means", "features"]
)
def test_a_damaged_model_is_refused(model, change):
    with pytest.raises(ValueError, match=r"means and features|a tree names"):
        CompatibilityModel.model_validate({**model.model_dump(), **change})
