"""Embedding photos: batch by batch, what cannot be read set aside."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lookbook.captioners.network import DECODED
from lookbook.photos.photo import Photo, PhotoError
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


def embed_photos(photos: list[Photo], embedder: Embedder) -> list[Embedded]:
    """Embeds a batch of photos, those that cannot be read set aside.

    Args:
        photos: A batch, decoded one after the other.
        embedder: Embeds.
    """
    images, embedded = {}, []
    for photo in photos:
        try:
            images[photo.photo_id] = decode_picture(photo)
        except (PhotoError, OSError) as error:
            embedded.append(Embedded(photo.photo_id, None, None, str(error)))
    if images:
        looks, vectors = embedder.see(list(images.values()))
        embedded += [
            Embedded(photo_id, looks[row], None if vectors is None else vectors[row], None)
            for row, photo_id in enumerate(images)
        ]
    return embedded


def decode_picture(photo: Photo) -> Image:
    """Decodes a photo as all are that are compared."""
    return photo.image(at_least=DECODED)
