"""Does it pay to look at doubtful items first? Errors found against items looked at.

The catalogue of the last run is reviewed by a table that says what the photos show, which takes the
place of people, on photos that did not teach the network: in the order of ``kedro review``, and at
random.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from matplotlib.figure import Figure
from results import Results
from rich.console import Console
from rich.table import Table

from lookbook.attributes.record import split_values
from lookbook.attributes.schema import Schema, SingleAttribute
from lookbook.datasets.table_dataset import TableDataset
from lookbook.distillation.params import DistilParams
from lookbook.distillation.teacher import find_columns, read_rows
from lookbook.evaluation.questions import is_unseen, trained_on

PLOT = Path("data/08_reporting/review_plot.png")
SHARES = (0.1, 0.2, 0.3, 0.5)
ROUNDS = 1000


def main() -> None:
    """Print a table, and draws errors left against items looked at."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--annotations", required=True, help="a table of what the photos show")
    parser.add_argument("--network", help="the captioner's, if it is not the one in the package")
    options = parser.parse_args()
    annotations = TableDataset(filepath=options.annotations, named="annotations").load()
    bootstrap_project(Path.cwd())
    given = {"network": options.network} if options.network else {}
    with KedroSession.create(Path.cwd(), runtime_params=given) as session:
        catalog: Any = session.load_context().catalog
        schema = Schema.model_validate(catalog.load("params:schema"))
        params = DistilParams.model_validate(catalog.load("params:distil"))
        queue, items = catalog.load("review_queue"), catalog.load("full_catalogue")
        taught = trained_on([catalog.load("captioner")])
    columns = find_columns(list(map(str, annotations.columns)), params.columns, schema)
    truth, _ = read_rows(annotations, columns, items["Filename"].tolist(), schema)
    queue = queue[is_unseen(queue["photo_id"], taught).to_numpy()]
    if queue.empty:
        parser.error("all photos taught the network: name one that they did not with --network")
    rows = queue.merge(items, on=["photo_id", "Filename"], suffixes=("_wrong", ""))
    table = Table(title=f"Errors found among {len(rows):,} items that taught nothing")
    results = Results(
        "review",
        "Does it pay to look at doubtful items first?",
        "make bench-review PHOTOS=FOLDER ANNOTATIONS=TABLE NETWORK=FILE",
        f"{len(rows):,} items that taught nothing; a vision-language model's annotations judge",
    )
    for heading in ("attribute", "items", "errors", *(f"first {share:.0%}" for share in SHARES)):
        table.add_column(heading, justify="left" if heading == "attribute" else "right")
    figure = Figure(figsize=(7, 5), layout="constrained")
    axis = figure.subplots()
    for name in [one for one in schema.categorical if one in columns]:
        for told_only in (False, True):
            known = _judge(rows, name, truth, schema, told_only)
            if known["error"].sum() < 20:
                continue
            order = known.sort_values(f"{name}_wrong", ascending=False)["error"].to_numpy(float)
            found = order.cumsum() / order.sum()
            at = [found[int(share * len(found)) - 1] for share in SHARES]
            low, high = _interval(order, 0.3)
            told = [f"{one:.2f}" for one in at]
            told[2] += f" ({low:.2f}–{high:.2f})"
            label = f"{name}, of what is said" if told_only else name
            results.add(
                f"{name.lower()}{'_said' if told_only else ''}",
                f"{label}: errors found in the first 30 % of the items", at[2], "", (low, high),
            )  # fmt: skip
            table.add_row(label, f"{len(order):,}", f"{int(order.sum()):,}", *told)
            if not told_only:
                axis.plot(np.arange(1, len(found) + 1) / len(found), 1 - found, label=name)
    axis.plot([0, 1], [1, 0], "k--", label="at random")
    figure.suptitle(f"Errors left in {len(rows):,} items, reviewed in order")
    axis.set(xlabel="items looked at", ylabel="errors left", xlim=(0, 1), ylim=(0, 1))
    axis.legend()
    figure.savefig(PLOT, dpi=110)
    results.save()
    console = Console()
    console.print(table)
    console.print(f"At random a share of the items holds as large a share of the errors. {PLOT}")


def _judge(
    rows: pd.DataFrame, name: str, truth: dict[str, dict[str, Any]], schema: Schema, told_only: bool
) -> pd.DataFrame:
    """Return which items are wrong in an attribute, of those of which the truth is known."""
    attribute = schema.categorical[name]
    default = attribute.default if isinstance(attribute, SingleAttribute) else None
    known = rows[[name in truth.get(file, {}) for file in rows["Filename"]]]
    said = known[name].map(split_values)
    right = [truth[file][name] for file in known["Filename"]]
    wanted = [one if isinstance(one, list) else [one] for one in right]
    error = [own[:1] != true[:1] for own, true in zip(said, wanted, strict=True)]
    known = known.assign(error=error)
    told = [bool(own) and own[0] != default for own in said]
    return known[told] if told_only else known


def _interval(order: np.ndarray, share: float) -> tuple[float, float]:
    """Estimate a 95 % interval of the share of errors found, by the bootstrap over items."""
    rng = np.random.default_rng(0)
    head = np.arange(len(order)) < share * len(order)
    drawn = rng.integers(len(order), size=(ROUNDS, len(order)))
    shares = (order[drawn] * head[drawn]).sum(axis=1) / order[drawn].sum(axis=1)
    low, high = np.quantile(shares, [0.025, 0.975])
    return float(low), float(high)


if __name__ == "__main__":
    main()
