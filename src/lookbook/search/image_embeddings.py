"""Embedding photos: batch by batch, what cannot be read set aside."""

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

# Tables by name, and how each is read.
Shards = Mapping[str, Callable[[], Any]]
# Photos of one part of a catalogue were embedded together: few files hold what is asked for.
_SHARDS_KEPT = 32


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
        looks, vectors = embedder.embed_images(list(images.values()))
        embedded += [
            Embedded(photo_id, looks[row], None if vectors is None else vectors[row], None)
            for row, photo_id in enumerate(images)
        ]
    return embedded


def record_loss(photo: Photo, reason: str) -> Embedded:
    """Return what stands for a photo that kills whoever embeds it."""
    return Embedded(photo.photo_id, None, None, reason)


def list_embedded(shards: Shards, fingerprint: str) -> Iterator[str]:
    """Lists the photos whose pictures a network has seen.

    Args:
        shards: Tables with ``photo_id`` and ``failure``, see :class:`ImageEmbeddingStore`.
        fingerprint: The network's.
    """
    for name in _files_of(shards, fingerprint):
        table = shards[name]()
        yield from table.loc[table["failure"].isna(), "photo_id"]


def _files_of(shards: Shards, fingerprint: str) -> list[str]:
    return sorted(name for name in shards if name.split("/")[0] == fingerprint)


class ImageEmbeddingStore:
    """What one network made of pictures, read from files as it is needed.

    Of a million pictures the vectors take gigabytes: where each is kept stays in memory, and of the
    vectors those of the files that were asked for last.
    """

    def __init__(self, shards: Shards, fingerprint: str) -> None:
        """Looks where each picture is.

        Args:
            shards: Tables of :class:`Embedded`, by names that begin with a fingerprint.
            fingerprint: The network's, see
                :attr:`lookbook.search.embedders.Embedder.image_fingerprint`.
        """
        self.shards = shards
        self._place: dict[str, str] = {}
        self._read: dict[str, dict[str, tuple[Any, Any]]] = {}
        self.sizes: dict[str, int] = {}
        for name in _files_of(shards, fingerprint):
            seen = self._load(name)
            self._place |= dict.fromkeys(seen, name)
            for look, vector in itertools.islice(seen.values(), 1):
                parts = {"look": look, "vector": vector}
                self.sizes |= {key: len(one) for key, one in parts.items() if one is not None}

    def __contains__(self, photo_id: object) -> bool:
        """Says whether a picture was seen."""
        return photo_id in self._place

    def file_of(self, photo_id: str) -> str:
        """Names the file that a picture's vectors are kept in."""
        return self._place[photo_id]

    def of(self, photo_ids: Iterable[str]) -> dict[str, tuple[Any, Any]]:
        """Gives look and vector of some pictures, by photo; those that were seen."""
        found = {}
        for photo_id in photo_ids:
            if photo_id in self._place:
                found[photo_id] = self._load(self._place[photo_id])[photo_id]
        return found

    def image_embeddings_of(self, photo_ids: Iterable[str]) -> dict[str, np.ndarray]:
        """Gives the looks of some pictures, by photo; of those that were seen."""
        return {photo_id: look for photo_id, (look, _) in self.of(photo_ids).items()}

    def _load(self, name: str) -> dict[str, tuple[Any, Any]]:
        if name not in self._read:
            table = self.shards[name]()
            read = table[table["failure"].isna()]
            pairs = zip(read["look"], read["vector"], strict=True)
            while len(self._read) >= _SHARDS_KEPT:
                self._read.pop(next(iter(self._read)))
            self._read[name] = dict(zip(read["photo_id"], pairs, strict=True))
        return self._read[name]


def decode_picture(photo: Photo) -> Image:
    """Decodes a photo as all are that are compared."""
    return photo.image(at_least=DECODED)
