"""Fixtures shared by all tests."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from hypothesis import settings

from lookbook.captioners import Prompt
from lookbook.captioners.embedded import EmbeddedCaptioner
from lookbook.datasets.embedded_captioner_dataset import EmbeddedCaptionerDataset
from lookbook.drawing import draw_garment
from lookbook.pipelines.label.nodes import compose_prompt
from lookbook.vocabulary import Vocabulary
from tiny_models import save_tiny_mllama

settings.register_profile("reproducible", derandomize=True, deadline=None)
settings.load_profile("reproducible")

ROOT = Path(__file__).parent.parent
# Progress bars and colours have no place in what the tests read.
ENVIRONMENT = {**os.environ, "TQDM_DISABLE": "1", "COLUMNS": "120", "HF_HUB_OFFLINE": "1"}

os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_BACKEND_LOG_LEVEL": "fatal"}

Kedro = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def words() -> dict:
    return yaml.safe_load((ROOT / "conf/base/globals.yml").read_text())["vocabulary"]


@pytest.fixture(scope="session")
def vocabulary(words: dict) -> Vocabulary:
    return Vocabulary.model_validate(words)


@pytest.fixture(scope="session")
def prompt(vocabulary: Vocabulary) -> Prompt:
    texts = ((ROOT / f"conf/base/prompts/{name}.txt").read_text() for name in ("system", "caption"))
    return Prompt.model_validate(compose_prompt(*texts, vocabulary))


@pytest.fixture(scope="session")
def captioner(words: dict) -> EmbeddedCaptioner:
    return EmbeddedCaptionerDataset(vocabulary=words, batch_size=4).load()


@pytest.fixture(scope="session")
def tiny_mllama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_mllama(tmp_path_factory.mktemp("tiny_mllama"))


@pytest.fixture(scope="session")
def cluster() -> Iterator[Any]:
    """A Ray cluster whose head has one core; tests add nodes of their own, and take them away."""
    ray = pytest.importorskip("ray", reason="Ray is not installed: the extra 'cluster'")
    from ray.cluster_utils import Cluster

    cluster = Cluster(
        initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False}
    )
    ray.init(address=cluster.address, log_to_driver=False)
    yield cluster
    ray.shutdown()
    cluster.shutdown()


@pytest.fixture(scope="session")
def clothing() -> Path:
    folder = os.environ.get("LOOKBOOK_DATA")
    if not folder:
        pytest.skip("LOOKBOOK_DATA names no folder of real photos")
    return Path(folder)


def make_project(folder: Path) -> Path:
    """Lays out a project as a user has it, with data of its own."""
    for name in ("pyproject.toml", ".telemetry"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / "conf", folder / "conf", ignore=shutil.ignore_patterns("local"))
    shutil.copytree(ROOT / "data/01_raw/sample", folder / "data/01_raw/sample")
    (folder / "conf/local").mkdir()
    shutil.copytree(
        ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info")
    )
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path)


def run_kedro(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Types `kedro ...` in a project's folder."""
    return subprocess.run(
        [sys.executable, "-m", "kedro", *arguments],
        cwd=project,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.fixture
def kedro(project: Path) -> Kedro:
    return lambda *arguments: run_kedro(project, *arguments)


def jpeg(
    label: str = "Shirt", colour: str = "blue", pattern: str = "plain", seed: int = 0
) -> bytes:
    """Draws a garment and encodes it."""
    buffer = io.BytesIO()
    draw_garment(label, colour, pattern, seed).save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def succeed(result: subprocess.CompletedProcess[str]) -> subprocess.CompletedProcess[str]:
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
    return result


def versions(project: Path, name: str) -> list[str]:
    """Lists the versions of a file of the project's data, the oldest first."""
    return sorted(folder.name for folder in next(project.glob(f"data/*/{name}")).iterdir())


def latest(project: Path, name: str) -> Path:
    return next(project.glob(f"data/*/{name}/{versions(project, name)[-1]}/{name}"))


def report(project: Path, step: str) -> dict:
    return json.loads(latest(project, f"{step}_report.json").read_text())


def table(project: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(latest(project, f"{name}.csv"), keep_default_na=False)


@pytest.fixture(scope="session")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A project after `kedro run`, and what the run printed."""
    project = make_project(tmp_path_factory.mktemp("ran"))
    return project, succeed(run_kedro(project, "run")).stdout
