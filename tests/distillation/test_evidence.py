import numpy as np
import pytest
import torch

from lookbook.attributes.decoding import Head
from lookbook.distillation.evidence import decide_across_folds, decide_label, fit_evidence
from lookbook.distillation.network import DecidedLabel

HEADS = [
    Head(name="Colours", kind="multi", values=["red", "blue"]),
    Head(name="label", kind="single", values=["Shirt", "Polo", "Skirt"]),
    Head(name="Neckline", kind="single", values=["collar", "none"]),
    Head(name="Size", kind="single", values=["S", "L"]),
]
LABEL, NECKLINE = slice(2, 5), slice(5, 7)


@pytest.fixture(scope="module")
def photos():
    """Photos whose label is seen badly, and whose neckline, which tells most of it, well."""
    rng = np.random.default_rng(0)
    label = rng.integers(3, size=900)
    neckline = np.where(label == 0, 0, 1)
    size = rng.integers(2, size=900)
    known = [np.eye(3)[label], np.eye(2)[neckline], np.eye(2)[size]]
    targets = np.concatenate([np.zeros((900, 2)), *known], axis=1).astype(np.float32)
    logits = rng.normal(size=targets.shape)
    logits[:, LABEL] += targets[:, LABEL]
    logits[:, NECKLINE] += 4 * targets[:, NECKLINE]
    return logits, targets, np.arange(900) % 4


def right(logits, targets):
    return (logits[:, LABEL].argmax(axis=1) == targets[:, LABEL].argmax(axis=1)).mean()


def test_what_other_heads_see_speaks_for_a_label(photos):
    logits, targets, folds = photos
    decided = decide_across_folds(logits, targets, folds, HEADS)
    assert right(decided, targets) > right(logits, targets) + 0.1
    others = np.delete(np.arange(logits.shape[1]), np.arange(2, 5))
    assert np.array_equal(decided[:, others], logits[:, others])


def test_a_head_that_says_nothing_of_the_label_is_left_alone(photos):
    evidence = fit_evidence(*photos, HEADS)
    assert set(evidence.weights) == {"Neckline", "Size"}
    assert evidence.weights["Neckline"] > 0.3
    assert evidence.weights["Size"] < 0.05


def test_photos_without_a_label_teach_nothing_and_are_decided_all_the_same(photos):
    logits, targets, folds = photos
    unlabelled = targets.copy()
    unlabelled[:, LABEL] = 0
    assert fit_evidence(logits, unlabelled, folds, HEADS) is None
    assert np.array_equal(decide_across_folds(logits, unlabelled, folds, HEADS), logits)
    half = targets.copy()
    half[::2, LABEL] = 0
    decided = decide_across_folds(logits, half, folds, HEADS)
    assert right(decided[::2], targets[::2]) > right(logits[::2], targets[::2])


def test_a_network_decides_as_was_measured(photos):
    logits, targets, folds = photos
    evidence = fit_evidence(logits, targets, folds, HEADS)
    decided = DecidedLabel(HEADS, evidence)(torch.tensor(logits, dtype=torch.float32))
    expected = decide_label(logits, HEADS, evidence)
    assert decided.detach().numpy() == pytest.approx(expected, abs=1e-4)
