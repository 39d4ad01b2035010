import numpy as np
import pytest

from lookbook.attributes.decoding import Head
from lookbook.distillation.calibration import (
    NEVER,
    expected_calibration_error,
    find_threshold,
    fit_presence,
    fit_temperature,
)


def test_a_temperature_takes_back_what_made_logits_too_sure():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(4000, 5))
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    truth = np.eye(5)[[rng.choice(5, p=share) for share in shares]]
    assert fit_temperature(3 * logits, truth) == pytest.approx(3, rel=0.1)


def test_a_threshold_is_the_lowest_from_which_on_enough_is_right():
    likely = np.array([0.9, 0.8, 0.7, 0.6, 0.5])
    right = np.array([True, True, False, True, False])
    assert find_threshold(likely, right, 0.75) == 0.6
    assert find_threshold(likely, right, 1.0) == 0.8


def test_answers_that_are_as_likely_as_each_other_are_said_together_or_not_at_all():
    likely = np.array([0.9, 0.9, 0.9])
    assert find_threshold(likely, np.array([True, False, False]), 0.85) == NEVER


def test_nothing_is_said_where_nothing_is_right_often_enough():
    assert find_threshold(np.array([0.9, 0.2]), np.array([False, True]), 0.85) == NEVER


def test_the_calibration_error_is_how_far_probabilities_are_off():
    likely = np.full(100, 0.9)
    right = np.arange(100) < 60
    assert expected_calibration_error(likely, right) == pytest.approx(0.3)
    assert expected_calibration_error(np.full(10, 1.0), np.ones(10, bool)) == 0


def test_a_second_colour_may_be_likely_though_it_is_not_the_main_one():
    rng = np.random.default_rng(0)
    main, second = rng.integers(4, size=2000), rng.integers(4, size=2000)
    truth = np.zeros((2000, 4))
    truth[np.arange(2000), second] = 0.3
    truth[np.arange(2000), main] += 0.7
    logits = np.log(truth + 0.01)
    head = Head(name="Colours", kind="multi", values=list("abcd"))
    slope, offset = fit_presence(head, logits, truth)
    likely = head.model_copy(update={"slope": slope, "offset": offset}).probabilities(logits)
    assert likely[np.arange(2000), second].min() > 0.9
    assert likely[truth == 0].max() < 0.1
