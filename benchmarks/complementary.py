"""Measures whether recommendations go with an item, against the recipe's way of nearest ones.

Usage: ``make bench-demo PHOTOS=folder``, or by itself after a run on your photos. The
recipe embeds an item's description and takes the items nearest to it.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from rich.console import Console
from rich.progress import track
from rich.table import Table

from lookbook.photos import Photo
from lookbook.pipelines.serving.nodes import plan_outfit, recommend_items
from lookbook.retrieval import METHODS, choose_table
from lookbook.vocabulary import Label

ROOT = Path(__file__).parent.parent
TOP = 10


def main() -> None:
    """Measures and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=200, help="items to recommend for")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    bootstrap_project(ROOT)
    with KedroSession.create(ROOT) as session:
        load = session.load_context().catalog.load
        index, embedders, reranker = load("search_index"), load("embedders"), load("reranker")
        stylist, selection, items = load("stylist"), load("selection"), load("full_catalogue")
        vocabulary, usual = load("params:vocabulary"), load("params:serving")
    table, embedder = choose_table(index, embedders, usual.embedder)
    embedder.encode(["warm"])
    chosen = items.sample(min(options.items, len(items)), random_state=options.seed)
    hashes = dict(zip(selection["file"], selection["sha256"], strict=True))
    shares: dict[str, list[float]] = {}
    shown: dict[str, list[int]] = {}
    seconds: dict[str, list[float]] = {}

    def count(way: str, item: dict[str, Any], found: list[dict[str, Any]], begun: float) -> None:
        seconds.setdefault(way, []).append(time.perf_counter() - begun)
        shown.setdefault(way, []).append(len(found))
        good = sum(vocabulary.complements(item, other) for other in found)
        shares.setdefault(way, []).append(good / TOP)

    for item in track(chosen.to_dict("records"), "recommending"):
        begun = time.perf_counter()
        (vector,) = embedder.encode([item["Description"]])
        nearest = table.search(vector).distance_type("cosine").limit(TOP + 1).to_list()
        others = [one for one in nearest if one["Filename"] != item["Filename"]][:TOP]
        count("nearest, the recipe's way", item, others, begun)
        described = {field: item[field] for field in Label.model_fields}
        photo = Photo(hashes[item["Filename"]], lambda: b"")
        for method in METHODS:
            params = usual.model_copy(update={"method": method, "limit": TOP})
            begun = time.perf_counter()
            plan = plan_outfit(described, "", [], stylist)
            found = recommend_items(
                plan, described, photo, index, embedders, reranker, selection, params
            )
            count(method, item, found.to_dict("records"), begun)

    result = Table(
        "way", f"goes with it, of {TOP}", "items shown", "p50 ms", "p95 ms",
        title=f"{len(chosen)} items of {len(items):,}",
    )  # fmt: skip
    for way, share in shares.items():
        middle, late = np.percentile(seconds[way], [50, 95]) * 1000
        result.add_row(
            way, f"{np.mean(share):.3f}", f"{np.mean(shown[way]):.1f}", f"{middle:.0f}",
            f"{late:.0f}",
        )  # fmt: skip
    Console(width=100).print(result)


if __name__ == "__main__":
    main()
