"""Tables as shops really write them, each with what should come out."""

import base64

import pandas as pd
import pytest
from kedro.io import DatasetError

from lookbook.datasets.photo_folder_dataset import PhotoFolderDataset
from lookbook.datasets.photo_table_dataset import PhotoTableDataset
from lookbook.pipelines.ingest.nodes import check_rows, match_rows
from lookbook.pipelines.ingest.params import IngestParams
from project import balance_params, configuration, jpeg, measure, shared_cases

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


@pytest.fixture(scope="module")
def photos():
    return [jpeg(seed=number) for number in range(6)]


@pytest.mark.parametrize("case", shared_cases("photo_names.jsonl"))
def test_a_row_finds_the_photos_that_it_names(case, photos, tmp_path):
    for name, data in zip(case["files"], photos, strict=False):
        place = tmp_path / "images" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    table = tmp_path / case.get("table", "images.csv")
    table.write_text(case["csv"], encoding="utf-8", newline="")
    manifest, quarantine = ingest(tmp_path)
    rows = manifest.assign(row=manifest["line"]).set_index("file").to_dict("index")
    want = case["want"]
    found = {file: {name: row[name] for name in want.get(file, {})} for file, row in rows.items()}
    assert found == want, quarantine
    counts = quarantine["status"].value_counts()
    for status in ("missing", "unlisted"):
        assert case[status] in (None, counts.get(status, 0)), quarantine


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
    (reason,) = quarantine.loc[quarantine["status"].eq("missing"), "reason"]
    assert reason == "several files may be meant: men/a.jpg, women/a.jpg"


def test_excel_keeps_ids_as_they_stand_below_a_title(tmp_path):
    rows = [["Autumn", None], [None, None], ["SKU", "Category"], ["NA", "Hat"], [15, "Pants"]]
    pd.DataFrame(rows).to_excel(tmp_path / "images.xlsx", index=False, header=False)
    (tmp_path / "images").mkdir()
    for number, name in enumerate(["NA_1", "NA_2", "0015"]):
        (tmp_path / f"images/{name}.jpg").write_bytes(jpeg(seed=number))
    manifest, quarantine = ingest(tmp_path)
    assert manifest[["file", "label", "line"]].values.tolist() == [
        ["NA_1.jpg", "Hat", 4], ["NA_2.jpg", "Hat", 4]
    ]  # fmt: skip
    missing = quarantine[quarantine["status"].eq("missing")]
    assert missing["line"].tolist() == [5]
    assert (
        "'0015.jpg' differs in leading zeros: keep the column as text" in missing["reason"].item()
    )


def test_lists_in_json_lines_and_labels_in_any_case_are_read(tmp_path):
    lines = ['{"images": ["a.jpg", "b.jpg"], "label": "T-Shirt"}', '{"images": [], "label": "x"}']
    lines += ['{"images": ["c.jpg"], "label": "t-shirt"}', '{"images": "d.jpg", "label": "SHOES"}']
    (tmp_path / "images.jsonl").write_text("\n".join(lines))
    (tmp_path / "images").mkdir()
    for number, name in enumerate("abcd"):
        (tmp_path / f"images/{name}.jpg").write_bytes(jpeg(seed=number))
    manifest, _ = ingest(tmp_path)
    labels = ["T-Shirt", "T-Shirt", "t-shirt", "SHOES"]
    assert manifest["label"].tolist() == labels
    groups = balance_params()
    assert [groups.group_of(label) for label in ("t-shirt", "SHOES", "cape")] == [
        "T-Shirt", "Shoes", "Other"
    ]  # fmt: skip
