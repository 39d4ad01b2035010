"""A shop's file is found where the configuration or the photos' folder has it."""

import pytest
from kedro.io import DatasetError

from lookbook.datasets.shop_export_dataset import ShopExportDataset
from lookbook.datasets.shop_file_dataset import ShopFileDataset
from lookbook.products.shop_file import ShopFile


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "a.jpg").write_bytes(b"")
    return folder


def load(photos, path=None):
    return ShopFileDataset(path=path and str(path), photos=str(photos)).load()


def test_without_a_file_it_is_empty(photos):
    assert load(photos) == ShopFile("", b"")


def test_the_table_beside_the_photos_is_the_shops_file(photos):
    (photos / "products_export.csv").write_bytes(b"Handle,Title\n")
    assert load(photos) == ShopFile("products_export.csv", b"Handle,Title\n")


def test_photos_may_name_the_file(photos):
    table = photos.parent / "range.csv"
    table.write_bytes(b"SKU,Title\n")
    assert load(table) == ShopFile("range.csv", b"SKU,Title\n")


def test_the_configured_file_counts_before_the_one_beside_the_photos(photos):
    (photos / "products_export.csv").write_bytes(b"Handle,Title\n")
    table = photos.parent / "feed.xml"
    table.write_bytes(b"<rss/>")
    assert load(photos, f"file://{table}") == ShopFile("feed.xml", b"<rss/>")


def test_a_file_that_is_missing_is_named(photos):
    with pytest.raises(DatasetError, match=r"no file of products .*missing\.csv"):
        load(photos, photos / "missing.csv")


def test_an_export_has_the_name_of_the_shops_file(tmp_path):
    export = ShopExportDataset(path=str(tmp_path / "export"))
    export.save(ShopFile("a.csv", b""))
    assert not export.exists() and export.load() == ShopFile("", b"")
    export.save(ShopFile("a.csv", b"SKU\n"))
    assert (tmp_path / "export/a.csv").read_bytes() == b"SKU\n"
    assert export.load() == ShopFile("a.csv", b"SKU\n")
