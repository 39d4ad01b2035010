"""Measures whether time and memory stay in proportion: many photos, a million captions, a cluster.

Usage: ``make bench-scale PHOTOS=folder``. Works in a project of its own in a temporary folder,
which needs about 15 GB; types ``kedro run`` there as a user does, and reads what each run's process
took. The cluster is Ray on this machine.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import yaml
from results import Results
from rich.console import Console
from rich.table import Table

from lookbook.attributes.schema import Schema
from lookbook.photos.photo import decode
from project import declared_fields, make_project

# Some thousand photos, and ten times as many.
PHOTOS = (3_000, 30_000)
CAPTIONS = (100_000, 1_000_000)
VERSION = "2026-01-01T00.00.00.000Z"


class Took(NamedTuple):
    """What a run's process took: seconds, and its peak memory in MiB."""

    seconds: float
    mebibytes: float
    told: str


def run(project: Path, *arguments: str) -> Took:
    """Types ``kedro run``."""
    environment = {**os.environ, "PYTHONPATH": f"{project / 'src'}:{Path(__file__).parent}"}
    log = project / "run.log"
    begun = time.perf_counter()
    with log.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "kedro", "run", *arguments],
            cwd=project, env=environment, stdout=file, stderr=file,
        )  # fmt: skip
        _, status, usage = os.wait4(process.pid, 0)
    took = time.perf_counter() - begun
    told = log.read_text()
    print(f"{' '.join(arguments)}: {took:.0f} s, {usage.ru_maxrss / 2**10:,.0f} MiB", flush=True)
    if status:
        raise SystemExit(f"kedro run {' '.join(arguments)} failed:\n{told[-3000:]}")
    return Took(took, usage.ru_maxrss / 2**10, told)


def vary(folder: Path, source: Path, number: int) -> None:
    """Encodes a photo anew, so that it is another."""
    rng = random.Random(number)
    image = decode(source.read_bytes())
    image = image.resize((image.width - number % 7, image.height - number % 5))
    # Its number is in a pixel, whatever else is alike.
    image.putpixel((0, 0), (number % 256, number // 256 % 256, number // 65536))
    image.save(folder / f"{number:06d}.jpg", quality=rng.randrange(80, 92))


def make_photos(photos: Path, folder: Path, start: int, stop: int) -> None:
    """Makes some photos of those that there are."""
    sources = sorted(path for path in photos.rglob("*") if path.suffix in (".jpg", ".png"))
    folder.mkdir(exist_ok=True)
    numbers = range(start, stop)
    chosen = [sources[number % len(sources)] for number in numbers]
    with ProcessPoolExecutor() as pool:
        list(pool.map(partial(vary, folder), chosen, numbers, chunksize=64))


def measure_photos(project: Path, photos: Path, table: Table, results: Results) -> None:
    """Lists, measures and captions some photos, then ten times as many; then again."""
    folder = project / "photos"
    rates, peaks, made = [], [], 0
    stages = "--pipelines=ingest,balance,label"
    for count in PHOTOS:
        shutil.rmtree(project / "data/02_intermediate", ignore_errors=True)
        shutil.rmtree(project / "data/04_feature", ignore_errors=True)
        make_photos(photos, folder, made, count)
        made = count
        took = run(project, stages, f"--params=photos={folder}")
        rates.append(count / took.seconds)
        peaks.append(took.mebibytes)
        table.add_row(
            "photos measured and captioned", f"{count:,}", f"{took.seconds:.0f}",
            f"{rates[-1]:.1f} photos/s", f"{took.mebibytes:,.0f}", "",
        )  # fmt: skip
        told = f"{count:,} photos measured and captioned"
        results.add(f"photos_{count}_rate", f"{told}: rate", rates[-1], "photos/s")
        results.add(f"photos_{count}_memory", f"{told}: peak memory", took.mebibytes, "MiB")
    again = run(project, "--pipelines=ingest", f"--params=photos={folder}")
    results.add("again", f"{made:,} known photos: ingest", again.seconds, "s")
    table.add_row(
        "the same photos again: ingest", f"{made:,}", f"{again.seconds:.1f}", "",
        f"{again.mebibytes:,.0f}", "under 20 s asked",
    )  # fmt: skip
    table.add_row(
        "ten times the photos", "", "", f"rate x {rates[1] / rates[0]:.3f}",
        f"x {peaks[1] / peaks[0]:.3f}", "0.9 and 1.1 asked",
    )  # fmt: skip


def measure_cluster(project: Path, table: Table, results: Results) -> None:
    """Measures photos by threads, and the same on a cluster on this machine.

    What starts Ray is there once a run: the overhead is that of twice the photos without that of
    once.
    """
    folder, some = project / "photos", project / "some"
    some.mkdir()
    seconds: dict[str, list[float]] = {"base": [], "cluster": []}
    paths = sorted(folder.glob("*.jpg"))
    for count in (PHOTOS[0], 2 * PHOTOS[0]):
        for path in paths[:count]:
            if not (some / path.name).exists():
                (some / path.name).hardlink_to(path)
        for env, own in seconds.items():
            shutil.rmtree(project / "data/02_intermediate", ignore_errors=True)
            took = run(project, f"--env={env}", "--pipelines=ingest", f"--params=photos={some}")
            own.append(took.seconds)
            table.add_row(
                f"ingest, --env={env}", f"{count:,}", f"{took.seconds:.0f}",
                f"{count / took.seconds:.0f} photos/s", f"{took.mebibytes:,.0f}", "",
            )  # fmt: skip
    more = {env: own[1] - own[0] for env, own in seconds.items()}
    overhead = more["cluster"] / more["base"] - 1
    results.add("cluster_overhead", "more time on a cluster on this machine", 100 * overhead, "%")
    table.add_row("the cluster's overhead", "", "", f"{overhead:+.0%}", "", "under +25 % asked")


def write_captions(path: Path, count: int, schema: Schema) -> None:
    """Write captions as a large model would: every attribute, most values as declared."""
    rng = random.Random(0)
    texts = []
    for _ in range(5_000):
        record: dict[str, Any] = {}
        for name in schema.names:
            if name in schema.texts:
                record[name] = " ".join(rng.choice(WORDS) for _ in range(rng.randrange(3, 25)))
            elif name in schema.multis:
                record[name] = rng.sample(list(schema.multis[name].values), 2)
            else:
                record[name] = rng.choice(list(schema.singles[name].values))
        text = json.dumps(record)
        texts.append(
            rng.choice([text, f"Here it is:\n```json\n{text}\n```", text[:-1], text.lower()])
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    header = True
    for start in range(0, count, 50_000):
        numbers = range(start, min(start + 50_000, count))
        pd.DataFrame(
            {
                "file": [f"{number:09d}.jpg" for number in numbers],
                "photo_id": [f"{number:064x}" for number in numbers],
                "caption": [texts[number % len(texts)] for number in numbers],
                "failure": None, "answers": 1, "input_tokens": 0, "output_tokens": 0,
                "cost": None, "seconds": 0.0,
            }
        ).to_csv(path, mode="w" if header else "a", header=header, index=False)  # fmt: skip
        header = False


WORDS = ("navy", "cotton", "shirt", "with", "long", "sleeves", "a", "relaxed", "summer", "fit")


def measure_captions(project: Path, table: Table, results: Results) -> None:
    """Reads, maps, balances and indexes captions, and ten times as many; vectors are given."""
    schema = Schema.model_validate(declared_fields())
    (project / "conf/scale").mkdir()
    embedders = {
        "type": "lookbook.datasets.engine_dataset.EngineDataset",
        "engine": "given_vectors.open_given",
    }
    (project / "conf/scale/catalog.yml").write_text(yaml.safe_dump({"embedders": embedders}))
    seconds = []
    for count in CAPTIONS:
        for name in ("04_feature", "07_model_output"):
            shutil.rmtree(project / "data" / name, ignore_errors=True)
        write_captions(
            project / f"data/04_feature/captions.csv/{VERSION}/captions.csv", count, schema
        )
        captioner = project / f"data/04_feature/captioner_fingerprint.txt/{VERSION}"
        captioner.mkdir(parents=True)
        (captioner / "captioner_fingerprint.txt").write_text("synthetic")
        nothing = project / f"data/07_model_output/probabilities.parquet/{VERSION}"
        nothing.mkdir(parents=True)
        pd.DataFrame({"photo_id": []}).to_parquet(nothing / "probabilities.parquet")
        total, told_runs = 0.0, []
        for stage in ("clean", "index"):
            nodes = [] if stage == "clean" else ["--nodes=index.embed_items"]
            if stage == "index":
                same = project / f"data/07_model_output/near_duplicates.csv/{VERSION}"
                same.mkdir(parents=True)
                (same / "near_duplicates.csv").write_text(
                    "photo_id,Filename,duplicate_group,cosine,hamming_distance\n"
                )
            took = run(project, "--env=scale", f"--pipelines={stage}", *nodes)
            total += took.seconds
            told_runs.append(took)
            table.add_row(
                f"captions: {stage}", f"{count:,}", f"{took.seconds:.0f}",
                f"{count / took.seconds:,.0f} a second", f"{took.mebibytes:,.0f}",
                "under 3,072 MiB asked",
            )  # fmt: skip
        seconds.append(total)
        told = f"{count:,} captions to catalogue and index, vectors given"
        results.add(f"captions_{count}", told, total, "s")
        peak = max(took.mebibytes for took in told_runs)
        results.add(f"captions_{count}_memory", f"{told}: peak memory", peak, "MiB")
    table.add_row(
        "ten times the captions", "", "", f"time x {seconds[1] / seconds[0]:.1f}", "", "11 asked"
    )


def main() -> None:
    """Measures and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", type=Path, help="folder of photos that others are made of")
    parser.add_argument(
        "--only", choices=["photos", "captions"], help="one of the two parts; both by default"
    )
    options = parser.parse_args()
    table = Table("what", "rows", "seconds", "rate", "peak MiB", "", title="Scale")
    results = Results(
        "scale",
        "Do time and memory stay in proportion?",
        "make bench-scale PHOTOS=FOLDER",
        "photos 400 pixels wide, each encoded anew; synthetic captions",
    )
    with tempfile.TemporaryDirectory() as folder:
        if options.only != "captions":
            project = make_project(Path(tempfile.mkdtemp(dir=folder)))
            measure_photos(project, options.photos, table, results)
            measure_cluster(project, table, results)
            shutil.rmtree(project)
            Console(width=130).print(table)
        if options.only != "photos":
            measure_captions(make_project(Path(tempfile.mkdtemp(dir=folder))), table, results)
    results.save()
    Console(width=130).print(table)


if __name__ == "__main__":
    main()
