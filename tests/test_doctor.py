import shutil

import pytest

from lookbook import doctor
from lookbook.doctor import check_disk, check_packages
from processes import run_kedro
from project import copy_project


def findings(result):
    return {line.split(" ", 1)[1].split(":")[0]: line[0] for line in result.stdout.splitlines()}


def test_a_sound_installation_has_no_findings(ran):
    result = run_kedro(ran[0], "doctor")
    assert result.returncode == 0, result.stdout + result.stderr
    assert findings(result) == dict.fromkeys(
        ("packages", "disk", "configuration", "captioner", "stylist", "style", "index", "photos",
         "answer"), "✓",
    )  # fmt: skip


def test_each_fault_is_named_with_what_to_do(ran, tmp_path):
    project = copy_project(ran[0], tmp_path)
    photos = sorted((project / "data/01_raw/sample").rglob("*.jpg"))
    photos[0].unlink()
    (project / "conf/local/globals.yml").write_text("network: nowhere.onnx\n")
    result = run_kedro(project, "doctor")
    assert result.returncode == 1
    assert "nowhere.onnx" in result.stdout and "✗" in findings(result).values()
    (project / "conf/local/globals.yml").unlink()
    result = run_kedro(project, "doctor")
    assert findings(result)["photos"] == "!"
    assert photos[0].name in result.stdout and "--params=photos=FOLDER" in result.stdout
    shutil.rmtree(project / "data/07_model_output/lancedb")
    result = run_kedro(project, "doctor")
    assert (result.returncode, findings(result)["index"]) == (1, "✗")
    assert "Run 'kedro run' first" in result.stdout
    (project / "conf/local/parameters_server.yml").write_text("server: {rate_limt: 3}\n")
    result = run_kedro(project, "doctor")
    assert findings(result)["configuration"] == "✗"
    assert "rate_limt" in result.stdout and "rate_limit" in result.stdout


@pytest.mark.parametrize(
    ("requirement", "named"),
    [("torch<1", "torch is 2"), ("no-such-package>=1", "no-such-package is missing")],
)
def test_a_package_in_another_version_is_named(monkeypatch, requirement, named):
    monkeypatch.setattr(doctor, "requires", lambda name: [requirement, "x; extra == 'y'"])
    finding = check_packages()
    assert finding.outcome == "error" and named in finding.sentence


def test_little_space_is_a_warning(monkeypatch, tmp_path):
    monkeypatch.setattr(doctor, "LITTLE_SPACE", 10**18)
    assert check_disk(tmp_path / "new").outcome == "warning"
    (tmp_path / "file").write_text("")
    assert check_disk(tmp_path / "file/data").outcome == "error"
