"""Kedro hooks that check a run before its first node: an error costs seconds, not hours."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import fsspec
from filelock import FileLock, Timeout
from kedro.framework.hooks import hook_impl
from kedro.io import AbstractVersionedDataset, CatalogProtocol, DatasetError
from kedro.pipeline import Pipeline

from lookbook.errors import InputError, causes

LOCK = ".run.lock"
# Libraries that import parts of themselves, or each other, when they are first used. Two threads
# that do so at once meet a module half imported.
IMPORTED_FIRST = (
    "IPython", "matplotlib.backends.backend_agg", "matplotlib.pyplot", "pandas", "plotly.express",
    "plotly.io", "pyarrow.parquet",
)  # fmt: skip
# Datasets whose addresses are opened by other libraries than fsspec.
OPENS_BY_ITSELF = ("CatalogueSearchDataset", "EngineDataset")


class RunChecks:
    """Refuses in a sentence a run that could not end well, and keeps a second one away."""

    def __init__(self) -> None:
        self._lock: FileLock | None = None

    # Last, so that no other hook fails while the lock is held.
    @hook_impl(trylast=True)
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol
    ) -> None:
        """Check the runner, every dataset, every folder to write, and whether another run writes.

        Raises:
            InputError: If the run would fail.
        """
        runner = str(run_params.get("runner"))
        if "ParallelRunner" in runner:
            raise InputError(
                "ParallelRunner cannot run Lookbook, because its nodes share models. Leave "
                "--runner out. 'pool' in conf/base/catalog_ingest.yml works on photos in "
                "parallel."
            )
        open_datasets(catalog, sorted(pipeline.datasets()))
        check_versions(catalog, run_params.get("load_versions") or {})
        outputs = dict(_configured(catalog, pipeline.all_outputs()))
        for name, config in outputs.items():
            for path in _paths(config):
                check_writable(Path(path), name)
        # Only what has no version of its own can be written by two runs at once.
        if any(list(_paths(config)) and not config.get("versioned") for config in outputs.values()):
            self._take_turn(Path(str(run_params["project_path"])) / "data")
        if "ThreadRunner" in runner:
            for module in IMPORTED_FIRST:
                with suppress(ModuleNotFoundError):
                    import_module(module)

    def _take_turn(self, folder: Path) -> None:
        check_writable(folder, "data")
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / LOCK, blocking=False, is_singleton=True, thread_local=False)
        try:
            lock.acquire()
        except Timeout as error:
            raise InputError(
                f"Another run is writing to '{folder}'. Wait until it ends, or stop it."
            ) from error
        except (NotImplementedError, OSError):
            # A network share without locks: two runs at once are the user's care.
            return
        self._lock = lock

    @hook_impl
    def after_pipeline_run(self) -> None:
        """Let the next run in."""
        self._release()

    # First, for another hook may raise.
    @hook_impl(tryfirst=True)
    def on_pipeline_error(self) -> None:
        """Let the next run in."""
        self._release()

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.release(force=True)
            self._lock = None


def open_datasets(catalog: CatalogProtocol, names: Iterable[str]) -> None:
    """Make every dataset of a run, and look for the packages that open its addresses.

    Raises:
        InputError: If one cannot be made; it names the catalog entry and the reason.
    """
    for name in names:
        try:
            catalog.get(name)
            for _, config in _configured(catalog, [name]):
                for path in _addresses(config):
                    fsspec.get_filesystem_class(path.partition("://")[0].split("::")[-1])
        except (DatasetError, ImportError, ValueError) as error:
            inner = (cause for cause in causes(error) if not isinstance(cause, DatasetError))
            reason = " ".join(str(next(inner, error)).split()).rstrip(".")
            raise InputError(f"The catalog entry '{name}' cannot be opened: {reason}.") from error


def check_versions(catalog: CatalogProtocol, versions: dict[str, str]) -> None:
    """Check that the versions that a run is to load are there.

    Raises:
        InputError: If one is not; it names the newest that are.
    """
    for name, version in versions.items():
        dataset = catalog.get(name)
        if not isinstance(dataset, AbstractVersionedDataset) or dataset.exists():
            continue
        newest = ", ".join(sorted(dataset.list_versions(full_path=False), reverse=True)[:3])
        raise InputError(f"'{name}' has no version '{version}': it has {newest or 'none yet'}.")


def check_writable(path: Path, name: str) -> None:
    """Check that a file can be made where a dataset will be written.

    Args:
        path: The dataset's file or folder, which need not be there.
        name: The catalog entry.

    Raises:
        InputError: If it cannot.
    """
    folder = path if path.is_dir() else path.parent
    while not os.path.lexists(folder):
        folder = folder.parent
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise InputError(
            f"'{folder}' cannot be written ({error.strerror}), so '{name}' cannot be saved. "
            "Choose a folder that you may write to."
        ) from error


def config_of(catalog: CatalogProtocol, name: str) -> dict[str, Any]:
    """Return the configuration of a catalog entry, its own or a pattern's; none for parameters."""
    resolver: Any = catalog.config_resolver  # type: ignore[attr-defined]
    return dict(resolver.resolve_pattern(name) or {})


def _configured(
    catalog: CatalogProtocol, names: Iterable[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Find the configuration of datasets, inside a cache too."""
    for name in names:
        config = config_of(catalog, name)
        inner = config.get("dataset")
        if isinstance(inner, dict) and "Cached" in str(config["type"]):
            config = inner
        yield name, config


def _paths(config: dict[str, Any]) -> Iterator[str]:
    """Find the local file or folder of a dataset."""
    return (path for path in _locations(config) if "://" not in path)


def _addresses(config: dict[str, Any]) -> Iterator[str]:
    """Find the address, such as ``s3://…``, that fsspec opens for a dataset."""
    if str(config.get("type")).endswith(OPENS_BY_ITSELF):
        return iter(())
    return (path for path in _locations(config) if "://" in path)


def _locations(config: dict[str, Any]) -> Iterator[str]:
    values = (config.get(key) for key in ("filepath", "path"))
    return (value for value in values if isinstance(value, str))
