"""Draws garments, so that the bundled sample needs nobody's photos.

Every drawing is a function of its arguments alone. Outlines are given as the right half of a
symmetric garment, in units of the canvas: x from the centre line, y from the top.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

SIZE = (300, 400)
_OVERSAMPLING = 2
Point = tuple[float, float]
Colour = tuple[int, int, int]

COLOURS: dict[str, Colour] = {
    "black": (28, 28, 30),
    "white": (244, 244, 242),
    "grey": (140, 142, 146),
    "navy": (28, 38, 78),
    "blue": (40, 92, 190),
    "light blue": (150, 195, 232),
    "red": (196, 32, 40),
    "burgundy": (110, 22, 44),
    "pink": (240, 160, 186),
    "orange": (240, 130, 30),
    "yellow": (246, 210, 50),
    "green": (40, 134, 66),
    "olive": (104, 106, 50),
    "beige": (218, 200, 168),
    "brown": (112, 70, 42),
    "purple": (112, 58, 150),
}
PATTERNS = ("plain", "striped", "checked", "dotted")
VIEWS = ("front", "back", "detail")
_BACKDROPS: tuple[Colour, ...] = (
    (236, 233, 228), (205, 190, 170), (188, 196, 204), (222, 222, 226), (168, 150, 130),
)  # fmt: skip

_TORSO: list[Point] = [(0.25, 0.34), (0.255, 0.86), (0.0, 0.875)]
_NECK: list[Point] = [(0.0, 0.19), (0.07, 0.175), (0.10, 0.13)]
_SHORT_SLEEVE: list[Point] = [(0.22, 0.15), (0.44, 0.31), (0.36, 0.41)]
_LONG_SLEEVE: list[Point] = [(0.22, 0.15), (0.35, 0.30), (0.46, 0.76), (0.37, 0.79)]
_COLLAR: list[list[Point]] = [[(0.0, 0.21), (0.10, 0.12), (0.13, 0.18), (0.06, 0.25)]]
_LAPEL: list[list[Point]] = [[(0.0, 0.50), (0.09, 0.13), (0.16, 0.27), (0.11, 0.30)]]


@dataclass(frozen=True)
class _Shape:
    outline: list[Point]
    panels: list[list[Point]]
    seams: list[list[Point]]
    buttons: tuple[float, ...] = ()


def _line(*points: Point) -> list[Point]:
    return list(points)


_CENTRE = [_line((0.0, 0.22), (0.0, 0.87))]
SHAPES: dict[str, _Shape] = {
    "T-Shirt": _Shape(_NECK + _SHORT_SLEEVE + _TORSO, [], [_line((0.25, 0.34), (0.22, 0.15))]),
    "Polo": _Shape(
        _NECK + _SHORT_SLEEVE + _TORSO, _COLLAR, [_line((0.0, 0.21), (0.0, 0.38))], (0.28, 0.34)
    ),
    "Longsleeve": _Shape(_NECK + _LONG_SLEEVE + _TORSO, [], [_line((0.25, 0.34), (0.22, 0.15))]),
    "Shirt": _Shape(
        _NECK + _LONG_SLEEVE + _TORSO, _COLLAR, _CENTRE, (0.30, 0.41, 0.52, 0.63, 0.74)
    ),
    "Hoodie": _Shape(
        [(0.0, 0.03), (0.09, 0.05), (0.12, 0.13), *_LONG_SLEEVE, *_TORSO],
        [[(0.0, 0.62), (0.12, 0.62), (0.17, 0.78), (0.0, 0.78)]],
        [_line((0.0, 0.20), (0.08, 0.13), (0.06, 0.07), (0.0, 0.06))],
    ),
    "Blazer": _Shape(_NECK + _LONG_SLEEVE + _TORSO, _LAPEL, [], (0.56, 0.68)),
    "Outwear": _Shape(
        [(0.0, 0.10), (0.11, 0.10), (0.25, 0.16), (0.38, 0.32), (0.48, 0.76), (0.38, 0.80),
         (0.29, 0.40), (0.30, 0.92), (0.0, 0.93)],
        [[(0.11, 0.60), (0.22, 0.56), (0.23, 0.60), (0.12, 0.64)]],
        [_line((0.0, 0.10), (0.0, 0.93)), _line((0.0, 0.33), (0.28, 0.33)),
         _line((0.0, 0.50), (0.29, 0.50)), _line((0.0, 0.70), (0.29, 0.70))],
    ),
    "Undershirt": _Shape(
        [(0.0, 0.34), (0.10, 0.28), (0.12, 0.12), (0.18, 0.12), (0.19, 0.30), (0.25, 0.38),
         (0.25, 0.86), (0.0, 0.87)], [], [],
    ),
    "Dress": _Shape(
        [(0.0, 0.20), (0.10, 0.10), (0.16, 0.10), (0.18, 0.26), (0.15, 0.42), (0.33, 0.94),
         (0.0, 0.96)], [], [_line((0.0, 0.43), (0.15, 0.42)), _line((0.06, 0.46), (0.15, 0.94))],
    ),
    "Skirt": _Shape(
        [(0.0, 0.18), (0.17, 0.18), (0.37, 0.82), (0.0, 0.86)], [],
        [_line((0.0, 0.23), (0.18, 0.23)), _line((0.07, 0.24), (0.16, 0.84))],
    ),
    "Pants": _Shape(
        [(0.0, 0.06), (0.19, 0.06), (0.24, 0.40), (0.22, 0.95), (0.08, 0.95), (0.0, 0.36)], [],
        [_line((0.0, 0.11), (0.195, 0.11)), _line((0.12, 0.11), (0.19, 0.20)),
         _line((0.0, 0.11), (0.0, 0.36))],
    ),
    "Shorts": _Shape(
        [(0.0, 0.22), (0.23, 0.22), (0.33, 0.74), (0.05, 0.78), (0.0, 0.50)], [],
        [_line((0.0, 0.28), (0.24, 0.28)), _line((0.0, 0.28), (0.0, 0.50))],
    ),
    "Hat": _Shape(
        [(0.0, 0.26), (0.14, 0.28), (0.24, 0.38), (0.26, 0.56), (0.0, 0.58)],
        [[(0.0, 0.55), (0.27, 0.55), (0.34, 0.66), (0.18, 0.70), (0.0, 0.71)]],
        [_line((0.0, 0.26), (0.0, 0.55)), _line((0.0, 0.26), (0.15, 0.55))],
    ),
}  # fmt: skip
_SHOE: list[Point] = [
    (0.06, 0.40), (0.24, 0.38), (0.30, 0.48), (0.52, 0.56), (0.80, 0.60), (0.92, 0.68),
    (0.92, 0.76), (0.06, 0.76),
]  # fmt: skip
LABELS = (*SHAPES, "Shoes")


def draw_garment(
    label: str, colour: str, pattern: str, seed: int, view: str = "front"
) -> Image.Image:
    """Draw one garment lying on a plain backdrop.

    Args:
        label: One of :data:`LABELS`.
        colour: A name from :data:`COLOURS`.
        pattern: One of :data:`PATTERNS`.
        seed: Varies backdrop, tilt, proportions and shading.
        view: One of :data:`VIEWS`: of the same garment.

    Returns:
        An RGB picture of 300 × 400 pixels.

    Raises:
        KeyError: If label or colour is not known.
    """
    rng = random.Random(f"{label}/{colour}/{pattern}/{seed}")
    size = (SIZE[0] * _OVERSAMPLING, SIZE[1] * _OVERSAMPLING)
    backdrop = _backdrop(size, rng, avoid=COLOURS[colour])
    place = _placement(size, rng)
    mask = Image.new("L", size, 0)
    lines = Image.new("L", size, 0)
    panels = Image.new("L", size, 0)
    if label == "Shoes":
        _draw_shoes(mask, panels, lines, size, rng)
    else:
        shape = SHAPES[label]
        # Pockets, lapels and buttons are in front.
        shape = _Shape(shape.outline, [], []) if view == "back" else shape
        _draw_shape(shape, mask, panels, lines, place)
    tilt, fill = rng.uniform(-6, 6), Image.Resampling.BICUBIC
    mask, lines, panels = (layer.rotate(tilt, fill) for layer in (mask, lines, panels))

    fabric = _fabric(size, COLOURS[colour], pattern, rng).rotate(tilt, fill)
    accent = _contrast(COLOURS[colour], 0.55)
    fabric = Image.composite(Image.new("RGB", size, accent), fabric, panels.point(_third))
    fabric = Image.composite(Image.new("RGB", size, _contrast(COLOURS[colour])), fabric, lines)
    shadow = ImageChops.offset(mask, 10, 14).filter(ImageFilter.GaussianBlur(14)).point(_third)
    picture = Image.composite(Image.new("RGB", size, (40, 36, 34)), backdrop, shadow)
    picture = Image.composite(fabric, picture, mask)
    if view == "back":
        picture = ImageOps.mirror(picture)
    if view == "detail":
        width, height = size
        picture = picture.crop((width // 4, height // 4, 3 * width // 4, 3 * height // 4))
    return picture.resize(SIZE, Image.Resampling.LANCZOS)


def _third(value: int) -> float:
    return value / 3


def _placement(size: tuple[int, int], rng: random.Random) -> Callable[[Point, int], Point]:
    width, height = size
    scale_x, scale_y = rng.uniform(0.88, 1.0), rng.uniform(0.86, 0.98)
    centre = 0.5 + rng.uniform(-0.03, 0.03)

    def place(point: Point, side: int) -> Point:
        x, y = point
        return (
            width * (centre + side * x * scale_x),
            height * (0.5 + (y - 0.5) * scale_y),
        )

    return place


def _draw_shape(
    shape: _Shape,
    mask: Image.Image,
    panels: Image.Image,
    lines: Image.Image,
    place: Callable[[Point, int], Point],
) -> None:
    for side in (1, -1):
        ImageDraw.Draw(mask).polygon([place(p, side) for p in shape.outline], fill=255)
        for panel in shape.panels:
            for layer in (mask, panels):
                ImageDraw.Draw(layer).polygon([place(p, side) for p in panel], fill=255)
            ImageDraw.Draw(lines).line([place(p, side) for p in [*panel, panel[0]]], 150, 3)
        for seam in shape.seams:
            ImageDraw.Draw(lines).line([place(p, side) for p in seam], fill=140, width=3)
    # Both halves end on the centre line, where rounding would leave a gap of a pixel.
    top, bottom = place(shape.outline[0], 1), place(shape.outline[-1], 1)
    ImageDraw.Draw(mask).line([top, bottom], fill=255, width=4)
    for button in shape.buttons:
        x, y = place((0.012, button), 1)
        ImageDraw.Draw(lines).ellipse([x - 6, y - 6, x + 6, y + 6], fill=220)


def _draw_shoes(
    mask: Image.Image,
    panels: Image.Image,
    lines: Image.Image,
    size: tuple[int, int],
    rng: random.Random,
) -> None:
    width, height = size
    length = rng.uniform(0.72, 0.84)
    for left, top in ((0.04, -0.10), (0.14, 0.20)):

        def place(x: float, y: float, left: float = left, top: float = top) -> Point:
            return width * (left + x * length), height * (top + 0.15 + (y - 0.15) * 0.8)

        ImageDraw.Draw(mask).polygon([place(*p) for p in _SHOE], fill=255)
        sole = [place(*p) for p in ((0.04, 0.73), (0.94, 0.73), (0.94, 0.80), (0.04, 0.80))]
        ImageDraw.Draw(mask).polygon(sole, fill=255)
        ImageDraw.Draw(panels).polygon(sole, fill=255)
        for lace in range(4):
            start, end = (
                place(0.30 + 0.06 * lace, 0.49 + 0.02 * lace),
                place(0.38 + 0.06 * lace, 0.60),
            )
            ImageDraw.Draw(lines).line([start, end], fill=200, width=5)


def _backdrop(size: tuple[int, int], rng: random.Random, avoid: Colour) -> Image.Image:
    far = [colour for colour in _BACKDROPS if math.dist(colour, avoid) > 60]
    base = Image.new("RGB", size, rng.choice(far))
    grain = Image.frombytes("L", (75, 100), rng.randbytes(7500)).resize(size)
    return Image.blend(base, Image.merge("RGB", [grain] * 3), 0.05)


def _fabric(size: tuple[int, int], colour: Colour, pattern: str, rng: random.Random) -> Image.Image:
    fabric = Image.new("RGB", size, colour)
    draw, second = ImageDraw.Draw(fabric), _contrast(colour)
    width, height = size
    step = rng.randint(36, 52)
    if pattern in ("striped", "checked"):
        for y in range(0, height, step):
            draw.rectangle([0, y, width, y + step // 3], fill=second)
    if pattern == "checked":
        for x in range(0, width, step):
            draw.rectangle([x, 0, x + step // 3, height], fill=_contrast(colour, 0.7))
    if pattern == "dotted":
        for row, y in enumerate(range(0, height, step)):
            for x in range((row % 2) * step // 2, width, step):
                draw.ellipse([x, y, x + step // 3, y + step // 3], fill=second)
    folds = Image.frombytes("L", (9, 12), rng.randbytes(108)).resize(size, Image.Resampling.BICUBIC)
    return Image.blend(fabric, Image.merge("RGB", [folds] * 3), 0.06)


def _contrast(colour: Colour, strength: float = 1.0) -> Colour:
    target = (20, 20, 24) if sum(colour) > 380 else (240, 238, 232)
    red, green, blue = (
        round(own + (other - own) * strength * 0.8)
        for own, other in zip(colour, target, strict=True)
    )
    return red, green, blue
