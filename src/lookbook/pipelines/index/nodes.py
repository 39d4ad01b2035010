"""Embeds descriptions, only those that are new or changed."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from pydantic import BaseModel, Field

from lookbook.annotations import ArrowTable, LanceTable, pd
from lookbook.embedder import Embedder
from lookbook.errors import InputError


class IndexParams(BaseModel):
    """How descriptions are embedded.

    Attributes:
        batch_size: Descriptions a run of the model.
        text: The columns that are embedded, joined by a full stop.
    """

    batch_size: int = Field(gt=0)
    text: list[str] = Field(min_length=1)


def embed_items(
    full_catalogue: pd.DataFrame,
    indexed_items: dict[str, LanceTable],
    embedders: dict[str, Embedder],
    params: IndexParams,
) -> tuple[dict[str, ArrowTable], dict[str, Any]]:
    """Gives each item its vectors, from the last index where text and model are the same.

    Args:
        full_catalogue: The items, in the catalogue's columns.
        indexed_items: The last index's tables, by embedder; none for the first.
        embedders: The embedding models, by name.
        params: The text to embed.

    Returns:
        For each embedder the catalogue with ``model``, ``fingerprint`` (hash of the model and
        the row) and ``vector`` (unit length), and a report: ``items``, and under ``embedders``
        for each ``model``, ``dimensions``, ``embedded``, ``reused`` and ``removed``.

    Raises:
        InputError: If there is no item.
    """
    if full_catalogue.empty:
        raise InputError(
            "The catalogue is empty, so there is nothing to index: see 'rejected_captions' for "
            "the reasons."
        )
    tables, report = {}, {}
    for name, embedder in embedders.items():
        tables[name], report[name] = _embed(
            full_catalogue, indexed_items.get(name), embedder, params
        )
    return tables, {"items": len(full_catalogue), "embedders": report}


def _embed(
    catalogue: pd.DataFrame, indexed: LanceTable | None, embedder: Embedder, params: IndexParams
) -> tuple[ArrowTable, dict[str, Any]]:
    import pyarrow as pa

    texts = catalogue[params.text].agg(". ".join, axis=1)
    keys = [_hash(embedder.name, text) for text in texts]
    known: dict[str, np.ndarray] = {}
    previous: set[str] = set()
    if indexed is not None:
        rows = indexed.search().select(["Filename", "fingerprint", "vector"]).to_arrow()
        previous = set(rows["Filename"].to_pylist())
        vectors = rows["vector"].combine_chunks()
        flat = vectors.flatten().to_numpy().reshape(len(rows), -1)
        known = {
            fingerprint.split("/")[0]: vector
            for fingerprint, vector in zip(rows["fingerprint"].to_pylist(), flat, strict=True)
        }
    new = [number for number, key in enumerate(keys) if key not in known]
    if new:
        embedded = embedder.encode(
            [texts.iloc[number] for number in new],
            batch_size=params.batch_size,
            show_progress=len(new) > params.batch_size,
        )
        known |= {keys[number]: vector for number, vector in zip(new, embedded, strict=True)}
    vectors = np.stack([known[key] for key in keys]).astype(np.float32)
    rows_hashes = [_hash(*map(str, row)) for row in catalogue.itertuples(index=False)]
    items = pa.Table.from_pandas(catalogue, preserve_index=False).cast(
        pa.schema([(column, pa.string()) for column in catalogue.columns])
    )
    fingerprints = [f"{key}/{row}" for key, row in zip(keys, rows_hashes, strict=True)]
    items = (
        items.append_column("model", pa.array([embedder.name] * len(items), pa.string()))
        .append_column("fingerprint", pa.array(fingerprints, pa.string()))
        .append_column(
            "vector",
            pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1]),
        )
    )
    report = {
        "model": embedder.name,
        "dimensions": int(vectors.shape[1]),
        "embedded": len(new),
        "reused": len(items) - len(new),
        "removed": len(previous - set(catalogue["Filename"])),
    }
    # The metadata of pandas would make equal tables differ in their schema.
    return items.replace_schema_metadata(None), report


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
