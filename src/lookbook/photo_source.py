"""Kedro hooks that remember which folder of photos a catalogue and an index were made of."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

import fsspec
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.pipeline import Pipeline

from lookbook.errors import InputError

# The bundled photos, which nobody minds being replaced, and which replace no others unasked.
SAMPLE = "data/01_raw/sample"
# What a run writes first of new photos, and what is served in the end.
MANIFEST, INDEX = "manifest", "search_index"
RECORD = "photos_folder.txt"

logger = logging.getLogger(__name__)


class PhotoSource:
    """Lets every command use the folder that the catalogue was made of, unless another is named.

    The folder's address is written down when the manifest is saved, and beside the index when
    that is.
    """

    def __init__(self) -> None:
        self._folder = ""
        self._recorded: str | None = None
        self._refused = ""
        self._records: dict[str, str] = {}

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Choose the folder for this session."""
        loader: Any = context.config_loader
        params, shared = with_photos(loader.runtime_params), loader["globals"]
        loader.runtime_params = params
        project = Path(context.project_path)
        self._records = {
            MANIFEST: str(project / shared["photos_record"]),
            INDEX: index_record(context),
        }
        self._recorded = read_record(self._records[MANIFEST])
        configured = params.get("photos", shared["photos"])
        self._folder, self._refused = normalize(str(configured), project), ""
        if "photos" in params or not self._recorded or self._recorded in (self._folder, SAMPLE):
            return
        if self._folder != SAMPLE:
            has_moved = "://" not in self._recorded and not (project / self._recorded).exists()
            if has_moved or shared["replace"]:
                return
            self._refused = self._folder
        self._folder = self._recorded
        loader.runtime_params = {**params, "photos": self._recorded}

    @hook_impl
    def before_pipeline_run(self, pipeline: Pipeline) -> None:
        """Log which catalogue and index a run replaces.

        Raises:
            InputError: If it replaces what was made of another folder, and nobody asked for it.
        """
        if MANIFEST not in pipeline.all_outputs():
            return
        if self._refused:
            raise InputError(
                f"This run would replace the catalogue and index of '{self._recorded}' with those "
                f"of '{self._refused}'. To replace them, add --params=photos='{self._refused}', "
                "or set 'replace: true' in conf/local/globals.yml."
            )
        if self._recorded not in (None, SAMPLE, self._folder):
            logger.warning(
                "This run replaces the catalogue and index of '%s' with those of '%s'.",
                self._recorded, self._folder,
            )  # fmt: skip

    @hook_impl
    def after_dataset_saved(self, dataset_name: str) -> None:
        """Write the folder's address down."""
        if dataset_name in self._records:
            write_record(self._records[dataset_name], self._folder)


def with_photos(params: dict[str, Any] | None) -> dict[str, Any]:
    """Add the folder that the environment variable ``PHOTOS`` names to the command line's."""
    named = os.environ.get("PHOTOS")
    return {**({"photos": named} if named else {}), **(params or {})}


def index_record(context: KedroContext) -> str:
    """Return the file that holds the address of the photos of the index."""
    loader: Any = context.config_loader
    index = loader["globals"]["index"]
    place = index if "://" in str(index) else Path(context.project_path) / index
    return f"{place}/{RECORD}"


def normalize(folder: str, project: Path) -> str:
    """Spell a folder in one way: relative inside the project, absolute outside, or an address."""
    if "://" in folder:
        return folder.rstrip("/")
    path = (project / folder).resolve()
    root = project.resolve()
    return (path.relative_to(root) if path.is_relative_to(root) else path).as_posix()


def read_record(record: str) -> str | None:
    """Read an address that was written down; ``None`` where none was."""
    try:
        with fsspec.open(record, "r", encoding="utf-8") as file:
            return str(file.read()).strip() or None
    except (OSError, ImportError, ValueError):
        return None


def write_record(record: str, folder: str) -> None:
    """Write an address down; a bucket that only LanceDB can open keeps none."""
    try:
        with fsspec.open(record, "w", encoding="utf-8", auto_mkdir=True) as file:
            file.write(f"{folder}\n")
    except (OSError, ImportError, ValueError, TypeError) as error:
        logger.debug("%s was not written: %s", record, error)
