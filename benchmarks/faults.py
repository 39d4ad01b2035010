"""Kills what a run on a cluster depends on, again and again, and looks whether anything is lost.

Usage: ``make bench-faults PHOTOS=folder``. Two machines of a Ray cluster are played on this one.
At random moments the driver, a worker or a whole machine is killed; the same command is typed again
where the driver is gone. Each time a run gets to its end its catalogue is compared with that of an
uninterrupted run, byte for byte, its index row for row (vectors may differ in their last bits where
photos and texts were embedded in other batches), and captions that were made twice are counted.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import lancedb
import psutil
from ray.cluster_utils import Cluster

from lookbook.search.tables import VECTORS
from project import load_tables, make_project

COMPARED = ("manifest", "quarantine", "full_catalogue", "catalogue", "rejected_captions")
KINDS = ("driver", "worker", "machine")
# What a run says that ends because the machine that it is on does.
WITH_ITS_MACHINE = ("Run the same command again", "cannot be reached", "raylet")


def start(project: Path, photos: Path, *options: str, address: str = "") -> subprocess.Popen[bytes]:
    """Types ``kedro run``, photos to index."""
    environment = {**os.environ, "PYTHONPATH": str(project / "src")}
    if address:
        environment["RAY_ADDRESS"] = address
    stages = "--pipelines=ingest,balance,label,clean,index"
    return subprocess.Popen(
        [sys.executable, "-m", "kedro", "run", stages, f"--params=photos={photos}", *options],
        cwd=project, env=environment, start_new_session=True,
        stdout=(project / "run.log").open("w"), stderr=subprocess.STDOUT,
    )  # fmt: skip


def tables_of(project: Path, env: str) -> dict[str, str]:
    """Reads what is compared."""
    tables = load_tables(project, env, COMPARED)
    index = lancedb.connect(project / "data/07_model_output/lancedb").open_table("minilm")
    tables["index"] = index.to_arrow().drop_columns(list(VECTORS)).to_pandas()
    tables["index"] = tables["index"].sort_values("photo_id")
    return {name: table.to_csv(index=False) for name, table in tables.items()}


def made_twice(project: Path) -> int:
    """Counts captions of photos that had one."""
    counts: collections.Counter[str] = collections.Counter()
    for shard in (project / "data/04_feature/caption_shards").rglob("*.jsonl"):
        counts.update(json.loads(line)["photo_id"] for line in shard.read_text().splitlines())
    return sum(count - 1 for count in counts.values())


def kill(kind: str, run: subprocess.Popen[bytes], cluster: Cluster, machine: Any) -> Any:
    """Kills one of them; gives the cluster's second machine, which may be another then."""
    if kind == "driver":
        os.killpg(run.pid, signal.SIGKILL)
    elif kind == "worker":
        names = [one for one in psutil.process_iter(["cmdline"]) if one.info["cmdline"]]
        workers = [one for one in names if one.info["cmdline"][0].startswith("ray::")]
        if workers:
            random.choice(workers).kill()
    else:
        cluster.remove_node(machine, allow_graceful=False)
        machine = cluster.add_node(num_cpus=1)
    return machine


def main() -> None:
    """Kills, and tells what was left."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", type=Path, help="folder of photos")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--some", type=int, default=600, help="photos of the folder")
    options = parser.parse_args()
    random.seed(0)
    with tempfile.TemporaryDirectory() as folder:
        photos = Path(folder) / "photos"
        photos.mkdir()
        paths = sorted(path for path in options.photos.rglob("*") if path.suffix == ".jpg")
        for path in paths[: options.some]:
            shutil.copy(path, photos / path.name)
        plain = make_project(Path(tempfile.mkdtemp(dir=folder)))
        if start(plain, photos).wait():
            raise SystemExit((plain / "run.log").read_text()[-3000:])
        expected = tables_of(plain, "base")
        project = make_project(Path(tempfile.mkdtemp(dir=folder)))
        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
        machine = cluster.add_node(num_cpus=1)
        done: collections.Counter[str] = collections.Counter()
        runs = wrong = twice = ended = 0
        whole = False
        while sum(done.values()) < options.kills or not whole:
            run = start(project, photos, "--env=cluster", address=cluster.address)
            while run.poll() is None:
                until = time.monotonic() + random.uniform(3, 20)
                while run.poll() is None and time.monotonic() < until:
                    time.sleep(0.2)
                if run.poll() is None and sum(done.values()) < options.kills:
                    kind = random.choice(KINDS)
                    machine = kill(kind, run, cluster, machine)
                    done[kind] += 1
            whole = run.returncode == 0
            if whole:
                runs += 1
                wrong += tables_of(project, "cluster") != expected
                twice += made_twice(project)
                print(
                    f"{dict(done)}: a run got to its end, {wrong} differ, {twice} made twice",
                    flush=True,
                )
                shutil.rmtree(project / "data/02_intermediate")
                shutil.rmtree(project / "data/04_feature")
                shutil.rmtree(project / "data/07_model_output")
            elif run.returncode != -signal.SIGKILL:
                # A driver is on one of the machines, and may be on the one that was taken away, or
                # have been begun on it before the cluster has noticed; and a machine that is busy
                # with other things may be given up.
                told = (project / "run.log").read_text()
                if not any(one in told for one in WITH_ITS_MACHINE):
                    raise SystemExit(told[-3000:])
                ended += 1
        cluster.shutdown()
        told = ", ".join(f"{count} of a {kind}" for kind, count in sorted(done.items()))
        print(
            f"{told} ({ended} with the driver on it); {runs} runs got to their end, {wrong} "
            f"differed; {twice} captions made twice"
        )


if __name__ == "__main__":
    main()
