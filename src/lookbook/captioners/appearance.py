"""What the pixels of a garment tell: its main colours by name, and a regular pattern."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_GRID = 56
_BORDER = 3
_WINDOW = 96
# Set on drawn garments, where the truth is known, and then by eye on photos: shares of the
# spectrum's power, and cycles across the window.
_RIPPLE_SHARE = 0.7
_PEAK_SHARE = 0.19
_CROSS_PEAK = 0.15
_CYCLES = (5, 24)
_CONTRAST = 16.0


@dataclass(frozen=True)
class Appearance:
    """How a garment looks.

    Attributes:
        colours: Names of its main colours, the largest first; at most two.
        pattern: ``striped``, ``checked``, or ``None`` where no regular pattern shows.
    """

    colours: tuple[str, ...]
    pattern: str | None


def describe_appearance(pixels: np.ndarray, evidence: np.ndarray) -> Appearance:
    """Looks at the part of a photo where the garment is.

    Args:
        pixels: (224, 224, 3) uint8 RGB.
        evidence: (rows, columns) logits of the garment's label by place, a class activation
            map.

    Returns:
        The garment's colours and pattern.
    """
    small = _shrink(pixels, _GRID)
    lab = _to_lab(small)
    where = _find_garment(lab, _stretch(evidence, _GRID))
    names = name_colours(lab)
    shares = {name: float(where[names == name].sum()) for name in np.unique(names)}
    ranked = sorted(shares, key=lambda name: -shares[name])
    colours = [name for name in ranked if shares[name] >= max(0.28, shares[ranked[0]] / 2)]
    return Appearance(tuple((colours or ranked)[:2]), _find_pattern(pixels, where))


def name_colours(lab: np.ndarray) -> np.ndarray:
    """Names colours as people name clothes.

    Args:
        lab: (..., 3) CIELAB values.

    Returns:
        (...) names.
    """
    lightness = lab[..., 0]
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    hue = np.degrees(np.arctan2(lab[..., 2], lab[..., 1])) % 360
    dark, light = lightness < 36, lightness > 68
    blue, warm = (hue > 225) & (hue < 305), (hue > 30) & (hue < 100)
    # The first rule that holds names the colour.
    rules = [
        ((lightness < 24) & (chroma < 11), "black"),
        (blue & (lightness < 34) & (chroma >= 8), "navy"),
        ((chroma < 9) & (lightness < 30), "black"),
        ((chroma < 7) & (lightness < 70), "grey"),
        (chroma < 7, "white"),
        ((lightness > 84) & (chroma < 12), "white"),
        (warm & light & (chroma < 34), "beige"),
        (blue & light, "light blue"),
        ((chroma < 11) & ~warm, "grey"),
        (blue, "blue"),
        (((hue < 42) | (hue > 340)) & dark, "burgundy"),
        (((hue < 28) | (hue > 330)) & (lightness > 56), "pink"),
        (((hue < 12) | (hue > 340)) & (lightness > 40) & (chroma > 35), "pink"),
        ((hue < 42) | (hue > 345), "red"),
        ((hue < 66) & (lightness > 42) & (chroma > 48), "orange"),
        ((hue >= 66) & (hue < 108) & (lightness > 60) & (chroma >= 34), "yellow"),
        (hue < 84, "brown"),
        ((hue < 128) & (lightness < 62) & (chroma < 45), "olive"),
        (hue < 190, "green"),
        (hue <= 225, "teal"),
        (hue < 330, "purple"),
    ]
    return np.select([rule for rule, _ in rules], [name for _, name in rules], "pink")


def _find_garment(lab: np.ndarray, evidence: np.ndarray) -> np.ndarray:
    """Weighs each place by how likely the garment is there; the weights add up to 1."""
    rows, columns = np.mgrid[-1 : 1 : _GRID * 1j, -1 : 1 : _GRID * 1j]
    centred = np.exp(-(rows**2 + columns**2) / 0.7)
    likely = np.clip(evidence - np.quantile(evidence, 0.35), 0, None) * centred + 1e-6
    likely /= likely.sum()
    border = np.ones((_GRID, _GRID), bool)
    border[_BORDER:-_BORDER, _BORDER:-_BORDER] = False
    backdrop = _cluster(lab[border], 3)
    distance = np.linalg.norm(lab[:, :, None] - backdrop, axis=-1).min(axis=-1)
    apart = likely * (1 - np.exp(-((distance / 16) ** 2)))
    # A garment of the backdrop's own colour leaves nothing over: then place alone decides.
    found = apart if apart.sum() > 0.2 else likely
    weights: np.ndarray = found / found.sum()
    return weights


def _cluster(values: np.ndarray, count: int) -> np.ndarray:
    """Runs a few rounds of k-means, starting at quantiles of lightness."""
    order = values[np.argsort(values[:, 0])]
    centres = order[np.linspace(0, len(order) - 1, 2 * count + 1).astype(int)[1::2]]
    for _ in range(5):
        nearest = np.linalg.norm(values[:, None] - centres, axis=-1).argmin(axis=1)
        centres = np.stack(
            [
                values[nearest == number].mean(axis=0) if (nearest == number).any() else centre
                for number, centre in enumerate(centres)
            ]
        )
    return centres


def _find_pattern(pixels: np.ndarray, where: np.ndarray) -> str | None:
    """Looks for stripes and checks as peaks in the spectrum of the garment's middle."""
    block = len(pixels) // _GRID
    grey = pixels.mean(axis=2, dtype=np.float32)
    middle = [int((where * axis).sum() * block) for axis in np.indices(where.shape)]
    top, left = (min(max(centre - _WINDOW // 2, 0), len(grey) - _WINDOW) for centre in middle)
    inside = (slice(top, top + _WINDOW), slice(left, left + _WINDOW))
    weight = np.kron(where, np.ones((block, block)))[inside]
    # Full weight on the surer half of the window, so that edges of the garment count little.
    taper = np.outer(np.hanning(_WINDOW), np.hanning(_WINDOW))
    taper *= np.minimum(weight / max(np.quantile(weight, 0.6), 1e-12), 1)
    ripple = (grey[inside] - np.average(grey[inside], weights=taper)) * taper
    power = np.abs(np.fft.rfft2(ripple)) ** 2
    down = np.fft.fftfreq(_WINDOW, 1 / _WINDOW)[:, None]
    across = np.fft.rfftfreq(_WINDOW, 1 / _WINDOW)[None, :]
    radius = np.hypot(down, across)
    # Slower is shading and outline, faster is weave and noise.
    band = np.where((radius >= _CYCLES[0]) & (radius <= _CYCLES[1]), power, 0)
    first, second = _two_peaks(band, down, across)
    contrast = np.sqrt((ripple**2).sum() / (taper**2).sum())
    regular = (
        contrast > _CONTRAST
        and band.sum() > _RIPPLE_SHARE * power.sum()
        and _power_around(band, first) > _PEAK_SHARE * band.sum()
    )
    if not regular:
        return None
    return "checked" if band[second] > _CROSS_PEAK * band[first] else "striped"


def _two_peaks(band: np.ndarray, down: np.ndarray, across: np.ndarray) -> list[tuple[np.intp, ...]]:
    first = np.unravel_index(band.argmax(), band.shape)
    angle = np.degrees(np.arctan2(down, across))
    turned = np.abs((angle - angle[first] + 90) % 180 - 90)
    second = np.unravel_index(np.where(turned > 60, band, 0).argmax(), band.shape)
    return [first, second]


def _power_around(band: np.ndarray, peak: tuple[np.intp, ...]) -> float:
    rows = (np.arange(-1, 2) + peak[0]) % band.shape[0]
    columns = np.clip(np.arange(-1, 2) + peak[1], 0, band.shape[1] - 1)
    return float(band[np.ix_(rows, np.unique(columns))].sum())


def _shrink(pixels: np.ndarray, side: int) -> np.ndarray:
    block = len(pixels) // side
    cells = pixels.reshape(side, block, side, block, 3)
    averaged: np.ndarray = cells.mean(axis=(1, 3), dtype=np.float32)
    return averaged


def _stretch(evidence: np.ndarray, side: int) -> np.ndarray:
    from PIL import Image

    stretched = Image.fromarray(evidence.astype(np.float32)).resize(
        (side, side), Image.Resampling.BILINEAR
    )
    return np.asarray(stretched)


def _to_lab(rgb: np.ndarray) -> np.ndarray:
    """Converts sRGB, 0 to 255, to CIELAB under D65 (IEC 61966-2-1, CIE 15)."""
    scaled = rgb / 255
    linear = np.where(scaled > 0.04045, ((scaled + 0.055) / 1.055) ** 2.4, scaled / 12.92)
    to_xyz = np.array(
        [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
         [0.0193339, 0.1191920, 0.9503041]]
    )  # fmt: skip
    xyz = linear @ to_xyz.T / np.array([0.95047, 1.0, 1.08883])
    root = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    x, y, z = np.moveaxis(root, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)
