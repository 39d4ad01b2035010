import numpy as np

from lookbook.distillation.alignment import align, rank_own_pictures
from lookbook.distillation.params import AlignParams

PARAMS = AlignParams(
    epochs=40, batch_size=32, learning_rate=1e-2, text_learning_rate=1e-3, dropout=0.1,
    likely_dropout=0.1, seed=0,
)  # fmt: skip


def test_texts_find_pictures_that_were_never_shown():
    rng = np.random.default_rng(0)
    meaning = rng.normal(size=(300, 6)).astype(np.float32)
    features = meaning @ rng.normal(size=(6, 40)).astype(np.float32) + 5
    likely = np.abs(meaning[:, :3])
    texts = meaning @ rng.normal(size=(6, 12)).astype(np.float32)
    texts /= np.linalg.norm(texts, axis=1, keepdims=True)
    layers = align(features[:200], likely[:200], texts[:200], PARAMS)
    pictures = layers.pictures(features[200:], likely[200:])
    ranks = rank_own_pictures(pictures, layers.texts(texts[200:]), np.arange(100))
    assert (ranks <= 10).mean() > 0.9


def test_ranks_count_from_one():
    pictures = np.eye(3, dtype=np.float32)
    texts = np.array([[1, 0, 0], [0.9, 0.5, 0.1]], np.float32)
    assert rank_own_pictures(pictures, texts, np.array([0, 2])).tolist() == [1, 3]
