"""Embedding photos: batch by batch, what cannot be read set aside."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lookbook.captioners.network import RESOLUTION
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
    remaining = iter(photos)
    batches = iter(lambda: list(itertools.islice(remaining, batch_size)), [])
    with ThreadPoolExecutor(workers) as executor:
        decoding = [(one, executor.submit(_decode, one)) for one in next(batches, [])]
        while decoding:
            following = [(one, executor.submit(_decode, one)) for one in next(batches, [])]
            decoded = [(one.photo_id, future.result()) for one, future in decoding]
            yield from (
                Embedded(photo_id, None, None, failure)
                for photo_id, failure in decoded
                if isinstance(failure, str)
            )
            usable = [(name, image) for name, image in decoded if not isinstance(image, str)]
            if usable:
                looks, vectors = embedder.see([image for _, image in usable])
                for row, (photo_id, _) in enumerate(usable):
                    vector = None if vectors is None else vectors[row]
                    yield Embedded(photo_id, looks[row], vector, None)
            decoding = following


def _decode(photo: Photo) -> Image | str:
    try:
        return photo.image(at_least=2 * RESOLUTION)
    except (PhotoError, OSError) as error:
        return str(error)
