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
# Inches of a sheet's text, and of its photos: all of a row, and one at most.
_TEXT, _ROW, _PHOTO = 2.4, 9.8, 1.9
# Of a page of outfits, in pixels: its width, the number's part of it, a cell at most, and the dots
# of an inch.
_PAGE, _NUMBER, _CELL, _DPI = 1440, 90, 300, 80


def draw_sheet(
    rows: list[tuple[str, list[str]]], files: Mapping[str, Callable[[], bytes]]
) -> MatplotlibFigure:
    """Draw rows of photos, each with what is to be said of it before them."""
    from matplotlib.figure import Figure

    columns = min(max((len(names) for _, names in rows), default=1), _PHOTOS_A_ROW)
    side = min(_ROW / columns, _PHOTO)
    width = _TEXT + side * columns
    figure = Figure(figsize=(width, 1.1 * side * max(len(rows), 1)), dpi=80)
    grid = figure.subplots(max(len(rows), 1), columns, squeeze=False)
    for axis in grid.ravel():
        axis.axis("off")
    for axes, (told, names) in zip(grid, rows, strict=False):
        place = {"transform": axes[0].transAxes, "ha": "right", "va": "center", "fontsize": 9}
        axes[0].text(-0.1, 0.5, told, **place)
        for axis, name in zip(axes, names, strict=False):
            show_photo(axis, name, files)
    margins = {"left": _TEXT / width, "right": 1, "top": 1, "bottom": 0}
    figure.subplots_adjust(**margins, wspace=0.05, hspace=0.05)
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
        under = {"transform": axis.transAxes, "ha": "center", "va": "top", "fontsize": 11}
        axis.text(0.5, -0.03, textwrap.fill(text, 28), parse_math=False, **under)
    return figure


def draw_outfits(
    rows: list[tuple[str, list[str]]], files: Mapping[str, Callable[[], bytes]]
) -> MatplotlibFigure:
    """Draw outfits, a row each: its number, and its photos, the first of them in a frame."""
    from matplotlib.figure import Figure

    columns = max(len(names) for _, names in rows)
    cell = min((_PAGE - _NUMBER) / columns, _CELL)
    height = cell * len(rows)
    figure = Figure(figsize=(_PAGE / _DPI, height / _DPI), dpi=_DPI)
    edges = {"left": _NUMBER / _PAGE, "right": (_NUMBER + cell * columns) / _PAGE}
    margins = {"top": 1 - 8 / height, "bottom": 8 / height, "wspace": 0.06, "hspace": 0.06}
    grid = figure.subplots(len(rows), columns, squeeze=False, gridspec_kw={**edges, **margins})
    for axes, (number, names) in zip(grid, rows, strict=True):
        place = {"transform": axes[0].transAxes, "ha": "right", "va": "center", "fontsize": 24}
        axes[0].text(-0.06, 0.5, number, **place)
        for axis in axes:
            axis.axis("off")
        for axis, name in zip(axes, names, strict=False):
            show_photo(axis, name, files, side=_CELL)
        axes[0].axis("on")
        axes[0].set(xticks=[], yticks=[])
        axes[0].spines[:].set(color="tab:red", linewidth=5)
    return figure


def show_photo(
    axis: Any, name: str, files: Mapping[str, Callable[[], bytes]], side: int = 220
) -> None:
    """Draw a copy of a photo, at most so many pixels a side; nothing of one that is unreadable."""
    try:
        image = decode(files[name]())
    except (InputError, OSError, KeyError):
        # The photo was there when the run began, and is gone since.
        return
    image.thumbnail((side, side), reducing_gap=2)
    axis.imshow(image)
