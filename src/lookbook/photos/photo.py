"""One photo: raw bytes in, a bounded and upright RGB image out."""

from __future__ import annotations

import hashlib
import io
import re
import struct
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from lookbook.errors import InputError, first_line
from lookbook.photos.colours import to_srgb

if TYPE_CHECKING:
    from PIL.Image import Image

# Phones' 108 megapixels are 12,000 × 9,000 or 12,032 × 9,024.
MAX_PIXELS = 109_000_000
# What Pillow may open. Parsers of other formats start programs, as that of EPS starts Ghostscript.
FORMATS: tuple[str, ...] = ("JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "AVIF", "JPEG2000")
HEIF = "HEIF"
_ENDINGS = {"JPEG": "jpg", "JPEG2000": "jp2", "TIFF": "tif", "MPO": "jpg", "HEIF": "heic"}
_FORMATS_TOLD = f"{', '.join(FORMATS)} or {HEIF}"
# Pixels beyond which a JPEG is measured by a reduced copy with sides no shorter than this.
_MEASURED_WHOLE, _MEASURED_SIDE = 50_000_000, 1024
# How a picture of each EXIF orientation is transposed to stand upright.
_ORIENTATION = 0x0112
_TURNS = {
    2: "FLIP_LEFT_RIGHT", 3: "ROTATE_180", 4: "FLIP_TOP_BOTTOM", 5: "TRANSPOSE", 6: "ROTATE_270",
    7: "TRANSVERSE", 8: "ROTATE_90",
}  # fmt: skip
_ON_ITS_SIDE = 5
_PNG = b"\x89PNG\r\n\x1a\n"
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
        others: Return the bytes of further photos of the same product, for models that look at
            several at once.
    """

    photo_id: str
    read: Callable[[], bytes]
    file: str | None = None
    others: tuple[Callable[[], bytes], ...] = ()

    def image(self, max_pixels: int = MAX_PIXELS, at_least: int | None = None) -> Image:
        """Read and decodes the photo, see :func:`decode`."""
        return decode(self.read(), max_pixels, at_least)


def identify(data: bytes) -> str:
    """Return the identity of a photo, the same wherever it lies: SHA-256, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def inspect(data: bytes, max_pixels: int = MAX_PIXELS, smallest_side: int = 1) -> dict[str, Any]:
    """Decode a photo whole and measure it.

    Args:
        data: The file.
        max_pixels: See :func:`decode`.
        smallest_side: Pixels that the shorter side has at least.

    Returns:
        ``width`` and ``height`` in pixels after EXIF rotation, ``format`` (see
        :func:`find_ending`; empty for no picture), ``bytes``, ``photo_id``, ``phash`` (64-bit
        perceptual hash, hexadecimal), ``status`` (``ok``, or as of :class:`PhotoError`) and
        ``reason``: why it cannot be used, empty for a good one.
    """
    import imagehash

    found: dict[str, Any] = {
        "width": 0, "height": 0, "format": "", "bytes": len(data), "photo_id": identify(data),
        "phash": "", "status": "ok", "reason": "",
    }  # fmt: skip
    try:
        image, (width, height) = _decode(data, max_pixels, _MEASURED_SIDE, _MEASURED_WHOLE)
        if min(width, height) < smallest_side:
            reason = f"{width} × {height} pixels, less than {smallest_side} a side"
            raise PhotoError(reason, "too small")
    except PhotoError as error:
        return {**found, "status": error.status, "reason": str(error)}
    # A hash of 32 x 32 pixels needs no more than a reduced copy of a large photo.
    image.thumbnail((256, 256), reducing_gap=2)
    measured = {"width": width, "height": height, "format": find_ending(data)}
    return {**found, **measured, "phash": str(imagehash.phash(image))}


def find_ending(data: bytes) -> str:
    """Return the usual ending of a picture's format, such as ``jpg``, whatever its name says."""
    from PIL import Image

    if data.startswith(_PNG):
        return "png"
    if data[4:8] == b"ftyp":
        _open_heif()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Image.open(io.BytesIO(data)) as image:
            name = image.format or "JPEG"
    return _ENDINGS.get(name, name.lower())


def decode(data: bytes, max_pixels: int = MAX_PIXELS, at_least: int | None = None) -> Image:
    """Decode a photo whole: a truncated file fails here, where a mere ``verify`` lets it pass.

    Args:
        data: An encoded picture of one of :data:`FORMATS`, or HEIC. Of an animation the first
            frame counts.
        max_pixels: Larger pictures are refused before any of their pixels is decoded.
        at_least: Pixels a side that are enough: a large JPEG is decoded at a half, a quarter
            or an eighth of its size, as long as both sides keep so many. Whole by default.

    Returns:
        The picture in opaque sRGB, see :func:`lookbook.photos.colours.to_srgb`, turned upright
        by its EXIF orientation.

    Raises:
        PhotoError: If the bytes are no whole picture, or one of too many pixels.
    """
    return _decode(data, max_pixels, at_least)[0]


def _decode(
    data: bytes, max_pixels: int, at_least: int | None, larger_than: int = 0
) -> tuple[Image, tuple[int, int]]:
    """Decode a photo, see :func:`decode`.

    Args:
        data: See there.
        max_pixels: See there.
        at_least: See there.
        larger_than: Pixels up to which ``at_least`` does not count.

    Returns:
        The picture, and its upright size before any reduction.
    """
    from PIL import Image, UnidentifiedImageError

    formats = FORMATS
    if data[4:8] == b"ftyp":
        _open_heif()
        formats += (HEIF,)
    if not data:
        raise PhotoError("the file is empty (0 bytes)")
    try:
        with warnings.catch_warnings():
            # The bound below is ours and hard, and odd metadata are no reason to speak up.
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=formats) as opened:
                image: Image.Image = opened
                width, height = image.size
                if width * height > max_pixels:
                    reason = f"{width} × {height} pixels, more than the {max_pixels:,} allowed"
                    raise PhotoError(reason, "too large")
                if at_least and width * height > larger_than:
                    image.draft("RGB", (at_least, at_least))
                image.load()
                orientation = _read_orientation(image)
                size = (height, width) if orientation >= _ON_ITS_SIDE else (width, height)
                if orientation in _TURNS:
                    image = image.transpose(Image.Transpose[_TURNS[orientation]])
                return to_srgb(image), size
    except PhotoError:
        raise
    except Image.DecompressionBombError as error:
        raise PhotoError(f"more than the {max_pixels:,} pixels allowed", "too large") from error
    except UnidentifiedImageError as error:
        raise PhotoError(f"cannot be decoded: it is not a {_FORMATS_TOLD} picture") from error
    except Exception as error:
        if data.startswith(_PNG) and "text" in str(error).casefold():
            without = _strip_png_texts(data)
            if len(without) < len(data):
                return _decode(without, max_pixels, at_least, larger_than)
        # Pillow's decoders raise whatever their format's parser raises (OSError, SyntaxError,
        # struct.error, ValueError ...): all of them mean that the file is no whole picture.
        told = _first_line(error)
        status = "truncated" if _TRUNCATED.search(told) else "corrupt"
        raise PhotoError(f"cannot be decoded: {told}", status) from error


@cache
def _open_heif() -> None:
    """Make Pillow open what iPhones take."""
    from pillow_heif import register_heif_opener

    register_heif_opener()


def _read_orientation(image: Image) -> int:
    """Return a picture's EXIF orientation, 1 where it has none that can be read."""
    try:
        orientation: int = image.getexif().get(_ORIENTATION, 1)
        return orientation if orientation in _TURNS else 1
    except Exception:
        # Parsers of EXIF raise whatever they stumble over; the pixels are whole all the same.
        return 1


def _strip_png_texts(data: bytes) -> bytes:
    """Return a PNG without its texts, of which Pillow refuses more than a megabyte."""
    parts, place = [_PNG], len(_PNG)
    while place + 8 <= len(data):
        (length,) = struct.unpack_from(">I", data, place)
        end = place + 12 + length
        if data[place + 4 : place + 8] not in (b"tEXt", b"zTXt", b"iTXt"):
            parts.append(data[place:end])
        place = end
    return b"".join(parts)


def _first_line(error: Exception) -> str:
    # Pillow names the in-memory buffer, which says nothing to a user.
    return first_line(error).split(" <_io.BytesIO")[0]
