"""Kedro hooks: what to run first, and a short account at the end of a run."""

from __future__ import annotations

import logging
import os
import shutil
import sys
import time
from collections import Counter
from collections.abc import Iterator
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
from lookbook.stage_summary import StageSummary, duration

if TYPE_CHECKING:
    from rich.table import Table

logger = logging.getLogger(__name__)


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
                f"'{missing[0]}' does not exist yet. Run 'kedro run "
                f"--pipelines={','.join(makers)}' first."
            ) from error


class SummaryHooks:
    """Logs a line for each pipeline, and prints at the end what came of the photos.

    Each pipeline's package may have a module ``summary``: ``TABLES`` lays out datasets that
    the run wrote; ``REPORT`` names one that ``summarise`` makes a
    :class:`lookbook.stage_summary.StageSummary` of, or ``None`` where there was nothing to do;
    ``PLACES`` are datasets whose files are pointed to, by what they are called; ``NEXT`` is what to
    type next.
    """

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        # What was written, and the reports themselves.
        self._written: set[str] = set()
        self._reports: dict[str, Any] = {}
        self._started: dict[str, float] = {}
        # When nodes of each pipeline were at work; in threads several are at the same time.
        self._spans: dict[str, list[tuple[float, float]]] = {}
        self._left: Counter[str] = Counter()

    @hook_impl
    def before_pipeline_run(self, pipeline: Pipeline) -> None:
        """Forget the run before."""
        self._begin()
        self._left.update(node.namespace for node in pipeline.nodes if node.namespace)

    @hook_impl
    def before_node_run(self, node: Node) -> None:
        """Note when a node begins; what came before it is written by then."""
        self._started[node.name] = time.perf_counter()
        self._log_finished()

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, data: Any, node: Node) -> None:
        """Note what is written, and when: what a node makes bit by bit is saved so."""
        now, name = time.perf_counter(), str(node.namespace)
        self._written.add(dataset_name)
        if dataset_name.endswith("_report"):
            self._reports[dataset_name] = data
        begun = self._started.get(node.name, now)
        self._started[node.name] = now
        self._spans.setdefault(name, []).append((begun, now))

    @hook_impl
    def after_node_run(self, node: Node) -> None:
        """Count the nodes that a pipeline still has to run."""
        if node.namespace:
            self._left[node.namespace] -= 1

    @hook_impl
    def after_pipeline_run(self, pipeline: Pipeline, catalog: CatalogProtocol) -> None:
        """Print tables, a row for each pipeline, places, and what to type next."""
        from rich.console import Console

        self._log_finished()
        console, written = Console(), self._written
        rows: list[tuple[str, StageSummary]] = []
        places: dict[str, str] = {}
        set_aside: list[str] = []
        following = ""
        for name, module in _summaries(pipeline):
            for dataset, lay_out in getattr(module, "TABLES", {}).items():
                for table in lay_out(catalog.load(dataset)) if dataset in written else []:
                    console.print(table, highlight=False, soft_wrap=isinstance(table, str))
            summary = self._summarise(module)
            if summary is None and getattr(module, "REPORT", None) in written:
                # There was nothing to do.
                continue
            if summary is not None:
                rows.append((name, summary))
                set_aside += [
                    f"{sentence}, see {place}"
                    for dataset, sentence in summary.set_aside.items()
                    if dataset in written and (place := _file(catalog, dataset))
                ]
            found = {
                called: place
                for called, dataset in getattr(module, "PLACES", {}).items()
                if dataset in written and (place := _file(catalog, dataset))
            }
            places |= found
            if found or getattr(module, "REPORT", None) in written:
                following = getattr(module, "NEXT", following)
        if rows:
            console.print(self._table(rows))
        plots = (_place(catalog, name) for name in sorted(written) if name.endswith("_plot"))
        if folder := next((str(Path(place).parent) for place in plots if place), None):
            places["plots"] = f"{folder}; 'kedro viz' shows them"
        if following:
            places["next"] = following.replace("kedro ", f"{typed_command()} ")
        for sentence in set_aside:
            console.print(f"[yellow]{'note':>10}[/]  {sentence}", highlight=False, soft_wrap=True)
        for called, place in places.items():
            console.print(f"[bold]{called:>10}[/]  {place}", highlight=False, soft_wrap=True)

    def _log_finished(self) -> None:
        """Log a line for each pipeline of which every node has run."""
        for name in [name for name, left in self._left.items() if left == 0]:
            if self._left.pop(name, None) is None or name not in self._spans:
                continue
            seconds, module = self._seconds(name), _summary_of(name)
            summary = module and self._summarise(module)
            if summary:
                logger.info("%-9s %s", name, summary.describe(seconds))
            elif getattr(module, "REPORT", None) not in self._written:
                logger.info("%-9s done in %s", name, duration(seconds))

    def _summarise(self, module: ModuleType) -> StageSummary | None:
        report = self._reports.get(getattr(module, "REPORT", ""))
        summary: StageSummary | None = None if report is None else module.summarise(report)
        return summary

    def _seconds(self, name: str) -> float:
        return _union(self._spans.get(name, []))

    def _table(self, rows: list[tuple[str, StageSummary]]) -> Table:
        from rich.table import Table

        table = Table(title="Lookbook", title_justify="left")
        for heading in ("step", "in", "out", "time", "what happened"):
            is_text = heading in ("step", "what happened")
            table.add_column(heading, justify="left" if is_text else "right")
        for name, summary in rows:
            seconds = duration(self._seconds(name))
            counts = (f"{summary.came:,}", f"{summary.went:,}")
            table.add_row(name, *counts, seconds, summary.happened)
        return table


def typed_command() -> str:
    """Return how this user calls Kedro: ``kedro`` if that is on the path, else where it is."""
    script = Path(sys.argv[0])
    if script.stem != "kedro" or shutil.which("kedro"):
        return "kedro"
    return str(script.relative_to(Path.cwd()) if script.is_relative_to(Path.cwd()) else script)


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
        if module := _summary_of(name):
            yield name, module


def _summary_of(name: str) -> ModuleType | None:
    """Import the summary of a pipeline of this package; ``None`` without one."""
    module = f"lookbook.pipelines.{name}.summary"
    return import_module(module) if name in pipeline_names() and find_spec(module) else None


def _place(catalog: CatalogProtocol, name: str) -> str | None:
    """Find a dataset's file or folder; ``None`` for one that has none."""
    config = config_of(catalog, name)
    place = config.get("filepath") or config.get("path")
    if place is None:
        return None
    path = Path(str(place))
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else place)


def _file(catalog: CatalogProtocol, name: str) -> str | None:
    """Find the file that a run wrote: of a dataset with versions, the newest."""
    place, dataset = _place(catalog, name), catalog.get(name)
    if place is None or "://" in place or not isinstance(dataset, AbstractVersionedDataset):
        return place
    if (version := dataset.resolve_save_version()) is None:
        return place
    file = Path(place) / version / Path(place).name
    return str(file) if file.exists() else place
