from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from kedro.io import DatasetError, Version

from lookbook.datasets.csv_dataset import CSVDataset
from lookbook.datasets.partitioned_table_dataset import PartitionedTableDataset
from lookbook.parts import TableParts
from project import configuration

TYPES = configuration("globals")["table_types"]
TABLE = pd.DataFrame(
    {
        "photo_id": [f"{number:064x}" for number in range(40)],
        "file": [f"{40 - number}.jpg" for number in range(40)],
        "kids": [True, None, False, None] * 10,
        "label": ["Hat", "", None, "=1+1"] * 10,
        "width": range(40),
        "answers": [1, None] * 20,
    }
)


def parts(path):
    return {file.name: pd.read_parquet(file) for file in path.rglob("*.parquet") if file.is_file()}


@pytest.fixture
def dataset(tmp_path):
    def make(name="table", dtype=TYPES):
        path = str(tmp_path / f"{name}.parquet")
        return PartitionedTableDataset(filepath=path, partitions=8, dtype=dtype)

    return make


@pytest.mark.parametrize(("dtype", "rows"), [(TYPES, 40), (TYPES, 0), ("str", 40), ("str", 0)])
def test_a_table_is_read_back_as_from_csv(dataset, tmp_path, dtype, rows):
    load_args = {"keep_default_na": False, "na_values": [""], "dtype": dtype}
    plain = CSVDataset(filepath=str(tmp_path / "table.csv"), load_args=load_args)
    for one in (plain, dataset(dtype=dtype)):
        one.save(TABLE.head(rows))
    read = dataset(dtype=dtype).load()
    # Of no rows a CSV file tells no types.
    pd.testing.assert_frame_equal(read, plain.load(), check_dtype=rows > 0)


def test_a_photo_is_in_the_same_part_of_every_table(dataset, tmp_path):
    dataset("one").save(TABLE)
    dataset("other").save(TABLE.sample(frac=0.5, random_state=0).assign(more="x"))
    one, other = (parts(tmp_path / f"{name}.parquet") for name in ("one", "other"))
    assert len(one) == 8
    for name, part in other.items():
        assert set(part["photo_id"]) <= set(one[name]["photo_id"])


@pytest.mark.parametrize("sizes", [(40,), (7, 0, 33), (0, 40), (0,)])
def test_parts_are_written_as_they_are_made(dataset, sizes):
    starts = np.cumsum((0, *sizes))
    made = TableParts(lambda: (TABLE[one:other] for one, other in pairwise(starts)))
    dataset("parts").save(made)
    dataset("whole").save(TABLE[: sum(sizes)])
    read, whole = (dataset(name).load() for name in ("parts", "whole"))
    pd.testing.assert_frame_equal(read, whole, check_dtype=sum(sizes) > 0)


def test_a_table_that_was_cut_off_is_not_seen(tmp_path):
    def make(version=None):
        path = str(tmp_path / "table.parquet")
        return PartitionedTableDataset(filepath=path, partitions=8, version=Version(None, version))

    make("1").save(TABLE)
    with pytest.raises(DatasetError):
        make("2").save(TABLE.assign(more=[1, "x"] * 20))
    assert len(make().load()) == 40


def test_a_table_may_be_on_another_filesystem(dataset):
    remote = PartitionedTableDataset(
        filepath="memory://bucket/table.parquet",
        partitions=8,
        dtype=TYPES,
        version=Version(None, "1"),
    )
    for one in (remote, dataset()):
        one.save(TABLE)
    pd.testing.assert_frame_equal(remote.load(), dataset().load())


def test_the_first_rows_are_shown(dataset):
    dataset().save(TABLE)
    assert dataset().preview(nrows=2)["data"][0][:2] == ["0" * 64, "40.jpg"]
