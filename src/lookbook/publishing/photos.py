"""Photos as they are published: upright, bounded, with nothing in them but the picture."""

from __future__ import annotations

import io
from collections.abc import Callable

from lookbook.photos.photo import PhotoError, decode


def encode(data: bytes, longest: int, quality: int) -> bytes:
    """Encode a photo anew, as a JPEG without EXIF, GPS, profiles or comments.

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


def encode_all(
    readers: list[Callable[[], bytes] | None], longest: int, quality: int
) -> list[bytes | None]:
    """Encode photos, see :func:`encode`; ``None`` for one that is gone or cannot be read."""
    encoded: list[bytes | None] = []
    for read in readers:
        try:
            encoded.append(encode(read(), longest, quality) if read else None)
        except (PhotoError, OSError):
            encoded.append(None)
    return encoded
