"""Runs ``kedro`` in a project's folder, as a user does."""

import shutil

import pandas as pd
import pytest
import yaml

from processes import ENVIRONMENT, run_kedro, type_kedro
from project import jpeg, report, succeed, table, versions

STEPS = ("ingest", "balance", "label", "clean", "index")


def test_goes_from_photos_to_a_searchable_catalogue(ran, schema):
    import lancedb

    project, _ = ran
    full = table(project, "full_catalogue")
    assert list(full.columns) == ["Filename", *schema.names, "photo_id", "product_id"]
    assert set(full["Colours"].str.split(", ").explode()) <= {*schema.multis["Colours"].values, ""}
    items = lancedb.connect(str(project / "data/07_model_output/lancedb")).open_table("minilm")
    products = table(project, "manifest")["product_id"].nunique()
    assert items.count_rows() == len(full) == products < report(project, "ingest")["ok"]
    found = items.search("red dress", query_type="fts").limit(3).to_list()
    titles = [row["Title"].casefold() for row in found]
    assert found and all("red" in title or "dress" in title for title in titles)


def test_accounts_for_every_photo_at_every_step(ran):
    project, _ = ran
    ingest, balance, label, clean, index = (report(project, step) for step in STEPS)
    quarantine = table(project, "quarantine")
    assert sorted(quarantine["status"]) == [
        "duplicate", "invalid row", "missing", *["product without photo"] * 2, "truncated",
        "unlisted",
    ]  # fmt: skip
    quarantine = quarantine[quarantine["status"].ne("product without photo")]
    rows_without_file = quarantine["file"].eq("").sum()
    assert ingest["files"] + rows_without_file == ingest["ok"] + len(quarantine)
    assert balance["photos"] == ingest["ok"]
    assert label["photos"] == balance["selected"] == label["captioned"] + label["failed"]
    assert clean["captions"] == label["photos"] == clean["usable"] + clean["rejected"]
    assert index["items"] == table(project, "full_catalogue")["product_id"].nunique()


def test_labels_agree_with_what_was_drawn(ran):
    project, _ = ran
    drawn = table(project, "selection").set_index("file")["label"]
    named = table(project, "full_catalogue").set_index("Filename")["Category"]
    plain = {"T-Shirt": "T-Shirt", "Pants": "Pants", "Shoes": "Shoes", "Dress": "Dresses"}
    wanted = drawn.map(plain).dropna()
    # An item is called by its main photo.
    wanted = wanted[wanted.index.isin(named.index)]
    assert len(wanted) == 17 and named[wanted.index].eq(wanted).mean() > 0.8


def test_ends_with_what_happened_and_what_comes_next(ran):
    _, printed = ran
    # A cell may go over several lines.
    summary = " ".join(printed[printed.index("what happened") :].replace("│", " ").split())
    for told in (*STEPS, "1 truncated", "1 missing", "all photos are kept", "catalogue.csv",
                 "/lancedb", "data/08_reporting", "--params=photos="):  # fmt: skip
        assert told in summary


def test_every_csv_and_json_is_versioned(ran):
    project, _ = ran
    written = [
        path
        for suffix in ("csv", "json", "png")
        for path in project.glob(f"data/0[2-8]*/**/*.{suffix}")
        if path.is_file() and "lancedb" not in path.parts
    ]
    assert len(written) > 20
    assert all(path.parent.parent.name == path.name for path in written)


def test_a_second_run_does_nothing_twice_and_old_results_come_back(ran, tmp_path):
    project = tmp_path / "again"
    shutil.copytree(ran[0], project, symlinks=True)
    first = versions(project, "manifest.csv")[0]
    (project / "data/01_raw/sample/images_compressed/new.jpg").write_bytes(jpeg("Hat", seed=999))
    rows = project / "data/01_raw/sample/images.csv"
    rows.write_text(rows.read_text() + "new,1,Hat,False\n")
    succeed(run_kedro(project, "run"))
    label, index = report(project, "label"), report(project, "index")
    embedded = index["embedders"]["minilm"]["embedded"]
    assert (label["photos"] - label["captioned_before"], embedded) <= (1, 1)
    assert index["items"] == len(table(project, "full_catalogue"))
    assert len(versions(project, "manifest.csv")) == 2

    before = table(ran[0], "selection")
    succeed(run_kedro(project, "run", "--pipelines=balance", f"--load-versions=manifest:{first}"))
    pd.testing.assert_frame_equal(table(project, "selection"), before)


def test_a_bare_folder_is_run_whole_or_pipeline_by_pipeline(project, kedro, tmp_path_factory):
    photos = tmp_path_factory.mktemp("bare") / "a=b 'c' größe"
    photos.mkdir()
    for label in ("Shirt", "Hat", "Dress"):
        (photos / f"{label}.jpg").write_bytes(jpeg(label))
    (photos / "notes.txt").write_text("not a photo")
    succeed(kedro("run", f"--params=photos={photos}"))
    whole = table(project, "catalogue")
    assert whole["Filename"].tolist() == ["Dress.jpg", "Hat.jpg", "Shirt.jpg"]
    assert table(project, "quarantine")[["file", "status"]].values.tolist() == [
        ["notes.txt", "no photo"]
    ]
    assert report(project, "index")["items"] == 3
    # From then on the folder of the local configuration.
    (project / "conf/local/globals.yml").write_text(yaml.safe_dump({"photos": str(photos)}))
    for name in ("02_intermediate", "03_primary", "04_feature", "07_model_output"):
        shutil.rmtree(project / "data" / name)
    for step in STEPS:
        assert step in succeed(kedro("run", f"--pipelines={step}")).stdout
    pd.testing.assert_frame_equal(table(project, "catalogue"), whole)
    assert report(project, "index")["items"] == 3


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({"a.jpg": b"junk"}, "No photo can be used: 1 corrupt"),
        ({"a.jpg": b"x", "images.csv": b""}, "images.csv is empty"),
    ],
)
def test_bad_input_ends_in_a_sentence(kedro, tmp_path_factory, content, sentence):
    photos = tmp_path_factory.mktemp("bad")
    for name, data in content.items():
        (photos / name).write_bytes(data)
    result = kedro("run", "--pipelines=ingest", f"--params=photos={photos}")
    assert result.returncode == 1
    assert result.stderr.startswith("Error: ")
    assert sentence in result.stderr
    assert "Traceback" not in result.stdout + result.stderr


def test_says_what_to_run_before_a_pipeline_that_has_nothing_to_read(kedro):
    result = kedro("run", "--pipelines=balance")
    assert result.returncode == 1
    assert "kedro run --pipelines=ingest" in result.stderr
    assert "Traceback" not in result.stdout + result.stderr


def test_a_wrong_parameter_is_named(kedro):
    result = kedro("run", "--pipelines=balance", "--params=balance.cap=none")
    assert result.returncode == 1
    assert "Parameter 'balance'" in result.stderr
    assert "cap\n  Input should be a valid integer" in result.stderr
    assert "Traceback" not in result.stdout + result.stderr


def test_a_number_for_a_folder_ends_in_a_sentence(kedro):
    result = kedro("run", "--pipelines=ingest", "--params=photos=2024")
    assert result.returncode == 1
    assert "photo folder" in result.stderr
    assert "Traceback" not in result.stdout + result.stderr


def test_off_a_terminal_each_step_is_a_line_without_colours(project, monkeypatch, tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "only.jpg").write_bytes(jpeg())
    monkeypatch.delitem(ENVIRONMENT, "TQDM_DISABLE")
    monkeypatch.setitem(ENVIRONMENT, "NO_COLOR", "1")
    result = succeed(type_kedro(project, "run", "--pipelines=ingest", f"--params=photos={photos}"))
    told = result.stdout + result.stderr
    assert "\r" not in told and "\x1b[" not in told
    assert "ingest    1 photo checked in" in result.stdout and result.stderr == ""
