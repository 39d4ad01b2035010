"""Contact sheets: photos laid out with what is said of them."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from typing import Any

from lookbook.errors import InputError
from lookbook.lazy import MatplotlibFigure
from lookbook.photos.photo import decode

_COLUMNS = 5
_PHOTOS_A_ROW = 7


def draw_sheet(
    rows: list[tuple[str, list[str]]], files: Mapping[str, Callable[[], bytes]]
) -> MatplotlibFigure:
    """Draw rows of photos, each with what is to be said of it before them."""
    from matplotlib.figure import Figure

    height = 1.5 * max(len(rows), 1)
    figure = Figure(figsize=(1.4 * _PHOTOS_A_ROW + 2.4, height), dpi=80)
    grid = figure.subplots(max(len(rows), 1), _PHOTOS_A_ROW, squeeze=False)
    for axis in grid.ravel():
        axis.axis("off")
    for axes, (told, names) in zip(grid, rows, strict=False):
        place = {"transform": axes[0].transAxes, "ha": "right", "va": "center", "fontsize": 9}
        axes[0].text(-0.1, 0.5, told, **place)
        for axis, name in zip(axes, names, strict=False):
            show_photo(axis, name, files)
    figure.subplots_adjust(left=0.24, right=1, top=1, bottom=0)
    return figure


def draw_captioned(
    names: list[str], told: list[str], files: Mapping[str, Callable[[], bytes]]
) -> MatplotlibFigure:
    """Draw photos with what is said of each under it."""
    from matplotlib.figure import Figure

    rows = max(-(-len(names) // _COLUMNS), 1)
    figure = Figure(figsize=(2.9 * _COLUMNS, 3.6 * rows), dpi=80, layout="constrained")
    axes = figure.subplots(rows, _COLUMNS, squeeze=False).ravel()
    for axis in axes:
        axis.axis("off")
    for axis, name, text in zip(axes, names, told, strict=False):
        show_photo(axis, name, files)
        under = {"transform": axis.transAxes, "ha": "center", "va": "top", "fontsize": 8}
        axis.text(0.5, -0.03, textwrap.fill(text, 38), parse_math=False, **under)
    return figure


def show_photo(axis: Any, name: str, files: Mapping[str, Callable[[], bytes]]) -> None:
    """Draw a small copy of a photo; nothing of one that cannot be read."""
    try:
        image = decode(files[name]())
    except (InputError, OSError, KeyError):
        # The photo was there when the run began, and is gone since.
        return
    image.thumbnail((220, 220), reducing_gap=2)
    axis.imshow(image)
