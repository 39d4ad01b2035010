"""Photos as vision encoders take them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import ImageOps

from lookbook.photos.photo import Photo

if TYPE_CHECKING:
    from PIL.Image import Image

# Encoders cut pictures into patches, and refuse a side that is shorter than one.
SHORTEST_SIDE = 28
BACKGROUND = "white"


def fit_encoder(photo: Photo, max_side: int) -> Image:
    """Read a photo, shrink it, and pad a strip or a tiny photo.

    Returns:
        A picture of no side below :data:`SHORTEST_SIDE`, the photo in its middle.

    Raises:
        PhotoError: If the photo cannot be decoded.
    """
    image = photo.image(at_least=max_side)
    image.thumbnail((max_side, max_side))
    size = (max(image.width, SHORTEST_SIDE), max(image.height, SHORTEST_SIDE))
    return image if size == image.size else ImageOps.pad(image, size, color=BACKGROUND)
