"""One photo: raw bytes in, a bounded and upright RGB image out."""

from __future__ import annotations

import hashlib
import io
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from lookbook.errors import InputError

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_PIXELS = 50_000_000
# How Pillow's decoders say that a file ends too early.
_TRUNCATED = re.compile(r"truncated|unexpected end|premature|not enough data|broken data", re.I)


class PhotoError(InputError):
    """A photo cannot be used; the message is the reason in a few words.

    Attributes:
        status: ``corrupt``, ``truncated``, ``too small`` or ``too large``.
    """

    def __init__(self, reason: str, status: str = "corrupt") -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True)
class Photo:
    """A photo that is read only when it is needed.

    Attributes:
        photo_id: SHA-256 of the file, in hexadecimal.
        read: Returns the file's bytes.
        file: Where it lies in the photos' folder; ``None`` for a customer's.
    """

    photo_id: str
    read: Callable[[], bytes]
    file: str | None = None

    def image(self, max_pixels: int = MAX_PIXELS, at_least: int | None = None) -> Image:
        """Reads and decodes the photo, see :func:`decode`."""
        return decode(self.read(), max_pixels, at_least)


def identify(data: bytes) -> str:
    """Gives the identity of a photo, the same wherever it lies: SHA-256, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def inspect(data: bytes, max_pixels: int = MAX_PIXELS, smallest_side: int = 1) -> dict[str, Any]:
    """Decodes a photo whole and measures it.

    Args:
        data: The file.
        max_pixels: See :func:`decode`.
        smallest_side: Pixels that the shorter side has at least.

    Returns:
        ``width`` and ``height`` in pixels after EXIF rotation, ``bytes``, ``photo_id``,
        ``phash`` (64-bit perceptual hash, hexadecimal), ``status`` (``ok``, or as of
        :class:`PhotoError`) and ``reason``: why it cannot be used, empty for a good one.
    """
    import imagehash

    found: dict[str, Any] = {
        "width": 0, "height": 0, "bytes": len(data), "photo_id": identify(data), "phash": "",
        "status": "ok", "reason": "",
    }  # fmt: skip
    try:
        image = decode(data, max_pixels)
        if min(image.size) < smallest_side:
            reason = f"{image.width} × {image.height} pixels, less than {smallest_side} a side"
            raise PhotoError(reason, "too small")
    except PhotoError as error:
        return {**found, "status": error.status, "reason": str(error)}
    size = {"width": image.width, "height": image.height}
    # A hash of 32 x 32 pixels needs no more than a reduced copy of a large photo.
    image.thumbnail((256, 256), reducing_gap=2)
    return {**found, **size, "phash": str(imagehash.phash(image))}


def decode(data: bytes, max_pixels: int = MAX_PIXELS, at_least: int | None = None) -> Image:
    """Decodes a photo whole: a truncated file fails here, where a mere ``verify`` lets it pass.

    Args:
        data: An encoded picture of any format that Pillow reads. Of an animation the first
            frame counts.
        max_pixels: Larger pictures are refused before any of their pixels is decoded.
        at_least: Pixels a side that are enough: a large JPEG is decoded at a half, a quarter
            or an eighth of its size, as long as both sides keep so many. Whole by default.

    Returns:
        The picture in RGB, turned upright by its EXIF orientation; transparency on white.

    Raises:
        PhotoError: If the bytes are no whole picture, or one of too many pixels.
    """
    from PIL import Image, ImageOps

    if data[4:8] == b"ftyp":
        _open_heif()
    if not data:
        raise PhotoError("the file is empty (0 bytes)")
    try:
        with warnings.catch_warnings():
            # The bound below is ours and hard; Pillow's own is a warning, and no second opinion.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data)) as image:
                width, height = image.size
                if width * height > max_pixels:
                    reason = f"{width} × {height} pixels, more than the {max_pixels:,} allowed"
                    raise PhotoError(reason, "too large")
                if at_least:
                    image.draft("RGB", (at_least, at_least))
                upright = ImageOps.exif_transpose(image)
                return _to_rgb(upright)
    except PhotoError:
        raise
    except Image.DecompressionBombError as error:
        raise PhotoError(f"more than the {max_pixels:,} pixels allowed", "too large") from error
    except Exception as error:
        # Pillow's decoders raise whatever their format's parser raises (OSError, SyntaxError,
        # struct.error, ValueError ...): all of them mean that the file is no whole picture.
        told = _first_line(error)
        status = "truncated" if _TRUNCATED.search(told) else "corrupt"
        raise PhotoError(f"cannot be decoded: {told}", status) from error


@cache
def _open_heif() -> None:
    """Makes Pillow open what iPhones take."""
    from pillow_heif import register_heif_opener

    register_heif_opener()


def _to_rgb(image: Image) -> Image:
    from PIL import Image as PILImage

    if image.mode.startswith("I"):
        # A plain conversion would clip 16-bit greys to white.
        return image.point(lambda value: value / 257, "F").convert("L").convert("RGB")
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        white = PILImage.new("RGBA", rgba.size, "white")
        return PILImage.alpha_composite(white, rgba).convert("RGB")
    return image.convert("RGB")


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    # Pillow names the in-memory buffer, which says nothing to a user.
    return lines[0].split(" <_io.BytesIO")[0]
