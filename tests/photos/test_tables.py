"""Tables as shops really write them, each with what should come out."""

import base64

import pytest
from kedro.io import DatasetError

from lookbook.datasets.photo_folder_dataset import PhotoFolderDataset
from lookbook.datasets.photo_table_dataset import PhotoTableDataset
from lookbook.pipelines.ingest.nodes import check_rows, match_rows
from lookbook.pipelines.ingest.params import IngestParams
from project import configuration, jpeg, measure, shared_cases

COLUMNS = configuration("globals")["table_columns"]
PARAMS = IngestParams.model_validate(configuration("parameters_ingest")["ingest"])


def ingest(folder):
    inspected, _ = measure(PhotoFolderDataset(path=str(folder)).load(), PARAMS)
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


@pytest.mark.parametrize(
    ("table", "files", "want"),
    [
        ("ImageFile,productType\na,Shirt\n", ["men/a.jpg"], {"men/a.jpg": "Shirt"}),
        ("image,label\na.png,Shirt\n", ["a.jpg"], {"a.jpg": "Shirt"}),
        ("Product ID|Category\nC:\\shop\\A.JPG|Shirt\n", ["a.jpg"], {"a.jpg": "Shirt"}),
        ("image,label\nmen/a,Shirt\nwomen/a,Hat\n", ["men/a.jpg", "women/a.jpg"],
         {"men/a.jpg": "Shirt", "women/a.jpg": "Hat"}),
    ],
)  # fmt: skip
def test_a_row_finds_its_file_however_it_is_named(table, files, want, tmp_path):
    for number, name in enumerate(files):
        place = tmp_path / "images" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(jpeg(seed=number))
    (tmp_path / "images.csv").write_text(table)
    manifest, _ = ingest(tmp_path)
    assert dict(zip(manifest["file"], manifest["label"], strict=True)) == want


def test_a_name_that_two_files_share_is_neither(tmp_path):
    for number, name in enumerate(["b", "men/a", "women/a"]):
        (tmp_path / f"images/{name}.jpg").parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / f"images/{name}.jpg").write_bytes(jpeg(seed=number))
    (tmp_path / "images.csv").write_text("image\na\nb\n")
    manifest, quarantine = ingest(tmp_path)
    assert manifest["file"].tolist() == ["b.jpg"]
    assert quarantine["status"].value_counts().to_dict() == {"missing": 1, "unlisted": 2}
