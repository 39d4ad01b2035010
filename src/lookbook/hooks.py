"""Kedro hooks: what to run first, and a short account at the end of a run."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from graphlib import TopologicalSorter
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import yaml
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.framework.project import LOGGING
from kedro.io import AbstractVersionedDataset, CatalogProtocol
from kedro.io.core import VersionNotFoundError
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

from lookbook.errors import InputError, causes
from lookbook.failures import without_traceback
from lookbook.pipeline_registry import every_pipeline, pipeline_names
from lookbook.run_checks import config_of

if TYPE_CHECKING:
    from rich.table import Table

resource: Any = None
with suppress(ImportError):  # Windows has none.
    resource = import_module("resource")

logger = logging.getLogger(__name__)

# The catalog entries of those who work on batches.
POOLS = ("pool", "process_pool")


class LoggingHooks:
    """Log as ``--conf-source`` says; Kedro reads the working directory's configuration alone."""

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Read ``logging.yml`` of a configuration elsewhere."""
        folder = Path(context.config_loader.conf_source)
        file = folder / "logging.yml"
        is_here = folder.resolve() == (Path(context.project_path) / "conf").resolve()
        if file.exists() and not is_here and "KEDRO_LOGGING_CONFIG" not in os.environ:
            LOGGING.configure(yaml.safe_load(file.read_text(encoding="utf-8")))
            LOGGING.set_project_logging("lookbook")
            # Its handler has set up a hook for tracebacks.
            sys.excepthook = without_traceback(sys.excepthook)


class MissingInputHooks:
    """Says which pipeline to run first."""

    @hook_impl
    def on_pipeline_error(
        self, error: Exception, pipeline: Pipeline, catalog: CatalogProtocol
    ) -> None:
        """Turn a missing version of an input into a sentence.

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
    the run wrote; ``REPORT`` names one that ``summarise`` makes a row of, or ``None`` where there
    was nothing to do; ``PLACES`` are
    datasets whose files are pointed to, by what they are called; ``NEXT`` is what to type next.
    """

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._written: set[str] = set()
        self._started: dict[str, float] = {}
        # When nodes of each step were at work; in threads several are at the same time.
        self._spans: dict[str, list[tuple[float, float]]] = {}
        self._peaks: dict[str, float] = {}
        self._workers: dict[str, int] = {}
        self._left: Counter[str] = Counter()

    @hook_impl
    def before_pipeline_run(self, pipeline: Pipeline) -> None:
        """Forget the run before."""
        self._begin()
        self._left.update(str(node.namespace) for node in pipeline.nodes)

    @hook_impl
    def before_node_run(self, node: Node, inputs: dict[str, Any]) -> None:
        """Note when a node begins, and how many work on it."""
        self._started[node.name] = time.perf_counter()
        workers = max(getattr(inputs.get(one), "workers", 1) for one in POOLS)
        name = str(node.namespace)
        self._workers[name] = max(self._workers.get(name, 1), workers)

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, node: Node) -> None:
        """Note what is written, and when: what a node makes bit by bit is saved so."""
        now, name = time.perf_counter(), str(node.namespace)
        self._written.add(dataset_name)
        begun = self._started.get(node.name, now)
        self._started[node.name] = now
        self._spans.setdefault(name, []).append((begun, now))
        self._peaks[name] = max(self._peaks.get(name, 0.0), peak_memory())

    @hook_impl
    def after_node_run(self, node: Node) -> None:
        """Log a line once all nodes of a step are done."""
        name = str(node.namespace)
        self._left[name] -= 1
        if self._left[name] == 0 and node.namespace:
            logger.info("%s: done in %.1f s", name, _union(self._spans.get(name, [])))

    @hook_impl
    def after_pipeline_run(self, pipeline: Pipeline, catalog: CatalogProtocol) -> None:
        """Print tables, a row for each step, and places."""
        from rich.console import Console

        console, written = Console(), self._written
        rows: list[Any] = []
        places: dict[str, str] = {}
        following = ""
        for name, summary in _summaries(pipeline):
            for dataset, lay_out in getattr(summary, "TABLES", {}).items():
                for table in lay_out(catalog.load(dataset)) if dataset in written else []:
                    console.print(table, highlight=False, soft_wrap=isinstance(table, str))
            if getattr(summary, "REPORT", None) in written:
                row = summary.summarise(catalog.load(summary.REPORT))
                if row is None:
                    continue
                rows.append((name, *row))
            found = {
                called: place
                for called, dataset in getattr(summary, "PLACES", {}).items()
                if dataset in written and (place := _place(catalog, dataset))
            }
            places |= found
            if found or getattr(summary, "REPORT", None) in written:
                following = getattr(summary, "NEXT", following)
        if rows:
            console.print(self._table(rows))
        plots = (_place(catalog, name) for name in sorted(written) if name.endswith("_plot"))
        if folder := next((str(Path(place).parent) for place in plots if place), None):
            places["plots"] = f"{folder}, or all of it by 'make viz'"
        if following:
            places["next"] = following
        for called, place in places.items():
            console.print(f"[bold]{called:>10}[/]  {place}", highlight=False, soft_wrap=True)

    def _table(self, rows: list[Any]) -> Table:
        from rich.table import Table

        table = Table(title="Lookbook", title_justify="left")
        for heading in ("step", "in", "out", "rows/s", "workers", "peak MiB", "what happened"):
            left = heading in ("step", "what happened")
            table.add_column(heading, justify="left" if left else "right")
        for name, came, went, happened in rows:
            rate = came / max(_union(self._spans.get(name, [])), 1e-3)
            took = (str(self._workers.get(name, 1)), f"{self._peaks.get(name, 0.0):,.0f}")
            table.add_row(name, f"{came:,}", f"{went:,}", f"{rate:,.0f}", *took, happened)
        return table


def _union(spans: list[tuple[float, float]]) -> float:
    """Add up the seconds in which at least one of several spans ran."""
    seconds, reached = 0.0, float("-inf")
    for begun, ended in sorted(spans):
        seconds += max(ended - max(begun, reached), 0.0)
        reached = max(reached, ended)
    return seconds


def _summaries(pipeline: Pipeline) -> Iterator[tuple[str, ModuleType]]:
    """Find the summaries of the pipelines that ran, each after those that it reads from.

    Nodes of other packages, and those without a namespace, have none.
    """
    names = pipeline_names()
    parts = {name: [n for n in pipeline.nodes if n.namespace == name] for name in names}
    parts = {name: nodes for name, nodes in parts.items() if nodes}
    makes = {name: {out for node in nodes for out in node.outputs} for name, nodes in parts.items()}
    reads = {name: {one for node in nodes for one in node.inputs} for name, nodes in parts.items()}
    before = {
        name: {other for other in parts if other != name and makes[other] & reads[name]}
        for name in parts
    }
    for name in TopologicalSorter(before).static_order():
        module = f"lookbook.pipelines.{name}.summary"
        if find_spec(module):
            yield name, import_module(module)


def peak_memory() -> float:
    """Return the most memory that this process has had until now, in MiB; 0 on Windows."""
    if resource is None:
        return 0.0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts in KiB, macOS in bytes.
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def _place(catalog: CatalogProtocol, name: str) -> str | None:
    """Find a dataset's file or folder; ``None`` for one that has none."""
    config = config_of(catalog, name)
    place = config.get("filepath") or config.get("path")
    if place is None:
        return None
    path = Path(str(place))
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else place)
