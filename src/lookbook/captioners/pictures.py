"""Photos as vision encoders take them."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from PIL import ImageOps

from lookbook.photos.photo import Photo, PhotoError, decode

if TYPE_CHECKING:
    from PIL.Image import Image

# Encoders cut pictures into patches, and refuse a side that is shorter than one.
SHORTEST_SIDE = 28
BACKGROUND = "white"


def fit_encoder(photo: Photo, max_side: int) -> list[Image]:
    """Read a photo and those that are shown with it, shrink them, and pad strips and tiny photos.

    Returns:
        Pictures of no side below :data:`SHORTEST_SIDE`, each photo in the middle. Further photos
        that cannot be decoded are left out.

    Raises:
        PhotoError: If the photo itself cannot be decoded.
    """
    pictures = [_fit(photo.image(at_least=max_side), max_side)]
    for read in photo.others:
        with suppress(PhotoError, OSError):
            pictures.append(_fit(decode(read(), at_least=max_side), max_side))
    return pictures


def _fit(image: Image, max_side: int) -> Image:
    image.thumbnail((max_side, max_side))
    size = (max(image.width, SHORTEST_SIDE), max(image.height, SHORTEST_SIDE))
    return image if size == image.size else ImageOps.pad(image, size, color=BACKGROUND)
