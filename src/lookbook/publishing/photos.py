"""Photos as they are published: upright, bounded, with nothing in them but the picture."""

from __future__ import annotations

import io

from lookbook.photos.photo import decode


def encode(data: bytes, longest: int, quality: int) -> bytes:
    """Encodes a photo anew, as a JPEG without EXIF, GPS, profiles or comments.

    Args:
        data: The photo.
        longest: Pixels of the longer side at most.
        quality: JPEG's.

    Raises:
        PhotoError: If it is none.
    """
    image = decode(data, at_least=longest)
    image.thumbnail((longest, longest))
    image.info.clear()
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality, optimize=True)
    return buffer.getvalue()
