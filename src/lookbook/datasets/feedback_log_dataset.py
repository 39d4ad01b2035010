"""``FeedbackLogDataset`` keeps what customers do with answers in small Parquet files."""

from __future__ import annotations

import atexit
import json
import logging
import os
import secrets
import time
from pathlib import Path
from threading import Condition, Thread
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock, Timeout
from kedro.io.core import AbstractDataset
from kedro_datasets._typing import TablePreview

Row = dict[str, Any]
_VALUES = pa.map_(pa.string(), pa.list_(pa.string()))
SCHEMA = pa.schema(
    {
        "answer_id": pa.string(),
        "time": pa.timestamp("s", "UTC"),
        "event": pa.string(),
        "item_id": pa.string(),
        "rank": pa.int32(),
        "slot": pa.string(),
        "outfit": pa.int32(),
        "mode": pa.string(),
        "act": pa.string(),
        "language": pa.string(),
        "sort": pa.string(),
        "components": pa.map_(pa.string(), pa.float64()),
        "text_confidence": pa.float64(),
        "start": _VALUES,
        "values": _VALUES,
    }
)
# The end of the name of a file that holds the rows of others, and its metadata with their names.
_MERGED, _NAMES = "-merged", b"merged"

logger = logging.getLogger(__name__)


class FeedbackLogDataset(AbstractDataset[list[Row], pa.Table]):
    """``FeedbackLogDataset`` is a folder of Parquet files to which saving adds rows.

    A thread writes buffered rows every few seconds and at the end of the process; a process that is
    killed loses no more than these. A file appears once it is whole and never changes, so several
    processes may save at a time. Many small files are merged into one.

    Examples:
        Using the YAML API:

        ```yaml
        feedback_log:
          type: lookbook.datasets.feedback_log_dataset.FeedbackLogDataset
          path: data/08_reporting/feedback_log
        ```
    """

    def __init__(
        self,
        *,
        path: str,
        flush_seconds: float = 5.0,
        max_buffered: int = 100_000,
        merge_from: int = 1000,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Create the dataset.

        Args:
            path: The folder, on this machine; it need not be there.
            flush_seconds: Seconds between two writes.
            max_buffered: Rows that are buffered at most, where the disk is full; further ones are
                dropped.
            merge_from: Number of files from which they are merged.
            metadata: Ignored by Kedro, read by plugins.
        """
        self._folder = Path(path)
        self._flush_seconds = flush_seconds
        self._max_buffered = max_buffered
        self._merge_from = merge_from
        self.metadata = metadata
        self._buffer: list[Row] = []
        self._changed = Condition()
        self._thread: Thread | None = None
        self._is_closed = False

    def save(self, data: list[Row]) -> None:
        """Add rows; they are on the disk a few seconds later, or after :meth:`flush`."""
        self.append(data)

    def append(self, rows: list[Row]) -> None:
        """Add rows, see :class:`lookbook.feedback.events.FeedbackLog`."""
        with self._changed:
            if len(self._buffer) + len(rows) > self._max_buffered:
                logger.warning("%d rows of feedback are lost: the buffer is full", len(rows))
                return
            self._buffer += rows
            if self._thread is None:
                self._thread = Thread(target=self._run, name="feedback log", daemon=True)
                self._thread.start()
                atexit.register(self.close)

    def _run(self) -> None:
        while not self._is_closed:
            with self._changed:
                self._changed.wait(self._flush_seconds)
            try:
                self.flush()
            except (OSError, pa.ArrowException) as error:
                # Customers are answered all the same, and the next turn tries again.
                logger.warning("Feedback cannot be written yet: %s", error)

    def close(self) -> None:
        """Write what is buffered, and stop."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
            atexit.unregister(self.close)
        self._is_closed = False

    def flush(self) -> None:
        """Write what is buffered.

        Raises:
            OSError: If the disk is full, or the folder cannot be written; the rows stay buffered.
        """
        with self._changed:
            rows, self._buffer = self._buffer, []
        if not rows:
            return
        try:
            # Many rows at once: a table of few takes nearly as long to make.
            self._write(pa.Table.from_pylist(rows, SCHEMA), "")
        except OSError:
            with self._changed:
                self._buffer = rows + self._buffer
            raise
        if len(_small(self._files())) >= self._merge_from:
            self._merge()

    def _write(self, table: pa.Table, suffix: str) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime())
        path = self._folder / f"{stamp}-{secrets.token_hex(8)}{suffix}.parquet"
        unfinished = path.with_suffix(".unfinished")
        with unfinished.open("wb") as file:
            pq.write_table(table, file)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob("*.parquet"))

    def _merge(self) -> None:
        """Write one file in the place of the small ones; one process at a time."""
        try:
            with FileLock(self._folder / ".lock", timeout=0):
                files = self._files()
                small, merged = _small(files), _merged_names(files)
                fresh = [file for file in small if file.name not in merged]
                names = json.dumps([file.name for file in fresh]).encode()
                self._write(_read(fresh).replace_schema_metadata({_NAMES: names}), _MERGED)
                for file in small:
                    file.unlink(missing_ok=True)
        except Timeout:
            return

    def load(self) -> pa.Table:
        """Read all rows, those that this process has buffered included; none without a folder."""
        self.flush()
        while True:
            files = self._files()
            try:
                merged = _merged_names(files)
                return _read([file for file in files if file.name not in merged])
            except FileNotFoundError:
                # Another process has merged files in the meantime.
                continue

    def preview(self, nrows: int = 20) -> TablePreview:
        """Show the last rows in Kedro-Viz."""
        rows = self.load()
        last = rows.slice(max(len(rows) - nrows, 0)).to_pandas().astype(str)
        return TablePreview(last.to_dict(orient="split"))

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._folder)}

    def _exists(self) -> bool:
        return bool(self._files())


def _small(files: list[Path]) -> list[Path]:
    return [file for file in files if not file.stem.endswith(_MERGED)]


def _merged_names(files: list[Path]) -> set[str]:
    """Return files whose rows others hold; a process that was killed may have left some."""
    metadata = (pq.read_schema(file).metadata for file in files if file.stem.endswith(_MERGED))
    return {name for one in metadata for name in json.loads(one[_NAMES])}


def _read(files: list[Path]) -> pa.Table:
    tables = [pq.read_table(file).replace_schema_metadata(None).cast(SCHEMA) for file in files]
    return pa.concat_tables([SCHEMA.empty_table(), *tables])
