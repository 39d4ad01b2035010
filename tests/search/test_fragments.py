"""Workers write a table as one process would, also where rows change and leave."""

import shutil
from pathlib import Path

import lancedb
import numpy as np
import pyarrow as pa
import pytest

from given_rows import GivenRows
from lookbook.datasets.parquet_dataset import ParquetDataset
from lookbook.errors import InputError
from lookbook.pools import LocalPool, RayPool
from lookbook.search.fragments import write_on_workers, write_part
from lookbook.search.tables import write_table

pytest.importorskip("lance_ray", reason="lance-ray is not installed: the extra 'cluster'")


def rows_of(names, suffix="", size=8):
    """Rows as an index has them."""
    numbers = [int(name) for name in names]
    vectors = np.random.default_rng(0).normal(size=(10_000, size)).astype("f4")[numbers]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    flat = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), size)
    colours = pa.array([["red", "blue"][: 1 + number % 2] for number in numbers])
    fields = [
        pa.field("photo_id", pa.string()),
        pa.field("Title", pa.string(), metadata={"kind": "text"}),
        pa.field("Category", pa.string(), metadata={"kind": "single"}),
        pa.field("Colours", pa.list_(pa.string()), metadata={"kind": "multi"}),
        pa.field("words", pa.string()),
        pa.field("fingerprint", pa.string()),
        pa.field("text_embedding", flat.type),
    ]
    return pa.table(
        [
            names,
            [f"Cotton shirt number {name}{suffix}" for name in names],
            [["Tops", "Shoes"][number % 2] for number in numbers],
            colours,
            [f"cotton shirt number {name}{suffix}" for name in names],
            [f"{name}{suffix}" for name in names],
            flat,
        ],
        pa.schema(fields),
    )


def ids(start, stop):
    return [f"{number:05d}" for number in range(start, stop)]


@pytest.fixture
def databases(tmp_path, cluster):
    return lancedb.connect(str(tmp_path / "here")), lancedb.connect(str(tmp_path / "workers"))


def write_both(databases, table, part=16, ann_from_rows=100_000, **options):
    """Writes rows by one process and by workers; gives both tables."""
    here, workers = databases
    given = GivenRows(table, part, RayPool(2, cpus_per_worker=0.5))
    return (
        write_table(here, "items", given, ann_from_rows),
        write_on_workers(workers, "items", given, ann_from_rows, **options),
    )


def same(one, other):
    assert one.schema.equals(other.schema, check_metadata=True)
    assert one.to_arrow().sort_by("photo_id").equals(other.to_arrow().sort_by("photo_id"))
    kinds = [{(index.index_type, *index.columns) for index in table.list_indices()}
             for table in (one, other)]  # fmt: skip
    assert kinds[0] == kinds[1] != set()


def test_rows_that_are_new_changed_and_gone_are_as_one_process_leaves_them(databases):
    same(*write_both(databases, rows_of(ids(0, 100))))
    mended = [rows_of(ids(3, 10), ", mended"), rows_of(ids(10, 90)), rows_of(ids(200, 205))]
    here, workers = write_both(databases, pa.concat_tables(mended))
    same(here, workers)
    assert workers.count_rows() == 92
    (found,) = workers.search("mended", query_type="fts").limit(1).to_list()
    assert found["photo_id"] in ids(3, 10)
    indexed = workers.index_stats("words_idx")
    assert (indexed.num_indexed_rows, indexed.num_unindexed_rows) == (92, 0)


def test_what_is_there_is_not_written_again_and_old_versions_stay(databases):
    _, workers = write_both(databases, rows_of(ids(0, 40)))
    workers.tags.create("first", workers.version)
    before = set(fragments_of(workers))
    _, workers = write_both(databases, rows_of(ids(0, 40)))
    assert set(fragments_of(workers)) == before
    _, workers = write_both(databases, rows_of(ids(0, 39)))
    assert workers.count_rows() == 39
    workers.checkout("first")
    assert workers.count_rows() == 40


def test_other_columns_replace_the_table(databases):
    write_both(databases, rows_of(ids(0, 20)))
    here, workers = write_both(databases, rows_of(ids(0, 30), size=16))
    same(here, workers)
    assert workers.schema.field("text_embedding").type.list_size == 16


def test_a_table_of_several_fragments_is_indexed_by_several_workers(databases):
    table = rows_of(ids(0, 2000))
    here, workers = write_both(databases, table, part=500, ann_from_rows=1000, rows_a_fragment=1000)
    same(here, workers)
    assert len(fragments_of(workers)) == 2
    best = [one.search("01234", query_type="fts").to_list() for one in (here, workers)]
    assert [[item["photo_id"] for item in found] for found in best] == [["01234"]] * 2
    vector = table["text_embedding"][77].as_py()
    found = workers.search(vector, vector_column_name="text_embedding").limit(1).to_list()
    assert found[0]["photo_id"] == "00077"


class Elsewhere(LocalPool):
    """Workers whose disk is not the run's."""

    def map(self, function, batches):
        made = list(super().map(function, batches))
        shutil.rmtree(Path(function.keywords["address"]) / "data")
        yield from made


def test_workers_that_write_to_a_disk_of_their_own_are_told(databases):
    rows = GivenRows(rows_of(ids(0, 20)), pool=Elsewhere(2))
    with pytest.raises(InputError, match="to a disk of its own"):
        write_on_workers(databases[1], "items", rows, 1000)


def test_workers_that_do_not_find_what_rows_are_made_of_are_told(tmp_path):
    gone = ParquetDataset(filepath=str(tmp_path / "gone.parquet"))
    with pytest.raises(InputError, match=r"does not find .*gone.*All machines must share"):
        write_part(gone, ParquetDataset.load, str(tmp_path), "append")


def fragments_of(table):
    return [fragment.fragment_id for fragment in table.to_lance().get_fragments()]
