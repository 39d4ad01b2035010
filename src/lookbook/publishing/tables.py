"""The published catalogue as tables: with class names for training, and plain for asking."""

from __future__ import annotations

import io
import json
from typing import Any

from lookbook.attributes.record import split_values
from lookbook.attributes.schema import Schema, SingleAttribute, TextAttribute
from lookbook.lazy import ArrowTable, pd

SPLITS = ("train", "test")
# What stands beside the attributes: where the picture is, which it is, what people call it, and the
# attributes that people have decided.
FILE, PHOTO, LABEL, REVIEWED = "file_name", "photo_id", "label", "reviewed"


def features_of(schema: Schema) -> dict[str, Any]:
    """Describe the columns as ``datasets`` does, values as classes with names.

    Source: https://huggingface.co/docs/datasets/about_dataset_features
    """
    text = {"dtype": "string", "_type": "Value"}
    features: dict[str, Any] = {FILE: text, PHOTO: text}
    for name, attribute in schema.root.items():
        if isinstance(attribute, TextAttribute):
            features[name] = text
            continue
        classes = {"names": list(attribute.values), "_type": "ClassLabel"}
        one = isinstance(attribute, SingleAttribute)
        features[name] = classes if one else {"feature": classes, "_type": "List"}
    return features | {LABEL: text, REVIEWED: {"feature": text, "_type": "List"}}


def class_table(rows: pd.DataFrame, schema: Schema) -> ArrowTable:
    """Lay rows out with their values as numbers of classes.

    Args:
        rows: :data:`FILE`, :data:`PHOTO`, the attributes, :data:`LABEL` and :data:`REVIEWED`.
        schema: The catalogue's schema.
    """
    import pyarrow as pa

    columns: dict[str, Any] = {
        name: pa.array(rows[name].tolist(), pa.string()) for name in (FILE, PHOTO)
    }
    for name, attribute in schema.root.items():
        cells = rows[name]
        if isinstance(attribute, TextAttribute):
            columns[name] = pa.array(cells.fillna("").tolist(), pa.string())
            continue
        place = {value: number for number, value in enumerate(attribute.values)}
        if isinstance(attribute, SingleAttribute):
            columns[name] = pa.array([place[cell] for cell in cells], pa.int64())
        else:
            several = [[place[one] for one in split_values(cell)] for cell in cells]
            columns[name] = pa.array(several, pa.list_(pa.int64()))
    columns[LABEL] = pa.array(_or_none(rows[LABEL]), pa.string())
    columns[REVIEWED] = pa.array(rows[REVIEWED].tolist(), pa.list_(pa.string()))
    told = json.dumps({"info": {"features": features_of(schema)}})
    return pa.table(columns).replace_schema_metadata({"huggingface": told})


def plain_table(rows: pd.DataFrame, schema: Schema) -> ArrowTable:
    """Lay rows out with their values as words, lists as lists, and ``split``."""
    import pyarrow as pa

    columns: dict[str, Any] = {}
    for name in ("split", FILE, PHOTO, *schema.names, LABEL, REVIEWED):
        if name in schema.multis:
            columns[name] = pa.array(
                [split_values(cell) for cell in rows[name]], pa.list_(pa.string())
            )
        elif name == REVIEWED:
            columns[name] = pa.array(rows[name].tolist(), pa.list_(pa.string()))
        else:
            columns[name] = pa.array(_or_none(rows[name]), pa.string())
    return pa.table(columns)


def _or_none(cells: pd.Series) -> list[str | None]:
    return [cell if isinstance(cell, str) else None for cell in cells]


def to_parquet(table: ArrowTable) -> bytes:
    """Write a table as Parquet, the same bytes for the same rows."""
    import pyarrow.parquet as pq

    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()
