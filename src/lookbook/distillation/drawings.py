"""Drawn garments, so that a network knows the bundled sample too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lookbook.labels.fields import Fields, OneField
from lookbook.labels.record import join_values
from lookbook.lazy import pd

if TYPE_CHECKING:
    from PIL.Image import Image

# The bundled sample counts its seeds from 0: these are other drawings.
_FIRST_SEED = 1_000_000


def list_drawings(
    per_label: int, columns: dict[str, str], fields: Fields, seed: int
) -> pd.DataFrame:
    """Lists garments to draw, and what is true of them.

    Args:
        per_label: Drawings of each label.
        columns: What the drawings teach, by field: ``label``, ``colour`` or ``pattern``.
        fields: The catalogue's; what a field has no word for is not taught.
        seed: Chooses colours and patterns.

    Returns:
        ``photo_id``, ``drawing`` (what :func:`draw` takes), ``label`` and the fields.
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
            known = {"photo_id": f"drawing {drawing}", "drawing": drawing, "label": label}
            for name, column in columns.items():
                field = fields.enumerated.get(name)
                if field is None:
                    continue
                word = told[column]
                found, how = (
                    field.lookup(word) if isinstance(field, OneField) else field.lookup([word])
                )
                if how in ("exact", "synonym"):
                    known[name] = join_values(found)
            rows.append(known)
    columns_known = ["photo_id", "drawing", "label", *fields.enumerated]
    return pd.DataFrame(rows, columns=columns_known)


def draw(drawing: str) -> Image:
    """Draws one of the listed garments."""
    from lookbook.photos.drawing import draw_garment

    label, colour, pattern, seed = drawing.split("/")
    return draw_garment(label, colour, pattern, seed=int(seed))
