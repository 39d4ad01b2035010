import errno
import os
import subprocess
import sys

import pandas as pd
import pytest
from kedro.io.core import DatasetError

from lookbook.attributes.corrections import COLUMNS
from lookbook.datasets.corrections_dataset import CorrectionsDataset


def row(number, value="skirt", who="ann"):
    when = "2026-01-31T12:00:00+00:00"
    told = [f"{number:064x}", "Garment", "dress", value, who, when]
    return pd.DataFrame([told], columns=COLUMNS)


@pytest.fixture
def dataset(tmp_path):
    return CorrectionsDataset(filepath=str(tmp_path / "primary/corrections.csv"))


def lines_of(dataset):
    return dataset._filepath.read_text().splitlines()


def test_saving_adds_rows_and_loading_gives_them_all(dataset):
    assert dataset.load().empty and not dataset.exists()
    dataset.save(row(1))
    dataset.save(pd.concat([row(2, "navy, white"), row(3, who="=HYPERLINK()")]))
    loaded = dataset.load()
    assert loaded["line"].tolist() == [2, 3, 4]
    assert loaded["new_value"].tolist() == ["skirt", "navy, white", "skirt"]
    assert loaded["reviewer"].tolist()[-1] == "=HYPERLINK()"
    assert "'=HYPERLINK()" in lines_of(dataset)[-1]
    assert loaded["problem"].eq("").all()


REVIEWER = """
import sys
import pandas as pd
from lookbook.datasets.corrections_dataset import CorrectionsDataset
path, who = sys.argv[1:]
for number in range(40):
    told = {"photo_id": f"{number:064x}", "attribute": "Garment", "old_value": "dress",
            "new_value": "skirt",
            "reviewer": who, "timestamp": "2026-01-31T12:00:00+00:00"}
    CorrectionsDataset(filepath=path).save(pd.DataFrame([told]))
"""


def test_two_reviewers_at_a_time_lose_nothing(dataset):
    command = [sys.executable, "-c", REVIEWER, str(dataset._filepath)]
    reviewers = [subprocess.Popen([*command, who]) for who in ("ann", "ben")]
    assert [one.wait(120) for one in reviewers] == [0, 0]
    loaded = dataset.load()
    assert loaded["reviewer"].value_counts().to_dict() == {"ann": 40, "ben": 40}
    assert loaded["problem"].eq("").all()


def test_half_a_line_costs_itself_alone(dataset):
    dataset.save(row(1))
    with dataset._filepath.open("a") as file:
        file.write('0000,Garment,dress,"sk')
    dataset.save(row(2))
    assert [len(one) > 0 for one in dataset.load()["problem"]] == [False, True, False]


def test_what_git_leaves_of_two_files_is_read(dataset):
    for number in (1, 2):
        dataset.save(row(number))
    heading, *rows = lines_of(dataset)
    merged = [heading, "<<<<<<< ours", rows[0], "=======", heading, rows[1], ">>>>>>> theirs"]
    dataset._filepath.write_text("\n".join(merged))
    loaded = dataset.load()
    assert loaded.loc[loaded["problem"].eq(""), "line"].tolist() == [3, 6]
    assert loaded.loc[loaded["problem"].ne(""), "line"].tolist() == [2, 4, 7]


def test_what_a_spreadsheet_makes_of_it_is_read(dataset):
    dataset.save(row(1, "navy, white"))
    plain = dataset.load()
    written = plain[COLUMNS].to_csv(index=False, sep=";")
    dataset._filepath.write_bytes(b"\xef\xbb\xbf" + written.replace("\n", "\r\n").encode())
    pd.testing.assert_frame_equal(dataset.load(), plain)


def test_a_file_that_is_none_is_told(dataset):
    dataset._filepath.parent.mkdir()
    dataset._filepath.write_text("photo,what\n1,2\n")
    with pytest.raises(
        DatasetError, match="does not begin with the line 'photo_id,attribute,old_value"
    ):
        dataset.load()


def test_a_full_disk_keeps_what_was_decided_before(dataset, monkeypatch):
    dataset.save(row(1))
    before = dataset._filepath.read_bytes()
    write = os.write

    def half(descriptor, data):
        return write(descriptor, data[: len(data) // 2])

    monkeypatch.setattr(os, "write", half)
    with pytest.raises(DatasetError, match=r"the disk is full\. Earlier decisions are kept"):
        dataset.save(row(2))
    assert dataset._filepath.read_bytes() == before

    def full(descriptor, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(DatasetError, match="the disk is full"):
        dataset.save(row(2))
    monkeypatch.setattr(os, "write", write)
    dataset.save(row(3))
    assert len(dataset.load()) == 2
