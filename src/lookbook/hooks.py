"""Kedro hooks: what to run first, and a short account at the end of a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.framework.project import pipelines
from kedro.io import AbstractVersionedDataset, CatalogProtocol
from kedro.io.core import VersionNotFoundError
from kedro.pipeline import Pipeline

from lookbook.errors import InputError, causes

PLOTS = "data/08_reporting"
NEXT = {
    "ingest": "kedro run --pipelines=balance",
    "balance": "kedro run --pipelines=label",
    "label": "kedro run --pipelines=clean",
    "clean": "kedro run --pipelines=index",
    "index": "make demo, make viz, or your own: kedro run --params=photos=FOLDER",
}


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items()) or "none"


def describe_ingest(report: dict[str, Any]) -> tuple[int, int, str]:
    """Says what came of files and rows: photos in, photos out, what happened."""
    set_aside = f"quarantined: {_counts(report['quarantined'])}"
    return report["files"], report["ok"], set_aside


def describe_balance(report: dict[str, Any]) -> tuple[int, int, str]:
    """Says which photos were left out: photos in, photos out, what happened."""
    return (
        report["photos"],
        report["selected"],
        f"left out: {report['kids_dropped']:,} kids', {report['capped']:,} over a category's cap",
    )


def describe_label(report: dict[str, Any]) -> tuple[int, int, str]:
    """Says how many photos have a caption: photos in, captions out, what happened."""
    told = f"captioned before: {report['captioned_before']:,}; failed: {report['failed']:,}"
    if report["output_tokens"]:
        told += f"; tokens: {report['input_tokens']:,} in, {report['output_tokens']:,} out"
    if report["cost"] is not None:
        told += f"; cost: {report['cost']:.2f}"
    return report["photos"], report["captioned"], told


def describe_clean(report: dict[str, Any]) -> tuple[int, int, str]:
    """Says how many captions were usable: captions in, labels out, what happened."""
    return (
        report["captions"],
        report["usable"],
        f"rejected: {_counts(report['rejected_by_reason'])}; balanced: {report['balanced']:,}",
    )


def describe_index(report: dict[str, Any]) -> tuple[int, int, str]:
    """Says what was embedded: items in, items searchable, what happened."""
    embedders = report["embedders"].values()
    total = {
        name: sum(one[name] for one in embedders) for name in ("embedded", "reused", "removed")
    }
    told = (
        f"embedded: {total['embedded']:,}; unchanged: {total['reused']:,}; "
        f"removed: {total['removed']:,}"
    )
    return report["items"], report["items"], told


STEPS = {
    "ingest": describe_ingest,
    "balance": describe_balance,
    "label": describe_label,
    "clean": describe_clean,
    "index": describe_index,
}


class MissingInputHooks:
    """Says which pipeline to run first."""

    @hook_impl
    def on_pipeline_error(
        self, error: Exception, pipeline: Pipeline, catalog: CatalogProtocol
    ) -> None:
        """Turns a missing version of an input into a sentence.

        Raises:
            InputError: If an input has never been written.
        """
        if not any(isinstance(cause, VersionNotFoundError) for cause in causes(error)):
            return
        missing = [
            name
            for name in sorted(pipeline.inputs())
            if isinstance(dataset := catalog.get(name), AbstractVersionedDataset)
            and not dataset.exists()
        ]
        # A run of some pipelines makes Kedro find those alone; this asks for all.
        pipelines.set_requested(None)
        makers = [
            name
            for name, candidate in pipelines.items()
            if name != "__default__" and candidate.all_outputs() & set(missing)
        ]
        if makers:
            raise InputError(
                f"Nothing has been written to '{missing[0]}' yet: first run "
                f"'kedro run --pipelines={','.join(makers)}'."
            ) from error


class SummaryHooks:
    """Prints what a run has done with the photos, and where to look next."""

    @hook_impl
    def after_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol
    ) -> None:
        """Prints a line for each step of the run that wrote its report, scores, or the reply."""
        # Not before: settings load the hooks, and a lazy pandas does not survive that.
        from lookbook.score_tables import TABLES

        if "reply" in pipeline.all_outputs():
            print(catalog.load("reply"))
        scored = {name: tell for name, tell in TABLES.items() if name in pipeline.all_outputs()}
        if scored:
            _print_scores(scored, catalog)
        done = [step for step in STEPS if f"{step}_report" in pipeline.all_outputs()]
        if not done:
            return
        from rich.console import Console
        from rich.table import Table

        table = Table(title="Lookbook", title_justify="left")
        table.add_column("step")
        table.add_column("in", justify="right")
        table.add_column("out", justify="right")
        table.add_column("what happened")
        for step in done:
            came, went, told = STEPS[step](catalog.load(f"{step}_report"))
            table.add_row(step, f"{came:,}", f"{went:,}", told)
        console = Console()
        console.print(table)
        places = {
            "catalogue": "full_catalogue" in pipeline.all_outputs()
            and _place(catalog, "catalogue"),
            "index": "index" in done and _place(catalog, "search_index"),
            "quarantine": "ingest" in done and _place(catalog, "quarantine"),
            "plots": f"{PLOTS}, or all of it by 'make viz'",
            "next": NEXT[done[-1]],
        }
        for name, place in places.items():
            if place:
                console.print(f"[bold]{name:>10}[/]  {place}", highlight=False, soft_wrap=True)


def _print_scores(scored: dict[str, Callable[[Any], list[Any]]], catalog: CatalogProtocol) -> None:
    from rich.console import Console

    console = Console()
    for name, tell in scored.items():
        for table in tell(catalog.load(name)):
            console.print(table)
    if "download_report" in scored:
        following = catalog.load("download_report")["next"]
        console.print(f"[bold]{'next':>10}[/]  {following}", highlight=False, soft_wrap=True)
    else:
        console.print(f"[bold]{'plots':>10}[/]  {PLOTS}, or all of it by 'make viz'")


def _place(catalog: CatalogProtocol, name: str) -> str:
    from pathlib import Path

    path = Path(str(catalog[name]._filepath))
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
