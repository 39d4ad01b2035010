"""The captioner that reads a table: a finished catalogue, or a model's raw answers."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, cast

import fsspec

from lookbook.attributes.parsing import is_raw_answer, parse_answer
from lookbook.attributes.record import split_values
from lookbook.attributes.schema import Schema
from lookbook.captioners import Caption, Captioner, Prompt, fingerprint
from lookbook.errors import InputError
from lookbook.lazy import pd
from lookbook.photos.headings import find_headings
from lookbook.photos.matching import FileNames, tails_of
from lookbook.photos.photo import Photo
from lookbook.photos.table import read_any_table

NO_ROW = "no row of the table names it"
# Headings of the column of photos, and of a column of raw answers.
FILE_COLUMN = "filename"
RAW_COLUMN = "caption"
HEADINGS = {
    FILE_COLUMN: ["file", "image", "photo", "path"],
    RAW_COLUMN: [
        "raw", "raw answer", "answer", "response", "output", "generated text", "text",
    ],
}  # fmt: skip
# Rows that are looked at to tell descriptions from raw answers.
SAMPLE = 200
MOST_NAMED = 5

logger = logging.getLogger(__name__)
Said = dict[str, Any]


class TableCaptioner:
    """Take captions from a table, and asks another captioner only for what it lacks.

    A customer's photo, which no table can have, is always the other captioner's.
    """

    def __init__(self, filepath: str | None, fallback: Any, fill: bool = False) -> None:
        """Name the table; it is read when the first photo comes.

        Args:
            filepath: A CSV, Excel, Parquet or JSON-lines table with ``Filename`` and any of the
                catalogue's attributes, or with a model's raw answers, on any filesystem that fsspec
                knows. A pattern such as ``captions_gpu_*.csv`` names parts of one table.
            fallback: The captioner of customers' photos.
            fill: Whether photos without a row, and attributes that a row lacks, are the other
                captioner's too; they are failures otherwise.

        Raises:
            InputError: If no table is named.
        """
        if not filepath:
            raise InputError(
                "There is no catalogue to take labels from. Name one with "
                "--params=catalogue=TABLE, or as 'catalogue:' in conf/local/globals.yml."
            )
        self._filepath = filepath
        self._fallback: Captioner = fallback
        self._fill = fill

    def fingerprint(self, prompt: Prompt) -> str:
        """Hash the table, the attributes and, where it fills in, the other captioner.

        Raises:
            InputError: If the table cannot be read.
        """
        other = self._fallback.fingerprint(prompt) if self._fill else ""
        return fingerprint(
            "table", *self._files().values(), json.dumps(prompt.answer_schema), other
        )

    def caption(self, photos: Iterable[Photo], prompt: Prompt) -> Iterator[Caption]:
        """Describe photos, see :class:`lookbook.captioners.Captioner`.

        Raises:
            InputError: If the table cannot be read.
        """
        remaining = iter(photos)
        first = next(remaining, None)
        if first is None:
            return
        rows = self._rows(prompt.attributes)
        # A row may name folders that the photos are not in.
        tails = {tail: name for name in reversed(rows) for tail in tails_of(name)}
        names, used = FileNames(tails), set()
        lacking: list[Photo] = []
        said: dict[str, Said] = {}
        for photo in chain([first], remaining):
            found = names.find(photo.file, same_format=True) if photo.file else None
            row = tails[found] if found else None
            told = rows.get(row, {}) if row else {}
            used.add(row)
            if self._fill and isinstance(told, str):
                told = parse_answer(told, prompt.attributes).raw_values
            if isinstance(told, str):
                yield Caption(photo_id=photo.photo_id, text=told)
            elif photo.file is None or (
                self._fill and not told.keys() >= set(prompt.attributes.names)
            ):
                said[photo.photo_id] = told
                lacking.append(photo)
            elif told:
                yield Caption(photo_id=photo.photo_id, text=json.dumps(told, ensure_ascii=False))
            else:
                yield Caption(photo_id=photo.photo_id, failure=NO_ROW, answers=0)
        for caption in self._fallback.caption(lacking, prompt):
            told = said[caption.photo_id]
            yield caption if not told else _merge(caption, told, prompt.attributes)
        self._name_unused([name for name in rows if name not in used])

    def _rows(self, schema: Schema) -> dict[str, Said | str]:
        """Read the rows by file: values by attribute, or a raw answer.

        A later row of a file adds what an earlier one lacks.
        """
        parts = [read_any_table(data, name) for name, data in self._files().items()]
        table = pd.concat(parts, ignore_index=True).fillna("")
        known = find_headings(table.columns, [FILE_COLUMN, *schema.names], HEADINGS)
        file = known.pop(FILE_COLUMN, None)
        raw = _find_raw(table.drop(columns=file), known, schema) if file is not None else None
        if file is None or not (known or raw):
            raise InputError(
                f"'{self._filepath}' is not a catalogue. It needs a column 'Filename' and any of "
                f"{', '.join(schema.names)}. It has {', '.join(map(str, table.columns))}."
            )
        if raw is not None:
            answers = zip(table[file].astype(str), table[raw].astype(str), strict=True)
            return {name: text for name, text in answers if name.strip() and text.strip()}
        rows: dict[str, Said | str] = {}
        for row in table.to_dict("records"):
            if not str(row[file]).strip():
                continue
            told = {
                name: split_values(row[column]) if name in schema.multis else row[column]
                for name, column in known.items()
                if str(row[column]).strip()
            }
            rows[str(row[file])] = {**told, **cast(Said, rows.get(str(row[file]), {}))}
        return rows

    def _files(self) -> dict[str, bytes]:
        """Read the files of the table, by name."""
        try:
            found = fsspec.open_files(self._filepath, "rb") if "*" in self._filepath else []
            opened = sorted(found, key=lambda one: str(one.path)) or [
                fsspec.open(self._filepath, "rb")
            ]
            contents = {}
            for part in opened:
                with part as file:
                    contents[str(part.path)] = file.read()
            return contents
        except OSError as error:
            raise InputError(f"The catalogue '{self._filepath}' cannot be read: {error}") from error

    def _name_unused(self, names: list[str]) -> None:
        if names:
            shown = ", ".join(names[:MOST_NAMED]) + (" …" if len(names) > MOST_NAMED else "")
            logger.warning(
                "%s: %d rows name a photo that does not exist: %s",
                self._filepath,
                len(names),
                shown,
            )


def _find_raw(table: pd.DataFrame, known: dict[str, str], schema: Schema) -> str | None:
    """Return the column of a model's raw answers, if the table has one."""
    raw = find_headings(table.columns, [RAW_COLUMN], HEADINGS).get(RAW_COLUMN)
    if not known and raw is not None:
        return str(raw)
    # Some call the raw answers descriptions, or something else.
    texts = [known[name] for name in schema.texts if name in known]
    for column in texts if len(known) == 1 else [] if known else table.columns:
        cells = [cell for cell in table[column].astype(str).head(SAMPLE) if cell.strip()]
        if 2 * sum(is_raw_answer(cell, schema) for cell in cells) > len(cells):
            return str(column)
    return None


def _merge(caption: Caption, told: Said, schema: Schema) -> Caption:
    """Override a captioner's values by those of a table's row."""
    raw_values = parse_answer(caption.text or "", schema).raw_values
    merged = json.dumps({**raw_values, **told}, ensure_ascii=False)
    return caption.model_copy(update={"text": merged, "failure": None})
