"""Embeds descriptions, only those that are new or changed."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from pydantic import BaseModel, Field

from lookbook.annotations import ArrowTable, LanceTable, SentenceTransformer, pd
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
    indexed_items: LanceTable | None,
    embedder: SentenceTransformer,
    params: IndexParams,
) -> tuple[ArrowTable, dict[str, Any]]:
    """Gives each item its vector, from the last index where its text and model are the same.

    Args:
        full_catalogue: The items, in the catalogue's columns.
        indexed_items: The last index; ``None`` for the first.
        embedder: The embedding model.
        params: The text to embed.

    Returns:
        The catalogue with ``vector`` (unit length) and ``fingerprint`` (hash of the model and
        the row), and a report: ``items``, ``embedded``, ``reused``, ``removed``, ``model``
        and ``dimensions``.

    Raises:
        InputError: If there is no item.
    """
    import pyarrow as pa

    if full_catalogue.empty:
        raise InputError(
            "The catalogue is empty, so there is nothing to index: see 'rejected_captions' for "
            "the reasons."
        )
    model = str(embedder.model_card_data.base_model)
    columns = list(full_catalogue.columns)
    texts = full_catalogue[params.text].agg(". ".join, axis=1)
    keys = [_hash(model, text) for text in texts]
    known: dict[str, np.ndarray] = {}
    previous: set[str] = set()
    if indexed_items is not None:
        rows = indexed_items.search().select(["Filename", "fingerprint", "vector"]).to_arrow()
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
            normalize_embeddings=True,
            show_progress_bar=len(new) > params.batch_size,
        )
        known |= {keys[number]: vector for number, vector in zip(new, embedded, strict=True)}
    vectors = np.stack([known[key] for key in keys]).astype(np.float32)
    rows_hashes = [_hash(*map(str, row)) for row in full_catalogue.itertuples(index=False)]
    items = pa.Table.from_pandas(full_catalogue, preserve_index=False).cast(
        pa.schema([(column, pa.string()) for column in columns])
    )
    items = items.append_column(
        "fingerprint",
        pa.array([f"{key}/{row}" for key, row in zip(keys, rows_hashes, strict=True)], pa.string()),
    ).append_column(
        "vector",
        pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1]),
    )
    report = {
        "items": len(items),
        "embedded": len(new),
        "reused": len(items) - len(new),
        "removed": len(previous - set(full_catalogue["Filename"])),
        "model": model,
        "dimensions": int(vectors.shape[1]),
    }
    # The metadata of pandas would make equal tables differ in their schema.
    return items.replace_schema_metadata(None), report


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
