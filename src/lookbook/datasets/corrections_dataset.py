"""``CorrectionsDataset`` keeps what people have decided, and loses none of it."""

from __future__ import annotations

import csv
import errno
import os
from pathlib import Path
from typing import Any

import pandas as pd
from filelock import FileLock
from kedro.io.core import AbstractDataset
from kedro_datasets._typing import TablePreview

from lookbook.attributes.corrections import COLUMNS
from lookbook.datasets.csv_dataset import escape_formulas, restore_formulas
from lookbook.errors import InputError
from lookbook.photos.table import decode_text

_DELIMITERS = (",", ";", "\t")


class CorrectionsDataset(AbstractDataset[pd.DataFrame, pd.DataFrame]):
    """``CorrectionsDataset`` is a CSV file to which saving adds rows.

    Rows are on the disk when ``save`` returns, and never change: two reviewers at a time, of two
    machines whose files git merges too, lose nothing.

    Examples:
        Using the YAML API:

        ```yaml
        corrections:
          type: lookbook.datasets.corrections_dataset.CorrectionsDataset
          filepath: data/03_primary/corrections.csv
        ```
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        """Create the dataset.

        Args:
            filepath: The file, on this machine; it need not be there.
            metadata: Ignored by Kedro, read by plugins.
        """
        self._filepath = Path(filepath)
        self.metadata = metadata

    def load(self) -> pd.DataFrame:
        """Read every row, edited by hand and merged as it may be.

        Returns:
            ``line`` (in the file, from 1), the columns of
            :data:`lookbook.attributes.corrections.COLUMNS` as texts, and ``problem``: why a line is
            no row, empty for one that is. No rows where there is no file.

        Raises:
            InputError: If the file is no such table.
        """
        return self.load_since(0)[0]

    def load_since(self, place: int) -> tuple[pd.DataFrame, int]:
        """Read the rows that were added since.

        Args:
            place: Where the file ended then, in bytes; 0 for all of it.

        Returns:
            The rows, see :meth:`load`, with ``line`` counted from there; and where it ends now.

        Raises:
            InputError: If the file is no such table.
        """
        columns = ["line", *COLUMNS, "problem"]
        data = self._filepath.read_bytes() if self._filepath.exists() else b""
        text, _ = decode_text(data[place:], str(self._filepath))
        if not text.strip():
            return pd.DataFrame(columns=columns, dtype=object), len(data)
        lines = text.splitlines()
        heading = lines[0] if place == 0 else data[: data.index(b"\n")].decode("utf-8-sig")
        delimiter = self._find_delimiter(heading.rstrip())
        rows: list[dict[str, Any]] = []
        # Line by line: a quote that half a line has opened ends there.
        for number, line in enumerate(lines, start=1):
            cells = next(csv.reader([line], delimiter=delimiter), [])
            # Where two files were merged there may be two headings.
            if not any(cells) or cells == COLUMNS:
                continue
            whole = len(cells) == len(COLUMNS)
            problem = "" if whole else f"{len(cells)} cells instead of {len(COLUMNS)}"
            told = (cells + [""] * len(COLUMNS))[: len(COLUMNS)]
            rows.append(
                {"line": number, **dict(zip(COLUMNS, told, strict=True)), "problem": problem}
            )
        return restore_formulas(pd.DataFrame(rows, columns=columns, dtype=object)), len(data)

    def _find_delimiter(self, first: str) -> str:
        for delimiter in _DELIMITERS:
            if next(csv.reader([first], delimiter=delimiter)) == COLUMNS:
                return delimiter
        raise InputError(
            f"{self._filepath} does not begin with the line '{','.join(COLUMNS)}'. Put it back, "
            "or move the file away."
        )

    def save(self, data: pd.DataFrame) -> None:
        """Add rows, all of them or none.

        Raises:
            InputError: If the disk is full, or the file cannot be written.
        """
        # A row is a line, whatever stands in it.
        table = data[COLUMNS].map(lambda cell: " ".join(str(cell).split()))
        table = escape_formulas(table)
        self._filepath.parent.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(f"{self._filepath}.lock"), self._filepath.open("ab+") as file:
                size = file.seek(0, os.SEEK_END)
                try:
                    self._append(file, table, size)
                except OSError:
                    file.truncate(size)
                    raise
        except OSError as error:
            told = "the disk is full" if error.errno == errno.ENOSPC else str(error)
            raise InputError(
                f"{self._filepath} cannot be written: {told}. Earlier decisions are kept. Repeat "
                "this one afterwards."
            ) from error

    def _append(self, file: Any, table: pd.DataFrame, size: int) -> None:
        before = ""
        if size:
            file.seek(size - 1)
            # A page that was killed may have left half a line: it becomes a row of its own.
            before = "" if file.read(1) in (b"\n", b"\r") else "\n"
        text = before + table.to_csv(index=False, header=not size, lineterminator="\n")
        written = os.write(file.fileno(), text.encode())
        if written < len(text.encode()):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(file.fileno())

    def preview(self, nrows: int = 20) -> TablePreview:
        """Show the last rows in Kedro-Viz."""
        return TablePreview(self.load().tail(nrows).to_dict(orient="split"))

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}

    def _exists(self) -> bool:
        return self._filepath.exists()
