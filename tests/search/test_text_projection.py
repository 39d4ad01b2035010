import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lookbook.search.text_projection import TextProjection, Vocabulary, split_words

TEXTS = ["a navy shirt", "a red shirt", "navy trousers, navy!"]


def side():
    vocabulary = Vocabulary.of(TEXTS, min_texts=2)
    rng = np.random.default_rng(0)
    text, words = rng.normal(size=(3, 4)), rng.normal(size=(3, len(vocabulary.words)))
    return TextProjection(vocabulary, text.astype(np.float32), words.astype(np.float32), "model")


def test_knows_words_that_several_texts_have():
    vocabulary = Vocabulary.of(TEXTS, min_texts=2)
    assert vocabulary.words == ["a", "navy", "shirt"]
    weights = vocabulary.tf_idf(["NAVY navy unheard-of", "nothing known"])
    assert weights.tolist() == [[0, 1, 0], [0, 0, 0]]


def test_comes_back_from_its_file():
    read = TextProjection.from_bytes(side().to_bytes())
    vectors = np.eye(2, 4, dtype=np.float32)
    asked = ["a navy shirt", "boots"]
    assert np.array_equal(read.project(asked, vectors), side().project(asked, vectors))
    assert read.text_model == "model"


@given(st.text())
def test_any_text_has_a_place_of_unit_length(text):
    placed = side().project([text], np.ones((1, 4), np.float32))
    assert np.isclose(np.linalg.norm(placed), 1, atol=1e-4)
    assert all(word == word.casefold() for word in split_words(text))
