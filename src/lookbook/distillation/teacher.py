"""What a teacher says of photos, brought into the declared values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lookbook.attributes.cleaning import resolve_conflicts
from lookbook.attributes.record import join_values, split_values
from lookbook.attributes.schema import Schema, SingleAttribute
from lookbook.attributes.text import clean_text
from lookbook.errors import InputError
from lookbook.lazy import pd
from lookbook.photos.headings import find_headings
from lookbook.photos.matching import FileNames
from lookbook.photos.table import cell_text

PROBLEMS = ["row", "file", "attribute", "value", "reason"]
# The text that pictures are compared with.
TEXT = "text"
# The attributes of a photo that people have decided.
DECIDED = "decided"


def find_columns(
    headings: list[str], columns: dict[str, list[str]], schema: Schema
) -> dict[str, str]:
    """Find the columns of a teacher's table that hold each attribute.

    Args:
        headings: The table's.
        columns: Headings under which a table may have an attribute beside the attribute's name, or
            the photos' ``file``.
        schema: The catalogue's schema.

    Returns:
        Headings by attribute, and by ``file``.

    Raises:
        InputError: If the table names no photos, or has no attribute.
    """
    found = find_headings(headings, ("file", *schema.names), columns)
    if "file" not in found or len(found) == 1:
        raise InputError(
            f"The teacher's table needs a column of files and any of {', '.join(schema.names)}. "
            f"It has {', '.join(headings)}. Name other headings in 'distil.columns'."
        )
    return found


def read_rows(
    table: pd.DataFrame, columns: dict[str, str], files: list[str], schema: Schema
) -> tuple[dict[str, dict[str, Any]], pd.DataFrame]:
    """Read a teacher's table row by row.

    Args:
        table: Any cells.
        columns: See :func:`find_columns`.
        files: The photos that there are.
        schema: The catalogue's schema.

    Returns:
        By file what the teacher says: values of attributes, lists for ``some``, and ``text``; and
        what is of no use: ``row`` (from 1), ``file``, ``attribute``, ``value`` and ``reason``.
    """
    names = FileNames(files)
    said: dict[str, dict[str, Any]] = {}
    problems: list[dict[str, Any]] = []
    for number, row in enumerate(table.to_dict("records"), start=1):
        named = cell_text(row[columns["file"]])
        file = names.find(named) if named else None
        if file is None:
            reason = "no such photo" if named else "names no photo"
            problems.append({"row": number, "file": named, "reason": reason})
            continue
        if file in said:
            reason = "an earlier row names the same photo"
            problems.append({"row": number, "file": named, "reason": reason})
            continue
        told, unknown = _read_row(row, columns, schema)
        said[file] = told
        problems += [
            {
                "row": number,
                "file": file,
                "attribute": attribute,
                "value": value,
                "reason": "no value",
            }
            for attribute, value in unknown
        ]
    return said, pd.DataFrame(problems, columns=PROBLEMS)


def _read_row(
    row: dict[str, Any], columns: dict[str, str], schema: Schema
) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    told: dict[str, Any] = {}
    unknown = []
    for name, attribute in schema.categorical.items():
        cell = cell_text(row[columns[name]]) if name in columns else ""
        if not cell:
            continue
        if isinstance(attribute, SingleAttribute):
            value, how = attribute.lookup(cell)
            found: Any = value
        else:
            found, how = attribute.lookup(split_values(cell))
        if how == "none":
            unknown.append((name, cell))
        else:
            told[name] = found
    told.update(_implied(told, schema))
    texts = [
        clean_text(cell_text(row[columns[name]]), attribute.max_length)
        for name, attribute in schema.texts.items()
        if name in columns
    ]
    told[TEXT] = ". ".join(filter(None, texts))
    return told, unknown


def _implied(told: dict[str, Any], schema: Schema) -> dict[str, Any]:
    """Add values that follow from a teacher's values and contradict none of them."""
    values = {name: told.get(name, attribute.default) for name, attribute in schema.singles.items()}
    happened = resolve_conflicts(values, {}, schema)
    return {name: values[name] for name, how in happened.items() if how == "implied"}


def make_training_set(
    manifest: pd.DataFrame,
    said: dict[str, dict[str, Any]],
    schema: Schema,
    human_label: str | None,
    ignored_labels: list[str],
    decided: Mapping[str, Mapping[str, Any]],
) -> pd.DataFrame:
    """Lay out what is known of every usable photo.

    Args:
        manifest: ``photo_id``, ``file``, ``label`` and ``sender_id``.
        said: What the teacher says, by file.
        schema: The catalogue's schema.
        human_label: The attribute of which people have the last word; ``None`` for none.
        ignored_labels: Human labels that name nothing.
        decided: What people have decided of each photo, by file, which goes before all else.

    Returns:
        ``photo_id``, ``file``, ``sender_id``, ``label``, a column for each attribute with values,
        ``text`` and ``decided`` (the attributes that people have decided, joined by commas), sorted
        by ``photo_id``; missing where nothing is known. A photo of which nothing at all is known is
        left out.
    """
    attribute = schema.singles.get(human_label) if human_label else None
    ignored = {label.casefold() for label in ignored_labels}
    rows = []
    for row in manifest[["photo_id", "file", "sender_id", "label"]].to_dict("records"):
        told = dict(said.get(row["file"], {}))
        label = cell_text(row["label"])
        label = "" if label.casefold() in ignored else label
        if label and attribute is not None and human_label is not None:
            value, how = attribute.lookup(label)
            if how in ("exact", "synonym"):
                told[human_label] = value
        people = {
            name: value
            for name, value in decided.get(row["file"], {}).items()
            if name in schema.categorical
        }
        told |= people
        cells = {name: join_values(told[name]) for name in schema.categorical if name in told}
        known = {"label": label or None, TEXT: told.get(TEXT) or None, **cells}
        known[DECIDED] = join_values(list(people)) or None
        if any(known.values()):
            rows.append({**row, **known})
    columns = ["photo_id", "file", "sender_id", "label", *schema.categorical, TEXT, DECIDED]
    table = pd.DataFrame(rows, columns=columns)
    return table.sort_values("photo_id", ignore_index=True)
