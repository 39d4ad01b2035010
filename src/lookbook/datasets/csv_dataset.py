"""``CSVDataset`` writes tables that are safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from functools import partial
from typing import Any, ClassVar

import pandas as pd
from kedro.io.core import get_filepath_str
from kedro_datasets.pandas import CSVDataset as PandasCSVDataset

from lookbook.datasets.whole_file import open_whole
from lookbook.parts import TableParts, parts_of

# What a spreadsheet takes for the beginning of a formula, and a quote that has it shown as text.
# https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = r"^('*[=+\-@\t\r])"
_SHOWN_AS_TEXT = r"^'('*[=+\-@\t\r])"


class CSVDataset(PandasCSVDataset):
    """``CSVDataset`` is pandas' CSV dataset whose texts no spreadsheet runs.

    A text that begins as a formula does is written with a quote before it, and read back as it
    was.

    Examples:
        Using the YAML API:

        ```yaml
        manifest:
          type: lookbook.datasets.csv_dataset.CSVDataset
          filepath: data/02_intermediate/manifest.csv
          versioned: true
        ```
    """

    # A parser needs several times the memory of what it reads, so it is given some rows at once.
    # Only an empty cell is a missing value: an id may well be "NA".
    DEFAULT_LOAD_ARGS: ClassVar[dict[str, Any]] = {
        "chunksize": 4_096, "keep_default_na": False, "na_values": [""],
    }  # fmt: skip

    def load(self) -> pd.DataFrame:
        """Read the table as it was saved.

        A type ``"*"`` is that of all columns without one of their own.
        """
        types = self._load_args.get("dtype")
        if isinstance(types, dict) and "*" in types:
            rest = types["*"]
            # A partial travels to other processes, where a lambda cannot.
            self._load_args["dtype"] = defaultdict(partial(_identity, rest), types)
        with super().load() as parts:
            table = pd.concat(map(restore_formulas, parts), ignore_index=True)
        # What a part has no value of has no type there.
        return table.infer_objects()

    def save(self, data: pd.DataFrame | TableParts) -> None:
        """Write the table, or its parts as they are made; it appears once it is whole."""
        path = get_filepath_str(self._get_save_path(), self._protocol)
        with open_whole(self._fs, path, **self._fs_open_args_save) as file:
            for number, part in enumerate(parts_of(data)):
                first = {} if number == 0 else {"header": False}
                quoting = {"quoting": csv.QUOTE_ALL} if _holds_returns(part) else {}
                escape_formulas(part).to_csv(file, **self._save_args, **first, **quoting)
        self._invalidate_cache()


def _identity(value: Any) -> Any:
    return value


def _holds_returns(table: pd.DataFrame) -> bool:
    """Whether a text has a carriage return, at which a row would end unless it is quoted."""
    texts = table.select_dtypes(include=["object", "string"])
    return any(texts[name].astype("string").str.contains("\r").any() for name in texts)


def escape_formulas(table: pd.DataFrame) -> pd.DataFrame:
    """Write a quote before each text that a spreadsheet would run."""
    return _replace(table, _FORMULA, r"'\1")


def restore_formulas(table: pd.DataFrame) -> pd.DataFrame:
    """Remove the quotes that :func:`escape_formulas` writes."""
    return _replace(table, _SHOWN_AS_TEXT, r"\1")


def _replace(table: pd.DataFrame, pattern: str, by: str) -> pd.DataFrame:
    def replace(cell: object) -> object:
        return re.sub(pattern, by, cell, count=1) if isinstance(cell, str) else cell

    texts = table.select_dtypes(include=["object", "string"]).columns
    changed = {
        name: table[name].map(replace)
        for name in texts
        if table[name].astype("string").str.match(pattern).any()
    }
    return table.assign(**changed) if changed else table
