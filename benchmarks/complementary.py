"""Measures whether recommendations go with an item, by all search methods.

Usage: ``make bench-demo PHOTOS=folder``, or by itself after a run on your photos. They are
compared with the recipe's way, which embeds an item's description and takes the nearest ones.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from rich.console import Console

from lookbook.evaluation.score_tables import retrieval_tables
from lookbook.pipelines.evaluate.retrieval_nodes import (
    choose_items,
    find_complementary_items,
    score_retrieval,
)

ROOT = Path(__file__).parent.parent


def main() -> None:
    """Measures and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=200, help="items to recommend for")
    options = parser.parse_args()
    bootstrap_project(ROOT)
    with KedroSession.create(ROOT) as session:
        load = session.load_context().catalog.load
        params = load("params:evaluate").model_copy(update={"items": options.items})
        fields = load("params:fields")
        items = choose_items(load("full_catalogue"), load("captions"), fields, params)
        found = find_complementary_items(
            items, load("stylist"), load("search_index"), fields, load("params:serving"), params
        )
    nothing = found.head(0)
    for table in retrieval_tables(score_retrieval(nothing, nothing, found, params)):
        Console(width=140).print(table)


if __name__ == "__main__":
    main()
