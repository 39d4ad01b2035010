"""How photos are read."""

from pydantic import BaseModel, Field


class IngestParams(BaseModel):
    """How photos are read.

    Attributes:
        max_pixels: Larger pictures go to quarantine undecoded.
        smallest_side: Pictures with fewer pixels on a side go to quarantine.
        workers: Photos decoded at the same time, and so the most that are in memory.
        contact_sheet_columns: Photos a label on the contact sheet.
        seed: Chooses the photos on the contact sheet.
    """

    max_pixels: int = Field(gt=0)
    smallest_side: int = Field(gt=0)
    workers: int = Field(gt=0)
    contact_sheet_columns: int = Field(gt=0)
    seed: int
