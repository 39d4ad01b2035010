"""The headings of a table: in which row they stand, and which column each field is in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from lookbook.errors import InputError
from lookbook.photos.shop_tables import find_product

# What a table may say of a photo; only `image` is needed, or `sku`, which photos' names hold.
FIELDS = ("image", "sku", "sender_id", "label", "kids")
# Further photos of a row.
MORE_IMAGES = "more_images"
# So many rows may be read to find the headings.
HEAD = 20
# A title or a note above the headings fills no more cells.
_TITLE = 2

Columns = dict[str, list[str]]


def find_header(rows: list[list[str]], columns: Columns) -> int:
    """Find the row of headings, which blank rows, titles and notes may stand above.

    Args:
        rows: The first rows of a table.
        columns: For each field the headings under which tables have it; empty where any
            headings will do.

    Returns:
        The place of the row; of the first that is not blank where none has known headings.
    """
    known = {heading for field in (*FIELDS, MORE_IMAGES) for heading in _known(field, columns)}
    numbers = set(_known("sku", columns))
    first, most, best = None, 0, None
    for place, row in enumerate(rows[:HEAD]):
        filled = [fold_heading(cell) for cell in row if cell.strip()]
        if filled and first is None:
            first = place
        # Without known headings the first row counts that is more than a title.
        worth = min(len(filled), _TITLE)
        if columns:
            worth = sum(heading in known for heading in filled)
        names_photos = not columns or _find_images(filled, columns) or numbers & set(filled)
        if worth > most and names_photos:
            most, best = worth, place
        if len(filled) > _TITLE and not row[0].lstrip().startswith("#"):
            break
    return best if best is not None else first or 0


def find_columns(header: list[str], columns: Columns, name: str) -> dict[str, list[int]]:
    """Find the columns of a table, whatever the case and spelling of their headings.

    Args:
        header: The table's headings.
        columns: For each of :data:`FIELDS`, and for further photos under ``more_images``, the
            headings under which tables have it.
        name: What the table is called, for errors.

    Returns:
        The place of each field that the table has: several for ``image`` where photos are in
        several columns, ``sku`` where its column is all that names photos, and that of
        :data:`lookbook.photos.shop_tables.PRODUCT` where rows belong together.

    Raises:
        InputError: If none names the photos.
    """
    headings = [fold_heading(heading) for heading in header]
    places = {name: [place] for name, place in _find_places(headings, FIELDS, columns).items()}
    images = _find_images(headings, columns)
    if images:
        places["image"] = images
        places.pop("sku", None)
    elif "sku" not in places:
        has = ", ".join(repr(heading.strip()) for heading in header)
        raise InputError(
            f"{name} has no column of photos (it has {has}). Name yours as table_columns.image in "
            "conf/local/globals.yml. Or remove the file to go on without human labels."
        )
    else:
        places["image"] = places["sku"]
    return places | {field: [place] for field, place in find_product(headings).items()}


def find_headings(
    headings: Iterable[Any], names: Iterable[str], alternatives: Mapping[str, Iterable[str]]
) -> dict[str, Any]:
    """Find the columns of a table by heading, whatever its case, spaces and signs.

    Args:
        headings: The table's headings.
        names: The wanted columns.
        alternatives: Other headings of a wanted column, by its name.

    Returns:
        The heading of each wanted column that the table has.
    """
    listed = list(headings)
    folded = [fold_heading(str(heading)) for heading in listed]
    places = _find_places(folded, names, alternatives)
    return {name: listed[place] for name, place in places.items()}


def _find_places(
    folded: list[str], names: Iterable[str], alternatives: Mapping[str, Iterable[str]]
) -> dict[str, int]:
    found = {}
    for name in names:
        known = [one for one in _known(name, alternatives) if one in folded]
        if known:
            found[name] = folded.index(known[0])
    return found


def fold_heading(heading: str) -> str:
    """Fold a heading to its letters and digits."""
    return re.sub(r"[\W_]+", "", heading.casefold())


def _find_images(headings: list[str], columns: Columns) -> list[int]:
    """Find the columns of photos: the first that is known, its numbered ones and further ones."""
    known = _known("image", columns)
    first = [headings.index(one) for one in known if one in headings][:1]
    more = _known(MORE_IMAGES, columns)
    further = [
        place
        for place, heading in enumerate(headings)
        if heading in more or (heading.rstrip("0123456789") in known and heading[-1].isdigit())
    ]
    return list(dict.fromkeys([*first, *further]))


def _known(name: str, alternatives: Mapping[str, Iterable[str]]) -> list[str]:
    return [fold_heading(heading) for heading in [name, *alternatives.get(name, [])]]
