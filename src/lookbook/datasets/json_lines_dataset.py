"""``JsonLinesDataset`` keeps a row for each id, and loses none of them."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock
from kedro.io.core import AbstractDataset

from lookbook.errors import InputError

Row = dict[str, Any]


class JsonLinesDataset(AbstractDataset[Mapping[str, Row | None], dict[str, Row]]):
    """``JsonLinesDataset`` is a file of JSON objects, a line each, told apart by their ``id``.

    Saving adds rows, and replaces those whose id is there already; ``None`` removes one. Rows are
    on the disk when ``save`` returns, and several processes may save at a time. A line that is no
    such object stays where it is and is not loaded.

    Examples:
        Using the YAML API:

        ```yaml
        kept_messages:
          type: lookbook.datasets.json_lines_dataset.JsonLinesDataset
          filepath: data/08_reporting/kept_messages.jsonl
          max_rows: 10000
        ```
    """

    def __init__(
        self,
        *,
        filepath: str,
        max_rows: int | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Create the dataset.

        Args:
            filepath: The file, on this machine; it need not be there.
            max_rows: Rows that the file holds at most; further ones are dropped.
            metadata: Ignored by Kedro, read by plugins.
        """
        self._filepath = Path(filepath)
        self._max_rows = max_rows
        self.metadata = metadata
        # Lines by id, as they were when the file looked like this; unreadable ones by number.
        self._lines: dict[str | int, str] = {}
        self._rows: dict[str, Row] = {}
        self._stamp: tuple[int, ...] = ()

    def load(self) -> dict[str, Row]:
        """Read all rows by id, in the order of the file; none where there is no file."""
        self._read()
        return dict(self._rows)

    def _read(self) -> None:
        stamp = self._look()
        if stamp == self._stamp:
            return
        lines: dict[str | int, str] = {}
        rows: dict[str, Row] = {}
        text = self._filepath.read_text("utf-8", errors="replace") if stamp else ""
        for number, line in enumerate(text.split("\n")):
            try:
                row = json.loads(line)
                key: str | int = str(row["id"])
                rows[str(key)] = row
            except (ValueError, TypeError, KeyError):
                key = number
            if line.strip():
                lines[key] = line
        self._lines, self._rows, self._stamp = lines, rows, stamp

    def _look(self) -> tuple[int, ...]:
        try:
            found = self._filepath.stat()
        except FileNotFoundError:
            return ()
        return found.st_ino, found.st_size, found.st_mtime_ns

    def save(self, data: Mapping[str, Row | None]) -> None:
        """Add, replace and remove rows.

        Args:
            data: Rows by id; ``None`` for one that is to be removed.

        Raises:
            InputError: If the disk is full, or the file cannot be written.
        """
        try:
            self._filepath.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(f"{self._filepath}.lock"):
                self._read()
                self._change(data)
        except OSError as error:
            reason = "the disk is full" if error.errno == errno.ENOSPC else str(error)
            raise InputError(
                f"{self._filepath} cannot be written: {reason}. What it held before is kept."
            ) from error

    def _change(self, data: Mapping[str, Row | None]) -> None:
        old = {key for key in data if key in self._rows and data[key] != self._rows[key]}
        new = {key: row for key, row in data.items() if row is not None and key not in self._rows}
        if self._max_rows is not None:
            room = max(self._max_rows - len(self._rows), 0)
            new = dict(list(new.items())[:room])
        added = {key: _dump(row) for key, row in new.items()}
        if old:
            lines: dict[str | int, str] = {}
            for key, line in self._lines.items():
                changed = data[str(key)] if key in old else None
                if changed is not None:
                    lines[key] = _dump(changed)
                elif key not in old:
                    lines[key] = line
            self._replace([*lines.values(), *added.values()])
        elif added:
            self._append(list(added.values()))
            self._lines.update(added.items())
            self._rows |= new
            self._stamp = self._look()

    def _replace(self, lines: list[str]) -> None:
        unfinished = self._filepath.with_name(f"{self._filepath.name}.unfinished")
        with unfinished.open("wb") as file:
            file.write("".join(f"{line}\n" for line in lines).encode())
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(self._filepath)

    def _append(self, lines: list[str]) -> None:
        with self._filepath.open("ab+") as file:
            size = file.seek(0, os.SEEK_END)
            if size:
                file.seek(size - 1)
            # A process that was killed may have left half a line: it stays a line of its own.
            before = "\n" if size and file.read(1) != b"\n" else ""
            try:
                file.write((before + "".join(f"{line}\n" for line in lines)).encode())
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                file.truncate(size)
                raise

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}

    def _exists(self) -> bool:
        return self._filepath.exists()


def _dump(row: Row) -> str:
    text = json.dumps(row, ensure_ascii=False)
    # Separators of lines and halves of characters are escaped.
    return text if text.isprintable() else json.dumps(row)
