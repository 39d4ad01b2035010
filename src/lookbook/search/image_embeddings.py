"""Image embeddings: batches of photos, and the files that store them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from lookbook.captioners.network import DECODED
from lookbook.photos.photo import Photo, PhotoError
from lookbook.search.embedders import Embedder

if TYPE_CHECKING:
    from PIL.Image import Image

# Tables by name, each with a function that reads it.
Shards = Mapping[str, Callable[[], Any]]
# Photos of one part of a catalogue were embedded together, so few files hold what is asked for.
_CACHED_FILES = 32


class EmbeddedPhoto(NamedTuple):
    """A photo's embeddings, or the reason why it has none.

    Attributes:
        photo_id: The photo.
        image_embedding: (dimensions,) compared with other images; ``None`` after a failure.
        image_in_text_space: (dimensions,) compared with texts; ``None`` if the network has no
            text projection.
        failure: Why the photo cannot be read.
    """

    photo_id: str
    image_embedding: np.ndarray | None
    image_in_text_space: np.ndarray | None
    failure: str | None


def embed_photos(photos: list[Photo], embedder: Embedder) -> list[EmbeddedPhoto]:
    """Embed a batch of photos; unreadable ones come back with their failure."""
    images, embedded = {}, []
    for photo in photos:
        try:
            images[photo.photo_id] = decode_image(photo)
        except (PhotoError, OSError) as error:
            embedded.append(record_loss(photo, str(error)))
    if images:
        vectors, in_text_space = embedder.embed_images(list(images.values()))
        embedded += [
            EmbeddedPhoto(
                photo_id, vectors[row], None if in_text_space is None else in_text_space[row], None
            )
            for row, photo_id in enumerate(images)
        ]
    return embedded


def record_loss(photo: Photo, reason: str) -> EmbeddedPhoto:
    """Return the result for a photo that cannot be embedded."""
    return EmbeddedPhoto(photo.photo_id, None, None, reason)


def decode_image(photo: Photo) -> Image:
    """Decode a photo at the size at which all photos are compared."""
    return photo.image(at_least=DECODED)


def list_embedded(shards: Shards, fingerprint: str) -> Iterator[str]:
    """Yield the photos that a model has embedded.

    Args:
        shards: Tables with ``photo_id`` and ``failure``, see :class:`ImageEmbeddingStore`.
        fingerprint: Fingerprint of the model.
    """
    for name in _files_of(shards, fingerprint):
        table = shards[name]()
        yield from table.loc[table["failure"].isna(), "photo_id"]


def _files_of(shards: Shards, fingerprint: str) -> list[str]:
    return sorted(name for name in shards if name.split("/")[0] == fingerprint)


class ImageEmbeddingStore:
    """One model's embeddings, read from files on demand.

    The vectors of a million photos take gigabytes. Memory holds the file of each photo, and the
    vectors of the files that were read last.
    """

    def __init__(self, shards: Shards, fingerprint: str) -> None:
        """Index the files.

        Args:
            shards: Tables of :class:`EmbeddedPhoto`, by names that begin with a fingerprint.
            fingerprint: Fingerprint of the model, see
                :attr:`lookbook.search.embedders.Embedder.image_fingerprint`.
        """
        self.shards = shards
        self._file: dict[str, str] = {}
        self._cache: dict[str, dict[str, EmbeddedPhoto]] = {}
        # Dimensions of each vector column.
        self.sizes: dict[str, int] = {}
        for name in _files_of(shards, fingerprint):
            rows = self._load(name)
            self._file |= dict.fromkeys(rows, name)
            for row in itertools.islice(rows.values(), 1):
                for column in ("image_embedding", "image_in_text_space"):
                    if (vector := getattr(row, column)) is not None:
                        self.sizes[column] = len(vector)

    def __contains__(self, photo_id: object) -> bool:
        """Whether a photo has embeddings."""
        return photo_id in self._file

    def file_of(self, photo_id: str) -> str:
        """Return the file that holds a photo's embeddings."""
        return self._file[photo_id]

    def of(self, photo_ids: Iterable[str]) -> dict[str, EmbeddedPhoto]:
        """Return the embeddings of photos that have some, by photo."""
        return {
            photo_id: self._load(self._file[photo_id])[photo_id]
            for photo_id in photo_ids
            if photo_id in self._file
        }

    def image_embeddings_of(self, photo_ids: Iterable[str]) -> dict[str, np.ndarray]:
        """Return the image embeddings of photos that have one, by photo."""
        return {
            photo_id: row.image_embedding
            for photo_id, row in self.of(photo_ids).items()
            if row.image_embedding is not None
        }

    def _load(self, name: str) -> dict[str, EmbeddedPhoto]:
        if name not in self._cache:
            table = self.shards[name]()
            rows = table[table["failure"].isna()][list(EmbeddedPhoto._fields)]
            while len(self._cache) >= _CACHED_FILES:
                self._cache.pop(next(iter(self._cache)))
            self._cache[name] = {
                row[0]: EmbeddedPhoto(*row) for row in rows.itertuples(index=False, name=None)
            }
        return self._cache[name]
