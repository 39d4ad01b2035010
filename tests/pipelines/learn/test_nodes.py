"""A shop whose truth is known: `learn` finds it, and finds nothing where there is nothing."""

import numpy as np
import pytest

from feedback_simulation import (
    PARAMS,
    TRUE_PAIRS,
    TRUE_WEIGHTS,
    WEIGHTS,
    pair_matrices,
    simulate,
    weights_error,
)
from lookbook.errors import InputError
from lookbook.feedback.ranking import LearnedRanking
from lookbook.pipelines.learn.nodes import learn_ranking, plot_learning
from lookbook.pipelines.learn.summary import summarise


def figures(report, name):
    part = report["parts"][name]
    return part["ordered_right"], part["mrr"]


@pytest.fixture(scope="module")
def taught():
    log = simulate(10_000, WEIGHTS, TRUE_WEIGHTS, TRUE_PAIRS)
    learned, report = learn_ranking(log, LearnedRanking(), PARAMS)
    return log, LearnedRanking.model_validate(learned), report


def test_what_was_learned_ranks_held_out_days_better(taught):
    _, _, report = taught
    for name in ("weights", "pairs"):
        assert report["parts"][name]["is_adopted"]
        for figure in figures(report, name):
            assert figure["after"]["value"] > figure["before"]["value"] + 0.02
            assert figure["change"]["interval_99"][0] > 0


def test_true_weights_are_found(taught):
    _, learned, _ = taught
    assert weights_error(WEIGHTS) > 1.5
    assert weights_error(learned.weights.values) < 0.5 * weights_error(WEIGHTS)
    assert learned.weights.values.image == pytest.approx(WEIGHTS.image)


def test_true_pair_preferences_are_found(taught):
    _, learned, _ = taught
    found, truth = pair_matrices(learned.pairs.values["Colours"])
    assert np.corrcoef(found.ravel(), truth.ravel())[0, 1] > 0.95
    # Shrunk, and not beyond the truth.
    assert 0.3 < found.std() / truth.std() < 1


def test_what_is_in_use_stays_where_nothing_better_is_found(taught):
    log, learned, _ = taught
    again, report = learn_ranking(log, learned, PARAMS)
    assert LearnedRanking.model_validate(again) == learned
    assert not any(part["is_adopted"] for part in report["parts"].values())
    for name in ("weights", "pairs"):
        change = figures(report, name)[0]["change"]
        assert change["value"] == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_random_clicks_teach_nothing(seed, caplog):
    log = simulate(4000, WEIGHTS, TRUE_WEIGHTS, TRUE_PAIRS, seed, is_noise=True)
    with caplog.at_level("INFO"):
        learned, report = learn_ranking(log, LearnedRanking(), PARAMS)
    assert learned == {"weights": None, "pairs": None}
    for name in ("weights", "pairs"):
        # Also the shown order is no better than chance, though most clicks are at its top.
        before = figures(report, name)[0]["before"]["value"]
        assert before == pytest.approx(0.5, abs=0.1)
        assert f"{name}: not adopted, the former stays" in caplog.text


def test_too_few_answers_end_in_a_sentence_that_counts_them():
    with pytest.raises(InputError) as error:
        learn_ranking(simulate(100, WEIGHTS, WEIGHTS, {}), LearnedRanking(), PARAMS)
    assert "has 100 answers" in str(error.value)
    assert "of 200 needed answers to learn from" in str(error.value)
    empty = simulate(0, WEIGHTS, WEIGHTS, {})
    with pytest.raises(InputError, match="has 0 answers"):
        learn_ranking(empty, LearnedRanking(), PARAMS)


def test_the_report_is_summed_up_and_drawn(taught):
    _, _, report = taught
    said = summarise(report)
    logged, useful, happened = said.came, said.went, said.happened
    assert logged == 10_000 and 3000 < useful < 10_000
    assert happened.startswith("weights: adopted; ") and "; pairs: adopted; " in happened
    bars = plot_learning(report).data
    assert [bar.name for bar in bars] == ["before", "after"]
    assert list(bars[0].x) == ["weights", "pairs"]
