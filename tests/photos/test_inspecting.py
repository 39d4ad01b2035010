import gzip
import tarfile
from collections import Counter
from dataclasses import dataclass, field

import pandas as pd
import pytest
import webdataset
from fsspec.implementations.memory import MemoryFileSystem

from lookbook.datasets.photo_folder_dataset import PhotoFolderDataset
from lookbook.datasets.photo_table_dataset import PhotoTableDataset
from lookbook.pipelines.ingest.nodes import check_rows, match_rows
from lookbook.pipelines.ingest.params import IngestParams
from project import configuration, jpeg, measure

PARAMS = IngestParams.model_validate(configuration("parameters_ingest")["ingest"])
COLUMNS = configuration("globals")["table_columns"]


@dataclass
class File:
    """A file that tells when it changes, and counts how often it is read."""

    data: bytes
    etag: str
    reads: Counter = field(default_factory=Counter)

    def __call__(self):
        self.reads["times"] += 1
        if not self.data:
            raise OSError("the server is away")
        return self.data


def test_only_what_is_new_or_changed_is_decoded_again():
    files = {f"{name}.jpg": File(jpeg(seed=number), "1") for number, name in enumerate("abc")}
    first, shards = measure(files, PARAMS)
    files["b.jpg"] = File(jpeg("Hat"), "2")
    files["d.jpg"] = File(jpeg("Pants"), "1")
    del files["c.jpg"]
    second, shards = measure(files, PARAMS, shards)
    assert {name: file.reads["times"] for name, file in files.items()} == dict.fromkeys(files, 1)
    assert second["file"].tolist() == ["a.jpg", "b.jpg", "d.jpg"]
    assert second.iloc[0].tolist() == first.iloc[0].tolist()
    assert second.loc[1, "photo_id"] != first.loc[1, "photo_id"]
    assert measure(files, PARAMS, shards)[0].equals(second)


def test_other_bounds_and_what_could_not_be_read_are_looked_at_again():
    files = {"a.jpg": File(jpeg(), "1"), "b.jpg": File(b"", "1")}
    table, shards = measure(files, PARAMS)
    assert table["status"].tolist() == ["ok", "corrupt"]
    assert table.loc[1, "reason"] == "the server is away"
    files["b.jpg"].data = jpeg("Hat")
    assert measure(files, PARAMS, shards)[0]["status"].tolist() == ["ok", "ok"]
    assert files["a.jpg"].reads["times"] == 1
    stricter = PARAMS.model_copy(update={"smallest_side": 1000})
    assert measure(files, stricter, shards)[0]["status"].tolist() == ["too small"] * 2


def test_a_file_that_was_written_anew_is_another_by_its_stamp(tmp_path):
    place = tmp_path / "a.jpg"
    place.write_bytes(jpeg())
    before = PhotoFolderDataset(path=str(tmp_path)).load()["a.jpg"].etag
    assert PhotoFolderDataset(path=str(tmp_path)).load()["a.jpg"].etag == before
    place.write_bytes(jpeg("Hat"))
    assert PhotoFolderDataset(path=str(tmp_path)).load()["a.jpg"].etag != before


@pytest.fixture
def shards(tmp_path):
    """Tars as WebDataset writes them, of nine photos."""
    with webdataset.ShardWriter(f"{tmp_path}/train-%03d.tar", maxcount=5, verbose=0) as writer:
        for number in range(9):
            writer.write(
                {
                    "__key__": f"{number:04d}",
                    "jpg": jpeg(seed=number),
                    "json": {"label": "Hat" if number % 2 else "Pants", "kids": number == 0},
                }
            )
    return tmp_path


def test_photos_in_tars_are_read_where_they_lie_and_what_is_said_of_them_is_the_table(shards):
    files = PhotoFolderDataset(path=str(shards)).load()
    assert list(files)[::5] == ["train-000.tar/0000.jpg", "train-001.tar/0005.jpg"]
    assert files["train-001.tar/0006.jpg"]() == jpeg(seed=6)
    table = PhotoTableDataset(path=str(shards), columns=COLUMNS).load()
    manifest, quarantine = match_rows(measure(files, PARAMS)[0], check_rows(table))
    assert len(manifest) == 9 and quarantine.empty
    assert manifest["label"].tolist() == ["Pants", "Hat"] * 4 + ["Pants"]
    assert manifest["kids"].tolist() == [True] + [False] * 8


def test_tars_and_photos_lie_on_any_filesystem(shards):
    memory = MemoryFileSystem()
    for path in shards.glob("*.tar"):
        memory.pipe(f"/bucket/photos/{path.name}", path.read_bytes())
    memory.pipe("/bucket/photos/loose.jpg", jpeg("Hat"))
    files = PhotoFolderDataset(path="memory://bucket/photos").load()
    assert len(files) == 10 and files["train-000.tar/0003.jpg"]() == jpeg(seed=3)
    table, _ = measure(files, PARAMS)
    assert table["status"].eq("ok").all()
    memory.rm("/bucket", recursive=True)


def test_a_broken_tar_is_told_and_the_rest_is_taken(shards):
    (shards / "broken.tar").write_bytes(b"no tar at all" * 100)
    with tarfile.open(shards / "empty.tar", "w"):
        pass
    files = PhotoFolderDataset(path=str(shards)).load()
    manifest, quarantine = match_rows(
        measure(files, PARAMS)[0],
        check_rows(PhotoTableDataset(path=str(shards), columns=COLUMNS).load()),
    )
    assert len(manifest) == 9
    assert quarantine[["file", "status"]].values.tolist() == [["broken.tar", "no photo"]]


def test_a_compressed_tar_is_told_and_not_read_at_the_wrong_places(shards):
    packed = shards / "train-000.tar"
    packed.write_bytes(gzip.compress(packed.read_bytes()))
    files = PhotoFolderDataset(path=str(shards)).load()
    manifest, quarantine = match_rows(measure(files, PARAMS)[0], check_rows(pd.DataFrame()))
    assert len(manifest) == 4
    assert quarantine[["file", "status"]].values.tolist() == [["train-000.tar", "no photo"]]
    assert "unpack it beside the photos" in quarantine["reason"].item()
