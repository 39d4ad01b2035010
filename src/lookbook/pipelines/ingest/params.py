"""How photos are read."""

from pydantic import BaseModel, Field


class IngestParams(BaseModel):
    """How photos are read.

    Attributes:
        max_pixels: Larger pictures go to quarantine undecoded.
        smallest_side: Pictures with fewer pixels on a side go to quarantine.
        batch_size: Photos that a worker is given at once, which it decodes one after the other.
        photos_per_file: Photos whose measurements are written at once: what a kill costs.
        contact_sheet_columns: Photos a label on the contact sheet.
        seed: Chooses the photos on the contact sheet.
    """

    max_pixels: int = Field(gt=0)
    smallest_side: int = Field(gt=0)
    batch_size: int = Field(gt=0)
    photos_per_file: int = Field(gt=0)
    contact_sheet_columns: int = Field(gt=0)
    seed: int
