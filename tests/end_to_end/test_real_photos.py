"""The main job on real photos, cut off in the middle."""

import collections
import json
import os
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest

from processes import ENVIRONMENT, run_kedro
from project import make_project, report, succeed

LIMIT = 120


def captions(project):
    lines = []
    for shard in project.glob("data/04_feature/caption_shards/*/*.jsonl"):
        lines += [json.loads(line) for line in shard.read_text().splitlines()]
    return lines


def kill_when(project, command, shards):
    """Types a command and kills it with all its children once so many shards are there."""
    process = subprocess.Popen(
        [sys.executable, "-m", "kedro", *command],
        cwd=project, env=ENVIRONMENT, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline and process.poll() is None:
        if len(list(project.glob("data/04_feature/caption_shards/*/*.jsonl"))) >= shards:
            break
        time.sleep(0.01)
    assert process.poll() is None, "the run ended before it could be killed"
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@pytest.fixture(scope="module")
def photos(clothing):
    return f"--params=photos={clothing},preset=recipe,balance.cap=30"


@pytest.fixture(scope="module")
def project(photos, tmp_path_factory):
    """A project in which the real photos are measured, and some of them chosen."""
    project = make_project(tmp_path_factory.mktemp("real"))
    succeed(run_kedro(project, "run", "--pipelines=ingest,balance", photos))
    return project


def test_labels_real_photos_once_though_killed_twice(project, photos):
    kill_when(project, ["run", "--pipelines=label", photos], shards=3)
    first = len(captions(project))
    kill_when(project, ["run", "--pipelines=label", photos], shards=7)
    assert len(captions(project)) > first > 0
    result = run_kedro(project, "run", "--pipelines=label", photos)
    assert result.returncode == 0, result.stderr

    selection, table = (
        pd.read_csv(sorted(project.glob(f"data/*/{name}.csv/*/{name}.csv"))[-1])
        for name in ("selection", "captions")
    )
    times = collections.Counter(caption["photo_id"] for caption in captions(project))
    assert set(times) == set(selection["photo_id"])
    # A kill can tear the file being written; only its photos may come again.
    assert sum(count - 1 for count in times.values()) <= 2 * 32
    assert table["file"].tolist() == selection["file"].tolist()
    assert table["caption"].notna().all()


def test_finds_the_troubles_of_the_real_photos(project):
    told = report(project, "ingest")
    assert (told["files"], told["rows"], told["ok"]) == (3350, 3253, 3250)
    assert told["quarantined"] == {"unlisted": 100, "missing": 3}
    assert told["kids"] == 389
