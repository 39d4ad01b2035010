"""Kedro hooks: what to run first, and a short account at the end of a run."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from graphlib import TopologicalSorter
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.io import AbstractVersionedDataset, CatalogProtocol
from kedro.io.core import VersionNotFoundError
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

from lookbook.errors import InputError, causes
from lookbook.pipeline_registry import every_pipeline

PLOTS = "data/08_reporting"
# The catalog entries of those who work on batches.
POOLS = ("pool", "process_pool")


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
        makers = [
            name
            for name, candidate in every_pipeline().items()
            if candidate.all_outputs() & set(missing)
        ]
        if makers:
            raise InputError(
                f"Nothing has been written to '{missing[0]}' yet: first run "
                f"'kedro run --pipelines={','.join(makers)}'."
            ) from error


class SummaryHooks:
    """Prints what a run has done with the photos, and where to look next.

    Each pipeline's package may have a module ``summary``: ``TABLES`` lays out datasets that
    the run wrote; ``REPORT`` names one that ``summarise`` makes a row of; ``PLACES`` are
    datasets whose files are pointed to, by what they are called; ``NEXT`` is what to type next.
    """

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}
        self._peaks: dict[str, float] = {}
        self._workers: dict[str, int] = {}
        self._begun = 0.0

    @hook_impl
    def before_node_run(self, node: Node, inputs: dict[str, Any]) -> None:
        """Notes when a step begins, and how many work on it."""
        self._begun = time.perf_counter()
        workers = max(getattr(inputs.get(one), "workers", 1) for one in POOLS)
        name = str(node.namespace)
        self._workers[name] = max(self._workers.get(name, 1), workers)

    @hook_impl
    def after_dataset_saved(self, node: Node) -> None:
        """Notes what a step has taken until now: what it makes bit by bit is saved so."""
        now, name = time.perf_counter(), str(node.namespace)
        self._seconds[name] = self._seconds.get(name, 0.0) + now - self._begun
        self._begun = now
        self._peaks[name] = max(self._peaks.get(name, 0.0), peak_memory())

    @hook_impl
    def after_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol
    ) -> None:
        """Prints tables, a row for each step, and places."""
        from rich.console import Console
        from rich.table import Table

        console, written = Console(), pipeline.all_outputs()
        rows: list[Any] = []
        places: dict[str, str] = {}
        following = ""
        for name, summary in _summaries(pipeline):
            for dataset, lay_out in getattr(summary, "TABLES", {}).items():
                for table in lay_out(catalog.load(dataset)) if dataset in written else []:
                    console.print(table, highlight=False, soft_wrap=isinstance(table, str))
            if getattr(summary, "REPORT", None) in written:
                rows.append((name, *summary.summarise(catalog.load(summary.REPORT))))
                following = summary.NEXT
                places |= {
                    called: _place(catalog, dataset)
                    for called, dataset in getattr(summary, "PLACES", {}).items()
                    if dataset in written
                }
        if rows:
            table = Table(title="Lookbook", title_justify="left")
            for heading in ("step", "in", "out", "rows/s", "workers", "peak MiB", "what happened"):
                left = heading in ("step", "what happened")
                table.add_column(heading, justify="left" if left else "right")
            for name, came, went, happened in rows:
                rate = came / max(self._seconds.get(name, 0.0), 1e-3)
                took = (str(self._workers.get(name, 1)), f"{self._peaks.get(name, 0.0):,.0f}")
                table.add_row(name, f"{came:,}", f"{went:,}", f"{rate:,.0f}", *took, happened)
            console.print(table)
        if any("plot" in name for name in written):
            places["plots"] = f"{PLOTS}, or all of it by 'make viz'"
        if following:
            places["next"] = following
        for called, place in places.items():
            console.print(f"[bold]{called:>10}[/]  {place}", highlight=False, soft_wrap=True)


def _summaries(pipeline: Pipeline) -> Iterator[tuple[str, ModuleType]]:
    """Finds the summaries of the pipelines that ran, each after those that it reads from."""
    names = dict.fromkeys(node.namespace for node in pipeline.nodes if node.namespace)
    parts = {name: pipeline.only_nodes_with_namespaces([name]) for name in names}
    reads = {
        name: {other for other in names if parts[other].all_outputs() & part.inputs()}
        for name, part in parts.items()
    }
    for name in TopologicalSorter(reads).static_order():
        module = f"lookbook.pipelines.{name}.summary"
        if find_spec(module):
            yield name, import_module(module)


def peak_memory() -> float:
    """Gives the most memory that this process has had until now, in MiB."""
    try:
        import resource
    except ModuleNotFoundError:
        # Windows has no such module.
        return float("nan")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts in KiB, macOS in bytes.
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def _place(catalog: CatalogProtocol, name: str) -> str:
    config: Any = catalog.config_resolver.config  # type: ignore[attr-defined]
    path = Path(str(config[name].get("filepath") or config[name]["path"]))
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
