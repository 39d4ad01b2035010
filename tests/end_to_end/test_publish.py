import json
import shutil
from io import BytesIO
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from lookbook.datasets.corrections_dataset import CorrectionsDataset
from processes import run_kedro
from project import copy_project, jpeg, latest, make_project, report, succeed, table

PARAMS = "--params=publish.licence=cc0-1.0,publish.credits=the sample's drawings,explore.fitted=20"

SHOP = ",".join(
    f"export.shop.{setting}"
    for setting in (
        "name=Lookbook", "url=https://lookbook.example", "countries=DE AT",
        "photos=https://cdn.lookbook.example/photos/", "availability=in_stock",
    )
)  # fmt: skip


@pytest.fixture(scope="module")
def project(ran, tmp_path_factory):
    return copy_project(ran[0], tmp_path_factory.mktemp("published"))


@pytest.fixture(scope="module")
def published(project):
    pipelines = "--pipelines=publish,export,explore"
    printed = succeed(run_kedro(project, "run", pipelines, f"{PARAMS},{SHOP}")).stdout
    assert "data/08_reporting/published" in printed
    return project / "data/08_reporting/published"


def files_of(folder):
    return {
        file.relative_to(folder).as_posix(): file.stat().st_mtime_ns
        for file in folder.rglob("*")
        if file.is_file()
    }


def test_nothing_is_published_without_a_licence(project):
    result = run_kedro(project, "run", "--pipelines=publish")
    assert result.returncode == 1
    assert "The data set needs a licence. Set 'publish.licence'" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_catalogue_whose_photos_are_elsewhere_is_not_published(project, tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "other.jpg").write_bytes(jpeg())
    given = f"{PARAMS},photos={photos}"
    result = run_kedro(project, "run", "--pipelines=publish", given)
    assert result.returncode == 1
    assert "No photo of the catalogue can be read, so nothing is published" in result.stderr
    assert "Traceback" not in result.stderr


def test_the_data_set_opens_as_an_image_folder_with_class_names(
    published, project, tmp_path, monkeypatch
):
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    datasets = pytest.importorskip("datasets", reason="datasets is not installed")
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    catalogue = table(project, "full_catalogue").set_index("photo_id")
    for arguments in (
        {"path": "imagefolder", "data_dir": str(published)},
        {"path": str(published)},
    ):
        loaded = datasets.load_dataset(**arguments, cache_dir=str(tmp_path / "cache"))
        assert set(loaded) == {"train", "test"}
        assert sum(len(split) for split in loaded.values()) == len(catalogue)
        features = loaded["train"].features
        for row in loaded["test"]:
            told = catalogue.loc[row["photo_id"]]
            assert features["Category"].int2str(row["Category"]) == told["Category"]
            colours = [features["Colours"].feature.int2str(one) for one in row["Colours"]]
            assert ", ".join(colours) == told["Colours"]
            assert max(row["image"].size) <= 1024


def test_no_sender_is_in_both_splits_and_no_photo_keeps_its_metadata(published, project):
    rows = pd.read_parquet(published / "catalogue.parquet")
    senders = table(project, "manifest").set_index("photo_id")["sender_id"]
    by_split = rows.groupby("split")["photo_id"].agg(lambda ids: set(senders.loc[ids]))
    assert not by_split["train"] & by_split["test"] - {""}
    for name in rows["file_name"]:
        with Image.open(BytesIO((published / name).read_bytes())) as image:
            assert not image.getexif() and not set(image.info) & {"exif", "icc_profile", "xmp"}


def test_the_card_and_croissant_tell_what_is_there(published):
    card = (published / "README.md").read_text()
    assert "license: cc0-1.0" in card and "cc0-1.0. the sample's drawings" in card
    assert "By `bundled-" in card and "No value was looked at by people." in card
    croissant = json.loads((published / "croissant.json").read_text())
    assert croissant["license"] == "cc0-1.0"
    (records,) = croissant["recordSet"]
    assert [attribute["name"] for attribute in records["field"]] == list(
        pd.read_parquet(published / "catalogue.parquet").columns
    )
    recipe = pd.read_csv(published / "catalogue.csv", keep_default_na=False)
    assert list(recipe.columns)[:3] == ["Filename", "Title", "Size"]


def test_publishing_twice_changes_only_what_changed(published, project):
    before = files_of(published)
    catalogue = table(project, "full_catalogue")
    one, other = catalogue["photo_id"][:2]
    rows = [
        {"photo_id": one, "attribute": "Garment", "old_value": "", "new_value": "dress"},
        {"photo_id": other, "attribute": "status", "old_value": "", "new_value": "not an item"},
    ]
    corrections = pd.DataFrame(rows).assign(reviewer="ann", timestamp="2026-01-31T12:00:00+00:00")
    CorrectionsDataset(filepath=str(project / "data/03_primary/corrections.csv")).save(corrections)
    printed = succeed(run_kedro(project, "run", "--pipelines=clean,index,publish", PARAMS)).stdout
    assert "values are people's" in " ".join(printed.replace("│", " ").split())
    told = report(project, "clean")["corrections"]
    assert (
        told["by_attribute"]["Garment"]["changed"] + told["by_attribute"]["Garment"]["confirmed"]
        == 1
    )
    assert told["others"] == {"left out": 1}
    assert report(project, "index")["embedders"]["minilm"]["removed"] == 1
    after = files_of(published)
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    photos = {name for name in changed if name.endswith(".jpg")}
    assert [Path(name).name[:64] for name in photos] == [other]
    tables = {"README.md", "catalogue.parquet", "croissant.json", "catalogue.csv"}
    assert changed - photos <= tables | {"train/metadata.parquet", "test/metadata.parquet"}
    rows = pd.read_parquet(published / "catalogue.parquet").set_index("photo_id")
    assert rows.loc[one, "Garment"] == "dress" and list(rows.loc[one, "reviewed"]) == ["Garment"]
    assert "People have looked at 1 of the values" in (published / "README.md").read_text()


def test_platforms_get_what_they_take_and_every_product_is_accounted_for(published, project):
    shopify = pd.read_csv(latest(project, "shopify_products.csv"), keep_default_na=False)
    assert {
        "Title", "URL handle", "Description", "Vendor", "Product category", "Type", "Tags",
        "Published on online store", "Status", "SKU", "Option1 name", "Option1 value", "Price",
        "Compare-at price", "Product image URL", "Image position", "Image alt text",
        "Color (product.metafields.shopify.color-pattern)",
    } <= set(shopify.columns)  # fmt: skip
    assert shopify["URL handle"].str.fullmatch(r"[a-z0-9-]+").all()
    assert shopify["URL handle"].duplicated().any()
    exported = report(project, "export")
    refused = pd.read_csv(latest(project, "feed_rejections.csv"), keep_default_na=False)
    refused = refused[refused["left_out"].eq("product")]
    counts = refused.groupby("feed")["product_id"].nunique()
    for name, feed in exported["feeds"].items():
        assert feed["rejected"] == counts.get(name, 0)
        assert feed["accepted"] + feed["rejected"] == exported["products"]
    assert exported["feeds"]["shopify"]["accepted"] == shopify["URL handle"].nunique()
    # The sample's photos are small drawings.
    assert {"google", "meta"} <= set(
        refused[refused["reason"].eq("it has 300 × 400 pixels, and 500 × 500 are asked for")][
            "feed"
        ]
    )
    feed = latest(project, "openai_feed.jsonl").read_text().splitlines()
    groups = {row.get("group_id", row["item_id"]) for row in map(json.loads, feed)}
    assert len(groups) == exported["feeds"]["openai"]["accepted"] > 40
    lines = latest(project, "json_ld.jsonl").read_text().splitlines()
    assert len(lines) == exported["feeds"]["json_ld"]["accepted"] > 40
    for name in ("google_feed.tsv", "meta_catalogue.csv", "feed_rejections.csv"):
        assert "example.com" not in latest(project, name).read_text()


def test_what_was_exported_comes_back_as_a_table_beside_the_photos(published, project, tmp_path):
    photos = tmp_path / "photos"
    shutil.copytree(project / "data/01_raw/sample", photos)
    for old in photos.glob("images.*"):
        old.unlink()
    shutil.copy(latest(project, "shopify_products.csv"), photos / "products_export.csv")
    again = make_project(tmp_path)
    succeed(run_kedro(again, "run", "--pipelines=ingest", f"--params=photos={photos}"))
    exported = pd.read_csv(latest(project, "shopify_products.csv"), keep_default_na=False)
    named = exported[exported["Product image URL"].ne("")]
    product_of = {
        url.rsplit("/")[-1]: handle
        for url, handle in zip(named["Product image URL"], named["URL handle"], strict=True)
    }
    rows = table(again, "manifest").set_index("file")["product_id"].dropna()
    found = {Path(file).name: product for file, product in rows.items()}
    assert found == product_of and len(found) > 100


def test_the_map_places_every_item_with_its_picture(published, project):
    laid_out = pd.read_parquet(project / "data/08_reporting/catalogue_map.parquet")
    assert laid_out["photo_id"].is_unique and len(laid_out) >= 20
    assert laid_out[["x", "y"]].notna().all(axis=None)
    assert laid_out[["x", "y"]].round(6).drop_duplicates().shape[0] == len(laid_out)
    for picture in laid_out["picture"]:
        with Image.open(BytesIO(picture["bytes"])) as image:
            assert max(image.size) == 160
    assert latest(project, "catalogue_map_sheet.png").stat().st_size > 10_000
