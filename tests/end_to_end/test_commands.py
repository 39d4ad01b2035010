"""The commands around a run: listing, drawing the sample again, the lineage."""

import hashlib
import io
import json
import re
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from processes import ENVIRONMENT, run_kedro
from project import ROOT, succeed

HEAVY = (
    "pandas.core.frame",
    "torch",
    "transformers",
    "sentence_transformers",
    "lancedb",
    "onnxruntime",
    "matplotlib",
)


def test_listing_pipelines_imports_nothing_heavy(project):
    code = (
        "import sys, json\n"
        "from pathlib import Path\n"
        "from kedro.framework.startup import bootstrap_project\n"
        "from kedro.framework.project import pipelines\n"
        "bootstrap_project(Path.cwd())\n"
        "names = list(pipelines)\n"
        f"print(json.dumps([names, [name for name in {HEAVY!r} if name in sys.modules]]))\n"
    )
    printed = subprocess.run(
        [sys.executable, "-c", code], cwd=project, env=ENVIRONMENT, capture_output=True, text=True,
        check=True,
    ).stdout  # fmt: skip
    names, imported = json.loads(printed.splitlines()[-1])
    assert {"ingest", "balance", "label", "clean", "index", "distil", "sample"} < set(names)
    assert imported == []


def test_lists_pipelines_and_datasets(kedro):
    assert "- ingest" in kedro("registry", "list").stdout
    described = kedro("catalog", "describe-datasets", "--pipeline=clean").stdout
    assert "rejected_captions" in described


def test_the_default_run_leaves_out_training_and_drawing(kedro):
    described = kedro("registry", "describe", "__default__").stdout
    assert "embed_items" in described
    assert "fit_networks" not in described
    assert "draw_sample" not in described


def test_run_has_kedros_help(kedro):
    helped = kedro("run", "--help").stdout
    assert "--load-versions" in helped
    assert "--params" in helped


def test_draws_the_bundled_sample_again(project, kedro):
    assert kedro("run", "--pipelines=sample").returncode == 0
    drawn, bundled = (folder / "data/01_raw/sample" for folder in (project, ROOT))
    for name in ("images.csv", "products_export.csv"):
        assert (drawn / name).read_text() == (bundled / name).read_text()
    names = sorted(path.name for path in (bundled / "images_compressed").iterdir())
    assert sorted(path.name for path in (drawn / "images_compressed").iterdir()) == names
    for name in names[:10]:
        again, before = ((folder / "images_compressed" / name) for folder in (drawn, bundled))
        if (
            hashlib.sha256(again.read_bytes()).digest()
            == hashlib.sha256(before.read_bytes()).digest()
        ):
            continue
        # Another JPEG library may round otherwise.
        pixels = [
            np.asarray(Image.open(io.BytesIO(path.read_bytes())), int) for path in (again, before)
        ]
        assert np.abs(pixels[0] - pixels[1]).mean() < 2


def test_builds_the_lineage_before_anything_ran(project, kedro):
    result = kedro("viz", "build")
    assert result.returncode == 0, result.stdout + result.stderr
    shown = {
        name: json.loads((project / "build/api/pipelines" / name).read_text())
        for name in ("__default__", "distil")
    }
    nodes = {name: {node["name"] for node in page["nodes"]} for name, page in shown.items()}
    assert {"inspect_photos", "embed_items", "search_index"} <= nodes["__default__"]
    assert {"fit_networks", "model_card"} <= nodes["distil"]
    walk = ["raw", "intermediate", "primary", "feature", "model_output", "reporting"]
    assert [layer for layer in shown["__default__"]["layers"] if layer in walk] == walk


@pytest.mark.parametrize(("photos", "first"), [("", "test -d"), ("PHOTOS=OTHER", "false")])
def test_make_demo_brings_an_index_of_named_photos_up_to_date(photos, first):
    command = ["make", "--dry-run", "demo", *filter(None, [photos])]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert re.search(rf"{first}.* \|\| .*\S+/kedro run", printed)


def test_a_full_disk_is_told_and_the_next_run_goes_on(project):
    # Where the system lets nobody mount a small disk, a device that is always full stands for it.
    config = project / "conf/local/catalog.yml"
    config.write_text(
        "manifest: { type: pandas.CSVDataset, filepath: /dev/full, save_args: { index: false } }\n"
    )
    result = run_kedro(project, "run", "--pipelines=ingest")
    assert result.returncode == 1
    told = " ".join(result.stderr.split())
    assert "The disk is full. Finished work is kept" in told
    assert "Traceback" not in result.stderr
    config.unlink()
    succeed(run_kedro(project, "run", "--pipelines=ingest"))
