"""Embeds descriptions, only those that are new or changed."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from pydantic import BaseModel, Field

from lookbook.errors import InputError
from lookbook.labels.fields import Fields
from lookbook.labels.record import split_values
from lookbook.lazy import ArrowTable, pd
from lookbook.search.catalogue_search import MADE_BY, CatalogueSearch
from lookbook.search.embedders import Embedder
from lookbook.search.tables import FINGERPRINT, KIND, VECTOR


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
    indexed_items: CatalogueSearch,
    embedders: dict[str, Embedder],
    params: IndexParams,
    fields: Fields,
) -> tuple[dict[str, ArrowTable], dict[str, Any]]:
    """Gives each item its vectors, from the last index where text and weights are the same.

    Args:
        full_catalogue: The items, in the catalogue's columns.
        indexed_items: The last index; an empty one for the first.
        embedders: The embedding models, by name.
        params: The text to embed.
        fields: The catalogue's.

    Returns:
        For each embedding model the catalogue with ``embedder`` (the weights' fingerprint),
        ``fingerprint`` (hash of weights and text, and of the row) and ``vector`` (unit length),
        and a report: ``items``, and under ``embedders`` for each ``model``, ``dimensions``,
        ``embedded``, ``reused`` and ``removed``.

    Raises:
        InputError: If there is no item.
    """
    if full_catalogue.empty:
        raise InputError(
            "The catalogue is empty, so there is nothing to index: see 'rejected_captions' for "
            "the reasons."
        )
    items = _to_arrow(full_catalogue, fields)
    texts = full_catalogue[params.text].agg(". ".join, axis=1).tolist()
    rows = [_hash(*map(str, row)) for row in full_catalogue.itertuples(index=False)]
    tables, report = {}, {}
    for name, embedder in embedders.items():
        keys = [_hash(embedder.fingerprint, text) for text in texts]
        # A vector is found again by the first half of its row's fingerprint.
        found = indexed_items.known_vectors(name)
        known = {fingerprint.split("/")[0]: vector for fingerprint, vector in found.items()}
        new = [number for number, key in enumerate(keys) if key not in known]
        if new:
            embedded = embedder.encode(
                [texts[number] for number in new],
                batch_size=params.batch_size,
                show_progress=len(new) > params.batch_size,
            )
            known |= {keys[number]: vector for number, vector in zip(new, embedded, strict=True)}
        vectors = np.stack([known[key] for key in keys]).astype(np.float32)
        fingerprints = [f"{key}/{row}" for key, row in zip(keys, rows, strict=True)]
        tables[name] = _with_vectors(items, embedder.fingerprint, fingerprints, vectors)
        gone = set(indexed_items.vectors(name)) - set(full_catalogue["photo_id"])
        report[name] = {
            "model": embedder.name,
            "dimensions": int(vectors.shape[1]),
            "embedded": len(new),
            "reused": len(keys) - len(new),
            "removed": len(gone),
        }
    return tables, {"items": len(full_catalogue), "embedders": report}


def _to_arrow(catalogue: pd.DataFrame, fields: Fields) -> ArrowTable:
    """Makes columns of the catalogue, each of its field's kind."""
    import pyarrow as pa

    columns, schema = [], []
    for name in catalogue.columns:
        kind = fields.root[name].kind if name in fields.root else ""
        several = name in fields.somes
        cells = catalogue[name].map(split_values) if several else catalogue[name]
        data_type = pa.list_(pa.string()) if several else pa.string()
        columns.append(pa.array(cells.tolist(), data_type))
        schema.append(pa.field(name, data_type, metadata={KIND: kind.encode()} if kind else None))
    return pa.table(columns, pa.schema(schema))


def _with_vectors(
    items: ArrowTable, embedder: str, fingerprints: list[str], vectors: np.ndarray
) -> ArrowTable:
    import pyarrow as pa

    flat = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1])
    return (
        items.append_column(MADE_BY, pa.array([embedder] * len(items), pa.string()))
        .append_column(FINGERPRINT, pa.array(fingerprints, pa.string()))
        .append_column(VECTOR, flat)
    )


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
