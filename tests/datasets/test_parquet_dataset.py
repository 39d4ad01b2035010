import numpy as np
import pandas as pd
import pytest
from kedro.io import DatasetError, Version

from lookbook.datasets.parquet_dataset import ParquetDataset
from lookbook.parts import TableParts

TABLE = pd.DataFrame({"photo_id": list("abcdef"), "share": np.arange(6, dtype=np.float32) / 8})


@pytest.fixture
def dataset(tmp_path):
    def make(version=None):
        return ParquetDataset(filepath=str(tmp_path / "table"), version=Version(None, version))

    return make


@pytest.mark.parametrize("size", [1, 4, 6])
def test_a_long_table_is_written_as_its_parts_are_made(dataset, size):
    dataset("1").save(TableParts(lambda: (TABLE[at : at + size] for at in range(0, 6, size))))
    pd.testing.assert_frame_equal(dataset().load(), TABLE)


def test_a_table_without_rows_keeps_its_columns(dataset):
    for version, table in {"1": TABLE[:0], "2": TableParts(lambda: iter([TABLE[:0]]))}.items():
        dataset(version).save(table)
        assert dataset().load().columns.tolist() == ["photo_id", "share"]


def test_a_table_that_was_cut_off_is_not_seen(dataset):
    def cut_off():
        yield TABLE
        raise OSError("the disk is full")

    dataset("1").save(TABLE[:2])
    with pytest.raises(DatasetError, match="the disk is full"):
        dataset("2").save(TableParts(cut_off))
    pd.testing.assert_frame_equal(dataset().load(), TABLE[:2])
