"""The table beside the photos: what people say of each."""

from __future__ import annotations

import csv
import io

import pandas as pd

from lookbook.errors import InputError

COLUMNS = ("image", "sender_id", "label", "kids")


def read_table(data: bytes, name: str) -> pd.DataFrame:
    """Reads every row of ``images.csv`` as it stands, broken ones too.

    Args:
        data: The file.
        name: What it is called, for errors.

    Returns:
        One row per line, all columns text: ``line`` (in the file, from 1), ``image``,
        ``sender_id``, ``label``, ``kids``; cells that a short line lacks are empty, and bytes
        that are not UTF-8 become U+FFFD.

    Raises:
        InputError: If the file is empty, is not CSV, or lacks a column.
    """
    text = data.decode("utf-8-sig", errors="replace")
    reader = csv.DictReader(io.StringIO(text, newline=""), restkey="surplus", restval="")
    try:
        found = [column.strip() for column in reader.fieldnames or []]
        reader.fieldnames = found
        rows = [{**row, "line": reader.line_num} for row in reader]
    except csv.Error as error:
        raise InputError(f"{name}: line {reader.line_num} is not CSV ({error}).") from error
    if not found:
        raise InputError(
            f"{name} is empty. It needs the columns {', '.join(COLUMNS)}; or remove "
            "the file to go on without human labels."
        )
    missing = [column for column in COLUMNS if column not in found]
    if missing:
        raise InputError(
            f"{name} has no column {' or '.join(map(repr, missing))} (it has "
            f"{', '.join(map(repr, found))}). Add it; or remove the file to go on without "
            "human labels."
        )
    return pd.DataFrame(rows, columns=["line", *COLUMNS])
