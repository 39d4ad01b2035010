from lookbook.datasets.folder_dataset import FolderDataset


def test_files_are_written_listed_and_removed(tmp_path):
    dataset = FolderDataset(path=str(tmp_path / "folder"))
    assert not dataset.exists() and dataset.load() == {}
    dataset.save({"a.txt": b"a", "deep/down/b.bin": b"b"})
    assert {name: read() for name, read in dataset.load().items()} == {
        "a.txt": b"a", "deep/down/b.bin": b"b"
    }  # fmt: skip
    dataset.save({"a.txt": None, "never.was": None})
    assert list(dataset.load()) == ["deep/down/b.bin"]


def test_what_is_there_is_left_as_it_is(tmp_path):
    dataset = FolderDataset(path=str(tmp_path))
    dataset.save({"a.txt": b"one"})
    before = (tmp_path / "a.txt").stat().st_mtime_ns
    dataset.save({"a.txt": b"one"})
    assert (tmp_path / "a.txt").stat().st_mtime_ns == before
    dataset.save({"a.txt": b"two"})
    assert (tmp_path / "a.txt").read_bytes() == b"two"


def test_half_a_file_is_none(tmp_path):
    (tmp_path / "a.txt.unfinished").write_bytes(b"ha")
    assert FolderDataset(path=str(tmp_path)).load() == {}
