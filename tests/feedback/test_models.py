"""Scores and their derivatives."""

import numpy as np
import pytest

from feedback_simulation import simulate
from lookbook.feedback.answers import read_lists
from lookbook.feedback.models import PairModel, WeightModel, ranked_by_pairs, ranked_by_weights
from lookbook.search.ranking import FusionWeights

WEIGHTS = FusionWeights(
    text=0.5, image_in_text_space=1.0, image=0.0, bm25=0.01, attributes=0.1,
    attributes_when_vague=0.5,
)  # fmt: skip


@pytest.fixture(scope="module")
def lists():
    return read_lists(simulate(60, WEIGHTS, WEIGHTS, {}), 90)


def test_scores_are_those_of_the_search(lists):
    searches = [one for one in lists if ranked_by_weights(one)]
    model = WeightModel(searches, WEIGHTS)
    rows = [item.row for one in searches for item in one.items]
    expected = [
        sum(
            WEIGHTS.by_component(row["text_confidence"])[name] * score
            for name, score in row["components"].items()
        )
        for row in rows
    ]
    assert model.scores(np.zeros(model.size)) == pytest.approx(expected)


def test_weights_become_parameters_and_back_and_one_that_is_off_stays_off(lists):
    model = WeightModel([one for one in lists if ranked_by_weights(one)], WEIGHTS)
    other = WEIGHTS.model_copy(update={"text": 2.0, "attributes": 0.05})
    assert model.weights(model.params(other)).model_dump() == pytest.approx(other.model_dump())
    assert model.weights(np.ones(model.size)).image == 0.0


@pytest.mark.parametrize("kind", ["weights", "pairs"])
def test_derivatives_agree_with_differences(lists, kind):
    if kind == "weights":
        model = WeightModel([one for one in lists if ranked_by_weights(one)], WEIGHTS)
    else:
        model = PairModel([one for one in lists if ranked_by_pairs(one)])
    generator = np.random.default_rng(0)
    params = generator.normal(0, 0.5, model.size)
    by_score = generator.normal(size=len(model.scores(params)))
    numeric = [
        by_score @ (model.scores(params + step) - model.scores(params - step)) / 2e-6
        for step in np.eye(model.size) * 1e-6
    ]
    assert model.gradient(params, by_score) == pytest.approx(numeric, rel=1e-4, abs=1e-6)


def test_pairs_add_to_the_score_of_the_search(lists):
    model = PairModel([one for one in lists if ranked_by_pairs(one)])
    preferences = {"Colours": {"red": {"blue": 1.5}, "black": {"mauve": 9.0}}}
    params = model.params(preferences)
    assert model.preferences(params) == {"Colours": {"red": {"blue": 1.5}}}
    items = [(o.row["start"], i.row) for o in lists if ranked_by_pairs(o) for i in o.items]
    for (start, row), score in zip(items, model.scores(params), strict=True):
        is_pair = (start["Colours"], row["values"]["Colours"]) == (["red"], ["blue"])
        assert score == pytest.approx(row["components"]["required"] + 1.5 * is_pair)
