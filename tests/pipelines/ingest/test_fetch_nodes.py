from __future__ import annotations

import pandas as pd
import pytest
from fsspec.implementations.local import LocalFileSystem

from lookbook.errors import InputError
from lookbook.photos.fetching import FetchParams, PhotoFetcher
from lookbook.photos.files import PhotoFiles
from lookbook.pipelines.ingest.fetch_nodes import (
    collect_fetches,
    fetch_photos,
    name_images,
    select_files,
)
from lookbook.pipelines.ingest.params import IngestParams
from lookbook.pools import LocalPool
from photo_server import photo, serving_photos, status
from project import configuration, jpeg

PHOTOS = [jpeg(seed=seed) for seed in range(12)]


NO_ROWS = pd.DataFrame({"image": []})


@pytest.fixture
def shop(tmp_path):
    """A table with addresses, whose photos are fetched run by run."""
    with serving_photos({}) as server:
        yield Shop(tmp_path, server)


class Shop:
    def __init__(self, folder, server):
        self.folder, self.server, self.shards = folder, server, {}
        (folder / "products.csv").touch()
        self.images = []

    def offer(self, name, answer):
        self.server.answers[f"/{name}"] = answer
        self.images.append(f"{self.server.url}/{name}")

    def run(self, survive=None, **changed):
        """Fetches; a run that is killed survives so many saved tables."""
        declared = configuration("parameters_ingest")
        changed = {"allow_private_addresses": True, "attempts": 1, **changed}
        params = FetchParams.model_validate({**declared["fetch"], **changed})
        fetcher = PhotoFetcher(str(self.folder / "store"))
        files = PhotoFiles(LocalFileSystem(), str(self.folder / "products.csv"), fetcher.store)
        named = name_images(files, NO_ROWS, pd.DataFrame({"image": self.images}))
        ingest = IngestParams.model_validate(declared["ingest"])
        arguments = named, self.shards, fetcher, LocalPool(2), params, ingest
        for count, tables in enumerate(fetch_photos(*arguments), start=1):
            self.shards |= {name: lambda table=table: table for name, table in tables.items()}
            if count == survive:
                break
        fetched = collect_fetches(named, self.shards)
        return fetched, select_files(files, named, fetched)


def test_what_failed_is_a_row_with_its_reason_and_is_tried_again(shop):
    shop.offer("a.jpg", photo(PHOTOS[0], '"a"'))
    shop.offer("b.jpg", status(404))
    fetched, files = shop.run()
    assert fetched["status"].tolist() == ["ok", "unreachable"]
    assert fetched["reason"].tolist() == ["", "HTTP 404 Not Found"]
    assert fetched["image"].tolist() == shop.images
    assert {name: read() for name, read in files.items()} == {fetched["file"][0]: PHOTOS[0]}
    shop.server.answers["/b.jpg"] = photo(PHOTOS[1])
    assert shop.run()[0]["status"].tolist() == ["ok", "ok"]
    assert shop.run()[0]["status"].tolist() == ["ok", "ok"]
    assert shop.server.requests == {"/a.jpg": 1, "/b.jpg": 2}


def test_a_killed_run_goes_on_where_it_was(shop):
    for number in range(12):
        shop.offer(f"{number}.jpg", photo(PHOTOS[number]))
    shop.run(survive=1, addresses_per_file=4, batch_size=2)
    asked = shop.server.requests.copy()
    fetched, files = shop.run()
    assert fetched["status"].eq("ok").all() and len(files) == 12
    assert sum(shop.server.requests.values()) <= 12 + asked.total() - 4


def test_a_photo_that_has_left_the_store_is_fetched_again(shop):
    shop.offer("a.jpg", photo(PHOTOS[0], '"a"'))
    fetched, _ = shop.run()
    stored = shop.folder / fetched["file"][0].replace("fetched", "store", 1)
    stored.unlink()
    shop.run()
    assert stored.exists()


def test_a_refresh_fetches_what_has_changed_and_keeps_what_fails(shop):
    for name in "ab":
        shop.offer(f"{name}.jpg", photo(PHOTOS[0], f'"{name}"'))
    before, _ = shop.run()
    shop.server.answers["/a.jpg"] = photo(PHOTOS[1], '"new"')
    shop.server.answers["/b.jpg"] = status(500)
    after, files = shop.run(refresh=True)
    assert after["status"].tolist() == ["ok", "ok"]
    assert "HTTP 500" in after["reason"][1]
    assert after["etag"].tolist() == ['"new"', '"b"']
    assert after["file"][1] == before["file"][1]
    assert len(files) == 2


def test_files_beside_a_table_are_those_that_it_names(shop, tmp_path):
    for name in ("bilder/One.JPG", "images/two.jpg", "other.jpg", "deep/er/three.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(PHOTOS[0])
    shop.images += ["bilder/one.jpg", "two.jpg", "three.jpg", "../x.jpg", "/etc/passwd", ""]
    fetched, files = shop.run()
    assert fetched.empty
    assert sorted(files) == ["bilder/One.JPG", "images/two.jpg"]
    assert files["bilder/One.JPG"]() == PHOTOS[0]


def test_an_address_whose_photo_lies_in_the_folder_is_not_fetched(tmp_path):
    (tmp_path / "a.jpg").write_bytes(PHOTOS[0])
    files = PhotoFiles(LocalFileSystem(), str(tmp_path), None)
    rows = pd.DataFrame(
        {"image": ["https://cdn.shop.example/v1/a.jpg", "//shop.example/b.jpg", None]}
    )
    assert name_images(files, rows, NO_ROWS)["is_address"].tolist() == [False, True]


def test_a_table_without_any_photo_ends_in_a_sentence(shop):
    with pytest.raises(InputError, match=r"has no photos\. It needs a column of their addresses"):
        shop.run()
    shop.offer("a.jpg", status(404))
    with pytest.raises(InputError, match="names 1 photos, and none can be used"):
        shop.run()
