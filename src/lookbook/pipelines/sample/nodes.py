"""Draws the bundled sample: a small wardrobe with the troubles that real folders have."""

from __future__ import annotations

import io
import random
import uuid
from typing import Any

from pydantic import BaseModel, Field

from lookbook.lazy import pd
from lookbook.photos.drawing import COLOURS, LABELS, PATTERNS, draw_garment


class SampleParams(BaseModel):
    """What is drawn.

    Attributes:
        garments_per_label: Garments of each label.
        quality: JPEG quality, 1 to 95.
        seed: Chooses colours, patterns, senders and names.
    """

    garments_per_label: int = Field(gt=1)
    quality: int = Field(ge=1, le=95)
    seed: int


def draw_sample(params: SampleParams) -> tuple[dict[str, bytes], pd.DataFrame]:
    """Draw garments of every label, and adds one trouble of each kind.

    The troubles are a truncated file, a row without a file, a file without a row, a second
    copy of a photo, children's clothes, a "Not sure" and a row that may be for kids or not.

    Returns:
        JPEG files by name without extension, and the rows of ``images.csv``.
    """
    rng = random.Random(params.seed)
    photos: dict[str, bytes] = {}
    rows: list[dict[str, Any]] = []

    def add(label: str, data: bytes | None, *, kids: object = False) -> str:
        name = str(uuid.UUID(int=rng.getrandbits(128), version=4))
        if data is not None:
            photos[name] = data
        sender = rng.randint(1, 40)
        rows.append({"image": name, "sender_id": sender, "label": label, "kids": kids})
        return name

    for label in LABELS:
        colours = rng.sample(list(COLOURS), params.garments_per_label)
        for number, colour in enumerate(colours):
            pattern = rng.choice(PATTERNS) if number % 3 == 2 else "plain"
            add(label, _encode(label, colour, pattern, number, params.quality))
    garment = _encode("Shirt", "blue", "checked", 100, params.quality)
    add("Shirt", garment[: len(garment) // 2])
    add("Pants", None)
    add("T-Shirt", photos[rows[0]["image"]])
    add("Dress", _encode("Dress", "pink", "dotted", 101, params.quality), kids=True)
    add("Not sure", _encode("Undershirt", "grey", "striped", 102, params.quality))
    add("Skirt", _encode("Skirt", "green", "plain", 103, params.quality), kids="perhaps")
    photos[str(uuid.UUID(int=rng.getrandbits(128), version=4))] = _encode(
        "Hat", "red", "plain", 104, params.quality
    )
    table = pd.DataFrame(rows).sample(frac=1, random_state=params.seed, ignore_index=True)
    return photos, table


def _encode(label: str, colour: str, pattern: str, seed: int, quality: int) -> bytes:
    buffer = io.BytesIO()
    draw_garment(label, colour, pattern, seed).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()
