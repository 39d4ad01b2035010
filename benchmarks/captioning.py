"""Measures each captioner against the recipe's way: one photo at a time, same model, same run.

Usage: ``make bench PHOTOS=folder``. The API is a server on loopback that takes
200 ms an answer, the vision-language model a Mllama of 280,000 random weights, and the cluster
this machine. What Llama-3.2-11B does on a GPU, ``benchmarks/llama.py`` measures.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from itertools import cycle, islice
from pathlib import Path

import fsspec
from results import Results
from rich.console import Console
from rich.table import Table

from chat_server import KEY, MODEL
from lookbook.attributes.schema import Schema
from lookbook.captioners import Captioner, Prompt
from lookbook.captioners.api import ApiCaptioner
from lookbook.captioners.bundled import BundledCaptioner
from lookbook.captioners.huggingface import HuggingFaceCaptioner
from lookbook.captioners.ray import RayCaptioner
from lookbook.photos.photo import Photo
from project import declared_fields
from tiny_models import save_tiny_mllama

ROOT = Path(__file__).parent.parent
LATENCY = 0.2
IN_FLIGHT = 32
BATCH = 16
REPLICAS = 2


def read_prompt() -> Prompt:
    """Compose the prompt that the label pipeline sends."""
    texts = ((ROOT / f"conf/base/prompts/{name}.txt").read_text() for name in ("system", "caption"))
    return Prompt.compose(*texts, Schema.model_validate(declared_fields()))


class Rate:
    """Photos and tokens a second of one captioner over so many photos."""

    def __init__(self, captioner: Captioner, photos: Iterator[Photo], prompt: Prompt) -> None:
        """Caption them all; a failure ends the measurement."""
        begun = time.perf_counter()
        self.started = 0.0
        self.photos = tokens = 0
        for caption in captioner.caption(photos, prompt):
            assert caption.failure is None, caption.failure
            self.started = self.started or time.perf_counter() - begun
            self.photos += 1
            tokens += caption.output_tokens
        seconds = time.perf_counter() - begun
        self.per_second = self.photos / seconds
        self.tokens_per_second = tokens / seconds
        # From the first photo on, so that what starting costs does not count.
        self.steady = (self.photos - 1) / (seconds - self.started)


def main() -> None:
    """Measure and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", help="photos, in the layout that 'kedro run' takes")
    options = parser.parse_args()
    prompt = read_prompt()
    files = fsspec.filesystem("file")
    paths = sorted(files.find(str(Path(options.folder).resolve())))
    paths = [path for path in paths if path.endswith(".jpg")]

    def photos(count: int) -> Iterator[Photo]:
        return (
            Photo(str(number), partial(files.cat_file, path))
            for number, path in enumerate(islice(cycle(paths), count))
        )

    results = Results(
        "captioning",
        "How much faster is each captioner than one photo at a time?",
        "make bench PHOTOS=FOLDER",
        "the same photos and model both ways; the API is a server on loopback",
    )
    table = Table("captioner", "photos", "photos/s", "tokens/s", "against", title="Captioning")

    def report(
        key: str, name: str, rate: Rate, against: float | None = None, steady: bool = False
    ) -> None:
        speed = rate.steady if steady else rate.per_second
        tokens = f"{rate.tokens_per_second:,.0f}" if rate.tokens_per_second else ""
        ratio = f"{speed / against:.1f} ×" if against else ""
        table.add_row(name, f"{rate.photos:,}", f"{speed:,.1f}", tokens, ratio)
        results.add(f"{key}_rate", name, speed, "photos/s")
        if tokens:
            results.add(f"{key}_tokens", name, rate.tokens_per_second, "tokens/s")
        if against:
            results.add(f"{key}_gain", f"{name}, against one at a time", speed / against, "×")

    command = [sys.executable, ROOT / "tests/support/chat_server.py", "--delay", str(LATENCY)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        engine = partial(ApiCaptioner, MODEL, base_url=url, api_key=KEY)
        Rate(engine(concurrency=1), photos(2), prompt)
        alone = Rate(engine(concurrency=1), photos(40), prompt)
        report("api_alone", f"api, {LATENCY * 1000:.0f} ms an answer, one at a time", alone)
        many = Rate(engine(concurrency=IN_FLIGHT), photos(1500), prompt)
        report("api", f"api, {IN_FLIGHT} in flight", many, alone.per_second)
        server.terminate()

    with tempfile.TemporaryDirectory() as folder:
        model = save_tiny_mllama(Path(folder))
        batches = {}
        for size in (1, BATCH):
            captioner = HuggingFaceCaptioner(str(model), device="cpu", batch_size=size, threads=1)
            Rate(captioner, photos(size), prompt)
            batches[size] = Rate(captioner, photos(10 * size if size == 1 else 96), prompt)
        report("mllama_alone", "huggingface, tiny Mllama on CPU, one at a time", batches[1])
        report("mllama", f"huggingface, batches of {BATCH}", batches[BATCH], batches[1].per_second)

    plain = BundledCaptioner(threads=REPLICAS)
    by_itself = Rate(plain, photos(3000), prompt)
    report("bundled", f"bundled, {REPLICAS} threads", by_itself, steady=True)
    spread = Rate(
        RayCaptioner(BundledCaptioner(threads=1), replicas=REPLICAS), photos(3000), prompt
    )
    name = f"cluster on this machine, {REPLICAS} replicas"
    report("cluster", name, spread, by_itself.steady, steady=True)

    results.add("cluster_start", "the cluster's first caption came after", spread.started, "s")
    results.save()
    Console(width=110).print(table)
    print(f"ray: the first caption came after {spread.started:.1f} s, which is not counted")


if __name__ == "__main__":
    main()
