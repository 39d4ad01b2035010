"""Synthetic photos of garments, so that a network knows the bundled sample too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lookbook.attributes.record import join_values
from lookbook.attributes.schema import Schema, SingleAttribute
from lookbook.lazy import pd

if TYPE_CHECKING:
    from PIL.Image import Image

# The bundled sample counts its seeds from 0: these are other drawings.
_FIRST_SEED = 1_000_000


def list_synthetic_photos(
    per_label: int, columns: dict[str, str], schema: Schema, seed: int
) -> pd.DataFrame:
    """List garments to draw, and what is true of them.

    Args:
        per_label: Drawings of each label.
        columns: What the drawings teach, by attribute: ``label``, ``colour`` or ``pattern``.
        schema: The catalogue's schema; what an attribute has no word for is not taught.
        seed: Chooses colours and patterns.

    Returns:
        ``photo_id``, ``synthetic`` (what :func:`draw` takes), ``label`` and the attributes.
    """
    from lookbook.photos.drawing import COLOURS, LABELS, PATTERNS

    rng = np.random.default_rng(seed)
    rows = []
    for label in LABELS:
        for number in range(per_label):
            told = {
                "label": label,
                "colour": str(rng.choice(list(COLOURS))),
                "pattern": str(rng.choice(PATTERNS)),
            }
            drawing = "/".join([*told.values(), str(_FIRST_SEED + number)])
            known = {"photo_id": f"drawing {drawing}", "synthetic": drawing, "label": label}
            for name, column in columns.items():
                attribute = schema.categorical.get(name)
                if attribute is None:
                    continue
                word = told[column]
                found, how = (
                    attribute.lookup(word)
                    if isinstance(attribute, SingleAttribute)
                    else attribute.lookup([word])
                )
                if how in ("exact", "synonym"):
                    known[name] = join_values(found)
            rows.append(known)
    columns_known = ["photo_id", "synthetic", "label", *schema.categorical]
    return pd.DataFrame(rows, columns=columns_known)


def draw(drawing: str) -> Image:
    """Draw one of the listed garments."""
    from lookbook.photos.drawing import draw_garment

    label, colour, pattern, seed = drawing.split("/")
    return draw_garment(label, colour, pattern, seed=int(seed))
