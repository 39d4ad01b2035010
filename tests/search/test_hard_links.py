import errno
import os
from pathlib import Path

import lancedb
import pyarrow as pa
import pytest

from lookbook.errors import InputError
from lookbook.search.hard_links import linkable


@pytest.fixture
def deny_links(monkeypatch):
    """Lets a folder be on a disk without hard links, as exFAT is."""
    link = os.link

    def deny(folder: Path) -> None:
        def refuse(source, target, **options):
            if Path(target).is_relative_to(folder):
                raise OSError(errno.EPERM, os.strerror(errno.EPERM))
            link(source, target, **options)

        monkeypatch.setattr(os, "link", refuse)

    return deny


def write(uri, numbers):
    table = lancedb.connect(uri).create_table("items", pa.table({"x": numbers}), mode="overwrite")
    table.tags.create(f"v{numbers[0]}", table.version)


def read(folder, tag):
    table = lancedb.connect(folder).open_table("items")
    table.checkout(tag)
    return table.to_arrow()["x"].to_pylist()


def test_a_disk_with_hard_links_is_written_in_place(tmp_path):
    with linkable(str(tmp_path / "index")) as uri:
        assert uri == str(tmp_path / "index")
    with linkable("s3://shop/index") as uri:
        assert uri == "s3://shop/index"
    assert list(tmp_path.iterdir()) == []


def test_a_disk_without_hard_links_gets_the_same_versions(tmp_path, deny_links):
    disk = tmp_path / "disk"
    disk.mkdir()
    deny_links(disk)
    folder = disk / "index"
    for number in (1, 2):
        with linkable(str(folder)) as uri:
            assert not Path(uri).is_relative_to(disk)
            write(uri, [number])
    assert read(folder, "v1") == [1]
    assert read(folder, "v2") == [2]
    assert not [path for path in folder.rglob("*") if "unfinished" in path.name]
    with linkable(str(folder)) as uri:
        next(Path(uri).glob("items.lance/_refs/tags/v1*")).unlink()
    assert list(lancedb.connect(folder).open_table("items").tags.list()) == ["v2"]


def test_a_version_that_was_not_brought_back_whole_is_not_seen(tmp_path, deny_links, monkeypatch):
    disk = tmp_path / "disk"
    disk.mkdir()
    deny_links(disk)
    folder = disk / "index"
    with linkable(str(folder)) as uri:
        write(uri, [1])
    replace = Path.replace

    def fail_at_a_version(path, target):
        if "_versions" in Path(target).parts:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", fail_at_a_version)
    with pytest.raises(OSError, match="No space"), linkable(str(folder)) as uri:
        write(uri, [2])
    assert list(lancedb.connect(folder).open_table("items").tags.list()) == ["v1"]
    assert read(folder, "v1") == [1]


def test_no_disk_with_hard_links_ends_in_a_sentence(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(InputError, match="Set TMPDIR"), linkable(str(tmp_path / "index")):
        pass
