import numpy as np

from lookbook.distillation.alignment import align, find_looks, rank_own_pictures
from lookbook.distillation.params import AlignParams

PARAMS = AlignParams(
    epochs=40, batch_size=32, learning_rate=1e-2, text_learning_rate=1e-3, dropout=0.1,
    likely_dropout=0.1, word_dropout=0.1, seed=0,
)  # fmt: skip


def test_texts_find_pictures_that_were_never_shown():
    rng = np.random.default_rng(0)
    meaning = rng.normal(size=(300, 6)).astype(np.float32)
    features = meaning @ rng.normal(size=(6, 40)).astype(np.float32) + 5
    likely = np.abs(meaning[:, :3])
    texts = meaning @ rng.normal(size=(6, 12)).astype(np.float32)
    texts /= np.linalg.norm(texts, axis=1, keepdims=True)
    words = ["one word"] * 300
    layers = align(features[:200], likely[:200], words[:200], texts[:200], "model", PARAMS)
    pictures = layers.pictures(features[200:], likely[200:])
    asked = layers.text_projection.project(words[200:], texts[200:])
    ranks = rank_own_pictures(pictures, asked, np.arange(100))
    assert (ranks <= 10).mean() > 0.9


def test_words_tell_what_a_vector_blurs():
    rng = np.random.default_rng(0)
    kinds = rng.integers(8, size=400)
    features = np.eye(8, dtype=np.float32)[kinds] + rng.normal(0, 0.1, (400, 8)).astype(np.float32)
    likely = np.ones((400, 2), np.float32)
    blurred = np.tile(np.float32([1, 0, 0, 0]), (400, 1))
    words = [f"a garment of kind{kind}" for kind in kinds]
    layers = align(features[:300], likely[:300], words[:300], blurred[:300], "model", PARAMS)
    pictures = layers.pictures(features[300:], likely[300:])
    best = (layers.text_projection.project(words[300:], blurred[300:]) @ pictures.T).argmax(axis=1)
    # By chance it would be one of eight.
    assert (kinds[300:][best] == kinds[300:]).mean() > 0.6


def test_looks_keep_the_directions_in_which_pictures_differ():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(50, 2)) @ rng.normal(size=(2, 20)) + 3
    weight, bias = find_looks(features.astype(np.float32), 2)
    found = features @ weight.T + bias
    centred = features - features.mean(axis=0)
    assert np.allclose(np.linalg.norm(found, axis=1), np.linalg.norm(centred, axis=1), atol=1e-3)


def test_ranks_count_from_one():
    pictures = np.eye(3, dtype=np.float32)
    texts = np.array([[1, 0, 0], [0.9, 0.5, 0.1]], np.float32)
    assert rank_own_pictures(pictures, texts, np.array([0, 2])).tolist() == [1, 3]
