"""Embedding photos: batch by batch, what cannot be read set aside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lookbook.captioners.network import DECODED
from lookbook.photos.decoding import decode_ahead
from lookbook.photos.photo import Photo
from lookbook.search.embedders import Embedder

if TYPE_CHECKING:
    from PIL.Image import Image


class Embedded(NamedTuple):
    """A photo's vectors, or why it has none.

    Attributes:
        photo_id: The photo.
        look: (dimensions,) compared with other pictures; ``None`` for a photo that failed.
        vector: (dimensions,) compared with texts; ``None`` where texts have no place.
        failure: Why the photo cannot be read.
    """

    photo_id: str
    look: np.ndarray | None
    vector: np.ndarray | None
    failure: str | None


def embed_photos(
    photos: Iterable[Photo], embedder: Embedder, batch_size: int, workers: int
) -> Iterator[Embedded]:
    """Embeds photos, in their order within a batch but for those that fail.

    Args:
        photos: Read as they are needed, two batches ahead at most.
        embedder: Embeds.
        batch_size: Photos a run of the model.
        workers: Threads that decode.
    """
    for seen, failed in decode_ahead(photos, decode_picture, batch_size, workers):
        yield from (Embedded(photo_id, None, None, told) for photo_id, told in failed)
        if seen:
            looks, vectors = embedder.see([image for _, image in seen])
            for row, (photo_id, _) in enumerate(seen):
                yield Embedded(
                    photo_id, looks[row], None if vectors is None else vectors[row], None
                )


def decode_picture(photo: Photo) -> Image:
    """Decodes a photo as all are that are compared."""
    return photo.image(at_least=DECODED)
