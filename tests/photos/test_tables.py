"""Tables as shops really write them, each with what should come out."""

import base64

import pytest
from kedro.io import DatasetError

from lookbook.datasets.photo_folder_dataset import PhotoFolderDataset
from lookbook.datasets.photo_table_dataset import PhotoTableDataset
from lookbook.pipelines.ingest.nodes import check_rows, inspect_photos, match_rows
from lookbook.pipelines.ingest.params import IngestParams
from project import configuration, jpeg, shared_cases

COLUMNS = configuration("globals")["table_columns"]
PARAMS = IngestParams.model_validate(configuration("parameters_ingest")["ingest"])


def ingest(folder):
    inspected = inspect_photos(PhotoFolderDataset(path=str(folder)).load(), PARAMS)
    try:
        table = PhotoTableDataset(path=str(folder), columns=COLUMNS).load()
    except DatasetError as error:
        raise error.__cause__ from None
    return match_rows(inspected, check_rows(table))


@pytest.mark.parametrize("case", shared_cases("tables.jsonl"))
def test_a_table_is_read_as_it_was_meant(case, tmp_path):
    for number, name in enumerate(case["files"]):
        place = tmp_path / "images" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(jpeg(seed=number))
    (tmp_path / "images.csv").write_bytes(base64.b64decode(case["csv_base64"]))
    manifest, quarantine = ingest(tmp_path)
    told = (
        manifest[["label", "kids"]].astype(object).where(manifest[["label", "kids"]].notna(), None)
    )
    found = dict(zip(manifest["file"], told.values.tolist(), strict=True))
    assert found == case["want"], quarantine
