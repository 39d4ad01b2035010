"""The package as `kedro package` builds it, installed into an empty folder."""

import shutil
import subprocess
import sys

import pandas as pd
import pytest

from lookbook.__main__ import main
from processes import ENVIRONMENT
from project import ROOT, jpeg, succeed


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder with the wheel's contents, and the archive of the configuration beside it."""
    folder = tmp_path_factory.mktemp("package")
    shutil.copytree(ROOT / "src/lookbook", folder / "src/lookbook")
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, folder)
    for command in (
        ["wheel", "--no-build-isolation", "--wheel-dir=dist", "."],
        ["install", "--target=site", "dist/lookbook-0.1.0-py3-none-any.whl"],
    ):
        pip = [sys.executable, "-m", "pip", "--quiet", command[0], "--no-deps", *command[1:]]
        subprocess.run(pip, cwd=folder, check=True)
    local = shutil.ignore_patterns("local")
    shutil.copytree(ROOT / "conf", folder / "packed/conf", ignore=local)
    shutil.make_archive(str(folder / "conf"), "gztar", folder / "packed", "conf")
    return folder


@pytest.fixture
def run_package(installed, tmp_path):
    def run(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "lookbook", *arguments],
            cwd=tmp_path,
            env={**ENVIRONMENT, "PYTHONPATH": str(installed / "site"), "COLUMNS": "200"},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    return run


def test_goes_from_photos_to_an_index_with_the_packaged_configuration(
    installed, run_package, tmp_path
):
    (tmp_path / "photos").mkdir()
    for label in ("Shirt", "Hat"):
        (tmp_path / f"photos/{label}.jpg").write_bytes(jpeg(label))
    result = succeed(
        run_package("--params=photos=photos", f"--conf-source={installed / 'conf.tar.gz'}")
    )
    assert "Completed node" not in result.stdout
    table = next(tmp_path.glob("data/07_model_output/full_catalogue.csv/*/full_catalogue.csv"))
    assert pd.read_csv(table)["Filename"].tolist() == ["Hat.jpg", "Shirt.jpg"]
    assert (tmp_path / "data/07_model_output/lancedb/minilm.lance").is_dir()


def test_demo_opens_without_a_project_and_asks_for_an_index(installed, run_package):
    result = run_package("demo", f"--conf-source={installed / 'conf.tar.gz'}")
    assert result.returncode == 1
    assert "There is no index yet. Run 'kedro run' first." in result.stderr


def test_says_where_the_configuration_is_missing(run_package):
    result = run_package()
    assert result.returncode == 1
    assert "--conf-source" in result.stderr and "Traceback" not in result.stderr


def test_has_every_command(monkeypatch, capsys):
    for arguments, option in ((["demo"], "--method"), (["review"], "--who"), ([], "--nodes")):
        monkeypatch.setattr(sys, "argv", ["lookbook", *arguments, "--help"])
        with pytest.raises(SystemExit, match="0"):
            main()
        assert option in capsys.readouterr().out
