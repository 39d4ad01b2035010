"""What search is asked, and among what: photos that taught nothing are told from the others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lookbook.attributes.record import Record, from_row
from lookbook.attributes.schema import Schema
from lookbook.captioners.network import hash_photo
from lookbook.lazy import pd


def trained_on(engines: Iterable[Any]) -> frozenset[str]:
    """Gather the hashes of photos that taught any of some engines.

    Args:
        engines: Captioners and embedders; one that was taught elsewhere, or does not tell, has
            no ``training_photos``.
    """
    return frozenset().union(*(getattr(one, "training_photos", frozenset()) for one in engines))


def is_unseen(photo_ids: pd.Series, taught: frozenset[str]) -> pd.Series:
    """Whether each photo taught nothing."""
    unseen: pd.Series = ~photo_ids.map(hash_photo).isin(taught)
    return unseen


def known_item_question(record: Record, schema: Schema) -> str:
    """Ask for an item by its title, and the first value of a list that the title does not name."""
    title, name = record[schema.title], next(iter(schema.multis), None)
    if name is None:
        return str(title)
    named = schema.categorical[name].named(title)
    more = [colour for colour in record[name] if colour not in named]
    return " ".join([title, *more[:1]])


def truth_of(row: dict[str, Any], annotations: dict[str, dict[str, Any]], schema: Schema) -> Record:
    """Return the words of other annotators about an item, where there are any.

    Args:
        row: The item, with ``photo_id`` and the attributes, as a row or as a search finds it.
        annotations: Rows of a table of annotations by photo.
        schema: The catalogue's schema.
    """
    own = from_row(row, schema)
    told = annotations.get(row["photo_id"], {})
    said = {
        name: cell
        for name, cell in told.items()
        if name in schema.categorical and isinstance(cell, str)
    }
    return {**own, **from_row({**own, **said}, schema)} if said else own
