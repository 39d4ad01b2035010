"""Measures search: how long an outfit's queries take, how near to exact, how long building.

Usage: ``make bench-search PHOTOS=folder``, or by itself after a run on your photos. Items are those
of the project's index, repeated with a little noise until there are as many as asked for; vectors
are given, so that what is measured is the index. What search finds is measured by the pipeline
``evaluate``, whose newest figures are printed first.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from threading import Event, Thread
from typing import Any

import lancedb
import numpy as np
import psutil
import pyarrow as pa
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from results import Results
from rich.console import Console
from rich.table import Table

from given_rows import GivenRows
from lookbook.evaluation.score_tables import retrieval_tables
from lookbook.search.catalogue_search import CatalogueSearch, Query
from lookbook.search.in_memory_index import InMemoryIndex
from lookbook.search.methods import Method
from lookbook.search.preferences import Preference
from lookbook.search.ranking import FusionWeights
from lookbook.search.tables import DUPLICATE_GROUP, KEY, SEARCHED, write_table

ROOT = Path(__file__).parent.parent
# What the stylist asks for to go with a jacket.
OUTFIT = {
    "Tops": "plain white cotton shirt", "Pants": "navy chinos", "Shoes": "brown leather boots",
    "Hats": "grey knit beanie", "Dresses": "black midi dress with long sleeves",
}  # fmt: skip
METHODS: tuple[Method, ...] = ("semantic", "visual", "keyword", "hybrid")
NOISE = 0.02
REPEATS = 40
# Results that are compared with those of an exact search.
LIMIT = 10


def main() -> None:
    """Measures and prints tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, nargs="+", default=[5_000, 100_000])
    options = parser.parse_args()
    bootstrap_project(ROOT)
    console = Console(width=140)
    with KedroSession.create(ROOT) as session:
        catalog = session.load_context().catalog
        if catalog.exists("retrieval_scores"):
            for table in retrieval_tables(catalog.load("retrieval_scores")):
                console.print(table)
        search, embedders = catalog.load("search_index"), catalog.load("embedders")
        ann_from_rows = catalog.config_resolver.config["search_index"]["ann_from_rows"]
        weights = catalog.config_resolver.config["search_index"]["weights"]
    results = Results(
        "search",
        "How fast is search, and how near to exact?",
        "make bench-search PHOTOS=FOLDER",
        f"an outfit's {len(OUTFIT)} queries at once; a project's items, repeated with noise",
    )
    name = search.embedders[0]
    real = search._tables[name].to_arrow()
    table = Table(
        title=f"An outfit's {len(OUTFIT)} queries at once, {REPEATS} times", title_justify="left"
    )
    for heading in ("items", "built in s", "peak MiB", "method", "p50 ms", "p95 ms", "recall"):
        table.add_column(heading, justify="right")
    for items in options.items:
        rows = repeat(real, items)
        many = f"{items:,} items"
        with tempfile.TemporaryDirectory() as folder, Peak() as peak:
            begun = time.perf_counter()
            built = write_table(lancedb.connect(folder), name, GivenRows(rows), ann_from_rows)
            took = time.perf_counter() - begun
            opened = CatalogueSearch(
                {name: built}, {name: embedders[name]}, FusionWeights.model_validate(weights)
            )
            exact = CatalogueSearch(
                {name: built}, {name: embedders[name]}, FusionWeights.model_validate(weights)
            )
            memory = peak.mebibytes
            results.add(f"build_{items}", f"{many}: building the index", took, "s")
            results.add(f"memory_{items}", f"{many}: peak memory, items included", memory, "MiB")
            exact._open(name).rows = InMemoryIndex(rows)
            for method in METHODS:
                p50, p95 = measure(opened, method)
                found = recall(opened, exact, method)
                key = f"{method}_{items}"
                results.add(f"{key}_p50", f"{many}, {method}: p50", p50, "ms")
                results.add(f"{key}_p95", f"{many}, {method}: p95", p95, "ms")
                results.add(f"{key}_recall", f"{many}, {method}: share of an exact search", found)
                table.add_row(
                    f"{items:,}", f"{took:.1f}", f"{memory:,.0f}", method, f"{p50:.1f}",
                    f"{p95:.1f}", f"{found:.3f}",
                )  # fmt: skip
        del rows
    console.print(table)
    texts = list(OUTFIT.values())
    took = [timed(lambda: embedders[name].encode(texts)) for _ in range(REPEATS)]
    results.add("embedding", f"embedding {len(texts)} new texts", float(np.median(took)), "ms")
    results.save()
    console.print(f"of which embedding {len(texts)} texts takes {np.median(took):.1f} ms")


def repeat(rows: pa.Table, count: int) -> pa.Table:
    """Repeats items with a little noise in their vectors, each under a name of its own."""
    rng = np.random.default_rng(0)
    chosen = rows.take(pa.array(rng.integers(len(rows), size=count)))
    names = [f"item-{number}" for number in range(count)]
    for column in (KEY, DUPLICATE_GROUP):
        place = chosen.schema.get_field_index(column)
        chosen = chosen.set_column(place, chosen.schema.field(column), [names])
    for column in SEARCHED:
        place = chosen.schema.get_field_index(column)
        flat = chosen[column].combine_chunks().flatten().to_numpy()
        matrix = flat.reshape(count, -1)
        matrix = matrix + rng.normal(0, NOISE, matrix.shape).astype(np.float32)
        matrix /= np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-9)
        noisy = pa.FixedSizeListArray.from_arrays(pa.array(matrix.ravel()), matrix.shape[1])
        chosen = chosen.set_column(place, chosen.schema.field(column), noisy)
    return chosen.combine_chunks()


def queries() -> list[Query]:
    """An outfit's queries, each with its filter and a wish."""
    return [
        Query(
            text=text,
            filters={"Category": [kind], "Gender": ["Women", "Unisex", "Unknown"]},
            preferences=[Preference(attribute="Type", values=["Casual"])],
        )
        for kind, text in OUTFIT.items()
    ]


def measure(search: CatalogueSearch, method: Method) -> tuple[float, float]:
    """Gives the 50th and the 95th percentile of an outfit's search, in milliseconds."""
    search.search(queries(), method, LIMIT)
    took = [timed(lambda: search.search(queries(), method, LIMIT)) for _ in range(REPEATS)]
    return float(np.percentile(took, 50)), float(np.percentile(took, 95))


def recall(search: CatalogueSearch, exact: CatalogueSearch, method: Method) -> float:
    """Gives the share of an exact search's results that are found."""
    shares = []
    for found, wanted in zip(
        search.search(queries(), method, LIMIT), exact.search(queries(), method, LIMIT), strict=True
    ):
        names = {hit.photo_id for hit in wanted}
        shares.append(len(names & {hit.photo_id for hit in found}) / max(len(names), 1))
    return float(np.mean(shares))


def timed(action: Any) -> float:
    """Gives how long something takes, in milliseconds."""
    begun = time.perf_counter()
    action()
    return (time.perf_counter() - begun) * 1000


class Peak:
    """Watches how much memory this process needs beyond what it has."""

    def __enter__(self) -> Peak:
        self._process = psutil.Process()
        self._before = self._highest = self._process.memory_info().rss
        self._done = Event()
        self._thread = Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(0.05):
            self._highest = max(self._highest, self._process.memory_info().rss)

    @property
    def mebibytes(self) -> float:
        """The highest so far, the items themselves included."""
        return self._highest / 2**20


if __name__ == "__main__":
    main()
