import io
import zipfile

import pytest
from kedro.io import DatasetError

from file_server import serving_files
from lookbook.datasets.remote_photos_dataset import RemotePhotosDataset


def zipped(name):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(f"images/{name}", name)
    return buffer.getvalue()


def test_two_archives_of_one_name_are_fetched_into_folders_of_their_own(tmp_path):
    archives = {"spring/clothes.zip": zipped("a.jpg"), "autumn/clothes.zip": zipped("b.jpg")}
    with serving_files(archives) as server:
        came = [
            RemotePhotosDataset(source=f"{server.url}/{name}", path=str(tmp_path)).load()
            for name in (*archives, *archives)
        ]
        assert len(server.requests) == 2
    assert [list(one["files"]) for one in came] == [["images/a.jpg"], ["images/b.jpg"]] * 2
    assert came[0]["photos"] == came[2]["photos"] != came[1]["photos"] == came[3]["photos"]


def test_data_sets_of_one_name_have_folders_of_their_own(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    folders = []
    for owner in ("a", "b"):
        dataset = RemotePhotosDataset(source=f"hf://datasets/{owner}/x", path=str(tmp_path))
        with pytest.raises(DatasetError):
            dataset.load()
        folders.append(dataset._describe()["folder"])
    assert len(set(folders)) == 2
