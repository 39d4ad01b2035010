import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookbook.search.bm25 import BM25Index, stems


def index(texts):
    return BM25Index([stems(text) for text in texts])


TEXTS = ["a navy cotton shirt", "navy navy dresses with pockets", "Blue JEANS", ""]


def test_the_rarer_a_shared_word_the_higher_the_score():
    scores = index(TEXTS).score(["navy", "jean"])
    assert scores.argmax() == 2
    assert scores[3] == 0
    assert scores[1] > 0 < scores[0]


def test_bm25_is_what_the_formula_gives():
    scores = index(["red hat", "red red coat", "blue"]).score(["red"])
    rarity = np.log(1 + (3 - 2 + 0.5) / (2 + 0.5))
    expected = [
        rarity * count * 2.2 / (count + 1.2 * (0.25 + 0.75 * length / 2))
        for count, length in ((1, 2), (2, 3))
    ]
    assert scores.tolist() == pytest.approx([*expected, 0])


def test_plural_and_singular_are_one_word():
    assert stems("Dresses, trousers; berries and boxes") == [
        "dress", "trouser", "berry", "and", "box"
    ]  # fmt: skip
    assert stems("a dress, a lens, a bus") == ["a", "dress", "a", "len", "a", "bus"]


@given(st.lists(st.text()), st.text())
def test_any_texts_have_scores(texts, asked):
    scores = index(texts).score(stems(asked))
    assert scores.shape == (len(texts),)
    assert (scores >= 0).all()
