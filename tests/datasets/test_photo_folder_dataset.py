import os

import pytest
from kedro.io import DatasetError

from lookbook.datasets.photo_folder_dataset import PhotoFolderDataset
from lookbook.datasets.photo_table_dataset import PhotoTableDataset
from lookbook.errors import InputError
from project import jpeg
from s3_server import serving_bucket


def fill(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())


def load(folder):
    try:
        return PhotoFolderDataset(path=str(folder)).load()
    except DatasetError as error:
        raise error.__cause__ from None


@pytest.mark.parametrize("subfolder", ["images_compressed", "images"])
def test_takes_the_recipes_layouts(tmp_path, subfolder):
    fill(tmp_path, f"{subfolder}/b.jpg", f"{subfolder}/a.png", "images.csv", "README.md")
    files = load(tmp_path)
    assert list(files) == ["a.png", "b.jpg"]
    assert files["a.png"]() == f"{subfolder}/a.png".encode()


def test_takes_a_bare_folder_with_subfolders(tmp_path):
    fill(tmp_path, "a.jpg", "shoes/b.jpg", "notes.txt", ".hidden.jpg", ".git/c.jpg", "images/d.jpg")
    assert list(load(tmp_path)) == ["a.jpg", "images/d.jpg", "notes.txt", "shoes/b.jpg"]


def test_counts_what_systems_leave_behind(tmp_path):
    fill(tmp_path, "a.jpg", ".DS_Store", "._a.jpg", "@eaDir/a.jpg", "Thumbs.db")
    assert list(load(tmp_path)) == [".DS_Store", "._a.jpg", "@eaDir/a.jpg", "Thumbs.db", "a.jpg"]


@pytest.mark.parametrize(
    "name", ["a b", "a,b=c", 'it\'s "it"', "größe 上衣", "x" * 200, "a%20b", "#1"]
)
def test_takes_folders_of_any_name(tmp_path, name):
    fill(tmp_path / name, "a.jpg")
    assert list(load(tmp_path / name)) == ["a.jpg"]
    assert list(load(f"file://{tmp_path / name}")) == ["a.jpg"]


def test_takes_the_users_own_folder_by_a_tilde(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    fill(tmp_path / "clothes", "a.jpg")
    assert list(load("~/clothes")) == ["a.jpg"]


@pytest.mark.parametrize("path", [2024, True, ""])
def test_what_is_no_folder_ends_in_a_sentence(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"photo"):
        load(path)


def test_a_file_is_no_folder(tmp_path):
    fill(tmp_path, "a.jpg")
    with pytest.raises(InputError, match="is neither a folder of photos nor a table"):
        load(tmp_path / "a.jpg")


def test_reads_remote_storage():
    import fsspec

    memory = fsspec.filesystem("memory")
    memory.pipe("/shop/images/a.jpg", b"photo")
    files = PhotoFolderDataset(path="memory://shop").load()
    assert {name: read() for name, read in files.items()} == {"a.jpg": b"photo"}


def test_the_empty_keys_by_which_s3_marks_folders_are_no_photos():
    pytest.importorskip("s3fs", reason="s3fs is not installed")
    keys = {
        "photos/": b"", "photos/Images.csv": b"image,label\na,Hat\n", "photos/images/": b"",
        "photos/images/a.jpg": jpeg(), "photos/images/hats/": b"", "photos/old_$folder$": b"",
    }  # fmt: skip
    with serving_bucket(keys) as arguments:
        for address in ("s3://shop/photos", "s3://shop/photos/"):
            files = PhotoFolderDataset(path=address, fs_args=arguments).load()
            assert {name: read() for name, read in files.items()} == {"a.jpg": jpeg()}
            table = PhotoTableDataset(path=address, fs_args=arguments).load()
            assert table["label"].tolist() == ["Hat"]


@pytest.mark.parametrize("table", ["Images.csv", "IMAGES.CSV", "Products_Export.csv"])
def test_the_table_and_the_photos_folder_may_have_any_case(tmp_path, table):
    fill(tmp_path, "Images/a.jpg")
    (tmp_path / table).write_text("image,label\na,Hat\n")
    assert list(load(tmp_path)) == ["a.jpg"]
    assert PhotoTableDataset(path=str(tmp_path)).load()["label"].tolist() == ["Hat"]


def test_a_link_to_a_folder_is_a_folder_and_one_that_leads_back_is_not_followed(tmp_path):
    fill(tmp_path / "disk", "a.jpg", "hats/b.jpg")
    shop = tmp_path / "shop"
    shop.mkdir()
    (shop / "images.csv").write_text("image\na\n")
    (shop / "images").symlink_to(tmp_path / "disk", target_is_directory=True)
    (tmp_path / "disk/again").symlink_to(tmp_path / "disk", target_is_directory=True)
    (tmp_path / "disk/up").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "disk/c.jpg").symlink_to(tmp_path / "disk/a.jpg")
    files = load(shop)
    assert list(files) == ["a.jpg", "c.jpg", "hats/b.jpg"]
    # A linked photo changes with the file that it leads to.
    assert files["c.jpg"].etag == files["a.jpg"].etag
    assert files["hats/b.jpg"]() == b"hats/b.jpg"


def test_names_a_folder_that_does_not_exist(tmp_path):
    with pytest.raises(InputError, match=r"folder '.*nowhere' does not exist\. Name yours with"):
        load(tmp_path / "nowhere")


def test_names_a_folder_without_photos(tmp_path):
    fill(tmp_path, "images.csv")
    with pytest.raises(InputError, match="holds no photo"):
        load(tmp_path)


def test_never_writes_to_the_users_folder(tmp_path):
    with pytest.raises(DatasetError, match="PhotoFolderDataset can only be loaded"):
        PhotoFolderDataset(path=str(tmp_path)).save({"a.jpg": b""})


def test_reads_files_whose_names_are_not_utf8(tmp_path):
    (tmp_path / os.fsdecode(b"caf\xe9.jpg")).write_bytes(b"photo")
    assert {name: read() for name, read in load(tmp_path).items()} == {"caf\\udce9.jpg": b"photo"}
