"""A customer's photo: received, described and embedded."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lookbook.assistant.types import QueryPhoto
from lookbook.attributes.cleaning import clean_answer
from lookbook.captioners import Captioner, Prompt
from lookbook.errors import InputError
from lookbook.photos.photo import MAX_PIXELS, Photo, PhotoError, decode, identify
from lookbook.search.catalogue_search import CatalogueSearch
from lookbook.search.image_embeddings import decode_image

if TYPE_CHECKING:
    from PIL.Image import Image

# Pixels a side that are kept of a customer's photo.
MAX_SIDE = 1600


@dataclass(frozen=True)
class ReceivedPhoto(Photo):
    """A customer's photo, decoded once, and encoded only for captioners that send it on."""

    picture: Image | None = None

    def image(self, max_pixels: int = MAX_PIXELS, at_least: int | None = None) -> Image:
        """Return the picture in the size in which it was received."""
        return self.picture or super().image(max_pixels, at_least)


def receive(data: bytes) -> Photo:
    """Decode an upload into a bounded, upright photo without metadata.

    Raises:
        InputError: If the upload is not a photo.
    """
    try:
        image = decode(data, at_least=MAX_SIDE)
    except PhotoError as error:
        raise InputError(f"I cannot use that photo: {error}.") from error
    image.thumbnail((MAX_SIDE, MAX_SIDE))

    def encode() -> bytes:
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=95)
        return buffer.getvalue()

    return ReceivedPhoto(identify(data), encode, picture=image)


def describe(photo: Photo, captioner: Captioner, prompt: Prompt) -> QueryPhoto:
    """Caption a customer's photo and clean the caption, as for the catalogue.

    Returns:
        The photo without its embedding.

    Raises:
        InputError: If the photo cannot be described.
    """
    (caption,) = captioner.caption([photo], prompt)
    if caption.text is None:
        raise InputError(f"The photo cannot be described: {caption.failure}.")
    cleaned = clean_answer(caption.text, prompt.attributes)
    if cleaned.rejection is not None:
        raise InputError(f"The photo cannot be described: {cleaned.rejection}.")
    return QueryPhoto(cleaned.record, photo.photo_id, None, caption.probabilities or {})


def embed(photo: Photo, search: CatalogueSearch, embedder: str | None) -> list[float] | None:
    """Return the embedding of a customer's photo; ``None`` if the index holds no embeddings.

    Raises:
        InputError: If the photo cannot be read, or there is no index.
    """
    embedding = search.embed_image(decode_image(photo), embedder)
    return None if embedding is None else embedding.tolist()
