"""Draws a map of the whole catalogue by its pictures."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from lookbook.attributes.schema import Schema
from lookbook.errors import InputError
from lookbook.lazy import MatplotlibFigure, pd
from lookbook.pools import Pool, in_batches
from lookbook.publishing.photos import encode_all
from lookbook.search.embedders import Embedder
from lookbook.search.image_embeddings import ImageEmbeddingStore

_BATCH = 16
# JPEG's, of the small pictures.
_QUALITY = 80
# Pixels a side of the drawn map.
_CANVAS = 1600


class ExploreParams(BaseModel):
    """How the map is drawn.

    Attributes:
        fitted: Pictures that are placed by t-SNE; all others amid them.
        seed: Of the placement.
        picture: Pixels of the longer side of the pictures that are shown.
        cells: Pictures a side of the drawn map at most.
    """

    model_config = ConfigDict(extra="forbid")

    fitted: int = Field(gt=1)
    seed: int
    picture: int = Field(ge=32)
    cells: int = Field(gt=1)


def map_catalogue(
    full_catalogue: pd.DataFrame,
    image_embedding_shards: dict[str, Callable[[], Any]],
    files: Mapping[str, Callable[[], bytes]],
    embedders: dict[str, Embedder],
    pool: Pool,
    schema: Schema,
    params: ExploreParams,
) -> pd.DataFrame:
    """Place every item by its picture.

    Args:
        full_catalogue: The items.
        image_embedding_shards: Embedded pictures; the first embedding model's looks are compared.
        files: Functions that read the photos' bytes, by file.
        embedders: The embedding models, by name.
        pool: Who makes small pictures.
        schema: The declared attributes.
        params: How the map is drawn.

    Returns:
        ``picture``, a small JPEG as Hugging Face's data sets hold it (``bytes`` and ``path``), the
        fields, ``x``, ``y``, ``Filename`` and ``photo_id``. Items that no picture was embedded of
        are left out.

    Raises:
        InputError: If no item has one.
    """
    from lookbook.progress import Progress
    from lookbook.search.image_map import project_images

    embedder = next(iter(embedders.values()))
    seen = ImageEmbeddingStore(image_embedding_shards, embedder.image_fingerprint)

    ids = full_catalogue["photo_id"].tolist()
    placed = project_images(ids, seen.image_embeddings_of, params.fitted, params.seed)
    if not placed:
        raise InputError("No photo is indexed. Run 'kedro run --pipelines=index' first.")
    rows = full_catalogue[full_catalogue["photo_id"].isin(list(placed))].reset_index(drop=True)
    rows["x"] = [float(placed[one][0]) for one in rows["photo_id"]]
    rows["y"] = [float(placed[one][1]) for one in rows["photo_id"]]
    read = [files.get(name) for name in rows["Filename"]]
    shrink = partial(encode_all, longest=params.picture, quality=_QUALITY)
    made = itertools.chain.from_iterable(pool.map(shrink, in_batches(read, _BATCH)))
    rows["picture"] = [
        {"bytes": small, "path": None} if small else None
        for small in Progress(made, total=len(rows), desc="map", unit="picture")
    ]
    return rows[["picture", *schema.names, "x", "y", "Filename", "photo_id"]]


def draw_map(catalogue_map: pd.DataFrame, params: ExploreParams) -> MatplotlibFigure:
    """Draw the map: in each of its cells the picture nearest to the middle."""
    import io

    from matplotlib.figure import Figure
    from PIL import Image

    # Ranks spread the clusters over the whole square; neighbours stay neighbours.
    ranks = catalogue_map[["x", "y"]].rank(method="first").to_numpy() - 1
    # Cells (columns, rows) of a square, and how far each picture is from the middle of its own.
    at = ranks / max(len(ranks) - 1, 1) * (params.cells - 1)
    cells = at.round().astype(int)
    rows = catalogue_map.assign(
        column=cells[:, 0], row=cells[:, 1], off=np.abs(at - cells).sum(axis=1)
    )
    side = _CANVAS // params.cells
    canvas = Image.new("RGB", (side * params.cells, side * params.cells), "white")
    shown = rows[rows["picture"].notna()].sort_values("off").drop_duplicates(["column", "row"])
    for item in shown.itertuples():
        picture = Image.open(io.BytesIO(item.picture["bytes"]))
        picture.thumbnail((side - 2, side - 2))
        canvas.paste(picture, (item.column * side, (params.cells - 1 - item.row) * side))
    figure = Figure(figsize=(12, 12), dpi=_CANVAS / 12, layout="constrained")
    axis = figure.subplots()
    axis.imshow(canvas)
    axis.axis("off")
    axis.set_title(f"{len(rows):,} items by their pictures, {len(shown):,} of them shown")
    return figure
