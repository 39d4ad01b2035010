import pandas as pd
import pytest
from kedro.io import DatasetError, Version

from lookbook.datasets.csv_dataset import CSVDataset
from lookbook.datasets.partitioned_table_dataset import PartitionedTableDataset
from lookbook.datasets.teacher_dataset import TeacherDataset

CATALOGUE = pd.DataFrame({"photo_id": ["1e5", "2"], "Category": ["Hats", None]})
CAPTIONS = pd.DataFrame(
    {"photo_id": ["2", "1e5"], "seconds": [0.5, 0.25], "input_tokens": [3, 4], "output_tokens": 1}
)


def keep(table, path):
    version = Version(None, "2026-01-01T00.00.00.000Z")
    if path.suffix == ".parquet":
        kept = PartitionedTableDataset(filepath=str(path), partitions=4, version=version)
    else:
        kept = CSVDataset(filepath=str(path), version=version, save_args={"index": False})
    kept.save(table)


@pytest.fixture
def teacher(tmp_path):
    def make(teacher, kind="csv"):
        paths = {name: str(tmp_path / f"{name}.{kind}") for name in ("catalogue", "captions")}
        return TeacherDataset(teacher=teacher, **paths)

    return make


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_the_catalogue_comes_with_what_its_captions_took(teacher, tmp_path, kind):
    keep(CATALOGUE, tmp_path / f"catalogue.{kind}")
    assert list(teacher("catalogue", kind).load()) == ["photo_id", "Category"]
    keep(CAPTIONS, tmp_path / f"captions.{kind}")
    told = teacher("catalogue", kind).load().set_index("photo_id")
    assert told["Category"].dropna().to_dict() == {"1e5": "Hats"}
    assert told["input_tokens"].to_dict() == {"1e5": 4, "2": 3}


def test_without_a_catalogue_it_says_what_to_run(teacher):
    with pytest.raises(DatasetError, match="Run 'kedro run' first"):
        teacher("catalogue").load()


def test_nobody_teaches_nothing(teacher):
    assert teacher(None).load().empty
