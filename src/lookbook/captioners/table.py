"""A catalogue that is labelled already: the captioner that reads a table."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

import fsspec

from lookbook.captioners import Caption, Captioner, Prompt, fingerprint
from lookbook.errors import InputError
from lookbook.labels.fields import Fields
from lookbook.labels.reading import read_answer
from lookbook.labels.record import split_values
from lookbook.photos.matching import FileNames, tails_of
from lookbook.photos.photo import Photo
from lookbook.photos.table import read_any_table

NO_ROW = "no row of the table names it"
# Headings under which a table may name its photos.
FILE_COLUMNS = ("filename", "file", "image", "photo", "path")
MOST_NAMED = 5

logger = logging.getLogger(__name__)
Said = dict[str, Any]


class TableCaptioner:
    """Takes captions from a table, and asks another captioner only for what it lacks.

    A customer's photo, which no table can have, is always the other captioner's.
    """

    def __init__(self, filepath: str | None, otherwise: Any, fill: bool = False) -> None:
        """Names the table; it is read when the first photo comes.

        Args:
            filepath: A CSV, Excel, Parquet or JSON-lines table with ``Filename`` and any of the
                catalogue's fields, on any filesystem that fsspec knows.
            otherwise: The captioner of customers' photos.
            fill: Whether photos without a row, and fields that a row lacks, are the other
                captioner's too; they are failures otherwise.

        Raises:
            InputError: If no table is named.
        """
        if not filepath:
            raise InputError(
                "There is no catalogue to take labels from: name one with "
                "--params=catalogue=TABLE, or as 'catalogue:' in conf/local/globals.yml."
            )
        self._filepath = filepath
        self._otherwise: Captioner = otherwise
        self._fill = fill

    def fingerprint(self, prompt: Prompt) -> str:
        """Hashes the table, the fields and, where it fills in, the other captioner.

        Raises:
            InputError: If the table cannot be read.
        """
        other = self._otherwise.fingerprint(prompt) if self._fill else ""
        return fingerprint("table", self._bytes(), json.dumps(prompt.answer_schema), other)

    def caption(self, photos: Iterable[Photo], prompt: Prompt) -> Iterator[Caption]:
        """Describes photos, see :class:`lookbook.captioners.Captioner`.

        Raises:
            InputError: If the table cannot be read.
        """
        remaining = iter(photos)
        first = next(remaining, None)
        if first is None:
            return
        rows = self._rows(prompt.fields)
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
            if photo.file is None or (self._fill and not told.keys() >= set(prompt.fields.names)):
                said[photo.photo_id] = told
                lacking.append(photo)
            elif told:
                yield Caption(photo_id=photo.photo_id, text=json.dumps(told, ensure_ascii=False))
            else:
                yield Caption(photo_id=photo.photo_id, failure=NO_ROW, answers=0)
        for caption in self._otherwise.caption(lacking, prompt):
            told = said[caption.photo_id]
            yield caption if not told else _merge(caption, told, prompt.fields)
        self._name_unused([name for name in rows if name not in used])

    def _rows(self, fields: Fields) -> dict[str, Said]:
        """Reads the rows by file; a later row of a file adds what an earlier one lacks."""
        table = read_any_table(self._bytes(), self._filepath)
        headings = {str(name).strip().casefold(): name for name in table.columns}
        file = next((headings[one] for one in FILE_COLUMNS if one in headings), None)
        known = {
            name: headings[name.casefold()] for name in fields.names if name.casefold() in headings
        }
        if file is None or not known:
            raise InputError(
                f"{self._filepath} is no catalogue: it needs a column 'Filename' and any of "
                f"{', '.join(fields.names)}; it has {', '.join(map(str, table.columns))}."
            )
        rows: dict[str, Said] = {}
        for row in table.to_dict("records"):
            if not str(row[file]).strip():
                continue
            told = {
                name: split_values(row[column]) if name in fields.somes else row[column]
                for name, column in known.items()
                if str(row[column]).strip()
            }
            rows[str(row[file])] = {**told, **rows.get(str(row[file]), {})}
        return rows

    def _bytes(self) -> bytes:
        try:
            with fsspec.open(self._filepath, "rb") as file:
                data: bytes = file.read()
                return data
        except OSError as error:
            raise InputError(f"The catalogue '{self._filepath}' cannot be read: {error}") from error

    def _name_unused(self, names: list[str]) -> None:
        if names:
            shown = ", ".join(names[:MOST_NAMED]) + (" …" if len(names) > MOST_NAMED else "")
            logger.warning("%s: %d rows name no photo: %s", self._filepath, len(names), shown)


def _merge(caption: Caption, told: Said, fields: Fields) -> Caption:
    """Puts what a row says over what a captioner says of the same photo."""
    written = read_answer(caption.text or "", fields).written
    merged = json.dumps({**written, **told}, ensure_ascii=False)
    return caption.model_copy(update={"text": merged, "failure": None})
