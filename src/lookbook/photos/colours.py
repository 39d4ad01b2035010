"""Pictures of any mode and colour space, brought to opaque sRGB."""

from __future__ import annotations

import io
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL.Image import Image

WHITE = (255, 255, 255)
# Grounds under a cut-out garment that white would hide.
_DARKER = ((150, 150, 150), (60, 60, 60))
# Levels of a channel by which a garment stands out from its ground.
_CONTRAST = 40
# White stays the ground of a garment of which it hides no larger share.
_HIDDEN = 0.1
# Profiles that move no colour by more levels are sRGB.
_SAME = 3
# The colour space, as ICC writes it, that a picture of each mode may have.
_SPACES = {"RGB": "RGB", "L": "GRAY", "CMYK": "CMYK", "LAB": "LAB"}


def to_srgb(image: Image) -> Image:
    """Convert a picture to opaque sRGB.

    Args:
        image: A picture of any mode, loaded, with its ICC profile in ``info``.

    Returns:
        The picture in mode ``RGB``. Pictures without a profile or with that of sRGB keep their
        values. Transparent ground becomes white, or grey where white would hide the garment.
    """
    from PIL import Image as PILImage

    profile = image.info.get("icc_profile")
    if image.mode.startswith("I"):
        # A plain conversion would clip 16-bit greys to white.
        return _apply_profile(image.point(lambda value: value / 257, "F").convert("L"), profile)
    if not image.has_transparency_data:
        return _apply_profile(image, profile)
    rgba = image.convert("RGBA")
    if profile:
        colours = image.convert("L") if image.mode == "LA" else rgba.convert("RGB")
        alpha = rgba.getchannel("A")
        rgba = _apply_profile(colours, profile)
        rgba.putalpha(alpha)
    ground = PILImage.new("RGBA", rgba.size, _choose_ground(rgba))
    return PILImage.alpha_composite(ground, rgba).convert("RGB")


def _apply_profile(image: Image, profile: bytes | None) -> Image:
    """Convert an opaque picture by its profile; a profile that does not fit is passed over."""
    from PIL import ImageCms

    if image.mode not in _SPACES:
        image = image.convert("RGB")
    if profile or image.mode == "LAB":
        transform = _open_profile(profile or b"", image.mode)
        try:
            return transform.apply(image) if transform else image.convert("RGB")
        except ImageCms.PyCMSError:
            pass
    return image.convert("RGB")


@lru_cache(maxsize=32)
def _open_profile(profile: bytes, mode: str) -> Any:
    """Return a transform from a profile to sRGB, or ``None`` where none is needed or possible."""
    import numpy as np
    from PIL import Image, ImageCms

    try:
        if mode == "LAB":
            source: Any = ImageCms.createProfile("LAB")
        else:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if source.profile.xcolor_space.strip() != _SPACES[mode]:
                return None
        transform = ImageCms.buildTransform(source, _srgb(), mode, "RGB")
        if mode == "RGB":
            levels = np.linspace(0, 255, 6).astype(np.uint8)
            grid = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(1, -1, 3)
            moved = np.asarray(transform.apply(Image.fromarray(grid))).astype(int) - grid
            return transform if np.abs(moved).max() > _SAME else None
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
    return transform


@cache
def _srgb() -> Any:
    from PIL import ImageCms

    return ImageCms.createProfile("sRGB")


def _choose_ground(rgba: Image) -> tuple[int, int, int]:
    """Choose a ground on which the opaque part of a picture can be seen."""
    import numpy as np

    small = rgba.reduce(max(max(rgba.size) // 64, 1))
    pixels = np.asarray(small).reshape(-1, 4).astype(int)
    subject = pixels[pixels[:, 3] > 127, :3]
    if not len(subject):
        return WHITE

    def hidden(ground: tuple[int, int, int]) -> float:
        return float((np.abs(subject - ground).max(axis=1) < _CONTRAST).mean())

    return WHITE if hidden(WHITE) <= _HIDDEN else min((WHITE, *_DARKER), key=hidden)
