import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score

from lookbook.evaluation.metrics import (
    bootstrap_interval,
    diversity,
    gini,
    ndcg_at,
    precision_at,
    reciprocal_rank,
)

results = st.lists(st.booleans(), min_size=1, max_size=20).map(np.array)


def test_what_is_missing_is_not_precise():
    assert precision_at(np.array([True, True]), 4) == 0.5
    assert precision_at(np.array([], dtype=bool), 4) == 0


@given(relevant=results.filter(lambda one: len(one) > 1))
def test_ndcg_is_that_of_a_library_where_all_results_are_ranked(relevant):
    k = len(relevant)
    order = np.arange(k, 0, -1)
    expected = ndcg_score([relevant.astype(int)], [order]) if relevant.any() else 0
    assert ndcg_at(relevant, k, int(relevant.sum())) == pytest.approx(expected)


def test_ndcg_knows_what_could_have_been_found():
    assert ndcg_at(np.array([True]), 10, 1) == 1
    assert ndcg_at(np.array([True]), 10, 5) < 1
    assert ndcg_at(np.array([], dtype=bool), 10, 0) == 0


def test_the_reciprocal_rank_is_of_the_first_right_result():
    assert reciprocal_rank(np.array([False, False, True, True])) == pytest.approx(1 / 3)
    assert reciprocal_rank(np.array([False])) == 0


def test_equal_results_are_not_diverse():
    assert diversity(np.array([[1.0, 0.0], [1.0, 0.0]])) == pytest.approx(0)
    assert diversity(np.array([[1.0, 0.0], [0.0, 1.0]])) == pytest.approx(1)
    assert diversity(np.empty((0, 2))) == diversity(np.ones((1, 2))) == 0


@given(
    values=st.lists(st.floats(0, 1), min_size=1, max_size=30).map(pd.Series), seed=st.integers(0, 9)
)
def test_an_interval_holds_what_the_mean_can_be_and_repeats(values, seed):
    low, high = bootstrap_interval(values, 50, seed)
    assert values.min() - 1e-4 <= low <= high <= values.max() + 1e-4
    assert [low, high] == bootstrap_interval(values, 50, seed)


def test_photos_of_one_sender_count_together():
    right = pd.Series([1.0] * 50 + [0.0] * 50)
    senders = pd.Series([1] * 50 + [2] * 50)
    low, high = bootstrap_interval(right, 200, 0)
    wide_low, wide_high = bootstrap_interval(right, 200, 0, senders)
    assert wide_high - wide_low > high - low


def test_gini_tells_how_unequally_items_are_shown():
    assert gini(np.array([5, 5, 5]), 3) == pytest.approx(0)
    assert gini(np.array([12]), 4) == pytest.approx(0.75)
    assert gini(np.array([]), 9) == 0
