"""Scores a stylist's understanding of labelled messages, and what is shown to them.

    python benchmarks/understanding.py MESSAGES --project FOLDER [--env ENV] [--annotations FOLDER]

MESSAGES is a folder of JSON lines, a file for each writer; docs/explanation/understanding.md shows
the form.
The project's index has to be made before, of the photos that the annotations are of, for the
end-to-end score: the share of right items among the first five shown. Beside it stands what the
same search finds with what is meant by each message: its ceiling.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from results import Results, bootstrap
from rich.console import Console
from rich.table import Table

import lookbook
from lookbook.assistant.recommender import Recommender
from lookbook.assistant.types import QueryPhoto
from lookbook.progress import Progress
from lookbook.understanding.examples import (
    Example,
    conversation_of,
    read_examples,
    record_of,
    request_of,
)
from lookbook.understanding.planning import plan_search
from lookbook.understanding.request import Request
from lookbook.understanding.scores import score_request, summarize_scores

FIRST = 5
FITS = {
    "Women": {"Women", "Unisex"},
    "Men": {"Men", "Unisex"},
    "Unisex": {"Women", "Men", "Unisex"},
}
Annotations = dict[str, dict[str, set[str]]]


class Shelf:
    """Shows items to requests, and judges them by annotations."""

    def __init__(self, assistant: Any, catalogue: pd.DataFrame, annotations: Annotations) -> None:
        """Create a shelf of the annotated items for adults."""
        self._annotations = annotations
        self._schema = assistant.schema
        is_shown = [
            file in annotations and "Kids" not in annotations[file]["gender"]
            for file in catalogue["Filename"]
        ]
        search = assistant.component("search_index").among(catalogue.loc[is_shown, "photo_id"])
        params = assistant.params.model_copy(update={"outfits": 0})
        self._recommender = Recommender(search, assistant.judge, params)

    def score(self, example: Example, request: Request) -> dict[str, float | None]:
        """Return the share of right items, and of items with a refused value."""
        plan = example.plan
        is_judged = "Kids" not in plan.wearer and any(
            part.want or part.implied for part in plan.parts
        )
        if not is_judged:
            return {"shown_right": None, "shown_refused": None}
        page = next((turn.shown for turn in reversed(example.history) if turn.shown), [])
        fields = example.item
        if request.refers_to is not None and request.refers_to <= len(page):
            fields = page[request.refers_to - 1]
        start = record_of(fields, self._schema) if fields else None
        search = plan_search(
            request, start, example.message, self._schema, is_first=not example.history
        )
        photo = QueryPhoto(start) if start else None
        files = [one.file for one in self._recommender.recommend(search, photo).items[:FIRST]]
        refused = [self._is_refused(example, file) for file in files]
        has_refusal = any(part.refused for part in plan.parts)
        return {
            "shown_right": float(np.mean([self._is_right(example, one) for one in files] or [0])),
            "shown_refused": float(np.mean(refused or [0])) if has_refusal else None,
        }

    def _is_refused(self, example: Example, file: str) -> bool:
        shown = self._annotations[file]
        return any(
            shown.get(field, set()) & set(values)
            for part in example.plan.parts
            for field, values in part.refused.items()
        )

    def _is_right(self, example: Example, file: str) -> bool:
        """Whether an item has what a part names, or implies where it names no garment."""
        shown = self._annotations[file]
        wearers = [FITS[one] for one in example.plan.wearer if one in FITS]
        if wearers and not any(shown["gender"] & fitting for fitting in wearers):
            return False
        for part in example.plan.parts:
            needed = dict(part.want)
            if "garment" not in needed and "garment" in part.implied:
                needed["garment"] = part.implied["garment"]
            needed = {field: own for field, own in (needed or part.implied).items()
                      if field != "gender"}  # fmt: skip
            is_refused = any(
                shown.get(field, set()) & set(own) for field, own in part.refused.items()
            )
            fits = all(shown.get(field, set()) & set(own) for field, own in needed.items())
            if needed and fits and not is_refused:
                return True
        return False


def read_annotations(folder: Path) -> Annotations:
    """Read what photos show: values by field, by file."""
    table = pd.read_csv(folder / "photos.csv", dtype=str, keep_default_na=False)
    rows = table.set_index("file").to_dict("index")
    return {
        str(file): {str(field): set(values.split("+")) for field, values in row.items()}
        for file, row in rows.items()
    }


def interval(values: pd.Series) -> tuple[float, float, float]:
    """Return a mean with its 95 % interval, by a bootstrap over messages."""
    known = values.dropna().to_numpy(float)
    if not len(known):
        return np.nan, np.nan, np.nan
    return float(known.mean()), *bootstrap(known)


def keep_scores(scores: pd.DataFrame, writers: list[str] | None) -> None:
    """Keep what understanding of all messages comes to."""
    results = Results(
        "understanding",
        "Are customers understood whom nobody has heard before?",
        "make bench-understanding MESSAGES=FOLDER ANNOTATIONS=FOLDER WRITERS=b,e,i",
        f"{len(scores):,} messages by {len(writers) if writers else 'all'} writers, made by a "
        "language model; a vision-language model's annotations judge what is shown; most of the "
        "photos taught the captioner",
    )
    (summary,) = summarize_scores(scores, None).to_dict("records")
    named = {
        "wanted": "values wanted, F1",
        "refused": "values refused, F1",
        "act": "act right",
        "recipient": "recipient right",
        "inverted": "refused values that are searched for",
    }
    for key, metric in named.items():
        results.add(key, metric, summary[key])
    shown = {
        "shown_right": "right among the first five shown",
        "shown_refused": "refused among the first five shown",
        "meant": "right among the first five, with what is meant",
    }
    for key in [one for one in shown if one in scores]:
        mean, low, high = interval(scores[key])
        results.add(key, shown[key], mean, interval=(low, high))
    results.save()


def print_scores(scores: pd.DataFrame, console: Console) -> None:
    """Print the scores of all messages, and by writer, kind and language."""
    shown = [name for name in ("shown_right", "shown_refused", "meant") if name in scores]
    for by in (None, "writer", "kind", "language"):
        summary = summarize_scores(scores, by)
        groups = scores.groupby(by) if by else [("all", scores)]
        for name in shown:
            summary[name] = [
                "{:.3f} ({:.3f}–{:.3f})".format(*interval(group[name])) for _, group in groups
            ]
        table = Table(title=f"By {by}" if by else "All messages")
        for heading in summary.columns:
            table.add_column(heading)
        for row in summary.itertuples(index=False):
            table.add_row(*("" if pd.isna(value) else str(value) for value in row))
        console.print(table)


def main() -> None:
    """Score a project's stylist."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("messages", type=Path, help="a folder of labelled messages")
    parser.add_argument("--project", type=Path, default=Path.cwd(), help="where kedro was run")
    parser.add_argument("--env", help="the project's configuration environment")
    parser.add_argument("--annotations", type=Path, help="a folder with photos.csv")
    parser.add_argument("--writers", help="names of files, separated by commas; all by default")
    given = parser.parse_args()
    writers = given.writers.split(",") if given.writers else None
    lines = [
        (path.stem, line)
        for path in sorted(given.messages.glob("*.jsonl"))
        if writers is None or path.stem in writers
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    examples, faults = read_examples(lines)
    console = Console(width=160)
    if faults:
        console.print(f"{len(faults)} messages cannot be used, such as {faults[0]}")
    shop = lookbook.open(given.project, env=given.env)
    assistant, schema = shop.assistant, shop.assistant.schema
    shelf = None
    if given.annotations:
        shelf = Shelf(assistant, shop.items, read_annotations(given.annotations))
    rows, seconds = [], []
    stylist = assistant.component("stylist")
    for example in Progress(examples, desc="messages", unit="message"):
        begun = time.perf_counter()
        request = stylist.understand(conversation_of(example, schema), schema)
        seconds.append(time.perf_counter() - begun)
        shown = shelf.score(example, request) if shelf else {}
        if shelf:
            # The ceiling of the search.
            meant = shelf.score(example, request_of(example, schema))
            shown["meant"] = meant["shown_right"]
        rows.append({**score_request(request, example, schema), **shown})
    scores = pd.DataFrame(rows)
    print_scores(scores, console)
    console.print(f"understanding: {1000 * float(np.median(seconds)):.1f} ms a message (median)")
    keep_scores(scores, writers)


if __name__ == "__main__":
    main()
