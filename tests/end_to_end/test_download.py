"""Types ``kedro run --pipelines=download``, against a hub on loopback."""

import io
import os
import zipfile

import pytest
import yaml

from file_server import TOKEN, serving_files
from processes import ENVIRONMENT, run_kedro, type_kedro
from project import jpeg, report, succeed, table


@pytest.fixture(scope="module")
def clothes():
    photos = {
        f"images/{label}.jpg": jpeg(label) + os.urandom(200_000)
        for label in ("Hat", "Shirt", "Dress")
    }
    return {"images.csv": b"image,sender_id,label,kids\nHat,1,Hat,False\n", **photos}


@pytest.fixture
def hub(monkeypatch):
    """Makes the project's hub the one on loopback."""

    def use(server):
        monkeypatch.setitem(ENVIRONMENT, "HF_ENDPOINT", server.url)
        monkeypatch.setitem(ENVIRONMENT, "HF_HUB_OFFLINE", "0")

    return use


SOURCE = "--params=source=hf://datasets/shop/clothes"


def test_a_data_set_of_the_hub_comes_whole_although_the_connection_breaks(project, hub, clothes):
    with serving_files(clothes, cut={"images/Hat.jpg": 70_000}, gated=True) as server:
        hub(server)
        refused = type_kedro(project, "run", "--pipelines=download", SOURCE)
        assert refused.returncode == 1
        assert "Set HF_TOKEN" in " ".join(refused.stderr.split())
        assert "Traceback" not in refused.stderr
        (project / "conf/local/credentials.yml").write_text(f"huggingface: {{token: {TOKEN}}}\n")
        result = succeed(type_kedro(project, "run", "--pipelines=download", SOURCE))
        assert TOKEN not in result.stdout + result.stderr
        fetched = [path for method, path, _ in server.requests if method == "GET"]
        succeed(type_kedro(project, "run", "--pipelines=download", SOURCE))
        again = [path for method, path, _ in server.requests if method == "GET"][len(fetched) :]
        assert not any(path.endswith(".jpg") for path in again)
    folder = project / "data/01_raw/downloads/clothes"
    assert {name: (folder / name).read_bytes() for name in clothes} == clothes
    told = report(project, "download")
    assert told["files"] == len(clothes)
    assert told["next"] in result.stdout
    succeed(run_kedro(project, *told["next"].split()[1:], "--pipelines=ingest"))
    assert table(project, "manifest")["label"].tolist() == ["Hat"]


def test_what_is_not_as_listed_is_not_kept(project, hub, clothes):
    with serving_files(clothes, lies={"images/Hat.jpg"}) as server:
        hub(server)
        result = type_kedro(project, "run", "--pipelines=download", SOURCE)
    assert result.returncode == 1
    assert "Run the same command again" in " ".join(result.stderr.split())
    assert not (project / "data/01_raw/downloads/clothes/images/Hat.jpg").exists()


def test_a_name_that_leads_out_of_the_folder_is_refused(project, hub):
    with serving_files({"../../../evil.jpg": b"x"}) as server:
        hub(server)
        result = type_kedro(project, "run", "--pipelines=download", SOURCE)
    assert result.returncode == 1
    assert "is outside the folder" in " ".join(result.stderr.split())
    assert not list(project.rglob("evil.jpg"))


def test_an_archive_of_photos_is_all_that_is_needed(project):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for label in ("Hat", "Pants"):
            archive.writestr(f"wardrobe/{label}.jpg", jpeg(label))
    with serving_files({"my/wardrobe.zip": buffer.getvalue()}) as server:
        source = f"--params=source={server.url}/my/wardrobe.zip"
        succeed(run_kedro(project, "run", "--pipelines=download", source))
    following = report(project, "download")["next"].split()[1:]
    succeed(run_kedro(project, *following, "--pipelines=ingest"))
    assert table(project, "manifest")["file"].tolist() == ["wardrobe/Hat.jpg", "wardrobe/Pants.jpg"]
    assert table(project, "quarantine").empty


def test_the_original_photos_come_without_a_token_and_are_counted(project):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        rows = "".join(f"{label},1,{label},False\n" for label in ("Hat", "Shirt"))
        archive.writestr(
            "clothing-dataset-master/images.csv", f"image,sender_id,label,kids\n{rows}"
        )
        for label in ("Hat", "Shirt", "Dress"):
            archive.writestr(f"clothing-dataset-master/images/{label}.jpg", jpeg(label))
    path = "alexeygrigorev/clothing-dataset/archive/refs/heads/master.zip"
    known = project / "conf/base/catalog_download.yml"
    config = yaml.safe_load(known.read_text())
    assert config["remote_photos"]["source"].endswith(f'github.com/{path}"}}')
    with serving_files({path: buffer.getvalue()}) as server:
        url = f"{server.url}/{path}"
        config["remote_photos"]["counts"] = {url: {"rows": 2, "photos": 4}}
        known.write_text(yaml.safe_dump(config))
        run = ("run", "--pipelines=download", f"--params=source={url}")
        result = succeed(run_kedro(project, *run))
    folder = project / "data/01_raw/downloads/clothing-dataset/clothing-dataset-master"
    assert len(list((folder / "images").iterdir())) == 3
    assert "there are 3 photos and not 4." in " ".join(result.stdout.split())
    following = report(project, "download")["next"].split()[1:]
    succeed(run_kedro(project, *following, "--pipelines=ingest"))
    assert sorted(table(project, "manifest")["file"]) == ["Hat.jpg", "Shirt.jpg"]
