"""Pooling: one item of all photos of a product."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any

from lookbook.attributes.cleaning import resolve_conflicts
from lookbook.attributes.corrections import correct_record
from lookbook.attributes.probabilities import column_name
from lookbook.attributes.record import Record, from_row, split_values, to_row
from lookbook.attributes.schema import Schema
from lookbook.lazy import pd
from lookbook.parts import cut

# The share of a product's photos that has to show a further value, such as a second colour.
_SHARE_OF_PHOTOS = 0.5
# The share of each value by attribute: mean probability, or share of photos.
Scores = Mapping[str, Mapping[str, float]]


def assign_products(photo_ids: pd.Series, manifest: pd.DataFrame) -> pd.DataFrame:
    """Look up the product of each photo.

    Returns:
        With the index of `photo_ids`: ``product_id``, the photo's own identity for one without a
        product, and ``position`` among the product's photos.
    """
    of_photo = manifest.drop_duplicates("photo_id").set_index("photo_id")
    looked_up = of_photo[["product_id", "position"]].reindex(photo_ids).set_index(photo_ids.index)
    looked_up["product_id"] = looked_up["product_id"].fillna(photo_ids)
    return looked_up


def pool_photos(
    photos: pd.DataFrame, probabilities: pd.DataFrame, manifest: pd.DataFrame, schema: Schema
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Make one item of all photos of a product.

    The item has the texts of its main photo, the first in the shop's order. Probabilities are
    averaged over the photos. A single value is the most probable one of those that any photo was
    captioned with, so that a value that only one photo shows is not lost; of several values, such
    as colours, those stay that half of the photos show. Without probabilities each photo has a
    vote, and the main photo decides between equal ones.

    Args:
        photos: ``Filename``, the attributes and ``photo_id``, a row per photo.
        probabilities: ``photo_id`` and a column for each value; may be empty.
        manifest: ``photo_id``, ``product_id`` and ``position``.
        schema: The declared attributes.

    Returns:
        The items: the same columns and ``product_id``; and their probabilities. Both are keyed by
        the main photo, and in the order of `photos`.
    """
    rows = photos.join(assign_products(photos["photo_id"], manifest))
    is_shared = rows["product_id"].duplicated(keep=False)
    items = rows[~is_shared]
    shared = rows[is_shared].sort_values(["product_id", "position", "Filename"])
    main = shared.groupby("product_id")["photo_id"].transform("first")
    main_of = dict(zip(shared["photo_id"], main, strict=True))
    columns = [name for name in probabilities.columns if name != "photo_id"]
    photo_ids = probabilities["photo_id"]
    pooled = probabilities.assign(photo_id=photo_ids.map(main_of).fillna(photo_ids))
    if main_of and columns:
        pooled = pooled.groupby("photo_id", sort=False)[columns].mean().reset_index()
    scores = pooled[columns].to_numpy()
    place_of = {photo_id: place for place, photo_id in enumerate(pooled["photo_id"])}
    merged = []
    for product_id, group in groupby(_read_rows(shared), itemgetter("product_id")):
        first, *others = group
        place = place_of.get(first["photo_id"])
        known = None if place is None else dict(zip(columns, scores[place], strict=True))
        records = [from_row(row, schema) for row in (first, *others)]
        merged.append(
            {
                "Filename": first["Filename"],
                **to_row(pool_records(records, known, schema), schema),
                "photo_id": first["photo_id"],
                "product_id": product_id,
            }
        )
    items = items[[*photos.columns, "product_id"]]
    if merged:
        items = pd.concat([items, pd.DataFrame(merged)], ignore_index=True)
    return items.sort_values("Filename", ignore_index=True), pooled


def _read_rows(table: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Read a long table row by row; Python's strings are faster cell by cell than Arrow's."""
    for part in cut(table):
        yield from part.astype(object).to_dict("records")


def pool_records(
    records: list[Record], probabilities: Mapping[str, float] | None, schema: Schema
) -> Record:
    """Merge the records of a product's photos, the main photo's first, see :func:`pool_photos`.

    Args:
        records: A record per photo.
        probabilities: Mean probabilities by column, see
            :func:`lookbook.attributes.probabilities.column_name`; ``None`` without any.
        schema: The declared attributes.
    """
    values: dict[str, Any] = {}
    certainty: dict[str, float] = {}
    for name, attribute in schema.categorical.items():
        votes: dict[str, int] = {}
        for record in records:
            for value in split_values(record[name]) or [record[name]]:
                if value and value != attribute.default:
                    votes[value] = votes.get(value, 0) + 1
        scores = {
            value: count / len(records)
            if probabilities is None or column_name(name, value) not in probabilities
            else float(probabilities[column_name(name, value)])
            for value, count in votes.items()
        }
        ranked = sorted(scores, key=lambda value: -scores[value])
        if name in schema.multis:
            enough = math.ceil(_SHARE_OF_PHOTOS * len(records))
            often = [value for value in ranked if votes[value] >= enough] or ranked[:1]
            values[name] = often[: schema.multis[name].max_items]
        else:
            values[name] = ranked[0] if ranked else attribute.default
        certainty[name] = scores[ranked[0]] if ranked else 0.0
    resolve_conflicts(values, certainty, schema)
    changed = {name: value for name, value in values.items() if value != records[0][name]}
    return correct_record(records[0], changed, schema)
