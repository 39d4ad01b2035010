"""Ranking on numbers that are checked by hand."""

import numpy as np
import pytest

from lookbook.search.ranking import (
    FusionWeights,
    fuse_scores,
    gumbel_noise,
    hash_ids,
    matched_by,
    text_confidence,
    top_k,
)
from lookbook.search.tables import SimilarityThresholds

WEIGHTS = FusionWeights(
    text=0.1, image_in_text_space=1.0, image=2.0, bm25=0.01, attributes=0.25,
    attributes_when_vague=1.0,
)  # fmt: skip
THRESHOLDS = SimilarityThresholds(on_topic=0.3, vague=0.2, descriptive=0.6)
ALL = np.ones(2, bool)


def test_scores_are_added_up_by_weight():
    components = {"bm25": np.array([1.0, 2.0]), "text_embedding": np.array([0.5, 0.25])}
    fused = fuse_scores(components, {"bm25": 0.1, "text_embedding": 2.0})
    assert fused.tolist() == pytest.approx([1.1, 0.7])


@pytest.mark.parametrize(
    ("nearest", "is_descriptive", "expected"),
    [
        (0.1, True, 1.0), (0.2, True, 1.0), (0.6, True, 0.25), (0.9, True, 0.25),
        (0.4, True, 0.5), # halfway: the geometric mean of 0.25 and 1
        (0.9, False, 1.0),
    ],
)  # fmt: skip
def test_preferences_count_less_the_better_a_text_describes_an_image(
    nearest, is_descriptive, expected
):
    components = {"image_in_text_space": np.array([0.0, nearest]), "bm25": np.zeros(2)}
    weights = WEIGHTS.by_component(text_confidence(components, ALL, is_descriptive, THRESHOLDS))
    assert weights["attribute_log_probs"] == pytest.approx(expected)
    assert weights["required"] == 1.0
    assert (weights["image_in_text_space"], weights["image_embedding"]) == (1.0, 2.0)


def test_items_that_are_filtered_out_do_not_describe_a_text():
    components = {"image_in_text_space": np.array([0.1, 0.9]), "bm25": np.zeros(2)}
    mask = np.array([True, False])
    assert text_confidence(components, mask, True, THRESHOLDS) == 0.0


def test_top_k_orders_allowed_items_and_ties_go_to_the_first():
    scores = np.array([1.0, 3.0, 2.0, 3.0])
    mask = np.array([True, True, False, True])
    assert top_k(scores, mask, list("abcd"), 3) == [1, 3, 0]
    assert top_k(scores, mask, list("abcd"), 1) == [1]
    assert top_k(scores, np.zeros(4, bool), list("abcd"), 3) == []


def test_top_k_returns_the_best_photo_of_each_duplicate_group():
    assert top_k(np.array([1.0, 3.0, 2.0]), np.ones(3, bool), ["a", "a", "c"], 3) == [1, 2]


def test_top_k_looks_further_if_duplicates_crowd_the_first_candidates():
    scores = np.arange(100, 0, -1.0)
    groups = ["same"] * 98 + ["x", "y"]
    assert top_k(scores, np.ones(100, bool), groups, 3) == [0, 98, 99]


def test_a_hit_is_matched_by_the_sides_that_rank_it_high():
    words, picture = np.zeros(20), np.zeros(20)
    words[0], picture[1], words[2], picture[2] = 3.0, 3.0, 2.0, 2.0
    words[3:], picture[3:] = np.linspace(1, 0.5, 17), np.linspace(1, 0.5, 17)
    components = {"bm25": words, "image_embedding": picture}
    weights = {"bm25": 1.0, "image_embedding": 1.0}
    sides = matched_by(components, weights, np.ones(20, bool), [0, 1, 2])
    assert sides == ["words", "picture", "words and picture"]


def test_a_hit_that_no_side_ranks_high_is_matched_by_the_better_side():
    words, picture = np.arange(20, 0, -1.0), np.arange(20, 0, -1.0)
    words[10] = picture[10] = 0.5
    picture[19] = 0.1
    components = {"bm25": words, "image_embedding": picture}
    weights = {"bm25": 1.0, "image_embedding": 1.0}
    assert matched_by(components, weights, np.ones(20, bool), [19]) == ["words"]


def test_a_component_without_weight_matches_nothing():
    components = {"bm25": np.array([1.0]), "image_embedding": np.array([1.0])}
    weights = {"bm25": 0.0, "image_embedding": 1.0}
    assert matched_by(components, weights, np.ones(1, bool), [0]) == ["picture"]


def test_noise_is_standard_gumbel_and_depends_on_seed_and_item_alone():
    hashes = hash_ids([str(number) for number in range(20_000)])
    noise = gumbel_noise(hashes, "a")
    assert np.array_equal(noise, gumbel_noise(hashes, "a"))
    assert np.array_equal(noise[:5], gumbel_noise(hashes[:5], "a"))
    assert not np.array_equal(noise, gumbel_noise(hashes, "b"))
    # Euler's constant, and pi squared over six.
    assert noise.mean() == pytest.approx(0.5772, abs=0.03)
    assert noise.var() == pytest.approx(1.6449, abs=0.1)
