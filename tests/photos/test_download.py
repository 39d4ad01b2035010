import io
import os
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from file_server import serving_files
from lookbook.errors import InputError
from lookbook.photos.download import fetch, fetch_archive, unpack

PHOTO = os.urandom(300_000)


def zipped(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def tarred(files, **member):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            for key, value in member.items():
                setattr(info, key, value)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def names(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(("name", "pack"), [("c.zip", zipped), ("c.tar.gz", tarred)])
def test_an_archive_is_fetched_and_unpacked_once(tmp_path, name, pack):
    files = {"clothes/images/a.jpg": PHOTO, "clothes/images.csv": b"image\na\n"}
    with serving_files({name: pack(files)}) as server:
        fetch(f"{server.url}/{name}", tmp_path)
        fetch(f"{server.url}/{name}", tmp_path)
        assert len(server.requests) == 1
    assert names(tmp_path) == sorted([f".archive/{name}", *files])
    assert (tmp_path / "clothes/images/a.jpg").read_bytes() == PHOTO


def test_a_cut_connection_goes_on_where_it_broke(tmp_path):
    archive = zipped({"a.jpg": PHOTO})
    with serving_files({"c.zip": archive}, cut={"c.zip": 100_000}) as server:
        fetch(f"{server.url}/c.zip", tmp_path)
        assert [wanted for _, _, wanted in server.requests] == [None, "bytes=100000-"]
    assert (tmp_path / ".archive/c.zip").read_bytes() == archive


def test_a_fetch_that_was_killed_goes_on_and_a_changed_file_starts_anew(tmp_path):
    old, new = zipped({"a.jpg": PHOTO}), zipped({"a.jpg": PHOTO[::-1]})
    with serving_files({"c.zip": old}) as server:
        (tmp_path / "c.zip.part").write_bytes(old[:1000])
        fetch_archive(f"{server.url}/c.zip", tmp_path)
        etag = server.requests  # Nothing is known of that part, so it is fetched whole.
        assert etag == [("GET", "/c.zip", None)]
        (tmp_path / "c.zip").unlink()
        (tmp_path / "c.zip.part").write_bytes(old[:1000])
        (tmp_path / "c.zip.part.etag").write_text('"of-an-older-file"')
        server.files["c.zip"] = new
        fetch_archive(f"{server.url}/c.zip", tmp_path)
    assert (tmp_path / "c.zip").read_bytes() == new
    assert names(tmp_path) == ["c.zip"]


@pytest.mark.parametrize(
    "outside", ["../evil.jpg", "/evil.jpg", "a/../../evil.jpg", "..\\evil.jpg"]
)
@pytest.mark.parametrize("pack", [zipped, tarred])
def test_nothing_is_written_outside_the_folder(tmp_path, pack, outside):
    folder = tmp_path / "inner"
    folder.mkdir()
    archive = folder / ("c.zip" if pack is zipped else "c.tar.gz")
    archive.write_bytes(pack({"good.jpg": b"x", outside: b"x"}))
    with pytest.raises(InputError, match="is outside the folder"):
        unpack(archive, folder)
    assert names(tmp_path) == [f"inner/{archive.name}"]
    assert not Path("/evil.jpg").exists()


def test_links_are_refused(tmp_path):
    archive = tmp_path / "c.tar.gz"
    archive.write_bytes(tarred({"a.jpg": b""}, type=tarfile.SYMTYPE, linkname="/etc/passwd"))
    with pytest.raises(InputError, match="more than files"):
        unpack(archive, tmp_path)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        link = zipfile.ZipInfo("a.jpg")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        packed.writestr(link, "/etc/passwd")
    (tmp_path / "c.zip").write_bytes(buffer.getvalue())
    with pytest.raises(InputError, match="holds a link"):
        unpack(tmp_path / "c.zip", tmp_path)


def test_a_broken_archive_ends_in_a_sentence_and_leaves_no_half_file(tmp_path):
    packed = bytearray(zipped({"a.jpg": PHOTO}))
    packed[1000:1100] = bytes(100)
    (tmp_path / "c.zip").write_bytes(packed)
    with pytest.raises(InputError, match=r"cannot be unpacked.*Remove it"):
        unpack(tmp_path / "c.zip", tmp_path)
    assert not (tmp_path / "a.jpg").exists()


def test_what_does_not_fit_the_disk_is_not_begun(tmp_path, monkeypatch):
    archive = zipped({"a.jpg": bytes(10_000_000)})
    with serving_files({"c.zip": archive}) as server:
        monkeypatch.setattr("lookbook.photos.download.RESERVE", 1 << 60)
        with pytest.raises(InputError, match="do not fit on the disk"):
            fetch(f"{server.url}/c.zip", tmp_path)
    assert names(tmp_path) == [".archive/c.zip.part.etag"]


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("{url}/missing.zip", "HTTP 404"),
        ("{url}/photo.jpg", "is not an archive"),
        ("ftp://server/a.zip", "is not a source"),
        ("http://127.0.0.1:9/a.zip", "Run the same command again"),
    ],
)
def test_what_cannot_be_had_ends_in_a_sentence(tmp_path, source, told):
    with serving_files({}) as server, pytest.raises(InputError, match=told):
        fetch(source.format(url=server.url), tmp_path)
