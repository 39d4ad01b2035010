import numpy as np
import pyarrow as pa
import pytest
from kedro.io import DatasetError, Version

from lookbook.datasets.lance_db_dataset import LanceDBDataset
from lookbook.errors import InputError


def rows(names, text="a blue shirt", dimensions=4):
    vectors = np.eye(dimensions, dtype=np.float32)[np.arange(len(names)) % dimensions]
    return pa.table(
        {
            "Filename": list(names),
            "Category": ["Tops"] * len(names),
            "Description": [f"{text} {name}" for name in names],
            "fingerprint": [f"{text} {name}" for name in names],
            "vector": pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), dimensions),
        }
    )


@pytest.fixture
def dataset(tmp_path):
    def make(load=None, save=None, **options):
        return LanceDBDataset(
            filepath=str(tmp_path / "lancedb"),
            key="Filename",
            full_text=["Description"],
            scalar=["Category"],
            version=Version(load, save),
            **options,
        )

    return make


def names(table):
    return sorted(table.search().limit(None).to_arrow()["Filename"].to_pylist())


def test_upserts_and_deletes(dataset):
    dataset(save="v1").save({"minilm": rows(["a", "b", "c"])})
    dataset(save="v2").save({"minilm": rows(["b", "c", "d"], text="a red dress")})
    table = dataset().load()["minilm"]
    assert names(table) == ["b", "c", "d"]
    assert "red dress" in table.search().where("Filename = 'b'").to_list()[0]["Description"]


def test_old_versions_stay_loadable(dataset):
    dataset(save="v1").save({"minilm": rows(["a"])})
    dataset(save="v2").save({"minilm": rows(["b"])})
    assert names(dataset(load="v1").load()["minilm"]) == ["a"]
    assert dataset().list_versions(full_path=False) == ["v2", "v1"]


def test_finds_by_vector_by_text_and_by_filter(dataset):
    dataset(save="v1").save({"minilm": rows(["alpha", "beta", "gamma", "delta"])})
    table = dataset().load()["minilm"]
    assert table.search(np.eye(4)[1]).limit(1).to_list()[0]["Filename"] == "beta"
    assert table.search("gamma", query_type="fts").limit(1).to_list()[0]["Filename"] == "gamma"
    assert table.search().where("Category = 'Shoes'").to_list() == []


def test_text_search_sees_rows_that_came_later(dataset):
    dataset(save="v1").save({"minilm": rows(["alpha"])})
    dataset(save="v2").save({"minilm": rows(["alpha", "omega"])})
    found = dataset().load()["minilm"].search("omega", query_type="fts").limit(5).to_list()
    assert [row["Filename"] for row in found] == ["omega"]


def test_builds_an_approximate_index_past_the_set_size(dataset):
    many = [f"item{number}" for number in range(600)]
    dataset(save="v1", ann_from_rows=601).save({"minilm": rows(many)})
    assert not any("vector" in index.columns for index in dataset().load()["minilm"].list_indices())
    dataset(save="v2", ann_from_rows=600).save({"minilm": rows(many)})
    assert any("vector" in index.columns for index in dataset().load()["minilm"].list_indices())


def test_another_embedding_model_replaces_the_table_and_keeps_its_past(dataset):
    dataset(save="v1").save({"minilm": rows(["a"], dimensions=4)})
    dataset(save="v2").save({"minilm": rows(["a"], dimensions=8)})
    assert dataset().load()["minilm"].schema.field("vector").type.list_size == 8
    assert dataset(load="v1").load()["minilm"].schema.field("vector").type.list_size == 4


def test_an_optional_database_that_is_not_there_has_no_tables(dataset):
    assert dataset(optional=True).load() == {}
    assert not dataset().exists()


def test_says_how_to_get_a_missing_table(dataset):
    with pytest.raises(DatasetError) as caught:
        dataset().load()
    assert isinstance(caught.value.__cause__, InputError)
    assert "kedro run --pipelines=index" in str(caught.value.__cause__)


def test_a_save_that_was_not_tagged_is_not_seen(dataset):
    import lancedb

    dataset(save="v1").save({"minilm": rows(["a"])})
    lancedb.connect(str(dataset()._filepath)).open_table("minilm").add(rows(["torn"]))
    assert names(dataset().load()["minilm"]) == ["a"]


def test_a_version_has_the_tables_that_were_saved_with_it(dataset):
    dataset(save="v1").save({"minilm": rows(["a"])})
    dataset(save="v2").save({"minilm": rows(["a"]), "bge": rows(["a", "b"], dimensions=8)})
    dataset(save="v3").save({"bge": rows(["b"], dimensions=8)})
    assert set(dataset(load="v1").load()) == {"minilm"}
    assert set(dataset(load="v2").load()) == {"minilm", "bge"}
    assert {name: names(table) for name, table in dataset().load().items()} == {"bge": ["b"]}
